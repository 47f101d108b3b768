package contactsync_test

import (
	"context"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
)

// TestAFeedThatFallsBehindAReadByID: a feed that lags shows a record in a state from before the one that was read by id. That
// is no edit.
func TestAFeedThatFallsBehindAReadByID(t *testing.T) {
	t.Parallel()
	ctx, clock := t.Context(), newStepClock()
	a := fake.New("a", plainFields, fake.WithClock(clock))
	b := fake.New("b", plainFields, fake.WithClock(clock), fake.WithQuirks(fake.Quirks{Lag: time.Hour, Settle: time.Hour}))
	fields := func(first, notes string) contact.Fields {
		return contact.Fields{"email": contact.Text("p1@example.com"), "first": contact.Text(first), "notes": contact.Text(notes)}
	}
	require.NoError(t, a.Put(contact.Record{ID: "a1", Fields: fields("Ann", "")}))
	require.NoError(t, b.Put(contact.Record{ID: "b1", Fields: fields("Anna", "")}))
	clock.now = clock.now.Add(2 * time.Hour)
	require.NoError(t, b.Edit("b1", contact.Fields{"notes": contact.Text("n")})) // the feed shows it in an hour
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "lag"}, a, b, memstore.New(), contactsync.WithClock(clock))
	require.NoError(t, err)
	for range 4 {
		_, err := s.Sync(ctx)
		require.NoError(t, err)
		for side, app := range [2]*fake.App{a, b} {
			if got := app.Records()[0]; got.Get("first").Str() != "Ann" || got.Get("notes").Str() != "n" {
				t.Errorf("%s holds %q and %q", contactsync.Side(side), got.Get("first").Str(), got.Get("notes").Str())
			}
		}
		clock.now = clock.now.Add(20 * time.Minute)
	}
	require.NoError(t, b.Edit("b1", contact.Fields{"first": contact.Text("Annie")}))
	clock.now = clock.now.Add(2 * time.Hour)
	_, err = s.Sync(ctx)
	require.NoError(t, err)
	if got := a.Records()[0].Get("first").Str(); got != "Annie" {
		t.Errorf("an edit was taken for an old state: a holds %q", got)
	}
}

// TestAFeedThatShowsWhatCameBetween: a feed that lags shows a state that came between the one that it showed last and the one that
// was read by id, under a version that nobody has seen. That is no edit, though we have written nothing to the record.
func TestAFeedThatShowsWhatCameBetween(t *testing.T) {
	t.Parallel()
	ctx, clock := t.Context(), newStepClock()
	a := fake.New("a", plainFields, fake.WithClock(clock))
	b := fake.New("b", plainFields, fake.WithClock(clock), fake.WithQuirks(fake.Quirks{Lag: time.Hour, Settle: time.Hour}))
	for _, app := range []*fake.App{a, b} {
		require.NoError(t, app.Put(contact.Record{ID: "r1", Fields: contact.Fields{"email": contact.Text("ann@example.com"), "first": contact.Text("Ann")}}))
	}
	clock.now = clock.now.Add(2 * time.Hour)
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "between"}, a, b, memstore.New(), contactsync.WithClock(clock))
	require.NoError(t, err)
	sync := func(wantA string) {
		t.Helper()
		_, err := s.Sync(ctx)
		require.NoError(t, err)
		require.Equal(t, wantA, a.Records()[0].Get("first").Str())
	}
	sync("Ann")
	first := func(app *fake.App, name string) {
		require.NoError(t, app.Edit("r1", contact.Fields{"first": contact.Text(name)}))
	}
	first(b, "Anna")
	clock.now = clock.now.Add(10 * time.Minute)
	first(b, "Annie")
	first(a, "Annie")
	clock.now = clock.now.Add(10 * time.Minute)
	sync("Annie") // the update of b is refused, and the read by id shows that both say the same
	clock.now = clock.now.Add(45 * time.Minute)
	sync("Annie") // the feed is at Anna
	clock.now = clock.now.Add(2 * time.Hour)
	sync("Annie")
	first(b, "Anne")
	clock.now = clock.now.Add(2 * time.Hour)
	sync("Anne")
}

// TestWhatStrangersShareIsNoEvidence: a creation without an answer is not taken for landed because a stranger bears the same label,
// or one of the same household the same phone.
func TestWhatStrangersShareIsNoEvidence(t *testing.T) {
	t.Parallel()
	for name, shared := range map[string]contact.Fields{
		"a label": {"tags": contact.Set("lead")},
		"a phone": {"phone": contact.Text("+32470000002")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, clock := t.Context(), newStepClock()
			a := fake.New("a", plainFields, fake.WithClock(clock))
			b := fake.New("b", plainFields, fake.WithClock(clock))
			person := func(id, email, first string) contact.Record {
				fields := shared.Clone()
				fields["email"], fields["first"] = contact.Text(email), contact.Text(first)
				return contact.Record{ID: id, Fields: fields}
			}
			require.NoError(t, a.Put(person("a1", "ann@example.com", "Ann")))
			require.NoError(t, b.Fail(fake.Fault{On: "create", Kind: fake.PartialBatch, Times: 1}))
			s, err := contactsync.Open(ctx, contactsync.Connection{ID: "strangers"}, a, b, memstore.New(), contactsync.WithClock(clock))
			require.NoError(t, err)
			_, err = s.Sync(ctx)
			require.NoError(t, err)
			require.NoError(t, b.Put(person("b1", "bob@example.com", "Bob")))
			for range 2 {
				clock.now = clock.now.Add(time.Hour)
				_, err = s.Sync(ctx)
				require.NoError(t, err)
			}
			for _, app := range []*fake.App{a, b} {
				var names []string
				for _, r := range app.Records() {
					names = append(names, r.Get("email").Str()+" "+r.Get("first").Str())
				}
				require.ElementsMatch(t, []string{"ann@example.com Ann", "bob@example.com Bob"}, names)
			}
		})
	}
}

