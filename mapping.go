package contactsync

import (
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// A Mapping says which field of a goes with which field of b, and how values are turned into each other.
type Mapping struct {
	ID string // derived from the fields if ""
	// A and B are selectors ("email", "emails[primary]", "addresses[type=home].city"). One side of SplitName has
	// two, given and family name; A of a Template has those that it uses; A of a Constant has none.
	A, B      []string
	Direction Direction // narrows the connection's
	Disabled  bool
	Transform []Transform // a chain from a to b; nil where the types keep their meaning
	Conflict  *Policy     // the connection's if nil
	OnClear   OnClear
	DefaultA  contact.Value // used in a where b has nothing, on creation and instead of a clear
	DefaultB  contact.Value
	Group     string // mappings of one group are decided as one: who wins or fills, wins or fills all of it
}

// OnClear says what happens in the other app when a user empties a field.
type OnClear string

// What a clear does. "" is OnClearClear.
const (
	OnClearClear OnClear = "clear"
	OnClearKeep  OnClear = "keep" // the other side keeps its value, and it does not come back
)

// MapFields returns the two-way mapping of two fields.
func MapFields(a, b string) Mapping { return Mapping{A: []string{a}, B: []string{b}} }

// name returns the mapping's id, or the one that its fields make.
func (m *Mapping) name() string {
	if m.ID != "" {
		return m.ID
	}
	return strings.Join(m.A, "+") + ":" + strings.Join(m.B, "+")
}

// state names what is settled of the mapping. A mapping that keeps its id and gets other fields has settled nothing.
func (m *Mapping) state() string {
	fields := strings.Join(m.A, "+") + ":" + strings.Join(m.B, "+")
	if m.ID != "" {
		return m.ID + " (" + fields + ")"
	}
	return fields
}

// mapping is a Mapping as a sync works with it.
type mapping struct {
	id      string
	index   int
	sel     [2][]contact.Selector
	field   [2][]contact.Field // what each selector shows: the field, or one entry or part of it
	whole   [2][]contact.Field // the field that each selector is in
	flow    [2]bool            // whether the mapping and the connection let side s's value go to the other
	chain   chain
	fill    *Template
	split   bool
	parts   Side // of a split, the side with given and family name
	list    bool // a set or list on both sides: decided element by element
	policy  *Policy
	keep    bool    // on_clear keep
	path    string  // where it stands in the document
	onClear OnClear // as it is stated
	def     [2]contact.Value
	group   string
	region  string
}

// get returns what the mapping shows of side s, into buf if it is large enough. settled is what was settled last,
// by which an unflagged primary entry is found again.
func (m *mapping) get(buf []contact.Value, s Side, fields contact.Fields, settled []contact.Value) []contact.Value {
	buf = buf[:0]
	for i, sel := range m.sel[s] {
		buf = append(buf, selectValue(sel, m.whole[s][i], fields[sel.Field], nth(settled, i)))
	}
	return buf
}

// nth returns the i-th of the values that were settled, absent if nothing was.
func nth(settled []contact.Value, i int) contact.Value {
	if i < len(settled) {
		return settled[i]
	}
	return contact.Value{}
}

// room is where the slices of values come from that a decision keeps. By far the most hold one value, and each would be
// an allocation of its own.
type room []contact.Value

// take returns an empty slice with room for n values.
func (r *room) take(n int) []contact.Value {
	if cap(*r)-len(*r) < n {
		*r = make(room, 0, max(8, 2*cap(*r), n))
	}
	end := len(*r) + n
	*r = (*r)[:end]
	return (*r)[end-n : end-n : end]
}

// selectValue returns what a selector shows of a field's value.
func selectValue(sel contact.Selector, f contact.Field, v, last contact.Value) contact.Value {
	if v.Absent() {
		return v
	}
	if sel.One() {
		i := selectEntry(sel, f, v, last)
		if i < 0 {
			return contact.Empty
		}
		v = v.Entries()[i].Value
	}
	if sel.Part != "" {
		return contact.Text(v.Address().Part(sel.Part))
	}
	return v
}

// selectEntry returns the index of the entry that the selector picks, -1 if there is none. The primary entry is
// the flagged one, else the one settled last, else the one with the lowest key.
func selectEntry(sel contact.Selector, f contact.Field, v, last contact.Value) int {
	entries := v.Entries()
	if sel.Type != "" {
		return slices.IndexFunc(entries, func(e contact.Entry) bool { return strings.EqualFold(e.Type, sel.Type) })
	}
	if i := slices.IndexFunc(entries, func(e contact.Entry) bool { return e.Primary }); i >= 0 {
		return i
	}
	lowest := -1
	for i, e := range entries {
		if !last.Blank() && f.EntryKey(contact.Entry{Value: last}, "") == f.EntryKey(e, "") {
			return i
		}
		if lowest < 0 || f.EntryKey(e, "") < f.EntryKey(entries[lowest], "") {
			lowest = i
		}
	}
	return lowest
}

// put makes the mapping show values on side s of want. settled is as for get.
func (m *mapping) put(s Side, want contact.Fields, values, settled []contact.Value) {
	for i, sel := range m.sel[s] {
		want[sel.Field] = placeValue(sel, m.whole[s][i], want[sel.Field], nth(settled, i), values[i])
	}
}

// placeValue returns the field's value with what the selector shows replaced by v. An entry keeps its type and
// its flag; where there is none it is made, and a blank one is removed.
func placeValue(sel contact.Selector, f contact.Field, field, last, v contact.Value) contact.Value {
	part := func(old contact.Value) contact.Value {
		if sel.Part == "" {
			return v
		}
		return contact.Postal(old.Address().WithPart(sel.Part, v.Str()))
	}
	if !sel.One() {
		return part(field)
	}
	entries := slices.Clone(field.Entries())
	if i := selectEntry(sel, f, field, last); i >= 0 {
		entries[i].Value = part(entries[i].Value)
	} else {
		entries = append(entries, contact.Entry{Value: part(contact.Empty), Type: sel.Type, Primary: sel.Primary})
	}
	return contact.List(entries...)
}

// same reports whether two contents of side s, one value for each selector, mean the same.
func (m *mapping) same(s Side, x, y []contact.Value) bool {
	for i := range x {
		if !m.field[s][i].Same(x[i], y[i], m.region) {
			return false
		}
	}
	return true
}

// cut returns what is left of values where the app holds no longer ones, as the schema of side s says.
func (m *mapping) cut(s Side, v []contact.Value) []contact.Value {
	all := make([]contact.Value, len(v))
	for i := range v {
		all[i] = cut(m.field[s][i], v[i])
	}
	return all
}

// changed reports whether side s shows something else than settled, without building anything. What is absent
// is not changed.
func (m *mapping) changed(s Side, fields contact.Fields, settled []contact.Value) bool {
	for i, sel := range m.sel[s] {
		last := nth(settled, i)
		now := selectValue(sel, m.whole[s][i], fields[sel.Field], last)
		if !now.Absent() && !m.field[s][i].Same(now, last, m.region) {
			return true
		}
	}
	return false
}

// translate returns what side s.Other() is to hold where side s holds from, in buf if it is large enough. hints are
// what the target side holds or held, by which a full name is cut.
func (m *mapping) translate(buf []contact.Value, s Side, from []contact.Value, hints ...[]contact.Value) ([]contact.Value, error) {
	to := buf[:0]
	switch {
	case m.split && s == m.parts:
		to = append(to, joinName(from))
	case m.split:
		to = append(to, splitName(from[0], hints...)...)
	case m.fill != nil && s == A:
		names := make([]string, len(m.sel[A]))
		for i, sel := range m.sel[A] {
			names[i] = sel.String()
		}
		to = append(to, m.fill.fill(names, from))
	default:
		v, err := m.one(s, firstOf(from))
		if err != nil {
			return nil, err
		}
		to = append(to, v)
	}
	for i, v := range to {
		if err := fitsOptions(m.field[s.Other()][i], v); err != nil {
			return nil, err
		}
	}
	return to, nil
}

// one translates one value, or one element of a list, that side s holds.
func (m *mapping) one(s Side, v contact.Value) (contact.Value, error) {
	if s == A {
		return m.chain.forward(v)
	}
	return m.chain.back(v)
}

// firstOf returns the only value; a constant has none to start from.
func firstOf(values []contact.Value) contact.Value {
	if len(values) == 0 {
		return contact.Empty
	}
	return values[0]
}

// fitsOptions refuses a value that is not among a choice's options.
func fitsOptions(f contact.Field, v contact.Value) error {
	if f.Type != contact.TypeChoice || len(f.Options) == 0 || v.Kind() != contact.KindText {
		return nil
	}
	if !slices.Contains(f.Options, v.Str()) {
		return fmt.Errorf("%q is not one of the options of %s: %s", v.Str(), f.Name, strings.Join(f.Options, ", "))
	}
	return nil
}

// blank reports whether every value is blank.
func blank(values []contact.Value) bool {
	return !slices.ContainsFunc(values, func(v contact.Value) bool { return !v.Blank() })
}

// absent reports whether one of the values was not read.
func absent(values []contact.Value) bool { return slices.ContainsFunc(values, contact.Value.Absent) }

// diff returns the patch that turns now into want, for the fields of the schema that differ in meaning or in
// spelling. Sets and lists differ by their elements.
func diff(now, want contact.Fields, schema *contact.Schema) contact.Patch {
	var patch contact.Patch
	for _, f := range schema.Fields {
		v, w := now[f.Name], want[f.Name]
		if w.Absent() || v.Equal(w) || v.Blank() && w.Blank() {
			continue
		}
		var c contact.Change
		if f.Many || f.Type == contact.TypeSet {
			c = diffElements(f, v, w)
			if c.Add == nil && c.Remove == nil {
				continue
			}
		} else {
			c.Set = w
		}
		if patch == nil {
			patch = contact.Patch{}
		}
		patch[f.Name] = c
	}
	return patch
}

// diffElements returns the elements to add and remove. One that only changed its type or flag is in both.
func diffElements(f contact.Field, v, w contact.Value) (c contact.Change) {
	before, after := elements(v), elements(w)
	for _, e := range before {
		if i := indexElement(f, after, e); i < 0 || !after[i].Equal(e) && !sameElement(f, after[i], e) {
			c.Remove = append(c.Remove, e)
		}
	}
	for _, e := range after {
		if i := indexElement(f, before, e); i < 0 || !before[i].Equal(e) && !sameElement(f, before[i], e) {
			c.Add = append(c.Add, e)
		}
	}
	return c
}

// sameElement reports whether two entries of one key differ in nothing that is to be written.
func sameElement(f contact.Field, x, y contact.Entry) bool {
	return f.Type == contact.TypeSet || x.Type == y.Type && x.Primary == y.Primary && x.Value.Equal(y.Value)
}

// elements returns the entries of a list, or of a set as entries.
func elements(v contact.Value) []contact.Entry {
	if set := v.Elements(); set != nil {
		entries := make([]contact.Entry, len(set))
		for i, s := range set {
			entries[i] = contact.Entry{Value: contact.Text(s)}
		}
		return entries
	}
	return v.Entries()
}

func indexElement(f contact.Field, list []contact.Entry, e contact.Entry) int {
	key := f.EntryKey(e, "")
	return slices.IndexFunc(list, func(x contact.Entry) bool { return f.EntryKey(x, "") == key })
}

// compileMapping resolves a mapping against the two schemas, and adds what is wrong with it.
func compileMapping(m *Mapping, c *Connection, schemas [2]*contact.Schema, path string, bad *faults) *mapping {
	out := &mapping{id: m.state(), path: path, chain: m.Transform, policy: &c.Conflict, keep: m.OnClear == OnClearKeep, onClear: m.OnClear,
		def: [2]contact.Value{m.DefaultA, m.DefaultB}, group: m.Group, region: c.Match.Region}
	if m.Conflict != nil {
		out.policy = m.Conflict
		m.Conflict.check(path+".conflict", bad)
	}
	ok := true
	for s, texts := range [2][]string{m.A, m.B} {
		for _, text := range texts {
			ok = out.resolve(Side(s), text, schemas[s], path, bad) && ok
		}
	}
	if !ok || !out.checkShape(m, path, bad) {
		return nil
	}
	switch m.OnClear {
	case "", OnClearClear, OnClearKeep:
	default:
		bad.add(path+".on_clear", "on_clear is clear or keep")
	}
	out.checkDirection(m, c, path, bad)
	out.keep = out.keep || m.OnClear == "" && out.clearsNothing(schemas)
	return out
}

// resolve adds the selector to side s, or says what is wrong with it.
func (m *mapping) resolve(s Side, text string, schema *contact.Schema, path string, bad *faults) bool {
	path = fmt.Sprintf("%s.%s", path, s)
	sel, err := contact.ParseSelector(text)
	if err != nil {
		bad.add(path, "%v", err)
		return false
	}
	whole, ok := schema.Field(sel.Field)
	if !ok {
		bad.add(path, "%s has no field %q; it has %s", s, sel.Field, fieldList(schema))
		return false
	}
	shown := whole
	if sel.One() {
		if !whole.Many {
			bad.add(path, "%s is not a list, so %q picks nothing", sel.Field, text)
			return false
		}
		shown.Many = false
	}
	if sel.Part != "" {
		if whole.Type != contact.TypeAddress || shown.Many {
			bad.add(path, "%q: only one address has parts", text)
			return false
		}
		shown.Type = contact.TypeText
	}
	m.sel[s] = append(m.sel[s], sel)
	m.whole[s] = append(m.whole[s], whole)
	m.field[s] = append(m.field[s], shown)
	return true
}

// checkShape says whether the numbers of fields, their types and the transform fit together.
func (m *mapping) checkShape(doc *Mapping, path string, bad *faults) bool {
	title := doc.name()
	var single Transform
	if len(doc.Transform) == 1 {
		single = doc.Transform[0]
	}
	na, nb := len(m.sel[A]), len(m.sel[B])
	switch t := single.(type) {
	case SplitName:
		if na+nb != 3 {
			bad.add(path, "mapping %s: split_name sets one full name against two fields, given and family name", title)
			return false
		}
		m.split, m.chain = true, nil
		if nb == 2 {
			m.parts = B
		}
		return true
	case Template:
		if len(m.sel[A]) == 0 {
			for _, name := range t.Fields() {
				bad.add(path, "mapping %s: name the fields of the template in a, such as %q", title, name)
			}
			return false
		}
		m.fill, m.chain = &t, nil
		if nb != 1 || !textual(m.field[B][0].Type) || m.field[B][0].Many {
			bad.add(path, "mapping %s: a template makes one text", title)
			return false
		}
		return true
	case Constant:
		if na != 0 || nb != 1 {
			bad.add(path, "mapping %s: a constant has no field of a and one of b", title)
			return false
		}
		return true
	}
	if na != 1 || nb != 1 {
		bad.add(path, "mapping %s: one field of each side; several go with split_name or a template", title)
		return false
	}
	return m.checkTypes(title, path, bad)
}

// checkTypes says whether values of the two fields can become each other.
func (m *mapping) checkTypes(title, path string, bad *faults) bool {
	a, b := m.field[A][0], m.field[B][0]
	many := func(f contact.Field) bool { return f.Many || f.Type == contact.TypeSet }
	if many(a) != many(b) {
		bad.add(path, "mapping %s: %s is %s and %s is %s; pick one entry, as in %s[primary]", title, a.Name, describe(a), b.Name, describe(b), a.Name)
		return false
	}
	m.list = many(a)
	if m.list && m.group != "" {
		bad.add(path+".group", "mapping %s: a list is decided element by element and cannot be in a group", title)
	}
	fits := len(m.chain) > 0 || convertible(a, b) || m.list && textual(a.Type) && b.Type == contact.TypeSet || m.list && a.Type == contact.TypeSet && textual(b.Type)
	if len(m.chain) == 1 {
		if t, ok := m.chain[0].(fitting); ok {
			fits = t.fits(a, b)
		}
	}
	if !fits {
		bad.add(path, "mapping %s: %s is %s and %s is %s; a value of one has no meaning in the other, unless a transform gives it one", title, a.Name, describe(a), b.Name, describe(b))
		return false
	}
	if !m.list && (len(m.chain) > 0 || a.Type != b.Type) {
		// What is carried ends in the type of b's field, and on the way back in that of a's. Elements go as they are.
		m.chain = slices.Concat(chain{ending{back: true, to: a}}, m.chain, chain{ending{to: b}})
	}
	return true
}

// ending gives the result of a chain, on one of its ways, the type of the field that it ends in.
type ending struct {
	back bool
	to   contact.Field
}

func (e ending) Forward(v contact.Value) (contact.Value, error) { return e.end(v, !e.back) }
func (e ending) Back(v contact.Value) (contact.Value, error)    { return e.end(v, e.back) }
func (e ending) Lossy() bool                                    { return false }
func (e ending) String() string                                 { return "as " + describe(e.to) }

func (e ending) end(v contact.Value, ends bool) (contact.Value, error) {
	if !ends {
		return v, nil
	}
	return retype(v, e.to)
}

// checkDirection settles which way values may flow, and adds what stands against it.
func (m *mapping) checkDirection(doc *Mapping, c *Connection, path string, bad *faults) {
	title := doc.name()
	switch doc.Direction {
	case "", TwoWay, AToB, BToA:
	default:
		bad.add(path+".direction", "mapping %s: the direction is two-way, a-to-b or b-to-a", title)
		return
	}
	for _, s := range Sides {
		m.flow[s] = c.Direction.from(s) && doc.Direction.from(s)
		if !m.flow[s] {
			continue
		}
		for _, f := range m.whole[s.Other()] {
			if f.ReadOnly {
				bad.add(path, "mapping %s: field %s of %s is read-only; make the mapping one-way, direction %s", title, f.Name, s.Other(), awayFrom(s.Other()))
			}
		}
	}
	if m.flow[B] && m.oneWay() {
		bad.add(path, "mapping %s: its transform has no way back; make it one-way, direction a-to-b", title)
	}
}

// clearsNothing reports whether no field that the mapping writes can be emptied.
func (m *mapping) clearsNothing(schemas [2]*contact.Schema) bool {
	for _, s := range Sides {
		if _, lacks := schemas[s.Other()].Limit(contact.AbilityClear); m.flow[s] && !lacks {
			return false
		}
	}
	return m.flow[A] || m.flow[B]
}

// oneWay reports whether the mapping has no way from b back to a.
func (m *mapping) oneWay() bool {
	return m.fill != nil || slices.ContainsFunc(m.chain, func(t Transform) bool {
		switch t.(type) {
		case Constant, Template:
			return true
		}
		return false
	})
}

// awayFrom returns the direction in which values leave side s.
func awayFrom(s Side) Direction {
	if s == A {
		return AToB
	}
	return BToA
}
