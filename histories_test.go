package contactsync_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"pgregory.net/rapid"
)

// Random histories: users edit two apps that misbehave, syncs run in between and are cut off at the worst moments.
// Then the faults end, and what the library promises must hold. The promises are checked by a record of what the
// users did, which knows nothing of how the library decides (histories_check_test.go).

var (
	histories    = flag.Int("histories", 150, "how many random histories TestHistories plays")
	historySeed  = flag.Uint64("history-seed", 1, "the seed of the first history")
	historySetup = flag.Int("history-setup", -1, "play only this setup")
)

// A history is a script: what the world is like, and what happens in it.
type history struct {
	setup   int
	quirks  [2]fake.Quirks
	markers [2]bool
	noFeed  [2]bool
	bare    [2]bool // the connector has the three methods and no more
	upsert  [2]bool // it takes creates under an external id
	push    [2]bool // it can never be listed, and delivers its changes: twice at times, and in an order of this seed
	order   uint64
	batch   int // records that are planned and pushed together
	steps   []event
	confirm bool // a person consents to what is held
}

// An event is one step of a history. Which record it is about is found when it happens.
type event struct {
	kind   string // put, edit, clear, remove, tag, untag, email, sync, preview, advance, rekey, fault, store
	side   contactsync.Side
	person int
	field  int
	fault  fake.Fault
}

func (e event) String() string {
	switch e.kind {
	case "sync", "preview", "advance":
		return e.kind
	case "store":
		return fmt.Sprintf("the process dies at store update %d, after it: %v", e.field+1, e.person%2 == 0)
	case "fault":
		return fmt.Sprintf("fault %s.%s %s after %d", e.side, e.fault.On, e.fault.Kind, e.fault.After)
	}
	return fmt.Sprintf("%s %s p%d field %d", e.kind, e.side, e.person, e.field)
}

func (h history) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "setup %d (%s), confirm %v, batches of %d\n", h.setup, setups[h.setup].name, h.confirm, h.batch)
	for _, s := range contactsync.Sides {
		fmt.Fprintf(&b, "  %s: markers %v, no feed %v, bare %v, upsert %v, push %v, quirks %+v\n", s, h.markers[s], h.noFeed[s], h.bare[s], h.upsert[s], h.push[s], h.quirks[s])
	}
	for i, e := range h.steps {
		fmt.Fprintf(&b, "  %d %s\n", i+1, e)
	}
	return b.String()
}

// draw returns a number from 0 to n-1.
type draw func(n int) int

// newHistory draws a history. safe ones have no faults and no quirks.
func newHistory(d draw, setup int) history {
	h := history{setup: d(len(setups)), confirm: d(2) == 0}
	if setup >= 0 {
		h.setup = setup
	}
	for _, s := range contactsync.Sides {
		h.drawQuirks(d, s)
	}
	faulty := d(3) > 0
	persons := 3 + d(6)
	for i := range persons {
		if d(2) == 0 {
			h.steps = append(h.steps, event{kind: "put", side: contactsync.Side(d(2)), person: i})
		}
	}
	for range 4 + d(28) {
		h.steps = append(h.steps, drawEvent(d, persons, faulty))
	}
	for _, s := range contactsync.Sides {
		h.drawCapabilities(d, s)
	}
	h.order = uint64(d(1000))
	h.batch = []int{500, 1, 2, 3}[d(4)]
	return h
}

// drawCapabilities draws what an app can do beyond the others. One that only pushes takes external ids, for nothing else
// would ever tell what became of a create without an answer.
func (h *history) drawCapabilities(d draw, s contactsync.Side) {
	h.upsert[s] = d(3) == 0 && !h.bare[s]
	if d(4) > 0 {
		return
	}
	h.push[s], h.upsert[s], h.noFeed[s], h.bare[s] = true, true, false, false
	h.quirks[s].NoTombstones, h.quirks[s].StaleReads = false, 0
}

func (h *history) drawQuirks(d draw, s contactsync.Side) {
	q := &h.quirks[s]
	h.markers[s] = d(3) == 0
	if d(2) == 0 {
		return
	}
	q.NoVersions = d(3) == 0
	q.NoModified = d(3) == 0
	q.NoTombstones = d(4) == 0
	h.noFeed[s] = d(5) == 0
	h.bare[s] = !h.noFeed[s] && d(4) == 0
	q.PageSize = []int{0, 1, 2}[d(3)]
	q.BatchSize = []int{0, 1, 2}[d(3)]
	if d(4) == 0 {
		q.StaleReads, q.Settle = 1+d(2), settle
	}
	if d(4) == 0 {
		q.MaxEntries = map[string]int{"phone": 1}
	}
	if d(4) == 0 {
		q.Normalize = map[string]fake.Form{"first": fake.Lower, "phone": fake.Digits}
	}
}

