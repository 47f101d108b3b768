package fake

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// Apply carries out the writes one after the other. It refuses a call of mixed operations or of more records than
// the schema allows.
func (a *App) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	return a.apply(ctx, writes, a.write)
}

// apply carries out the writes of one call, each by write.
func (a *App) apply(ctx context.Context, writes []connector.Write, write func(connector.Write) connector.Result) ([]connector.Result, error) {
	if len(writes) == 0 {
		return nil, ctx.Err()
	}
	op := writes[0].Op
	var results []connector.Result
	err := a.call(ctx, string(op), func(f *Fault) error {
		if err := a.checkCall(writes); err != nil {
			return err
		}
		count := len(writes)
		if f.is(PartialBatch) {
			count /= 2
		}
		if f.is(Conflict) && a.records[writes[0].ID] != nil {
			if err := a.edit(writes[0].ID, f.Edit); err != nil {
				return err
			}
		}
		for i, w := range writes[:count] {
			if i == 0 && f.is(Invalid) {
				refused := a.invalid("", "refused by a fault")
				results = append(results, connector.Result{Record: contact.Record{ID: w.ID}, Err: refused})
				continue
			}
			results = append(results, write(w))
		}
		if f.is(PartialBatch) {
			return fmt.Errorf("%s: %s: the connection broke half-way", a.name, op)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// checkCall returns why the app takes no part of a call.
func (a *App) checkCall(writes []connector.Write) error {
	op := writes[0].Op
	if !slices.Contains([]connector.Op{connector.Create, connector.Update, connector.Delete}, op) {
		return a.invalid("", fmt.Sprintf("unknown operation %q", op))
	}
	if slices.ContainsFunc(writes, func(w connector.Write) bool { return w.Op != op }) {
		return a.invalid("", "writes of several operations in one call")
	}
	if len(writes) > a.quirks.batchSize() {
		return a.tooMany(string(op), len(writes))
	}
	return nil
}

// write carries out one write.
func (a *App) write(w connector.Write) connector.Result {
	before := a.records[w.ID]
	if w.Op != connector.Create {
		if err := a.precondition(w, before); err != nil {
			return connector.Result{Record: contact.Record{ID: w.ID}, Err: err}
		}
	}
	switch w.Op {
	case connector.Create:
		return a.create(w)
	case connector.Delete:
		a.drop(w.ID)
		a.lagBehind(w.ID, before)
		a.writes.Deleted++
		return connector.Result{Record: contact.Record{ID: w.ID}}
	}
	fields, err := a.patched(w, before.fields)
	if err != nil {
		return connector.Result{Record: contact.Record{ID: w.ID}, Err: err}
	}
	r := a.put(w.ID, fields, before.marker)
	a.lagBehind(w.ID, before)
	a.writes.Updated++
	return connector.Result{Record: a.tell(r, nil)}
}

// create makes a new record under an id of the app's own.
func (a *App) create(w connector.Write) connector.Result {
	if holder, _ := a.taken("", w.Patch.Apply(nil, &a.schema), a.quirks.FoldIn); holder != "" {
		return a.foldIn(w, a.records[holder])
	}
	fields, err := a.patched(w, nil)
	if err != nil {
		return connector.Result{Err: err}
	}
	marker := ""
	if a.schema.Marker || a.schema.Upsert {
		marker = w.Marker
	}
	r := a.put(a.newID(), fields, marker)
	a.lagBehind(r.id, nil)
	a.writes.Created++
	return connector.Result{Record: a.tell(r, nil)}
}

// precondition returns why the app refuses to change or delete the record r, nil if there is none.
func (a *App) precondition(w connector.Write, r *record) error {
	if r == nil {
		return a.fail(string(w.Op), w.ID, connector.ErrNotFound)
	}
	if w.Version != "" && !a.quirks.NoVersions && w.Version != strconv.Itoa(r.version) {
		return a.fail(string(w.Op), w.ID, connector.ErrVersionConflict)
	}
	return nil
}

// patched returns what the patch makes of fields as the app stores it, or why the app refuses it.
func (a *App) patched(w connector.Write, fields contact.Fields) (contact.Fields, error) {
	for _, name := range w.Patch.Names() {
		if f, ok := a.schema.Field(name); ok && f.ReadOnly {
			return nil, a.invalid(name, "read-only")
		}
	}
	stored, err := a.store(w.Patch.Apply(fields, &a.schema))
	if err != nil {
		return nil, err
	}
	for _, f := range a.schema.Fields {
		if f.Required && stored[f.Name].Blank() {
			return nil, a.invalid(f.Name, "required")
		}
	}
	return stored, a.unique(string(w.Op), w.ID, stored)
}

// unique returns [connector.ErrAlreadyExists], with the id, if another record holds a unique value of fields.
func (a *App) unique(op, id string, fields contact.Fields) error {
	holder, field := a.taken(id, fields, a.quirks.Unique)
	if holder == "" {
		return nil
	}
	e := a.fail(op, holder, connector.ErrAlreadyExists)
	e.Field = field
	return e
}
