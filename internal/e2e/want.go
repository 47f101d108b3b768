package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
)

// wantStep says what the apps hold.
type wantStep struct{ sides[[]record] }

func (s wantStep) swapped() action { return wantStep{s.swap()} }

func (s wantStep) play(_ context.Context, w *world) error {
	diffs := ""
	err := s.each(func(side int, want []record) error {
		diff, err := w.compare(side, want)
		diffs += diff
		return err
	})
	if err == nil && diffs != "" {
		err = fmt.Errorf("not what is wanted:\n%s", diffs)
	}
	return err
}

// compare returns how what an app holds differs from what is wanted, "" if it does not.
func (w *world) compare(side int, want []record) (string, error) {
	schema := contact.Schema{Fields: w.scenario.Apps[side].Fields}
	left := w.apps[side].Records()
	var missing []string
	// Records that are wanted under their id choose first, so that they are not taken for others of equal content.
	for _, named := range []bool{true, false} {
		for _, r := range want {
			if (r.ID != "") != named {
				continue
			}
			wanted, err := canonical(r.Fields, &schema)
			if err != nil {
				return "", fmt.Errorf("what is wanted: %w", err)
			}
			i := slices.IndexFunc(left, func(l contact.Record) bool {
				held, err := canonical(l.Fields, &schema)
				return err == nil && held == wanted && (r.ID == "" || r.ID == l.ID)
			})
			if i < 0 {
				missing = append(missing, show(r.ID, r.Fields))
				continue
			}
			left = slices.Delete(left, i, i+1)
		}
	}
	var b strings.Builder
	name := contactsync.Side(side)
	for _, text := range missing {
		fmt.Fprintf(&b, "  - %s should hold  %s\n", name, text)
	}
	for _, r := range left {
		fmt.Fprintf(&b, "  + %s holds        %s\n", name, show(r.ID, r.Fields))
	}
	return b.String(), nil
}

// canonical returns a text that is the same for contents that a scenario takes for equal: to the letter, without
// blank fields and without the order of lists and sets. Numbers, bools and datetimes count by value.
func canonical(fields contact.Fields, schema *contact.Schema) (string, error) {
	var b strings.Builder
	for _, name := range fields.Names() {
		f, ok := schema.Field(name)
		if !ok {
			return "", fmt.Errorf("there is no field %q", name)
		}
		v, err := f.Coerce(fields[name])
		if err != nil {
			return "", err
		}
		if v.Blank() {
			continue
		}
		fmt.Fprintf(&b, "%s=%s\n", name, canonicalValue(f, v))
	}
	return b.String(), nil
}

func canonicalValue(f contact.Field, v contact.Value) string {
	switch v.Kind() {
	case contact.KindSet:
		elements := slices.Sorted(slices.Values(v.Elements()))
		return fmt.Sprintf("%q", elements)
	case contact.KindList:
		var entries []string
		for _, e := range v.Entries() {
			entries = append(entries, fmt.Sprintf("%s %q %t", canonicalValue(f, e.Value), e.Type, e.Primary))
		}
		slices.Sort(entries)
		return fmt.Sprintf("%q", entries)
	}
	if f.Type == contact.TypeNumber || f.Type == contact.TypeBool || f.Type == contact.TypeDateTime {
		f.Many = false
		return f.Key(v, "")
	}
	return string(v.AppendJSON(nil))
}

// show returns a record for a person to read.
func show(id string, fields contact.Fields) string {
	var parts []string
	if id != "" {
		parts = append(parts, "id: "+id)
	}
	for _, name := range fields.Names() {
		parts = append(parts, fmt.Sprintf("%s: %s", name, fields[name].AppendJSON(nil)))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// contents returns what both apps hold, to the letter.
func (w *world) contents() [2]map[string]string {
	var all [2]map[string]string
	for side, app := range w.apps {
		all[side] = map[string]string{}
		for _, r := range app.Records() {
			all[side][r.ID] = r.Version + " " + show(r.ID, r.Fields)
		}
	}
	return all
}

// diffContents returns how two contents differ, "" if they do not.
func diffContents(before, after [2]map[string]string) string {
	var b strings.Builder
	for side := range before {
		ids := slices.AppendSeq(slices.Collect(maps.Keys(before[side])), maps.Keys(after[side]))
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			if x, y := before[side][id], after[side][id]; x != y {
				fmt.Fprintf(&b, "  - %s held   %s\n  + %s holds  %s\n", contactsync.Side(side), x, contactsync.Side(side), y)
			}
		}
	}
	return b.String()
}

// compareCounts returns an error if one of the counts that are wanted is another one.
func compareCounts(want, got map[string]int) error {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		n, known := got[name]
		if !known {
			return fmt.Errorf("there is no count %q; there are %q", name, slices.Sorted(maps.Keys(got)))
		}
		if n != want[name] {
			return fmt.Errorf("%s is %d, want %d (all of them: %v)", name, n, want[name], got)
		}
	}
	return nil
}

