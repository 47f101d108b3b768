package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// A Scenario is one document of a scenario file.
type Scenario struct {
	File  string
	Line  int // of the document's first key
	Name  string
	About string
	Apps  [2]App
	// Connection is what the document says of it, without the defaults.
	Connection map[string]any
	Steps      []Step
	// Invalid is what the message of a connection that does not validate contains; nil for one that does.
	Invalid *string

	swapped bool
}

// An App is one of the two apps as a scenario sets it up.
type App struct {
	Fields []contact.Field
	Quirks fake.Quirks
	Can
	Limits []contact.Limit // what it cannot do
}

// Can is what an app can do beyond the three methods of every connector.
type Can struct {
	Marker bool     // it keeps the marker of a create
	Upsert bool     // it takes creates under an external id
	FindBy []string // it finds records by the values of these fields
	Push   string   // "changes": it can never be listed and delivers every change; "hints": it says that there was one
}

// A Step is one step of a scenario.
type Step struct {
	Kind string // its key: "put", "sync", "want", ...
	Line int
	does action
}

// Uses reports whether the scenario has a step of that kind.
func (s *Scenario) Uses(kind string) bool {
	return slices.ContainsFunc(s.Steps, func(step Step) bool { return step.Kind == kind })
}

// ReadFolder reads the scenarios of all *.yaml files of a folder, in the order of their names.
func ReadFolder(folder string) ([]*Scenario, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no *.yaml file", folder)
	}
	var all []*Scenario
	names := map[string]string{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		found, err := Parse(filepath.Base(file), data)
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			place := fmt.Sprintf("%s:%d", s.File, s.Line)
			if other, twice := names[s.Name]; twice {
				return nil, fmt.Errorf("%s: the scenario %s is there twice, also in %s", place, s.Name, other)
			}
			names[s.Name] = place
		}
		all = append(all, found...)
	}
	return all, nil
}

// Parse reads the scenarios of one file. The error names the file, the scenario and the line.
func Parse(file string, data []byte) ([]*Scenario, error) {
	docs, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var all []*Scenario
	for _, doc := range docs.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		s, err := parseDocument(doc.Body)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: scenario %q: %w", file, line(doc.Body), s.Name, err)
		}
		s.File = file
		all = append(all, s)
	}
	return all, nil
}

// document is a scenario as it is written.
type document struct {
	Name       string
	About      string
	Apps       sides[appDocument]
	Connection map[string]any
	Steps      []json.RawMessage
	Invalid    *string
}

// appDocument is an app as it is written.
type appDocument struct {
	Fields pairs[fieldDocument]
	Quirks quirksDocument
	Can    canDocument
	// Cannot are its limits with their reasons, CannotNow those that may pass.
	Cannot    pairs[string]
	CannotNow pairs[string] `json:"cannot_now"`
}

// limits returns what the app cannot do, and for now.
func (d *appDocument) limits() (list []contact.Limit, err error) {
	for i, limits := range []pairs[string]{d.Cannot, d.CannotNow} {
		for _, l := range limits {
			limit := contact.Limit{Cannot: contact.Ability(l.Key), Why: l.Value, ForNow: i == 1}
			if limit.Cannot.Words() == "" {
				return nil, fmt.Errorf("there is no ability %q", l.Key)
			}
			list = append(list, limit)
		}
	}
	return list, nil
}

// canDocument is what an app can do as it is written.
type canDocument struct {
	Marker, Upsert bool
	FindBy         []string `json:"find_by"`
	Push           string
}

func (c canDocument) can() (Can, error) {
	if !slices.Contains([]string{"", "changes", "hints"}, c.Push) {
		return Can{}, fmt.Errorf("push is changes or hints, not %q", c.Push)
	}
	return Can(c), nil
}

func parseDocument(body ast.Node) (*Scenario, error) {
	s := &Scenario{Line: line(body)}
	data, err := toJSON(body)
	if err != nil {
		return s, err
	}
	var doc document
	if err := strict(data, &doc); err != nil {
		return s, err
	}
	s.Name, s.About, s.Connection, s.Invalid = doc.Name, doc.About, doc.Connection, doc.Invalid
	if s.Name == "" {
		return s, fmt.Errorf("a scenario needs a name")
	}
	for side, app := range doc.Apps {
		if app == nil {
			app = &appDocument{}
		}
		s.Apps[side].Fields = defaultFields(side)
		for _, f := range app.Fields {
			s.Apps[side].setField(f.Key, f.Value)
		}
		if s.Apps[side].Quirks, err = app.Quirks.quirks(); err != nil {
			return s, fmt.Errorf("apps.%s.quirks: %w", "ab"[side:side+1], err)
		}
		if s.Apps[side].Can, err = app.Can.can(); err != nil {
			return s, fmt.Errorf("apps.%s.can: %w", "ab"[side:side+1], err)
		}
		if s.Apps[side].Limits, err = app.limits(); err != nil {
			return s, fmt.Errorf("apps.%s.cannot: %w", "ab"[side:side+1], err)
		}
	}
	lines := stepLines(body)
	for i, raw := range doc.Steps {
		step, err := parseStep(raw)
		if err != nil {
			return s, fmt.Errorf("step %d (line %d): %w", i+1, lines[i], err)
		}
		step.Line = lines[i]
		s.Steps = append(s.Steps, step)
	}
	return s, s.liftInvalid()
}

