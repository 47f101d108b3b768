// Package crash kills real processes in the middle of a sync, takes the disk away from them, and lets several work on
// one store at once. What they leave behind is compared, card by card, with what a process leaves that nothing befell.
//
// The processes are this package's test binary, started anew (see child_test.go). A store takes part by its name
// (stores_test.go). Flags: -kills and -kill-seed.
package crash
