package contactsync

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Store keeps what a sync knows between its runs. It is safe for use by several goroutines and, if its
// database is, by several processes. storetest.Run checks every promise made here.
//
// A store keeps rows and does not look into them: a row belongs to a [Scope] and a [Table], has a key, index
// entries by which it is found, a stamp that can be read without the body, and a body. What rows hold is the
// library's business. No call sees rows of another scope.
type Store interface {
	// Acquire takes the lease of a connection for ttl, counted from now (the caller's clock). The new lease has a
	// higher number than every one before it. It fails with a [*LeasedError] if another holder's lease has not lapsed
	// at now; the same holder gets a new one.
	Acquire(ctx context.Context, scope Scope, holder string, now time.Time, ttl time.Duration) (Lease, error)
	// Renew makes the lease last until now + ttl. It fails with [ErrFenced] if a newer one was acquired or this
	// one was released.
	Renew(ctx context.Context, lease Lease, now time.Time, ttl time.Duration) error
	// Release gives the lease back. It does nothing if it is no longer the newest.
	Release(ctx context.Context, lease Lease) error
	// Update runs fn in one transaction and commits it if fn returns nil; otherwise nothing is changed. It fails
	// with [ErrFenced], and commits nothing, if lease is no longer the newest of its connection or was released. A
	// lease of number 0 stands for a person's decision, which needs none and is not fenced.
	// Transactions of one scope run one after the other; fn may run again if the database asks for it. fn does
	// not call the store.
	Update(ctx context.Context, lease Lease, fn func(Tx) error) error
	// View runs fn on one consistent state.
	View(ctx context.Context, scope Scope, fn func(ReadTx) error) error
	// Scopes returns the scopes of an owner that have rows, sorted by connection.
	Scopes(ctx context.Context, owner string) ([]Scope, error)
}

// A Scrubber is a [Store] in whose database deleted rows stay legible until it needs the space. [Syncer.Forget] and
// [Syncer.Delete] call Scrub once they have deleted rows; it returns when nothing of what was deleted before is legible.
// A wrapper of a store passes it on.
type Scrubber interface {
	Scrub(ctx context.Context) error
}

// scrub has the store overwrite what was deleted, where it can and need be.
func (s *Syncer) scrub(ctx context.Context) error {
	store, ok := s.store.(Scrubber)
	if !ok {
		return nil
	}
	if err := store.Scrub(ctx); err != nil {
		return fmt.Errorf("the rows are deleted, but may still be legible in the database's files; see to it that nobody holds these open for long, then call Scrub of the store, or forget or delete anything else: %w", err)
	}
	return nil
}

// A Queue is a [Store] that also keeps when each of its connections is to be synced next, for a [Fleet]. A wrapper of a store
// passes it on.
//
// An entry names a connection and is no row of it: it holds no contact data, and does not count for Scopes. So it is found
// among those of all owners, and no row is.
type Queue interface {
	// Due runs fn on the entry that is due first: the one with the earliest At that is not after now. What fn makes of it is
	// committed if fn returns nil. It passes over entries that another call has at this moment, and waits for none: no two
	// calls have the same entry at the same time, in whatever processes. It reports whether there was one for fn.
	Due(ctx context.Context, now time.Time, fn func(*Entry) error) (bool, error)
	// Entry runs fn on the entry of one connection, likewise, and waits for a call that has it. A connection that has none
	// comes with the zero At, and gets one if fn sets it.
	Entry(ctx context.Context, scope Scope, fn func(*Entry) error) error
}

// An Entry says when a connection is to be synced next. The function that a [Queue] runs on it changes At and Body; it may
// run again if the database asks for it, and does not call the store.
type Entry struct {
	Scope  Scope
	At     time.Time // from when on it is due, kept to the nanosecond; zero: there is no entry, or it is removed
	Body   []byte    // the library's, some hundred bytes; an empty one is read back as nil
	Leased time.Time // until when an engine has leased the connection; zero if none has. The store sets it, and keeps no change
}

// A Scope is one connection of one owner. Every row belongs to one.
type Scope struct{ Owner, Connection string }

// A Lease is the right to work on a connection. Its number grows with every lease of the connection and fences
// off holders that were overtaken.
type Lease struct {
	Scope  Scope
	Holder string
	Number int64
}

// A Table is one kind of row.
type Table string

