package contactsync

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// A HeldConflict is what waits for a person in one pair: a field that both users changed, or one that is frozen
// because it kept changing back. It holds contact data, for the person who asked.
type HeldConflict struct {
	IDs     [2]string          `json:"ids"`
	Name    string             `json:"name,omitempty"`    // of the person
	Mapping string             `json:"mapping,omitempty"` // the mapping, or the first one of a group; "" if only rules write the field
	Fields  [2][]string        `json:"fields"`            // on each side; several of a group
	Values  [2][]contact.Value `json:"values"`            // what each side shows, field by field
	Reason  string             `json:"reason"`            // ReasonConflict, or ReasonOscillating: frozen
	Since   time.Time          `json:"since,omitzero"`
	// Decided says that a person has decided it since; the next sync carries that out.
	Decided bool `json:"decided,omitempty"`
	// Seen stands for what is shown here. Whoever hands it to [Syncer.Resolve] decides just this, and nothing else if
	// it has changed meanwhile.
	Seen string `json:"seen"`
	// cells are the frozen fields, as the link names them.
	cells []string
}

// Text says in words what waits, and why.
func (c HeldConflict) Text() string {
	if c.Reason == ReasonOscillating {
		return "it kept changing back and is frozen; take a or b to thaw it"
	}
	return "both users changed it; take a or b, or give a value"
}

// A ConflictQuery asks for held conflicts. The zero value asks for the first hundred.
type ConflictQuery struct {
	Side  Side   // with ID
	ID    string // of the one record asked for; "" means all
	After string // the cursor that the page before ended with
	Limit int    // records, each of which may have several conflicts; 0 means 100
}

// ErrOutdated says that what a person saw is no longer so: nothing was decided. Look again, and decide anew.
var ErrOutdated = errors.New("it has changed since you looked; look again and decide anew")

// Conflicts returns what waits for a person's decision, by pairs, a page at a time, and the cursor of the next page, ""
// if there is none. It shows what the last sync found.
func (s *Syncer) Conflicts(ctx context.Context, q ConflictQuery) (page []HeldConflict, next string, err error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	err = s.look(ctx, func(tx ReadTx, life *connectionRow) error {
		page, next = nil, ""
		if q.ID != "" {
			l, err := findLink(tx, ref{q.Side, q.ID})
			if err != nil || l == nil {
				return errors.Join(err, unknownPair(l, q.Side, q.ID))
			}
			page, err = conflictsOf(tx, l, &life.Legend)
			return err
		}
		rows, cursor, err := scanPlaces(tx, conflictPlaces, q.After, q.Limit)
		if err != nil {
			return err
		}
		next = cursor
		for _, row := range rows {
			l, err := parseLink(row)
			if err != nil {
				return err
			}
			of, err := conflictsOf(tx, l, &life.Legend)
			if err != nil {
				return err
			}
			page = append(page, of...)
		}
		return nil
	})
	return page, next, err
}

// conflictPlaces is where pairs with conflicts are: one that failed, too, stands as failed.
var conflictPlaces = []place{{table: TableLink, by: linkStatus, prefix: StatusConflict}, {table: TableLink, by: linkStatus, prefix: StatusFailed}}

func unknownPair(l *link, s Side, id string) error {
	if l != nil {
		return nil
	}
	return fmt.Errorf("%w: no pair with %s in %s", ErrNotKnown, id, s)
}

// findLink returns the pair of a record, nil if it has none.
func findLink(tx ReadTx, at ref) (*link, error) {
	rows, err := tx.Find(TableLink, int(at.side), at.id)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return parseLink(rows[0])
}

// conflictsOf returns what waits for a person in a pair, marked where a person has decided it since.
func conflictsOf(tx ReadTx, l *link, names *legend) ([]HeldConflict, error) {
	var fields [2]contact.Fields
	for _, s := range Sides {
		rec, err := getMirror(tx, ref{s, l.ID[s]})
		if err != nil {
			return nil, err
		}
		if rec != nil {
			fields[s] = rec.Fields
		}
	}
	list := l.conflicts(names, fields)
	for i := range list {
		rows, err := tx.Get(TableHold, resolutionKey(l, list[i].Mapping, list[i].cells))
		if err != nil {
			return nil, err
		}
		list[i].Decided = list[i].Decided || len(rows) > 0
	}
	return list, nil
}

