package contactsync

import (
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// ref names one record.
type ref struct {
	side Side
	id   string
}

// gone says whether and how a record is known to be gone from its app.
type gone string

const (
	alive   gone = ""
	deleted gone = "deleted" // the app said so
	missing gone = "missing" // a complete listing did not show it
)

// mirror is what was last read of one record: the fields that the connection uses, and nothing else.
type mirror struct {
	side Side
	id   string

	version  string
	Modified time.Time            // as the app says
	Edited   time.Time            // Modified at the read that showed its last edit that is settled; of what we wrote, when that was edited
	Edits    map[string]time.Time // the same by field, of fields that were edited since and are not settled
	Fields   contact.Fields
	Gone     gone
	Seen     int64                // number of the sync that first saw it
	Wrote    *ownWrite            // our last write to it
	Standing standing             // while it is unlinked
	Refused  string               // fingerprint of the creation that was refused
	Merged   string               // id of the other side's record that its partner became part of
	Doubt    *contact.Record      // a read that may be stale: believed once the app has settled
	Moved    string               // of one that is gone: the id that its app gave it instead, where a delivery said so
	Bore     []keyMark            // of one that is gone, and of which no fields are left: its match keys
	Told     map[string]time.Time // of an app that only pushes: when each field was last told, "" for all of them
	Since    time.Time            // the earliest of these: of when anything was told under this id; zero of one that was there before
	Under    map[string]time.Time // when fields were told under the id that the record had before, of those not told under this one
	Unshown  bool                 // we created it, and no delivery has told it yet
	Was      *former              // who it was until our write put somebody else in its place, and took match keys from it
	Unread   bool                 // the app has it, and it could not be read when it was last told of
	Untold   contact.Patch        // what we sent, of fields that the app has not told since
	Others   bool                 // the app has had another version since than the one that it answered with: somebody else wrote, too
	Late     contact.Patch        // what we sent, and a preview was told of since: it is yet to be settled
	Unseen   []string             // fields that the app left out when it last told of the record, unless their value is of that version
	due      time.Time            // when to look at it again; zero is never
	keys     []matchKey           // by which it is found, as computed from Fields
	lost     []matchKey           // by which it is found by who bears a key that it lost
	look     *look                // as the scorer sees it; nil where there is none
	indexed  bool                 // the store finds it by them
}

// keyMark is what is left of a match key of a record that is gone. By it the record is known when its person is forgotten.
type keyMark struct {
	Name   string `json:"name"`   // of the kind of key
	Digest string `json:"digest"` // by which the store finds who bears the key
}

// ownWrite is what is kept of our last write to a record, to tell a stale read from an edit.
type ownWrite struct {
	At         time.Time        `json:"at"`                   // of the write, or of a later read by id that showed another version
	Before     contact.Fields   `json:"before,omitempty"`     // of the fields that were written
	Earlier    []contact.Fields `json:"earlier,omitempty"`    // the same of our writes before it that the app may not show yet
	Superseded []string         `json:"superseded,omitempty"` // versions that our writes replaced, or that a read by id showed to be old
}

// standing is a status with its reason, and what to do about it in words.
type standing struct {
	Status  string `json:"status,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

func (m *mirror) ref() ref { return ref{m.side, m.id} }

// forgottenMark begins the id of a record whose person was forgotten: a keyed digest stands for its own.
const forgottenMark = "\x02"

// undecided is how a record stands that was read, for a preview or by a sync that did not get to it.
var undecided = standing{StatusPending, ReasonUndecided, "it was read, and no sync has decided it yet"}

const forgottenWords = "its person was forgotten"

// forgotten reports whether the record's person was forgotten: nothing is known of it but that it is there.
func (m *mirror) forgotten() bool { return isForgotten(m.id) }

// isForgotten reports whether an id stands for that of a record whose person was forgotten.
func isForgotten(id string) bool { return strings.HasPrefix(id, forgottenMark) }

func (m *mirror) alive() bool { return m != nil && m.Gone == alive }

// unseen reports whether nobody knows what a field holds by now: the record may have been edited since it was told.
func (m *mirror) unseen(name string) bool { return slices.Contains(m.Unseen, name) }

// record returns the mirror as rules and resolvers see it.
func (m *mirror) record() contact.Record {
	return contact.Record{ID: m.id, Version: m.version, Modified: m.Modified, Fields: m.Fields}
}

// touch identifies the whole record's content as far as it can be told: its version, else a digest of what was
// read. A record with another touch was edited, be it in a field that no mapping uses.
func (m *mirror) touch() string {
	if m.version != "" {
		return m.version
	}
	return m.Fields.Digest()
}

// later returns the later of two times.
func later(x, y time.Time) time.Time {
	if y.After(x) {
		return y
	}
	return x
}

// link is a pair of ids that are the same person, with what was last settled.
type link struct {
	key string

	ID       [2]string
	Gone     [2]bool           // settled that this side was deleted: the other is a survivor
	Touch    [2]string         // each whole record when last decided
	Let      [2]bool           // whether a rule let each side through when last seen
	Decided  bool              // at least one decision was made of both records
	Copy     [2]bool           // we created this side's record, from the other
	Cells    map[string]*cell  // what was settled, by mapping
	Members  map[string]member // membership, by membership
	Layers   map[string]layer  // what actions wrote, by target
	Held     map[string]*hold  // held conflicts, by mapping
	Past     map[string]*past  // by side and field: what our writes replaced
	Standing standing
	Refused  string // fingerprint of the update that was refused
	How      string // how it was made: by the kind of key that both had, or one of the ways below; "" is created
	Since    int64  // the run that gave it one of its records, if another had made it
}

// The ways to make a link but by a key, or by creating one record from the other.
const (
	linkedByPerson = "person" // a person linked them
	linkedAlike    = "alike"  // they are alike, and the owner has such records linked
	linkedAnew     = "heir"   // a record took the place of one that is gone, by its key
	linkedByApp    = "app"    // the app answered a creation with the record that it has
)

// sides is what one mapping shows on each side.
type sides [2][]contact.Value

// cell is what was last settled of one mapping, for each side as that side holds it.
type cell struct {
	Val  sides
	Half sides // one of two writes that settle together is in
}

// member is what membership was settled, on each side: whether the filter held, and whether the actions' effect
// was there. "No here, yes there" is a legal state of rest.
type member struct {
	In    bool `json:"in,omitempty"`
	Shown bool `json:"shown,omitempty"`
}

// layer is what actions wrote to one target, over what users left there.
type layer struct {
	Under contact.Value `json:"under"`
	Wrote contact.Value `json:"wrote"` // as the app returned it
	Goal  contact.Value `json:"goal"`  // as it was sent
}

// hold is a conflict that waits for a person, with the values that the person sees, and what they decided.
type hold struct {
	Seen  sides         `json:"seen"`
	Take  Take          `json:"take,omitempty"`
	Value contact.Value `json:"value,omitzero"` // decided instead of either
	Since time.Time     `json:"since,omitzero"` // when the two values were first held against each other
}

// past is what our writes to one field replaced in the last day, and when we wrote such a value back.
type past struct {
	Had    []pastValue `json:"had,omitempty"`
	Flips  []time.Time `json:"flips,omitempty"`
	Frozen bool        `json:"frozen,omitempty"` // until a person releases it
	Since  time.Time   `json:"since,omitzero"`   // when it was frozen
}

type pastValue struct {
	Key string    `json:"key"`
	At  time.Time `json:"at"`
}

// settlement is what becomes settled when a write arrives, or at once if none is needed.
type settlement struct {
	Mapping string            `json:"mapping,omitempty"`
	Val     sides             `json:"val,omitzero"`   // of a whole mapping
	Both    bool              `json:"both,omitempty"` // only when the writes of both sides are in
	Element string            `json:"element,omitempty"`
	Entry   [2]*contact.Entry `json:"entry,omitzero"`   // of one element; nil is not there
	Forget  bool              `json:"forget,omitempty"` // nothing is settled any more of the mapping, or the membership

	Membership string `json:"membership,omitempty"`
	Member     member `json:"member,omitzero"`

	Target string `json:"target,omitempty"` // of an action
	Layer  *layer `json:"layer,omitempty"`  // nil: nothing of ours lies there any more
}

// The statuses of a pair, or of a record without a partner.
const (
	StatusInSync    = "in_sync"          // both sides agree, as far as both can hold it
	StatusPending   = "pending"          // something is under way: a held write, an answer that is awaited, a field that was not read
	StatusExcluded  = "excluded"         // no rule lets it through, or it has no key
	StatusDuplicate = "duplicate"        // several records bear its key; none is linked on a guess
	StatusConflict  = "conflict"         // a field is held for a person
	StatusFailed    = "failed"           // the app refused it, or a value has no meaning on the other side
	StatusDeleted   = "deleted_opposite" // its counterpart was deleted, and it survived
)

// The reasons for a status. Here is the record's own app, there the other one.
const (
	ReasonFilter         = "filter"          // no rule lets it through
	ReasonDirection      = "direction"       // nothing flows from its side, or the other app takes none
	ReasonNoKey          = "no_key"          // it has no match key
	ReasonUnread         = "unread"          // the record cannot be read, or a field was not that a rule looks at, by which it is matched, that is decided together with others, or that somebody may have edited before it is written over or its record deleted
	ReasonDuplicateHere  = "duplicate_here"  // another record here bears its key
	ReasonDuplicateThere = "duplicate_there" // several records there bear its key, or one that has a partner
	ReasonMergedThere    = "merged_there"    // its counterpart became one with another record there
	ReasonRequired       = "required"        // a field without which the app creates nobody is empty
	ReasonInvalid        = "invalid"         // a value has no meaning there
	ReasonRejected       = "rejected"        // the app refused it
	ReasonForbidden      = "forbidden"       // the account may not write it
	ReasonConflict       = "conflict"        // both users changed a field, and a person decides
	ReasonOscillating    = "oscillating"     // a field kept changing back, and is frozen
	ReasonSettling       = "settling"        // the app may not show the last write yet
	ReasonUnknownOutcome = "unknown_outcome" // the answer of a write was lost; the app is looked at first
	ReasonDeleteHeld     = "delete_held"     // a guard holds its deletion
	ReasonClearHeld      = "clear_held"      // a guard holds the emptying of a field
	ReasonCreateHeld     = "create_held"     // a guard holds its creation
	ReasonPaused         = "paused"          // the connection was paused before it was looked at
	ReasonForgotten      = "forgotten"       // a person asked to be forgotten ([Syncer.Forget])
	ReasonShadow         = "shadow"          // the connection only watches
	ReasonUndecided      = "undecided"       // it was read, and no sync has decided it yet
)
