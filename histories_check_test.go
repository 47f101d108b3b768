package contactsync_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
)

// oracle is what a bystander knows, who sees the users and both apps, and nothing of the library.
type oracle struct {
	number  int  // syncs so far
	faulted int  // the last one in which something went wrong
	armed   bool // something goes wrong in the next one

	user    map[place]bool // records that users entered
	removed map[place]removal
	entered map[int]int               // by person: the sync after which a user last entered them
	partner map[place]place           // as the library says, after the last sync
	inSync  map[place]bool            // likewise
	edits   map[place]map[string]edit // since the pair was last seen in sync
	tags    map[place]map[string]bool
	base    map[[2]string]base
	moved   int             // the sync after which an app last gave a record another id
	alias   map[place]place // what became of records that got another id
	between map[string]bool // values that users entered in the middle of a sync
}

// removal is a user who removed a record.
type removal struct {
	person  int
	after   int // the number of the sync before it
	partner place
	quiet   bool // the pair was in sync
}

// edit is a user's last edit of a cell.
type edit struct {
	value contact.Value
	seen  bool // the pair was in sync since
}

// base is what both sides of a pair held when it was last seen in sync.
type base struct {
	sync   int
	fields [2]contact.Fields
}

func newOracle() oracle {
	return oracle{user: map[place]bool{}, removed: map[place]removal{}, entered: map[int]int{}, partner: map[place]place{}, inSync: map[place]bool{},
		edits: map[place]map[string]edit{}, tags: map[place]map[string]bool{}, base: map[[2]string]base{}, between: map[string]bool{}, alias: map[place]place{}}
}

func (w *world) noteUserRecord(at place, person int) {
	w.user[at] = true
	w.entered[person] = w.number + 1
	delete(w.edits, at)
}

// noteRekeyed is an app that gives a record another id.
func (w *world) noteRekeyed(from, to place) {
	w.user[to] = w.user[from]
	w.moved = w.number
	w.alias[from] = to
	w.edits[to], w.tags[to] = w.edits[from], w.tags[from]
	if p, ok := w.partner[from]; ok {
		w.partner[to], w.partner[p] = p, to
		delete(w.partner, from)
	}
	for at, gone := range w.removed {
		if gone.partner == from {
			gone.partner = to
			w.removed[at] = gone
		}
	}
	for ids, b := range w.base {
		if ids[from.side] == from.id {
			delete(w.base, ids)
			if w.noFeed[from.side] || slices.ContainsFunc(w.steps, func(e event) bool { return e.kind == "fault" || e.kind == "store" }) {
				continue // the app may not come to say so, and the pair is matched anew
			}
			ids[from.side] = to.id
			w.base[ids] = b
		}
	}
}

// noteShown is a user who looks at a record. What it shows of its partner's edits has come over, whatever befell the sync
// that brought it.
func (w *world) noteShown(at place, r contact.Record) {
	edits := w.edits[w.partner[at]]
	for field, e := range edits {
		if v := r.Get(field); !v.Absent() && plain(field, v) == plain(field, e.value) {
			e.seen = true
			edits[field] = e
		}
	}
}

func (w *world) noteRemoved(at place, person int) {
	w.removed[at] = removal{person, w.number, w.partner[at], w.inSync[at] && len(w.edits[w.partner[at]]) == 0}
}

func (w *world) noteEdit(at place, field string, v contact.Value) {
	ids := [2]string{at.id, w.partner[at].id}
	if at.side == contactsync.B {
		ids[0], ids[1] = ids[1], ids[0]
	}
	_, again := w.edits[at][field]
	if settled, known := w.base[ids]; again && known && w.quirks[at.side].NoVersions && plain(field, v) == plain(field, settled.fields[at.side][field]) {
		delete(w.edits[at], field) // it was taken back, and nothing tells that it was ever made
		return
	}
	if w.edits[at] == nil {
		w.edits[at] = map[string]edit{}
	}
	w.edits[at][field] = edit{value: v}
}

