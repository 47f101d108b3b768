package contactsync

import (
	"context"
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
				n, err = prune(tx, &life, s.opts.clock.Now().Add(-s.opts.history))
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

// prune removes a portion of the history from before a time, and returns how many rows it was. Of the runs that are kept
// whatever their age, those before and those behind are removed.
func prune(tx Tx, life *connectionRow, before time.Time) (removed int, err error) {
	for _, part := range []struct {
		behind string
		until  int64
	}{{"", life.Keep}, {runKey(life.Wrote), life.Runs}} {
		for n := 1; n > 0 && removed < pruneAtOnce; {
			if n, err = pruneRun(tx, part.behind, runKey(part.until), before); err != nil {
				return 0, err
			}
			removed += n
		}
	}
	return removed, nil
}

// pruneRun removes the first run behind a key, and what is noted under it: all of that is from before the next run began.
// Of a large one it removes a portion. It returns 0 if there is none to remove.
func pruneRun(tx Tx, behind, until string, before time.Time) (int, error) {
	runs, err := tx.Scan(Scan{Table: TableRun, By: ByKey, After: &Row{Key: behind}, Limit: 2})
	if err != nil || len(runs) < 2 || runs[0].Key >= until {
		return 0, err
	}
	var next runRow
	if err := unmarshal(runs[1], &next); err != nil || !next.Started.Before(before) {
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
	if len(rows) == pruneAtOnce { // it may have more
		return len(rows), halfPruned(tx, runs[0])
	}
	return len(rows) + 1, tx.Delete(TableRun, runs[0].Key)
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
