package contactsync_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
)

// Not to see a record is one thing, to know that it is gone another. These apps show less than they have.

// dim is an app of which less can be seen: what the hooks leave of its answers. A hook may be nil.
type dim struct {
	*fake.App
	page   func(*connector.Page)
	list   func(*connector.Listing)
	read   func([]string, []connector.ReadResult)
	before func(connector.Op) // a write
	fail   error              // of a reading
}

func (d *dim) Features() connector.Features {
	f := d.App.Features()
	f.Reader, f.Lister = d, d
	return f
}

func (d *dim) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	page, err := d.App.Changes(ctx, q)
	if err == nil && d.fail != nil {
		return page, d.fail
	}
	if err == nil && d.page != nil {
		d.page(&page)
	}
	return page, err
}

func (d *dim) List(ctx context.Context, since connector.Cursor) (connector.Listing, error) {
	page, err := d.App.List(ctx, since)
	if err == nil && d.list != nil {
		d.list(&page)
	}
	return page, err
}

func (d *dim) Read(ctx context.Context, ids, fields []string) ([]connector.ReadResult, error) {
	if d.fail != nil {
		return nil, d.fail
	}
	results, err := d.App.Read(ctx, ids, fields)
	if err == nil && d.read != nil {
		d.read(ids, results)
	}
	return results, err
}

func (d *dim) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	if d.before != nil {
		d.before(writes[0].Op)
	}
	return d.App.Apply(ctx, writes)
}

// dimWorld is four people in both apps, in sync, under a policy by which deletions are carried over.
type dimWorld struct {
	a, b *dim
	sync *contactsync.Syncer
}

func newDimWorld(t *testing.T, c contactsync.Connection, options ...fake.Option) *dimWorld {
	t.Helper()
	fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: "tags", Type: contact.TypeSet}}
	w := &dimWorld{a: &dim{App: fake.New("a", fields, options...)}, b: &dim{App: fake.New("b", fields)}}
	for i := range 4 {
		person := contact.Fields{"first": contact.Text(fmt.Sprintf("P%d", i)), "email": contact.Text(fmt.Sprintf("p%d@example.com", i))}
		require.NoError(t, w.a.Put(contact.Record{ID: fmt.Sprintf("a%d", i), Fields: person}))
		require.NoError(t, w.b.Put(contact.Record{ID: fmt.Sprintf("b%d", i), Fields: person}))
	}
	c.ID, c.Deletions = "dim", contactsync.Deletions{FromA: contactsync.DeletionDelete, FromB: contactsync.DeletionDelete}
	var err error
	w.sync, err = contactsync.Open(t.Context(), c, w.a, w.b, memstore.New(), contactsync.WithClock(newStopClock()))
	require.NoError(t, err)
	return w
}

// play syncs once, and returns how many are left on each side.
func (w *dimWorld) play(t *testing.T) (left [2]int) {
	t.Helper()
	_, err := w.sync.Sync(t.Context())
	require.NoError(t, err)
	return [2]int{len(w.a.Records()), len(w.b.Records())}
}

// without takes a record out of what is told.
func without(records []contact.Record, id string) []contact.Record {
	return slices.DeleteFunc(records, func(r contact.Record) bool { return r.ID == id })
}

// dimKinds are an app whose every pass over its feed is a full listing, and one that names its ids.
var dimKinds = map[string]fake.Option{"feed": fake.WithQuirks(fake.Quirks{NoTombstones: true}), "list": fake.WithoutFeed()}

// TestIncompletePassProvesNothing: who is not named by a pass that is not said to be complete is not gone, though nobody
// can be found by reading either. As soon as a complete one does not name them, they are.
func TestIncompletePassProvesNothing(t *testing.T) {
	t.Parallel()
	for kind, option := range dimKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newDimWorld(t, contactsync.Connection{}, option)
			w.play(t)
			require.NoError(t, w.a.Remove("a0"))
			w.a.page = func(p *connector.Page) { p.Complete = false }
			w.a.list = func(l *connector.Listing) { l.Complete = false }
			if left := w.play(t); left != [2]int{3, 4} {
				t.Errorf("after an incomplete pass %v are left, want 3 and 4", left)
			}
			w.a.page, w.a.list = nil, nil
			if left := w.play(t); left != [2]int{3, 3} {
				t.Errorf("after a complete pass %v are left, want 3 and 3", left)
			}
		})
	}
}

