package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// A guestSeat is a seat before a connector that nobody knows. What it answers is compared with what the account holds, and
// what goes wrong with it is made of its own answers.
type guestSeat struct {
	*seat
	account *account
	passed  bool                      // the pass before was seen to its end, so that the next call begins one
	midway  map[connector.Cursor]bool // positions within a pass: who begins there goes on with it
}

// newGuestSeat returns the connector of a guest as one process has it, with the features that it has.
func newGuestSeat(s *seat, a *account) connector.Connector {
	g := &guestSeat{seat: s, account: a, midway: map[connector.Cursor]bool{}}
	var f connector.Features
	if s.can.Lister != nil {
		f.Lister = g
	}
	if s.can.Reader != nil {
		f.Reader = g
	}
	if s.can.Finder != nil {
		f.Finder = g
	}
	if s.can.KeyFinder != nil {
		f.KeyFinder = g
	}
	if s.can.Upserter != nil {
		f.Upserter = g
	}
	if s.can.Identifier != nil {
		f.Identifier = g
	}
	return seated{g, f}
}

// relist is a position of the simulator's own in a guest's feed: from there on it tells everything again.
const relist = connector.Cursor("sim: everything again")

// Changes returns a page of the feed, with what goes wrong with it.
func (g *guestSeat) Changes(ctx context.Context, q connector.Query) (page connector.Page, err error) {
	err = g.call(ctx, "changes", func(f *Fault) (err error) {
		if g.expired(f, q.Since) || nowhere(q.Since) {
			return &connector.Error{App: g.w.name(g.index), Op: "changes", Err: connector.ErrCursorExpired}
		}
		if again := g.again; again != nil && again.Next == q.Since {
			g.again = nil
			page = *again
			return nil
		}
		g.again = nil
		g.w.asks[2*g.conn+g.side] = q.Fields
		asked := q
		if q.Since == relist {
			asked.Since = ""
		}
		if page, err = g.via.Changes(ctx, asked); err != nil {
			return err
		}
		switch {
		case g.passed && g.midway[q.Since]: // of what the pass named before nothing is known
			g.named = nil
		case asked.Since == "" || g.passed:
			g.named = map[string]bool{}
		}
		next := page.Next
		g.spoil(f, q, &page)
		if page.Next == behind && next != behind {
			page.Next = relist
		}
		g.passed, g.midway[page.Next] = !page.More, page.More
		g.mention(page.Named)
		g.tellPage(&page)
		return nil
	})
	return page, err
}

// Read reads records by id.
func (g *guestSeat) Read(ctx context.Context, ids, fields []string) ([]connector.ReadResult, error) {
	g.w.asks[2*g.conn+g.side] = fields
	return g.seat.Read(ctx, ids, fields)
}

// nowhere reports whether a cursor is one of those that lead in a circle.
func nowhere(c connector.Cursor) bool {
	return c == endless(&Fault{}, "") || c == endless(&Fault{}, "round")
}

// List returns a page of ids and versions, with what goes wrong with it.
func (g *guestSeat) List(ctx context.Context, since connector.Cursor) (connector.Listing, error) {
	if nowhere(since) {
		return connector.Listing{}, &connector.Error{App: g.w.name(g.index), Op: "list", Err: connector.ErrCursorExpired}
	}
	page, err := g.seat.List(ctx, since)
	g.mention(page.Items)
	return page, err
}

// mention notes records that are named: who is there need not be shown again to be known.
func (g *guestSeat) mention(items []connector.Item) {
	g.seat.mention(items)
	for _, item := range items {
		g.w.shown[2*g.conn+g.side][item.ID] = true
	}
}

// Apply carries out writes, with what goes wrong with them.
func (g *guestSeat) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	return g.apply(ctx, writes, g.via.Apply)
}

// Upsert creates records under external ids.
func (g *guestSeat) Upsert(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	return g.apply(ctx, writes, g.can.Upserter.Upsert)
}

