package contactsync_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// echoWorld is a pair that a person linked, of a1, Ann, and b1, who was Bob until Ann was written over him.
func echoWorld(t *testing.T, store contactsync.Store) (s *contactsync.Syncer, a, b *fake.App, clock *stepClock) {
	t.Helper()
	ctx := t.Context()
	clock = newStepClock()
	a, b = fake.New("a", plainFields, fake.WithClock(clock)), fake.New("b", plainFields, fake.WithClock(clock))
	ann := human("a1", "ann@example.com", "Ann")
	ann.Fields["tags"] = contact.Empty // no rule lets her in, so that nobody is created before the two are linked
	require.NoError(t, a.Put(ann))
	require.NoError(t, b.Put(human("b1", "bob@example.com", "Bob")))
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "echo", Rules: []contactsync.Rule{
		contactsync.FilterRule{From: contactsync.A, Filter: contactsync.Has("tags", "in")}}}, a, b, store, contactsync.WithClock(clock))
	require.NoError(t, err)
	_, err = s.Sync(ctx)
	require.NoError(t, err)
	require.NoError(t, s.Link(ctx, "a1", "b1"))
	require.NoError(t, a.Edit("a1", contact.Fields{"tags": contact.Set("in")}))
	_, err = s.Sync(ctx)
	require.NoError(t, err)
	require.Equal(t, "Ann", b.Records()[0].Get("first").Str())
	return s, a, b, clock
}

func human(id, email, first string) contact.Record {
	return contact.Record{ID: id, Fields: contact.Fields{"email": contact.Text(email), "first": contact.Text(first), "tags": contact.Set("in")}}
}

// TestFormerIsHistory: who a record was before it was written over is kept as long as the history of that write, and no
// longer. Whoever comes then is nobody's echo.
func TestFormerIsHistory(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memstore.New()
	s, a, b, clock := echoWorld(t, store)
	lost := func() (rows []contactsync.Row) { // under which the former is found
		require.NoError(t, store.View(ctx, contactsync.Scope{Connection: "echo"}, func(tx contactsync.ReadTx) (err error) {
			rows, err = tx.Scan(contactsync.Scan{Table: contactsync.TableKey, By: contactsync.ByKey, Prefix: "b-2 "})
			return err
		}))
		return rows
	}
	known := func() string {
		d, err := s.Export(ctx, contactsync.B, "b1")
		require.NoError(t, err)
		return string(must(json.Marshal(d)))
	}
	sync := func(later time.Duration) *contactsync.Report {
		require.NoError(t, clock.Sleep(ctx, later))
		report, err := s.Sync(ctx)
		require.NoError(t, err)
		return report
	}
	sync(100 * 24 * time.Hour)
	require.Contains(t, known(), "bob@example.com", "the history of the run that wrote last is kept")
	require.Len(t, lost(), 1)
	require.NoError(t, a.Edit("a1", contact.Fields{"first": contact.Text("Anna")}))
	sync(time.Hour) // has it that wrote last
	sync(100 * 24 * time.Hour)
	require.NotContains(t, known(), "bob@example.com")
	require.NotContains(t, known(), "Bob")
	require.Empty(t, lost())
	require.NoError(t, a.Put(human("a2", "bob@example.com", "Bob")))
	require.Equal(t, 1, sync(time.Hour).Counts[contactsync.B].Created)
	require.Len(t, b.Records(), 2)
	require.Contains(t, known(), `"Ann"`)
	sync(100 * 24 * time.Hour) // what wrote last was about somebody else
	require.NotContains(t, known(), `"Ann"`, "what our write replaced")
	require.Empty(t, lost())
	for i := range 2 {
		require.NoError(t, a.Edit("a1", contact.Fields{"email": contact.Text(fmt.Sprint("ann", i, "@example.com"))}))
		sync(time.Hour)
		require.Len(t, lost(), 1+i)
	}
	sync(100 * 24 * time.Hour)
	require.Len(t, lost(), 2, "the history of the run that wrote last is kept")
	require.NoError(t, a.Edit("a1", contact.Fields{"first": contact.Text("Ann")}))
	sync(time.Hour) // has it that wrote last
	sync(100 * 24 * time.Hour)
	require.Empty(t, lost())
}

// TestEcho: what a first match wrote over is nobody new where it comes back, unless a person says so or the pair is none
// any more. Whoever else has the key is somebody new.
func TestEcho(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		comes   contact.Record
		then    func(ctx context.Context, s *contactsync.Syncer) error
		created bool
	}{
		{name: "a copy", comes: human("a2", "bob@example.com", "Bob")},
		{name: "a copy that holds less", comes: human("a2", "bob@example.com", "")},
		{name: "a copy that an app cut short", comes: human("a2", "bob@example.com", "BO")},
		{name: "somebody else under the key", comes: human("a2", "bob@example.com", "Bert"), created: true},
		{name: "somebody else of the name", comes: human("a2", "bobby@example.com", "Bob"), created: true},
		{"a person wants it", human("a2", "bob@example.com", "Bob"), func(ctx context.Context, s *contactsync.Syncer) error {
			return s.Create(ctx, contactsync.A, "a2")
		}, true},
		{"a person parts the pair", human("a2", "bob@example.com", "Bob"), func(ctx context.Context, s *contactsync.Syncer) error {
			return s.Separate(ctx, "a1", "b1")
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			s, a, b, _ := echoWorld(t, memstore.New())
			require.NoError(t, a.Put(tt.comes))
			plan, err := s.Preview(ctx)
			require.NoError(t, err)
			report, err := s.Sync(ctx)
			require.NoError(t, err)
			require.Equal(t, report.Counts, plan.Counts)
			if tt.then != nil {
				require.Len(t, b.Records(), 1)
				require.NoError(t, tt.then(ctx, s))
				_, err = s.Sync(ctx)
				require.NoError(t, err)
			}
			created := false
			for _, r := range b.Records() {
				created = created || r.Get("email").Str() == tt.comes.Get("email").Str()
			}
			if created != tt.created {
				t.Errorf("it is created: %v, want %v", created, tt.created)
			}
		})
	}
}

