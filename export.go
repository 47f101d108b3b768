package contactsync

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/contactsync/contactsync/contact"
)

// A Dossier is all that a connection knows of a person.
type Dossier struct {
	Status  RecordStatus   `json:"status"`
	Records []KnownRecord  `json:"records"` // as they were last read; the connection reads the fields that it uses
	Rows    []DossierEntry `json:"rows"`    // every row of the store that is about the person, as it is there
}

// A KnownRecord is one record of a person, as it was last read.
type KnownRecord struct {
	Side   Side           `json:"side"`
	ID     string         `json:"id"`
	Gone   bool           `json:"gone,omitempty"` // its app has it no more
	Fields contact.Fields `json:"fields"`
}

// A DossierEntry is one row: what was read (mirror), what was settled (link), the history (journal), what is held or was
// decided (hold), what was sent and not answered (intent), what was delivered and not read (inbox).
type DossierEntry struct {
	Table Table           `json:"table"`
	Key   string          `json:"key"`
	Body  json.RawMessage `json:"body"`
}

// Export returns all that is known of a person: of a record, its partner, and the unlinked records that by their keys
// are the same person. It is what [Syncer.Forget] erases. It fails with [ErrNotKnown] if there is nothing.
func (s *Syncer) Export(ctx context.Context, side Side, id string) (*Dossier, error) {
	var out *Dossier
	err := s.look(ctx, func(tx ReadTx, life *connectionRow) error {
		p, err := findTraces(tx, ref{side, id}, &life.Legend)
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
		out = &Dossier{Records: []KnownRecord{}}
		for _, row := range p.rows {
			if row.Table == TableMirror {
				m, err := readMirror(row)
				if err != nil {
					return err
				}
				out.Records = append(out.Records, KnownRecord{m.side, m.id, !m.alive(), m.Fields})
			}
			out.Rows = append(out.Rows, DossierEntry{row.Table, row.Key, row.Body})
		}
		for _, row := range p.told {
			out.Rows = append(out.Rows, DossierEntry{row.Table, row.Key, row.Body})
		}
		for _, note := range p.sent {
			out.Rows = append(out.Rows, DossierEntry{TableIntent, note.key, note.body()})
		}
		return nil
	})
	if err == nil {
		out.Status, err = s.Record(ctx, side, id)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}
