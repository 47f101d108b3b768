package contactsync

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// Side is one of the two apps of a connection.
type Side uint8

// The two sides.
const (
	A Side = iota
	B
)

// Sides are both sides, in order.
var Sides = [2]Side{A, B}

// Other returns the opposite side.
func (s Side) Other() Side { return 1 - s }

// String returns "a" or "b".
func (s Side) String() string { return [2]string{"a", "b"}[s&1] }

// Direction says which way values may flow.
type Direction string

// The directions. "" is TwoWay.
const (
	TwoWay Direction = "two-way"
	AToB   Direction = "a-to-b"
	BToA   Direction = "b-to-a"
)

// from reports whether values may flow away from side s.
func (d Direction) from(s Side) bool {
	switch d {
	case AToB:
		return s == A
	case BToA:
		return s == B
	}
	return true
}

// A Connection says how two apps are kept in sync. It is a plain document with a JSON form ([ParseConnection]);
// the zero value of every field but ID is its default.
type Connection struct {
	Owner string   `json:"owner,omitempty"` // whose connection it is: opaque, the host's business
	ID    string   `json:"id"`
	A     Endpoint `json:"a,omitzero"`
	B     Endpoint `json:"b,omitzero"`

	Direction Direction `json:"direction,omitempty"` // TwoWay if ""
	// Rules say which records sync and what else happens. nil stands for one rule per side that lets everything
	// through; a list that is not nil and empty lets nothing through.
	Rules []Rule  `json:"rules"`
	Scope Scoping `json:"scope,omitempty"` // ScopeRule if ""
	Match Match   `json:"match,omitzero"`

	Conflict  Policy    `json:"conflict,omitzero"`
	Deletions Deletions `json:"deletions,omitzero"`
	Guard     Guard     `json:"guard,omitzero"`

	// Mappings is the whole list of field mappings. nil stands for the defaults, found from what the two schemas'
	// fields mean, to which AddMappings adds and from which DisableMappings takes.
	Mappings        []Mapping    `json:"mappings,omitzero"`
	AddMappings     []Mapping    `json:"add_mappings,omitempty"`
	DisableMappings []MappingRef `json:"disable_mappings,omitempty"`

	// Shadow has the connection plan every sync and write to no app, beside another tool that keeps the two in sync.
	// What it would have written is journalled and can be compared ([Syncer.Compare]). Without it, the next sync writes.
	Shadow bool `json:"shadow,omitempty"`

	TimeZone string `json:"time_zone,omitempty"` // IANA name, in which filters read dates; UTC if ""
}

// An Endpoint says what one side of a connection is. The library does not look into it: it is for whoever opens
// connectors from a catalogue.
type Endpoint struct {
	App      string            `json:"app,omitempty"`
	Account  string            `json:"account,omitempty"`
	Kind     string            `json:"kind,omitempty"`
	Settings map[string]string `json:"settings,omitempty"`
}

// end returns the endpoint of a side.
func (c *Connection) end(s Side) Endpoint { return [2]Endpoint{c.A, c.B}[s] }

// sameAs reports whether two endpoints are one: the same app, and the same words that say which account, or where.
func (e Endpoint) sameAs(other Endpoint) bool {
	told := e.Account != "" || len(e.Settings) > 0
	return told && e.App == other.App && e.Account == other.Account && e.Kind == other.Kind && maps.Equal(e.Settings, other.Settings)
}

// Scoping says how rules gate a pair that is linked.
type Scoping string

// The scopes. "" is ScopeRule.
const (
	ScopeRule   Scoping = "rule"   // each rule gates its own direction
	ScopePair   Scoping = "pair"   // a pair syncs both ways while any rule lets one of the two through
	ScopeSticky Scoping = "sticky" // the filter only decides who gets in
)

// Match says how records of the two apps are found to be the same person.
type Match struct {
	// Keys are tried in order. nil stands for the email alone.
	Keys []MatchKey `json:"keys,omitzero"`
	// AllowKeyless lets records without any key through; they are copied once and never matched. It is the JSON
	// key require_key, turned round.
	AllowKeyless bool   `json:"-"`
	Region       string `json:"region,omitempty"` // ISO 3166-1 alpha-2, for phone numbers without country code

	// SuggestAbove is the score from which two records without a partner are suggested to a person as one
	// ([Syncer.Suggestions]), between 0.5 and 1; 0 means never. A suggestion changes nothing by itself.
	SuggestAbove float64 `json:"suggest_above,omitempty"`
	// LinkAbove is the score from which two records that have no partner are linked by themselves: if neither is
	// like anybody else, none of their keys matches anybody, and there is no doubt. 0 means never. It is not less
	// than SuggestAbove, which has to be set as well.
	LinkAbove float64 `json:"link_above,omitempty"`
	// Scorer says how alike two records are; nil stands for [PeopleScorer].
	Scorer Scorer `json:"-"`
}