// TestOfSeveralUnderTheKey: where a user has edited what a creation without an answer made, and entered somebody else under its key,
// it is the one that still holds most of what was sent.
func TestOfSeveralUnderTheKey(t *testing.T) {
	t.Parallel()
	ctx, clock := t.Context(), newStepClock()
	a, b := fake.New("a", plainFields, fake.WithClock(clock)), fake.New("b", plainFields, fake.WithClock(clock))
	fields := func(first, last, phone string) contact.Fields {
		return contact.Fields{"email": contact.Text("ann@example.com"), "first": contact.Text(first), "last": contact.Text(last), "phone": contact.Text(phone)}
	}
	require.NoError(t, a.Put(contact.Record{ID: "a1", Fields: fields("Ann", "Alder", "+32470000001")}))
	require.NoError(t, b.Fail(fake.Fault{On: "create", Kind: fake.LostResponse, Times: 1}))
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "several"}, a, b, memstore.New(), contactsync.WithClock(clock))
	require.NoError(t, err)
	sync := func() {
		t.Helper()
		clock.now = clock.now.Add(time.Hour)
		_, err = s.Sync(ctx)
		require.NoError(t, err)
	}
	sync()
	ours := b.Records()[0].ID
	require.NoError(t, b.Edit(ours, contact.Fields{"phone": contact.Text("+32470000009")}))
	require.NoError(t, b.Put(contact.Record{ID: "other", Fields: fields("Bea", "Birch", "+32470000002")}))
	sync()
	sync()
	if st, err := s.Record(ctx, contactsync.B, ours); err != nil || st.Status != contactsync.StatusInSync {
		t.Errorf("ours stands as %s %s (%v)", st.Status, st.Reason, err)
	}
	if got := a.Records()[0].Get("phone").Str(); got != "+32470000009" {
		t.Errorf("a holds the phone %s, want the one that was edited in b", got)
	}
	if n := len(a.Records()) + len(b.Records()); n != 3 {
		t.Errorf("there are %d records, want 3", n)
	}
}

// TestTheClockOfTheEngineBefore: what an engine sent whose clock was a day ahead is not waited for until that day.
func TestTheClockOfTheEngineBefore(t *testing.T) {
	t.Parallel()
	ctx, clock, ahead := t.Context(), newStepClock(), newStepClock()
	ahead.now = ahead.now.Add(24 * time.Hour)
	a, b := fake.New("a", plainFields, fake.WithClock(clock)), fake.New("b", plainFields, fake.WithClock(clock))
	require.NoError(t, a.Put(contact.Record{ID: "a1", Fields: contact.Fields{"email": contact.Text("ann@example.com")}}))
	require.NoError(t, b.Fail(fake.Fault{On: "create", Kind: fake.PartialBatch, Times: 1}))
	store := memstore.New()
	for _, c := range []*stepClock{ahead, clock} {
		s, err := contactsync.Open(ctx, contactsync.Connection{ID: "clocks"}, a, b, store, contactsync.WithClock(c))
		require.NoError(t, err)
		_, err = s.Sync(ctx)
		require.NoError(t, err)
	}
	if n := len(b.Records()); n != 1 {
		t.Errorf("b has %d records, want the one that was not created at first", n)
	}
}

// TestAnEditAfterAnEngineAhead: in an app that shows writes at once, an edit that takes back what an engine wrote whose clock is some
// seconds ahead is an edit. It is not kept in doubt, which nothing would ever end.
func TestAnEditAfterAnEngineAhead(t *testing.T) {
	t.Parallel()
	ctx, clock, ahead := t.Context(), newStepClock(), newStepClock()
	ahead.now = ahead.now.Add(7 * time.Second)
	a := fake.New("a", plainFields, fake.WithClock(clock))
	b := fake.New("b", plainFields, fake.WithClock(clock), fake.WithQuirks(fake.Quirks{NoModified: true}))
	store := memstore.New()
	sync := func(c *stepClock) {
		t.Helper()
		s, err := contactsync.Open(ctx, contactsync.Connection{ID: "ahead"}, a, b, store, contactsync.WithClock(c))
		require.NoError(t, err)
		_, err = s.Sync(ctx)
		require.NoError(t, err)
	}
	require.NoError(t, a.Put(contact.Record{ID: "r1", Fields: contact.Fields{"email": contact.Text("ann@example.com"), "tags": contact.Set("lead")}}))
	require.NoError(t, b.Put(contact.Record{ID: "r1", Fields: contact.Fields{"email": contact.Text("ann@example.com"), "tags": contact.Empty}}))
	sync(ahead)
	require.NoError(t, b.Edit("r1", contact.Fields{"tags": contact.Empty}))
	sync(clock)
	if got := a.Records()[0].Get("tags"); !got.Blank() {
		t.Errorf("a still holds %v", got)
	}
}