// TestNobodyIsCreatedBeforeACompletePass: who a first reading leaves out may be there. Until one is said to be complete nobody is
// created in the app, and nobody is taken for the only one who bears a key; then everybody finds their partner.
func TestNobodyIsCreatedBeforeACompletePass(t *testing.T) {
	t.Parallel()
	kinds := maps.Clone(dimKinds)
	kinds["tombstones"] = fake.WithQuirks(fake.Quirks{})
	for kind, option := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newDimWorld(t, contactsync.Connection{}, option)
			require.NoError(t, w.b.Put(contact.Record{ID: "b9", Fields: contact.Fields{"email": contact.Text("p9@example.com")}}))
			w.a.page = func(p *connector.Page) { p.Records, p.Complete = without(p.Records, "a0"), false }
			w.a.list = func(l *connector.Listing) {
				l.Items = slices.DeleteFunc(l.Items, func(i connector.Item) bool { return i.ID == "a0" })
				l.Complete = false
			}
			for range 2 {
				require.Equal(t, [2]int{4, 5}, w.play(t), "after an incomplete pass")
			}
			stand := func(status string) int {
				all, err := w.sync.Status(t.Context())
				require.NoError(t, err)
				return all.Counts[status]
			}
			require.Equal(t, 8, stand(contactsync.StatusPending))
			w.a.page, w.a.list = nil, nil
			require.Equal(t, [2]int{5, 5}, w.play(t), "after a complete one")
			require.Equal(t, 5, stand(contactsync.StatusInSync))
			require.Zero(t, stand(contactsync.StatusPending))
		})
	}
}

// unasked is an app that nobody can ask about a record by its id.
type unasked struct{ *dim }

func (u unasked) Features() connector.Features {
	f := u.dim.Features()
	f.Reader, f.Lister = nil, nil
	return f
}

// TestEmptyThoughSomeMayNotShowYet: an app that shows none of three linked records has turned up empty, though it may not show yet
// two of them that were just created there. While it shows these only the third is missing.
func TestEmptyThoughSomeMayNotShowYet(t *testing.T) {
	t.Parallel()
	for shows, left := range map[bool]int{true: 2, false: 3} {
		fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"}}
		a, b := fake.New("a", fields), fake.New("b", fields, fake.WithQuirks(fake.Quirks{NoTombstones: true, Settle: time.Hour}))
		person := func(n int) contact.Fields {
			return contact.Fields{"email": contact.Text(fmt.Sprintf("p%d@example.com", n))}
		}
		require.NoError(t, a.Put(contact.Record{ID: "a0", Fields: person(0)}))
		require.NoError(t, b.Put(contact.Record{ID: "b0", Fields: person(0)}))
		c := contactsync.Connection{ID: "empty", Deletions: contactsync.Deletions{FromB: contactsync.DeletionDelete}}
		s, err := contactsync.Open(t.Context(), c, a, unasked{&dim{App: b}}, memstore.New(), contactsync.WithClock(newStopClock()))
		require.NoError(t, err)
		sync := func() *contactsync.Report {
			report, err := s.Sync(t.Context())
			require.NoError(t, err)
			return report
		}
		sync()
		for n := range 2 {
			require.NoError(t, a.Put(contact.Record{ID: fmt.Sprintf("a%d", n+1), Fields: person(n + 1)}))
		}
		sync()
		require.Len(t, b.Records(), 3)
		for _, r := range b.Records() {
			if !shows || r.ID == "b0" {
				require.NoError(t, b.Remove(r.ID))
			}
		}
		var want []contactsync.Waiting
		if !shows {
			want = []contactsync.Waiting{{Reason: contactsync.WaitEmpty, Side: contactsync.B, Count: 3, Run: 3}}
		}
		require.Equal(t, want, sync().Waiting)
		require.Len(t, a.Records(), left)
	}
}

