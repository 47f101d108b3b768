package contactsync

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/contact"
)

// TestOverlook: of which fields nobody knows what they hold once an app has told of a record.
func TestOverlook(t *testing.T) {
	t.Parallel()
	all := contact.Fields{"email": contact.Text("x@x.org"), "stage": contact.Text("1")}
	bare := contact.Fields{"email": contact.Text("x@x.org")}
	for _, tt := range []struct {
		name   string
		knew   contact.Fields
		unseen []string
		told   contact.Fields
		same   bool
		want   []string
	}{
		{"all is told", all, nil, all, false, nil},
		{"it is told again", all, []string{"stage"}, all, false, nil},
		{"it is told again, as the same", all, []string{"stage"}, all, true, nil},
		{"one is left out, of what may be another", all, nil, bare, false, []string{"stage"}},
		{"one is left out, of what is the same", all, nil, bare, true, nil},
		{"one was unseen before", all, []string{"stage"}, bare, true, []string{"stage"}},
		{"one was never told", bare, nil, bare, true, []string{"stage"}},
		{"an old row, of the same version", all, []string{unnoted}, bare, true, nil},
	} {
		cfg := between(t, Connection{Mappings: []Mapping{MapFields("stage", "stage"), MapFields("email", "email")}}, tagged(), tagged())
		m := &mirror{side: B, Fields: tt.knew, Unseen: tt.unseen}
		changed := m.overlook(cfg, tt.told, tt.same)
		require.ElementsMatch(t, tt.want, m.Unseen, tt.name)
		require.Equal(t, len(tt.want) != len(tt.unseen), changed, tt.name)
		for name := range tt.knew {
			_, shown := m.shows()[name]
			require.Equal(t, !m.unseen(name), shown, "%s: %s", tt.name, name)
		}
		cfg.schema[B].Unlistable = true
		m.Unseen = nil
		require.False(t, m.overlook(cfg, tt.told, tt.same), "%s: an app that only pushes leaves out what has not changed", tt.name)
		require.Empty(t, m.Unseen)
	}
}

// TestUnseenRows: a row names what its app left out; one of an earlier version says no more than that there was something.
func TestUnseenRows(t *testing.T) {
	t.Parallel()
	m := &mirror{side: A, id: "a1", version: "7", Fields: contact.Fields{}, Unseen: []string{"stage"}}
	got, err := readMirror(m.row())
	require.NoError(t, err)
	require.Equal(t, []string{"stage"}, got.Unseen)
	require.Equal(t, "7", got.version)

	old := (&mirror{side: A, id: "a1", version: "7", Fields: contact.Fields{}}).row()
	got, err = readMirror(old)
	require.NoError(t, err)
	require.False(t, got.partly())
	old.Stamp += stampPartly
	got, err = readMirror(old)
	require.NoError(t, err)
	require.Equal(t, "7", got.version)
	require.True(t, got.partly())
	require.False(t, got.unseen("stage"))
	require.Equal(t, old.Stamp, got.row().Stamp)

	sent := &mirror{side: A, id: "a1", version: "7", Fields: contact.Fields{}, Untold: contact.Patch{"stage": contact.Change{Set: contact.Text("1")}}}
	got, err = readMirror(sent.row())
	require.NoError(t, err)
	require.True(t, got.partly(), "what was sent and is not told yet is asked for again")
	require.Empty(t, got.Unseen)
}
