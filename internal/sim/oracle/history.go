package oracle

import (
	"time"

	"github.com/contactsync/contactsync/contact"
)

// Setup is the world of a history before anything happens, in the words of the guides: what each app is like, and what
// each connection was asked to do.
type Setup struct {
	Apps        []App
	Connections []Connection
	// Behind is how far the slowest clock of an engine is behind the right time. A time that is yet to come by that clock is
	// nobody's, so that an edit counts as that much older.
	Behind time.Duration
}

// App is what is known of an app by its guide.
type App struct {
	Name   string
	Fields []Field
	// Versions: each record bears a version that changes with it, and a conditional write is possible.
	Versions bool
	// Modified: each record bears the time of its last change, by a clock that is right. An app whose clock is wrong is
	// told here as one that bears none: nobody can promise who is newest.
	Modified bool
	// Tombstones: the app tells which records were deleted; without them only a complete listing shows it.
	Tombstones bool
	// Partial: the app only pushes, and what it pushes leaves out what has not changed; what it ever left out nobody can ask for.
	Partial bool
	// Lag is how long the app may take to show a change in its feed or listing; reads by id do not lag.
	Lag time.Duration
	// ReadLag is how long reads by id may show the state before a change.
	ReadLag time.Duration
}

// Field is a field of an app.
type Field struct {
	Field contact.Field
	// Hold returns what the app makes of a value that is entered, by a user or by the library: cut, spelled otherwise,
	// or [contact.Empty] if it cannot be held. Nil holds everything as it is. It is pure.
	Hold func(contact.Value) contact.Value
	// Unique: no two records of the app may hold one value of it. It refuses a second one, and says who has the value.
	Unique bool
}

// Side is an end of a connection: 0 is a, 1 is b.
type Side int

// Connection is what a connection was asked to do. Values are those of the connection's JSON form.
type Connection struct {
	ID        string
	Apps      [2]int // indexes of Setup.Apps
	Direction string // "both", "a_to_b", "b_to_a"
	Conflict  string // "a", "b", "newest", "ask"
	// Deletions is what becomes of b's record when a's is deleted [0], and the other way round [1]: "keep", "mark",
	// "delete".
	Deletions [2]string
	// Mark is the element that "mark" adds to the survivor's set Mark[side].Field.
	Mark     [2]Element
	Scope    string // "rule", "pair", "sticky"
	Mappings []Mapping
	Rules    []Rule
	// Keys are the match keys in order, each a name of a mapped field of a.
	Keys       []string
	RequireKey bool
	// Region is where phone numbers without country code are read (ISO 3166-1 alpha-2), "" for none.
	Region string
	// MaxDeletes, MaxClears and MaxCreates are the guards' limits as the connection holds them: what one sync
	// (deletions and clears: 24 hours) may do without consent, given the number of linked records. Nil: no limit.
	MaxDeletes, MaxClears, MaxCreates func(linked int) int
}

// Element is one element of a field that is a set.
type Element struct{ Field, Element string }

// Mapping is two fields that mean the same. Only copies are simulated: a transform is its own Hold.
type Mapping struct {
	A, B      string
	Direction string // "both", "a_to_b", "b_to_a"
	KeepClear bool   // clearing one side leaves the other
	Group     string // mappings of one group are decided as one
}

// Rule is a filter of one side and what it does on the other.
type Rule struct {
	ID   string
	From Side
	Mode string // "create_and_update", "update_only", "create_only"
	// Admits reports whether a record with these fields passes; known is false where the filter cannot tell.
	Admits         func(contact.Fields) (yes, known bool)
	Actions        []RuleAction
	Undo           string // "", "own", "all"
	OtherWayAround bool
}

// RuleAction is what a rule does on the other side of a record that enters it.
type RuleAction struct {
	Kind    string // "add", "remove", "set", "clear"
	Field   string
	Element string        // add, remove
	Value   contact.Value // set
}

// Kind is what happened.
type Kind string

