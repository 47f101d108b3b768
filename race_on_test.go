//go:build race

package contactsync

const raceDetector = true
