package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// TestCreatedTwice: a second copy of one entry is an error, unless another connection made the first one and this one could
// not know: the app did not show it yet, or the keys said that it is somebody else.
func TestCreatedTwice(t *testing.T) {
	t.Parallel()
	ann := contact.Fields{"serial": contact.Text("s1.1"), "email": contact.Text("ann@example.com"), "phone": contact.Text("+32470000001")}
	moved := ann.Clone()
	moved["phone"] = contact.Text("+32470000005")
	plain := ann.Clone()
	delete(plain, "email")
	delete(plain, "phone")
	for name, tt := range map[string]struct {
		maker     int            // of the first copy
		first     contact.Fields // what it holds
		ago       time.Duration  // how long before the sync it was made
		lag       int
		keys      []string
		created   contact.Fields
		meanwhile bool   // it was made when the sync was under way
		hidden    string // a field that was not told
		strayed   bool   // the entry got another id
		deleted   string // where the record was deleted that it stood in
		twice     bool   // the entry is there twice on the other side
		untold    bool   // its maker was not told that it made it
		omitted   bool   // the feed left a change out
		unread    bool   // it was named, and could not be read
		wrong     bool
	}{
		"by itself":                                                  {maker: 0, first: ann, created: ann, wrong: true},
		"by itself, not shown yet":                                   {maker: 0, first: ann, lag: 600, ago: time.Second, created: ann, wrong: true},
		"by itself, its key was edited":                              {maker: 0, first: moved, keys: []string{"phone"}, created: ann, wrong: true},
		"by another connection":                                      {maker: 1, first: ann, ago: time.Second, created: ann, wrong: true},
		"by another connection, meanwhile":                           {maker: 1, first: ann, meanwhile: true, created: ann},
		"by another connection, not shown yet":                       {maker: 1, first: ann, lag: 600, ago: 599 * time.Second, created: ann},
		"by another connection, shown by now":                        {maker: 1, first: ann, lag: 600, ago: 600 * time.Second, created: ann, wrong: true},
		"the key was edited":                                         {maker: 1, first: moved, keys: []string{"phone"}, created: ann},
		"the key that counts first was edited":                       {maker: 1, first: moved, keys: []string{"phone", "email"}, created: ann},
		"a key was edited that counts later":                         {maker: 1, first: moved, keys: []string{"email", "phone"}, created: ann, wrong: true},
		"a key was edited that the connection lacks":                 {maker: 1, first: moved, created: ann, wrong: true},
		"without a key":                                              {maker: 1, first: plain, created: plain},
		"its key was hidden":                                         {maker: 1, first: ann, hidden: "email", created: ann},
		"another field was hidden":                                   {maker: 1, first: ann, hidden: "phone", created: ann, wrong: true},
		"by itself, of an entry that got another id":                 {maker: 0, first: ann, strayed: true, created: ann, wrong: true},
		"by itself, of an entry that got another id and another key": {maker: 0, first: moved, keys: []string{"phone"}, strayed: true, created: ann},
		"by itself, of an entry that was deleted":                    {maker: 0, first: ann, deleted: "x", created: ann, wrong: true},
		"by itself, of an entry that was deleted, under another key": {maker: 0, first: moved, keys: []string{"phone"}, deleted: "x", created: ann},
		"by itself, of an entry that was deleted in a third app":     {maker: 0, first: moved, keys: []string{"phone"}, deleted: "z", created: ann, wrong: true},
		"by itself, which it was never shown":                        {maker: 0, first: ann, unread: true, created: ann, wrong: true},
		"by another connection, and it could not be read":            {maker: 1, first: ann, unread: true, created: ann},
		"by itself, of an entry that is there twice":                 {maker: 0, first: ann, twice: true, created: ann, wrong: true},
		"by itself, of an entry that is there twice under two keys":  {maker: 0, first: moved, keys: []string{"phone"}, twice: true, created: ann},
		"by itself, unheard, and the feed may have left it out":      {maker: 0, first: ann, untold: true, omitted: true, created: ann},
		"by itself, unheard":                                         {maker: 0, first: ann, untold: true, created: ann, wrong: true},
		"by itself, and the feed may have left something out":        {maker: 0, first: ann, omitted: true, created: ann, wrong: true},
		"by a user": {maker: aUser, first: ann, created: ann},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := App{Fields: []string{"serial", "email", "phone"}, Lag: tt.lag}
			w, err := newWorld(t.Context(), &Script{Apps: []App{app, app, app}, Conns: []Connection{{Apps: [2]int{0, 1}, Keys: tt.keys}}}, Options{})
			require.NoError(t, err)
			newSeat(w, w.engines[0], 0, 1)
			s := w.seats[[3]int{0, 0, 1}]
			s.engine.began = instant{event: 1, time: w.now.Add(tt.ago)}
			w.strayed[0]["s1.1"] = tt.strayed
			if tt.deleted != "" {
				w.noteKeys(oracle.Event{Kind: oracle.UserDelete, App: map[string]int{"x": 0, "z": 2}[tt.deleted], ID: "ux0", Before: tt.first})
			}
			w.shown[1]["y-1"] = !tt.unread
			w.unheard[1]["y-1"] = tt.untold
			if tt.omitted {
				w.omitted[1] = w.now
			}
			if tt.hidden != "" {
				w.hid[1]["y-1"] = []string{tt.hidden}
			}
			held := func(id string, f contact.Fields, maker int) {
				w.maker[1][id] = maker
				require.NoError(t, s.app.Put(contact.Record{ID: id, Fields: f}))
				w.noteKeys(oracle.Event{Kind: oracle.Wrote, App: 1, ID: id, Op: "create", After: f, Time: w.now})
			}
			require.NoError(t, w.apps[0].Put(contact.Record{ID: "ux1", Fields: tt.created}))
			if tt.twice {
				require.NoError(t, w.apps[0].Put(contact.Record{ID: "x-1", Fields: tt.first}))
			}
			if tt.meanwhile {
				w.events = 2
			}
			held("y-1", tt.first, tt.maker)
			held("y-2", tt.created, 0)
			s.checkCreated("y-2", tt.created)
			if got := len(w.restings) > 0; got != tt.wrong {
				t.Errorf("it is wrong: %v, want %v (%q)", got, tt.wrong, w.restings)
			}
		})
	}
}

// TestHiddenInADelivery: a delivery hides what was hidden when it left the app, until another one tells it.
func TestHiddenInADelivery(t *testing.T) {
	t.Parallel()
	app := App{Fields: []string{"serial", "email", "phone"}, Push: true, Upsert: true}
	w, err := newWorld(t.Context(), &Script{Apps: []App{{Fields: app.Fields}, app}, Conns: []Connection{{Apps: [2]int{0, 1}}}}, Options{})
	require.NoError(t, err)
	newSeat(w, w.engines[0], 0, 1)
	s := w.seats[[3]int{0, 0, 1}]
	for _, told := range []struct {
		fields contact.Fields
		hidden []string
	}{
		{contact.Fields{"serial": contact.Text("s1.1"), "phone": contact.Empty}, []string{"email"}},
		{contact.Fields{"phone": contact.Text("+32470000001")}, []string{"email"}},
		{contact.Fields{"email": contact.Text("ann@example.com")}, []string{}},
	} {
		s.show(contact.Record{ID: "y-1", Fields: told.fields})
		require.Equal(t, told.hidden, append([]string{}, w.hid[1]["y-1"]...))
	}
}
