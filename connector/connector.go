package connector

import (
	"context"

	"github.com/contactsync/contactsync/contact"
)

// A Connector reads and writes the records of one account of one app. It is safe for use by several goroutines.
// It does no retrying, limiting or batching of its own: the library does (see [Wrap]). Every method ends soon
// after its context does.
//
// Errors are the ones of this package where one fits ([ErrUnavailable], [ErrUnauthorized], ...), wrapped as one
// likes; a write that ends in any other error has an unknown outcome, and the sync looks before it writes again.
type Connector interface {
	// Schema describes the fields of the records and what the app can and cannot do with them.
	Schema(ctx context.Context) (contact.Schema, error)
	// Changes returns one page of what changed since q.Since, with q.Fields of each record. The zero cursor asks
	// for all. It fails with [ErrCursorExpired] if the app no longer knows the cursor, and with [ErrNoFeed] if
	// the app has no feed; then the connector is a [Lister] and a [Reader].
	Changes(ctx context.Context, q Query) (Page, error)
	// Apply carries out the writes, all of one operation (create, update or delete) and no more than the schema's
	// batch, and answers each of them, in order, with the record as the app now holds it. The error is for a call
	// that failed as a whole; what befell a single record is in its Result.
	Apply(ctx context.Context, writes []Write) ([]Result, error)
}

// A Cursor is a position in an app's feed: opaque, at most 8 KiB, and good only with the field list it was got
// with. The zero Cursor is the beginning.
type Cursor string

// A Query asks for one page of changes.
type Query struct {
	// Since is the cursor that the page before ended with; "" asks for everything that there is.
	Since Cursor
	// Fields names the fields that are wanted. A record of the page tells no others, and tells all of these unless
	// it cannot; a field that it cannot tell is absent, not empty.
	Fields []string
}

// A Page is one page of a feed. Feeds may repeat records and pages; of one record, the last one counts.
type Page struct {
	Records []contact.Record // new and changed records
	// Named are new and changed records of which the feed tells id and version alone. The caller reads those that it does
	// not have in this version, and the connector is a [Reader].
	Named   []Item
	Deleted []string // ids of records that are gone
	Rekeyed []Rekey  // records that have another id now; their content is in Records or unchanged
	Unread  []Unread // records that exist and could not be read
	Next    Cursor   // where the next page begins, or the next sync if there is no more
	More    bool     // there is another page
	// Complete is set on the last page of a pass from the zero cursor if the pass named every record that the app
	// has: only then is a record that was not named known to be gone. Nothing is created in an app before a first pass
	// was complete, unless the schema says that there never can be one: until then each sync asks for all again.
	Complete bool
}

// Rekey says that the app gave a record another id: a move, or a merge if a record with the new id existed before.
type Rekey struct{ Old, New string }

// Unread is a record that exists and could not be read, such as half a card. It counts as present, and what was
// known of it stays.
type Unread struct {
	ID  string
	Err error // why, with the place (file, line)
}

// Op is what a write does.
type Op string

// The operations.
const (
	Create Op = "create"
	Update Op = "update"
	Delete Op = "delete"
)

// A Write is one change to carry out in an app.
type Write struct {
	Op Op
	ID string // of the record to update or delete
	// Version is the one that the write was decided on. If the app can, it refuses the write with
	// [ErrVersionConflict] if the record has another by now. "" means unconditional.
	Version string
	// Patch names what changes. Of a create it holds all fields, each as Change.Set.
	Patch contact.Patch
	// Marker is unique to a create, a random UUID. An app that can stores it with the record, so that [Finder] finds it
	// again; to an [Upserter] it is the external id.
	Marker string
}

// A Result is what became of one write.
type Result struct {
	// Record is the record as the app now holds it, with as many fields as the answer tells; of a delete it is
	// not looked at.
	Record contact.Record
	// Wrote is the version that this write made, if Record was read later and may show another one's edit.
	// "" means that Record is the answer of the write itself.
	Wrote string
	// Found is of an [Upserter]: the app had the record already under the write's external id, or made it part of one
	// that it had.
	Found bool
	// Err is nil if the write was carried out.
	Err error
}

// Lister is a connector that names all ids with their versions, a page at a time. An app without a feed has it,
// and [Reader].
type Lister interface {
	// List returns one page of ids and versions, in any order; since is the cursor that the page before ended with, ""
	// on the first.
	List(ctx context.Context, since Cursor) (Listing, error)
}

// KnownLister is a [Lister] that lists cheaper when it may ask what the caller knows, such as one over files: a file
// that still looks as its version says need not be opened to see which record it holds.
type KnownLister interface {
	// ListKnown is List; known returns the version under which the caller has the record of an id, "" if it has
	// none. It is called by one goroutine at a time, for ids in any order, and not after ListKnown has returned.
	ListKnown(ctx context.Context, since Cursor, known func(id string) string) (Listing, error)
}

// A Listing is one page of ids and versions.
type Listing struct {
	Items    []Item
	Unread   []Unread // records that exist and whose version cannot be told
	Next     Cursor
	More     bool
	Complete bool // on the last page: every record that the app has was named
}

// An Item is a record's id and version.
type Item struct{ ID, Version string }

// Reader is a connector that reads records by id.
type Reader interface {
	// Read returns one result for each id, in order, with the named fields. A record that does not exist has the
	// error [ErrNotFound]; the error of the call itself is for a call that failed as a whole.
	Read(ctx context.Context, ids []string, fields []string) ([]ReadResult, error)
}

// A ReadResult is a record that was read by id, or why it was not.
type ReadResult struct {
	Record contact.Record
	Err    error
}

// Finder is a connector that finds a record by the marker of the write that created it.
type Finder interface {
	// Find returns the record that bears the marker, or [ErrNotFound]. It sees what was written before it was called: an
	// index that lags will not do.
	Find(ctx context.Context, marker string, fields []string) (contact.Record, error)
}

// Identifier is a connector that can name the account it is connected with, so that a sync notices when it is
// another one than last time.
type Identifier interface {
	// Identity returns a stable name of the account. It is not shown and not logged.
	Identity(ctx context.Context) (string, error)
}

// Checker is a connector that can tell whether its credentials still work.
type Checker interface {
	// Check returns nil if the account can be read and written, else an error that says what to do.
	Check(ctx context.Context) error
}

// Features are the optional capabilities of a connector, found once. A wrapper passes them on; a nil one is not
// there.
type Features struct {
	Lister      Lister
	KnownLister KnownLister
	Reader      Reader
	Finder      Finder
	KeyFinder   KeyFinder
	Upserter    Upserter
	Receiver    Receiver
	Identifier  Identifier
	Checker     Checker
	KindLister  KindLister
}

// Featured is a wrapper that knows the features of what it wraps.
type Featured interface{ Features() Features }

// FeaturesOf returns the optional capabilities of c.
func FeaturesOf(c Connector) Features {
	if w, ok := c.(Featured); ok {
		return w.Features()
	}
	var f Features
	f.Lister, _ = c.(Lister)
	f.KnownLister, _ = c.(KnownLister)
	f.Reader, _ = c.(Reader)
	f.Finder, _ = c.(Finder)
	f.KeyFinder, _ = c.(KeyFinder)
	f.Upserter, _ = c.(Upserter)
	f.Receiver, _ = c.(Receiver)
	f.Identifier, _ = c.(Identifier)
	f.Checker, _ = c.(Checker)
	f.KindLister, _ = c.(KindLister)
	return f
}