// TestEmptyThoughSomeAreNamed: a list that lags may name records that are gone, which the app does not know when they are read. If
// one of four linked records is not named, and none of the others is there, the app has turned up empty.
func TestEmptyThoughSomeAreNamed(t *testing.T) {
	t.Parallel()
	for there, left := range map[int]int{0: 4, 1: 3} {
		w := newDimWorld(t, contactsync.Connection{}, fake.WithoutFeed())
		w.play(t)
		for n := there; n < 4; n++ {
			require.NoError(t, w.a.Remove(fmt.Sprintf("a%d", n)))
		}
		w.a.list = func(l *connector.Listing) {
			for n := there; n < 3; n++ {
				l.Items = append(l.Items, connector.Item{ID: fmt.Sprintf("a%d", n), Version: "edited"})
			}
		}
		report, err := w.sync.Sync(t.Context())
		require.NoError(t, err)
		require.Equal(t, there == 0, len(report.Waiting) == 1 && report.Waiting[0].Reason == contactsync.WaitEmpty)
		require.Len(t, w.b.Records(), left)
	}
}

// TestUnreadableIsNotMissing: who is not listed is asked for, and only who the app then does not know is gone: not who is
// there outside of the listing's view, nor who may not be read.
func TestUnreadableIsNotMissing(t *testing.T) {
	t.Parallel()
	for kind, option := range dimKinds {
		for name, read := range map[string]func([]string, []connector.ReadResult){
			"it is there": nil,
			"it may not be read": func(ids []string, results []connector.ReadResult) {
				for i := range results {
					if ids[i] == "a0" {
						results[i] = connector.ReadResult{Err: &connector.Error{App: "a", Op: "read", Err: connector.ErrForbidden}}
					}
				}
			},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newDimWorld(t, contactsync.Connection{}, option)
				w.play(t)
				w.a.page = func(p *connector.Page) { p.Records = without(p.Records, "a0") }
				w.a.list = func(l *connector.Listing) {
					l.Items = slices.DeleteFunc(l.Items, func(i connector.Item) bool { return i.ID == "a0" })
				}
				w.a.read = read
				for range 2 {
					if left := w.play(t); left != [2]int{4, 4} {
						t.Errorf("%v are left, want 4 and 4", left)
					}
				}
			})
		}
	}
}

// TestUnreadIsPresent: a record that the app has and cannot tell is not gone, though it can not be read by its id either.
func TestUnreadIsPresent(t *testing.T) {
	t.Parallel()
	w := newDimWorld(t, contactsync.Connection{}, dimKinds["feed"])
	w.play(t)
	w.a.read = func(ids []string, results []connector.ReadResult) {
		for i := range results {
			results[i] = connector.ReadResult{Err: &connector.Error{App: "a", Op: "read", Err: connector.ErrNotFound}}
		}
	}
	w.a.page = func(p *connector.Page) {
		p.Records = without(p.Records, "a0")
		p.Unread = append(p.Unread, connector.Unread{ID: "a0", Err: connector.ErrInvalid})
	}
	if left := w.play(t); left != [2]int{4, 4} {
		t.Errorf("%v are left, want 4 and 4", left)
	}
}

// TestUnreadTellsOfNoWrite: while a record cannot be read nobody knows what became of an update without an answer. Once it
// can, the history tells of the update; nothing is sent again.
func TestUnreadTellsOfNoWrite(t *testing.T) {
	t.Parallel()
	for kind, option := range dimKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newDimWorld(t, contactsync.Connection{}, option)
			w.play(t)
			require.NoError(t, w.b.Edit("b0", contact.Fields{"first": contact.Text("Ann")}))
			require.NoError(t, w.a.Fail(fake.Fault{On: "update", Kind: fake.LostResponse, Times: 1}))
			w.play(t)

			refused := connector.Unread{ID: "a0", Err: connector.ErrInvalid}
			w.a.page = func(p *connector.Page) { p.Records, p.Unread = without(p.Records, "a0"), append(p.Unread, refused) }
			w.a.list = func(l *connector.Listing) {
				l.Items = slices.DeleteFunc(l.Items, func(i connector.Item) bool { return i.ID == "a0" })
				l.Unread = append(l.Unread, refused)
			}
			w.a.read = func(ids []string, results []connector.ReadResult) {
				for i := range results {
					results[i] = connector.ReadResult{Err: &connector.Error{App: "a", Op: "read", Err: connector.ErrNotFound}}
				}
			}
			for range 2 {
				w.a.Reset()
				if left := w.play(t); left != [2]int{4, 4} || w.a.Calls()["update"] != 0 {
					t.Errorf("%v are left, want 4 and 4; a was asked for %d updates, want none", left, w.a.Calls()["update"])
				}
			}
			w.a.page, w.a.list, w.a.read = nil, nil, nil
			w.a.Reset()
			w.play(t)
			require.Zero(t, w.a.Calls()["update"])
			page, _, err := w.sync.History(t.Context(), contactsync.HistoryQuery{})
			require.NoError(t, err)
			require.Len(t, page, 1)
			require.True(t, page[0].Recovered)
			require.Equal(t, contact.Text("Ann"), page[0].After["first"])
		})
	}
}

