package oracle

import "sort"

// statuses are those that a record can have (docs/concepts.md).
var statuses = map[string]bool{"in_sync": true, "pending": true, "excluded": true, "duplicate": true, "conflict": true,
	"failed": true, "deleted_opposite": true}

// judgeCounts is I28 for a sync: what it says that it did is what it did. Writes whose answer did not arrive may be
// counted in this sync, in the next, or not at all.
func (o *Oracle) judgeCounts(c *conn, s *span) {
	unsure := map[*write]bool{} // of syncs before, recovered by this one perhaps
	for _, w := range c.writes {
		if w.span != s && (!w.told || w.span == nil || !w.span.ok) {
			unsure[w] = true
		}
	}
	for side := range s.counts {
		said := [3]int{s.counts[side].Created, s.counts[side].Updated, s.counts[side].Deleted}
		for i, op := range []string{"create", "update", "delete"} {
			least, most := countOf(s, Side(side), op, unsure)
			most += s.unanswered[side] // somebody was faster
			if op == "delete" {
				most += o.goneUnseen(c, Side(side)) // to delete who is gone already is done (F34)
			}
			if c.mayRecover(Side(side)) || s.sent[side] && o.faults > s.faults {
				most += said[i] // it may count what it takes for a write whose answer was lost
			}
			if s.ok && (said[i] < least || said[i] > most) {
				o.accuse("I28", "the sync of %s says that it did %s %d in %s, and it did %d to %d", c.id, op, said[i],
					o.appName(c.now().Apps[side]), least, most)
			}
		}
	}
}

// goneUnseen counts the records of a side that users deleted without the connection having been shown it.
func (o *Oracle) goneUnseen(c *conn, side Side) int {
	n := 0
	for _, r := range o.world.records[c.now().Apps[side]] {
		s := r.sights[c.id]
		if !r.alive && r.diedBy != c.id && (s != nil && s.gone < r.died.at || s == nil && r.by == c.id) {
			n++
		}
	}
	return n
}

// countOf returns between what and what the count of an operation may be: each record once, or each write.
func countOf(s *span, side Side, op string, unsure map[*write]bool) (least, most int) {
	certain, created := map[*record]bool{}, map[*record]bool{}
	for _, w := range s.writes {
		if w.side != side {
			continue
		}
		if w.op == "create" {
			created[w.rec] = true
		}
		if w.again != nil && op == "create" {
			most++
		}
		if w.op == op {
			most++
			if w.told && w.again == nil && !w.rec.reused && len(w.changedFields()) > 0 || w.told && op == "delete" {
				certain[w.rec] = true
			}
		}
	}
	for w := range unsure {
		if w.side == side && w.op == op {
			most++
		}
	}
	for r := range certain {
		if op != "update" || !created[r] {
			least++
		}
	}
	return least, most
}

// judgeStatement is I28 for what is said of the records: each has a status that exists, both halves of a pair have the
// same, only pairs are in sync, and only the unlinked are duplicates. The totals are the records that are listed.
func (o *Oracle) judgeStatement(c *conn, s *Statement) {
	for side := range s.Records {
		app := c.now().Apps[side]
		if s.Total[side] != len(s.Records[side]) {
			o.accuse("I28", "%s knows %d records in %s and tells of %d", c.id, s.Total[side], o.appName(app),
				len(s.Records[side]))
		}
		for _, id := range sortedIDs(s.Records[side]) {
			st := s.Records[side][id]
			r := o.world.find(app, id)
			if r == nil {
				o.accuse("I24", "%s tells of %s, which was never in %s", c.id, id, o.appName(app))
				continue
			}
			if r.id != id {
				continue
			}
			partner := c.links[r]
			switch {
			case !statuses[st.Status]:
				o.accuse("I28", "%s in %s has the status %q, which is none", id, o.appName(app), st.Status)
			case c.stale[r] != nil:
			case partner == nil && st.Status == "in_sync" && c.lastSyncDone():
				o.accuse("I28", "%s in %s is said to be in sync, and is linked with nobody", id, o.appName(app))
			case partner != nil && st.Status == "duplicate" && c.lastSyncDone():
				o.accuse("I28", "%s in %s is said to be a duplicate, and is linked", id, o.appName(app))
			case partner != nil && r.alive && partner.alive:
				if other, ok := s.Records[1-side][partner.id]; ok && other.Status != st.Status && c.lastSyncDone() {
					o.accuse("I28", "%s and %s are one pair, and %s and %s", id, partner.id, st.Status, other.Status)
				}
			}
		}
	}
}

// lastSyncDone reports whether the last sync ran to its end: the status of a pair is the work of a whole sync.
func (c *conn) lastSyncDone() bool {
	return len(c.syncs) > 0 && c.syncs[len(c.syncs)-1].ok && len(c.open) == 0
}

func sortedIDs(m map[string]RecordStatus) []string {
	ids := make([]string, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}
