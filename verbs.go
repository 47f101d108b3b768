package contactsync

import (
	"context"
	"encoding/json"
	"errors"
)

// Configure replaces the connection's configuration from the next sync on. It fails with an [*InvalidError] if
// there is anything wrong with it, and changes nothing then.
func (s *Syncer) Configure(ctx context.Context, c Connection) error {
	if scopeOf(c) != scopeOf(s.document()) {
		return errors.New("configure: owner and id of a connection cannot be changed")
	}
	if s.apps[A] == nil || s.apps[B] == nil {
		return ErrReadOnly
	}
	cfg, err := s.compile(ctx, c)
	if err != nil {
		return err
	}
	version, err := s.storedVersion(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doc, s.cfg, s.version = c, cfg, version
	return nil
}

// Connection returns the connection as it is resolved against its two apps: where the document names no mappings of
// its own, Mappings holds the defaults that were found. Of a handle that only reads, it is the document.
func (s *Syncer) Connection() Connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg == nil {
		return s.doc
	}
	return *s.cfg.Connection
}

// configChanged reports whether the configuration is another one than the last sync worked with.
func (r *run) configChanged() bool {
	config, err := json.Marshal(r.cfg.Connection)
	return err != nil || r.row.Config != nil && string(config) != string(r.row.Config)
}
