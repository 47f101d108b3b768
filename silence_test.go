package contactsync_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
)

// A canary is a word in all that users enter about a person, but for the ids: ids are told in errors, events and the keys of
// rows, so that somebody can look for the record. It is looked for in all that a host logs or counts; what persons are
// shown - records, plans, explanations, history, conflicts - is not that.
const canary = "canary"

// silence collects what a library tells a program, and fails if the canary is in it.
type silence struct {
	t    testing.TB
	said int
}

// hear hears something that was said, an error with all that it wraps. Nobody listening hears nothing.
func (s *silence) hear(what string, said any) {
	if s == nil || said == nil {
		return
	}
	s.t.Helper()
	text := fmt.Sprintf("%v %+v", said, said)
	if err, ok := said.(error); ok {
		for ; err != nil; err = errors.Unwrap(err) {
			text += fmt.Sprintf(" %#v", err)
		}
	}
	s.said++
	for _, bird := range []string{canary, "@example.com", "+3247"} { // the latter two are of a history's emails and phones
		if strings.Contains(text, bird) {
			s.t.Errorf("%s: %s", what, text)
		}
	}
}

func (s *silence) options() []contactsync.Option {
	if s == nil {
		return nil
	}
	return []contactsync.Option{
		contactsync.WithObserver(func(e contactsync.Event) {
			s.hear("event", e)
			if e.Err != nil {
				s.hear("error of an event", e.Err)
			}
		}),
		contactsync.WithProgress(func(p contactsync.Progress) { s.hear("progress", p) }),
	}
}

// TestSilentHistories lets random histories, faults and deaths included, be played with canaries.
func TestSilentHistories(t *testing.T) {
	t.Parallel()
	heard := 0
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(5000+seed, 0))
		h := newHistory(rng.IntN, -1)
		s := &silence{t: t}
		w, err := newWorld(t.Context(), h)
		require.NoError(t, err)
		w.ear = s
		require.NoError(t, w.open(t.Context()))
		for _, e := range h.steps {
			w.clock.now = w.clock.now.Add(time.Second)
			require.NoError(t, w.happen(t.Context(), e), "seed %d", seed)
		}
		heard += s.said
	}
	t.Logf("%d things were said", heard)
}

// TestSilentRows has the store hand out rows that are broken in many ways, and asks for all that there is to ask for.
func TestSilentRows(t *testing.T) {
	t.Parallel()
	fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: "phones", Type: contact.TypePhone, Many: true, Meaning: "phone"}, {Name: "tags", Type: contact.TypeSet, Meaning: "tags"}}
	apps := [2]*fake.App{fake.New("a", fields), fake.New("b", fields)}
	for s, app := range apps {
		for p := range 3 {
			require.NoError(t, app.Put(contact.Record{ID: fmt.Sprint("u", s, p), Fields: contact.Fields{"first": contact.Text(fmt.Sprint(canary, s)), "tags": contact.Set(canary),
				"email":  contact.Text(fmt.Sprint(canary, p, "@example.com")),
				"phones": contact.List(contact.Entry{Value: contact.Text("+1415555" + canary), Type: canary})}}))
		}
	}
	said := &silence{t: t}
	store := &brokenStore{Store: memstore.New()}
	open := func() *contactsync.Syncer {
		s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c", Conflict: contactsync.Policy{Kind: contactsync.PolicyAsk}}, apps[0], apps[1], store,
			append(said.options(), contactsync.WithClock(newStepClock()), contactsync.WithConcurrency(1))...)
		if err != nil {
			said.hear("open", err)
		}
		return s
	}
	_, err := open().Sync(t.Context())
	require.NoError(t, err)
	failures := 0
	for _, table := range contactsync.Tables {
		for way := range 60 {
			store.table, store.way = table, way
			for what, err := range askAll(t.Context(), open()) {
				if err != nil {
					failures++
					said.hear(fmt.Sprintf("%s with rows of %s broken in way %d", what, table, way), err)
				}
			}
		}
	}
	if failures < 500 {
		t.Errorf("only %d calls failed: the rows are not broken enough", failures)
	}
}

