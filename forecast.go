package contactsync

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// A Forecast says what a sync would do, in counts and a few samples of each kind. Nothing of it has happened.
type Forecast struct {
	Version int64     `json:"version"` // of the configuration that holds when it is made: [Syncer.Configure] takes it
	Counts  [2]Counts `json:"counts"`  // by side: what would be written there
	Effects []Effect  `json:"effects"` // by kind, side and reason; in that order
	// Waiting is what the guards would hold; it is counted in Effects all the same.
	Waiting []Waiting `json:"waiting,omitempty"`
	// Unread names, by side, the fields that the configuration looks at and that were not read yet. What they bring is
	// not foreseen: the next sync reads them of every record.
	Unread [2][]string `json:"unread"`
}

// An Effect is one kind of thing that would happen in one app.
type Effect struct {
	Kind    EffectKind `json:"kind"`
	Side    Side       `json:"side"`             // the app whose records it happens to
	Reason  string     `json:"reason,omitempty"` // of EffectOut: status and reason, as in Status.Reasons
	Count   int        `json:"count"`            // records, each once
	Samples []Sample   `json:"samples,omitempty"`
}

// EffectKind is a kind of thing that a sync does.
type EffectKind string

// The kinds of effects, in the order in which a Forecast lists them.
const (
	EffectEnter  EffectKind = "enter"  // a record that was kept out is let through
	EffectLeave  EffectKind = "leave"  // a record that was let through is kept out; it stays where it is
	EffectLink   EffectKind = "link"   // a record is found to be somebody that the other app has
	EffectCreate EffectKind = "create" // a record is created
	EffectFill   EffectKind = "fill"   // an empty field gets a value
	EffectChange EffectKind = "change" // a value is replaced, or a list gets other elements
	EffectEmpty  EffectKind = "empty"  // a field is emptied
	EffectAct    EffectKind = "act"    // the action of a rule runs
	EffectUndo   EffectKind = "undo"   // the action of a rule is taken back
	EffectDelete EffectKind = "delete" // a record is deleted
	EffectOut    EffectKind = "out"    // a record newly stands aside; the reason says why
)

var effectOrder = []EffectKind{EffectEnter, EffectLeave, EffectLink, EffectCreate, EffectFill, EffectChange, EffectEmpty,
	EffectAct, EffectUndo, EffectDelete, EffectOut}

// A Sample is one record that an effect would happen to.
type Sample struct {
	ID      string        `json:"id"`             // of a creation, of the record of the other app that it is made from
	Name    string        `json:"name,omitempty"` // by which a person knows it: a name, else a company or an email
	Message string        `json:"message,omitempty"`
	Fields  []FieldChange `json:"fields,omitempty"`
}

// A FieldChange is one field of a record as it is and as it would be.
type FieldChange struct {
	Field  string        `json:"field"`
	Before contact.Value `json:"before,omitzero"`
	After  contact.Value `json:"after,omitzero"`
	Why    Why           `json:"why"`
}

// samplesKept is how many records a forecast names of each effect.
const samplesKept = 5

// Find returns the effect of that kind on a side, all reasons together; its Count is 0 if there is none.
func (f *Forecast) Find(kind EffectKind, s Side) Effect {
	out := Effect{Kind: kind, Side: s}
	for _, e := range f.Effects {
		if e.Kind == kind && e.Side == s {
			out.Count += e.Count
			out.Samples = append(out.Samples, e.Samples...)
		}
	}
	return out
}

// Text says the effect in words, with the apps called by these names: "3 contacts would be created in crm".
func (e Effect) Text(names [2]string) string {
	n, be := fmt.Sprintf("%d contacts", e.Count), "are"
	if e.Count == 1 {
		n, be = "1 contact", "is"
	}
	here, there := names[e.Side&1], names[e.Side.Other()&1]
	switch e.Kind {
	case EffectEnter:
		return fmt.Sprintf("%s of %s %s newly let through to %s", n, here, be, there)
	case EffectLeave:
		return fmt.Sprintf("%s of %s %s let through to %s no more; nothing happens to them", n, here, be, there)
	case EffectLink:
		return fmt.Sprintf("%s of %s %s found in %s", n, here, be, there)
	case EffectCreate:
		return fmt.Sprintf("%s would be created in %s", n, here)
	case EffectDelete:
		return fmt.Sprintf("%s would be deleted in %s", n, here)
	case EffectOut:
		why := strings.ReplaceAll(e.Reason, "_", " ")
		if len(e.Samples) > 0 && e.Samples[0].Message != "" {
			why = e.Samples[0].Message
		}
		return fmt.Sprintf("%s of %s would stand aside: %s", n, here, why)
	}
	what := map[EffectKind]string{EffectFill: "get a value where a field is empty", EffectChange: "get another value", EffectEmpty: "have a field emptied",
		EffectAct: "get what a rule's action does", EffectUndo: "lose what a rule's action had done"}[e.Kind]
	return fmt.Sprintf("%s of %s would %s", n, here, what)
}

