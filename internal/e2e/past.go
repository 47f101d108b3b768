package e2e

import (
	"context"
	"fmt"
	"strings"

	"github.com/contactsync/contactsync"
)

// historyStep says what the history holds: of a run, of a record, or of all.
type historyStep struct {
	one       // "" means of all
	Run       int64
	Count     *int
	Recovered *int
	Refused   *int
	Lost      map[string]string // by field of the newest entry: what a user had entered there and lost
	Because   map[string]string // by field of the newest entry: what its reason contains
}

func (s historyStep) swapped() action {
	s.one = s.swap()
	return s
}

func (s historyStep) play(ctx context.Context, w *world) error {
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	q := contactsync.HistoryQuery{Run: s.Run, Limit: 2}
	if s.A != "" || s.B != "" {
		if q.Side, q.ID, err = w.one(s.A, s.B); err != nil {
			return err
		}
	}
	all, err := allPages(func(after string) ([]contactsync.HistoryEntry, string, error) {
		q.After = after
		return engine.History(ctx, q)
	})
	if err != nil {
		return err
	}
	return s.compare(all)
}

func (s historyStep) compare(all []contactsync.HistoryEntry) error {
	got := map[string]int{}
	for _, e := range all {
		got["count"]++
		if e.Recovered {
			got["recovered"]++
		}
		if e.Refused != "" {
			got["refused"]++
		}
	}
	for name, want := range map[string]*int{"count": s.Count, "recovered": s.Recovered, "refused": s.Refused} {
		if want != nil && got[name] != *want {
			return fmt.Errorf("%s is %d, want %d: %+v", name, got[name], *want, all)
		}
	}
	if len(all) == 0 {
		return nil
	}
	for field, want := range s.Lost {
		if lost := all[0].Reason(field).Lost.Str(); lost != want {
			return fmt.Errorf("of %s was lost %q, want %q", field, lost, want)
		}
	}
	for field, want := range s.Because {
		if because := all[0].Reason(field).Because; !strings.Contains(because, want) {
			return fmt.Errorf("%s: because %q, want %q", field, because, want)
		}
	}
	return nil
}

// explainStep says what the explanation of a record, or of a field of it, tells.
type explainStep struct {
	one
	Field   string
	Origin  contactsync.Origin
	Mapping string
	Rule    string // of a field: by whose action; of a record: the rule whose verdict is said
	Verdict string
	Decided []string // the conditions that decided, in words
	Run     int64
	Differs *string // what the reason contains; "" says that the sides agree
	How     string  // how the pair came about
	Awaits  string  // what the record waits for, or what is to be done
	Next    *int    // writes that the next sync would make
}

func (s explainStep) swapped() action {
	s.one = s.swap()
	return s
}

func (s explainStep) play(ctx context.Context, w *world) error {
	engine, side, id, err := s.find(ctx, w)
	if err != nil {
		return err
	}
	if s.Field != "" {
		ex, err := engine.ExplainField(ctx, side, id, s.Field)
		if err != nil {
			return err
		}
		return s.compareField(ex)
	}
	ex, err := engine.Explain(ctx, side, id)
	if err != nil {
		return err
	}
	return s.compareRecord(ex)
}

func (s explainStep) compareField(ex *contactsync.FieldExplanation) error {
	bad := func(what string) error { return fmt.Errorf("%s: %+v", what, ex) }
	switch {
	case s.Origin != "" && ex.Origin != s.Origin:
		return bad("the origin is " + string(ex.Origin))
	case s.Mapping != "" && ex.Why.Mapping != s.Mapping:
		return bad("the mapping is " + ex.Why.Mapping)
	case s.Rule != "" && ex.Why.Rule != s.Rule:
		return bad("the rule is " + ex.Why.Rule)
	case s.Run != 0 && (ex.Wrote == nil || ex.Wrote.Run != s.Run):
		return bad("the run is another one")
	}
	if s.Differs == nil {
		return nil
	}
	for _, o := range ex.Others {
		if o.Differs == "" && *s.Differs == "" || *s.Differs != "" && strings.Contains(o.Differs, *s.Differs) {
			return nil
		}
	}
	return bad("the sides differ otherwise")
}

func (s explainStep) compareRecord(ex *contactsync.Explanation) error {
	bad := func(what string) error { return fmt.Errorf("%s: %+v", what, ex) }
	if s.How != "" && (ex.Link == nil || !strings.Contains(ex.Link.How, s.How)) {
		return bad("the pair came about otherwise")
	}
	for _, r := range ex.Rules {
		if s.Rule == "" || r.Rule != s.Rule {
			continue
		}
		var decided []string
		for _, c := range r.Decided {
			decided = append(decided, c.Text)
		}
		if r.Verdict != s.Verdict || s.Decided != nil && strings.Join(decided, "; ") != strings.Join(s.Decided, "; ") {
			return fmt.Errorf("the rule says %s by %q", r.Verdict, decided)
		}
	}
	found := s.Awaits == ""
	for _, w := range ex.Awaits {
		found = found || strings.Contains(w.What+"; "+w.Do, s.Awaits)
	}
	if !found {
		return bad("it waits for something else")
	}
	if s.Next != nil && len(ex.Next) != *s.Next {
		return bad("the next sync would write something else")
	}
	return nil
}
