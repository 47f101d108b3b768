package contactsync

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// Rows as the store keeps them. A body is JSON, so that a person can read it; keys and index entries sort as the
// sync walks them.

// format is the one in which a connection's rows are written. Members may be added to a row within a format: a build that
// does not know one leaves it out, and must come to no harm by that. What it would misread, or could lose something by, is
// another format, of which a build that does not know it touches nothing. A build reads the formats before its own.
const format = 1

// ErrNewerFormat says that a newer version of this library has worked on a connection and keeps it in a way that this one
// does not know. Nothing of it is read or written: use the newer version, in every process.
var ErrNewerFormat = errors.New("it was written by a newer version of contactsync; use that one in every process")

// connectionRow is the life of a connection.
type connectionRow struct {
	Format   int             `json:"format,omitempty"`   // of all rows of the connection; 0 is 1
	Config   json.RawMessage `json:"config,omitempty"`   // as it was given
	Resolver bool            `json:"resolver,omitempty"` // it has a resolver, which no document can hold
	Version  int64           `json:"version"`            // of the configuration, for compare-and-set
	Worked   string          `json:"worked,omitempty"`   // digest of the resolved one that a sync last worked with, to see what changed
	Index    string          `json:"index,omitempty"`    // the match keys by which records are found
	Defaults json.RawMessage `json:"defaults,omitempty"` // the default mappings as they were at activation
	State    State           `json:"state"`
	Runs     int64           `json:"runs"`   // syncs so far
	Totals   [2]Counts       `json:"totals"` // since activation
	Waiting  []Waiting       `json:"waiting,omitempty"`
	// Unauthorized are the apps that refused their account when a sync last asked them.
	Unauthorized []Side       `json:"unauthorized,omitempty"`
	Checked      time.Time    `json:"checked,omitzero"` // the last sync that ran to its end
	Removed      []removedRow `json:"removed,omitempty"`
	Wrote        int64        `json:"wrote,omitempty"`  // the last run that wrote
	Keep         int64        `json:"keep,omitempty"`   // the run from which the history is kept whatever its age
	Secret       []byte       `json:"secret,omitempty"` // the key of the digests that forgotten persons leave
	Legend       legend       `json:"legend,omitzero"`  // of the configuration that was worked with last
}

// stored returns the row as the store keeps it.
func (row connectionRow) stored() Row {
	row.Format = format
	return Row{Table: TableConnection, Body: marshal(row)}
}

// legible returns why the rows of a connection cannot be read, nil if they can.
func legible(tx ReadTx) error { return getRow(tx, TableConnection, "", &connectionRow{}) }

// legible is that of the row which says in what format the others are.
func (row *connectionRow) legible() error {
	if row.Format > format {
		return fmt.Errorf("the connection is kept in format %d, and this version of contactsync knows %d: %w", row.Format, format, ErrNewerFormat)
	}
	return nil
}

// removedRow is what one sync deleted and cleared, for the guards.
type removedRow struct {
	At      time.Time `json:"at"`
	Deletes int       `json:"deletes"`
	Clears  int       `json:"clears"`
}

// guardWindow is the time over which the guards count.
const guardWindow = 24 * time.Hour

// sideRow is what is known of one app as a whole.
type sideRow struct {
	Cursor   connector.Cursor `json:"cursor,omitempty"`
	Fields   []string         `json:"fields,omitempty"`   // the field list that the cursor belongs to
	Passing  bool             `json:"passing,omitempty"`  // the cursor is in a pass that began at zero
	Midway   bool             `json:"midway,omitempty"`   // the cursor is not where a pass ended
	Proves   bool             `json:"proves,omitempty"`   // the app has said of a pass that it named everything
	Complete bool             `json:"complete,omitempty"` // it was once read to its end
	Identity string           `json:"identity,omitempty"`
	// Hidden are records that are there and that nobody could read yet, each with the number of the sync that was first told of it.
	Hidden map[string]int64 `json:"hidden,omitempty"`
}

// intentRow is a batch of writes that is being sent.
type intentRow struct {
	Side   Side         `json:"side"`
	Op     connector.Op `json:"op"`
	Run    int64        `json:"run"`
	At     time.Time    `json:"at"`
	Writes []intent     `json:"writes"`
	key    string
}