// check adds what is wrong with how records are matched, whatever the apps are.
func (m Match) check(bad *faults) {
	for _, t := range []struct {
		path  string
		score float64
	}{{"match.suggest_above", m.SuggestAbove}, {"match.link_above", m.LinkAbove}} {
		if t.score != 0 && (t.score < 0.5 || t.score > 1) {
			bad.add(t.path, "a score is between 0.5 and 1, or left out for never; 0.85 is a good one to suggest from")
		}
	}
	switch {
	case m.LinkAbove != 0 && m.SuggestAbove == 0:
		bad.add("match.link_above", "set suggest_above as well: what is like several is suggested and not linked")
	case m.LinkAbove != 0 && m.LinkAbove < m.SuggestAbove:
		bad.add("match.link_above", "it is less than suggest_above; what is linked is surer than what is suggested")
	}
}

// scorer returns who says how alike records are, nil if nobody is asked.
func (m Match) scorer() Scorer {
	switch {
	case m.SuggestAbove == 0:
		return nil
	case m.Scorer == nil:
		return PeopleScorer{}
	}
	return m.Scorer
}

// A MatchKey is a kind of key ("email": every field of type email; "phone"; "name_company"), or one named field of
// each side.
type MatchKey struct {
	Kind string
	A, B string // named fields, if Kind is ""
}

// The kinds of match keys.
const (
	KeyEmail       = "email"        // every field of type email
	KeyPhone       = "phone"        // every field of type phone
	KeyNameCompany = "name_company" // the name together with the company
)

// Deletions says what becomes of a record whose counterpart was deleted by its user.
type Deletions struct {
	FromA Deletion `json:"from_a,omitempty"` // deleted in a: what becomes of it in b; DeletionKeep if ""
	FromB Deletion `json:"from_b,omitempty"` // deleted in b: what becomes of it in a
	// Mark is what DeletionMark does to the survivor, by the side that it is on.
	Mark MarkActions `json:"mark,omitzero"`
}

// MarkActions are the actions that mark a survivor, by the side that it is on.
type MarkActions struct {
	A []Action `json:"a,omitempty"`
	B []Action `json:"b,omitempty"`
}

func (m MarkActions) on(s Side) []Action { return [2][]Action{m.A, m.B}[s] }

// from returns what becomes of the counterpart of a record that was deleted on side s.
func (d Deletions) from(s Side) Deletion { return [2]Deletion{d.FromA, d.FromB}[s] }

// Deletion is what becomes of the counterpart of a deleted record.
type Deletion string

// The deletion policies. "" is DeletionKeep.
const (
	DeletionKeep   Deletion = "keep"   // it stays as it is
	DeletionMark   Deletion = "mark"   // it stays and is marked for a person to look at
	DeletionDelete Deletion = "delete" // it is deleted, unless someone has edited it
)

// MappingRef names a mapping by its id, or by its two fields.
type MappingRef struct {
	ID   string
	A, B string
}

// A Fault is one thing that is wrong with a connection.
type Fault struct {
	Path    string `json:"path,omitempty"` // where, as in "rules[0].filter.op"
	Message string `json:"message"`        // what is wrong and what to do
}

// String returns "path: message".
func (f Fault) String() string {
	if f.Path == "" {
		return f.Message
	}
	return f.Path + ": " + f.Message
}

// An InvalidError says everything that is wrong with a connection.
type InvalidError struct {
	Connection string
	Faults     []Fault
}

// Error lists the faults, one a line.
func (e *InvalidError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "connection %q is not valid:", e.Connection)
	for _, f := range e.Faults {
		b.WriteString("\n  " + f.String())
	}
	return b.String()
}

// faults collects what is wrong, with its place.
type faults struct{ list []Fault }

func (f *faults) add(path, format string, args ...any) {
	f.list = append(f.list, Fault{path, fmt.Sprintf(format, args...)})
}

// location returns the connection's time zone.
func (c *Connection) location() (*time.Location, error) {
	if c.TimeZone == "" {
		return time.UTC, nil
	}
	loc, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("%q is not a known time zone; use an IANA name such as Europe/Brussels", c.TimeZone)
	}
	return loc, nil
}