func drawEvent(d draw, persons int, faulty bool) event {
	e := event{side: contactsync.Side(d(2)), person: d(persons), field: d(6)}
	kinds := []string{"edit", "edit", "edit", "edit", "sync", "sync", "sync", "put", "put", "remove", "remove", "clear", "tag", "untag", "preview", "advance", "rekey"}
	if faulty {
		kinds = append(kinds, "fault", "fault", "fault", "fault", "store", "store")
	}
	e.kind = kinds[d(len(kinds))]
	if e.kind == "fault" {
		faults := []fake.Kind{fake.CrashBefore, fake.CrashAfter, fake.LostResponse, fake.ErrorAfter, fake.Unavailable, fake.PartialBatch,
			fake.CursorExpired, fake.DuplicatePage, fake.RateLimited, fake.Conflict, fake.Unauthorized}
		on := []string{"create", "update", "create", "update", "delete", "changes", "read"}
		e.fault = fake.Fault{Kind: faults[d(len(faults))], On: on[d(len(on))], Times: 1, After: d(3)}
	}
	return e
}

// settle is how long an app with stale reads says that it may take; the syncs of a history come every interval, so
// that the apps keep what they say.
const (
	settle   = 2 * time.Hour
	interval = 10 * time.Minute
)

// TestMain makes a run of the tests repeatable: rapid draws from a fixed seed unless -rapid.seed names another.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.seed"); f != nil && f.Value.String() == f.DefValue {
		_ = f.Value.Set("1")
	}
	os.Exit(m.Run())
}

// foundFaults are seeds of histories that once found a fault which no scenario shows. 1203186: two new ids of a record that
// were delivered the other way round deleted its counterpart.
var foundFaults = []uint64{1203186, 3002637, 3018483, 4003549, 4006038, 6009254, 6003738}

// TestHistories plays histories from seeds, so that one that fails can be played again alone.
func TestHistories(t *testing.T) {
	t.Parallel()
	seeds := slices.Clone(foundFaults)
	for i := range *histories {
		seeds = append(seeds, *historySeed+uint64(i))
	}
	for _, seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 0))
		h := newHistory(rng.IntN, *historySetup)
		if err := play(t.Context(), h); err != nil {
			small, err := shrink(t.Context(), h, err)
			t.Errorf("seed %d: %v\n%s", seed, err, small)
		}
	}
}

// TestHistoriesRapid draws its histories with rapid, which looks elsewhere.
func TestHistoriesRapid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "draw") }, *historySetup)
		if err := play(context.Background(), h); err != nil {
			t.Fatalf("%v\n%s", err, h)
		}
	})
}

// shrink returns a smaller history that fails for the same reason, and how.
func shrink(ctx context.Context, h history, err error) (history, error) {
	kind := reason(err)
	try := func(smaller history) bool {
		e := play(ctx, smaller)
		if e == nil || reason(e) != kind {
			return false
		}
		h, err = smaller, e
		return true
	}
	for again := true; again; {
		again = false
		for i := len(h.steps) - 1; i >= 0; i-- {
			smaller := h
			smaller.steps = slices.Delete(slices.Clone(h.steps), i, i+1)
			again = try(smaller) || again
		}
	}
	for _, s := range contactsync.Sides {
		for _, simpler := range []func(*history){
			func(h *history) { h.quirks[s] = fake.Quirks{} },
			func(h *history) { h.quirks[s].PageSize, h.quirks[s].BatchSize = 0, 0 },
			func(h *history) { h.quirks[s].Normalize = nil },
			func(h *history) { h.quirks[s].NoTombstones = false },
			func(h *history) { h.quirks[s].NoVersions = false },
			func(h *history) { h.quirks[s].NoModified = false },
			func(h *history) { h.quirks[s].StaleReads, h.quirks[s].Settle = 0, 0 },
			func(h *history) { h.noFeed[s] = false },
			func(h *history) { h.bare[s] = false },
			func(h *history) { h.markers[s] = false },
			func(h *history) { h.push[s] = false },
			func(h *history) { h.upsert[s] = h.push[s] },
			func(h *history) { h.confirm = false },
			func(h *history) { h.batch = 500 },
		} {
			smaller := h
			simpler(&smaller)
			try(smaller)
		}
	}
	return h, err
}

// reason returns what an error is about, without its details.
func reason(err error) string {
	text, _, _ := strings.Cut(err.Error(), ":")
	return text
}

// setup is one configuration that histories are played under.
type setup struct {
	name       string
	connection contactsync.Connection
	exact      bool // no rule or mapping makes anything but copies of the plain fields
	fields     [2][]contact.Field
}

