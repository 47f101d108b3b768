//go:build linux

package crash

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/memstore"
)

var (
	kills    = flag.Int("kills", 100, "how many processes TestKilled kills over each disk store")
	killSeed = flag.Uint64("kill-seed", 1, "the seed of what users do and of the moments of death")
)

// A world is two books, synced by children over a store on the disk, and their twins, synced by this process over a store
// in memory, which nothing befalls. Users do the same in both.
type world struct {
	t     *testing.T
	rng   *rand.Rand
	store diskStore
	orders
	twin      orders
	twinStore contactsync.Store
	people    int
	round     int
}

const firstPeople = 60

// newWorld makes a world over a store of that name, kept in folder, with the books at these paths.
func newWorld(t *testing.T, seed uint64, store, folder string, books [2]string) *world {
	w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 1)), store: diskStores[store], twinStore: memstore.New(), people: firstPeople}
	start := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	w.orders = orders{Store: store, Where: w.store.where(t, folder), Books: books, Start: start, Batch: 6}
	w.twin = orders{Start: start, Batch: 500}
	for i, book := range books {
		w.twin.Books[i] = filepath.Join(t.TempDir(), filepath.Base(book))
		for _, book := range []string{w.Books[i], w.twin.Books[i]} {
			if isFile(book) {
				require.NoError(t, os.WriteFile(book, nil, 0o644))
			} else {
				require.NoError(t, os.Mkdir(book, 0o755))
			}
		}
	}
	for _, books := range [][2]string{w.Books, w.twin.Books} {
		for side, book := range books {
			texts := map[string]string{}
			for person := range firstPeople {
				if person%3 == side || person%3 == 2 {
					put(t, book, texts, "", newCard(person, fmt.Sprint("first note in ", side)))
				}
			}
		}
	}
	return w
}

// edited is a day later: users have edited both worlds, but for the first time, and the twins are in sync.
func (w *world) edited() {
	if w.round++; w.round > 1 {
		edits := drawEdits(w.rng, &w.people, w.round)
		do(w.t, w.Books, edits)
		do(w.t, w.twin.Books, edits)
	}
	w.pass(25 * time.Hour) // guards count over a day
	w.twin.Start = w.Start
	report, err := w.twin.sync(w.t.Context(), w.twinStore, unheard)
	require.NoError(w.t, err)
	require.Empty(w.t, report.Waiting)
}

func (w *world) pass(d time.Duration) { w.Start = w.Start.Add(d) }

// compare syncs to the end, and compares with the twins, card by card.
func (w *world) compare() {
	w.t.Helper()
	store, closeStore, err := w.store.open(w.t.Context(), w.Where)
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, closeStore()) }()
	wrote := 0
	for range 4 {
		w.pass(time.Minute)
		report, err := w.orders.sync(w.t.Context(), store, unheard)
		require.NoError(w.t, err, "round %d", w.round)
		require.Empty(w.t, report.Waiting, "round %d", w.round)
		if wrote = report.Counts[0].Sum() + report.Counts[1].Sum(); wrote == 0 {
			break
		}
	}
	if wrote > 0 {
		w.t.Errorf("round %d: not quiet", w.round)
	}
	for side := range w.Books {
		if diff := cmp.Diff(content(read(w.t, w.twin.Books[side])), content(read(w.t, w.Books[side]))); diff != "" {
			w.t.Errorf("-kill-seed %d, round %d, book %d (-not killed +killed):\n%s", *killSeed, w.round, side, diff)
		}
	}
	if diff := cmp.Diff(w.standing(w.twin, w.twinStore), w.standing(w.orders, store)); diff != "" {
		w.t.Errorf("-kill-seed %d, round %d: how all stand (-not killed +killed):\n%s", *killSeed, w.round, diff)
	}
}

// standing returns how many pairs and records stand how, by what a store knows.
func (w *world) standing(o orders, store contactsync.Store) [2]map[string]int {
	s, err := o.syncer(w.t.Context(), store, unheard)
	require.NoError(w.t, err)
	st, err := s.Status(w.t.Context())
	require.NoError(w.t, err)
	return [2]map[string]int{st.Counts, st.Reasons}
}

func unheard(string) {}

// killed starts a sync, kills it within about the time that one takes, and returns what it was at, "" if it had ended. Two
// of three live to see what they read, and die later.
func (w *world) killed(took *time.Duration) (at string) {
	w.pass(time.Minute)
	c, begun := start(w.t, w.orders), time.Now()
	if w.rng.IntN(3) > 0 {
		c.saying(string(contactsync.PhasePlan))
	}
	time.Sleep(time.Duration(w.rng.Float64() * 1.1 * float64(*took)))
	require.NoError(w.t, c.Process.Kill())
	at, byItself := c.end()
	if byItself {
		require.Contains(w.t, at, "done")
		*took = (3**took + time.Since(begun)) / 4
		return ""
	}
	*took += *took / 50
	if strings.HasPrefix(at, "done") {
		return "" // it had only not gone yet
	}
	return at
}

// shapes are the kinds of books that are synced.
var shapes = map[string][2]string{"folders": {"A", "B"}, "folder and file": {"A", "B.vcf"}}

// in returns the books of a shape in a folder.
func in(folder, shape string) [2]string {
	return [2]string{filepath.Join(folder, shapes[shape][0]), filepath.Join(folder, shapes[shape][1])}
}

// TestKilled kills syncs at random moments, one to three times in a row, lets one come to its end, and compares.
func TestKilled(t *testing.T) {
	for _, store := range slices.Sorted(maps.Keys(diskStores)) {
		for _, shape := range slices.Sorted(maps.Keys(shapes)) {
			t.Run(store+"/"+shape, func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				w := newWorld(t, *killSeed, store, folder, in(folder, shape))
				took, at, n := 300*time.Millisecond, map[string]int{}, 0
				for n < *kills/len(shapes) && !t.Failed() {
					w.edited()
					for range 1 + w.rng.IntN(3) {
						if phase := w.killed(&took); phase != "" {
							at[phase]++
							n++
						}
					}
					w.compare()
				}
				t.Logf("%d processes killed in %d rounds: %v; %d people in the end", n, w.round, at, len(read(t, w.Books[0])))
			})
		}
	}
}
