package contactsync_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// An explanation is true: whoever takes the run, mapping, rule and inputs that it names and decides again gets the
// value. Which run changed a field a bystander knows, who looked at both apps before and after it.
func TestExplainIsTrue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		h := drawCalm(t)
		w, before, after, report := lastSync(ctx, t, h)
		for _, s := range contactsync.Sides {
			for id, r := range after[s] {
				if _, err := w.syncer.Explain(ctx, s, id); err != nil {
					t.Fatal(err)
				}
				for _, f := range plainFields {
					ex, err := w.syncer.ExplainField(ctx, s, id, f.Name)
					if err != nil {
						continue // the app of this setup has no such field
					}
					if wrong := w.replay(ex, before[s][id], r, report.Run); wrong != "" {
						t.Fatalf("%s of %s in %s: %s\n%+v\n%s", f.Name, id, s, wrong, ex, h)
					}
				}
			}
		}
	})
}

// replay says what is wrong with an explanation.
func (w *world) replay(ex *contactsync.FieldExplanation, before, after contact.Record, run int64) string {
	now := after.Fields[ex.Field]
	if spelled(ex.Value) != spelled(now) {
		return "another value than the app's"
	}
	changed := spelled(before.Fields[ex.Field]) != spelled(now)
	byRun := ex.Origin == contactsync.OriginWritten && ex.Wrote.Run == run
	switch {
	case changed && !byRun:
		return "the last run changed it, and another origin is named"
	case byRun && ex.Wrote.Op == "update" && spelled(ex.Wrote.Before[ex.Field]) != spelled(before.Fields[ex.Field]) && changed:
		return fmt.Sprintf("before it was %v", before.Fields[ex.Field])
	}
	for _, o := range ex.Others {
		if o.Differs == "" && w.setup.exact && plain(ex.Field, o.Values[0]) != plain(ex.Field, now) {
			return "the two sides differ without a word"
		}
	}
	if ex.Origin != contactsync.OriginWritten {
		return ""
	}
	return w.replayWhy(ex, now)
}

// replayWhy decides again by the rule or mapping that is named.
func (w *world) replayWhy(ex *contactsync.FieldExplanation, now contact.Value) string {
	why := ex.Why
	if why.Rule != "" {
		if why.Because != "a pair enters the rule" || len(ex.From) == 0 {
			return ""
		}
		for _, goal := range ex.From {
			if !slices.Contains(now.Elements(), goal.Str()) {
				return "the rule's action would have made something else"
			}
		}
		return ""
	}
	if why.Mapping == "" || why.Because == "" {
		return "no mapping is named"
	}
	from := ex.Side.Other().String()
	text, ok := strings.CutPrefix(why.Because, "both changed: ")
	switch {
	case ok && text != ex.Policy && !strings.HasPrefix(text, "the resolver"):
		return "another policy decided than the mapping's"
	case ok && strings.HasSuffix(text, " wins") && text != "newest wins" && text != from+" wins":
		return "the loser's value stands"
	case ok && (w.setup.exact || !why.Lost.Absent()) && plain(ex.Field, why.Lost) != plain(ex.Field, ex.Wrote.Before[ex.Field]):
		return "somebody else lost"
	case strings.HasPrefix(why.Because, "filled from ") && why.Because != "filled from "+from:
		return "it was filled from the other side"
	}
	if !w.setup.exact || len(ex.From) != 1 || ex.Field == "tags" {
		return "" // a name in parts, or a list of which a part is meant
	}
	if plain(ex.Field, ex.From[0]) != plain(ex.Field, now) {
		return fmt.Sprintf("what it was made from, %v, makes something else", ex.From[0])
	}
	return ""
}