// TestUnreadWaitsWithADeletion: somebody may have edited a record that cannot be read. It is not deleted with its counterpart
// before it can, be it that nothing has changed.
func TestUnreadWaitsWithADeletion(t *testing.T) {
	t.Parallel()
	w := newDimWorld(t, contactsync.Connection{}, dimKinds["feed"])
	w.play(t)
	w.a.page = func(p *connector.Page) {
		p.Records, p.Unread = without(p.Records, "a0"), append(p.Unread, connector.Unread{ID: "a0", Err: connector.ErrInvalid})
	}
	require.NoError(t, w.b.Remove("b0"))
	for range 2 {
		require.Equal(t, [2]int{4, 3}, w.play(t))
	}
	w.a.page = nil
	require.Equal(t, [2]int{3, 3}, w.play(t))
}

// TestUnreadIsNotWrittenOver: while a record cannot be read nothing is written to it, for somebody may have edited it. Once it can,
// both edits are known, and the policy decides.
func TestUnreadIsNotWrittenOver(t *testing.T) {
	t.Parallel()
	w := newDimWorld(t, contactsync.Connection{}, fake.WithQuirks(fake.Quirks{NoVersions: true}))
	w.play(t)
	w.hide("a0")
	first := func(app *dim, id string) string {
		rec, _ := app.Record(id)
		return rec.Get("first").Str()
	}
	require.NoError(t, w.a.Edit("a0", contact.Fields{"first": contact.Text("Anna")}))
	require.NoError(t, w.b.Edit("b0", contact.Fields{"first": contact.Text("Annie")}))
	for range 2 {
		w.play(t)
		require.Equal(t, "Anna Annie", first(w.a, "a0")+" "+first(w.b, "b0"))
		rec, err := w.sync.Record(t.Context(), contactsync.B, "b0")
		require.NoError(t, err)
		require.Equal(t, contactsync.ReasonUnread, rec.Reason)
	}
	w.hide()
	require.NoError(t, w.a.Edit("a0", contact.Fields{"tags": contact.Set("t")})) // its feed tells of it again
	w.play(t)
	require.Equal(t, "Anna Anna", first(w.a, "a0")+" "+first(w.b, "b0"))
}

// TestUnreadWaitsUntilItIsRead: an edit reaches a record that could not be read as soon as it can be, though that has not changed.
func TestUnreadWaitsUntilItIsRead(t *testing.T) {
	t.Parallel()
	for kind, option := range dimKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newDimWorld(t, contactsync.Connection{}, option)
			w.play(t)
			require.NoError(t, w.b.Edit("b0", contact.Fields{"first": contact.Text("Ann")}))
			for _, want := range []string{"P0", "P0", "Ann"} {
				w.hide()
				if want == "P0" {
					w.hide("a0")
				}
				w.play(t)
				rec, _ := w.a.Record("a0")
				require.Equal(t, want, rec.Get("first").Str())
			}
		})
	}
}

