package contactsync_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// lookalikes is a world of few names and phones, in which users enter, change, merge and delete people.
type lookalikes struct {
	t      *testing.T
	rng    *rand.Rand
	apps   [2]*fake.App
	store  contactsync.Store
	syncer *contactsync.Syncer
	doc    contactsync.Connection
}

func newLookalikes(t *testing.T, seed, shuffle uint64, match contactsync.Match) *lookalikes {
	w := &lookalikes{t: t, rng: rand.New(rand.NewPCG(seed, 12)), store: memstore.New()}
	clock := newStepClock()
	fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "last", Type: contact.TypeText, Meaning: "last"},
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"}, {Name: "phone", Type: contact.TypePhone, Meaning: "phone"}}
	for _, s := range contactsync.Sides {
		w.apps[s] = fake.New(s.String(), fields, fake.WithClock(clock), fake.WithShuffle(shuffle), fake.WithQuirks(fake.Quirks{PageSize: 3}))
	}
	w.doc = contactsync.Connection{ID: "d", Match: match, Deletions: contactsync.Deletions{FromA: contactsync.DeletionDelete}, Guard: contactsync.Guard{MaxDeletions: contactsync.Percent(100)}}
	var err error
	w.syncer, err = contactsync.Open(t.Context(), w.doc, w.apps[0], w.apps[1], w.store, contactsync.WithClock(clock), contactsync.WithConcurrency(1), contactsync.WithNames("phone", "crm"))
	require.NoError(t, err)
	return w
}

func (w *lookalikes) pick(words ...string) contact.Value {
	if word := words[w.rng.IntN(len(words))]; word != "" {
		return contact.Text(word)
	}
	return contact.Empty
}

func (w *lookalikes) fields() contact.Fields {
	return contact.Fields{"first": w.pick("Ann", "Anne", "Bob", "Robert", "B."), "last": w.pick("Lee", "Jansen", "Janssen"),
		"phone": w.pick("", "+32470123456", "+32470123457"), "email": w.pick("", "", "1@example.com", "2@example.com", "3@example.com", "4@example.com")}
}

// live lets users do something in both apps.
func (w *lookalikes) live() {
	for n := range 1 + w.rng.IntN(5) {
		s := w.rng.IntN(2)
		records := w.apps[s].Records()
		at := func() string { return records[w.rng.IntN(len(records))].ID }
		switch kind := w.rng.IntN(9); {
		case kind < 4 || len(records) < 3:
			require.NoError(w.t, w.apps[s].Put(contact.Record{ID: fmt.Sprintf("u%d-%d-%d", s, n, w.rng.Uint32()), Fields: w.fields()}))
		case kind < 6:
			require.NoError(w.t, w.apps[s].Edit(at(), w.fields()))
		case kind < 7:
			require.NoError(w.t, w.apps[s].Remove(at()))
		case kind < 8:
			require.NoError(w.t, w.apps[s].Rekey(at(), fmt.Sprintf("k%d", w.rng.Uint32())))
		default:
			if x, y := at(), at(); x != y {
				require.NoError(w.t, w.apps[s].Merge(x, y))
			}
		}
	}
}

// sync runs a sync and returns what the apps hold after it.
func (w *lookalikes) sync() string {
	_, err := w.syncer.Sync(w.t.Context())
	require.NoError(w.t, err)
	var out strings.Builder
	for _, app := range w.apps {
		for _, r := range app.Records() {
			text, err := r.Fields.MarshalJSON()
			require.NoError(w.t, err)
			fmt.Fprintf(&out, "%s %s\n", r.ID, text)
		}
		fmt.Fprintf(&out, "%+v\n", app.Writes())
	}
	return out.String()
}

// suggested returns all that is suggested.
func (w *lookalikes) suggested() string {
	page, next, err := w.syncer.Suggestions(w.t.Context(), contactsync.SuggestionQuery{Limit: 10000})
	require.NoError(w.t, err)
	require.Empty(w.t, next)
	text, err := json.MarshalIndent(page, "", " ")
	require.NoError(w.t, err)
	return string(text)
}

// TestSuggestionsWriteNothing: with suggestions a sync writes what it writes without.
func TestSuggestionsWriteNothing(t *testing.T) {
	t.Parallel()
	found := 0
	for seed := range uint64(60) {
		with, without := newLookalikes(t, seed, 0, contactsync.Match{SuggestAbove: 0.6}), newLookalikes(t, seed, 0, contactsync.Match{})
		for range 4 {
			with.live()
			without.live()
			if diff := cmp.Diff(without.sync(), with.sync()); diff != "" {
				t.Fatalf("seed %d: suggestions change what is written:\n%s", seed, diff)
			}
			found += strings.Count(with.suggested(), `"suggestion"`)
		}
	}
	require.Greater(t, found, 60, "too few were alike to tell anything")
}