// intent is the note of one write that is about to be made.
type intent struct {
	ID     string         `json:"id"` // of the record written; of a create the source's
	Link   string         `json:"link,omitempty"`
	Patch  contact.Patch  `json:"patch,omitempty"`
	Before contact.Fields `json:"before,omitempty"`
	Settle []settlement   `json:"settle,omitempty"`
	Marker string         `json:"marker,omitempty"`
	Clears []string       `json:"clears,omitempty"`
	Why    map[string]Why `json:"why,omitempty"`
	// Of a create that was sent again:
	Kept  []string `json:"kept,omitempty"`
	Moved []string `json:"moved,omitempty"`
	Since int64    `json:"since,omitempty"` // number of the sync that sent it first
	Back  string   `json:"back,omitempty"`  // the journal's row that it takes back
	Clean bool     `json:"clean,omitempty"` // of such a write: nobody had touched the record since the pair was decided
	Part  bool     `json:"part,omitempty"`  // of a create: its source has become part of the record that is named
	// Of an update of which a half of the pair became part of another record, so that the pair is none any more:
	Partner string         `json:"partner,omitempty"` // the other half of that pair
	Had     contact.Fields `json:"had,omitempty"`     // what the one that took it in held by itself, of the fields that were sent
}

// holdRow is what waits for a person, was decided by one, or is proposed to one.
type holdRow struct {
	Kind      string        `json:"kind"` // WaitDeletions, ..., one of the decisions below, or a proposal
	Consented bool          `json:"consented,omitempty"`
	Side      Side          `json:"side"`
	IDs       [2]string     `json:"ids,omitzero"`
	Mapping   string        `json:"mapping,omitempty"`
	Cells     []string      `json:"cells,omitempty"` // fields that are thawed
	Saw       string        `json:"saw,omitempty"`   // stands for what the person saw
	Take      Take          `json:"take,omitempty"`
	Value     contact.Value `json:"value,omitzero"`
	Run       int64         `json:"run,omitempty"`   // that first held it
	At        time.Time     `json:"at,omitzero"`     // when a person decided it
	Score     float64       `json:"score,omitempty"` // of a suggestion
	Evidence  []string      `json:"evidence,omitempty"`
	Doubtful  bool          `json:"doubtful,omitempty"`
	// Bore are the match keys of a record that is gone and that the row outlives, by the side that it was on.
	Bore [2][]keyMark `json:"bore,omitzero"`
	key  string
}

// The kinds of decisions that a person makes.
const (
	holdSeparated = "separated"
	holdLink      = "link"
	holdResolved  = "resolved"
	holdReleased  = "released"
	holdCreate    = "insisted" // it is created, though it is a duplicate, has no key, or a guard holds it
	holdRejoin    = "rejoin"   // a separation was taken back: the two are looked at again
)

// runRow is one sync.
type runRow struct {
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended,omitzero"`
	Counts   [2]Counts `json:"counts"`
	Deletes  int       `json:"deletes,omitempty"` // as the guards count them
	Clears   int       `json:"clears,omitempty"`
	Waiting  []Waiting `json:"waiting,omitempty"`
	Error    string    `json:"error,omitempty"`
	Unread   int       `json:"unread,omitempty"`
	Restless int       `json:"restless,omitempty"`
	Linked   int       `json:"linked,omitempty"`
	Took     int64     `json:"took,omitempty"`   // the run that this one takes back
	Taken    int64     `json:"taken,omitempty"`  // the run that took this one back, to its end
	Pruned   bool      `json:"pruned,omitempty"` // part of its history is removed
	Shadow   bool      `json:"shadow,omitempty"`
	Foreseen [2]Counts `json:"foreseen,omitzero"` // in shadow mode: what it would have written

	Recovered int64 `json:"recovered,omitempty"` // the run whose unanswered writes this one found to have landed
	Progress
	Heard time.Time `json:"heard,omitzero"` // when it was last at work
}

// journalRow is one write, or one decision of a person. A decision has a Decision and no Op; its Why, under "", says
// what was decided, and its Side is that of the one record that it is about, if it is about one.
type journalRow struct {
	At      time.Time      `json:"at"`
	Side    Side           `json:"side"`
	Op      connector.Op   `json:"op"`
	IDs     [2]string      `json:"ids"`
	Before  contact.Fields `json:"before,omitempty"`
	After   contact.Fields `json:"after,omitempty"`
	Why     map[string]Why `json:"why,omitempty"`
	Altered []string       `json:"altered,omitempty"` // fields that came back with another meaning
	Refused string         `json:"refused,omitempty"` // why the app refused it
	Found   bool           `json:"found,omitempty"`   // it was recovered: its answer had been lost

	Decision Decided `json:"decision,omitempty"` // what kind of decision a person made
	// Foreseen is an entry of a sync in shadow mode: nothing was written.
	Foreseen bool `json:"foreseen,omitempty"`
	// Was is the pair's row as it was before an update or deletion, if the run had not made the pair itself.
	Was   json.RawMessage `json:"was,omitempty"`
	Back  string          `json:"back,omitempty"` // the row that it takes back, or could not; of a pause the run
	Part  bool            `json:"part,omitempty"` // the record that was written has become part of the one that bears its id here
	stamp string          // the versions of the record before the write and after it
}

