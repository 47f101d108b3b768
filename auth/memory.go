package auth

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// Memory is a [Store] that forgets everything when the program ends.
type Memory struct {
	mu   sync.Mutex
	rows map[memoryKey]Row
	last int64 // version that was given
}

type memoryKey struct {
	owner string
	kind  Kind
	id    string
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory { return &Memory{rows: map[memoryKey]Row{}} }

// Get implements Store.
func (m *Memory) Get(ctx context.Context, owner string, kind Kind, id string) (Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row, ok := m.rows[memoryKey{owner, kind, id}]
	if !ok {
		return Row{}, ErrNotFound
	}
	return row, ctx.Err()
}

// Put implements Store.
func (m *Memory) Put(ctx context.Context, row Row) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := memoryKey{row.Owner, row.Kind, row.ID}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if m.rows[key].Version != row.Version {
		return 0, ErrChanged
	}
	m.last++
	row.Version = m.last
	m.rows[key] = row
	return row.Version, nil
}

// List implements Store.
func (m *Memory) List(ctx context.Context, owner string, kind Kind) ([]Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rows []Row
	for key, row := range m.rows {
		if key.owner == owner && key.kind == kind {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(x, y Row) int { return cmp.Compare(x.ID, y.ID) })
	return rows, ctx.Err()
}

// Delete implements Store.
func (m *Memory) Delete(ctx context.Context, row Row) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := memoryKey{row.Owner, row.Kind, row.ID}
	if err := ctx.Err(); err != nil {
		return err
	}
	if stored, ok := m.rows[key]; !ok || stored.Version != row.Version {
		return ErrChanged
	}
	delete(m.rows, key)
	return nil
}
