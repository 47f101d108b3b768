package contact

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// To read a number costs as much as comparing two whole records, and a sync asks for the same ones again and again: when a
// record is read, matched, planned, written and looked at once more. So the numbers that were read last are kept. What a
// number means follows from its text and region alone, so it does not show whether one was kept; there are places for so
// many, whatever the number of contacts, and a place that is taken goes to the newer number.

// readPhone is a number that was read.
type readPhone struct {
	text, region string
	key          string
	valid        bool
}

const (
	keptPhones  = 1 << 12
	longestKept = 2 * maxPhone // bytes of a text that is kept
)

var (
	readPhones [keptPhones]atomic.Pointer[readPhone]
	phoneSeed  = maphash.MakeSeed()
)

// recallPhone returns what read says of a number, and asks it only if that is not known any more.
func recallPhone(s, region string, read func(s, region string) (string, bool)) (key string, valid bool) {
	if len(s) > longestKept {
		return read(s, region)
	}
	place := &readPhones[maphash.String(phoneSeed, s)%keptPhones]
	if p := place.Load(); p != nil && p.text == s && p.region == region {
		return p.key, p.valid
	}
	key, valid = read(s, region)
	place.Store(&readPhone{strings.Clone(s), strings.Clone(region), key, valid}) // s may be part of a whole row
	return key, valid
}