// conflicts returns what waits for a person in a pair, whose two records hold these fields.
func (l *link) conflicts(names *legend, fields [2]contact.Fields) (all []HeldConflict) {
	name := names.Names[A].name(fields[A])
	if name == "" {
		name = names.Names[B].name(fields[B])
	}
	for _, id := range sortedKeys(l.Held) {
		h := l.Held[id]
		c := HeldConflict{IDs: l.ID, Name: name, Mapping: id, Values: h.Seen, Reason: ReasonConflict, Since: h.Since, Decided: h.decided()}
		if i := slices.IndexFunc(names.Cells, func(c legendCell) bool { return c.Mapping == id }); i >= 0 {
			c.Fields = names.Cells[i].Fields
		}
		all = append(all, c)
	}
	for _, key := range sortedKeys(l.Past) {
		if p := l.Past[key]; p.Frozen {
			all = l.frozen(all, names, key, fields)
			last := &all[len(all)-1]
			if last.Since.IsZero() || p.Since.After(last.Since) {
				last.Since = p.Since
			}
		}
	}
	for i := range all {
		c := &all[i]
		if all[i].Reason == ReasonOscillating {
			c.IDs, c.Name = l.ID, name
		}
		c.Seen = c.digest()
	}
	return all
}

// frozen adds one frozen field to the list: to the conflict of the mapping that it is of, or as one of its own.
func (l *link) frozen(all []HeldConflict, names *legend, key string, fields [2]contact.Fields) []HeldConflict {
	side, field := parsePastKey(key)
	c := HeldConflict{Reason: ReasonOscillating, cells: []string{key}}
	c.Fields[side], c.Values[side] = []string{field}, []contact.Value{fields[side][field]}
	for i := range names.Cells {
		cell := &names.Cells[i]
		if !slices.Contains(cell.names(side), field) {
			continue
		}
		for j := range all {
			if all[j].Mapping == cell.Mapping && all[j].Reason == ReasonOscillating {
				all[j].cells = append(all[j].cells, key)
				moved := all[j]
				return append(slices.Delete(all, j, j+1), moved)
			}
		}
		c.Mapping, c.Fields, c.Values = cell.Mapping, cell.Fields, [2][]contact.Value{}
		for _, s := range Sides {
			for _, name := range cell.Fields[s] {
				sel, _ := contact.ParseSelector(name)
				c.Values[s] = append(c.Values[s], fields[s][sel.Field])
			}
		}
	}
	return append(all, c)
}

