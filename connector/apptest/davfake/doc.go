// Package davfake is a fake CardDAV server for tests: address books in memory behind RFC 6352, 6578 and 4918, with
// the habits of the servers that people use. It is written from the RFCs and from what real servers were seen to
// answer, and knows nothing of any client.
//
//	s := davfake.New(t, davfake.Nextcloud())
//	s.Book.Put("ann.vcf", "BEGIN:VCARD\r\n...")          // a user of the server
//	s.Fail(apptest.Fault{On: "PUT", Do: apptest.AnswerLost}) // and a bad day
//	// ... sync with s.URL as s.User with s.Password ...
//	got := s.Book.Cards()
//
// [Quirks] are what a server does its own way; the zero Quirks follow the RFCs. The presets ([Radicale], [Xandikos],
// ...) are held against recordings of the real servers where there are any, in testdata.
//
// A request that no RFC allows, or that asks for what is not there to be asked for, is answered as the RFC or the
// server does, and fails the test ([apptest.Refuse], [apptest.Note]): a wrong Depth, a report without a level, a
// REPORT for hrefs of another collection, the deletion of a book. What only the data is to blame for, such as a card
// that is too large, is answered and not more. Kinds of requests in the journal are methods, and of a REPORT "REPORT
// sync-collection" and so on.
package davfake