// apply hands on what is not refused in one call, as the engine made it: what a connector does with batches is its own.
func (g *guestSeat) apply(ctx context.Context, writes []connector.Write, do func(context.Context, []connector.Write) ([]connector.Result, error)) (results []connector.Result, err error) {
	op := string(writes[0].Op)
	err = g.call(ctx, op, func(f *Fault) error {
		if cause := g.refuses(f, 0, writes[0]); cause != nil {
			results = append(results, connector.Result{Record: contact.Record{ID: writes[0].ID}, Err: cause})
		}
		rest := writes[len(results):]
		if f.is("partial") {
			rest = rest[:len(rest)/2]
		}
		if len(rest) > 0 {
			before := g.holds()
			done, err := do(ctx, rest)
			if err == nil && len(done) != len(rest) {
				err = fmt.Errorf("%d results for %d writes", len(done), len(rest))
				g.w.wrong("answer: %s answered %d writes with %d results", g.w.name(g.index), len(rest), len(done))
			}
			g.tell(rest, done, err, f == nil || !untold[f.Kind], before, g.holds())
			if err != nil {
				return err
			}
			results = append(results, done...)
		}
		switch {
		case f.is("partial"):
			g.w.fire(f.Family, f.Kind, op)
			return errors.New("the connection broke half-way")
		case f.is("short"):
			g.w.fire(f.Family, f.Kind, op)
			results = results[:len(results)-1]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// holds returns what the account holds, by id.
func (g *guestSeat) holds() map[string]contact.Record {
	all := map[string]contact.Record{}
	for _, r := range g.account.Records() {
		all[r.ID] = r
	}
	return all
}

// tell tells what a call changed in the account, and compares it with the answer.
func (g *guestSeat) tell(writes []connector.Write, results []connector.Result, failed error, told bool, before, after map[string]contact.Record) {
	explained := map[string]bool{}
	for i, w := range writes {
		if failed != nil || results[i].Err != nil {
			explained[w.ID] = explained[w.ID] || failed != nil
			continue
		}
		id := w.ID
		if w.Op == connector.Create {
			id = results[i].Record.ID
		}
		_, is := after[id]
		switch {
		case w.Op == connector.Create && !is:
			g.w.wrong("answer: %s answered a creation with the id %q, and the account has no such record", g.w.name(g.index), id)
		case w.Op == connector.Delete && is:
			g.w.wrong("answer: %s answered that %s is deleted, and the account has it still", g.w.name(g.index), id)
		case w.Op == connector.Update && !is:
			g.w.wrong("answer: %s answered an update of %s, and the account has no such record", g.w.name(g.index), id)
		case w.Op != connector.Delete:
			g.compare(w, results[i].Record, before[id], after[id])
		}
		explained[id] = true
		g.changed(id, told, before, after)
	}
	for _, id := range slices.Sorted(maps.Keys(before)) {
		if !explained[id] && g.changed(id, false, before, after) && failed == nil {
			g.w.wrong("answer: a call of %s (%s) changed %s as well, which it was not asked to", g.w.name(g.index), writes[0].Op, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(after)) {
		if _, was := before[id]; !was && !explained[id] {
			g.changed(id, false, before, after)
		}
	}
}

// changed tells what became of one record, if anything did, and reports whether.
func (g *guestSeat) changed(id string, told bool, before, after map[string]contact.Record) bool {
	was, there := before[id]
	now, is := after[id]
	e := oracle.Event{Kind: oracle.Wrote, App: g.index, Conn: connName(g.conn), Engine: g.engine.index, ID: id, Told: told}
	count := &g.account.writes
	switch {
	case !there && !is, there && is && was.Fields.Digest() == now.Fields.Digest():
		return false
	case !there:
		e.Op = string(connector.Create)
		count.Created++
	case !is:
		e.Op = string(connector.Delete)
		count.Deleted++
	default:
		e.Op = string(connector.Update)
		count.Updated++
	}
	if there {
		e.Before = g.w.whole(g.index, was.Fields)
	}
	if is {
		e.After = g.w.whole(g.index, now.Fields)
	}
	g.w.happens(e)
	g.wrote(e)
	g.w.saw(2*g.conn+g.side, id, e.After)
	return true
}

// compare looks whether the account holds what was written, as the answer says.
func (g *guestSeat) compare(w connector.Write, answer, was, now contact.Record) {
	for _, f := range g.w.schema(g.index) {
		asked, is := w.Patch[f.Name]
		before, held, told := plain(was.Get(f.Name)), plain(now.Get(f.Name)), answer.Fields[f.Name]
		switch {
		case !told.Absent() && !same(f, told, held):
			g.w.wrong("answer: %s answered that %s of %s is %s, and the account holds %s", g.w.name(g.index), f.Name, now.ID, plain(told), held)
		case is && told.Absent() && same(f, before, held) && !g.wanted(f, asked, before):
			g.w.wrong("answer: %s answered that %s is written, and %s of it is still %s", g.w.name(g.index), now.ID, f.Name, held)
		case !is && w.Op == connector.Update && !f.ReadOnly && !same(f, before, held):
			g.w.wrong("answer: %s changed %s of %s from %s to %s, which it was not asked to", g.w.name(g.index), f.Name, now.ID, before, held)
		}
	}
}

// wanted reports whether a change leaves a value as it is, as far as the account can hold what it asks for.
func (g *guestSeat) wanted(f contact.Field, c contact.Change, was contact.Value) bool {
	held, err := g.account.Hold(f.Name, c.Apply(was, f))
	return err != nil || same(f, held, was)
}

// plain returns a value of an account, of which nothing is unknown: empty where there is none.
func plain(v contact.Value) contact.Value {
	if v.Blank() {
		return contact.Empty
	}
	return v
}

// same reports whether two values of a field mean the same, two blank ones included.
func same(f contact.Field, x, y contact.Value) bool {
	if x.Blank() || y.Blank() {
		return x.Blank() && y.Blank()
	}
	return x.Equal(y) || f.Same(x, y, "")
}

// saw notes what an engine knows of a record: it was shown it, or wrote it.
func (w *world) saw(slot int, id string, fields contact.Fields) {
	if w.Guest == nil {
		return
	}
	if w.seen[slot] == nil {
		w.seen[slot] = map[string]contact.Fields{}
	}
	if w.seen[slot][id] == nil {
		w.seen[slot][id] = contact.Fields{}
	}
	maps.Copy(w.seen[slot][id], fields)
}

// checkTold looks whether the connectors of a guest have told all that their accounts hold.
func (w *world) checkTold() {
	status, err := w.readers[0].Status(w.ctx)
	if err != nil || w.failed || status.State == contactsync.StateHalted {
		return // who halts does not read on
	}
	for side, app := range w.apps {
		if _, ok := app.(*account); !ok {
			continue
		}
		there := map[string]bool{}
		for _, r := range app.Records() {
			there[r.ID] = true
			if !w.shown[side][r.ID] {
				w.wrong("told: %s has %s, and its connector never told of it", w.name(side), r.ID)
				continue
			}
			for _, f := range w.schema(side) {
				if !slices.Contains(w.asks[side], f.Name) {
					continue
				}
				if told := w.seen[side][r.ID][f.Name]; !told.Absent() && !same(f, told, r.Get(f.Name)) {
					w.wrong("told: %s of %s is %s in %s, and what its connector told last is %s", f.Name, r.ID, plain(r.Get(f.Name)), w.name(side), told)
				}
			}
		}
		for _, id := range slices.Sorted(maps.Keys(w.shown[side])) {
			if w.shown[side][id] && !there[id] {
				w.wrong("told: %s is gone from %s, and its connector never told of that", id, w.name(side))
			}
		}
	}
}
