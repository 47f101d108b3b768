package connectortest

import (
	"reflect"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

func schemaPart(e *exam) {
	if len(e.schema.Fields) == 0 {
		e.errorf("the schema has no fields")
	}
	seen := map[string]bool{}
	for _, f := range e.schema.Fields {
		if seen[f.Name] {
			e.errorf("field %q: two fields have this name", f.Name)
		}
		seen[f.Name] = true
		e.checkField(f)
	}
	for _, name := range e.schema.Unique {
		if !seen[name] {
			e.errorf("Unique names %q, which is no field", name)
		}
	}
	b := e.schema.Batch
	if min(b.Create, b.Update, b.Delete, b.Read, e.schema.Parallel, int(e.schema.Settle)) < 0 {
		e.errorf("Batch, Parallel and Settle must not be negative")
	}
	e.checkLimits()
	e.checkKinds()
	features := connector.FeaturesOf(e.c)
	if e.schema.Marker && features.Finder == nil {
		e.errorf("the schema has Marker, so the connector has to be a Finder")
	}
	again, err := e.c.Schema(e.ctx())
	if err != nil {
		e.fatalf("Schema, the second time: %v", err)
	}
	if !reflect.DeepEqual(e.schema, again) {
		e.errorf("Schema answers otherwise when it is called again")
	}
}

func (e *exam) checkField(f contact.Field) {
	switch {
	case f.Name == "":
		e.errorf("a field has no name")
	case !f.Type.Known():
		e.errorf("field %q: there is no type %q", f.Name, f.Type)
	case f.Many && f.Type == contact.TypeSet:
		e.errorf("field %q: a set is not Many", f.Name)
	case f.Required && f.ReadOnly:
		e.errorf("field %q: it is required and cannot be written", f.Name)
	case f.MaxLength < 0 || f.MaxEntries < 0:
		e.errorf("field %q: MaxLength and MaxEntries must not be negative", f.Name)
	case len(f.Options) > 0 && f.Type != contact.TypeChoice && f.Type != contact.TypeSet:
		e.errorf("field %q: a %s has no options", f.Name, f.Type)
	}
	for i, o := range f.Options {
		if o == "" || slices.Index(f.Options, o) != i {
			e.errorf("field %q: option %d is blank or was there already", f.Name, i+1)
		}
	}
}

// checkLimits: what an app cannot do has a reason, and its schema says so, too.
func (e *exam) checkLimits() {
	for _, l := range e.schema.Limits {
		switch {
		case l.Cannot.Words() == "":
			e.errorf("a limit is of %q, which is no ability", l.Cannot)
		case l.Why == "":
			e.errorf("nobody says why the app cannot %s", l.Cannot.Words())
		}
	}
	if !reflect.DeepEqual(e.schema, e.schema.Limited(e.schema.Limits...)) {
		e.errorf("the schema has Limits and promises what they exclude; make it with Schema.Limited")
	}
}

// checkKinds: of the kinds of records that an account has, a connector that works is for one.
func (e *exam) checkKinds() {
	lister := connector.FeaturesOf(e.c).KindLister
	if lister == nil {
		return
	}
	kinds, err := lister.Kinds(e.ctx())
	if err != nil {
		e.fatalf("Kinds: %v", err)
	}
	chosen, seen := 0, map[string]bool{}
	for _, k := range kinds {
		if k.ID == "" || seen[k.ID] {
			e.errorf("a kind of records has no id, or the one of another")
		}
		if seen[k.ID] = true; k.Chosen {
			chosen++
		}
	}
	if chosen != 1 {
		e.errorf("%d kinds of records are Chosen, want the one that the connector is for", chosen)
	}
}