func (w *world) noteTag(at place, tag string, there bool) {
	if w.tags[at] == nil {
		w.tags[at] = map[string]bool{}
	}
	w.tags[at][tag] = there
}

// snapshot is what both apps hold.
type snapshot [2]map[string]contact.Record

func (w *world) snapshot() snapshot {
	var out snapshot
	for _, s := range contactsync.Sides {
		out[s] = map[string]contact.Record{}
		for _, r := range w.apps[s].Records() {
			out[s][r.ID] = r
		}
	}
	return out
}

func (x snapshot) equal(y snapshot) bool {
	for s := range x {
		if !maps.EqualFunc(x[s], y[s], func(r, o contact.Record) bool {
			return r.Version == o.Version && r.Fields.Digest() == o.Fields.Digest()
		}) {
			return false
		}
	}
	return true
}

// judge looks at what a sync did.
func (w *world) judge(ctx context.Context, before snapshot, ok bool) error {
	after := w.snapshot()
	for _, s := range contactsync.Sides {
		if err := w.judgeDirection(s); err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(before[s])) {
			if _, there := after[s][id]; !there {
				if err := w.judgeDeletion(place{s, id}, before); err != nil {
					return err
				}
			}
		}
		if err := w.judgeCreations(s, before, after); err != nil {
			return err
		}
	}
	return w.judgePairs(ctx, after, ok)
}

func (w *world) judgeDirection(s contactsync.Side) error {
	d := w.setup.connection.Direction
	source := d == contactsync.AToB && s == contactsync.A || d == contactsync.BToA && s == contactsync.B
	if source && w.apps[s].Writes().Sum() > 0 {
		return fmt.Errorf("a one-way sync wrote to its source: %+v", w.apps[s].Writes())
	}
	return nil
}

// judgeDeletion looks at a record that a sync deleted.
func (w *world) judgeDeletion(at place, before snapshot) error {
	policy := [2]contactsync.Deletion{w.setup.connection.Deletions.FromA, w.setup.connection.Deletions.FromB}[at.side.Other()]
	partner, linked := w.partner[at]
	for next, moved := w.alias[partner]; moved; next, moved = w.alias[partner] {
		partner = next
	}
	_, byUser := w.removed[partner]
	if !linked { // made by a sync that died before it could say so: its source is whom the user removed
		for gone, r := range w.removed {
			if gone.side != at.side && r.person == personOf(before[at.side][at.id]) {
				partner, linked, byUser = gone, true, true
			}
		}
	}
	switch {
	case policy != contactsync.DeletionDelete:
		return fmt.Errorf("a record was deleted though the policy is %q: %v", policy, at)
	case !linked || !byUser:
		return fmt.Errorf("a record was deleted though no user had removed its counterpart: %v of %v", at, partner)
	case w.unseen(at):
		return fmt.Errorf("a record was deleted though its user had edited it: %v, %v", at, w.edits[at])
	}
	if holder, there := before[partner.side][partner.id]; there {
		return fmt.Errorf("a record was deleted though its counterpart is there: %v of %v", at, holder.ID)
	}
	return nil
}

// unseen reports whether a user edited the record since the pair was in sync.
func (w *world) unseen(at place) bool {
	for _, e := range w.edits[at] {
		if !e.seen {
			return true
		}
	}
	return false
}

