package sim

import (
	"encoding/json"
	"time"
)

// A Script is a whole history: what the world is like, and what happens in it. It plays the same way every time.
type Script struct {
	Seed    uint64       `json:"seed"` // of what is drawn while it plays: holders, markers, waits, the order of feeds
	Apps    []App        `json:"apps"`
	Conns   []Connection `json:"connections"`
	Engines int          `json:"engines"`           // how many processes share the store
	Skew    []int        `json:"skew,omitempty"`    // of each engine's clock, in seconds
	Latency int          `json:"latency"`           // of a call, in milliseconds
	Batch   int          `json:"batch"`             // records that an engine plans and pushes together
	Confirm bool         `json:"confirm,omitempty"` // in the calm a person consents to what waits
	Quiet   int          `json:"quiet"`             // rounds of syncs after the world has come to rest
	// Rest is how many minutes are between the rounds of syncs at the end; 0 is 15. A host may take a day to tell of all.
	Rest int `json:"rest,omitempty"`
	// Families are the faults that may happen, by F-number: what the seed drew.
	Families []string `json:"families,omitempty"`
	Steps    []Step   `json:"steps"`
}

// An App is what one app is like.
type App struct {
	Fields      []string          `json:"fields"`
	Guest       bool              `json:"guest,omitempty"` // it is somebody else's: what it is like cannot be drawn
	NoVersions  bool              `json:"no_versions,omitempty"`
	NoModified  bool              `json:"no_modified,omitempty"`
	NoTombs     bool              `json:"no_tombstones,omitempty"`
	NoFeed      bool              `json:"no_feed,omitempty"`
	Bare        bool              `json:"bare,omitempty"` // its connector has the three methods and no more
	Markers     bool              `json:"markers,omitempty"`
	Upsert      bool              `json:"upsert,omitempty"`
	Push        bool              `json:"push,omitempty"` // it can never be listed, and delivers its changes
	FindBy      bool              `json:"find_by,omitempty"`
	Unique      bool              `json:"unique,omitempty"` // no two records have one email
	ReuseIDs    bool              `json:"reuse_ids,omitempty"`
	Page        int               `json:"page,omitempty"`
	Batch       int               `json:"batch,omitempty"`
	Lag         int               `json:"lag,omitempty"`         // of its feed, in seconds
	Granularity int               `json:"granularity,omitempty"` // of its times, in milliseconds
	Skew        int               `json:"skew,omitempty"`        // of its clock, in seconds
	Poison      bool              `json:"poison,omitempty"`      // some of its times are absurd
	Shuffle     bool              `json:"shuffle,omitempty"`     // it tells its records in no order
	Fidget      bool              `json:"fidget,omitempty"`      // it gives records new versions for nothing
	CursorLife  int               `json:"cursor_life,omitempty"` // in minutes; 0 is for ever
	Automate    int               `json:"automate,omitempty"`    // how often it writes over what was written in a record
	Normalize   map[string]string `json:"normalize,omitempty"`   // fields that it spells in a form of package fake
	MaxLength   map[string]int    `json:"max_length,omitempty"`  // fields that it cuts
	MaxEntries  map[string]int    `json:"max_entries,omitempty"` // lists that it cuts
	Required    string            `json:"required,omitempty"`    // a field without which it creates nobody

	// Of an app that is no fake one: what opens it (see [Options].Remote), its habits in words of its own, and how its
	// connector spells fields that it spells otherwise.
	Kind   string            `json:"kind,omitempty"`
	Habits []string          `json:"habits,omitempty"`
	Paths  map[string]string `json:"paths,omitempty"`
}

// path is how the app's connector spells a field.
func (a App) path(field string) string {
	if p := a.Paths[field]; p != "" {
		return p
	}
	return field
}

// settle is how long the app says that it may take to show a write.
func (a App) settle() time.Duration {
	if a.Lag == 0 {
		return 0
	}
	return time.Duration(a.Lag)*time.Second + time.Minute
}

// A Connection is what one connection is asked to do; the words are those of the oracle's Setup.
type Connection struct {
	Apps       [2]int    `json:"apps"`
	Direction  string    `json:"direction,omitempty"` // "" both, "a_to_b", "b_to_a"
	Conflict   string    `json:"conflict,omitempty"`  // "" a, "b", "newest", "ask"
	Deletions  [2]string `json:"deletions,omitzero"`  // "" keep, "mark", "delete"
	Scope      string    `json:"scope,omitempty"`     // "" rule, "pair", "sticky"
	Keys       []string  `json:"keys,omitzero"`       // nil is the email
	Keyless    bool      `json:"keyless,omitempty"`
	Rules      []Rule    `json:"rules,omitzero"` // nil lets everything through
	NoTags     bool      `json:"no_tags,omitempty"`
	OneWay     string    `json:"one_way,omitempty"`    // a field that only flows to b
	KeepClear  string    `json:"keep_clear,omitempty"` // a field whose clearing stays on its side
	Group      bool      `json:"group,omitempty"`      // first and last are decided as one
	MaxDeletes int       `json:"max_deletes,omitempty"`
	MaxClears  int       `json:"max_clears,omitempty"`
	MaxCreates int       `json:"max_creates,omitempty"`
	Suggest    bool      `json:"suggest,omitempty"`
}

// A Rule lets records of a side through by one tag, and puts another one on their counterparts.
type Rule struct {
	From int    `json:"from"`
	Mode string `json:"mode,omitempty"` // "" create_and_update, "update_only", "create_only"
	Has  string `json:"has,omitempty"`  // the tag that lets a record through
	Not  string `json:"not,omitempty"`  // or the tag that keeps it back
	Add  string `json:"add,omitempty"`  // the tag that its counterpart gets
	Undo string `json:"undo,omitempty"` // "", "own", "all"
	Turn bool   `json:"turn,omitempty"` // it works the other way around too
}

// A Step is one thing that happens. Which records it is about is found when it happens; one that finds none is nothing.
type Step struct {
	Do     string  `json:"do"`
	App    int     `json:"app,omitempty"`
	Conn   int     `json:"conn,omitempty"`
	Engine int     `json:"engine,omitempty"`
	Person int     `json:"person,omitempty"`
	Other  int     `json:"other,omitempty"`
	Field  string  `json:"field,omitempty"`
	N      int     `json:"n,omitempty"`
	Faults []Fault `json:"faults,omitempty"` // of a sync or preview
	// Config is what a connection is asked to do from now on.
	Config *Connection `json:"config,omitempty"`
}

// A Fault is something that goes wrong at one call of a sync.
type Fault struct {
	Family string `json:"family"` // its F-number
	Kind   string `json:"kind"`
	On     string `json:"on"`             // the call: of a connector or "store.update", or "any"
	Side   int    `json:"side,omitempty"` // 0 or 1; 2 is either
	Nth    int    `json:"nth,omitempty"`  // how many such calls pass first
	Times  int    `json:"times,omitempty"`
	N      int    `json:"n,omitempty"` // in which way
	// Meanwhile is what happens before the call.
	Meanwhile []Step `json:"meanwhile,omitempty"`
}

// Encode returns the script as it is kept, one step a line.
func (s *Script) Encode() ([]byte, error) { return json.MarshalIndent(s, "", " ") }

// Decode reads a kept script.
func Decode(data []byte) (*Script, error) {
	s := &Script{}
	return s, json.Unmarshal(data, s)
}
