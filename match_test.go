package contactsync

import (
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// walked counts the records that are looked at because they bear a key.
type walked struct {
	*shelf
	n int
}

func (w *walked) bearing(s Side, k matchKey) iter.Seq[*mirror] {
	return func(yield func(*mirror) bool) {
		for m := range w.shelf.bearing(s, k) {
			if w.n++; !yield(m) {
				return
			}
		}
	}
}

// TestOneKeyOfMany: what it takes to decide all who share a key grows with them, and not with their pairs.
func TestOneKeyOfMany(t *testing.T) {
	t.Parallel()
	cost := func(n int, sides ...Side) int {
		d := &walked{shelf: newShelf(wideConfig(t, 2, nil))}
		var all []*mirror
		for i := range n {
			for _, s := range sides {
				all = append(all, d.put(&mirror{side: s, id: fmt.Sprintf("%s%04d", s, i), Fields: contact.Fields{
					"email": contact.Text("info@example.com"), "f00": contact.Text(fmt.Sprint(i))}}))
			}
		}
		pl := &planner{cfg: d.cfg, dir: d, now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)}
		for _, m := range all {
			pl.decide(m.ref())
		}
		return d.n
	}
	for _, sides := range [][]Side{{A}, {B}, {A, B}} {
		if small, large := cost(50, sides...), cost(400, sides...); large > 10*small {
			t.Errorf("%v: %d looks for 50 records a side, %d for 400", sides, small, large)
		}
	}
}
