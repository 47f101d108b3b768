package fake

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// Quirks are the habits of an app that is not as one would wish. The zero value is an app without any.
type Quirks struct {
	// Normalize names fields that the app stores in another form than it was given.
	Normalize map[string]Form
	// NoVersions: records bear no version, so that a conditional write is impossible.
	NoVersions bool
	// NoTombstones: the feed does not report deletions; every pass is a full and complete listing.
	NoTombstones bool
	// NoModified: records bear no modification time.
	NoModified bool
	// NamesOnly: the feed names new and changed records with their versions and does not tell them.
	NamesOnly bool
	// PageSize is how many records a page tells; 0 means 100.
	PageSize int
	// BatchSize is how many records one call takes; 0 means 100.
	BatchSize int
	// StaleReads is for how many syncs after a write of the connector the feed and listings still show the record
	// as it was before, and a new one not at all. Reads by id do not lag. [App.BeginSync] counts the syncs.
	StaleReads int
	// Lag is for how long after any change, also a user's, the feed and listings still show the record as it was before.
	// Reads by id do not lag. It goes by the app's clock.
	Lag time.Duration
	// Granularity is what modification times are whole multiples of, such as a second; 0 means exact.
	Granularity time.Duration
	// ReuseIDs: the id of a record that is gone is given to a new one. Versions are never given twice.
	ReuseIDs bool
	// Unique names fields of which no two records may hold the same value.
	Unique []string
	// MaxEntries is how many entries of a list the app keeps, the first ones, without a word.
	MaxEntries map[string]int
	// FoldIn names fields: a create with a value that another record holds in one of them becomes part of that record,
	// which keeps what the create does not name. The answer tells the record, under its own id, as found.
	FoldIn []string
	// FoldUntold: the answer to such a create tells a new id, as if the record were there; it is not, and the app speaks
	// of the other one ever after.
	FoldUntold bool
	// Settle is how long the app says that it may take to show a write.
	Settle time.Duration
}

// A Form is a form in which an app stores text.
type Form string

// The forms.
const (
	Lower  Form = "lower"
	Upper  Form = "upper"
	Title  Form = "title" // the first letter of each word is large, the others are small
	Trim   Form = "trim"
	Digits Form = "digits" // all else is removed
	Spaces Form = "spaces" // digits in groups of two
)

// Known reports whether f is one of the forms of this package.
func (f Form) Known() bool {
	return slices.Contains([]Form{Lower, Upper, Title, Trim, Digits, Spaces}, f)
}

// Of returns text in the form; unchanged if the form is not known.
func (f Form) Of(text string) string {
	switch f {
	case Lower:
		return strings.ToLower(text)
	case Upper:
		return strings.ToUpper(text)
	case Title:
		inWord := false
		return strings.Map(func(r rune) rune {
			first := !inWord
			if inWord = unicode.IsLetter(r); first {
				return unicode.ToUpper(r)
			}
			return unicode.ToLower(r)
		}, text)
	case Trim:
		return strings.TrimSpace(text)
	case Digits:
		return digits(text)
	case Spaces:
		var groups []string
		for pair := range slices.Chunk([]rune(digits(text)), 2) {
			groups = append(groups, string(pair))
		}
		return strings.Join(groups, " ")
	}
	return text
}

func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}

const defaultSize = 100

func (q Quirks) pageSize() int {
	if q.PageSize > 0 {
		return q.PageSize
	}
	return defaultSize
}

func (q Quirks) batchSize() int {
	if q.BatchSize > 0 {
		return q.BatchSize
	}
	return defaultSize
}

// store returns the fields as the app stores them: typed, in its own forms, cut to what fits and without blank
// ones. It fails with [connector.ErrInvalid], naming the field, if the app cannot hold a value.
func (a *App) store(fields contact.Fields) (contact.Fields, error) {
	stored := contact.Fields{}
	for _, name := range fields.Names() {
		f, ok := a.schema.Field(name)
		if !ok {
			return nil, a.invalid(name, fmt.Sprintf("there is no field %q", name))
		}
		v, err := f.Coerce(fields[name])
		if err != nil {
			return nil, a.invalid(name, err.Error())
		}
		v = a.stored(f, v)
		if !allowed(f, v) {
			return nil, a.invalid(name, "not one of the options")
		}
		if !v.Blank() {
			stored[name] = v
		}
	}
	return stored, nil
}

// Hold returns what the app holds of a value that is entered in the field, by a user or through the connector:
// [contact.Empty] of a blank one. It fails with [connector.ErrInvalid] if the app refuses the value.
func (a *App) Hold(field string, v contact.Value) (contact.Value, error) {
	stored, err := a.store(contact.Fields{field: v})
	if held, ok := stored[field]; ok {
		return held, nil
	}
	return contact.Empty, err
}

// invalid returns the refusal of a field.
func (a *App) invalid(field, message string) *connector.Error {
	return &connector.Error{App: a.name, Field: field, Message: message, Err: connector.ErrInvalid}
}

// stored returns what the app makes of one value.
func (a *App) stored(f contact.Field, v contact.Value) contact.Value {
	text := func(s string) string {
		form := a.quirks.Normalize[f.Name]
		s = form.Of(s)
		if runes := []rune(s); f.MaxLength > 0 && len(runes) > f.MaxLength {
			s = form.Of(string(runes[:f.MaxLength])) // what is held stays as it is when the record is written next
		}
		return s
	}
	switch v.Kind() {
	case contact.KindText:
		return contact.Text(text(v.Str()))
	case contact.KindSet:
		elements := slices.Clone(v.Elements())
		for i, e := range elements {
			elements[i] = text(e)
		}
		return contact.Set(elements...)
	case contact.KindList:
		entries := slices.Clone(v.Entries())
		for i, e := range entries {
			if e.Value.Kind() == contact.KindText {
				entries[i].Value = contact.Text(text(e.Value.Str()))
			}
		}
		for _, limit := range []int{f.MaxEntries, a.quirks.MaxEntries[f.Name]} {
			if limit > 0 && len(entries) > limit {
				entries = entries[:limit]
			}
		}
		return contact.List(entries...)
	}
	return v
}

// allowed reports whether all that v says is among the field's options.
func allowed(f contact.Field, v contact.Value) bool {
	if len(f.Options) == 0 || v.Blank() {
		return true
	}
	for _, text := range texts(v) {
		if !slices.Contains(f.Options, text) {
			return false
		}
	}
	return true
}

// texts returns the text of each scalar that v holds.
func texts(v contact.Value) []string {
	switch v.Kind() {
	case contact.KindSet:
		return v.Elements()
	case contact.KindList:
		var all []string
		for _, e := range v.Entries() {
			all = append(all, e.Value.Str())
		}
		return all
	case contact.KindEmpty, contact.KindAbsent:
		return nil
	}
	return []string{v.Str()}
}

// taken returns the id of another record that holds the value of one of the named fields, and that field; "" if there is
// none.
func (a *App) taken(id string, fields contact.Fields, names []string) (holder, field string) {
	for _, name := range names {
		f, _ := a.schema.Field(name)
		mine := keys(f, fields[name])
		for _, r := range a.sorted() {
			if r.id != id && slices.ContainsFunc(keys(f, r.fields[name]), func(k string) bool { return slices.Contains(mine, k) }) {
				return r.id, name
			}
		}
	}
	return "", ""
}

// keys returns what the values of a field are compared by.
func keys(f contact.Field, v contact.Value) []string {
	var all []string
	for _, text := range texts(v) {
		all = append(all, f.EntryKey(contact.Entry{Value: contact.Text(text)}, ""))
	}
	return all
}