// liftInvalid makes a step "invalid" the scenario's own, and refuses it beside others.
func (s *Scenario) liftInvalid() error {
	if len(s.Steps) == 1 && s.Steps[0].Kind == "invalid" {
		text := string(s.Steps[0].does.(invalidStep))
		s.Invalid, s.Steps = &text, nil
	}
	if (s.Invalid != nil) == (len(s.Steps) > 0) || s.Uses("invalid") {
		return fmt.Errorf("a scenario has either steps or the one step \"invalid\"")
	}
	return nil
}

// stepLines returns the line of each step.
func stepLines(body ast.Node) []int {
	doc, ok := body.(*ast.MappingNode)
	if !ok {
		return nil
	}
	var lines []int
	for _, v := range doc.Values {
		steps, ok := v.Value.(*ast.SequenceNode)
		if !ok || v.Key.GetToken().Value != "steps" {
			continue
		}
		for _, step := range steps.Values {
			lines = append(lines, line(step))
		}
	}
	return lines
}

// defaultFields is the default schema of one of the two apps.
func defaultFields(side int) []contact.Field {
	return []contact.Field{
		{Name: "first", Type: contact.TypeText, Meaning: "first"},
		{Name: "last", Type: contact.TypeText, Meaning: "last"},
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: "phone", Type: contact.TypePhone, Meaning: "phone"},
		{Name: "company", Type: contact.TypeText, Meaning: "company"},
		{Name: "notes", Type: contact.TypeText, Meaning: "notes"},
		[]contact.Field{
			{Name: "labels", Type: contact.TypeSet, Meaning: "labels"},
			{Name: "tags", Type: contact.TypeSet, Meaning: "tags"},
		}[side],
	}
}

// fieldDocument is a field as it is written: a type, or an object.
type fieldDocument struct {
	Type       contact.Type
	Many       bool
	ReadOnly   bool `json:"read_only"`
	Required   bool
	MaxLength  int `json:"max_length"`
	MaxEntries int `json:"max_entries"`
	Options    []string
	Meaning    string
}

// UnmarshalJSON reads either form.
func (f *fieldDocument) UnmarshalJSON(data []byte) error {
	type object fieldDocument
	err := json.Unmarshal(data, &f.Type)
	if err != nil {
		err = strict(data, (*object)(f))
	}
	if err == nil && !f.Type.Known() {
		err = fmt.Errorf("there is no type %q", f.Type)
	}
	return err
}

// setField adds a field to the app's schema, or replaces the one of that name.
func (a *App) setField(name string, d fieldDocument) {
	f := contact.Field{Name: name, Type: d.Type, Many: d.Many, Meaning: d.Meaning, ReadOnly: d.ReadOnly,
		Required: d.Required, MaxLength: d.MaxLength, MaxEntries: d.MaxEntries, Options: d.Options}
	if f.Meaning == "" {
		f.Meaning = name
	}
	if i := slices.IndexFunc(a.Fields, func(g contact.Field) bool { return g.Name == name }); i >= 0 {
		a.Fields[i] = f
		return
	}
	a.Fields = append(a.Fields, f)
}

// quirksDocument is an app's quirks as they are written.
type quirksDocument struct {
	Normalize    map[string]fake.Form
	NoVersions   bool `json:"no_versions"`
	NoTombstones bool `json:"no_tombstones"`
	NoModified   bool `json:"no_modified"`
	PageSize     int  `json:"page_size"`
	BatchSize    int  `json:"batch_size"`
	StaleReads   int  `json:"stale_reads"`
	Unique       []string
	MaxEntries   map[string]int `json:"max_entries"`
	Settle       string
	FoldIn       []string `json:"fold_in"`
	FoldUntold   bool     `json:"fold_untold"`
}

func (q quirksDocument) quirks() (fake.Quirks, error) {
	for _, name := range slices.Sorted(maps.Keys(q.Normalize)) {
		if !q.Normalize[name].Known() {
			return fake.Quirks{}, fmt.Errorf("normalize: there is no form %q", q.Normalize[name])
		}
	}
	settle := time.Duration(0)
	if q.Settle != "" {
		var err error
		if settle, err = time.ParseDuration(q.Settle); err != nil {
			return fake.Quirks{}, fmt.Errorf("settle: %w", err)
		}
	}
	return fake.Quirks{Normalize: q.Normalize, NoVersions: q.NoVersions, NoTombstones: q.NoTombstones,
		NoModified: q.NoModified, PageSize: q.PageSize, BatchSize: q.BatchSize, StaleReads: q.StaleReads,
		Unique: q.Unique, MaxEntries: q.MaxEntries, Settle: settle,
		FoldIn: q.FoldIn, FoldUntold: q.FoldUntold}, nil
}