var plainFields = []contact.Field{
	{Name: "first", Type: contact.TypeText, Meaning: "first"},
	{Name: "last", Type: contact.TypeText, Meaning: "last"},
	{Name: "phone", Type: contact.TypePhone, Meaning: "phone"},
	{Name: "notes", Type: contact.TypeText, Meaning: "notes"},
	{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
	{Name: "tags", Type: contact.TypeSet, Meaning: "tags"},
}

var setups = []setup{
	{name: "default", exact: true},
	{name: "winner b", exact: true, connection: contactsync.Connection{Conflict: contactsync.Policy{Winner: contactsync.B}}},
	{name: "newest", exact: true, connection: contactsync.Connection{Conflict: contactsync.Policy{Kind: contactsync.PolicyNewest}}},
	{name: "ask", exact: true, connection: contactsync.Connection{Conflict: contactsync.Policy{Kind: contactsync.PolicyAsk}}},
	{name: "a to b", exact: true, connection: contactsync.Connection{Direction: contactsync.AToB}},
	{name: "b to a, delete", exact: true, connection: contactsync.Connection{Direction: contactsync.BToA,
		Deletions: contactsync.Deletions{FromA: contactsync.DeletionDelete, FromB: contactsync.DeletionDelete}}},
	{name: "delete", exact: true, connection: contactsync.Connection{
		Deletions: contactsync.Deletions{FromA: contactsync.DeletionDelete, FromB: contactsync.DeletionDelete}}},
	{name: "mark", connection: contactsync.Connection{Deletions: contactsync.Deletions{FromA: contactsync.DeletionMark, FromB: contactsync.DeletionMark,
		Mark: contactsync.MarkActions{A: []contactsync.Action{contactsync.Add("tags", "gone")}, B: []contactsync.Action{contactsync.Add("tags", "gone")}}}}},
	{name: "rule, undo, other way around", connection: contactsync.Connection{
		DisableMappings: []contactsync.MappingRef{{A: "tags", B: "tags"}},
		Rules: []contactsync.Rule{
			contactsync.FilterRule{From: contactsync.A, Filter: contactsync.HasNot("tags", "t1"), Actions: []contactsync.Action{contactsync.Add("tags", "t2")},
				Undo: contactsync.UndoOwn, OtherWayAround: true},
			contactsync.FilterRule{From: contactsync.B}}}},
	{name: "rule, undo all", connection: contactsync.Connection{
		DisableMappings: []contactsync.MappingRef{{A: "tags", B: "tags"}},
		Rules: []contactsync.Rule{
			contactsync.FilterRule{From: contactsync.A, Filter: contactsync.HasNot("tags", "t1"), Actions: []contactsync.Action{contactsync.Add("tags", "t2")},
				Undo: contactsync.UndoAll},
			contactsync.FilterRule{From: contactsync.B}}}},
	{name: "rule on a mapped set", connection: contactsync.Connection{
		Rules: []contactsync.Rule{
			contactsync.FilterRule{From: contactsync.A, Filter: contactsync.Has("tags", "t1"), Actions: []contactsync.Action{contactsync.Add("tags", "t2")},
				Undo: contactsync.UndoOwn},
			contactsync.FilterRule{From: contactsync.B}}}},
	{name: "filters, scope pair, delete", connection: contactsync.Connection{Scope: contactsync.ScopePair,
		Deletions: contactsync.Deletions{FromA: contactsync.DeletionDelete, FromB: contactsync.DeletionDelete},
		Rules: []contactsync.Rule{
			contactsync.FilterRule{From: contactsync.A, Filter: contactsync.HasNot("tags", "t1")},
			contactsync.FilterRule{From: contactsync.B, Filter: contactsync.Has("tags", "t2")}}}},
	{name: "update only, create only", connection: contactsync.Connection{
		Rules: []contactsync.Rule{
			contactsync.FilterRule{From: contactsync.A, Mode: contactsync.UpdateOnly},
			contactsync.FilterRule{From: contactsync.B, Mode: contactsync.CreateOnly}}}},
	{name: "full name", fields: [2][]contact.Field{
		append([]contact.Field{{Name: "name", Type: contact.TypeText, Meaning: "name"}}, plainFields[2:]...), plainFields}},
	{name: "list of phones", fields: [2][]contact.Field{
		append([]contact.Field{{Name: "phone", Type: contact.TypePhone, Many: true, Meaning: "phone"}}, append(slices.Clone(plainFields[:2]), plainFields[3:]...)...),
		append([]contact.Field{{Name: "phone", Type: contact.TypePhone, Many: true, Meaning: "phone"}}, append(slices.Clone(plainFields[:2]), plainFields[3:]...)...)}},
	{name: "clears kept, a group", exact: false, connection: contactsync.Connection{
		Mappings: []contactsync.Mapping{
			{A: []string{"first"}, B: []string{"first"}, Group: "name"}, {A: []string{"last"}, B: []string{"last"}, Group: "name"},
			{A: []string{"phone"}, B: []string{"phone"}, OnClear: contactsync.OnClearKeep},
			{A: []string{"notes"}, B: []string{"notes"}, Direction: contactsync.BToA},
			{A: []string{"email"}, B: []string{"email"}}, {A: []string{"tags"}, B: []string{"tags"}}}}},
	{name: "suggestions", exact: true, connection: contactsync.Connection{Match: contactsync.Match{SuggestAbove: 0.5}}},
}
