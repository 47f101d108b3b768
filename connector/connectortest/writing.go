package connectortest

import (
	"errors"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

func createPart(e *exam) {
	n := min(10, 2*e.batch(connector.Create)+1)
	fields := names(e.writable())
	answers := e.create(0, n)
	held := e.all(e.c)
	for i, answer := range answers {
		want := e.sample(i)
		got, ok := held.records[answer.ID]
		if !ok {
			e.fatalf("create %d: the record of the answer is not there afterwards", i)
		}
		e.wantFields("read back", fields, want, got.Fields)
		e.wantAnswer("create", answer, got)
		if e.schema.Modified && got.Modified.IsZero() {
			e.errorf("the schema has Modified, but a record does not bear the time of its last change")
		}
	}
	if len(held.records) != n {
		e.errorf("%d records are there after %d creates on an empty account", len(held.records), n)
	}
}

// wantAnswer notes a fault for each field of a write's answer that the record does not hold.
func (e *exam) wantAnswer(what string, answer, held contact.Record) {
	for _, name := range answer.Fields.Names() {
		f, known := e.schema.Field(name)
		if !known {
			e.errorf("%s: the answer tells a field %q, which the schema does not have", what, name)
		} else if !same(f, answer.Get(name), held.Get(name)) {
			e.errorf("%s: field %s: the answer tells %v, but the record holds %v", what, name, answer.Get(name), held.Get(name))
		}
	}
	if e.schema.Versions && answer.Version != "" && answer.Version != held.Version {
		e.errorf("%s: the answer tells version %q, but the record has version %q", what, answer.Version, held.Version)
	}
}

func lengthPart(e *exam) {
	id := ""
	for _, f := range e.writable() {
		if f.Type != contact.TypeText || f.Many || f.MaxLength == 0 {
			continue
		}
		if id == "" {
			id = e.create(0, 1)[0].ID
		}
		want := contact.Text(strings.Repeat("é", f.MaxLength))
		e.update(id, "", contact.Patch{f.Name: {Set: want}})
		if got := e.one(e.c, id).Get(f.Name); !same(f, want, got) {
			e.errorf("field %s: text of %d characters is not read back as it was written", f.Name, f.MaxLength)
		}
	}
}

// scalars returns the writable fields whose value is replaced as a whole.
func (e *exam) scalars() []contact.Field {
	return slices.DeleteFunc(e.writable(), isCollection)
}

func isCollection(f contact.Field) bool { return f.Many || f.Type == contact.TypeSet }

func updatePart(e *exam) {
	all := names(e.writable())
	records := e.create(0, 2)
	for _, f := range e.scalars() {
		before := e.all(e.c)
		value := e.sample(101)[f.Name]
		if same(f, value, before.records[records[0].ID].Get(f.Name)) {
			value = e.sample(102)[f.Name]
		}
		answer := e.update(records[0].ID, "", contact.Patch{f.Name: {Set: value}})
		after := e.all(e.c)
		want := before.records[records[0].ID].Fields.Clone()
		want[f.Name] = value
		e.wantFields("after an update of "+f.Name, all, want, after.records[answer.ID].Fields)
		e.wantAnswer("update of "+f.Name, answer, after.records[answer.ID])
		e.wantFields("another record, after an update of "+f.Name, all,
			before.records[records[1].ID].Fields, after.records[records[1].ID].Fields)
	}
}

func elementsPart(e *exam) {
	fields := slices.DeleteFunc(e.writable(), func(f contact.Field) bool { return !isCollection(f) })
	if len(fields) == 0 {
		e.cannot("the schema has neither sets nor lists that can be written")
	}
	all := names(e.writable())
	id := e.create(0, 1)[0].ID
	for _, f := range fields {
		mine, others := entriesOf(e.sample(0)[f.Name]), entriesOf(e.sample(50)[f.Name])
		steps := []contact.Change{{Remove: mine[:1]}, {Add: mine[:1]}}
		if room := f.MaxEntries == 0 || len(mine) < f.MaxEntries; room {
			steps = append(steps, contact.Change{Add: others[:1]}, contact.Change{Remove: others[:1]})
		}
		steps = append(steps, contact.Change{Remove: mine[:1], Add: others[:1]})
		for _, change := range steps {
			for i := range change.Add {
				change.Add[i].Primary = false
			}
			want := e.one(e.c, id).Fields.Clone()
			want[f.Name] = change.Apply(want[f.Name], f)
			e.update(id, "", contact.Patch{f.Name: change})
			e.wantFields("after a change of elements of "+f.Name, all, want, e.one(e.c, id).Fields)
		}
	}
}

// entriesOf returns the elements of a set or list, as a change names them.
func entriesOf(v contact.Value) []contact.Entry {
	entries := slices.Clone(v.Entries())
	for _, s := range v.Elements() {
		entries = append(entries, contact.Entry{Value: contact.Text(s)})
	}
	return entries
}

func clearPart(e *exam) {
	all := names(e.writable())
	id := e.create(0, 1)[0].ID
	for _, f := range e.writable() {
		if f.Required {
			continue
		}
		want := e.one(e.c, id).Fields.Clone()
		want[f.Name] = contact.Empty
		e.update(id, "", contact.Patch{f.Name: {Set: contact.Empty}})
		got := e.one(e.c, id).Fields
		if got[f.Name].Absent() {
			e.errorf("field %s: it is absent after it was cleared; it has to be told, as empty", f.Name)
		}
		e.wantFields("after "+f.Name+" was cleared", all, want, got)
	}
}

func deletePart(e *exam) {
	records := e.create(0, 2)
	if err := e.remove(records[0].ID, ""); err != nil {
		e.fatalf("delete: %v", err)
	}
	held := e.all(e.c)
	if _, there := held.records[records[0].ID]; there {
		e.errorf("a deleted record is still there")
	}
	if _, there := held.records[records[1].ID]; !there {
		e.errorf("another record than the deleted one is gone")
	}
	e.wantErr("delete, the second time", e.remove(records[0].ID, ""), connector.ErrNotFound)
}

func unknownPart(e *exam) {
	if e.schema.NoUpdate {
		e.cannot("the schema says that records cannot be changed")
	}
	f := e.scalars()
	if len(f) == 0 {
		e.cannot("there is no single-valued field to write")
	}
	patch := contact.Patch{f[0].Name: {Set: e.sample(1)[f[0].Name]}}
	r := e.apply(e.c, connector.Write{Op: connector.Update, ID: e.missingID(), Patch: patch})[0]
	e.wantErr("update of a record that does not exist", r.Err, connector.ErrNotFound)
	if n := len(e.all(e.c).records); n != 0 {
		e.errorf("an update of a record that does not exist made one")
	}
}

func invalidPart(e *exam) {
	bad, ok := e.badPerson()
	if !ok {
		e.cannot("by its schema the app refuses nothing: no field is required, limited in length, or a choice")
	}
	writes := []connector.Write{creation(e.sample(0)), creation(bad), creation(e.sample(2))}
	if e.schema.NoCreate {
		e.cannot("the schema says that records cannot be created")
	}
	results := e.apply(e.c, writes...)
	e.wantErr("create of a record that the schema rules out", results[1].Err, connector.ErrInvalid)
	held := e.all(e.c)
	for _, i := range []int{0, 2} {
		if results[i].Err != nil {
			e.errorf("a good record failed with the bad one: %v", results[i].Err)
			continue
		}
		e.wantFields("beside a bad record", names(e.writable()), e.sample(i), held.records[results[i].Record.ID].Fields)
	}
	if len(held.records) != 2 {
		e.errorf("%d records are there after two good creates and a bad one", len(held.records))
	}
}

// badPerson returns a person that the app has to refuse by its schema, and whether there can be one.
func (e *exam) badPerson() (contact.Fields, bool) {
	bad := e.sample(1).Clone()
	for _, f := range e.schema.Fields {
		if f.Required && !bad[f.Name].Blank() {
			delete(bad, f.Name)
			return bad, true
		}
	}
	for _, f := range e.scalars() {
		if f.Type == contact.TypeChoice && len(f.Options) > 0 {
			bad[f.Name] = contact.Text(strings.Join(f.Options, "-") + "-none of these")
			return bad, true
		}
		if f.Type == contact.TypeText && f.MaxLength > 0 {
			bad[f.Name] = contact.Text(strings.Repeat("x", f.MaxLength+1))
			return bad, true
		}
	}
	return nil, false
}

func versionsPart(e *exam) {
	if !e.schema.Versions {
		e.cannot("the schema has no Versions")
	}
	records := e.create(0, 2)
	mine, other := records[0].ID, records[1].ID
	before := e.all(e.c)
	for _, id := range before.ids() {
		if v := before.records[id].Version; v == "" {
			e.errorf("a record has no version")
		} else if v != e.all(e.c).records[id].Version {
			e.errorf("the version of a record changes by reading it")
		}
	}
	seen := map[string]bool{before.records[mine].Version: true}
	for _, f := range e.writable() {
		change := contact.Change{Set: e.sample(101)[f.Name]}
		if isCollection(f) {
			change = contact.Change{Remove: entriesOf(e.sample(0)[f.Name])[:1]}
		} else if same(f, change.Set, e.sample(0)[f.Name]) {
			continue
		}
		e.update(mine, "", contact.Patch{f.Name: change})
		after := e.all(e.c)
		if v := after.records[mine].Version; seen[v] {
			e.errorf("after an update of %s the record has a version that it had before", f.Name)
		} else {
			seen[v] = true
		}
		if after.records[other].Version != before.records[other].Version {
			e.errorf("the version of a record changed by an update of another one")
		}
	}
}

func conditionalPart(e *exam) {
	if !e.schema.Versions {
		e.cannot("the schema has no Versions")
	}
	fields := e.scalars()
	if len(fields) == 0 {
		e.cannot("there is no single-valued field to write")
	}
	f := fields[0]
	id := e.create(0, 1)[0].ID
	stale := e.one(e.c, id).Version
	e.update(id, stale, contact.Patch{f.Name: {Set: e.sample(101)[f.Name]}})
	now := e.one(e.c, id)

	late := connector.Write{Op: connector.Update, ID: id, Version: stale, Patch: contact.Patch{f.Name: {Set: e.sample(102)[f.Name]}}}
	e.wantErr("update on a stale version", e.apply(e.c, late)[0].Err, connector.ErrVersionConflict)
	e.wantFields("after a refused update", names(e.writable()), now.Fields, e.one(e.c, id).Fields)
	if e.schema.NoDelete {
		return
	}
	e.wantErr("deletion on a stale version", e.remove(id, stale), connector.ErrVersionConflict)
	if err := e.remove(id, e.one(e.c, id).Version); err != nil {
		e.errorf("deletion on the current version: %v", err)
	}
}

func markerPart(e *exam) {
	finder := connector.FeaturesOf(e.c).Finder
	if finder == nil || !e.schema.Marker {
		e.cannot("the schema has no Marker or the connector is no Finder")
	}
	fields := e.fieldNames()
	var ids []string
	for i, marker := range []string{"marker-1", "marker-2"} {
		write := creation(e.sample(i))
		write.Marker = marker
		r := e.apply(e.c, write)[0]
		if r.Err != nil {
			e.fatalf("create with a marker: %v", r.Err)
		}
		ids = append(ids, r.Record.ID)
	}
	for i, marker := range []string{"marker-1", "marker-2"} {
		rec, err := finder.Find(e.ctx(), marker, fields)
		if err != nil {
			e.fatalf("Find: %v", err)
		}
		if rec.ID != ids[i] {
			e.errorf("Find returns another record than the one that was created with the marker")
		}
		e.wantFields("found by its marker", names(e.writable()), e.sample(i), rec.Fields)
	}
	_, err := finder.Find(e.ctx(), "marker-3", fields)
	e.wantErr("Find of a marker that no record bears", err, connector.ErrNotFound)
	if known := errors.Is(err, connector.ErrNotFound); known && !e.schema.NoDelete {
		if err := e.remove(ids[0], ""); err != nil {
			e.fatalf("delete: %v", err)
		}
		_, err = finder.Find(e.ctx(), "marker-1", fields)
		e.wantErr("Find of the marker of a deleted record", err, connector.ErrNotFound)
	}
}
