package fake_test

import (
	"testing"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// TestLag: the feed and the listing show every change late, also a user's; reads by id show it at once.
func TestLag(t *testing.T) {
	t.Parallel()
	clock := &stopped{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	a := newApp(fake.WithQuirks(fake.Quirks{Lag: time.Minute}), fake.WithClock(clock))
	require.NoError(t, a.Put(named("b1", "Ann"), named("b2", "Bob")))
	var cursor connector.Cursor
	feed := func(records, deleted []string) {
		t.Helper()
		pages, next := pass(t, a, cursor)
		cursor = next
		if diff := cmp.Diff(records, told(pages)); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(deleted, pages[len(pages)-1].Deleted); diff != "" {
			t.Errorf("deleted (-want +got):\n%s", diff)
		}
	}
	feed(nil, nil)
	clock.now = clock.now.Add(time.Minute)
	feed([]string{"b1 Ann", "b2 Bob"}, nil)
	require.NoError(t, a.Edit("b1", contact.Fields{"first": contact.Text("Anna")}))
	require.NoError(t, a.Remove("b2"))
	clock.now = clock.now.Add(time.Minute - 1)
	feed([]string{"b1 Ann", "b2 Bob"}, nil)
	read, err := a.Read(t.Context(), []string{"b1", "b2"}, []string{"first"})
	require.NoError(t, err)
	if read[0].Record.Get("first").Str() != "Anna" || read[1].Err == nil {
		t.Errorf("a read by id lags: %+v", read)
	}
	clock.now = clock.now.Add(1)
	feed([]string{"b1 Anna"}, []string{"b2"})
	feed(nil, nil)
}

func TestGranularity(t *testing.T) {
	t.Parallel()
	clock := &stopped{now: time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)}
	a := newApp(fake.WithQuirks(fake.Quirks{Granularity: time.Second}), fake.WithClock(clock))
	require.NoError(t, a.Put(named("b1", "Ann")))
	if got := a.Records()[0].Modified; !got.Equal(clock.now.Truncate(time.Second)) {
		t.Errorf("modified %s, want whole seconds", got)
	}
}

// TestReusedIDs: the id of a record that is gone is given again, and its version is not.
func TestReusedIDs(t *testing.T) {
	t.Parallel()
	a := newApp(fake.WithQuirks(fake.Quirks{ReuseIDs: true}))
	require.NoError(t, a.Put(named("", "Ann"), named("", "Bob")))
	before := a.Records()[0]
	require.NoError(t, a.Remove(before.ID))
	require.NoError(t, a.Put(named("", "Cy")))
	after, ok := a.Record(before.ID)
	if !ok || after.Get("first").Str() != "Cy" || after.Version == before.Version {
		t.Errorf("%s was not given again, or with its version: %+v", before.ID, after)
	}
}

func TestTouch(t *testing.T) {
	t.Parallel()
	clock := &stopped{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	a := newApp(fake.WithClock(clock))
	require.NoError(t, a.Put(named("b1", "Ann")))
	clock.now = clock.now.Add(time.Hour)
	_, cursor := pass(t, a, "")
	before, _ := a.Record("b1")
	require.NoError(t, a.Touch("b1"))
	pages, _ := pass(t, a, cursor)
	after, _ := a.Record("b1")
	if len(told(pages)) != 1 || !after.Modified.Equal(before.Modified) || after.Version == before.Version || after.Fields.Digest() != before.Fields.Digest() {
		t.Errorf("want another version with the same content: %+v, told %q", after, told(pages))
	}
	if a.Touch("b2") == nil {
		t.Error("a record that is not there was touched")
	}
}

// TestRecord: it is one of Records.
func TestRecord(t *testing.T) {
	t.Parallel()
	a := newApp()
	require.NoError(t, a.Put(named("b1", "Ann"), named("b2", "")))
	for _, want := range a.Records() {
		got, ok := a.Record(want.ID)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if _, ok := a.Record("b3"); ok {
		t.Error("a record that is not there was found")
	}
}

// TestHold: what is said to be held of a value is held of it.
func TestHold(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		field  string
		value  contact.Value
		want   contact.Value
		refuse bool
	}{
		"as it is":        {"notes", contact.Text("hi"), contact.Text("hi"), false},
		"another form":    {"first", contact.Text("ann maria o'neil"), contact.Text("Ann Maria O'Neil"), false},
		"cut":             {"notes", contact.Text("123456"), contact.Text("12345"), false},
		"cleared":         {"notes", contact.Empty, contact.Empty, false},
		"no such field":   {"age", contact.Text("7"), contact.Empty, true},
		"not one of them": {"stage", contact.Text("lost"), contact.Empty, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(fake.WithQuirks(fake.Quirks{Normalize: map[string]fake.Form{"first": fake.Title}}))
			got, err := a.Hold(tt.field, tt.value)
			if !got.Equal(tt.want) || (err != nil) != tt.refuse {
				t.Errorf("got %v, %v; want %v, refused %t", got, err, tt.want, tt.refuse)
			}
			if err = a.Put(contact.Record{ID: "b1", Fields: contact.Fields{tt.field: tt.value}}); (err != nil) != tt.refuse {
				t.Errorf("a user's entry: %v", err)
			}
			if r, ok := a.Record("b1"); ok && !tt.want.Blank() && !r.Get(tt.field).Equal(got) {
				t.Errorf("the app holds %v, and said %v", r.Get(tt.field), got)
			}
		})
	}
}
