package contactsync

import (
	"cmp"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// What a run did is read from its journal, the last of it first and a part at a time, with all that was written to the
// same records since: what is to be taken back is known of them then, and is read once.

// written is what a run did to one record, all its writes together, and what was done to it since.
type written struct {
	at              ref
	ids             [2]string // of the pair
	row             string    // key of the first write
	before, after   contact.Fields
	by              map[string]string // by field: the mapping for which it was written
	existed, exists bool              // before the run, and after it
	was             []byte            // the pair's row before, nil if the run has made it
	taken           bool              // it was taken back already
	part            bool              // it has become part of the record that is named

	// What followed, if only we wrote:
	version string         // after the last write
	shows   contact.Fields // what the writes made, of the fields that they wrote
	broken  bool           // somebody else has written in between
	since   int64          // a later run that wrote and was not taken back, 0 for none
	brought []string       // the fields that such runs wrote otherwise than for a rule's action
}

// op returns what the run did, all in all.
func (it *written) op() connector.Op {
	switch {
	case !it.existed && it.exists:
		return connector.Create
	case it.existed && it.exists:
		return connector.Update
	case it.existed:
		return connector.Delete
	}
	return "" // it came and went
}

// other returns the other half of the pair.
func (it *written) other() ref {
	other := it.at.side.Other()
	return ref{other, it.ids[other]}
}

// linkBefore returns the pair as it was before the run, nil if the run has made it.
func (it *written) linkBefore() *link {
	l := &link{}
	if it.was == nil || l.read(it.was) != nil {
		return nil
	}
	return l
}

// entry is one row of the journal with its key.
type entry struct {
	journalRow
	key           string
	before, after string // versions
}

func parseEntry(row Row) (e entry, err error) {
	e.key = row.Key
	e.before, e.after, _ = strings.Cut(row.Stamp, "\x00")
	e.journalRow, err = parseJournal(row)
	return e, err
}

// run returns the number of the run whose write it is.
func (e *entry) run() int64 { return runOf(e.key) }

// runOf returns the number of the run that a key of the journal, or of a link, belongs to; 0 of one that is no such key.
func runOf(key string) (n int64) {
	digits, _, _ := strings.Cut(key, " ")
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0
		}
		n = 10*n + int64(c-'0')
	}
	return n
}

// part is a part of what a run did, the last of it first.
type part struct {
	writes []*written // to the records that it names first
	over   []entry    // pairs of which another record took a half over
	before string     // where the next part begins
	more   bool
}

// readPart reads the part of a run's journal that comes before a key, "" for the last one.
func (r *run) readPart(of int64, before string) (p part, err error) {
	var firsts []entry
	var histories map[ref][]entry
	err = r.view(func(tx ReadTx) (err error) {
		var rows []Row
		if rows, p.before, p.more, err = stretch(tx, of, before, batchUnits); err != nil {
			return err
		}
		var ids [2][]string
		known := map[string]entry{}
		for _, row := range rows {
			e, err := parseEntry(row)
			if err != nil {
				return err
			}
			known[e.key] = e
			switch {
			case e.Op == opTakeOver:
				p.over = append(p.over, e)
			case e.wrote():
				firsts = append(firsts, e)
				ids[e.Side] = append(ids[e.Side], e.ID())
			}
		}
		histories, err = readHistories(tx, ids, known)
		return err
	})
	for _, e := range firsts {
		if it := gather(ref{e.Side, e.ID()}, histories, of, e.Part); it != nil && it.row == e.key {
			p.writes = append(p.writes, it)
		}
	}
	return p, err
}

// readHistories returns the rows of the journal about these records, by record, in their order. A row is found by both
// halves of its pair; those that are known are not parsed again.
func readHistories(tx ReadTx, ids [2][]string, known map[string]entry) (map[ref][]entry, error) {
	all := map[ref][]entry{}
	for _, s := range Sides {
		if len(ids[s]) == 0 {
			continue
		}
		rows, err := tx.Find(TableJournal, int(s), ids[s]...)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			e, ok := known[row.Key]
			if !ok {
				if e, err = parseEntry(row); err != nil {
					return nil, err
				}
				known[row.Key] = e
			}
			at := ref{s, e.IDs[s]}
			all[at] = append(all[at], e)
		}
	}
	for _, list := range all {
		slices.SortFunc(list, func(x, y entry) int { return cmp.Compare(x.key, y.key) })
	}
	return all, nil
}

// gather puts together what a run did to a record, or with part to those that have become part of it since; nil if it did
// nothing.
func gather(at ref, histories map[ref][]entry, of int64, part bool) *written {
	var it *written
	takenRuns := map[int64]bool{}
	ours := func(e *entry) bool { return e.wrote() && e.Side == at.side && e.Part == part }
	for _, e := range histories[at] {
		if ours(&e) && e.Back != "" {
			takenRuns[runOf(e.Back)] = true
		}
	}
	for _, e := range histories[at] {
		switch {
		case !ours(&e) || e.run() < of:
		case e.run() == of:
			if it == nil {
				it = &written{at: at, ids: e.IDs, row: e.key, part: part, before: contact.Fields{}, after: contact.Fields{}, shows: contact.Fields{}, by: map[string]string{},
					existed: e.Op != connector.Create, was: e.Was, taken: takenRuns[of]}
			}
			it.take(e)
		case it != nil:
			it.follow(e, takenRuns)
		}
	}
	return it
}

// take adds a write of the run.
func (it *written) take(e entry) {
	for name, v := range e.Before {
		if _, known := it.before[name]; !known {
			it.before[name] = v
		}
	}
	if it.exists = e.Op != connector.Delete; e.key == it.row {
		it.version = e.after
	} else {
		it.chain(e)
	}
	for name, v := range e.After {
		if _, known := it.before[name]; !known {
			it.before[name] = contact.Empty
		}
		it.after[name], it.shows[name] = v, v
		if id := e.whyOf(name).Mapping; id != "" {
			it.by[name] = id
		}
	}
}

// follow adds a write of a later run. One that was taken back leaves the record as it was, unless somebody else wrote
// in between.
func (it *written) follow(e entry, takenRuns map[int64]bool) {
	standing := e.Back == "" && !takenRuns[e.run()]
	if standing {
		it.since = e.run()
	}
	it.chain(e)
	for name, v := range e.After {
		it.shows[name] = v
		if standing && e.whyOf(name).Rule == "" && !slices.Contains(it.brought, name) {
			it.brought = append(it.brought, name)
		}
	}
}

// chain looks whether a write was made on what the one before it had left. Where one of the two versions is not known, as
// of a write that was recovered, none is from there on: then the content must tell, what the write replaced and in the end
// the whole record.
func (it *written) chain(e entry) {
	switch {
	case it.version == "" || e.before == "":
		it.version = ""
		for name, v := range e.Before {
			it.broken = it.broken || !v.Equal(it.shows[name]) && !(v.Blank() && it.shows[name].Blank())
		}
	case e.before != it.version:
		it.broken = true
	default:
		it.version = e.after
	}
}

// whyOf says why a field was written.
func (j *journalRow) whyOf(field string) Why {
	if why, ok := j.Why[field]; ok {
		return why
	}
	return j.Why[""]
}
