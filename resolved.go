package contactsync

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/contactsync/contactsync/contact"
)

// resolved is what a connection was resolved to last. It holds as long as the apps say the same of themselves, and the
// connection has the same default mappings: what a sync resolves once need not be resolved in each.
type resolved struct {
	mu       sync.Mutex
	cfg      *config           // nil if the connection was never resolved
	defaults string            // as the store had them
	schemas  [2]contact.Schema // as they were: an app may change in place what it has given
}

// recall returns the configuration for one run, nil if what it depends on is not the same any more.
func (l *resolved) recall(schemas [2]*contact.Schema, defaults json.RawMessage) *config {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cfg == nil || l.defaults != string(defaults) || !sameSchema(&l.schemas[A], schemas[A]) || !sameSchema(&l.schemas[B], schemas[B]) {
		return nil
	}
	cfg := *l.cfg // a run may look at more fields
	return &cfg
}

// keep remembers a configuration.
func (l *resolved) keep(cfg *config, defaults json.RawMessage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := *cfg
	l.cfg, l.defaults = &kept, string(defaults)
	for _, s := range Sides {
		l.schemas[s] = cloneSchema(cfg.schema[s])
	}
}

func cloneSchema(s *contact.Schema) contact.Schema {
	c := *s
	c.Fields, c.FindBy, c.Unique = slices.Clone(s.Fields), slices.Clone(s.FindBy), slices.Clone(s.Unique)
	for i := range c.Fields {
		c.Fields[i].Options = slices.Clone(c.Fields[i].Options)
	}
	return c
}

// sameSchema reports whether an app says the same of itself.
func sameSchema(x, y *contact.Schema) bool {
	return slices.EqualFunc(x.Fields, y.Fields, sameField) && slices.Equal(x.FindBy, y.FindBy) && slices.Equal(x.Unique, y.Unique) &&
		x.Versions == y.Versions && x.Tombstones == y.Tombstones && x.Modified == y.Modified && x.Marker == y.Marker && x.Upsert == y.Upsert &&
		x.Unlistable == y.Unlistable && x.NoCreate == y.NoCreate && x.NoUpdate == y.NoUpdate && x.NoDelete == y.NoDelete && slices.Equal(x.Limits, y.Limits) &&
		x.Settle == y.Settle && x.Batch == y.Batch && x.Parallel == y.Parallel
}

func sameField(f, g contact.Field) bool {
	return f.Name == g.Name && f.Label == g.Label && f.Type == g.Type && f.Many == g.Many && f.Meaning == g.Meaning &&
		f.ReadOnly == g.ReadOnly && f.Required == g.Required && f.MaxLength == g.MaxLength && f.MaxEntries == g.MaxEntries &&
		slices.Equal(f.Options, g.Options) && f.Apart == g.Apart
}

// compile reads the schemas and resolves the connection against them. last is what the same connection was resolved to
// before, and remembers it.
func (s *Syncer) compile(ctx context.Context, c Connection, last *resolved) (*config, error) {
	missing := &faults{}
	schemas, err := s.schemas(ctx, c, missing)
	if err != nil {
		return nil, err
	}
	if len(missing.list) > 0 { // without both there is no saying whether the rest fits
		c.check(missing)
		return nil, &InvalidError{Connection: c.ID, Faults: missing.list}
	}
	defaults, err := s.activated(ctx, c)
	if err != nil {
		return nil, err
	}
	if cfg := last.recall(schemas, defaults); cfg != nil {
		return cfg, nil
	}
	whole, err := c.with(defaults, schemas)
	if err != nil {
		return nil, err
	}
	cfg, bad := compile(&whole, schemas)
	if len(bad) > 0 {
		return nil, &InvalidError{Connection: c.ID, Faults: bad}
	}
	cfg.call(s.names(c))
	if cfg.given, err = json.Marshal(c); err != nil {
		return nil, err
	}
	if cfg.digest, err = digestOf(cfg.Connection); err != nil {
		return nil, err
	}
	last.keep(cfg, defaults)
	return cfg, nil
}

// activated returns the default mappings that the connection had when it was first synced, as the store has them; nil if it
// was not, or has mappings of its own.
func (s *Syncer) activated(ctx context.Context, c Connection) (json.RawMessage, error) {
	if c.Mappings != nil {
		return nil, nil
	}
	var row connectionRow
	err := s.store.View(ctx, scopeOf(c), func(tx ReadTx) error { return s.life.read(tx, &row) })
	return row.Defaults, err
}

// with returns a connection that names no mappings with the default ones of its activation, as far as the apps have their
// fields still; with those of today if it never was activated. A field that an app gains later is never mapped by itself.
func (c Connection) with(activated json.RawMessage, schemas [2]*contact.Schema) (Connection, error) {
	if c.Mappings != nil {
		return c, nil
	}
	if activated == nil {
		c.Mappings = defaultMappings(schemas)
		return c, nil
	}
	if err := unmarshal(Row{Table: TableConnection, Body: activated}, &c.Mappings); err != nil {
		return c, err
	}
	c.Mappings = slices.DeleteFunc(c.Mappings, func(m Mapping) bool {
		return slices.ContainsFunc(m.A, func(text string) bool { return !hasField(schemas[A], text) }) ||
			slices.ContainsFunc(m.B, func(text string) bool { return !hasField(schemas[B], text) })
	})
	return c, nil
}

func hasField(schema *contact.Schema, selector string) bool {
	sel, err := contact.ParseSelector(selector)
	if err != nil {
		return false
	}
	_, ok := schema.Field(sel.Field)
	return ok
}
