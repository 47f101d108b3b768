package fake_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestFeed(t *testing.T) {
	t.Parallel()
	edit := func(id, first string) func(*fake.App) error {
		return func(a *fake.App) error { return a.Edit(id, contact.Fields{"first": contact.Text(first)}) }
	}
	remove := func(ids ...string) func(*fake.App) error { return func(a *fake.App) error { return a.Remove(ids...) } }
	do := func(steps ...func(*fake.App) error) []func(*fake.App) error { return steps }
	tests := []struct {
		name     string
		quirks   fake.Quirks
		steps    []func(*fake.App) error
		records  []string
		deleted  []string
		rekeyed  []connector.Rekey
		pages    int
		complete bool
	}{
		{"nothing new", fake.Quirks{}, nil, nil, nil, nil, 1, false},
		{"an edit", fake.Quirks{}, do(edit("b2", "Rob")), []string{"b2 Rob"}, nil, nil, 1, false},
		{"two edits of one record are told once", fake.Quirks{}, do(edit("b2", "Rob"), edit("b1", "Anna"), edit("b2", "Robert")), []string{"b1 Anna", "b2 Robert"}, nil, nil, 1, false},
		{"a deletion", fake.Quirks{}, do(edit("b2", "Rob"), remove("b2")), nil, []string{"b2"}, nil, 1, false},
		{"deleted and entered again", fake.Quirks{}, do(remove("b2"), func(a *fake.App) error { return a.Put(named("b2", "Rob")) }), []string{"b2 Rob"}, nil, nil, 1, false},
		{"pages", fake.Quirks{PageSize: 2}, do(edit("b1", "1"), edit("b2", "2"), remove("b3")), []string{"b1 1", "b2 2"}, []string{"b3"}, nil, 2, false},
		{"a re-key", fake.Quirks{}, do(edit("b1", "Anna"), func(a *fake.App) error { return a.Rekey("b1", "b9") }), []string{"b9 Anna"}, nil, []connector.Rekey{{Old: "b1", New: "b9"}}, 1, false},
		{"a merge", fake.Quirks{}, do(func(a *fake.App) error { return a.Merge("b1", "b2") }), []string{"b1 Ann"}, nil, []connector.Rekey{{Old: "b2", New: "b1"}}, 1, false},
		{"two re-keys in a row", fake.Quirks{}, do(func(a *fake.App) error { return a.Rekey("b1", "b8") }, func(a *fake.App) error { return a.Rekey("b8", "b9") }),
			[]string{"b9 Ann"}, nil, []connector.Rekey{{Old: "b1", New: "b8"}, {Old: "b8", New: "b9"}}, 1, false},
		{"no tombstones", fake.Quirks{NoTombstones: true}, do(edit("b1", "Anna"), remove("b3")), []string{"b2 Bob", "b1 Anna"}, nil, nil, 1, true},
		{"no tombstones, in pages", fake.Quirks{NoTombstones: true, PageSize: 1}, do(remove("b3")), []string{"b1 Ann", "b2 Bob"}, nil, nil, 2, true},
		{"no tombstones, and a re-key", fake.Quirks{NoTombstones: true}, do(func(a *fake.App) error { return a.Rekey("b1", "b9") }),
			[]string{"b2 Bob", "b3 Cy", "b9 Ann"}, nil, []connector.Rekey{{Old: "b1", New: "b9"}}, 1, true},
		{"shown again", fake.Quirks{}, do(func(a *fake.App) error { return a.Hide("first") }, func(a *fake.App) error { return a.Unhide("first") }),
			[]string{"b1 Ann", "b2 Bob", "b3 Cy"}, nil, nil, 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(fake.WithQuirks(tt.quirks))
			require.NoError(t, a.Put(named("b1", "Ann"), named("b2", "Bob"), named("b3", "Cy")))
			first, cursor := pass(t, a, "")
			if diff := cmp.Diff([]string{"b1 Ann", "b2 Bob", "b3 Cy"}, told(first)); diff != "" {
				t.Error("first pass:", diff)
			}
			if !first[len(first)-1].Complete || slices.ContainsFunc(first[:len(first)-1], func(p connector.Page) bool { return p.Complete }) {
				t.Error("the zero cursor's pass is complete on its last page alone")
			}
			for _, step := range tt.steps {
				require.NoError(t, step(a))
			}
			pages, cursor := pass(t, a, cursor)
			var deleted []string
			var rekeyed []connector.Rekey
			for _, p := range pages {
				deleted, rekeyed = append(deleted, p.Deleted...), append(rekeyed, p.Rekeyed...)
			}
			for _, diff := range []string{cmp.Diff(tt.records, told(pages)), cmp.Diff(tt.deleted, deleted), cmp.Diff(tt.rekeyed, rekeyed), cmp.Diff(tt.pages, len(pages))} {
				if diff != "" {
					t.Error(diff)
				}
			}
			if got := pages[len(pages)-1].Complete; got != tt.complete {
				t.Errorf("complete: %v, want %v", got, tt.complete)
			}
			if again, _ := pass(t, a, cursor); !tt.quirks.NoTombstones && len(told(again)) != 0 {
				t.Errorf("told again: %v", told(again))
			}
		})
	}
}

