package contactsync

import (
	"errors"
	"slices"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// Why says why a field is written: which mapping or rule asked for it and what decided.
type Why struct {
	Mapping string `json:"mapping,omitempty"`
	Rule    string `json:"rule,omitempty"`
	Because string `json:"because"` // in words
	// Undone says that the rule's action is taken back.
	Undone bool `json:"undone,omitempty"`
	// Lost is what the other user had entered, where a policy let one of two edits win.
	Lost contact.Value `json:"lost,omitzero"`
}

// write is one write that a decision asks for.
type write struct {
	op      connector.Op
	side    Side
	id      string // of the record to update or delete; of a create the source's
	version string
	patch   contact.Patch
	before  contact.Fields // the fields that the patch changes, as read
	settle  []settlement   // what its arrival settles
	why     map[string]Why // by field; of a deletion by ""
	clears  []string       // mappings by which it empties a field
	link    *link
	mark    bool   // it marks a survivor
	was     []byte // the pair's row as it was before; nil if this run has made it
	back    *back  // it takes another write back
	// Of a creation that was sent again:
	kept    []string // fields that were left to the app, sorted
	moved   []string // those of them that the source holds otherwise than the first time
	since   int64    // number of the sync that sent it first; 0 is this one
	earlier *sending // as it was sent before
}

// sending is what a creation sent to its app, and what that was to settle.
type sending struct {
	patch  contact.Patch
	settle []settlement
}

// back is what a write takes back.
type back struct {
	row   string // the key of the journal's row
	id    string // of the record that it was written to
	done  bool   // the app has answered, one way or the other
	clean bool   // nobody had touched the record since the pair was decided
}

// outcome is what was decided of one pair.
type outcome struct {
	writes   [2]*write
	settle   []settlement // needs no write
	standing standing
	let      [2]bool // whether a rule lets each side through
	flow     [2]bool // whether values may flow away from each side
	unsure   bool    // they meet for the first time, and whether a rule lets one of them through is not known
	changed  [2]bool // whether a side differs from what was settled on it
	held     map[string]*hold
	clears   []string // fields that would be emptied, by the key that a person consents to
	due      time.Time
}

// pairing is one pair while it is decided.
type pairing struct {
	cfg     *config
	now     time.Time
	link    *link
	rec     [2]*mirror
	gate    gate
	consent func(key string) bool // whether a person has consented to what the guards hold

	creating bool // rec[target] does not exist yet
	target   Side

	out     outcome
	want    [2]contact.Fields // what each side is to hold; nil while it is as read
	on      [2][]settlement   // what settles when that side's write arrives
	why     [2]map[string]Why
	emptied [2][]string

	views []shown // of the bundle that is being decided
	room  room    // for the values that the decision keeps
}

// decide says what becomes of two records that are linked, or are about to be.
func (p *pairing) decide() *outcome {
	p.flows()
	for _, bundle := range p.cfg.bundles {
		p.decideBundle(bundle)
	}
	for _, m := range p.cfg.lists {
		p.decideList(m)
	}
	p.decideMembers()
	p.finish()
	return &p.out
}

// rank orders the statuses: a pair shows the gravest that was found.
var rank = []string{"", StatusInSync, StatusExcluded, StatusDeleted, StatusPending, StatusConflict, StatusFailed}

// note raises the pair's status to a graver one.
func (p *pairing) note(status, reason, message string) {
	if slices.Index(rank, status) > slices.Index(rank, p.out.standing.Status) {
		p.out.standing = standing{status, reason, message}
	}
}

// flows finds which side's rules let the pair through.
func (p *pairing) flows() {
	var let, update [2]Truth
	linked := p.linked()
	for _, s := range Sides {
		let[s], update[s] = p.cfg.lets(s, p.rec[s], p.rec[s.Other()], linked, p.now)
		if due := p.cfg.until(s, p.rec[s], p.now); !due.IsZero() {
			p.out.due = earliest(p.now, p.out.due, due)
		}
		if let[s] == Unknown {
			p.note(StatusPending, ReasonUnread, "a filter looks at a field that was not read")
			if p.link.Let[s] { // it stays as it was, as far as there is a rule that updates
				let[s], update[s] = Yes, truthOf(update[s] != No)
			}
			p.out.unsure = p.out.unsure || !p.link.Decided && !p.creating
		}
	}
	for _, s := range Sides {
		p.out.let[s] = let[s] == Yes
		p.out.flow[s] = update[s] == Yes
		if p.cfg.Scope == ScopePair && p.cfg.Direction.from(s) {
			p.out.flow[s] = update[A] == Yes || update[B] == Yes
		}
	}
	switch {
	case p.creating:
		p.out.flow = [2]bool{}
		p.out.flow[p.target.Other()] = true
	case p.out.unsure: // who may win is not known yet: nobody's value is overwritten
		p.out.flow = [2]bool{}
	}
}

// linked reports whether the two are a pair by now. Who are matched are one at once, so that it does not matter how often
// they are looked at; but what a filter has not seen yet decides how they begin.
func (p *pairing) linked() bool {
	if p.link.Decided || p.creating {
		return p.link.Decided
	}
	return !slices.ContainsFunc(Sides[:], func(s Side) bool {
		in, _ := p.cfg.lets(s, p.rec[s], p.rec[s.Other()], false, p.now)
		return in == Unknown
	})
}

// lets says whether an enabled rule of side s lets the record through, in any mode, and whether one lets it
// update. other is the record that it is linked with, if it is; linked says that the two have been decided before.
func (cfg *config) lets(s Side, rec, other *mirror, linked bool, now time.Time) (in, update Truth) {
	if !cfg.Direction.from(s) {
		return No, No
	}
	now = now.In(cfg.zone)
	r := rec.record()
	for _, rule := range cfg.rules[s] {
		t := rule.admits(&r, now)
		if linked && cfg.Scope == ScopeSticky {
			t = Yes
		}
		in = max(in, t)
		if rule.updates() {
			update = max(update, t)
		}
	}
	derived := cfg.derived(s, rec)
	if linked && cfg.Scope == ScopeSticky && cfg.turns(s) {
		derived = Yes
	}
	return max(in, derived), max(update, derived)
}

// derived says whether a rule of the other side, turned round, lets a record of side s through: every action's
// effect holds. A one-way connection runs no derived rule.
func (cfg *config) derived(s Side, rec *mirror) (in Truth) {
	for _, m := range cfg.members {
		if cfg.derives(m, s) {
			in = max(in, m.holds(rec.Fields))
		}
	}
	return in
}

// creates says whether a rule lets a record of side s be created on the other side.
func (cfg *config) creates(s Side, rec *mirror, now time.Time) (in Truth) {
	if !cfg.Direction.from(s) {
		return No
	}
	r := rec.record()
	for _, rule := range cfg.rules[s] {
		if rule.creates() {
			in = max(in, rule.admits(&r, now.In(cfg.zone)))
		}
	}
	return max(in, cfg.derived(s, rec))
}

// until returns when a rule may next say something else of the record by the clock alone.
func (cfg *config) until(s Side, rec *mirror, now time.Time) (due time.Time) {
	for _, rule := range cfg.rules[s] {
		if f, ok := rule.Rule.(FilterRule); ok && f.Filter.zero() {
			continue
		}
		r := rec.record()
		due = earliest(now, due, rule.until(&r, now.In(cfg.zone)))
	}
	return due
}

// quiet reports whether every mapping of the bundle was settled and nobody has changed it since: by far the
// commonest case, in which nothing is allocated.
func (p *pairing) quiet(bundle []*mapping) bool {
	if p.link == nil {
		return false
	}
	for _, m := range bundle {
		c := p.link.Cells[m.id]
		if c == nil || m.changed(A, p.rec[A].Fields, c.Val[A]) || m.changed(B, p.rec[B].Fields, c.Val[B]) {
			return false
		}
	}
	return true
}

// shown is what one mapping shows of a pair.
type shown struct {
	m      *mapping
	cell   *cell // nil if nothing was settled
	values sides
}

func (p *pairing) look(m *mapping) shown {
	x := shown{m: m}
	if p.link != nil {
		x.cell = p.link.Cells[m.id]
	}
	for _, s := range Sides {
		x.values[s] = m.get(p.room.take(len(m.sel[s])), s, p.rec[s].Fields, x.settledOn(s))
	}
	return x
}

// settledOn returns what was settled on side s.
func (x *shown) settledOn(s Side) []contact.Value {
	if x.cell == nil {
		return nil
	}
	return x.cell.Val[s]
}

// agree reports whether what the two sides show means the same.
func (x *shown) agree() bool {
	var buf [2]contact.Value
	if to, err := x.m.translate(buf[:], A, x.values[A], x.values[B], x.settledOn(B)); err == nil && x.m.same(B, to, x.values[B]) {
		return true
	}
	if x.m.oneWay() {
		return false
	}
	to, err := x.m.translate(buf[:], B, x.values[B], x.values[A], x.settledOn(A))
	return err == nil && x.m.same(A, to, x.values[A])
}

// blank reports whether side s has nothing to give to the other.
func (x *shown) blank(s Side) bool {
	if s == A && x.m.oneWay() {
		to, err := x.m.translate(nil, A, x.values[A])
		return err == nil && blank(to)
	}
	return blank(x.values[s])
}

// facts gathers what is known of a bundle: it is settled if all of it is, changed if any of it is.
func (p *pairing) facts(views []shown) facts {
	f := facts{settled: true, agree: true, blank: [2]bool{true, true}, flow: p.out.flow}
	for i := range views {
		x := &views[i]
		f.settled = f.settled && x.cell != nil
		f.agree = f.agree && x.agree()
		for _, s := range Sides {
			f.absent[s] = f.absent[s] || absent(x.values[s])
			f.changed[s] = f.changed[s] || x.cell != nil && x.m.changed(s, p.rec[s].Fields, x.cell.Val[s])
			f.blank[s] = f.blank[s] && x.blank(s)
			f.flow[s] = f.flow[s] && x.m.flow[s]
		}
	}
	return f
}

// decideBundle decides the mappings of one group, or one mapping, as one.
func (p *pairing) decideBundle(bundle []*mapping) {
	if p.quiet(bundle) {
		return
	}
	p.views = p.views[:0]
	for _, m := range bundle {
		p.views = append(p.views, p.look(m))
	}
	views := p.views
	f := p.facts(views)
	for _, s := range Sides {
		p.out.changed[s] = p.out.changed[s] || f.changed[s]
	}
	switch v := decide(f); v {
	case settle:
		for _, x := range views {
			p.settled(x)
		}
	case writeA, writeB:
		p.carry(Side(v-writeA), views, p.carried(f, v))
	case clash:
		p.clash(views, f)
	case leave:
		if p.waitsForRest(views) {
			p.note(StatusPending, ReasonUnread, "a field that is decided together with others was not read")
		}
	}
	if p.creating {
		p.fillDefaults(views)
	}
}

// carried says in words why a value is carried.
func (p *pairing) carried(f facts, v verdict) string {
	from := Side(v - writeA).Other()
	switch {
	case !f.settled && f.blank[from.Other()]:
		return p.cfg.filledFrom[from]
	case !f.settled:
		return "only " + p.cfg.names[from] + " may flow"
	case f.changed[from] && f.changed[from.Other()] && f.flow[A] && f.flow[B]:
		return "a value beats a blank"
	}
	return p.cfg.names[from] + " changed"
}

// settled notes that what both sides show is settled and needs no write, but that of the record itself if that is yet
// to be created.
func (p *pairing) settled(x shown) {
	st := settlement{Mapping: x.m.id, Val: x.values}
	if p.creating {
		p.on[p.target] = append(p.on[p.target], st)
	} else {
		if p.out.settle == nil { // mostly a first match, in which each is settled
			p.out.settle = make([]settlement, 0, len(p.cfg.mappings))
		}
		p.out.settle = append(p.out.settle, st)
	}
}

// carry writes what the other side shows to side to. A group is written whole or not at all.
func (p *pairing) carry(to Side, views []shown, because string) {
	from := to.Other()
	var buf [2][]contact.Value // most bundles are of one mapping
	news := buf[:0]
	for i := range views {
		x := &views[i]
		v, err := x.m.translate(p.room.take(len(x.m.sel[to])), from, x.values[from], x.values[to], x.settledOn(to))
		if err != nil {
			p.note(StatusFailed, ReasonInvalid, x.m.id+": "+err.Error())
			return
		}
		news = append(news, v)
	}
	var room [2]*shown
	rest := room[:0]
	for i := range views {
		if p.place(to, &views[i], news[i], because) {
			rest = append(rest, &views[i])
		}
	}
	for _, x := range rest {
		if len(rest) < len(views) { // a group is settled as one: what it needs no write for when the rest of it is in
			p.on[to] = append(p.on[to], settlement{Mapping: x.m.id, Val: x.values})
		} else {
			p.settled(*x)
		}
	}
}

// place makes side to show v, unless it does already, or the guards, the mapping or the app stand against it. It reports whether
// what both sides show may be settled as it is.
func (p *pairing) place(to Side, x *shown, v []contact.Value, because string) (rests bool) {
	if x.m.same(to, v, x.values[to]) {
		return true
	}
	if blank(v) && !blank(x.values[to]) {
		if def := x.m.def[to]; !def.Blank() && x.cell != nil {
			v = []contact.Value{def}
		} else if may, rests := p.mayClear(to, x); !may {
			return rests
		}
	}
	p.put(to, x, v, because)
	val := x.values
	val[to] = v
	p.on[to] = append(p.on[to], settlement{Mapping: x.m.id, Val: val})
	return false
}

// put changes want, and notes why.
func (p *pairing) put(to Side, x *shown, v []contact.Value, because string) {
	x.m.put(to, p.wanted(to), v, x.settledOn(to))
	why := Why{Mapping: x.m.id, Because: because}
	loses := !blank(x.values[to]) && (x.cell == nil || x.m.changed(to, p.rec[to].Fields, x.cell.Val[to]))
	for i, sel := range x.m.sel[to] {
		if why.Lost = (contact.Value{}); loses && !x.values[to][i].Blank() {
			why.Lost = x.values[to][i]
		}
		p.because(to, sel.Field, why)
	}
}

// mayClear says whether the field of side to may be emptied, and if not whether it is settled as it is, or notes what follows.
func (p *pairing) mayClear(to Side, x *shown) (may, rests bool) {
	switch {
	case x.cell == nil, x.m.keep:
		return false, true // nothing is erased by a record that never had it, nor against on_clear
	case slices.ContainsFunc(x.m.whole[to], func(f contact.Field) bool { return f.Required && !f.Many }):
		p.note(StatusFailed, ReasonRequired, x.m.id+": "+errRequired.Error())
		return false, false
	}
	return p.guardClear(to, x.m), false
}

// guardClear counts a field that is emptied, or holds it. What the app cannot empty is not counted: it is left out of the write.
func (p *pairing) guardClear(to Side, m *mapping) bool {
	if p.cfg.cannotEmpty(to) != "" {
		return true
	}
	key := clearKey(p.link, m)
	p.out.clears = append(p.out.clears, key)
	if p.gate.clears && (p.consent == nil || !p.consent(key)) {
		p.note(StatusPending, ReasonClearHeld, "more fields would be emptied than the guard allows; a person must confirm")
		return false
	}
	p.emptied[to] = append(p.emptied[to], m.id)
	return true
}

// clearKey names one held clear.
func clearKey(l *link, m *mapping) string { return "clear " + l.key + " " + m.id }

// fillDefaults gives a record that is being created the defaults of what its source does not have.
func (p *pairing) fillDefaults(views []shown) {
	for i := range views {
		x := &views[i]
		def := x.m.def[p.target]
		if def.Blank() || !x.blank(p.target.Other()) || len(x.m.sel[p.target]) != 1 {
			continue
		}
		p.put(p.target, x, []contact.Value{def}, "the mapping's default")
		val := x.values
		val[p.target] = []contact.Value{def}
		p.on[p.target] = append(p.on[p.target], settlement{Mapping: x.m.id, Val: val})
	}
}

// mergeName merges a full name and its parts that were both edited and are both filled, part by part. It reports false
// if one part was edited on both sides, so that the policy must decide.
func (p *pairing) mergeName(x *shown) bool {
	parts := x.m.parts
	full := parts.Other()
	before, now := x.cell.Val[parts], x.values[parts]
	was := splitName(x.cell.Val[full][0], before)
	is := splitName(x.values[full][0], before, now)
	merged := make([]contact.Value, 2)
	for i := range merged {
		f := x.m.field[parts][i]
		inFull, inParts := !f.Same(was[i], is[i], ""), !f.Same(before[i], now[i], "")
		switch {
		case inFull && inParts && !f.Same(is[i], now[i], ""):
			return false
		case inFull:
			merged[i] = is[i]
		default:
			merged[i] = now[i]
		}
	}
	var both sides
	both[parts], both[full] = merged, []contact.Value{joinName(merged)}
	p.placeBoth(x, both, "both changed other parts of the name")
	return true
}

// placeBoth makes both sides show what was merged. It is settled only when every write that it takes is in: else
// a crash between the two would make the first look like nothing and the second like an edit.
func (p *pairing) placeBoth(x *shown, v sides, because string) {
	writes := 0
	for _, s := range Sides {
		if !x.m.same(s, v[s], x.values[s]) {
			writes++
		} else {
			v[s] = x.values[s]
		}
	}
	for _, s := range Sides {
		if !x.m.same(s, v[s], x.values[s]) {
			p.put(s, x, v[s], because)
			p.on[s] = append(p.on[s], settlement{Mapping: x.m.id, Val: v, Both: writes == 2})
		}
	}
	if writes == 0 {
		p.settled(*x)
	}
}

// wanted returns what side s is to hold, to be changed.
func (p *pairing) wanted(s Side) contact.Fields {
	if p.want[s] == nil {
		p.want[s] = p.rec[s].Fields.Clone()
	}
	return p.want[s]
}

// because notes why a field of side s is written; the first reason stands. What a record that is created simply has
// from its source is said once, of the whole ([pairing.whyCreated]).
func (p *pairing) because(s Side, field string, why Why) {
	if p.creating && why.Rule == "" && why.Because == p.cfg.filledFrom[s.Other()] {
		return
	}
	if p.why[s] == nil {
		p.why[s] = map[string]Why{}
	}
	if _, ok := p.why[s][field]; !ok {
		p.why[s][field] = why
	}
}

var errRequired = errors.New("the other app insists on this field; fill it in, or give the mapping a default")
