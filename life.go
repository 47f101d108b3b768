package contactsync

import (
	"bytes"
	"context"
	"slices"
	"sync"
)

// begin reads the connection's life, and notes that a sync runs.
func (r *run) begin(ctx context.Context) error {
	if err := r.readLife(); err != nil {
		return err
	}
	return r.enter(ctx)
}

// enter notes that a run begins.
func (r *run) enter(ctx context.Context) error {
	if err := r.countLast(); err != nil {
		return err
	}
	r.row.Runs++
	r.number = r.row.Runs
	r.report.Started, r.report.Shadow = r.opts.clock.Now(), r.cfg.Shadow
	r.row.Legend = r.cfg.legend()
	if err := r.reindex(ctx); err != nil {
		return err
	}
	if err := r.reconfigure(ctx); err != nil {
		return err
	}
	if err := r.update(ctx, r.saveLife); err != nil {
		return err
	}
	r.stores = false
	r.setSeen(r.row.Version) // not before it is stored: another handle may get there first
	return nil
}

// countLast counts what the run before this one did, if it died before it could.
func (r *run) countLast() error {
	var last runRow
	err := r.view(func(tx ReadTx) error { return getRow(tx, TableRun, runKey(r.row.Runs), &last) })
	if err == nil && r.row.Runs > 0 && last.Ended.IsZero() {
		r.row.take(r.row.Runs, &last)
	}
	return err
}

// take adds what a run did to the totals, and to what the guards count.
func (row *connectionRow) take(number int64, run *runRow) {
	row.keepFrom(number, run)
	for _, s := range Sides {
		row.Totals[s].add(run.Counts[s])
	}
	if run.Deletes+run.Clears > 0 {
		row.Removed = append(row.Removed, removedRow{run.Started, run.Deletes, run.Clears})
	}
}

// indexedBy says by what records are found.
func (cfg *config) indexedBy() string {
	index := string(marshal(cfg.Match))
	if cfg.scorer != nil {
		index += " " + cfg.scorer.String()
	}
	return index
}

// reindex has every record found by the match keys of the configuration, if it was by others.
func (r *run) reindex(ctx context.Context) error {
	index := r.cfg.indexedBy()
	if r.row.Index == index {
		return nil
	}
	if r.row.Index != "" {
		if err := r.touchAll(ctx, true); err != nil {
			return err
		}
	}
	r.row.Index = index
	return r.update(ctx, func(tx Tx) error {
		var row connectionRow
		if err := getRow(tx, TableConnection, "", &row); err != nil {
			return err
		}
		row.Index = index
		return tx.Put(row.stored())
	})
}

// readLife reads what the store knows of the connection as a whole.
func (r *run) readLife() error {
	err := r.view(func(tx ReadTx) error {
		if err := r.readConnection(tx, &r.row); err != nil {
			return err
		}
		for _, s := range Sides {
			if err := getRow(tx, TableSide, s.String(), &r.side[s]); err != nil {
				return err
			}
			known, err := tx.Scan(Scan{Table: TableMirror, By: ByKey, Prefix: s.String(), KeysOnly: true, Limit: 1})
			if err != nil {
				return err
			}
			r.firstRead[s] = len(known) == 0
		}
		if err := r.readForgotten(tx); err != nil {
			return err
		}
		return r.readHolds(tx)
	})
	if err == nil && r.row.State == StatePaused {
		return ErrPaused
	}
	return err
}

// saveLife writes the connection's life: it is active from its first sync on. What a person changed meanwhile, as a
// pause or a configuration, stands; a new configuration holds from the next sync on.
func (r *run) saveLife(tx Tx) error {
	rows, err := tx.Get(TableConnection, "")
	if err != nil {
		return err
	}
	now := r.saved.row
	if len(rows) == 0 || !bytes.Equal(rows[0].Body, r.saved.body) {
		now = connectionRow{}
		if err := getRow(tx, TableConnection, "", &now); err != nil {
			return err
		}
	}
	row := r.row
	row.State = now.State
	if row.State == "" || row.State == StateDraft {
		row.State = StateActive
	}
	switch {
	case r.stores && now.Version >= row.Version:
		return ErrReconfigured // it was configured since it was looked at
	case now.Version > row.Version:
		row.Config, row.Resolver, row.Version = now.Config, now.Resolver, now.Version
	}
	stored := row.stored()
	r.saved = savedLife{stored.Body, row}
	return tx.Put(stored, r.running())
}

// savedLife is the connection's row as the run has written it last: while the store has the same, it need not be read.
type savedLife struct {
	body []byte
	row  connectionRow
}

