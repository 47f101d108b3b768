package contactsync_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	. "github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// bookFields are those of the two apps of these tests.
func bookFields(set string) []contact.Field {
	return []contact.Field{
		{Name: "first", Type: contact.TypeText, Meaning: "first"},
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: "phone", Type: contact.TypePhone, Meaning: "phone"},
		{Name: "company", Type: contact.TypeText, Meaning: "company"},
		{Name: set, Type: contact.TypeSet, Meaning: set},
	}
}

func person(id, first, company string, labels ...string) contact.Record {
	fields := contact.Fields{"first": text(first), "email": text(id + "@example.com")}
	if company != "" {
		fields["company"] = text(company)
	}
	if labels != nil {
		fields["labels"] = contact.Set(labels...)
	}
	return contact.Record{ID: id, Fields: fields}
}

// dump returns all rows of the connection, as text.
func dump(t require.TestingT, store Store) string {
	out := ""
	require.NoError(t, store.View(context.Background(), Scope{Connection: "a-b"}, func(tx ReadTx) error {
		for _, table := range Tables {
			rows, err := tx.Scan(Scan{Table: table, By: ByKey})
			if err != nil {
				return err
			}
			for _, row := range rows {
				out += fmt.Sprintf("%s %q %q %q %s\n", row.Table, row.Key, row.Index, row.Stamp, row.Body)
			}
		}
		return nil
	}))
	return out
}

// opened returns two apps that were synced once, and a handle on their connection.
func opened(t require.TestingT, c Connection, store Store, people ...contact.Record) (*Syncer, *fake.App, *fake.App) {
	a, b := fake.New("a", bookFields("labels")), fake.New("b", bookFields("tags"))
	require.NoError(t, a.Put(people...))
	s, err := Open(context.Background(), c, a, b, store)
	require.NoError(t, err)
	_, err = s.Sync(context.Background())
	require.NoError(t, err)
	return s, a, b
}

func TestConfigureHoldsAtOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memstore.New()
	c := Connection{ID: "a-b", Direction: AToB}
	page, a, b := opened(t, c, store, person("ann", "Ann", "Acme"))
	worker, err := Open(ctx, c, a, b, store)
	require.NoError(t, err)

	c.Rules = []Rule{FilterRule{From: A, Actions: []Action{Add("tags", "Phone")}}}
	require.NoError(t, page.Configure(ctx, c, page.Version()))
	_, err = worker.Sync(ctx)
	require.ErrorIs(t, err, ErrReconfigured, "the worker knows another configuration")
	_, err = worker.Preview(ctx)
	require.ErrorIs(t, err, ErrReconfigured, "and shows nobody what it would do by that one")

	stored, version, err := Load(ctx, store, "", "a-b")
	require.NoError(t, err)
	if diff := cmp.Diff(c.Sentences(), stored.Sentences()); diff != "" || stored.Mappings != nil || version != page.Version() {
		t.Errorf("what is stored is not what was given: version %d, mappings %v\n%s", version, stored.Mappings, diff)
	}
	worker, err = Open(ctx, stored, a, b, store, WithVersion(version))
	require.NoError(t, err)
	report, err := worker.Sync(ctx)
	require.NoError(t, err)
	if report.Counts[B].Updated != 1 {
		t.Errorf("the sync after it: %+v", report.Counts)
	}
	_, _, err = Load(ctx, store, "", "other")
	require.ErrorIs(t, err, ErrNoConnection)
}

func TestConfigureComparesTheVersionThatWasSeen(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memstore.New()
	c := Connection{ID: "a-b"}
	s, a, b := opened(t, c, store)
	seen := s.Version()
	c.Direction = AToB
	require.NoError(t, s.Configure(ctx, c, seen))
	c.Direction = BToA
	require.ErrorIs(t, s.Configure(ctx, c, seen), ErrReconfigured)
	require.NoError(t, s.Configure(ctx, c, s.Version()))
	before := s.Version()
	require.NoError(t, s.Configure(ctx, c, before), "the same again")
	_, err := s.Sync(ctx)
	require.NoError(t, err)
	if s.Version() != before {
		t.Errorf("version %d after configuring the same and a sync; want %d", s.Version(), before)
	}

	// What was read before the last change does not come back by opening it.
	late, err := Open(ctx, Connection{ID: "a-b"}, a, b, store, WithVersion(seen))
	require.NoError(t, err)
	_, err = late.Sync(ctx)
	require.ErrorIs(t, err, ErrReconfigured)
	c.Direction = "both"
	require.ErrorAs(t, s.Configure(ctx, c, before), new(*InvalidError))
}

