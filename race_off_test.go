//go:build !race

package contactsync

// RaceDetector says that the tests run under the race detector, which finds nothing in code that one goroutine runs.
const RaceDetector = false
