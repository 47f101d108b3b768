package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
)

// action is what a step does.
type action interface {
	// play does it and returns what is not as it must be.
	play(ctx context.Context, w *world) error
	// swapped returns the mirror image.
	swapped() action
}

// parseStep reads a step: an object of one key.
func parseStep(raw json.RawMessage) (Step, error) {
	var keys pairs[json.RawMessage]
	if err := strict(raw, &keys); err != nil {
		return Step{}, err
	}
	if len(keys) != 1 {
		return Step{}, fmt.Errorf("a step is one key, not %d", len(keys))
	}
	kind := keys[0].Key
	does, err := parseAction(kind, keys[0].Value)
	if err != nil {
		return Step{}, fmt.Errorf("%s: %w", kind, err)
	}
	return Step{Kind: kind, does: does}, nil
}

func parseAction(kind string, data []byte) (action, error) {
	switch kind {
	case "put":
		return decode[putStep](data)
	case "edit":
		return decode[editStep](data)
	case "remove":
		return decode[removeStep](data)
	case "hide":
		return decode[hideStep](data)
	case "unhide":
		return decode[unhideStep](data)
	case "rekey":
		return decode[rekeyStep](data)
	case "merge":
		return decode[mergeStep](data)
	case "fault":
		return decode[faultStep](data)
	case "deliver":
		return decode[deliverStep](data)
	case "advance":
		return decode[advanceStep](data)
	case "sync":
		return decode[syncStep](data)
	case "preview":
		return decode[previewStep](data)
	case "pause", "resume":
		_, err := decode[noDetail](data)
		return verbStep(kind), err
	case "rollback":
		return decode[rollbackStep](data)
	case "history":
		return decode[historyStep](data)
	case "explain":
		return decode[explainStep](data)
	case "resolve":
		return decode[resolveStep](data)
	case "effects":
		return decode[effectsStep](data)
	case "review":
		return decode[reviewStep](data)
	case "configure":
		return decode[configureStep](data)
	case "suggested":
		return decode[suggestedStep](data)
	case "want":
		return decode[wantStep](data)
	case "writes":
		return decode[writesStep](data)
	case "totals":
		return decode[totalsStep](data)
	case "calls":
		return decode[callsStep](data)
	case "status":
		return decode[statusStep](data)
	case "record":
		return decode[recordStep](data)
	case "linked":
		return decode[linkedStep](data)
	case "invalid":
		return decode[invalidStep](data)
	}
	return parsePeople(kind, data)
}

// decode reads the value of a step's key.
func decode[T action](data []byte) (action, error) {
	var step T
	err := strict(data, &step)
	return step, err
}

// noDetail is the value of a step that says everything by its key.
type noDetail struct{}

func (s noDetail) play(context.Context, *world) error { return nil }
func (s noDetail) swapped() action                    { return s }

// invalidStep is a scenario's only step.
type invalidStep string

func (s invalidStep) play(context.Context, *world) error { return nil }
func (s invalidStep) swapped() action                    { return s }

// syncStep runs a sync.
type syncStep struct{ Error, Halted *string }

func (s syncStep) swapped() action { return s }

func (s syncStep) play(ctx context.Context, w *world) error {
	report, err := w.sync(ctx)
	switch {
	case s.Error != nil && err == nil:
		return fmt.Errorf("the sync returned no error; want one that contains %q", *s.Error)
	case s.Error != nil && !strings.Contains(err.Error(), *s.Error):
		return fmt.Errorf("the sync failed with %q; want an error that contains %q", err, *s.Error)
	case s.Error != nil:
		return nil
	case err != nil:
		return fmt.Errorf("the sync failed: %w", err)
	case s.Halted != nil:
		return waitsFor(*s.Halted, report.Waiting)
	}
	return nil
}

// waitsFor returns an error if nothing waits for that reason.
func waitsFor(reason string, waiting []contactsync.Waiting) error {
	var reasons []string
	for _, w := range waiting {
		if w.Reason == reason {
			return nil
		}
		reasons = append(reasons, w.Reason)
	}
	return fmt.Errorf("waiting for consent: %q; want %q among them", reasons, reason)
}

// previewStep computes a plan. Whatever it says, the apps stay as they were.
type previewStep struct{ sides[map[string]int] }

func (s previewStep) swapped() action { return previewStep{s.swap()} }