// TestRingOfThree: in a ring of three connections, of whatever policies and directions and in whatever order they sync, a
// person links two who are different. Nobody is created anew with every round, also where an app cuts names short.
func TestRingOfThree(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		r := newRing(t, rand.New(rand.NewPCG(seed, 1)))
		r.sync(t, 1+r.rnd.IntN(2))
		i := r.rnd.IntN(3)
		_, err := r.conns[i].Preview(t.Context())
		require.NoError(t, err)
		a, b := r.apps[i].Records(), r.apps[(i+1)%3].Records()
		x, y := a[r.rnd.IntN(len(a))].ID, b[r.rnd.IntN(len(b))].ID
		if err := r.conns[i].Move(t.Context(), x, y); err != nil {
			continue // they are linked already
		}
		r.sync(t, 6)
		rest := r.sizes()
		r.sync(t, 5)
		if now := r.sizes(); now != rest {
			t.Errorf("seed %d: connection %d linked %s and %s; there are %v records after 11 rounds, and were %v after 6", seed, i, x, y, now, rest)
		}
	}
}

// TestRingThatCopies: in a ring of three connections a person links somebody with another one's record, so that an email moves on
// from record to record, and a copy with the old one comes after each. That comes to an end.
func TestRingThatCopies(t *testing.T) {
	t.Parallel()
	r := &ring{clock: newStepClock(), every: 15 * time.Minute}
	store := memstore.New()
	for i, name := range []string{"x", "y", "z"} {
		r.apps[i] = fake.New(name, plainFields, fake.WithClock(r.clock))
	}
	require.NoError(t, r.apps[0].Put(human("x1", "ann@example.com", "Ann")))
	require.NoError(t, r.apps[2].Put(human("z1", "ann@example.com", "Anna"), human("z2", "bob@example.com", "Bob")))
	for i := range r.conns {
		c := contactsync.Connection{ID: fmt.Sprint("ring", i)}
		if i == 1 {
			c.Direction = contactsync.BToA
		}
		var err error
		r.conns[i], err = contactsync.Open(t.Context(), c, r.apps[i], r.apps[(i+1)%3], store, contactsync.WithClock(r.clock))
		require.NoError(t, err)
	}
	_, err := r.conns[0].Sync(t.Context())
	require.NoError(t, err)
	_, err = r.conns[1].Preview(t.Context())
	require.NoError(t, err)
	require.NoError(t, r.conns[1].Link(t.Context(), r.apps[1].Records()[0].ID, "z2"))
	for range 12 {
		for _, c := range r.conns {
			r.clock.now = r.clock.now.Add(r.every)
			_, err := c.Sync(t.Context())
			require.NoError(t, err)
		}
	}
	for i, n := range r.sizes() {
		if n > 4 {
			t.Errorf("app %d has %d records; three were entered", i, n)
		}
	}
}

// ring is three apps, each synced with the next.
type ring struct {
	rnd   *rand.Rand
	clock *stepClock
	every time.Duration
	apps  [3]*fake.App
	conns [3]*contactsync.Syncer
}

func newRing(t *testing.T, rnd *rand.Rand) *ring {
	t.Helper()
	r := &ring{rnd: rnd, clock: newStepClock(), every: []time.Duration{20 * time.Minute, 8 * time.Hour}[rnd.IntN(2)]}
	store := memstore.New()
	for i, name := range []string{"x", "y", "z"} {
		r.apps[i] = fake.New(name, cut([]int{0, 0, 2}[rnd.IntN(3)]), fake.WithClock(r.clock))
		for p, person := range [][2]string{{"ann@example.com", "Ann"}, {"bob@example.com", "Bob"}, {"cyd@example.com", "Cyd"}} {
			if p == i || rnd.IntN(2) == 0 {
				require.NoError(t, r.apps[i].Put(human(fmt.Sprint(name, p), person[0], person[1])))
			}
		}
	}
	for i := range r.conns {
		c := contactsync.Connection{ID: fmt.Sprint("ring", i), Conflict: contactsync.Policy{Winner: contactsync.Side(rnd.IntN(2))}}
		if rnd.IntN(6) == 0 {
			c.Direction = contactsync.BToA
		}
		var err error
		r.conns[i], err = contactsync.Open(t.Context(), c, r.apps[i], r.apps[(i+1)%3], store, contactsync.WithClock(r.clock))
		require.NoError(t, err)
	}
	return r
}

// sync syncs all three, so many times.
func (r *ring) sync(t *testing.T, rounds int) {
	t.Helper()
	for range rounds {
		for _, i := range r.rnd.Perm(3) {
			r.clock.now = r.clock.now.Add(r.every)
			_, err := r.conns[i].Sync(t.Context())
			require.NoError(t, err)
		}
	}
}

// sizes returns how many records each app has.
func (r *ring) sizes() (n [3]int) {
	for i, app := range r.apps {
		n[i] = len(app.Records())
	}
	return n
}

// cut returns the fields of an app that cuts first names to so many letters.
func cut(at int) []contact.Field {
	fields := slices.Clone(plainFields)
	for i := range fields {
		if fields[i].Name == "first" {
			fields[i].MaxLength = at
		}
	}
	return fields
}