// forecaster gathers a forecast from what a rehearsal decides.
type forecaster struct {
	cfg     *config
	counts  [2]Counts
	found   map[effectKey]*Effect
	seen    map[string]bool
	doors   map[ref]*door
	order   []ref             // of doors, as they were found
	tooLong map[[2]string]int // values longer than the field of the other app takes, by side and field
}

// door is whether a record is let through: before the rehearsal, if it was decided before, and as it is found last.
type door struct {
	known, was, is bool
	sample         Sample
}

type effectKey struct {
	kind   EffectKind
	side   Side
	reason string
}

func newForecaster(cfg *config) *forecaster {
	return &forecaster{cfg: cfg, found: map[effectKey]*Effect{}, seen: map[string]bool{}, doors: map[ref]*door{}, tooLong: map[[2]string]int{}}
}

func (f *forecaster) watch() *watch { return &watch{move: f.move, write: f.write} }

// forecast returns what was gathered.
func (f *forecaster) forecast(r *run) *Forecast {
	for _, at := range f.order {
		d := f.doors[at]
		if d.known && d.is != d.was {
			kind := map[bool]EffectKind{true: EffectEnter, false: EffectLeave}[d.is]
			f.add(effectKey{kind, at.side, ""}, at.id, func() Sample { return d.sample })
		}
	}
	out := &Forecast{Version: r.row.Version, Counts: f.counts, Waiting: r.report.Waiting, Effects: []Effect{}, Unread: r.unread()}
	for _, e := range f.found {
		out.Effects = append(out.Effects, *e)
	}
	slices.SortFunc(out.Effects, func(x, y Effect) int {
		return cmp.Or(cmp.Compare(slices.Index(effectOrder, x.Kind), slices.Index(effectOrder, y.Kind)), cmp.Compare(x.Side, y.Side), strings.Compare(x.Reason, y.Reason))
	})
	return out
}

// add counts an effect on a record, once, and keeps it as a sample while there are few.
func (f *forecaster) add(k effectKey, id string, sample func() Sample) {
	once := fmt.Sprintf("%s %s %s", k.kind, k.side, id)
	if f.seen[once] {
		return
	}
	f.seen[once] = true
	e := f.found[k]
	if e == nil {
		e = &Effect{Kind: k.kind, Side: k.side, Reason: k.reason}
		f.found[k] = e
	}
	e.Count++
	if len(e.Samples) < samplesKept {
		e.Samples = append(e.Samples, sample())
	}
}

// move notes who is let through, who is linked, and who newly stands aside.
func (f *forecaster) move(m *move) {
	for _, s := range Sides {
		rec := m.rec[s]
		if rec == nil {
			continue
		}
		plain := func() Sample { return Sample{ID: rec.id, Name: f.name(s, rec.Fields), Message: m.Message} }
		if f.doors[rec.ref()] == nil {
			was, known := f.wasIn(m, rec)
			f.doors[rec.ref()] = &door{known: known, was: was, sample: plain()}
			f.order = append(f.order, rec.ref())
		}
		f.doors[rec.ref()].is = f.isIn(m, s)
		if m.made && m.rec[s.Other()] != nil && !m.heir[s] {
			f.add(effectKey{EffectLink, s, ""}, rec.id, plain)
		}
		if m.link == nil && m.standing != rec.Standing && m.entry() != "" && len(m.writes) == 0 {
			f.add(effectKey{EffectOut, s, m.entry()}, rec.id, plain)
		}
	}
	if m.link != nil && m.entry() != "" && m.standing != m.link.Standing && m.rec[A] != nil && m.rec[B] != nil {
		rec := m.rec[A]
		f.add(effectKey{EffectOut, A, m.entry()}, rec.id, func() Sample { return Sample{ID: rec.id, Name: f.name(A, rec.Fields), Message: m.Message} })
	}
}

