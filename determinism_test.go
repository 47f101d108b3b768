package contactsync_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// people returns the records of a small world: some in one app, some in both, some with shared keys.
func people(rng *rand.Rand) [2][]contact.Record {
	var all [2][]contact.Record
	for p := range 3 + rng.IntN(12) {
		for _, s := range contactsync.Sides {
			if rng.IntN(3) == 0 {
				continue
			}
			f := contact.Fields{"first": contact.Text(fmt.Sprintf("f%d%c", p, 'a'+rng.IntN(2))), "email": contact.Text(fmt.Sprintf("p%d@example.com", p))}
			switch rng.IntN(8) {
			case 0:
				f["email"] = contact.Text("shared@example.com")
			case 1:
				delete(f, "email")
			}
			if rng.IntN(2) == 0 {
				f["phone"] = contact.Text(fmt.Sprintf("+3247%07d", rng.IntN(3)))
			}
			if rng.IntN(2) == 0 {
				f["tags"] = contact.Set("t1", "t2", "t3")
			}
			all[s] = append(all[s], contact.Record{ID: fmt.Sprintf("u%s%d", s, p), Fields: f})
		}
	}
	return all
}

// order is how the same world is told: the order of insertion, of the pages, and the number of processors.
type order struct {
	shuffle    uint64
	procs      int
	concurrent int
}

// unfold syncs a world twice, with edits in between, and returns all that it planned and noted. Times come from the
// clock and holders of leases are not in it, so the same world unfolds the same way.
func unfold(t *testing.T, seed uint64, o order) string {
	t.Helper()
	if o.procs > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(o.procs))
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	setup := setups[rng.IntN(len(setups))]
	world, clock, store := people(rng), newStepClock(), memstore.New()
	var apps [2]*fake.App
	for _, s := range contactsync.Sides {
		fields := setup.fields[s]
		if fields == nil {
			fields = plainFields
		}
		apps[s] = fake.New(s.String(), fields, fake.WithClock(clock), fake.WithShuffle(o.shuffle), fake.WithQuirks(fake.Quirks{PageSize: 3, BatchSize: 4}))
		inserted := slices.Clone(world[s])
		if o.shuffle != 0 {
			rand.New(rand.NewPCG(o.shuffle, 2)).Shuffle(len(inserted), func(i, j int) { inserted[i], inserted[j] = inserted[j], inserted[i] })
		}
		for _, r := range inserted {
			fitting := contact.Fields{}
			for name, v := range r.Fields {
				if slices.ContainsFunc(fields, func(f contact.Field) bool { return f.Name == name && !f.Many }) {
					fitting[name] = v
				}
			}
			require.NoError(t, apps[s].Put(contact.Record{ID: r.ID, Fields: fitting}))
		}
	}
	c := setup.connection
	c.ID = "d"
	syncer, err := contactsync.Open(t.Context(), c, apps[0], apps[1], store, contactsync.WithClock(clock), contactsync.WithConcurrency(o.concurrent),
		contactsync.WithBatch([]int{500, 4}[seed%2])) // of several batches, one is decided while the last one lands
	require.NoError(t, err)
	var out strings.Builder
	plan := func() {
		p, err := syncer.Preview(t.Context())
		require.NoError(t, err)
		text, err := json.Marshal(p)
		require.NoError(t, err)
		out.WriteString(string(text) + "\n")
		_, err = syncer.Sync(t.Context())
		require.NoError(t, err)
	}
	plan()
	for _, s := range contactsync.Sides {
		for _, r := range world[s] {
			if n := rng.IntN(6); n == 0 {
				require.NoError(t, apps[s].Remove(r.ID))
			} else if n < 4 {
				require.NoError(t, apps[s].Edit(r.ID, contact.Fields{"notes": contact.Text(fmt.Sprintf("n%d", rng.IntN(100)))}))
			}
		}
	}
	plan()
	out.WriteString(journal(t, store))
	return out.String()
}