// TestHiddenMayBeOurs: a record that was told of after a creation without an answer, and that nobody could read yet, may be what
// that made. Nobody is created anew before it can be read. One that was there before is nobody's creation.
func TestHiddenMayBeOurs(t *testing.T) {
	t.Parallel()
	kinds := maps.Clone(dimKinds)
	kinds["changes"] = fake.WithQuirks(fake.Quirks{})
	for kind, option := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newDimWorld(t, contactsync.Connection{}, option)
			w.hide("broken")
			w.play(t)
			enter := func(i int, fault fake.Kind) {
				t.Helper()
				person := contact.Fields{"first": contact.Text("New"), "email": contact.Text(fmt.Sprintf("new%d@example.com", i))}
				require.NoError(t, w.b.Put(contact.Record{Fields: person}))
				require.NoError(t, w.a.Fail(fake.Fault{On: "create", Kind: fault, Times: 1}))
				w.play(t)
				w.a.Reset()
			}
			enter(1, fake.LostResponse)
			made := slices.IndexFunc(w.a.Records(), func(r contact.Record) bool { return r.Get("first").Str() == "New" })
			w.hide("broken", w.a.Records()[made].ID)
			for range 2 {
				if left := w.play(t); left != [2]int{5, 5} || w.a.Calls()["create"] != 0 {
					t.Errorf("%v are left, want 5 and 5; a was asked for %d creations, want none", left, w.a.Calls()["create"])
				}
			}
			w.hide("broken")
			if left := w.play(t); left != [2]int{5, 5} || w.a.Calls()["create"] != 0 {
				t.Errorf("once it can be read %v are left, want 5 and 5; a was asked for %d creations, want none", left, w.a.Calls()["create"])
			}
			page, _, err := w.sync.History(t.Context(), contactsync.HistoryQuery{})
			require.NoError(t, err)
			require.Len(t, page, 1)
			require.True(t, page[0].Recovered)

			enter(2, fake.PartialBatch)
			if left := w.play(t); left != [2]int{6, 6} {
				t.Errorf("beside a record that never could be read %v are left, want 6 and 6", left)
			}
		})
	}
}

// TestF10ListedAndNotThereMayBeOurs: a list names somebody after a creation without an answer, and then the app does not know them. They
// may be what that made: nobody is created anew before they are read, or named no more.
func TestF10ListedAndNotThereMayBeOurs(t *testing.T) {
	t.Parallel()
	w := newDimWorld(t, contactsync.Connection{}, dimKinds["list"])
	w.play(t)
	enter := func(email string) (made string) {
		t.Helper()
		require.NoError(t, w.b.Put(contact.Record{Fields: contact.Fields{"first": contact.Text("New"), "email": contact.Text(email)}}))
		require.NoError(t, w.a.Fail(fake.Fault{On: "create", Kind: fake.LostResponse, Times: 1}))
		w.play(t)
		w.a.Reset()
		all := w.a.Records()
		i := slices.IndexFunc(all, func(r contact.Record) bool { return r.Get("email").Str() == email })
		w.a.read = func(ids []string, results []connector.ReadResult) {
			for j, id := range ids {
				if id == all[i].ID {
					results[j] = connector.ReadResult{Err: &connector.Error{App: "a", Op: "read", Err: connector.ErrNotFound}}
				}
			}
		}
		return all[i].ID
	}
	step := func(what string, left [2]int, creates int) {
		t.Helper()
		if got := w.play(t); got != left || w.a.Calls()["create"] != creates {
			t.Errorf("%s %v are left and a was asked for %d creations, want %v and %d", what, got, w.a.Calls()["create"], left, creates)
		}
	}
	enter("new1@example.com")
	step("while they are named and not found", [2]int{5, 5}, 0)
	w.a.read = nil
	step("once they are found", [2]int{5, 5}, 0)

	made := enter("new2@example.com")
	step("while they are named and not found", [2]int{6, 6}, 0)
	require.NoError(t, w.a.Remove(made))
	step("once they are named no more", [2]int{6, 6}, 1)
}

// TestF10ListedAndNotThereMayBeWritten: whom a list names in another version and a read does not find shows no update without an answer, and
// shows none that is missing: it is looked for again, and the history tells of it.
func TestF10ListedAndNotThereMayBeWritten(t *testing.T) {
	t.Parallel()
	w := newDimWorld(t, contactsync.Connection{}, dimKinds["list"])
	w.play(t)
	require.NoError(t, w.b.Edit("b0", contact.Fields{"first": contact.Text("Ann")}))
	require.NoError(t, w.a.Fail(fake.Fault{On: "update", Kind: fake.LostResponse, Times: 1}))
	w.play(t)
	w.a.Reset()
	found := false
	w.a.read = func(ids []string, results []connector.ReadResult) {
		for i, id := range ids {
			if id == "a0" && !found {
				results[i] = connector.ReadResult{Err: &connector.Error{App: "a", Op: "read", Err: connector.ErrNotFound}}
			}
		}
	}
	w.play(t)
	found = true
	w.play(t)
	require.Zero(t, w.a.Calls()["update"])
	page, _, err := w.sync.History(t.Context(), contactsync.HistoryQuery{})
	require.NoError(t, err)
	require.Len(t, page, 1)
	require.True(t, page[0].Recovered)
}