// The tables, with the key and the index entries of their rows.
const (
	TableConnection Table = "connection" // configuration and life, one row; key ""
	TableSide       Table = "side"       // feed position of one app; key: side
	TableMirror     Table = "mirror"     // what was read of one record; key: side, id; index 0: when due, 1: status
	TableKey        Table = "key"        // who bears a match key, or a block of the scorer; key: side, digest of it; stamp: their ids; index 0: that it is too common
	TableLink       Table = "link"       // a pair; index 0: a's id, 1: b's id (both unique: Put refuses a second row), 2: status
	TableIntent     Table = "intent"     // a batch that was sent and not answered; key: run, number
	TableHold       Table = "hold"       // what waits for a person, was decided by one, or is proposed to one; of a proposal index 0: a's id, 1: b's id, 2: order
	TableRun        Table = "run"        // one sync; key: run
	TableJournal    Table = "journal"    // one write; key: run, number; index 0: a's id, 1: b's id
	TableInbox      Table = "inbox"      // a delivery that no sync has taken yet; key: side, number; index 0: side, name of the delivery
)

// Tables lists all tables.
var Tables = []Table{TableConnection, TableSide, TableMirror, TableKey, TableLink, TableIntent, TableHold, TableRun, TableJournal, TableInbox}

// Indexes is how many index entries a row has at most.
const Indexes = 3

// A Row is one row of a table. Key and index entries are any text without the byte 0xFF, which Put refuses; they
// are compared and sorted byte by byte.
type Row struct {
	Table Table
	Key   string          // unique in its table and scope
	Index [Indexes]string // entries of the table's indexes; "" means that the row is not in that index
	Stamp string          // a small text that Scan and Find return without the body
	Body  []byte          // JSON; nil for rows that are all key (an empty one is read back as nil)
}

// ReadTx reads rows of one scope. The rows that it returns are the caller's to keep.
type ReadTx interface {
	// Get returns the rows with these keys, in the order of keys; a key without a row is left out.
	Get(table Table, keys ...string) ([]Row, error)
	// Find returns the rows whose index entry equals one of values, sorted by value and key, with bodies.
	Find(table Table, index int, values ...string) ([]Row, error)
	// Scan returns rows in the order of what q names.
	Scan(q Scan) ([]Row, error)
	// Count returns how many rows Scan would return without a limit.
	Count(q Scan) (int, error)
}

// A Scan asks for the rows of a table in the order of their keys, or of one of their index entries (and of the
// key among equal ones).
type Scan struct {
	Table Table
	// By is the order: ByKey, or an index, whose rows without entry are left out.
	By int
	// Prefix is what the key or entry begins with; "" means all.
	Prefix string
	// After continues behind a row that an earlier Scan ended with: its key, and its entry if By is an index. nil
	// begins at the start.
	After *Row
	// Until leaves out rows whose key or entry is not less than it; "" means no bound.
	Until string
	// Limit is how many rows are returned at most; 0 means all.
	Limit int
	// KeysOnly leaves out the bodies.
	KeysOnly bool
}

// ByKey orders a Scan by key.
const ByKey = -1

// Tx reads and changes rows of one scope; it sees its own changes. A transaction in which Put or Delete failed is
// never committed, even if its function goes on and returns nil: Update then returns the first such error.
type Tx interface {
	ReadTx
	// Put inserts the rows, or replaces those with the same table and key. The rows of one Put may exchange their
	// unique entries. The store copies what it keeps.
	Put(rows ...Row) error
	// Delete removes the rows with these keys; a key without a row is nothing.
	Delete(table Table, keys ...string) error
}

// What a store refuses.
var (
	// ErrLeased says that another engine works on the connection. It ends by itself; try again later.
	ErrLeased = errors.New("another engine is working on this connection")
	// ErrFenced says that another engine has taken the connection over; nothing was committed.
	ErrFenced = errors.New("another engine has taken this connection over")
)

// A LeasedError is an [ErrLeased] that says until when: by the clock of the engine that has the lease. Who waits compares it
// with what it was before, and not with a clock of its own.
type LeasedError struct{ Until time.Time }

// Error says what ErrLeased says.
func (*LeasedError) Error() string { return ErrLeased.Error() }

// Unwrap returns ErrLeased.
func (*LeasedError) Unwrap() error { return ErrLeased }