// TestConfigureDuringASync: what a person configures while a sync runs stands, and the next sync does it.
func TestConfigureDuringASync(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memstore.New()
	a, b := fake.New("a", bookFields("labels")), fake.New("b", bookFields("tags"))
	require.NoError(t, a.Put(person("ann", "Ann", "")))
	c := Connection{ID: "a-b"}
	tagging := Connection{ID: "a-b", Rules: []Rule{FilterRule{From: A, Actions: []Action{Add("tags", "Phone")}}}}
	page, err := Open(ctx, c, a, b, store)
	require.NoError(t, err)
	s, err := Open(ctx, c, a, b, store, WithObserver(func(Event) {
		if page.Version() == 0 {
			_, version, err := Load(ctx, store, "", "a-b")
			require.NoError(t, err)
			require.NoError(t, page.Configure(ctx, tagging, version))
		}
	}))
	require.NoError(t, err)
	_, err = s.Sync(ctx)
	require.NoError(t, err)
	got, _, err := Load(ctx, store, "", "a-b")
	require.NoError(t, err)
	if diff := cmp.Diff(tagging.Sentences(), got.Sentences()); diff != "" {
		t.Fatalf("the sync wrote over what a person had configured:\n%s", diff)
	}
	_, err = page.Sync(ctx)
	require.NoError(t, err)
	if diff := cmp.Diff([]string{"Phone"}, b.Records()[0].Get("tags").Elements()); diff != "" {
		t.Error(diff)
	}
}

// TestConfigureBeforeASyncIsStored: what a person configures between the moment when a first sync reads the connection and the
// one when it stores its own stands, and the handle that syncs is refused.
func TestConfigureBeforeASyncIsStored(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := &meanwhile{Store: memstore.New()}
	a, b := fake.New("a", bookFields("labels")), fake.New("b", bookFields("tags"))
	c, tagging := Connection{ID: "a-b"}, Connection{ID: "a-b", Rules: []Rule{FilterRule{From: A, Actions: []Action{Add("tags", "Phone")}}}}
	page, err := Open(ctx, c, a, b, store)
	require.NoError(t, err)
	s, err := Open(ctx, c, a, b, store)
	require.NoError(t, err)
	store.before = func() { require.NoError(t, page.Configure(ctx, tagging, 0)) }
	_, err = s.Sync(ctx)
	require.ErrorIs(t, err, ErrReconfigured)
	got, version, err := Load(ctx, store, "", "a-b")
	require.NoError(t, err)
	require.Equal(t, int64(1), version)
	require.Equal(t, tagging.Sentences(), got.Sentences())
}

// meanwhile is a store in which something happens before the first transaction.
type meanwhile struct {
	Store
	before func()
}

func (m *meanwhile) Update(ctx context.Context, l Lease, fn func(Tx) error) error {
	if first := m.before; first != nil {
		m.before = nil
		first()
	}
	return m.Store.Update(ctx, l, fn)
}

// TestLoadOfGoRules: what only a program knows cannot be loaded, and that is said.
func TestLoadOfGoRules(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	opened(t, Connection{ID: "a-b", Rules: []Rule{goRule{FilterRule{}}}}, store)
	_, _, err := Load(t.Context(), store, "", "a-b")
	require.ErrorContains(t, err, "rules[0]")

	c := Connection{ID: "a-b", AddMappings: []Mapping{{A: []string{"labels"}, B: []string{"tags"}, Conflict: &Policy{Resolver: holdAll{}}}}}
	store = memstore.New()
	s, _, _ := opened(t, c, store)
	_, _, err = Load(t.Context(), store, "", "a-b")
	require.ErrorContains(t, err, "resolver")
	c.AddMappings[0].Conflict = nil
	require.NoError(t, s.Configure(t.Context(), c, s.Version()))
	_, _, err = Load(t.Context(), store, "", "a-b")
	require.NoError(t, err)
}

// holdAll is a resolver that a host wrote.
type holdAll struct{}

func (holdAll) Resolve(Conflict) Decision { return Decision{} }

// goRule is a rule that a host wrote.
type goRule struct{ FilterRule }

