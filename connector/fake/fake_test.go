package fake_test

import (
	"context"
	"testing"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// fields is the schema of the tests.
func fields() []contact.Field {
	return []contact.Field{
		{Name: "first", Type: contact.TypeText},
		{Name: "email", Type: contact.TypeEmail},
		{Name: "phone", Type: contact.TypePhone},
		{Name: "phones", Type: contact.TypePhone, Many: true},
		{Name: "notes", Type: contact.TypeText, MaxLength: 5},
		{Name: "stage", Type: contact.TypeChoice, Options: []string{"new", "won"}},
		{Name: "score", Type: contact.TypeNumber, ReadOnly: true},
		{Name: "tags", Type: contact.TypeSet},
	}
}

// stopped is a clock that stands still but for its Sleep.
type stopped struct{ now time.Time }

func (c *stopped) Now() time.Time { return c.now }
func (c *stopped) Sleep(_ context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	return nil
}

func newApp(options ...fake.Option) *fake.App {
	clock := &stopped{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	return fake.New("b", fields(), append([]fake.Option{fake.WithClock(clock)}, options...)...)
}

func named(id, first string) contact.Record {
	return contact.Record{ID: id, Fields: contact.Fields{"first": contact.Text(first)}}
}

// content returns what the app holds: id and fields.
func content(a *fake.App) map[string]contact.Fields {
	all := map[string]contact.Fields{}
	for _, r := range a.Records() {
		all[r.ID] = r.Fields
	}
	return all
}

func set(name string, v contact.Value) contact.Patch {
	return contact.Patch{name: contact.Change{Set: v}}
}

// pass reads the feed from a cursor to its end: the pages, and where the next pass begins.
func pass(t *testing.T, a *fake.App, since connector.Cursor) ([]connector.Page, connector.Cursor) {
	t.Helper()
	var pages []connector.Page
	for range 100 {
		page, err := a.Changes(t.Context(), connector.Query{Since: since, Fields: []string{"first"}})
		require.NoError(t, err)
		pages = append(pages, page)
		since = page.Next
		if !page.More {
			return pages, since
		}
	}
	t.Fatal("the feed does not end")
	return nil, ""
}

// told returns the ids and first names of the records of the pages, in order.
func told(pages []connector.Page) []string {
	var all []string
	for _, p := range pages {
		for _, r := range p.Records {
			all = append(all, r.ID+" "+r.Get("first").Str())
		}
	}
	return all
}

func TestUsersHands(t *testing.T) {
	t.Parallel()
	text := contact.Text
	tests := []struct {
		name string
		do   func(a *fake.App) error
		want map[string]contact.Fields
	}{
		{"put", func(a *fake.App) error { return a.Put(named("b9", "Cy")) }, map[string]contact.Fields{
			"b1": {"first": text("Ann"), "tags": contact.Set("x")}, "b2": {"first": text("Bob"), "email": text("b@example.com"), "tags": contact.Set("X", "y")}, "b9": {"first": text("Cy")}}},
		{"put without id", func(a *fake.App) error { return a.Put(named("", "Cy")) }, map[string]contact.Fields{
			"b1": {"first": text("Ann"), "tags": contact.Set("x")}, "b2": {"first": text("Bob"), "email": text("b@example.com"), "tags": contact.Set("X", "y")}, "b-1": {"first": text("Cy")}}},
		{"edit and clear", func(a *fake.App) error {
			return a.Edit("b2", contact.Fields{"first": text("Rob"), "email": contact.Empty, "tags": {}})
		}, map[string]contact.Fields{"b1": {"first": text("Ann"), "tags": contact.Set("x")}, "b2": {"first": text("Rob")}}},
		{"remove", func(a *fake.App) error { return a.Remove("b2") }, map[string]contact.Fields{"b1": {"first": text("Ann"), "tags": contact.Set("x")}}},
		{"rekey", func(a *fake.App) error { return a.Rekey("b1", "b7") }, map[string]contact.Fields{
			"b7": {"first": text("Ann"), "tags": contact.Set("x")}, "b2": {"first": text("Bob"), "email": text("b@example.com"), "tags": contact.Set("X", "y")}}},
		{"merge", func(a *fake.App) error { return a.Merge("b1", "b2") }, map[string]contact.Fields{
			"b1": {"first": text("Ann"), "email": text("b@example.com"), "tags": contact.Set("x", "y")}}},
		{"of a merge the first one's value stays", func(a *fake.App) error { return a.Merge("b2", "b1") }, map[string]contact.Fields{
			"b2": {"first": text("Bob"), "email": text("b@example.com"), "tags": contact.Set("X", "y")}}},
		{"hidden fields are still there", func(a *fake.App) error { return a.Hide("tags", "email") }, map[string]contact.Fields{
			"b1": {"first": text("Ann"), "tags": contact.Set("x")}, "b2": {"first": text("Bob"), "email": text("b@example.com"), "tags": contact.Set("X", "y")}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newApp()
			require.NoError(t, a.Put(
				contact.Record{ID: "b1", Fields: contact.Fields{"first": text("Ann"), "tags": contact.Set("x")}},
				contact.Record{ID: "b2", Fields: contact.Fields{"first": text("Bob"), "email": text("b@example.com"), "tags": contact.Set("X", "y")}}))
			require.NoError(t, tt.do(a))
			if diff := cmp.Diff(tt.want, content(a)); diff != "" {
				t.Error(diff)
			}
			if got := a.Writes(); got != (fake.Writes{}) {
				t.Errorf("users' hands count as writes: %+v", got)
			}
		})
	}
}

func TestUsersHandsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(a *fake.App) error
	}{
		{"id in use", func(a *fake.App) error { return a.Put(named("b1", "x")) }},
		{"id twice", func(a *fake.App) error { return a.Put(named("b5", "x"), named("b5", "y")) }},
		{"unknown field", func(a *fake.App) error {
			return a.Put(contact.Record{ID: "b5", Fields: contact.Fields{"nope": contact.Text("x")}})
		}},
		{"wrong type", func(a *fake.App) error { return a.Edit("b1", contact.Fields{"score": contact.Text("x")}) }},
		{"not an option", func(a *fake.App) error { return a.Edit("b1", contact.Fields{"stage": contact.Text("lost")}) }},
		{"unique", func(a *fake.App) error {
			return a.Put(contact.Record{ID: "b5", Fields: contact.Fields{"email": contact.Text("ANN@example.com")}})
		}},
		{"edit of nobody", func(a *fake.App) error { return a.Edit("b5", nil) }},
		{"remove of nobody", func(a *fake.App) error { return a.Remove("b5") }},
		{"rekey of nobody", func(a *fake.App) error { return a.Rekey("b5", "b6") }},
		{"rekey to an id in use", func(a *fake.App) error { return a.Rekey("b1", "b1") }},
		{"merge with nobody", func(a *fake.App) error { return a.Merge("b1", "b5") }},
		{"merge with itself", func(a *fake.App) error { return a.Merge("b1", "b1") }},
		{"hide of no field", func(a *fake.App) error { return a.Hide("nope") }},
		{"unknown fault", func(a *fake.App) error { return a.Fail(fake.Fault{On: "create", Kind: "nope", Times: 1}) }},
		{"fault of another call", func(a *fake.App) error {
			return a.Fail(fake.Fault{On: "create", Kind: fake.CursorExpired, Times: 1})
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(fake.WithQuirks(fake.Quirks{Unique: []string{"email"}}))
			require.NoError(t, a.Put(contact.Record{ID: "b1", Fields: contact.Fields{"email": contact.Text("ann@example.com")}}))
			before := content(a)
			if err := tt.do(a); err == nil {
				t.Error("no error")
			}
			if diff := cmp.Diff(before, content(a)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStoredForms(t *testing.T) {
	t.Parallel()
	phones := contact.List(contact.Entry{Value: contact.Text("+32 2 55"), Type: "work"}, contact.Entry{Value: contact.Text("12"), Type: "home"})
	tests := []struct {
		name   string
		quirks fake.Quirks
		field  string
		give   contact.Value
		want   contact.Value
	}{
		{"lower", fake.Quirks{Normalize: map[string]fake.Form{"first": fake.Lower}}, "first", contact.Text("AnN"), contact.Text("ann")},
		{"upper", fake.Quirks{Normalize: map[string]fake.Form{"first": fake.Upper}}, "first", contact.Text("AnN"), contact.Text("ANN")},
		{"trim", fake.Quirks{Normalize: map[string]fake.Form{"first": fake.Trim}}, "first", contact.Text(" Ann "), contact.Text("Ann")},
		{"digits", fake.Quirks{Normalize: map[string]fake.Form{"phone": fake.Digits}}, "phone", contact.Text("+32 (470) 1"), contact.Text("324701")},
		{"no digits", fake.Quirks{Normalize: map[string]fake.Form{"phone": fake.Digits}}, "phone", contact.Text("none"), contact.Value{}},
		{"spaces", fake.Quirks{Normalize: map[string]fake.Form{"phone": fake.Spaces}}, "phone", contact.Text("+3247012"), contact.Text("32 47 01 2")},
		{"each entry", fake.Quirks{Normalize: map[string]fake.Form{"phones": fake.Digits}}, "phones", phones,
			contact.List(contact.Entry{Value: contact.Text("32255"), Type: "work"}, contact.Entry{Value: contact.Text("12"), Type: "home"})},
		{"max entries", fake.Quirks{MaxEntries: map[string]int{"phones": 1}}, "phones", phones,
			contact.List(contact.Entry{Value: contact.Text("+32 2 55"), Type: "work"})},
		{"max length, in characters", fake.Quirks{}, "notes", contact.Text("äöüßéà"), contact.Text("äöüßé")},
		{"cut, and in its form", fake.Quirks{Normalize: map[string]fake.Form{"notes": fake.Trim}}, "notes", contact.Text("Ann a b"), contact.Text("Ann a")},
		{"cut behind a space, and in its form", fake.Quirks{Normalize: map[string]fake.Form{"notes": fake.Trim}}, "notes", contact.Text("Anna a"), contact.Text("Anna")},
		{"a bare value of a list", fake.Quirks{}, "phones", contact.Text("12"), contact.List(contact.Entry{Value: contact.Text("12")})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(fake.WithQuirks(tt.quirks))
			results, err := a.Apply(t.Context(), []connector.Write{{Op: connector.Create, Patch: set(tt.field, tt.give)}})
			require.NoError(t, err)
			require.NoError(t, results[0].Err)
			if diff := cmp.Diff(tt.want, a.Records()[0].Fields[tt.field]); diff != "" {
				t.Error(diff)
			}
			want := tt.want
			if want.Absent() {
				want = contact.Empty
			}
			if diff := cmp.Diff(want, results[0].Record.Get(tt.field)); diff != "" {
				t.Error("answer:", diff)
			}
			if got := results[0].Record.Get("tags"); !got.Equal(contact.Empty) {
				t.Errorf("a field without value is told as %v, want empty", got)
			}
		})
	}
}

func TestSchemaTellsTheQuirks(t *testing.T) {
	t.Parallel()
	a := newApp(fake.WithMarkers(), fake.WithQuirks(fake.Quirks{NoVersions: true, NoTombstones: true, NoModified: true, BatchSize: 3, Settle: time.Minute, Unique: []string{"email"}}))
	got, err := a.Schema(t.Context())
	require.NoError(t, err)
	want := contact.Schema{Fields: fields(), Marker: true, Settle: time.Minute, Parallel: 1, Unique: []string{"email"},
		Batch: contact.Batch{Create: 3, Update: 3, Delete: 3, Read: 3}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	plain, err := newApp().Schema(t.Context())
	require.NoError(t, err)
	want = contact.Schema{Fields: fields(), Versions: true, Tombstones: true, Modified: true, Parallel: 1,
		Batch: contact.Batch{Create: 100, Update: 100, Delete: 100, Read: 100}}
	if diff := cmp.Diff(want, plain); diff != "" {
		t.Error(diff)
	}
}

func TestRecordsBearVersionAndTime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		quirks   fake.Quirks
		versions []string
		times    bool
	}{
		{"by default", fake.Quirks{}, []string{"1", "2"}, true},
		{"no versions", fake.Quirks{NoVersions: true}, []string{"", ""}, true},
		{"no modified", fake.Quirks{NoModified: true}, []string{"1", "2"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(fake.WithQuirks(tt.quirks))
			require.NoError(t, a.Put(named("b1", "Ann")))
			pages, _ := pass(t, a, "")
			require.NoError(t, a.Edit("b1", contact.Fields{"first": contact.Text("Anna")}))
			again, _ := pass(t, a, "")
			got := []string{pages[0].Records[0].Version, again[0].Records[0].Version}
			if diff := cmp.Diff(tt.versions, got); diff != "" {
				t.Error(diff)
			}
			if got := !pages[0].Records[0].Modified.IsZero(); got != tt.times {
				t.Errorf("modified told: %v, want %v", got, tt.times)
			}
		})
	}
}

func TestAVersionIsNeverGivenTwice(t *testing.T) {
	t.Parallel()
	a := newApp()
	require.NoError(t, a.Put(named("b1", "Ann")))
	require.NoError(t, a.Remove("b1"))
	require.NoError(t, a.Put(named("b1", "Bob")))
	if got := a.Records()[0].Version; got == "1" {
		t.Error("the record that came back has the version of the one before")
	}
}

func TestReadFindIdentity(t *testing.T) {
	t.Parallel()
	a := newApp(fake.WithMarkers())
	require.NoError(t, a.Put(named("b1", "Ann")))
	_, err := a.Apply(t.Context(), []connector.Write{{Op: connector.Create, Patch: set("first", contact.Text("Bob")), Marker: "m1"}})
	require.NoError(t, err)
	got, err := a.Read(t.Context(), []string{"b2", "b1"}, []string{"first", "tags"})
	require.NoError(t, err)
	require.ErrorIs(t, got[0].Err, connector.ErrNotFound)
	if diff := cmp.Diff(contact.Fields{"first": contact.Text("Ann"), "tags": contact.Empty}, got[1].Record.Fields); diff != "" {
		t.Error(diff)
	}
	found, err := a.Find(t.Context(), "m1", []string{"first"})
	require.NoError(t, err)
	if found.ID != "b-1" || found.Get("first").Str() != "Bob" {
		t.Errorf("found %v", found)
	}
	_, err = a.Find(t.Context(), "", nil)
	require.ErrorIs(t, err, connector.ErrNotFound)
	a.SetIdentity("somebody else")
	who, err := a.Identity(t.Context())
	require.NoError(t, err)
	if who != "somebody else" {
		t.Errorf("identity %q", who)
	}
	want := map[string]int{"read": 1, "create": 1, "find": 2, "identity": 1}
	if diff := cmp.Diff(want, a.Calls()); diff != "" {
		t.Error(diff)
	}
	a.Reset()
	if len(a.Calls()) != 0 || a.Writes().Sum() != 0 {
		t.Error("Reset leaves counts")
	}
}

func TestWithoutMarkersNothingIsFound(t *testing.T) {
	t.Parallel()
	a := newApp()
	_, err := a.Apply(t.Context(), []connector.Write{{Op: connector.Create, Patch: set("first", contact.Text("Bob")), Marker: "m1"}})
	require.NoError(t, err)
	_, err = a.Find(t.Context(), "m1", nil)
	require.ErrorIs(t, err, connector.ErrNotFound)
}

func TestNewIDsAreNeverUsedOnes(t *testing.T) {
	t.Parallel()
	a := newApp()
	require.NoError(t, a.Put(named("b-1", "Ann")))
	require.NoError(t, a.Remove("b-1"))
	require.NoError(t, a.Put(named("", "Bob")))
	if got := a.Records()[0].ID; got != "b-2" {
		t.Errorf("got %s, want b-2", got)
	}
}

func TestWritesAreRefused(t *testing.T) {
	t.Parallel()
	ann := contact.Text("ann@example.com")
	tests := []struct {
		name  string
		write connector.Write
		want  error
		field string
		id    string
	}{
		{"stale version", connector.Write{Op: connector.Update, ID: "b1", Version: "7", Patch: set("first", contact.Text("x"))}, connector.ErrVersionConflict, "", "b1"},
		{"stale version of a delete", connector.Write{Op: connector.Delete, ID: "b1", Version: "7"}, connector.ErrVersionConflict, "", "b1"},
		{"update of nobody", connector.Write{Op: connector.Update, ID: "b9", Patch: set("first", contact.Text("x"))}, connector.ErrNotFound, "", "b9"},
		{"delete of nobody", connector.Write{Op: connector.Delete, ID: "b9"}, connector.ErrNotFound, "", "b9"},
		{"required", connector.Write{Op: connector.Update, ID: "b1", Patch: set("last", contact.Empty)}, connector.ErrInvalid, "last", ""},
		{"required of a create", connector.Write{Op: connector.Create, Patch: set("first", contact.Text("x"))}, connector.ErrInvalid, "last", ""},
		{"read-only", connector.Write{Op: connector.Update, ID: "b1", Patch: set("score", contact.Int(1))}, connector.ErrInvalid, "score", ""},
		{"not an option", connector.Write{Op: connector.Update, ID: "b1", Patch: set("stage", contact.Text("lost"))}, connector.ErrInvalid, "stage", ""},
		{"unknown field", connector.Write{Op: connector.Update, ID: "b1", Patch: set("nope", contact.Text("x"))}, connector.ErrInvalid, "nope", ""},
		{"unique", connector.Write{Op: connector.Update, ID: "b2", Patch: set("email", ann)}, connector.ErrAlreadyExists, "email", "b1"},
		{"unique of a create", connector.Write{Op: connector.Create, Patch: contact.Patch{"last": {Set: contact.Text("x")}, "email": {Set: ann}}}, connector.ErrAlreadyExists, "email", "b1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			schema := append(fields(), contact.Field{Name: "last", Type: contact.TypeText, Required: true})
			a := fake.New("b", schema, fake.WithQuirks(fake.Quirks{Unique: []string{"email"}}))
			require.NoError(t, a.Put(
				contact.Record{ID: "b1", Fields: contact.Fields{"last": contact.Text("Lee"), "email": contact.Text("Ann@Example.com")}},
				contact.Record{ID: "b2", Fields: contact.Fields{"last": contact.Text("Ode")}}))
			before := content(a)
			results, err := a.Apply(t.Context(), []connector.Write{tt.write})
			require.NoError(t, err)
			require.ErrorIs(t, results[0].Err, tt.want)
			var e *connector.Error
			require.ErrorAs(t, results[0].Err, &e)
			if e.Field != tt.field || e.RecordID != tt.id {
				t.Errorf("field %q id %q, want %q %q", e.Field, e.RecordID, tt.field, tt.id)
			}
			if diff := cmp.Diff(before, content(a)); diff != "" {
				t.Error(diff)
			}
			if got := a.Writes().Sum(); got != 0 {
				t.Errorf("%d writes counted", got)
			}
		})
	}
}

func TestCallsAreRefusedWhole(t *testing.T) {
	t.Parallel()
	create := connector.Write{Op: connector.Create, Patch: set("first", contact.Text("x"))}
	tests := []struct {
		name   string
		writes []connector.Write
	}{
		{"more than a batch", []connector.Write{create, create, create}},
		{"several operations", []connector.Write{create, {Op: connector.Delete, ID: "b1"}}},
		{"unknown operation", []connector.Write{{Op: "upsert", ID: "b1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(fake.WithQuirks(fake.Quirks{BatchSize: 2}))
			_, err := a.Apply(t.Context(), tt.writes)
			require.ErrorIs(t, err, connector.ErrInvalid)
			if got := a.Records(); len(got) != 0 {
				t.Errorf("%d records", len(got))
			}
		})
	}
}

func TestWritesAreCarriedOut(t *testing.T) {
	t.Parallel()
	a := newApp(fake.WithQuirks(fake.Quirks{Unique: []string{"first"}})) // its own value is in no record's way
	require.NoError(t, a.Put(named("b1", "Ann"), named("b2", "Bob"), named("b3", "Cy")))
	for _, writes := range [][]connector.Write{
		{{Op: connector.Update, ID: "b1", Version: "1", Patch: contact.Patch{"tags": {Add: []contact.Entry{{Value: contact.Text("x")}}}}},
			{Op: connector.Update, ID: "b2", Patch: set("first", contact.Text("Rob"))}},
		{{Op: connector.Create, Patch: set("first", contact.Text("Di"))}},
		{{Op: connector.Delete, ID: "b3", Version: "1"}},
	} {
		results, err := a.Apply(t.Context(), writes)
		require.NoError(t, err)
		for _, r := range results {
			require.NoError(t, r.Err)
		}
	}
	want := map[string]contact.Fields{
		"b1": {"first": contact.Text("Ann"), "tags": contact.Set("x")}, "b2": {"first": contact.Text("Rob")}, "b-1": {"first": contact.Text("Di")},
	}
	if diff := cmp.Diff(want, content(a)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(fake.Writes{Created: 1, Updated: 2, Deleted: 1}, a.Writes()); diff != "" {
		t.Error(diff)
	}
}
