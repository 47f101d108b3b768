package contact

import "time"

// Type says what a field holds.
type Type string

// The types of a field.
const (
	TypeText     Type = "text"
	TypeEmail    Type = "email"
	TypePhone    Type = "phone"
	TypeURL      Type = "url"
	TypeNumber   Type = "number"
	TypeBool     Type = "bool"
	TypeDate     Type = "date"     // "2006-01-02", or "--01-02" without year
	TypeDateTime Type = "datetime" // RFC 3339
	TypeChoice   Type = "choice"   // one of the field's options
	TypeSet      Type = "set"      // a set of strings
	TypeAddress  Type = "address"
)

// Known reports whether t is one of the types of this package.
func (t Type) Known() bool {
	switch t {
	case TypeText, TypeEmail, TypePhone, TypeURL, TypeNumber, TypeBool, TypeDate, TypeDateTime, TypeChoice, TypeSet, TypeAddress:
		return true
	}
	return false
}

// A Field is one field of an app's records.
type Field struct {
	Name  string `json:"name"`            // unique in the schema
	Label string `json:"label,omitempty"` // what people call it; "" means the name
	Type  Type   `json:"type"`
	// Many says that the field holds a list of entries of Type. A set is not many: it is a set.
	Many bool `json:"many,omitempty"`
	// Meaning is a word that the fields of all apps share, from which default mappings are found:
	// "first" (given name), "last" (family name), "name" (full name), "email", "phone", "company", ...
	// "" means that the field has no common meaning.
	Meaning    string   `json:"meaning,omitempty"`
	ReadOnly   bool     `json:"read_only,omitempty"`   // it can be read and never written
	Required   bool     `json:"required,omitempty"`    // the app refuses a record without it
	MaxLength  int      `json:"max_length,omitempty"`  // in characters (runes) of text; 0 means no known limit
	MaxEntries int      `json:"max_entries,omitempty"` // of a list; 0 means no known limit
	Options    []string `json:"options,omitempty"`     // of a choice or set; none means any
	// Apart says that the app keeps the field outside the record, and that an update writes it by a call of its own after that
	// of the record: one that breaks off may be carried out without it. False for what is written with the record, or not at all.
	Apart bool `json:"apart,omitempty"`
}

// A Schema describes the records of one app: their fields, and what the app can and cannot do with them. The
// zero value of each capability is the weakest promise, but for the No… ones, which are false for most apps.
type Schema struct {
	Fields []Field `json:"fields"`

	// Versions says that records bear a version which changes with every change of the record, and that a write
	// can be made conditional on it.
	Versions bool `json:"versions,omitempty"`
	// Tombstones says that the change feed reports deletions.
	Tombstones bool `json:"tombstones,omitempty"`
	// Modified says that records bear the time of their last change.
	Modified bool `json:"modified,omitempty"`
	// Marker says that a created record keeps the marker of the write that made it, so that it can be found again
	// ([connector.Finder]) after an answer was lost.
	Marker bool `json:"marker,omitempty"`
	// Upsert says that a record can be created under an id of ours, and that doing it again makes no second one
	// ([connector.Upserter]).
	Upsert bool `json:"upsert,omitempty"`
	// FindBy names fields by whose value records are found at once ([connector.KeyFinder]).
	FindBy []string `json:"find_by,omitempty"`
	// Unlistable says that the app can never be read completely: it pushes changes ([connector.Receiver]), or has a feed
	// that begins somewhere. It is never asked for a list.
	Unlistable bool `json:"unlistable,omitempty"`

	NoCreate bool `json:"no_create,omitempty"` // records cannot be created
	NoUpdate bool `json:"no_update,omitempty"` // records cannot be changed
	NoDelete bool `json:"no_delete,omitempty"` // records cannot be deleted
	// Limits are what else the app cannot do, and why it cannot do what the schema says; see [Schema.Limited].
	Limits []Limit `json:"limits,omitempty"`

	// Settle is how long the app may take until its feed and listings show a write.
	Settle time.Duration `json:"settle,omitempty"`
	// Batch is how many records one call takes, per operation; 0 means one at a time.
	Batch Batch `json:"batch,omitzero"`
	// Parallel is how many calls the app allows at a time; 0 means one.
	Parallel int `json:"parallel,omitempty"`
	// Unique names fields of which no two records may hold the same value.
	Unique []string `json:"unique,omitempty"`
}

// Batch says how many records one call takes, per operation. 0 means one.
type Batch struct {
	Create int `json:"create,omitempty"`
	Update int `json:"update,omitempty"`
	Delete int `json:"delete,omitempty"`
	Read   int `json:"read,omitempty"`
}

// Field returns the field of that name, and whether there is one.
func (s *Schema) Field(name string) (Field, bool) {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return s.Fields[i], true
		}
	}
	return Field{}, false
}

// WithMeaning returns the first field that bears the meaning, and whether there is one.
func (s *Schema) WithMeaning(meaning string) (Field, bool) {
	for _, f := range s.Fields {
		if f.Meaning == meaning {
			return f, true
		}
	}
	return Field{}, false
}