// TestEffectsOfEachChange: what a changed configuration does to a pair and to somebody who is kept out.
func TestEffectsOfEachChange(t *testing.T) {
	t.Parallel()
	noCRM := func(actions ...Action) []Rule {
		return []Rule{FilterRule{From: A, Filter: HasNot("labels", "No_CRM"), Actions: actions, Undo: map[bool]Undo{true: UndoOwn}[actions != nil]}, FilterRule{From: B}}
	}
	base := Connection{ID: "a-b", Rules: noCRM(Add("tags", "Phone")), DisableMappings: []MappingRef{{A: "company", B: "company"}}}
	with := func(change func(*Connection)) Connection {
		c := base
		change(&c)
		return c
	}
	for _, row := range []struct {
		name string
		c    Connection
		want []string
	}{
		{"nothing", base, nil},
		{"the filter goes", with(func(c *Connection) {
			c.Rules = []Rule{FilterRule{From: A, Actions: []Action{Add("tags", "Phone")}, Undo: UndoOwn}, FilterRule{From: B}}
		}),
			[]string{"1 contact of a is newly let through to b", "1 contact would be created in b"}},
		{"a filter that keeps all out", with(func(c *Connection) {
			c.Rules = []Rule{FilterRule{From: A, Filter: Has("labels", "VIP"), Actions: []Action{Add("tags", "Phone")}, Undo: UndoOwn}, FilterRule{From: B}}
		}),
			[]string{"2 contacts of a are let through to b no more; nothing happens to them", "2 contacts of b would lose what a rule's action had done"}},
		{"another action", with(func(c *Connection) { c.Rules = noCRM(Add("tags", "Google")) }),
			[]string{"2 contacts of b would get what a rule's action does"}},
		{"a mapping", with(func(c *Connection) { c.DisableMappings = nil }), nil}, // it was never read
		{"one way", with(func(c *Connection) { c.Direction = AToB }),
			[]string{"2 contacts of b are let through to a no more; nothing happens to them"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			store := memstore.New()
			s, a, b := opened(t, base, store, person("ann", "Ann", "Acme"), person("bob", "Bob", ""), person("cy", "Cy", "", "No_CRM"))
			calls := fmt.Sprint(a.Calls(), b.Calls())
			effects, err := s.Effects(t.Context(), row.c)
			require.NoError(t, err)
			var got []string
			for _, e := range effects.Effects {
				got = append(got, e.Text([2]string{"a", "b"}))
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
			if now := fmt.Sprint(a.Calls(), b.Calls()); now != calls {
				t.Errorf("the apps were called: %s, before %s", now, calls)
			}
			unread := map[bool][2][]string{true: {{"company"}, {"company"}}}[row.name == "a mapping"]
			for _, side := range Sides {
				if diff := cmp.Diff(unread[side], effects.Unread[side]); diff != "" && len(effects.Unread[side]) > 0 {
					t.Errorf("unread in %s: %s", side, diff)
				}
			}
		})
	}
}

// TestEffectsAreWhatTheNextSyncDoes: for random books and configurations the forecast counts what the sync then writes,
// and making it leaves no trace in the store.
func TestEffectsAreWhatTheNextSyncDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var people []contact.Record
		for i := range rapid.IntRange(1, 6).Draw(t, "people") {
			p := person(fmt.Sprintf("p%d", i), "P", rapid.SampledFrom([]string{"", "Acme", "Globex"}).Draw(t, "company"))
			p.Fields["labels"] = contact.Set(rapid.SampledFrom([][]string{{}, {"No_CRM"}, {"VIP"}, {"VIP", "No_CRM"}}).Draw(t, "labels")...)
			if rapid.Bool().Draw(t, "phoned") {
				p.Fields["phone"] = text(fmt.Sprintf("+3247012345%d", rapid.IntRange(0, 2).Draw(t, "phone")))
			}
			people = append(people, p)
		}
		store := memstore.New()
		s, _, _ := opened(t, drawRules(t, "before"), store, people...)
		after := drawRules(t, "after")
		before := dump(t, store)
		effects, err := s.Effects(context.Background(), after)
		if errors.As(err, new(*InvalidError)) {
			t.Skip("not a valid connection")
		}
		require.NoError(t, err)
		require.Equal(t, before, dump(t, store), "the store after the forecast")
		require.NoError(t, s.Configure(context.Background(), after, effects.Version))
		report, err := s.Sync(context.Background())
		require.NoError(t, err)
		for side, n := range report.Counts {
			if n != effects.Counts[side] {
				t.Errorf("in %s the sync wrote %+v; foreseen was %+v", Side(side), n, effects.Counts[side])
			}
		}
		again, err := s.Effects(context.Background(), after)
		require.NoError(t, err)
		if len(again.Effects) > 0 {
			t.Errorf("effects of what holds and is done: %+v", again.Effects)
		}
	})
}

// drawRules draws a connection whose mappings look at the same fields, so that none is unread.
func drawRules(t *rapid.T, label string) Connection {
	rule := FilterRule{From: A, Actions: []Action{Add("tags", rapid.SampledFrom([]string{"Phone", "Google"}).Draw(t, label+" tag"))}}
	rule.Filter = rapid.SampledFrom([]Filter{HasNot("labels", "No_CRM"), Has("labels", "VIP"), {Not: &Filter{Field: "labels", Op: OpIsUnknown}}}).Draw(t, label+" filter")
	rule.Undo = rapid.SampledFrom([]Undo{UndoNone, UndoOwn, UndoAll}).Draw(t, label+" undo")
	rule.Mode = rapid.SampledFrom([]Mode{"", UpdateOnly, CreateOnly}).Draw(t, label+" mode")
	return Connection{ID: "a-b", Rules: []Rule{rule, FilterRule{From: B, Disabled: rapid.Bool().Draw(t, label+" disabled")}},
		Direction: rapid.SampledFrom([]Direction{TwoWay, AToB}).Draw(t, label+" direction"),
		Match:     Match{Keys: rapid.SampledFrom([][]MatchKey{{{Kind: KeyEmail}}, {{Kind: KeyPhone}, {Kind: KeyEmail}}}).Draw(t, label+" keys")},
		Guard:     Guard{MaxDeletions: AtMost(100), MaxClears: AtMost(100)}}
}