// writesStep says how many records the last sync wrote.
type writesStep struct{ sides[int] }

func (s writesStep) swapped() action { return writesStep{s.swap()} }

func (s writesStep) play(_ context.Context, w *world) error {
	return s.each(func(side, want int) error {
		if got := w.writes[side]; got.Sum() != want {
			return fmt.Errorf("the last sync wrote %d records (%s), want %d", got.Sum(), showWrites(got), want)
		}
		return nil
	})
}

func showWrites(n fake.Writes) string {
	return fmt.Sprintf("%d created, %d updated, %d deleted", n.Created, n.Updated, n.Deleted)
}

// totalsStep says how many records all syncs so far wrote.
type totalsStep struct{ sides[map[string]int] }

func (s totalsStep) swapped() action { return totalsStep{s.swap()} }

func (s totalsStep) play(_ context.Context, w *world) error {
	return s.each(func(side int, want map[string]int) error {
		n := w.totals[side]
		return compareCounts(want, map[string]int{"created": n.Created, "updated": n.Updated, "deleted": n.Deleted})
	})
}

// callsStep says how many calls the last sync made.
type callsStep struct{ sides[map[string]int] }

func (s callsStep) swapped() action { return callsStep{s.swap()} }

func (s callsStep) play(_ context.Context, w *world) error {
	return s.each(func(side int, want map[string]int) error {
		got := map[string]int{"changes": 0, "list": 0, "read": 0, "create": 0, "update": 0, "delete": 0}
		maps.Copy(got, w.calls[side])
		return compareCounts(want, got)
	})
}

// statusStep says how many pairs and unlinked records have each status.
type statusStep map[string]int

func (s statusStep) swapped() action { return s }

func (s statusStep) play(ctx context.Context, w *world) error {
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	status, err := engine.Status(ctx)
	if err != nil {
		return err
	}
	got := map[string]int{}
	for _, name := range []string{"in_sync", "pending", "excluded", "duplicate", "conflict", "failed", "deleted_opposite"} {
		got[name] = status.Counts[name]
	}
	return compareCounts(s, got)
}

// recordStep says the status and reason of one record.
type recordStep struct {
	one
	Status string
	Reason *string // not compared if left out
}

func (s recordStep) swapped() action {
	s.one = s.swap()
	return s
}

func (s recordStep) play(ctx context.Context, w *world) error {
	engine, side, id, err := s.find(ctx, w)
	if err != nil {
		return err
	}
	got, err := engine.Record(ctx, side, id)
	if err != nil {
		return err
	}
	if got.Status != s.Status || s.Reason != nil && got.Reason != *s.Reason {
		want := s.Status
		if s.Reason != nil {
			want += ", " + *s.Reason
		}
		return fmt.Errorf("%s %s is %q, want %q", side, id, got.Status+", "+got.Reason, want)
	}
	return nil
}

// linkedStep says which records are linked.
type linkedStep struct{ couples }

func (s linkedStep) swapped() action { return linkedStep{s.swap()} }

func (s linkedStep) play(ctx context.Context, w *world) error {
	engine, err := w.engine(ctx)
	if err != nil {
		return err
	}
	return s.each(w, func(ids [2]string) error {
		side := contactsync.A
		if ids[side] == "" {
			side = contactsync.B
		}
		got, err := engine.Record(ctx, side, ids[side])
		if err != nil {
			return err
		}
		other := got.IDs[side.Other()]
		switch want := ids[side.Other()]; {
		case want == "" && other != "":
			return fmt.Errorf("%s %s is linked to %s, want it alone", side, ids[side], other)
		case want != other && other == "":
			return fmt.Errorf("%s %s is not linked, want it linked to %s", side, ids[side], want)
		case want != other:
			return fmt.Errorf("%s %s is linked to %s, want %s", side, ids[side], other, want)
		}
		return nil
	})
}