// askAll calls all verbs that read, and a preview, and returns their errors.
func askAll(ctx context.Context, s *contactsync.Syncer) map[string]error {
	errs := map[string]error{}
	if s == nil {
		return errs
	}
	_, errs["status"] = s.Status(ctx)
	_, _, errs["records"] = s.Records(ctx, contactsync.RecordQuery{Status: contactsync.StatusConflict})
	_, errs["record"] = s.Record(ctx, contactsync.A, "u00")
	_, _, errs["history"] = s.History(ctx, contactsync.HistoryQuery{})
	_, _, errs["conflicts"] = s.Conflicts(ctx, contactsync.ConflictQuery{})
	_, _, errs["runs"] = s.Runs(ctx, 0, 10)
	_, errs["explain"] = s.Explain(ctx, contactsync.A, "u00")
	_, errs["explain field"] = s.ExplainField(ctx, contactsync.A, "u00", "first")
	_, errs["export"] = s.Export(ctx, contactsync.A, "u00")
	_, errs["preview"] = s.Preview(ctx)
	_, errs["preview of a rollback"] = s.PreviewRollback(ctx, 0)
	return errs
}

// brokenStore hands out rows of one table that are not as they were written.
type brokenStore struct {
	contactsync.Store
	table contactsync.Table
	way   int
}

func (b *brokenStore) View(ctx context.Context, sc contactsync.Scope, fn func(contactsync.ReadTx) error) error {
	return b.Store.View(ctx, sc, func(tx contactsync.ReadTx) error { return fn(brokenTx{tx, b}) })
}

type brokenTx struct {
	contactsync.ReadTx
	by *brokenStore
}

func (tx brokenTx) Get(t contactsync.Table, keys ...string) ([]contactsync.Row, error) {
	rows, err := tx.ReadTx.Get(t, keys...)
	return tx.by.broken(rows), err
}

func (tx brokenTx) Find(t contactsync.Table, index int, values ...string) ([]contactsync.Row, error) {
	rows, err := tx.ReadTx.Find(t, index, values...)
	return tx.by.broken(rows), err
}

func (tx brokenTx) Scan(q contactsync.Scan) ([]contactsync.Row, error) {
	rows, err := tx.ReadTx.Scan(q)
	return tx.by.broken(rows), err
}

// broken cuts rows short, flips a bit, puts texts where numbers and times belong, or makes values of the wrong kind.
func (b *brokenStore) broken(rows []contactsync.Row) []contactsync.Row {
	for i, row := range rows {
		if row.Table != b.table || len(row.Body) == 0 {
			continue
		}
		body := slices.Clone(row.Body)
		at := (b.way * 7919) % len(body)
		switch b.way % 5 {
		case 0:
			body = body[:at]
		case 1:
			body[at] ^= 1 << (b.way % 8)
		case 2:
			body = []byte(strings.NewReplacer(`:"`, `:["`+canary, `","`, `"],"`).Replace(string(body)))
		case 3:
			body = []byte(strings.NewReplacer(`"at":"2`, `"at":"`+canary+`2`, `:1`, `:"`+canary+`"`, `:true`, `:"`+canary+`"`, `"status":"`, `"status":1,"x":"`).Replace(string(body)))
		case 4:
			body = []byte(strings.NewReplacer(`"`+canary, `{"`+canary+`":1},"`, `"ids":[`, `"ids":["`+canary+`",1,`, `20`, canary).Replace(string(body)))
		}
		rows[i].Body = body
	}
	return rows
}

// panicApp panics with what it was given.
type panicApp struct {
	connector.Connector
	with func(writes []connector.Write) any
}

func (c panicApp) Apply(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
	panic(c.with(writes))
}

// TestSilentPanics: a connector that panics with a person in its hands ends the sync with an error that does not name them.
func TestSilentPanics(t *testing.T) {
	t.Parallel()
	fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"}}
	for name, with := range map[string]func([]connector.Write) any{
		"a text":    func(w []connector.Write) any { return "cannot write " + w[0].Patch["first"].Set.Str() },
		"an error":  func(w []connector.Write) any { return fmt.Errorf("cannot write %v", w[0].Patch) },
		"the write": func(w []connector.Write) any { return w },
		"its own": func(w []connector.Write) any {
			return &connector.Error{App: "b", Message: w[0].Patch["first"].Set.Str(), Err: connector.ErrUnavailable}
		},
		"an index beyond all": func(w []connector.Write) any { return w[len(w)+len(w[0].Patch["first"].Set.Str())] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := &silence{t: t}
			a, b := fake.New("a", fields), fake.New("b", fields)
			require.NoError(t, a.Put(contact.Record{ID: "1", Fields: contact.Fields{"first": contact.Text(canary), "email": contact.Text(canary + "@example.com")}}))
			s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, a, panicApp{b, with}, memstore.New(), append(said.options(), contactsync.WithClock(newStepClock()))...)
			require.NoError(t, err)
			report, err := s.Sync(t.Context())
			said.hear("sync", err)
			said.hear("report", report)
			st, err := s.Record(t.Context(), contactsync.A, "1")
			require.NoError(t, err)
			said.hear("status message", st.Message)
		})
	}
}
