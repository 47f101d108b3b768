package contactsync

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
