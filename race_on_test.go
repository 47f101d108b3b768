//go:build race

package contactsync

const RaceDetector = true
