package contactsync

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// ErrReconfigured says that another handle has changed the connection's configuration since this one was opened or
// configured, or since the version that a person saw. Nothing was written.
var ErrReconfigured = errors.New("the connection was configured otherwise meanwhile; look at the configuration that holds now, and configure again")

// ErrNoConnection says that the store holds no configuration of such a connection.
var ErrNoConnection = errors.New("the store has no configuration of this connection")

// Load returns the configuration of a connection that a store holds, as it was given, and its version. So a process that
// did not configure a connection can open and sync it; [WithVersion] then says which version it opens. It fails with
// [ErrNoConnection] if the connection was neither configured nor synced, and for one whose rules, transforms or
// resolvers are written in Go: those only their program knows.
func Load(ctx context.Context, store Store, owner, id string) (Connection, int64, error) {
	var row connectionRow
	scope := Scope{Owner: owner, Connection: id}
	err := store.View(ctx, scope, func(tx ReadTx) error { return getRow(tx, TableConnection, "", &row) })
	if err != nil {
		return Connection{}, 0, err
	}
	if row.Config == nil {
		return Connection{}, 0, fmt.Errorf("connection %q: %w", id, ErrNoConnection)
	}
	c, err := ParseConnection(row.Config)
	if err == nil && row.Resolver {
		err = errors.New("a resolver is written in Go")
	}
	if err != nil {
		return c, 0, fmt.Errorf("what is stored of connection %q is no document; open it with the configuration in the program that has it: %w", id, err)
	}
	return c, row.Version, nil
}

// resolves reports whether a policy of the connection has a resolver.
func (c *Connection) resolves() bool {
	return c.Conflict.Resolver != nil || slices.ContainsFunc(slices.Concat(c.Mappings, c.AddMappings), func(m Mapping) bool {
		return m.Conflict != nil && m.Conflict.Resolver != nil
	})
}