// opTakeOver is the Op of an entry about a pair of which another record took a half over: nothing was written. Its Side is
// that half's, and its Was the pair as it was.
const opTakeOver connector.Op = "link"

// wrote reports whether something was written.
func (j *journalRow) wrote() bool {
	return j.Refused == "" && !j.Foreseen && j.Decision == "" && j.Op != opTakeOver
}

// recoveredKey is the key of a write of a run that a later one found to have landed: it belongs to the run that made it.
func recoveredKey(run int64, found string) string { return runKey(run) + " r" + found }

// Decided is a kind of decision that a person makes about a connection or its records.
type Decided string

// The decisions of persons.
const (
	DecidedResolve   Decided = "resolve"  // a held conflict
	DecidedRelease   Decided = "release"  // a field that was frozen
	DecidedLink      Decided = "link"     // two records
	DecidedSeparate  Decided = "separate" // a pair, for good
	DecidedCreate    Decided = "create"   // a record that was not to be created by itself
	DecidedWithdraw  Decided = "withdraw" // one of these decisions is taken back
	DecidedConfirm   Decided = "confirm"  // what was held or halted
	DecidedPause     Decided = "pause"
	DecidedResume    Decided = "resume"
	DecidedConfigure Decided = "configure" // another configuration
	DecidedForget    Decided = "forget"    // a person; it is not said who
)

// decisionKey names the n-th decision that persons made after a run and before the next one: it sorts behind all that
// the run wrote.
func decisionKey(run int64, n int) string { return fmt.Sprintf("%s p%08d", runKey(run), n) }

// Index positions, as the tables' comments in store.go name them.
const (
	mirrorDue, mirrorStatus = 0, 1
	linkStatus              = 2
	inboxName               = 0
)

// recordKey is the key of a record in the mirror.
func recordKey(r ref) string { return r.side.String() + r.id }

func parseRecordKey(key string) ref {
	if strings.HasPrefix(key, "b") {
		return ref{B, key[1:]}
	}
	return ref{A, strings.TrimPrefix(key, "a")}
}

// dueEntry is the index entry of a record that is due at t: it sorts by time, and tells which records are gone.
func dueEntry(t time.Time, r ref, gone bool) string {
	if gone {
		return dueStamp(t) + dueGone + recordKey(r)
	}
	return dueStamp(t) + dueAlive + recordKey(r)
}

// What stands behind the time of a due entry.
const (
	dueAlive = " "
	dueGone  = "-"
)

// splitDue takes a due entry apart.
func splitDue(entry string) (stamp string, gone bool) {
	if i := strings.IndexAny(entry, dueAlive+dueGone); i >= 0 {
		return entry[:i], entry[i:i+1] == dueGone
	}
	return entry, false
}

// dueTime returns when a record that has a due entry is due.
func dueTime(row Row) (time.Time, error) {
	stamp, _ := splitDue(row.Index[mirrorDue])
	nanos, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("store: due entry of row %q: %w", row.Key, err)
	}
	return time.Unix(0, nanos), nil
}

// dueStamp writes a time so that it sorts; dueNow comes before every other.
func dueStamp(t time.Time) string { return padded(max(t.UnixNano(), 0), 20) }

// padded writes a number with zeros before it, so that it sorts.
func padded(n int64, width int) string {
	const zeros = "00000000000000000000"
	digits := strconv.FormatInt(n, 10)
	return zeros[:max(width-len(digits), 0)] + digits
}

// dueNow is the time of what is due at once.
var dueNow = time.Unix(0, 1)

// marshal writes a row's body. What the library puts into rows can always be written.
func marshal(v any) []byte {
	if by, hand := v.(interface{ body() []byte }); hand {
		return by.body()
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic("contactsync: a row that cannot be written: " + err.Error())
	}
	return b
}

func unmarshal(row Row, into any) (err error) {
	if by, hand := into.(interface{ read([]byte) error }); hand {
		err = by.read(row.Body)
	} else {
		err = json.Unmarshal(row.Body, into)
	}
	if err == nil || errors.Is(err, ErrNewerFormat) {
		return err
	}
	return unreadable(row, err)
}