// TestMergedBeforeTheAnswer: an update without an answer whose record a user then merged into another settles nothing of the other
// one's pair, which gets what the merge brought. The history tells of the update.
func TestMergedBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	w := newDimWorld(t, contactsync.Connection{})
	w.play(t)
	require.NoError(t, w.a.Edit("a1", contact.Fields{"first": contact.Empty}))
	w.play(t)
	require.NoError(t, w.b.Edit("b0", contact.Fields{"first": contact.Text("Ann")}))
	require.NoError(t, w.a.Fail(fake.Fault{On: "update", Kind: fake.LostResponse, Times: 1}))
	w.play(t)
	require.NoError(t, w.a.Merge("a1", "a0"))
	w.play(t)

	for _, r := range append(w.a.Records(), w.b.Records()...) {
		if r.ID == "a1" || r.ID == "b1" {
			require.Equal(t, contact.Text("Ann"), r.Get("first"), r.ID)
		}
	}
	page, _, err := w.sync.History(t.Context(), contactsync.HistoryQuery{})
	require.NoError(t, err)
	told := slices.IndexFunc(page, func(e contactsync.HistoryEntry) bool { return e.Recovered })
	require.GreaterOrEqual(t, told, 0)
	require.Equal(t, [2]string{"a1", "b0"}, page[told].IDs)
	require.Equal(t, contact.Text("Ann"), page[told].After["first"])
}

// hide keeps records of a from being read from now on, and no others.
func (w *dimWorld) hide(ids ...string) {
	var unread []connector.Unread
	for _, id := range ids {
		unread = append(unread, connector.Unread{ID: id, Err: connector.ErrInvalid})
	}
	w.a.page = func(p *connector.Page) {
		for _, id := range ids {
			p.Records = without(p.Records, id)
		}
		p.Unread = unread
	}
	w.a.list = func(l *connector.Listing) {
		l.Items = slices.DeleteFunc(l.Items, func(i connector.Item) bool { return slices.Contains(ids, i.ID) })
		l.Unread = unread
	}
	w.a.read = func(asked []string, results []connector.ReadResult) {
		for i, id := range asked {
			if slices.Contains(ids, id) {
				results[i] = connector.ReadResult{Err: &connector.Error{App: "a", Op: "read", Err: connector.ErrInvalid}}
			}
		}
	}
}

// TestNotFoundIsGuarded: an app that answers every write with not found, as one does whose address is wrong, has nobody
// deleted past the guards.
func TestNotFoundIsGuarded(t *testing.T) {
	t.Parallel()
	w := newDimWorld(t, contactsync.Connection{Guard: contactsync.Guard{MaxDeletions: contactsync.AtMost(0)}, Rules: []contactsync.Rule{
		contactsync.FilterRule{From: contactsync.A, Actions: []contactsync.Action{{Kind: contactsync.ActionAdd, Field: "tags", Value: contact.Text("a"), Always: true}}},
		contactsync.FilterRule{From: contactsync.B}}})
	w.play(t)
	for i := range 2 { // nobody edits a, so that a deletion may flow to it
		require.NoError(t, w.b.Edit(fmt.Sprintf("b%d", i), contact.Fields{"tags": contact.Empty}))
	}
	w.b.before = func(connector.Op) {
		w.b.before = nil
		require.NoError(t, w.b.Remove("b0", "b1"))
	}
	for range 2 {
		if left := w.play(t); left != [2]int{4, 2} {
			t.Errorf("%v are left, want 4 and 2", left)
		}
	}
}

// TestNewIDIsNoDeletion: a record whose id and key change at once is nobody new.
func TestNewIDIsNoDeletion(t *testing.T) {
	t.Parallel()
	w := newDimWorld(t, contactsync.Connection{})
	w.play(t)
	w.b.Reset()
	require.NoError(t, w.a.Rekey("a0", "a9"))
	require.NoError(t, w.a.Edit("a9", contact.Fields{"email": contact.Text("new@example.com")}))
	if left := w.play(t); left != [2]int{4, 4} || w.b.Writes() != (fake.Writes{Updated: 1}) {
		t.Errorf("%v are left, and b saw %+v; want 4 and 4, and one update", left, w.b.Writes())
	}
}