func TestAFullPassMissesNothing(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{0, 1, 2, 3} {
		a := newApp(fake.WithShuffle(seed), fake.WithQuirks(fake.Quirks{PageSize: 1}))
		require.NoError(t, a.Put(named("b1", "Ann"), named("b2", "Bob"), named("b3", "Cy")))
		page, err := a.Changes(t.Context(), connector.Query{Fields: []string{"first"}})
		require.NoError(t, err)
		require.NoError(t, a.Edit("b1", contact.Fields{"first": contact.Text("Anna")}))
		require.NoError(t, a.Remove("b2"))
		require.NoError(t, a.Put(named("b4", "Di")))
		rest, cursor := pass(t, a, page.Next)
		after, _ := pass(t, a, cursor)
		known := map[string]string{}
		for _, p := range append(append([]connector.Page{page}, rest...), after...) {
			for _, r := range p.Records {
				known[r.ID] = r.Get("first").Str()
			}
			for _, id := range p.Deleted {
				delete(known, id)
			}
		}
		if diff := cmp.Diff(map[string]string{"b1": "Anna", "b3": "Cy", "b4": "Di"}, known); diff != "" {
			t.Errorf("seed %d: %s", seed, diff)
		}
	}
}

func TestShuffle(t *testing.T) {
	t.Parallel()
	orders := [2]map[string]bool{{}, {}}
	for _, seed := range []uint64{0, 1, 2, 3, 4, 5} {
		a := newApp(fake.WithShuffle(seed))
		_, start := pass(t, a, "")
		require.NoError(t, a.Put(named("b1", "1"), named("b2", "2"), named("b3", "3"), named("b4", "4")))
		for i, since := range []connector.Cursor{"", start} {
			pages, _ := pass(t, a, since)
			again, _ := pass(t, a, since)
			if diff := cmp.Diff(told(pages), told(again)); diff != "" {
				t.Errorf("seed %d is not deterministic: %s", seed, diff)
			}
			got := told(pages)
			orders[i][strings.Join(got, ",")] = true
			slices.Sort(got)
			if diff := cmp.Diff([]string{"b1 1", "b2 2", "b3 3", "b4 4"}, got); diff != "" {
				t.Errorf("seed %d: %s", seed, diff)
			}
		}
	}
	if len(orders[0]) < 3 || len(orders[1]) < 3 {
		t.Errorf("six seeds give %d orders of a full pass and %d of a later one", len(orders[0]), len(orders[1]))
	}
}

func TestFieldsOfAQuery(t *testing.T) {
	t.Parallel()
	a := newApp()
	require.NoError(t, a.Put(named("b1", "Ann")))
	require.NoError(t, a.Hide("email"))
	page, err := a.Changes(t.Context(), connector.Query{Fields: []string{"first", "phone", "email"}})
	require.NoError(t, err)
	want := contact.Fields{"first": contact.Text("Ann"), "phone": contact.Empty}
	if diff := cmp.Diff(want, page.Records[0].Fields); diff != "" {
		t.Error(diff)
	}
}

func TestForeignCursors(t *testing.T) {
	t.Parallel()
	a := newApp()
	for _, c := range []connector.Cursor{"x", "7", "-1", "9:x"} {
		_, err := a.Changes(t.Context(), connector.Query{Since: c})
		require.ErrorIs(t, err, connector.ErrCursorExpired)
	}
	_, err := newApp(fake.WithoutFeed()).Changes(t.Context(), connector.Query{})
	require.ErrorIs(t, err, connector.ErrNoFeed)
}

func TestList(t *testing.T) {
	t.Parallel()
	a := newApp(fake.WithQuirks(fake.Quirks{PageSize: 2}))
	require.NoError(t, a.Put(named("b1", "Ann"), named("b2", "Bob"), named("b3", "Cy")))
	require.NoError(t, a.Edit("b1", contact.Fields{"first": contact.Text("Anna")}))
	var items []connector.Item
	var cursor connector.Cursor
	for {
		page, err := a.List(t.Context(), cursor)
		require.NoError(t, err)
		items, cursor = append(items, page.Items...), page.Next
		if page.Complete == page.More {
			t.Error("a listing is complete on its last page alone")
		}
		if !page.More {
			break
		}
	}
	if diff := cmp.Diff([]connector.Item{{ID: "b2", Version: "1"}, {ID: "b3", Version: "1"}, {ID: "b1", Version: "2"}}, items); diff != "" {
		t.Error(diff)
	}
}

