package contactsync_test

import (
	"context"
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
func echoWorld(t *testing.T) (s *contactsync.Syncer, a, b *fake.App) {
	t.Helper()
	ctx, clock := t.Context(), newStepClock()
	a, b = fake.New("a", plainFields, fake.WithClock(clock)), fake.New("b", plainFields, fake.WithClock(clock))
	ann := human("a1", "ann@example.com", "Ann")
	ann.Fields["tags"] = contact.Empty // no rule lets her in, so that nobody is created before the two are linked
	require.NoError(t, a.Put(ann))
	require.NoError(t, b.Put(human("b1", "bob@example.com", "Bob")))
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "echo", Rules: []contactsync.Rule{
		contactsync.FilterRule{From: contactsync.A, Filter: contactsync.Has("tags", "in")}}}, a, b, memstore.New(), contactsync.WithClock(clock))
	require.NoError(t, err)
	_, err = s.Sync(ctx)
	require.NoError(t, err)
	require.NoError(t, s.Link(ctx, "a1", "b1"))
	require.NoError(t, a.Edit("a1", contact.Fields{"tags": contact.Set("in")}))
	_, err = s.Sync(ctx)
	require.NoError(t, err)
	require.Equal(t, "Ann", b.Records()[0].Get("first").Str())
	return s, a, b
}

func human(id, email, first string) contact.Record {
	return contact.Record{ID: id, Fields: contact.Fields{"email": contact.Text(email), "first": contact.Text(first), "tags": contact.Set("in")}}
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
			s, a, b := echoWorld(t)
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

// TestRingOfThree: a person links two who are different in a ring of three connections, in whatever order these sync, each
// hour or each night, also where an app cuts names short. Nobody is created anew with every round.
func TestRingOfThree(t *testing.T) {
	t.Parallel()
	for i := range 24 {
		order := [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}[i%6]
		every, length := []time.Duration{20 * time.Minute, 8 * time.Hour}[i/6%2], []int{0, 2}[i/12]
		ctx, clock := t.Context(), newStepClock()
		var apps [3]*fake.App
		for i, name := range []string{"x", "y", "z"} {
			apps[i] = fake.New(name, cut([3]int{0, length, 0}[i]), fake.WithClock(clock))
		}
		store := memstore.New()
		var ring [3]*contactsync.Syncer
		for i := range ring {
			var err error
			ring[i], err = contactsync.Open(ctx, contactsync.Connection{ID: []string{"xy", "yz", "zx"}[i]}, apps[i], apps[(i+1)%3], store, contactsync.WithClock(clock))
			require.NoError(t, err)
		}
		require.NoError(t, apps[0].Put(human("x1", "bob@example.com", "Bob")))
		require.NoError(t, apps[2].Put(human("z1", "ann@example.com", "Ann")))
		_, err := ring[2].Preview(ctx) // it knows both, and has created nobody
		require.NoError(t, err)
		require.NoError(t, ring[2].Link(ctx, "z1", "x1"))
		sizes := func() (n [3]int) {
			for i, app := range apps {
				n[i] = len(app.Records())
			}
			return n
		}
		var rest [3]int
		for round := range 9 {
			for _, i := range order {
				clock.now = clock.now.Add(every)
				_, err := ring[i].Sync(ctx)
				require.NoError(t, err)
			}
			if round == 5 {
				rest = sizes()
			}
		}
		if now := sizes(); now != rest {
			t.Errorf("in the order %v, one in %v, names of %d letters, there are %v records after 9 rounds, and were %v after 6", order, every, length, now, rest)
		}
	}
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