// TestEditWithoutVersions: in an app without versions an edit is seen by what a record holds.
func TestEditWithoutVersions(t *testing.T) {
	t.Parallel()
	w := newDimWorld(t, contactsync.Connection{}, fake.WithQuirks(fake.Quirks{NoVersions: true, NoModified: true}))
	w.play(t)
	require.NoError(t, w.a.Edit("a0", contact.Fields{"first": contact.Text("Q")}))
	w.play(t)
	for _, r := range w.b.Records() {
		if got := r.Fields["first"].Str(); (got == "Q") != (r.ID == "b0") {
			t.Errorf("%s is called %s", r.ID, got)
		}
	}
}

// TestConsentIsOfARun: who consents to what one run held has not consented to what a later one holds, be it as many.
func TestConsentIsOfARun(t *testing.T) {
	t.Parallel()
	w := newDimWorld(t, contactsync.Connection{Guard: contactsync.Guard{MaxDeletions: contactsync.AtMost(0)}})
	w.play(t)
	a0 := w.a.Records()[0]
	require.NoError(t, w.a.Remove("a0"))
	report, err := w.sync.Sync(t.Context())
	require.NoError(t, err)
	seen := report.Waiting
	require.Len(t, seen, 1)
	require.NoError(t, w.a.Put(a0))
	require.NoError(t, w.a.Remove("a1"))
	report, err = w.sync.Sync(t.Context())
	require.NoError(t, err)
	require.Len(t, report.Waiting, 1)
	require.Equal(t, seen[0].Count, report.Waiting[0].Count)
	require.ErrorIs(t, w.sync.Confirm(t.Context(), seen...), contactsync.ErrOutdated)
	if left := w.play(t); left != [2]int{3, 4} {
		t.Errorf("%v are left, want 3 and 4", left)
	}
	require.NoError(t, w.sync.Confirm(t.Context(), report.Waiting...))
	if left := w.play(t); left != [2]int{3, 3} {
		t.Errorf("with consent %v are left, want 3 and 3", left)
	}
}

// TestConsentIsUsedUp: a field that was emptied with consent, filled again and emptied again waits again.
func TestConsentIsUsedUp(t *testing.T) {
	t.Parallel()
	w := newDimWorld(t, contactsync.Connection{Guard: contactsync.Guard{MaxClears: contactsync.AtMost(0)}})
	w.play(t)
	first := func() string {
		return w.b.Records()[slices.IndexFunc(w.b.Records(), func(r contact.Record) bool { return r.ID == "b0" })].Fields["first"].Str()
	}
	for round := range 2 {
		require.NoError(t, w.a.Edit("a0", contact.Fields{"first": contact.Text("Q")}))
		w.play(t)
		require.NoError(t, w.a.Edit("a0", contact.Fields{"first": contact.Empty}))
		w.play(t)
		require.Equal(t, "Q", first(), "round %d: it was emptied without consent", round)
		require.NoError(t, w.sync.Confirm(t.Context()))
		w.play(t)
		require.Empty(t, first(), "round %d: it was not emptied with consent", round)
	}
}

// TestAnotherAccountHalts: the address book of another account is not the one that was synced. Nothing is written until
// the account is back, or a person confirms.
func TestAnotherAccountHalts(t *testing.T) {
	t.Parallel()
	w := newDimWorld(t, contactsync.Connection{})
	w.play(t)
	w.a.SetIdentity("somebody else")
	require.NoError(t, w.a.Remove("a0"))
	require.NoError(t, w.b.Edit("b1", contact.Fields{"first": contact.Text("Q")}))
	before := w.a.Writes()
	report, err := w.sync.Sync(t.Context())
	require.NoError(t, err)
	require.Len(t, report.Waiting, 1)
	require.Equal(t, contactsync.WaitAccount, report.Waiting[0].Reason)
	require.Equal(t, contactsync.A, report.Waiting[0].Side)
	if len(w.b.Records()) != 4 || w.a.Writes() != before {
		t.Error("something was written to another account, or because of what it holds")
	}
	w.a.SetIdentity("account of a")
	if left := w.play(t); left != [2]int{3, 3} {
		t.Errorf("after the account was back %v are left, want 3 and 3", left)
	}
}