// journal returns the history, the pairs and the records that wait, as the store keeps them.
func journal(t *testing.T, store contactsync.Store) string {
	t.Helper()
	var out strings.Builder
	err := store.View(t.Context(), contactsync.Scope{Connection: "d"}, func(tx contactsync.ReadTx) error {
		for _, table := range []contactsync.Table{contactsync.TableJournal, contactsync.TableLink, contactsync.TableHold} {
			rows, err := tx.Scan(contactsync.Scan{Table: table, By: contactsync.ByKey})
			if err != nil {
				return err
			}
			for _, r := range rows {
				fmt.Fprintf(&out, "%s %s %q %s\n", table, r.Key, r.Index, r.Body)
			}
		}
		return nil
	})
	require.NoError(t, err)
	return out.String()
}

// TestSameInputSamePlan is not parallel: it changes the number of processors.
func TestSameInputSamePlan(t *testing.T) {
	for seed := range uint64(40) {
		want := unfold(t, seed, order{concurrent: 1})
		for _, o := range []order{{concurrent: 1}, {procs: 1, concurrent: 4}, {procs: 2, concurrent: 4}} {
			if diff := cmp.Diff(want, unfold(t, seed, o)); diff != "" {
				t.Fatalf("seed %d, %+v: the same input gave something else:\n%s", seed, o, diff)
			}
		}
	}
}

// TestOrderDoesNotShow: the order in which records were entered and are told is no input. What the app makes of it is
// one: the versions that it gives and the ids of the records that are created. The plan of a first sync has neither.
func TestOrderDoesNotShow(t *testing.T) {
	t.Parallel()
	first := func(out string) string { line, _, _ := strings.Cut(out, "\n"); return line }
	for seed := range uint64(40) {
		want := first(unfold(t, seed, order{concurrent: 1}))
		for shuffle := range uint64(4) {
			if diff := cmp.Diff(want, first(unfold(t, seed, order{shuffle: shuffle + 1, concurrent: 1}))); diff != "" {
				t.Fatalf("seed %d, shuffle %d: the order shows in the plan:\n%s", seed, shuffle+1, diff)
			}
		}
	}
}

// drawn is a store and an app that note what a sync draws at random.
type drawn struct {
	*fake.App
	*memstore.Store
	seen []string
}

func (d *drawn) Acquire(ctx context.Context, s contactsync.Scope, holder string, now time.Time, ttl time.Duration) (contactsync.Lease, error) {
	d.seen = append(d.seen, "holder "+holder)
	return d.Store.Acquire(ctx, s, holder, now, ttl)
}

func (d *drawn) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	for _, w := range writes {
		d.seen = append(d.seen, "marker "+w.Marker)
	}
	return d.App.Apply(ctx, writes)
}

// TestWithRandom: the same source of random bytes gives the same holders, markers and waits, another one others.
func TestWithRandom(t *testing.T) {
	t.Parallel()
	draw := func(seed byte) []string {
		clock := newStepClock()
		d := &drawn{App: fake.New("b", plainFields, fake.WithClock(clock)), Store: memstore.New()}
		a := fake.New("a", plainFields, fake.WithClock(clock))
		require.NoError(t, a.Put(contact.Record{Fields: contact.Fields{"email": contact.Text("p1@example.com")}}))
		require.NoError(t, a.Fail(fake.Fault{On: "changes", Kind: fake.Unavailable, Times: 1}))
		s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "a-b"}, a, d, d, contactsync.WithClock(clock), contactsync.WithConcurrency(1),
			contactsync.WithRandom(rand.NewChaCha8([32]byte{seed})))
		require.NoError(t, err)
		_, err = s.Sync(t.Context())
		require.NoError(t, err)
		return append(d.seen, clock.Now().String())
	}
	want := draw(1)
	if diff := cmp.Diff(want, draw(1)); diff != "" {
		t.Errorf("the same bytes gave something else:\n%s", diff)
	}
	if len(want) != 3 || len(want[0]) != len("holder ")+26 {
		t.Errorf("want a holder, a marker and a time: %q", want)
	}
	for i, other := range draw(2) {
		if want[i] == other {
			t.Errorf("other bytes gave the same: %s", other)
		}
	}
}