// judgeCreations looks at the records that a sync created.
func (w *world) judgeCreations(s contactsync.Side, before, after snapshot) error {
	made := map[int][]string{}
	for _, id := range slices.Sorted(maps.Keys(after[s])) {
		if !w.user[place{s, id}] {
			made[personOf(after[s][id])] = append(made[personOf(after[s][id])], id)
		}
	}
	for _, person := range slices.Sorted(maps.Keys(made)) {
		ids := made[person]
		if len(ids) > 1 {
			return fmt.Errorf("a person was created twice: p%d in %s as %v", person, s, ids)
		}
		if _, old := before[s][ids[0]]; old {
			continue
		}
		for id, r := range before[s] {
			if personOf(r) == person {
				return fmt.Errorf("a person was created who is there already: p%d in %s as %s, beside %s", person, s, ids[0], id)
			}
		}
		for at, gone := range w.removed {
			if _, lives := after[s.Other()][gone.partner.id]; at.side == s && gone.person == person && gone.quiet && lives && !w.noFeed[s.Other()] && w.entered[person] <= gone.after {
				return fmt.Errorf("a person was filled again whom a user had removed: p%d in %s as %s", person, s, ids[0])
			}
		}
	}
	return nil
}

// judgePairs looks at every pair that is in sync by what the library says.
func (w *world) judgePairs(ctx context.Context, now snapshot, ok bool) error {
	w.inSync = map[place]bool{}
	if st, err := w.syncer.Status(ctx); err != nil || slices.ContainsFunc(st.Waiting, contactsync.Waiting.Halts) {
		ok = false // nothing was decided: everything stands as it did
	}
	for _, s := range contactsync.Sides {
		for _, id := range slices.Sorted(maps.Keys(now[s])) {
			st, err := w.syncer.Record(ctx, s, id)
			if err != nil {
				continue // not seen yet
			}
			at, other := place{s, id}, place{s.Other(), st.IDs[s.Other()]}
			delete(w.partner, at)
			if other.id == "" {
				continue
			}
			w.partner[at] = other
			w.partner[other] = at
			if st.Status == contactsync.StatusInSync && ok {
				for field, e := range w.edits[at] {
					e.seen = true
					w.edits[at][field] = e
				}
			}
			// A pass that was broken off goes on where it was: what it has read by then is not of this moment.
			if st.Status != contactsync.StatusInSync || !ok || w.moved == w.number-1 && w.moved > 0 || w.faulted > 0 && w.faulted >= w.number-1 {
				continue
			}
			w.inSync[at] = true
			if s == contactsync.A {
				if err := w.judgePair(st.IDs, now); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// judgePair looks at one pair in sync, and remembers it.
func (w *world) judgePair(ids [2]string, now snapshot) error {
	var fields [2]contact.Fields
	for _, s := range contactsync.Sides {
		r, there := now[s][ids[s]]
		if !there && w.quirks[s].Settle > 0 {
			return nil // what such an app does not show may only not be shown yet
		}
		if !there {
			return fmt.Errorf("a pair is in sync of which one half is gone: %v", ids)
		}
		fields[s] = r.Fields
	}
	if w.setup.exact {
		for _, field := range []string{"first", "last", "phone", "notes"} {
			if err := w.judgeCell(ids, field, fields); err != nil {
				return err
			}
		}
		if err := w.judgeTags(ids, fields); err != nil {
			return err
		}
	}
	w.base[ids] = base{w.number, fields}
	for _, s := range contactsync.Sides {
		delete(w.edits, place{s, ids[s]})
		delete(w.tags, place{s, ids[s]})
	}
	return nil
}

// plain returns a value as all apps of a history would hold it.
func plain(field string, v contact.Value) string {
	switch field {
	case "first":
		return fake.Lower.Of(v.Str())
	case "phone":
		return fake.Digits.Of(v.Str())
	case "tags":
		tags := slices.Clone(v.Elements())
		slices.Sort(tags)
		return strings.Join(tags, " ")
	}
	return v.Str()
}

// judgeCell looks at one field of a pair in sync: what users entered is there.
func (w *world) judgeCell(ids [2]string, field string, now [2]contact.Fields) error {
	was, known := w.base[ids]
	d := w.setup.connection.Direction
	var text, old, last [2]string
	var edited, flows [2]bool
	for _, s := range contactsync.Sides {
		flows[s] = d == "" || d == contactsync.AToB && s == contactsync.A || d == contactsync.BToA && s == contactsync.B
		text[s] = plain(field, now[s][field])
		old[s] = plain(field, was.fields[s][field])
		if e, ok := w.edits[place{s, ids[s]}][field]; ok && (was.sync != w.number-1 || plain(field, e.value) != old[s]) {
			// An edit back to what was there is none, unless a sync in between may have carried it over.
			edited[s], last[s] = true, plain(field, e.value)
		}
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s of %v holds %q; before %q, edited %v to %q", fmt.Sprintf(format, args...), field, ids, text, old, edited, last)
	}
	if flows[contactsync.A] && flows[contactsync.B] && text[contactsync.A] != text[contactsync.B] {
		return fail("a pair in sync differs")
	}
	if !known || w.between[text[0]] || w.between[text[1]] {
		return nil
	}
	for _, s := range contactsync.Sides {
		t := s.Other()
		if edited[s] && !edited[t] && (text[s] != last[s] || flows[s] && text[t] != last[s]) {
			return fail("an edit was lost")
		}
	}
	if !edited[0] && !edited[1] && text != old {
		return fail("a value was changed that nobody had edited")
	}
	if edited[0] && edited[1] {
		return w.judgeClash(was, text, last, flows, fail)
	}
	return nil
}

// judgeClash looks at a cell that both users edited.
func (w *world) judgeClash(was base, text, last [2]string, flows [2]bool, fail func(string, ...any) error) error {
	if !flows[0] || !flows[1] {
		source := contactsync.A
		if flows[contactsync.B] {
			source = contactsync.B
		}
		exact := was.sync == w.number-1
		if text[source] != last[source] || exact && text[source.Other()] != last[source] {
			return fail("the source of a one-way sync did not win")
		}
		return nil
	}
	if text[0] != last[0] && text[0] != last[1] {
		return fail("neither of two edits won")
	}
	if was.sync != w.number-1 || w.faulted == w.number || last[0] == last[1] {
		return nil // one may have been on top of the other
	}
	want := last[w.setup.connection.Conflict.Winner]
	switch {
	case last[0] == "":
		want = last[1]
	case last[1] == "":
		want = last[0]
	case w.setup.connection.Conflict.Kind == contactsync.PolicyNewest:
		return nil
	case w.setup.connection.Conflict.Kind == contactsync.PolicyAsk:
		return fail("a conflict was decided that a person is to decide")
	}
	if text[0] != want {
		return fail("the wrong one of two edits won")
	}
	return nil
}

// judgeTags looks at a set of a pair in sync: what one user added or removed is so on both sides.
func (w *world) judgeTags(ids [2]string, now [2]contact.Fields) error {
	d := w.setup.connection.Direction
	for _, s := range contactsync.Sides {
		t := s.Other()
		if d == contactsync.AToB && s == contactsync.B || d == contactsync.BToA && s == contactsync.A {
			continue
		}
		if d == "" && plain("tags", now[s]["tags"]) != plain("tags", now[t]["tags"]) {
			return fmt.Errorf("a pair in sync differs: tags of %v hold %v and %v", ids, now[0]["tags"], now[1]["tags"])
		}
		was, known := w.base[ids]
		for tag, there := range w.tags[place{s, ids[s]}] {
			had := slices.Contains(was.fields[s]["tags"].Elements(), tag)
			if _, both := w.tags[place{t, ids[t]}][tag]; both || !known || there == had {
				continue
			}
			if d != "" && !there && !slices.Contains(was.fields[t]["tags"].Elements(), tag) {
				continue
			}
			if slices.Contains(now[s]["tags"].Elements(), tag) != there || slices.Contains(now[t]["tags"].Elements(), tag) != there {
				return fmt.Errorf("an edit was lost: tag %s of %v, there %v, set by %s; now %v and %v", tag, ids, there, s, now[0]["tags"], now[1]["tags"])
			}
		}
	}
	return nil
}

// restSyncs is how many syncs a history may take to come to rest: three, and as many as stale reads last.
const restSyncs = 3

// comeToRest ends the faults and looks whether everything comes to rest, and how.
func (w *world) comeToRest(ctx context.Context) error {
	if w.armed {
		if err := w.sync(ctx); err != nil {
			return fmt.Errorf("%w (in the last sync with faults)", err)
		}
	}
	w.calm()
	w.clock.now = w.clock.now.Add(settle + time.Hour)
	held := false
	for range restSyncs {
		if err := w.sync(ctx); err != nil {
			return fmt.Errorf("%w (while coming to rest)", err)
		}
		st, err := w.syncer.Status(ctx)
		if err != nil {
			return fmt.Errorf("status: %w", err)
		}
		held = len(st.Waiting) > 0
		if held && w.confirm {
			if err := w.syncer.Confirm(ctx); err != nil {
				return fmt.Errorf("confirm: %w", err)
			}
		}
		w.calm()
		w.clock.now = w.clock.now.Add(settle + time.Hour)
	}
	for range 2 {
		before := w.snapshot()
		if err := w.sync(ctx); err != nil {
			return fmt.Errorf("%w (at rest)", err)
		}
		if st, err := w.syncer.Status(ctx); err == nil && (held || len(st.Waiting) > 0) {
			return nil // what is held waits for a person, or for a guard that counts over a day
		}
		if did := [2]fake.Writes{w.apps[0].Writes(), w.apps[1].Writes()}; did[0].Sum()+did[1].Sum() > 0 {
			return fmt.Errorf("not quiet: a sync after %d without edits wrote %+v:%s", restSyncs, did, difference(before, w.snapshot()))
		}
		w.calm()
		w.clock.now = w.clock.now.Add(settle + time.Hour)
	}
	return w.judgeRest(ctx)
}

// judgeRest looks at how every record stands in the end.
func (w *world) judgeRest(ctx context.Context) error {
	st, err := w.syncer.Status(ctx)
	if err != nil {
		return fmt.Errorf("status: %w", err)
	}
	for reason, n := range st.Reasons {
		for _, open := range []string{"pending unknown_outcome", "pending settling", "pending unread", "conflict oscillating", "failed "} {
			if n > 0 && strings.HasPrefix(reason, open) {
				return fmt.Errorf("something never ends: %d %s", n, reason)
			}
		}
	}
	if !w.setup.exact || w.setup.connection.Direction != "" || len(st.Waiting) > 0 {
		return nil
	}
	now := w.snapshot()
	var persons [2]map[int]int
	for _, s := range contactsync.Sides {
		persons[s] = map[int]int{}
		for _, r := range now[s] {
			persons[s][personOf(r)]++
		}
	}
	for _, s := range contactsync.Sides {
		for id, r := range now[s] {
			st, err := w.syncer.Record(ctx, s, id)
			if err != nil {
				return fmt.Errorf("a record is not known: %w", err)
			}
			if p := personOf(r); persons[0][p] > 1 || persons[1][p] > 1 {
				continue
			}
			if st.Status != contactsync.StatusInSync && st.Status != contactsync.StatusDeleted && st.Status != contactsync.StatusConflict {
				return fmt.Errorf("a record is not in sync in the end: %s in %s is %s %s", id, s, st.Status, st.Reason)
			}
		}
	}
	return nil
}

// difference says what differs between two snapshots.
func difference(x, y snapshot) string {
	var b strings.Builder
	for s := range x {
		for id, r := range y[s] {
			if r.Fields.Digest() != x[s][id].Fields.Digest() {
				fmt.Fprintf(&b, "\n  %s %s: %v, was %v", contactsync.Side(s), id, r.Fields, x[s][id].Fields)
			}
		}
		for id := range x[s] {
			if _, ok := y[s][id]; !ok {
				fmt.Fprintf(&b, "\n  %s %s is gone", contactsync.Side(s), id)
			}
		}
	}
	return b.String()
}