// What is said of fields and records, in the cases that a person asks about.
func TestExplain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	fields := func(cut int) []contact.Field {
		return []contact.Field{
			{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"},
			{Name: "company", Type: contact.TypeText, Meaning: "company", MaxLength: cut}, {Name: "stage", Type: contact.TypeText},
			{Name: "notes", Type: contact.TypeText}, {Name: "tags", Type: contact.TypeSet}}
	}
	a, b := fake.New("a", fields(0)), fake.New("b", fields(4))
	person := func(id, first, company string, tags ...string) contact.Record {
		return contact.Record{ID: id, Fields: contact.Fields{"first": contact.Text(first), "company": contact.Text(company),
			"email": contact.Text(strings.ToLower(strings.TrimLeft(id, "ab")) + "@example.com"), "tags": contact.Set(tags...)}}
	}
	require.NoError(t, a.Put(person("a1", "Ann", "Acme Industries"), person("a2", "Bob", "", "No_CRM"), person("a3", "Cy", "", "VIP")))
	require.NoError(t, b.Put(person("b1", "Annie", ""), contact.Record{ID: "b4", Fields: contact.Fields{"email": contact.Text("4@example.com"), "notes": contact.Text("x")}}))
	s, err := contactsync.Open(ctx, contactsync.Connection{
		ID: "explain",
		Rules: []contactsync.Rule{
			contactsync.FilterRule{ID: "people", From: contactsync.A, Filter: contactsync.Filter{All: []contactsync.Filter{
				contactsync.HasNot("tags", "No_CRM"), {Field: "email", Op: contactsync.OpIsKnown}}},
				Actions: []contactsync.Action{contactsync.Add("tags", "Phone")}},
			contactsync.FilterRule{ID: "all", From: contactsync.B}},
		Mappings: []contactsync.Mapping{
			{A: []string{"first"}, B: []string{"first"}}, {A: []string{"email"}, B: []string{"email"}}, {A: []string{"company"}, B: []string{"company"}},
			{A: []string{"notes"}, B: []string{"notes"}, Direction: contactsync.AToB},
			{A: []string{"stage"}, B: []string{"stage"}, Conflict: &contactsync.Policy{Kind: contactsync.PolicyAsk}}},
	}, a, b, memstore.New(), contactsync.WithClock(newStepClock()))
	require.NoError(t, err)
	sync := func() {
		_, err := s.Sync(ctx)
		require.NoError(t, err)
	}
	sync()
	require.NoError(t, a.Edit("a1", contact.Fields{"stage": contact.Text("new")}))
	require.NoError(t, b.Edit("b1", contact.Fields{"stage": contact.Text("won")}))
	require.NoError(t, b.Edit("b-1", contact.Fields{"first": contact.Text("Cyrus")}))
	sync()

	for _, row := range []struct {
		side      contactsync.Side
		id, field string
		want      []string
	}{
		{contactsync.B, "b1", "first", []string{"written in 1 by first:first", "both changed: a wins", "lost Annie", "before Annie"}},
		{contactsync.B, "b1", "company", []string{"written in 1", "filled from a", "from Acme Industries", "differs: b holds 4 characters at most, and has cut it short"}},
		{contactsync.A, "a1", "company", []string{"user", "differs: b holds 4 characters at most"}},
		{contactsync.A, "a1", "first", []string{"user"}},
		{contactsync.B, "b-1", "tags", []string{"written in 1 by rule people", "a pair enters the rule", "from Phone"}},
		{contactsync.B, "b-1", "first", []string{"edited"}},
		{contactsync.A, "a3", "first", []string{"written in 2", "b changed", "before Cy"}},
		{contactsync.B, "b4", "notes", []string{"user", "differs: nothing flows from b: mapping notes:notes is one-way"}},
		{contactsync.A, "a1", "stage", []string{"user", "differs: both sides were edited, and a person is to decide"}},
	} {
		ex, err := s.ExplainField(ctx, row.side, row.id, row.field)
		require.NoError(t, err)
		text := explained(ex)
		for _, want := range row.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s of %s: %s; want %q", row.field, row.id, text, want)
			}
		}
	}
	for _, row := range []struct {
		side contactsync.Side
		id   string
		want []string
	}{
		{contactsync.A, "a1", []string{"with b1: both had the same email in 1", "people: yes", "all: yes", "resolve it", `a holds "new", b holds "won"`}},
		{contactsync.A, "a2", []string{"excluded filter", "people: no [tags does not have No_CRM = no]"}},
		{contactsync.B, "b-1", []string{"with a3: b b-1 was created from a a3 in 1", "all: yes"}},
	} {
		ex, err := s.Explain(ctx, row.side, row.id)
		require.NoError(t, err)
		text := explainedRecord(ex)
		for _, want := range row.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %s; want %q", row.id, text, want)
			}
		}
	}
	_, err = s.Explain(ctx, contactsync.A, "a9")
	require.ErrorIs(t, err, contactsync.ErrNotKnown)
	_, err = s.ExplainField(ctx, contactsync.A, "a1", "fax")
	require.ErrorContains(t, err, `does not look at field "fax" of a, but at company, email`)
}

func explained(ex *contactsync.FieldExplanation) string {
	text := string(ex.Origin)
	if ex.Wrote != nil {
		text += fmt.Sprintf(" in %d by %s", ex.Wrote.Run, ex.Why.Mapping)
		if ex.Why.Rule != "" {
			text += "rule " + ex.Why.Rule
		}
		text += fmt.Sprintf(": %s; lost %s; before %s; from %v", ex.Why.Because, ex.Why.Lost.Str(), ex.Wrote.Before[ex.Field].Str(), ex.From)
		for _, v := range ex.From {
			text += "; from " + v.Str()
		}
	}
	for _, o := range ex.Others {
		text += "; differs: " + o.Differs
	}
	return text
}

func explainedRecord(ex *contactsync.Explanation) string {
	text := ex.Status.Status + " " + ex.Status.Reason
	if ex.Link != nil {
		text += fmt.Sprintf("; with %s: %s in %d", ex.Link.With, ex.Link.How, ex.Link.Run)
	}
	for _, r := range ex.Rules {
		text += fmt.Sprintf("; %s: %s", r.Rule, r.Verdict)
		for _, c := range r.Decided {
			text += fmt.Sprintf(" [%s = %s]", c.Text, c.Truth)
		}
	}
	for _, w := range ex.Awaits {
		text += "; " + w.What + ": " + w.Do
	}
	return text
}