// Version returns the version of the configuration that this handle knows: 0 while none is stored.
func (s *Syncer) Version() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// Configure stores another configuration of the connection, which holds from the next sync on, in whatever process.
// version is the one that the person saw ([Syncer.Version], [Forecast]'s): if another configuration was stored since,
// it fails with [ErrReconfigured]. It fails with an [*InvalidError] if anything is wrong with c - only a draft that was
// never synced may be kept with its faults - and changes nothing then. [Syncer.Effects] says before what it would do.
func (s *Syncer) Configure(ctx context.Context, c Connection, version int64) error {
	if scopeOf(c) != scopeOf(s.document()) || c.ID == "" {
		return errors.New("configure: owner and id of a connection cannot be changed, and it needs an id")
	}
	if !s.opts.draft && (s.apps[A] == nil || s.apps[B] == nil) {
		return ErrReadOnly
	}
	last := &resolved{}
	cfg, err := s.compile(ctx, c, last)
	var invalid *InvalidError
	if err != nil && !(s.opts.draft && errors.As(err, &invalid)) {
		return err
	}
	config, err := json.Marshal(c)
	if err != nil {
		return err
	}
	stored := version
	err = s.byPerson(ctx, func(d *decision) error {
		row := &d.life
		switch {
		case row.Version != version:
			return ErrReconfigured
		case invalid != nil && row.Runs > 0:
			return invalid
		case string(row.Config) == string(config):
			stored = row.Version
			return nil
		}
		row.Config, row.Resolver = config, c.resolves()
		row.Version++
		if row.State == "" {
			row.State = StateDraft
		}
		stored = row.Version
		if err := d.Put(row.stored()); err != nil {
			return err
		}
		return d.note(DecidedConfigure, journalRow{}, "", fmt.Sprintf("version %d of the configuration", stored))
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doc, s.cfg, s.last, s.version = c, cfg, last, stored
	return nil
}

// Effects says what the next sync would do if c were the configuration: who enters, who leaves, what is filled in,
// changed, emptied and undone, created and deleted. It is computed as a sync would, from what was last read of the two
// apps; nothing is read from them but their schemas, and nothing is stored. What else waits for the next sync is in it. Of
// a field that was never read it knows nothing and names it in Unread; one that only actions write counts as empty.
// It fails with an [*InvalidError] if anything is wrong with c. [Syncer.Configure] takes its Version.
func (s *Syncer) Effects(ctx context.Context, c Connection) (*Forecast, error) {
	if scopeOf(c) != scopeOf(s.document()) {
		return nil, errors.New("effects: owner and id of a connection cannot be changed")
	}
	if !s.opts.draft && (s.apps[A] == nil || s.apps[B] == nil) {
		return nil, ErrReadOnly
	}
	cfg, err := s.compile(ctx, c, &resolved{})
	if err != nil {
		return nil, err
	}
	r := s.newRun()
	r.doc, r.cfg = c, cfg
	if err := r.readLife(); err != nil && !errors.Is(err, ErrPaused) {
		return nil, err
	}
	r.number, r.ahead = r.row.Runs+1, len(r.requests) > 0
	if err := r.rekeyForecast(); err != nil {
		return nil, err
	}
	r.assumed = r.unreadTargets()
	f := newForecaster(cfg)
	if err := r.planAll(ctx, r.reconfigured(), f.watch()); err != nil {
		return nil, err
	}
	return f.forecast(r), nil
}

// unreadTargets returns the unread fields that only actions write. Taking them for empty shows everybody whom an action
// may concern; of a field that a filter or a mapping looks at nothing is taken for granted.
func (r *run) unreadTargets() (out [2][]string) {
	unread := r.unread()
	for _, s := range Sides {
		for _, m := range r.cfg.members {
			for _, a := range m.actions {
				if m.from == s.Other() && slices.Contains(unread[s], a.Field) && !r.cfg.reads(s, a.Field) {
					out[s] = append(out[s], a.Field)
				}
			}
		}
	}
	return out
}

// reads reports whether a mapping or filter looks at a field.
func (cfg *config) reads(s Side, field string) bool {
	for _, m := range cfg.mappings {
		if slices.ContainsFunc(m.sel[s], func(sel contact.Selector) bool { return sel.Field == field }) {
			return true
		}
	}
	return slices.ContainsFunc(cfg.rules[s], func(r *rule) bool {
		f, ok := r.Rule.(FieldedRule)
		return !ok || slices.Contains(f.FieldNames(), field)
	})
}

// assume takes what nobody has read of a record for empty, where a forecast says so.
func (r *run) assume(m *mirror) {
	for _, name := range r.assumed[m.side] {
		if m.Fields != nil && m.Fields[name].Absent() {
			m.Fields[name] = contact.Empty
		}
	}
}

// rekeyForecast finds who bears which key, if the configuration matches by other keys than the store knows them by.
func (r *run) rekeyForecast() error {
	if r.row.Index == "" || r.row.Index == string(marshal(r.cfg.Match)) {
		return nil
	}
	r.bearers = map[string][]ref{}
	q := Scan{Table: TableMirror, By: ByKey, Limit: scanPage}
	for {
		var rows []Row
		err := r.view(func(tx ReadTx) (err error) {
			rows, err = tx.Scan(q)
			return err
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows { // in the order of ids, as the store's own
			m, err := parseMirror(row, r.cfg)
			if err != nil {
				return err
			}
			for _, k := range m.keys {
				if m.alive() {
					entry := k.entry[m.side]
					r.bearers[entry] = append(r.bearers[entry], m.ref())
				}
			}
		}
		q.After = &rows[len(rows)-1]
	}
}

// digestOf identifies a connection as it is resolved.
func digestOf(c *Connection) (string, error) {
	config, err := json.Marshal(c)
	sum := sha256.Sum256(config)
	return base64.RawURLEncoding.EncodeToString(sum[:18]), err
}