func (s previewStep) play(ctx context.Context, w *world) error {
	before := w.contents()
	writes := [2]fake.Writes{w.apps[0].Writes(), w.apps[1].Writes()}
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	plan, err := engine.Preview(ctx)
	if err != nil {
		return fmt.Errorf("the preview failed: %w", err)
	}
	if diff := diffContents(before, w.contents()); diff != "" {
		return fmt.Errorf("the preview changed an app:\n%s", diff)
	}
	for side, app := range w.apps {
		if app.Writes() != writes[side] {
			return fmt.Errorf("the preview wrote to %s", contactsync.Side(side))
		}
	}
	return s.each(func(side int, want map[string]int) error {
		n := plan.Counts[side]
		return compareCounts(want, map[string]int{"create": n.Created, "update": n.Updated, "delete": n.Deleted})
	})
}

// verbStep is a verb of the connection that needs no more: "pause" or "resume".
type verbStep string

func (s verbStep) swapped() action { return s }

func (s verbStep) play(ctx context.Context, w *world) error {
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	if s == "pause" {
		return engine.Pause(ctx)
	}
	return engine.Resume(ctx)
}

// resolveStep decides a held conflict.
type resolveStep struct {
	one
	Field string // "" means all held fields
	Take  string
	Value contact.Value // instead of Take, as a holds it
	Seen  bool          // only if it is still what the last conflicts step saw
}

func (s resolveStep) swapped() action {
	s.one, s.Take = s.swap(), opposite(s.Take)
	return s
}

func (s resolveStep) play(ctx context.Context, w *world) error {
	engine, side, id, err := s.find(ctx, w)
	if err != nil {
		return err
	}
	res := contactsync.Resolution{Side: side, ID: id, Field: s.Field, Take: contactsync.Take(s.Take), Value: s.Value}
	if s.Seen {
		if res.Seen, err = w.tokenOf(side, id, s.Field); err != nil {
			return err
		}
	}
	return engine.Resolve(ctx, res)
}

// configureStep replaces top-level keys of the scenario's own connection.
type configureStep map[string]any

func (s configureStep) swapped() action { return s } // the whole connection is swapped when it is put together

func (s configureStep) play(ctx context.Context, w *world) error {
	connection, err := w.scenario.parse(s)
	if err != nil {
		return err
	}
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	w.connection = connection
	return engine.Configure(ctx, connection, engine.Version())
}

// couples are records of a and b by name. The value is nil where a record stands alone; swapped couples are
// written the other way round.
type couples struct {
	list pairs[*string]
	back bool // the keys name records of b
}

// UnmarshalJSON reads an object of names.
func (c *couples) UnmarshalJSON(data []byte) error { return c.list.UnmarshalJSON(data) }

func (c couples) swap() couples { return couples{c.list, !c.back} }

// each calls do with the ids of each couple; an empty id is nobody.
func (c couples) each(w *world, do func(ids [2]string) error) error {
	for _, p := range c.list {
		near := contactsync.A
		if c.back {
			near = contactsync.B
		}
		if p.Value == nil && !w.knows(near, p.Key) && w.knows(near.Other(), p.Key) {
			near = near.Other()
		}
		var ids [2]string
		var err error
		if ids[near], err = w.id(near, p.Key); err != nil {
			return err
		}
		if p.Value != nil {
			if ids[near.Other()], err = w.id(near.Other(), *p.Value); err != nil {
				return err
			}
		}
		if err := do(ids); err != nil {
			return err
		}
	}
	return nil
}

// faultStep makes calls go wrong.
type faultStep struct {
	On    string
	Kind  fake.Kind
	Times *int // 1 if left out
	After int
	Edit  content
}

func (s faultStep) swapped() action {
	side, call, _ := strings.Cut(s.On, ".")
	s.On = opposite(side) + "." + call
	return s
}

func (s faultStep) play(_ context.Context, w *world) error {
	name, call, _ := strings.Cut(s.On, ".")
	side := strings.Index("ab", name)
	if side < 0 || len(name) != 1 {
		return fmt.Errorf("on: %q is not SIDE.CALL", s.On)
	}
	f := fake.Fault{On: call, Kind: s.Kind, Times: 1, After: s.After, Edit: w.now(side, contact.Fields(s.Edit))}
	if s.Times != nil {
		f.Times = *s.Times
	}
	return w.apps[side].Fail(f)
}
