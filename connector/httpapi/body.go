package httpapi

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// ErrTooLarge says that an answer is larger than a connector takes. Ask for less at a time.
var ErrTooLarge = errors.New("the answer is too large")

// ErrTooSlow says that an answer came so slowly that it was given up.
var ErrTooSlow = errors.New("the answer comes too slowly")

// An answer may be slow for a while, but on the whole it comes at this rate (bytes a second).
const (
	minRate = 1 << 10
	grace   = 10 * time.Second
)

// A body is what is read of an answer, already decompressed: no more than a cap, no slower than a rate.
type body struct {
	io.ReadCloser
	clock connector.Clock
	start time.Time
	got   int64
	most  int64
	done  func() // ends the call
}

func (b *body) Read(p []byte) (int, error) {
	if left := b.most + 1 - b.got; int64(len(p)) > left {
		p = p[:max(0, left)]
	}
	n, err := b.ReadCloser.Read(p)
	if b.got += int64(n); b.got > b.most {
		return 0, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, b.most)
	}
	took := b.clock.Now().Sub(b.start)
	if err == nil && took > grace && float64(b.got) < took.Seconds()*minRate {
		return n, fmt.Errorf("%w: %d bytes in %s", ErrTooSlow, b.got, took.Round(time.Second))
	}
	return n, err
}

// Close ends the call. What is left of a short answer is read first, so that its connection can be used again.
func (b *body) Close() error {
	if left := min(b.most-b.got, 16<<10); left > 0 {
		_, _ = io.CopyN(io.Discard, b.ReadCloser, left)
	}
	err := b.ReadCloser.Close()
	b.done()
	return err
}