// digest stands for what a person sees of the conflict.
func (c *HeldConflict) digest() string {
	text := fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s\x00", c.Reason, c.Mapping, c.IDs[A], c.IDs[B])
	sum := sha256.Sum256(sides(c.Values).append(text))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// A Resolution is a person's decision of a held conflict.
type Resolution struct {
	Side  Side // with ID, one record of the pair
	ID    string
	Field string        // the field of that side, or the mapping; "" means every one that waits
	Seen  string        // what [HeldConflict] said; "" takes what waits now for what the person saw
	Take  Take          // TakeA or TakeB: whose value is taken
	Value contact.Value // taken instead, as side a would hold it, if Take is ""
}

// Resolve decides what is held or frozen in a pair. The next sync carries it out. It fails with [ErrOutdated] if what
// the person saw has changed, and lapses if it changes before that sync: then it is held as before. It fails with
// [ErrNotKnown] if there is no such pair.
func (s *Syncer) Resolve(ctx context.Context, res Resolution) error {
	if res.Take != TakeA && res.Take != TakeB && (res.Take != "" || res.Value.Absent()) {
		return fmt.Errorf("resolve: take a, b or a value, not %q", res.Take)
	}
	return s.byPerson(ctx, func(d *decision) error {
		l, err := findLink(d, ref{res.Side, res.ID})
		if err == nil {
			err = unknownPair(l, res.Side, res.ID)
		}
		if err != nil {
			return fmt.Errorf("resolve: %w", err)
		}
		waiting, err := conflictsOf(d, l, &d.life.Legend)
		if err != nil {
			return err
		}
		chosen, err := res.choose(waiting)
		if err != nil {
			return fmt.Errorf("resolve: %w", err)
		}
		for i := range chosen {
			if err := d.resolve(l, &chosen[i], res); err != nil {
				return err
			}
		}
		return nil
	})
}

// choose returns what the resolution is about.
func (res *Resolution) choose(waiting []HeldConflict) ([]HeldConflict, error) {
	var named []HeldConflict
	for _, c := range waiting {
		cell := legendCell{Mapping: c.Mapping, Fields: c.Fields}
		if res.Field == "" || cell.shows(res.Side, res.Field) {
			named = append(named, c)
		}
	}
	if res.Seen != "" {
		seen := slices.DeleteFunc(slices.Clone(named), func(c HeldConflict) bool { return c.Seen != res.Seen })
		if len(seen) == 0 {
			return nil, ErrOutdated
		}
		named = seen
	}
	switch {
	case len(named) == 0 && res.Field != "":
		return nil, fmt.Errorf("nothing is held of %s for %s in %s", res.Field, res.ID, res.Side)
	case len(named) == 0:
		return nil, fmt.Errorf("nothing is held for %s in %s", res.ID, res.Side)
	case res.Take != "":
		return named, nil
	case len(named) > 1:
		return nil, errors.New("a value is for one field; name it")
	case len(named[0].Fields[A]) != 1:
		return nil, errors.New("a value can only be given for a single field; take a or b")
	}
	return named, nil
}

// resolve keeps the decision of one conflict for the next sync.
func (d *decision) resolve(l *link, c *HeldConflict, res Resolution) error {
	h := holdRow{Kind: holdResolved, IDs: l.ID, Mapping: c.Mapping, Cells: c.cells, Saw: c.Seen, Take: res.Take, Value: res.Value,
		key: resolutionKey(l, c.Mapping, c.cells)}
	kind, words := DecidedResolve, "a person took "+string(res.Take)
	if res.Take == "" {
		words = "a person gave a value"
	}
	if c.Reason == ReasonOscillating {
		h.Kind, kind = holdReleased, DecidedRelease
	}
	if err := d.ask(h); err != nil {
		return err
	}
	return d.note(kind, journalRow{IDs: l.ID}, c.Mapping, words)
}

// resolutionKey names the decision of one conflict: a later one takes its place.
func resolutionKey(l *link, mapping string, cells []string) string {
	if mapping == "" {
		mapping = strings.Join(cells, " ")
	}
	return "resolved " + l.key + " " + mapping
}

// applyResolution has a decision carried out by the plan, unless what the person saw has changed since.
func (r *run) applyResolution(b *book, h holdRow) {
	l := b.linkOf(ref{A, h.IDs[A]})
	if l == nil || l.ID != h.IDs {
		return
	}
	var fields [2]contact.Fields
	for _, s := range Sides {
		rec := b.record(ref{s, l.ID[s]})
		if rec == nil {
			return
		}
		fields[s] = rec.Fields
	}
	names := r.cfg.legend()
	for _, c := range l.conflicts(&names, fields) {
		if c.Seen != h.Saw {
			continue
		}
		bundle := r.cfg.bundleOf(c.Mapping)
		if c.Reason == ReasonOscillating {
			r.release(l, c.cells, bundle, fields)
		}
		if held := l.Held[c.Mapping]; held != nil && bundle != nil {
			held.Take, held.Value = h.Take, h.Value
			if v, err := bundle[0].field[A][0].Coerce(h.Value); err == nil && !h.Value.Absent() {
				held.Value = v
			}
		}
		b.putLink(l)
	}
}

// release thaws what was frozen. What its mapping settled is forgotten, so that the two sides are in conflict, which
// the person has decided.
func (r *run) release(l *link, cells []string, bundle []*mapping, fields [2]contact.Fields) {
	for _, key := range cells {
		delete(l.Past, key)
	}
	if bundle == nil {
		return // a list, or a field that only rules write: it goes on as if it had never swung
	}
	var seen sides
	for _, m := range bundle {
		for _, s := range Sides {
			seen[s] = append(seen[s], m.get(nil, s, fields[s], l.settledOn(m, s))...)
		}
		for _, s := range Sides {
			for _, sel := range m.sel[s] {
				delete(l.Past, pastKey(s, sel.Field)) // the other side swung as much
			}
		}
	}
	for _, m := range bundle {
		delete(l.Cells, m.id)
	}
	if l.Held == nil {
		l.Held = map[string]*hold{}
	}
	l.Held[bundle[0].id] = &hold{Seen: seen, Since: r.opts.clock.Now()}
}

// bundleOf returns the mappings that are held under the id, nil if there are none.
func (cfg *config) bundleOf(id string) []*mapping {
	i := slices.IndexFunc(cfg.bundles, func(b []*mapping) bool { return b[0].id == id })
	if i < 0 {
		return nil
	}
	return cfg.bundles[i]
}

// settledOn returns what was settled of a mapping on one side.
func (l *link) settledOn(m *mapping, s Side) []contact.Value {
	if c := l.Cells[m.id]; c != nil {
		return c.Val[s]
	}
	return nil
}
