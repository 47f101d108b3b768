package contactsync

import (
	"context"
	"maps"
	"slices"
	"time"
)

// The history is kept for a while, and at least that of the last run that wrote, with what it recovered.

// defaultHistory is how long the history is kept unless the host says otherwise.
const defaultHistory = 90 * 24 * time.Hour

// pruneAtOnce is how many rows of the history one transaction removes at most, and so one sync.
const pruneAtOnce = 4 * batchUnits

// WithHistory sets how long the history is kept: 90 days if it is not set, and at least that of the last sync that wrote.
func WithHistory(d time.Duration) Option { return func(o *options) { o.history = d } }

// Prune removes the history that is older than [WithHistory] says, and returns how many entries it removed. Every sync
// removes some at its end; Prune removes the rest at once. It fails with [ErrLeased] if a sync runs meanwhile.
func (s *Syncer) Prune(ctx context.Context) (int, error) {
	r, removed := s.newRun(), 0
	err := r.alone(ctx, func(ctx context.Context) error {
		for {
			n := 0
			err := r.update(ctx, func(tx Tx) (err error) {
				var life connectionRow
				if err := s.readConnection(tx, &life); err != nil {
					return err
				}
				n, err = prune(tx, &life, s.opts.clock.Now(), s.opts.history)
				return err
			})
			removed += n
			if err != nil || n == 0 {
				return err
			}
		}
	})
	return removed, err
}

// prune removes a portion of the history that is older than that, and returns how many rows it was. Of the runs that are kept
// whatever their age, those before and those behind are removed.
func prune(tx Tx, life *connectionRow, now time.Time, kept time.Duration) (removed int, err error) {
	for _, part := range []struct {
		behind string
		until  int64
	}{{"", life.Keep}, {runKey(life.Wrote), life.Runs}} {
		for n := 1; n > 0 && removed < pruneAtOnce; {
			if n, err = pruneRun(tx, part.behind, runKey(part.until), now, kept); err != nil {
				return 0, err
			}
			removed += n
		}
	}
	return removed, nil
}

// pruneRun removes the first run behind a key, and what is noted under it: all of that is from before the next run began.
// Of a large one it removes a portion. It returns 0 if there is none to remove.
func pruneRun(tx Tx, behind, until string, now time.Time, kept time.Duration) (int, error) {
	runs, err := tx.Scan(Scan{Table: TableRun, By: ByKey, After: &Row{Key: behind}, Limit: 2})
	if err != nil || len(runs) < 2 || runs[0].Key >= until {
		return 0, err
	}
	var next runRow
	if err := unmarshal(runs[1], &next); err != nil || now.Sub(next.Started) <= kept {
		return 0, err
	}
	rows, err := tx.Scan(Scan{Table: TableJournal, By: ByKey, Prefix: runs[0].Key + " ", Limit: pruneAtOnce, KeysOnly: true})
	if err != nil {
		return 0, err
	}
	keys := make([]string, len(rows))
	for i, row := range rows {
		keys[i] = row.Key
	}
	if err := tx.Delete(TableJournal, keys...); err != nil {
		return 0, err
	}
	if err := forgetFormer(tx, runs[0].Key, rows, now); err != nil {
		return 0, err
	}
	if len(rows) == pruneAtOnce { // it may have more
		return len(rows), halfPruned(tx, runs[0])
	}
	return len(rows) + 1, tx.Delete(TableRun, runs[0].Key)
}

// forgetFormer removes what is noted beside these entries of a run's history and is history as well: who their records were
// before that run, and what its writes replaced.
func forgetFormer(tx Tx, run string, entries []Row, now time.Time) error {
	var ids [2][]string
	var keys []string
	for _, e := range entries {
		for _, s := range Sides {
			if id := e.Index[s]; id != "" {
				ids[s] = append(ids[s], id)
				keys = append(keys, recordKey(ref{s, id}))
			}
		}
	}
	slices.Sort(keys)
	rows, err := tx.Get(TableMirror, slices.Compact(keys)...)
	if err != nil {
		return err
	}
	for _, row := range rows {
		m, err := readMirror(row)
		if err != nil {
			return err
		}
		shown := m.Wrote != nil && now.Sub(m.Wrote.At) >= flipWindow && len(m.Wrote.Before)+len(m.Wrote.Earlier) > 0
		if shown { // no app takes a day to show a write
			m.Wrote.Before, m.Wrote.Earlier = nil, nil
		}
		former := m.Was != nil && runKey(m.Was.Run) == run
		if former {
			for _, text := range m.Was.keys() {
				if err := unbear(tx, keyOf(lostKind, text).entry[m.side], m.ref()); err != nil {
					return err
				}
			}
			m.Was = nil
		}
		if !shown && !former {
			continue
		}
		row.Body = m.body()
		if err := tx.Put(row); err != nil {
			return err
		}
	}
	for _, s := range Sides {
		if err := forgetPast(tx, s, ids[s], now); err != nil {
			return err
		}
	}
	return nil
}

// forgetPast removes from the links of these records what writes to a field replaced more than a day ago: that tells nothing
// any more, and would stay until the field is written again.
func forgetPast(tx Tx, s Side, ids []string, now time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	rows, err := tx.Find(TableLink, int(s), slices.Compact(ids)...)
	if err != nil {
		return err
	}
	for _, row := range rows {
		l, err := parseLink(row)
		if err != nil {
			return err
		}
		had := len(l.Past)
		maps.DeleteFunc(l.Past, func(_ string, p *past) bool { return !p.Frozen && p.over(now) })
		if len(l.Past) == had {
			continue
		}
		if err := tx.Put(l.row()); err != nil {
			return err
		}
	}
	return nil
}

// over reports whether nothing of it is of the last day.
func (p *past) over(now time.Time) bool {
	return p.flips(now) == 0 && !slices.ContainsFunc(p.Had, func(v pastValue) bool { return now.Sub(v.At) < flipWindow })
}

// unbear takes a record out of a key row.
func unbear(tx Tx, entry string, at ref) error {
	rows, err := tx.Get(TableKey, entry)
	if err != nil || len(rows) == 0 {
		return err
	}
	left := slices.DeleteFunc(bearersOf(rows[0]), func(r ref) bool { return r == at })
	if len(left) == 0 {
		return tx.Delete(TableKey, entry)
	}
	return tx.Put(keyRow(entry, left))
}

// halfPruned notes that only a part of a run's history is left: nobody is to take that for the whole.
func halfPruned(tx Tx, row Row) error {
	var run runRow
	if err := unmarshal(row, &run); err != nil || run.Pruned {
		return err
	}
	run.Pruned = true
	row.Body = marshal(run)
	return tx.Put(row)
}

// earliestRun returns the lower of two runs, 0 being none.
func earliestRun(x, y int64) int64 {
	if x == 0 {
		return y
	}
	return min(x, y)
}

// keepFrom notes which runs' history is kept whatever its age: the last that wrote, and those back to the one whose
// writes it recovered.
func (row *connectionRow) keepFrom(number int64, run *runRow) {
	if run.Counts == [2]Counts{} {
		return
	}
	row.Wrote, row.Keep = number, number
	if run.Recovered > 0 {
		row.Keep = run.Recovered
	}
}
