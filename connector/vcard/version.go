package vcard

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/contactsync/contactsync/internal/cards"
	"github.com/contactsync/contactsync/internal/vcard"
)

// A stat is what tells, without opening it, that a file is still the one that was read.
type stat struct {
	size  int64
	mtime int64 // in nanoseconds
	inode uint64
}

// settled is how old a file's time must be for an edit after it to show as another time. Kernels stamp files with a
// clock that ticks every 10 ms at the slowest; file systems that keep whole seconds tick every 2 s at the slowest.
const (
	settled       = 20 * time.Millisecond
	settledCoarse = 2 * time.Second
)

// racy reports whether a file that was read at now may have been changed since by a write that left its time and
// size as they were, because it came within the same tick of the clock.
func (s stat) racy(now time.Time) bool {
	need := settled
	if s.mtime%int64(time.Second) == 0 {
		need = settledCoarse
	}
	age := now.Sub(time.Unix(0, s.mtime))
	return age < need && age > -need
}

// A digest is what tells the content of a card.
type digest [12]byte

func digestOf(span vcard.Span) (d digest) {
	copy(d[:], span.Sum[:])
	return d
}

// A version is what a record's version says. Written, it is
//
//	size.mtime.inode.uid.digest[.labels]     a card alone in its file
//	-.uid.digest[.labels]                    a card among others
//
// with the numbers in base 36, and "~" before the first if the file was too young, when it was read, for its stat to
// tell an edit from none.
type version struct {
	alone  bool
	racy   bool
	stat   stat
	uid    cards.UIDKey
	digest digest
	labels string // of the groups that the card is in; "" if it is in none
}

func (v version) String() string {
	b := make([]byte, 0, 96)
	if v.racy {
		b = append(b, '~')
	}
	if v.alone {
		b = strconv.AppendInt(b, v.stat.size, 36)
		b = append(b, '.')
		b = strconv.AppendInt(b, v.stat.mtime, 36)
		b = append(b, '.')
		b = strconv.AppendUint(b, v.stat.inode, 36)
	} else {
		b = append(b, '-')
	}
	b = append(b, '.')
	b = strconv.AppendUint(b, uint64(v.uid), 36)
	b = append(b, '.')
	b = hex.AppendEncode(b, v.digest[:])
	if v.labels != "" {
		b = append(b, '.')
		b = append(b, v.labels...)
	}
	return string(b)
}

// parseVersion reads what String wrote, and reports whether it is that.
func parseVersion(s string) (v version, ok bool) {
	if s == "" {
		return v, false // as of every card that is not known yet
	}
	s, v.racy = strings.CutPrefix(s, "~")
	var part string
	next := func() string { part, s, _ = strings.Cut(s, "."); return part }
	var errs [4]error
	if !strings.HasPrefix(s, "-.") {
		v.alone = true
		v.stat.size, errs[0] = strconv.ParseInt(next(), 36, 64)
		v.stat.mtime, errs[1] = strconv.ParseInt(next(), 36, 64)
		v.stat.inode, errs[2] = strconv.ParseUint(next(), 36, 64)
	} else {
		next()
	}
	uid, err := strconv.ParseUint(next(), 36, 64)
	v.uid, errs[3] = cards.UIDKey(uid), err
	if len(next()) != hex.EncodedLen(len(v.digest)) {
		return v, false
	}
	_, err = hex.Decode(v.digest[:], []byte(part))
	v.labels = s
	return v, err == nil && errs == [4]error{}
}

// same reports whether two versions are of the same content, however the file was touched.
func (v version) same(w version) bool { return v.digest == w.digest && v.labels == w.labels }

// labelsDigest returns what a version says of the groups that a card is in.
func labelsDigest(groups []string) string {
	if len(groups) == 0 {
		return ""
	}
	sorted := slices.Sorted(slices.Values(groups))
	sum := sha256.Sum256([]byte(strings.Join(sorted, "\x00")))
	return hex.EncodeToString(sum[:4])
}
