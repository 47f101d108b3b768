package main

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// A Lead is a row of the host's table.
type Lead struct {
	ID        int64
	First     string
	Last      string
	Email     string // required
	Phone     string
	Company   string
	Tags      []string
	UpdatedAt time.Time
	Revision  int64 // the database's sequence number at the last change
	Deleted   bool  // deleted rows stay, so that who reads the changes learns of it

	// SyncMarker is what a connector was told to remember with a new row; "" for the leads that people entered.
	SyncMarker string
}

// What the host's own code checks.
var (
	ErrNoLead  = errors.New("there is no such lead")
	ErrStale   = errors.New("the lead was changed meanwhile")
	ErrNoEmail = errors.New("a lead needs an email address")
)

// A Database is the host's: a table of leads and one sequence that numbers all changes of it. In SQL the changes are
//
//	SELECT * FROM leads WHERE revision > $1 ORDER BY revision LIMIT $2
//
// where revision comes from a counter that is locked until the transaction commits. A plain sequence will not do:
// of two transactions the one with the higher number may commit first, and who reads between them never sees the other.
type Database struct {
	mu       sync.Mutex
	now      func() time.Time
	leads    map[int64]Lead
	sequence int64
}

// NewDatabase returns an empty database.
func NewDatabase(now func() time.Time) *Database {
	return &Database{now: now, leads: map[int64]Lead{}}
}

// Insert stores a new lead, and returns it with its id.
func (d *Database) Insert(lead Lead) (Lead, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	lead.ID = int64(len(d.leads)) + 1
	return d.save(lead)
}

// Update changes a lead with edit. revision is the one that the caller has seen, 0 for any.
func (d *Database) Update(id, revision int64, edit func(*Lead)) (Lead, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	lead, err := d.current(id, revision)
	if err != nil {
		return Lead{}, err
	}
	lead.Tags = slices.Clone(lead.Tags)
	edit(&lead)
	return d.save(lead)
}

// Delete deletes a lead. revision is the one that the caller has seen, 0 for any.
func (d *Database) Delete(id, revision int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	lead, err := d.current(id, revision)
	if err != nil {
		return err
	}
	lead.Deleted = true
	_, err = d.save(lead)
	return err
}

// Get returns a lead.
func (d *Database) Get(id int64) (Lead, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.current(id, 0)
}

// ByMarker returns the lead that was inserted with a marker.
func (d *Database) ByMarker(marker string) (Lead, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, lead := range d.leads {
		if lead.SyncMarker == marker && !lead.Deleted {
			return lead, nil
		}
	}
	return Lead{}, ErrNoLead
}

// ChangedAfter returns the leads whose last change is after revision, deleted ones included, in the order of their
// changes, limit at most; and the number of the last change of all.
func (d *Database) ChangedAfter(revision int64, limit int) (changed []Lead, last int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for lead := range maps.Values(d.leads) {
		if lead.Revision > revision {
			changed = append(changed, lead)
		}
	}
	slices.SortFunc(changed, func(l, m Lead) int { return cmp.Compare(l.Revision, m.Revision) })
	return changed[:min(limit, len(changed))], d.sequence
}

func (d *Database) current(id, revision int64) (Lead, error) {
	lead, ok := d.leads[id]
	switch {
	case !ok || lead.Deleted:
		return Lead{}, ErrNoLead
	case revision != 0 && revision != lead.Revision:
		return Lead{}, ErrStale
	}
	return lead, nil
}

func (d *Database) save(lead Lead) (Lead, error) {
	if lead.Email == "" {
		return Lead{}, ErrNoEmail
	}
	d.sequence++
	lead.Revision, lead.UpdatedAt = d.sequence, d.now()
	d.leads[lead.ID] = lead
	return lead, nil
}