// What happens in a history. The first group is done by the apps' users and by the apps, the second by the engines, the
// third to them; the last says what the library said.
const (
	// UserCreate: ID has After. Person says who it is, for the judge only.
	UserCreate Kind = "user_create"
	// UserEdit: of ID the fields in After were entered; Before is what they held. What the app made of them is After.
	UserEdit Kind = "user_edit"
	// UserDelete: ID is gone; Before is what it held.
	UserDelete Kind = "user_delete"
	// UserMerge: Other became part of ID, which now holds After; Before is what ID held.
	UserMerge Kind = "user_merge"
	// AppRekey: what was ID is Other now.
	AppRekey Kind = "app_rekey"
	// AppTouch: the app itself changed fields of ID from Before to After (an automation).
	AppTouch Kind = "app_touch"
	// UserDecide: a person used a verb of the library: Verb ("confirm", "link", "separate", "create", "resolve",
	// "rollback", "forget", "pause", "resume") about ID in app App and Other in the other app, as far as it applies.
	UserDecide Kind = "user_decide"
	// Configured: from now on Connection holds.
	Configured Kind = "configured"

	// SyncBegin and SyncEnd: Engine works on Conn. End: Err is "" or what the sync failed with, Counts what it
	// reported.
	SyncBegin Kind = "sync_begin"
	SyncEnd   Kind = "sync_end"
	// Preview: as SyncEnd, of a preview: Counts is what it said would be done.
	Preview Kind = "preview"
	// Shown: app App showed Engine a state of ID for Conn: After (what is not in it was not shown), or Gone; Other is
	// the id that it was said to have got, or of what it was said to have become part.
	Shown Kind = "shown"
	// Wrote: Engine's write for Conn reached app App: Op "create", "update", "delete" of ID, Before and After as the
	// app holds them, whole; Told: the answer arrived. A write that the app did not carry out is no event.
	Wrote Kind = "wrote"
	// Called: Engine called app App (Op: "changes", "list", "read", "find", "create", ...); for counting only.
	Called Kind = "called"

	// Crash: Engine died. It may have been in the middle of a sync, which then has no SyncEnd.
	Crash Kind = "crash"
	// StoreLost: the store forgot everything. StoreRestored: it went back to what it held at Time Back.
	StoreLost     Kind = "store_lost"
	StoreRestored Kind = "store_restored"
	// Fault: something else went wrong on purpose: Note names it (F-number and words).
	Fault Kind = "fault"
	// Calm: from here on there are no faults and no edits, lags are over. CalmRound: a whole round of syncs of all
	// connections has been made since, in which no cell of a ring went back to what it was.
	Calm      Kind = "calm"
	CalmRound Kind = "calm_round"

	// Said: what the library says of Conn, after a sync: Statement.
	Said Kind = "said"
)

// Event is one thing that happened. Which fields are set is said at its Kind.
type Event struct {
	Kind   Kind
	Time   time.Time // virtual
	App    int       // index of Setup.Apps
	Conn   string
	Engine int
	ID     string
	Other  string
	Person int
	Op     string
	Told   bool
	Rest   bool
	Gone   bool
	Before contact.Fields
	After  contact.Fields
	Err    string
	Note   string
	Verb   string
	Back   time.Time

	Counts     [2]Counts
	Connection *Connection
	Statement  *Statement
}

// Counts is what was done to the records of one side.
type Counts struct{ Created, Updated, Deleted int }

// Statement is what the library says of a connection.
type Statement struct {
	Phase  string // "active", "paused", "halted"
	Reason string // why halted
	// Held is how much the guards hold: "deletions", "clears", "creates". A record shows it only if nothing graver is said of it.
	Held   map[string]int
	Linked [][2]string
	// Records is the status of every record it knows, by side.
	Records [2]map[string]RecordStatus
	// Journal is what was added to the history since the last statement of this connection.
	Journal []JournalEntry
	// Unread counts records that could not be read; Total is how many it knows, by side.
	Total [2]int
}

// RecordStatus is a status and its reason, as the library spells them ("in_sync", "excluded", "conflict", ...).
type RecordStatus struct{ Status, Reason string }

// JournalEntry is one field of one write, or one thing that a person is told of without a write.
type JournalEntry struct {
	Side   Side
	ID     string
	Op     string // "create", "update", "delete", or "" where nothing was written
	Field  string
	Before contact.Value
	After  contact.Value
	Lost   contact.Value // the value of the loser of a policy, absent if there was none
	Reason string        // as the library spells it
	Rule   string
	Run    int64
}

// Violation is a promise that was not kept.
type Violation struct {
	Invariant string // "I3"
	At        int    // the index of the event at which it showed
	Text      string // which record, field and value, and what would have been right
}
