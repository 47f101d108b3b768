// Package sim tries to break every promise of the library. It plays histories: users edit a few contacts of two or three
// apps that misbehave, engines sync them and are cut off at the worst moments, stores forget. Then the faults end, and
// what was promised must hold.
//
// Everything is decided by one 64-bit seed: a seed draws a [Script], and a script plays the same way every time, on one
// goroutine, in virtual time, with the library's own engine. What happens is told to the oracle, which knows what users
// did and what may become of it, and nothing of how the library decides.
//
//	go test ./internal/sim -seeds 20000 -seed 1
//
// A seed stays what it was: families of faults that came later are drawn by seeds from 1000001 on.
//
// A seed that fails is shrunk to a short script, which is kept in testdata/seeds and played for ever.
package sim
