//go:build !race

package contactsync

// raceDetector says that the tests run under the race detector.
const raceDetector = false