// TestSuggestionsAreComputedAnew: what follows the changes, sync by sync, is what comes of looking at everybody again.
// Neither the order of pages nor the number of processors shows in it.
func TestSuggestionsAreComputedAnew(t *testing.T) {
	for seed := range uint64(40) {
		for _, link := range []float64{0, 0.9} {
			w := newLookalikes(t, seed, 0, contactsync.Match{SuggestAbove: 0.6, LinkAbove: link})
			for range 4 {
				w.live()
				w.sync()
			}
			was := w.suggested()
			w.doc.Match.SuggestAbove += 1e-9
			require.NoError(t, w.syncer.Configure(t.Context(), w.doc, w.syncer.Version()))
			w.sync()
			if diff := cmp.Diff(was, w.suggested()); diff != "" {
				t.Fatalf("seed %d, link above %v: looking at everybody again gives something else:\n%s", seed, link, diff)
			}
			for procs := range 2 {
				before := runtime.GOMAXPROCS(1 + procs)
				again := newLookalikes(t, seed, 0, contactsync.Match{SuggestAbove: 0.6, LinkAbove: link})
				for range 4 {
					again.live()
					again.sync()
				}
				runtime.GOMAXPROCS(before)
				if diff := cmp.Diff(was, again.suggested()); diff != "" {
					t.Fatalf("seed %d: the same history suggests something else:\n%s", seed, diff)
				}
			}
		}
	}
}

// TestPreviewSuggests: before the first sync a plan says who is alike, whatever the order of pages, and notes nothing.
func TestPreviewSuggests(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		var want []contactsync.Suggestion
		for shuffle := range uint64(3) {
			w := newLookalikes(t, seed, shuffle, contactsync.Match{SuggestAbove: 0.6})
			for range 4 {
				w.live()
			}
			plan, err := w.syncer.Preview(t.Context())
			require.NoError(t, err)
			require.Equal(t, "null", w.suggested())
			if shuffle == 0 {
				want = plan.Suggestions
			} else if diff := cmp.Diff(want, plan.Suggestions); diff != "" {
				t.Fatalf("seed %d: the order shows:\n%s", seed, diff)
			}
		}
	}
}

// TestCommonNameFindsNobody: a block that more share than the limit is forgotten, so that its row stays small.
func TestCommonNameFindsNobody(t *testing.T) {
	t.Parallel()
	w := newLookalikes(t, 1, 0, contactsync.Match{SuggestAbove: 0.6})
	for i := range 3 * contactsync.BlockLimit {
		for s, app := range w.apps {
			require.NoError(t, app.Put(contact.Record{ID: fmt.Sprintf("%d-%d", s, i), Fields: contact.Fields{"first": contact.Text("Ann"), "last": contact.Text("Lee"), "phone": contact.Text("+32470123456")}}))
		}
	}
	w.sync()
	require.Equal(t, "null", w.suggested())
	status, err := w.syncer.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, status.CommonBlocks, "the phone, on either side")
	require.NoError(t, w.store.View(t.Context(), contactsync.Scope{Connection: "d"}, func(tx contactsync.ReadTx) error {
		rows, err := tx.Scan(contactsync.Scan{Table: contactsync.TableKey, By: contactsync.ByKey})
		require.NotEmpty(t, rows)
		for _, row := range rows {
			if n := strings.Count(row.Stamp, "\x00"); n >= contactsync.BlockLimit {
				t.Errorf("%d records in a row of keys", n+1)
			}
		}
		return err
	}))
}

// TestAppsAreCalledByTheirNames: whatever happens, no word of it calls an app by its side. Side b is looked for, for "a" is
// a word; the two sides share their code.
func TestAppsAreCalledByTheirNames(t *testing.T) {
	t.Parallel()
	side := regexp.MustCompile(`(^|[ "])b($|[ ;:,.'])`)
	named := 0
	for seed := range uint64(30) {
		w := newLookalikes(t, seed, 0, contactsync.Match{Keys: []contactsync.MatchKey{{Kind: contactsync.KeyEmail}, {Kind: contactsync.KeyPhone}}})
		w.doc.Deletions.FromB = contactsync.DeletionDelete
		w.doc.Direction = []contactsync.Direction{contactsync.TwoWay, contactsync.AToB}[seed%2]
		require.NoError(t, w.syncer.Configure(t.Context(), w.doc, w.syncer.Version()))
		check := func(words ...string) {
			for _, text := range words {
				require.NotRegexp(t, side, text)
				named += strings.Count(text, "crm")
			}
		}
		for range 6 {
			w.live()
			plan, err := w.syncer.Preview(t.Context())
			require.NoError(t, err)
			for _, write := range plan.Writes {
				for _, why := range write.Why {
					check(why.Because)
				}
			}
			w.sync()
			records, _, err := w.syncer.Records(t.Context(), contactsync.RecordQuery{Limit: 1000})
			require.NoError(t, err)
			for _, r := range records {
				check(r.Message, r.Do)
				for s, id := range r.IDs {
					if id == "" {
						continue
					}
					x, err := w.syncer.Explain(t.Context(), contactsync.Side(s), id)
					require.NoError(t, err)
					check(string(must(json.Marshal(x))))
					field, err := w.syncer.ExplainField(t.Context(), contactsync.Side(s), id, "last")
					if errors.Is(err, contactsync.ErrNotKnown) {
						continue // its half of the pair is gone
					}
					require.NoError(t, err)
					check(string(must(json.Marshal(field))))
				}
			}
		}
	}
	require.Greater(t, named, 100, "too little was said to tell anything")
}