// TestStaleReads: for two syncs after a write of ours the feed shows what was before, then what is.
func TestStaleReads(t *testing.T) {
	t.Parallel()
	write := func(w connector.Write) func(*testing.T, *fake.App) {
		return func(t *testing.T, a *fake.App) {
			results, err := a.Apply(t.Context(), []connector.Write{w})
			require.NoError(t, err)
			require.NoError(t, results[0].Err)
		}
	}
	anna := write(connector.Write{Op: connector.Update, ID: "b1", Patch: set("first", contact.Text("Anna"))})
	create := write(connector.Write{Op: connector.Create, Patch: set("first", contact.Text("New"))})
	remove := write(connector.Write{Op: connector.Delete, ID: "b1"})
	user := func(t *testing.T, a *fake.App) {
		require.NoError(t, a.Edit("b1", contact.Fields{"first": contact.Text("Annie")}))
	}
	type sync struct {
		do      []func(*testing.T, *fake.App) // after the feed was read
		records []string                      // what the feed tells
		deleted []string
		listed  []string
	}
	both := []string{"b1 Ann", "b2 Bob"}
	tests := []struct {
		name  string
		syncs []sync
	}{
		{"an update", []sync{
			{do: []func(*testing.T, *fake.App){anna}, records: both, listed: both},
			{records: []string{"b1 Ann"}, listed: []string{"b2 Bob", "b1 Ann"}},
			{listed: []string{"b2 Bob", "b1 Ann"}},
			{records: []string{"b1 Anna"}, listed: []string{"b2 Bob", "b1 Anna"}},
			{listed: []string{"b2 Bob", "b1 Anna"}},
		}},
		{"a create", []sync{
			{do: []func(*testing.T, *fake.App){create}, records: both, listed: both},
			{listed: both},
			{listed: both},
			{records: []string{"b-1 New"}, listed: []string{"b1 Ann", "b2 Bob", "b-1 New"}},
		}},
		{"a delete", []sync{
			{do: []func(*testing.T, *fake.App){remove}, records: both, listed: both},
			{records: []string{"b1 Ann"}, listed: []string{"b2 Bob", "b1 Ann"}},
			{listed: []string{"b2 Bob", "b1 Ann"}},
			{deleted: []string{"b1"}, listed: []string{"b2 Bob"}},
		}},
		{"a user's edit ends it", []sync{
			{do: []func(*testing.T, *fake.App){anna}, records: both, listed: both},
			{do: []func(*testing.T, *fake.App){user}, records: []string{"b1 Ann"}, listed: []string{"b2 Bob", "b1 Ann"}},
			{records: []string{"b1 Annie"}, listed: []string{"b2 Bob", "b1 Annie"}},
			{listed: []string{"b2 Bob", "b1 Annie"}},
		}},
		{"two writes show one after the other", []sync{
			{do: []func(*testing.T, *fake.App){anna}, records: both, listed: both},
			{do: []func(*testing.T, *fake.App){remove}, records: []string{"b1 Ann"}, listed: []string{"b2 Bob", "b1 Ann"}},
			{records: []string{"b1 Ann"}, listed: []string{"b2 Bob", "b1 Ann"}},
			{records: []string{"b1 Anna"}, listed: []string{"b2 Bob", "b1 Anna"}},
			{deleted: []string{"b1"}, listed: []string{"b2 Bob"}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(fake.WithQuirks(fake.Quirks{StaleReads: 2}))
			require.NoError(t, a.Put(named("b1", "Ann"), named("b2", "Bob")))
			cursor := connector.Cursor("")
			for i, s := range tt.syncs {
				a.BeginSync()
				pages, next := pass(t, a, cursor)
				cursor = next
				all, _ := pass(t, a, "")
				for _, diff := range []string{cmp.Diff(s.records, told(pages)), cmp.Diff(s.deleted, pages[0].Deleted), cmp.Diff(s.listed, told(all))} {
					if diff != "" {
						t.Errorf("sync %d: %s", i+1, diff)
					}
				}
				for _, do := range s.do {
					do(t, a)
				}
			}
		})
	}
}

func TestReadsByIDDoNotLag(t *testing.T) {
	t.Parallel()
	a := newApp(fake.WithQuirks(fake.Quirks{StaleReads: 2}))
	require.NoError(t, a.Put(named("b1", "Ann")))
	_, err := a.Apply(t.Context(), []connector.Write{{Op: connector.Update, ID: "b1", Patch: set("first", contact.Text("Anna"))}})
	require.NoError(t, err)
	got, err := a.Read(t.Context(), []string{"b1"}, []string{"first"})
	require.NoError(t, err)
	if diff := cmp.Diff("Anna", got[0].Record.Get("first").Str()); diff != "" {
		t.Error(diff)
	}
}
