package sim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// newSide returns b's seat of a world of a plain app a and this app b, in which there are three records.
func newSide(t *testing.T, app App) *seat {
	app.Fields = []string{"serial", "email"}
	w, err := newWorld(t.Context(), &Script{Apps: []App{{Fields: app.Fields}, app}, Conns: []Connection{{Apps: [2]int{0, 1}}}}, Options{})
	require.NoError(t, err)
	_, err = newSeat(w, w.engines[0], 0, 1)
	require.NoError(t, err)
	s := w.seats[[3]int{0, 0, 1}]
	for _, id := range []string{"y-1", "y-2", "y-3"} {
		require.NoError(t, s.app.Put(contact.Record{ID: id, Fields: contact.Fields{"serial": contact.Text("s" + id)}}))
	}
	return s
}

// TestAPageThatIsNone: a page after which there is more, and no cursor to get it with, shows nobody anything.
func TestAPageThatIsNone(t *testing.T) {
	t.Parallel()
	s := newSide(t, App{})
	s.engine.faults = []*armed{{Fault: &Fault{Family: "F5", Kind: "no_cursor", On: "changes", Side: 1}, left: 1}}
	for _, shown := range []int{0, 3} {
		_, err := s.Changes(t.Context(), connector.Query{Fields: s.spec.Fields})
		require.NoError(t, err)
		require.Len(t, s.w.shown[1], shown)
	}
}

// TestFidget: every record gets another version in its turn, and none whenever the app is read.
func TestFidget(t *testing.T) {
	t.Parallel()
	s := newSide(t, App{Fidget: true, Page: 1})
	var order []string
	version := map[string]string{}
	for range 4 {
		for q := (connector.Query{Fields: s.spec.Fields}); ; {
			page, err := s.Changes(t.Context(), q)
			require.NoError(t, err)
			if q.Since = page.Next; !page.More {
				break
			}
		}
		for _, r := range s.app.Records() {
			if version[r.ID] != "" && version[r.ID] != r.Version {
				order = append(order, r.ID)
			}
			version[r.ID] = r.Version
		}
	}
	require.Len(t, order, 3)
	require.NotEqual(t, order[0], order[1])
	require.NotEqual(t, order[1], order[2])
}