// TestWhatWaitsIsSaidOfTheAppsByName: a held conflict, a halt and an error of an app.
func TestWhatWaitsIsSaidOfTheAppsByName(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	fields := []contact.Field{{Name: "email", Type: contact.TypeEmail, Meaning: "email"}, {Name: "title", Type: contact.TypeText, Meaning: "title"}}
	a, b := fake.New("phone", fields), fake.New("crm", fields, fake.WithQuirks(fake.Quirks{NoTombstones: true}))
	for _, n := range []string{"1", "2", "3"} {
		person := func(title string) contact.Fields {
			return contact.Fields{"email": contact.Text(n + "@example.com"), "title": contact.Text(title)}
		}
		require.NoError(t, a.Put(contact.Record{ID: "p" + n, Fields: person("Boss")}))
		require.NoError(t, b.Put(contact.Record{ID: "c" + n, Fields: person("Chief")}))
	}
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "c", A: contactsync.Endpoint{App: "phone"}, B: contactsync.Endpoint{App: "crm"},
		Conflict: contactsync.Policy{Kind: contactsync.PolicyAsk}}, a, b, memstore.New(), contactsync.WithClock(newStepClock()))
	require.NoError(t, err)
	_, err = s.Sync(ctx)
	require.NoError(t, err)
	awaits := func() (all []contactsync.Awaited) {
		x, err := s.Explain(ctx, contactsync.A, "p1")
		require.NoError(t, err)
		return x.Awaits
	}
	require.Contains(t, awaits(), contactsync.Awaited{What: `mapping title:title: phone holds "Boss", crm holds "Chief", and both were edited`,
		Do: "resolve it: take the value of phone, of crm, or another one"})

	require.NoError(t, b.Remove("c1", "c2", "c3"))
	report, err := s.Sync(ctx)
	require.NoError(t, err)
	require.Len(t, report.Waiting, 1)
	require.Equal(t, "crm turned up empty: none of 3 linked records is there; nothing was written", report.Waiting[0].TextFor(s.Connection().Names()))
	require.Equal(t, "b turned up empty: none of 3 linked records is there; nothing was written", report.Waiting[0].Text())
	require.Contains(t, awaits(), contactsync.Awaited{What: report.Waiting[0].TextFor(s.Connection().Names()), Do: "see to the cause, or confirm"})

	require.NoError(t, b.Fail(fake.Fault{On: "changes", Kind: fake.Unauthorized, Times: 1}))
	_, err = s.Sync(ctx)
	require.ErrorContains(t, err, "reading crm: ")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestSuggestionsSayWho: whoever is asked sees the names of both, wherever a suggestion is shown, and why it is one.
func TestSuggestionsSayWho(t *testing.T) {
	t.Parallel()
	w := newLookalikes(t, 1, 0, contactsync.Match{SuggestAbove: 0.6})
	put := func(s int, id, first, last, email string) {
		fields := contact.Fields{"first": contact.Text(first), "last": contact.Text(last), "email": contact.Text(email), "phone": contact.Text("+32470123456")}
		require.NoError(t, w.apps[s].Put(contact.Record{ID: id, Fields: fields}))
	}
	put(0, "a1", "Ann", "Jansen", "1@example.com")
	put(1, "b1", "Ann", "Janssen", "2@example.com")
	alike := contactsync.Suggestion{Kind: contactsync.SuggestLink, IDs: [2]string{"a1", "b1"}, Names: [2]string{"Ann Jansen", "Ann Janssen"}}
	is := func(where string, want contactsync.Suggestion, got []contactsync.Suggestion) {
		t.Helper()
		require.Len(t, got, 1, where)
		require.NotEmpty(t, got[0].Score.Evidence, where)
		got[0].Score = contactsync.Score{}
		require.Equal(t, want, got[0], where)
	}
	plan, err := w.syncer.Preview(t.Context())
	require.NoError(t, err)
	is("preview", alike, plan.Suggestions)
	w.sync()
	page, _, err := w.syncer.Suggestions(t.Context(), contactsync.SuggestionQuery{})
	require.NoError(t, err)
	is("suggestions", alike, page)
	for s, id := range alike.IDs {
		rec, err := w.syncer.Record(t.Context(), contactsync.Side(s), id)
		require.NoError(t, err)
		is("record", alike, rec.Suggestions)
	}
	copied := w.apps[0].Records()[0].ID // of b1
	if copied == "a1" {
		copied = w.apps[0].Records()[1].ID
	}
	require.NoError(t, w.apps[0].Merge("a1", copied))
	w.sync()
	page, _, err = w.syncer.Suggestions(t.Context(), contactsync.SuggestionQuery{Kind: contactsync.SuggestMerge})
	require.NoError(t, err)
	is("merge", contactsync.Suggestion{Kind: contactsync.SuggestMerge, IDs: [2]string{"a1", "b1"}, Names: [2]string{"Ann Jansen", "Ann Janssen"}, Side: contactsync.B, Into: page[0].Into}, page)
}