// lastLife is the connection's row as a handle read it last. It is looked at by every call and changed by few.
type lastLife struct {
	mu   sync.Mutex
	body []byte
	row  connectionRow
}

// read reads the connection's row, and leaves into alone if there is none.
func (l *lastLife) read(tx ReadTx, into *connectionRow) error {
	rows, err := tx.Get(TableConnection, "")
	if err != nil || len(rows) == 0 {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.body == nil || !bytes.Equal(rows[0].Body, l.body) {
		var row connectionRow
		if err := unmarshal(rows[0], &row); err != nil {
			return err
		}
		l.body, l.row = rows[0].Body, row
	}
	*into = l.row
	into.Waiting, into.Unauthorized, into.Removed = slices.Clone(l.row.Waiting), slices.Clone(l.row.Unauthorized), slices.Clone(l.row.Removed)
	return nil
}

// reconfigure makes the handle's configuration the one that holds, unless a newer one does. What a change touches is
// looked at again: every pair and every record that waits.
func (r *run) reconfigure(ctx context.Context) error {
	if r.outdated() {
		return ErrReconfigured
	}
	if string(r.cfg.given) != string(r.row.Config) {
		r.row.Config, r.row.Resolver = r.cfg.given, r.doc.resolves()
		r.row.Version++
		r.stores = true
	}
	if r.row.Defaults == nil && r.doc.Mappings == nil && len(r.cfg.Connection.Mappings) > 0 {
		r.row.Defaults = marshal(r.cfg.Connection.Mappings)
	}
	if r.row.Worked == r.cfg.digest {
		return nil
	}
	first := r.row.Worked == ""
	r.row.Worked = r.cfg.digest
	if first {
		return nil
	}
	return r.touchAll(ctx, false)
}

// outdated reports whether the store has another configuration than the handle, and one that the handle does not know.
func (r *run) outdated() bool {
	return r.row.Version > r.seen && string(r.cfg.given) != string(r.row.Config)
}

// reconfigured reports whether the configuration is another one than the last sync worked with.
func (r *run) reconfigured() bool { return r.row.Worked != "" && r.row.Worked != r.cfg.digest }

// touchAll makes every live record due, a batch at a time; with rekey it is also found by its keys anew.
func (r *run) touchAll(ctx context.Context, rekey bool) error {
	if rekey {
		if err := r.dropKeys(ctx); err != nil {
			return err
		}
	}
	var last *Row
	for {
		var rows []Row
		err := r.view(func(tx ReadTx) (err error) {
			rows, err = tx.Scan(Scan{Table: TableMirror, By: ByKey, After: last, Limit: batchUnits})
			return err
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		last = &rows[len(rows)-1]
		if err := r.touchRows(ctx, rows, rekey); err != nil {
			return err
		}
	}
}

// touchRows makes these records due, and with rekey has them found by their keys.
func (r *run) touchRows(ctx context.Context, rows []Row, rekey bool) error {
	b := r.newBook()
	var entries []string
	for _, row := range rows {
		m, err := parseMirror(row, r.cfg)
		if err != nil {
			return err
		}
		m.due = dueNow
		b.mirrors[m.ref()] = m
		b.dirtyMirrors[m.ref()] = true
		for _, k := range r.cfg.index(m) {
			entries = append(entries, k.entry[m.side])
		}
	}
	if rekey {
		b.findBearers(entries)
		for _, at := range sortedRefs(b.dirtyMirrors) {
			m := b.mirrors[at]
			for _, k := range r.cfg.index(m) {
				b.setKey(at, k, m.alive())
			}
		}
	}
	return b.commit(ctx)
}

// dropKeys forgets how records are found, and who is like whom: the connection's keys mean something else now.
func (r *run) dropKeys(ctx context.Context) error {
	for _, all := range []Scan{
		{Table: TableKey, By: ByKey},
		{Table: TableHold, By: ByKey, Prefix: proposalPrefix + holdSuggestion},
	} {
		all.Limit, all.KeysOnly = 10*batchUnits, true
		if err := r.dropRows(ctx, all); err != nil {
			return err
		}
	}
	return nil
}

// dropRows deletes all rows of a scan, as many at a time as its limit says.
func (r *run) dropRows(ctx context.Context, all Scan) error {
	for {
		n := 0
		err := r.update(ctx, func(tx Tx) error {
			rows, err := tx.Scan(all)
			if err != nil {
				return err
			}
			keys := make([]string, len(rows))
			for i, row := range rows {
				keys[i] = row.Key
			}
			n = len(keys)
			return tx.Delete(all.Table, keys...)
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