// wasIn reports whether a rule let the record through when it was last decided, and whether it was ever decided.
func (f *forecaster) wasIn(m *move, rec *mirror) (in, known bool) {
	if m.link != nil && !m.made {
		return m.link.Let[rec.side], m.link.Decided
	}
	return !rec.Standing.keptOut(), rec.Standing.Status != "" && rec.Standing != undecided
}

// isIn reports whether a rule lets the record through now.
func (f *forecaster) isIn(m *move, s Side) bool {
	if m.link != nil {
		return m.let[s]
	}
	return !m.keptOut()
}

// keptOut reports whether no rule lets the record through.
func (s standing) keptOut() bool {
	return s.Status == StatusExcluded && (s.Reason == ReasonFilter || s.Reason == ReasonDirection)
}

// write notes what a write would do, field by field.
func (f *forecaster) write(w *write, m *move) {
	name := f.name(w.side, w.before)
	if source := m.rec[w.side.Other()]; w.op == connector.Create && source != nil {
		name = f.name(source.side, source.Fields)
	} else if rec := m.rec[w.side]; rec != nil {
		name = f.name(w.side, rec.Fields)
	}
	id := strings.TrimPrefix(w.id, "\x01")
	sample := func(fields []FieldChange) func() Sample {
		return func() Sample { return Sample{ID: id, Name: name, Fields: fields} }
	}
	c := &f.counts[w.side]
	switch w.op {
	case connector.Create:
		c.Created++
		f.add(effectKey{EffectCreate, w.side, ""}, id, sample(f.changes(w)))
	case connector.Delete:
		c.Deleted++
		f.add(effectKey{EffectDelete, w.side, ""}, id, sample(nil))
	default:
		c.Updated++
		byKind := map[EffectKind][]FieldChange{}
		for _, change := range f.changes(w) {
			byKind[change.kind()] = append(byKind[change.kind()], change)
		}
		for _, kind := range effectOrder {
			if byKind[kind] != nil {
				f.add(effectKey{kind, w.side, ""}, id, sample(byKind[kind]))
			}
		}
	}
}

// changes returns the fields that a write changes, in order.
func (f *forecaster) changes(w *write) []FieldChange {
	var list []FieldChange
	for _, name := range w.patch.Names() {
		field, _ := f.cfg.schema[w.side].Field(name)
		why, own := w.why[name]
		if !own {
			why = w.why[""]
		}
		after := w.patch[name].Apply(w.before[name], field)
		if field.MaxLength > 0 && longest(after) > field.MaxLength {
			f.tooLong[[2]string{w.side.String(), name}]++
		}
		list = append(list, FieldChange{name, w.before[name], after, why})
	}
	return list
}

// longest returns the number of characters of the longest text of a value.
func longest(v contact.Value) int {
	n := 0
	for _, s := range texts(v) {
		n = max(n, len([]rune(s)))
	}
	return n
}

// kind says what happens to the field.
func (c FieldChange) kind() EffectKind {
	switch {
	case c.Why.Undone:
		return EffectUndo
	case c.Why.Rule != "":
		return EffectAct
	case c.Before.Blank():
		return EffectFill
	case c.After.Blank():
		return EffectEmpty
	}
	return EffectChange
}

// name returns how a person knows a record: by its name, else its company, else an email.
func (f *forecaster) name(s Side, fields contact.Fields) string {
	text := func(meaning string) string {
		field, ok := f.cfg.schema[s].WithMeaning(meaning)
		if all := texts(fields[field.Name]); ok && !fields[field.Name].Blank() && len(all) > 0 {
			return all[0]
		}
		return ""
	}
	full := strings.TrimSpace(text("first") + " " + text("last"))
	return cmp.Or(text("name"), full, text("company"), text("email"))
}

// unread returns the fields that the configuration looks at and that no pull has read of every record.
func (r *run) unread() [2][]string {
	var out [2][]string
	for _, s := range Sides {
		out[s] = slices.DeleteFunc(slices.Clone(r.cfg.used[s]), func(name string) bool {
			return r.side[s].Complete && slices.Contains(r.side[s].Fields, name)
		})
	}
	return out
}