// TestTwoWhoMeetUnread: where a filter looks at a field that was not read, a first match waits: nobody knows yet who may win.
func TestTwoWhoMeetUnread(t *testing.T) {
	t.Parallel()
	for name, scope := range map[string]contactsync.Scoping{"rule": contactsync.ScopeRule, "pair": contactsync.ScopePair, "sticky": contactsync.ScopeSticky} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, clock := t.Context(), newStepClock()
			apps := [2]*fake.App{fake.New("a", plainFields, fake.WithClock(clock)), fake.New("b", plainFields, fake.WithClock(clock))}
			for s, first := range []string{"Ann", "Anna"} {
				require.NoError(t, apps[s].Put(contact.Record{ID: "r1", Fields: contact.Fields{"email": contact.Text("ann@example.com"), "first": contact.Text(first)}}))
			}
			require.NoError(t, apps[1].Hide("tags"))
			c := contactsync.Connection{ID: "unread", Conflict: contactsync.Policy{Winner: contactsync.B}, Scope: scope, Rules: []contactsync.Rule{
				contactsync.FilterRule{From: contactsync.A}, contactsync.FilterRule{From: contactsync.B, Filter: contactsync.HasNot("tags", "no")}}}
			s, err := contactsync.Open(ctx, c, apps[0], apps[1], memstore.New(), contactsync.WithClock(clock))
			require.NoError(t, err)
			for i, want := range [][2]string{{"Ann", "Anna"}, {"Ann", "Anna"}, {"Anna", "Anna"}, {"Anna", "Anna"}} {
				if i == 2 {
					require.NoError(t, apps[1].Unhide("tags"))
					require.NoError(t, apps[1].Touch("r1"))
				}
				_, err = s.Sync(ctx)
				require.NoError(t, err)
				for side, app := range apps {
					if got := app.Records()[0].Get("first").Str(); got != want[side] {
						t.Errorf("%s holds %q, want %q", contactsync.Side(side), got, want[side])
					}
				}
				if st, err := s.Record(ctx, contactsync.A, "r1"); err != nil || (st.Status == contactsync.StatusPending) != (want[0] == "Ann") {
					t.Errorf("it stands as %s %s (%v)", st.Status, st.Reason, err)
				}
			}
		})
	}
}

// cutShort is an app without tombstones whose listing is cut off when it is told to.
type cutShort struct {
	*fake.App
	now bool
}

func (c *cutShort) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	page, err := c.App.Changes(ctx, q)
	if c.now && len(page.Records) > 0 {
		page.Records, page.Complete = page.Records[:len(page.Records)-1], false
	}
	return page, err
}

func (c *cutShort) List(ctx context.Context, since connector.Cursor) (connector.Listing, error) {
	page, err := c.App.List(ctx, since)
	if c.now && len(page.Items) > 0 {
		page.Items, page.Complete = page.Items[:len(page.Items)-1], false
	}
	return page, err
}

// TestACutOffListingIsNoEvidence: a creation without an answer is not sent again because a listing that was cut off does not
// show the record.
func TestACutOffListingIsNoEvidence(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]fake.Option{"a feed": {fake.WithQuirks(fake.Quirks{NoTombstones: true})}, "a list": {fake.WithoutFeed()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, clock := t.Context(), newStepClock()
			a := fake.New("a", plainFields, fake.WithClock(clock))
			b := &cutShort{App: fake.New("b", plainFields, append(options, fake.WithClock(clock))...)}
			require.NoError(t, a.Put(contact.Record{ID: "a1", Fields: contact.Fields{"email": contact.Text("ann@example.com")}}))
			s, err := contactsync.Open(ctx, contactsync.Connection{ID: "short"}, a, b, memstore.New(), contactsync.WithClock(clock))
			require.NoError(t, err)
			_, err = s.Sync(ctx)
			require.NoError(t, err)
			require.NoError(t, a.Put(contact.Record{ID: "a2", Fields: contact.Fields{"email": contact.Text("bob@example.com")}}))
			require.NoError(t, b.Fail(fake.Fault{On: "create", Kind: fake.LostResponse, Times: 1}))
			for i := range 3 {
				b.now = i == 1
				_, err = s.Sync(ctx)
				require.NoError(t, err)
				if n := len(b.Records()); n != 2 {
					t.Fatalf("after sync %d b has %d records, want 2", i+2, n)
				}
			}
			st, err := s.Status(ctx)
			require.NoError(t, err)
			require.Equal(t, map[string]int{contactsync.StatusInSync: 2}, st.Counts)
		})
	}
}