// unreadable names the row that could not be read. Its key may be a record's id, and is no contact data. What the decoder
// says of it is left out, for it quotes what it found: in a row that was damaged, a value may stand in any place.
func unreadable(row Row, err error) error {
	place := ""
	var at *contact.DecodeError
	if syntax := new(json.SyntaxError); errors.As(err, &at) {
		place = fmt.Sprintf(" at byte %d", at.Offset)
	} else if errors.As(err, &syntax) {
		place = fmt.Sprintf(" at byte %d", syntax.Offset)
	}
	return fmt.Errorf("store: row %q of table %s cannot be read%s: it is not what was written; restore the store from a backup", row.Key, row.Table, place)
}

// stampPartly follows the version of a record of which something is yet to be told: what the app does not tell it may tell another
// time, without another version.
const stampPartly = "\x00partly"

// parseStamp returns the version of a record, and whether something of it is yet to be told.
func parseStamp(stamp string) (version string, partly bool) {
	return strings.CutSuffix(stamp, stampPartly)
}

// stamped takes the stamp of a row whose body was read.
func (m *mirror) stamped(stamp string) {
	version, partly := parseStamp(stamp)
	m.version = version
	if partly && !m.partly() {
		m.Unseen = []string{unnoted}
	}
}

func (m *mirror) row() Row {
	row := Row{Table: TableMirror, Key: recordKey(m.ref()), Body: m.body()}
	if m.alive() { // the version of a record that is gone tells nothing: if it is back it is read
		row.Stamp = m.version
		if m.partly() {
			row.Stamp += stampPartly
		}
	}
	if !m.due.IsZero() {
		row.Index[mirrorDue] = dueEntry(m.due, m.ref(), !m.alive())
	}
	row.Index[mirrorStatus] = m.Standing.entry()
	return row
}

func parseMirror(row Row, cfg *config) (*mirror, error) {
	m := &mirror{}
	if err := m.read(row.Body); err != nil {
		return nil, unreadable(row, err)
	}
	r := parseRecordKey(row.Key)
	m.side, m.id = r.side, r.id
	m.stamped(row.Stamp)
	if row.Index[mirrorDue] != "" {
		due, err := dueTime(row)
		if err != nil {
			return nil, err
		}
		m.due = due
	}
	cfg.identify(m)
	m.indexed = m.Gone == alive
	return m, nil
}

// entry is the index entry of a status: "" for a record in sync, which is in no list of what needs a look.
func (s standing) entry() string {
	if s.Status == StatusInSync || s.Status == "" {
		return ""
	}
	return strings.TrimSpace(s.Status + " " + s.Reason)
}

func (l *link) row() Row {
	return Row{Table: TableLink, Key: l.key, Index: [Indexes]string{l.ID[A], l.ID[B], l.Standing.entry()}, Body: l.body()}
}

// bodyBefore returns the pair's row body before a run's write, nil if that run has made the pair.
func (l *link) bodyBefore(run int64) []byte {
	if l.key == "" || strings.HasPrefix(l.key, runKey(run)+" ") {
		return nil
	}
	return l.body()
}

func parseLink(row Row) (*link, error) {
	l := &link{key: row.Key}
	if err := l.read(row.Body); err != nil {
		return nil, unreadable(row, err)
	}
	return l, nil
}

// linkKey names the n-th link that a run makes. The run's number is saved before it makes any, so that no crash
// can give a name twice.
func linkKey(run int64, n int) string { return runKey(run) + " " + padded(int64(n), 8) }

// runKey names the n-th sync.
func runKey(n int64) string { return padded(n, 9) }

// of returns the key row of a person's key on a side.
func (k traceKey) of(s Side) string { return s.String() + strconv.Itoa(k.Kind) + " " + k.Key }

// parseKeyEntry returns the key that a key row is of, on whatever side.
func parseKeyEntry(entry string) (k traceKey) {
	kind, digest, _ := strings.Cut(entry[1:], " ")
	k.Kind, _ = strconv.Atoi(kind)
	k.Key = digest
	return k
}

// keyRow is the row of a match key that these records bear.
func keyRow(entry string, bearers []ref) Row {
	ids := make([]string, len(bearers))
	for i, r := range bearers {
		ids[i] = r.id
	}
	row := Row{Table: TableKey, Key: entry, Stamp: strings.Join(ids, "\x00")}
	if row.Stamp == "" { // a block that names nobody any more
		row.Index[keyCommon] = "common"
	}
	return row
}

// bearersOf returns the records that a key row names, sorted by id.
func bearersOf(row Row) []ref {
	var refs []ref
	for id := range strings.SplitSeq(row.Stamp, "\x00") {
		refs = append(refs, ref{parseRecordKey(row.Key).side, id})
	}
	return refs
}
