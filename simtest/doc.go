// Package simtest tries to break a connection of yours: your connectors, your mappings, rules and policies. It is the
// simulator that the library itself is tested with.
//
//	func TestSync(t *testing.T) {
//		simtest.Run(t, simtest.Simulation{
//			Connection: connection,
//			A: simtest.App{New: func(clock connector.Clock) (simtest.Account, error) {
//				crm := newFakeCRM(clock)
//				return simtest.Account{Connect: crm.Connect, Records: crm.All, Create: crm.Add, Edit: crm.Change, Remove: crm.Drop}, nil
//			}},
//		})
//	}
//
// Each seed is a history of its own: users of both apps enter, change and delete a few persons, often the same ones at once,
// while one to three engines sync them and things go wrong. Calls fail before they act and after, answers are lost, pages
// come twice, cursors expire, processes die and start again, stores forget. Then the faults end, and what was promised must
// hold: nothing is lost, nothing is there twice, nobody is deleted who should not be, all comes to rest. A seed that breaks
// a promise fails the test with what happened, shrunk to a few steps, and a command that tells it whole.
//
// Time is virtual, so that weeks pass in a moment. What your account takes times and ids from should be the clock that it is
// given and a counter: then a seed goes the same way every time.
package simtest
