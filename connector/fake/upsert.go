package fake

import (
	"context"
	"maps"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// WithUpsert makes the app take creates under an external id of the caller's: [App.Upsert].
func WithUpsert() Option { return func(a *App) { a.schema.Upsert = true } }

// Upsert creates records, each under the external id that is its marker, or changes the ones that are there under it.
// It counts, and goes wrong, as "create".
func (a *App) Upsert(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	return a.apply(ctx, writes, a.upsert)
}

func (a *App) upsert(w connector.Write) connector.Result {
	if !a.schema.Upsert || w.Op != connector.Create || w.Marker == "" {
		return connector.Result{Err: a.invalid("", "an upsert is a create with an external id, in an app that takes one")}
	}
	for _, r := range a.sorted() {
		if r.marker == w.Marker {
			return a.change(w, r)
		}
	}
	return a.create(w)
}

// change writes the fields of a create into a record that is there.
func (a *App) change(w connector.Write, r *record) connector.Result {
	w.ID = r.id
	fields, err := a.patched(w, r.fields)
	if err != nil {
		return connector.Result{Err: err}
	}
	now := a.put(r.id, fields, r.marker)
	a.lagBehind(r.id, r)
	a.writes.Updated++
	return connector.Result{Record: a.tell(now, nil), Found: true}
}

// foldIn makes a create part of another record, and says so or not.
func (a *App) foldIn(w connector.Write, into *record) connector.Result {
	res := a.change(w, into)
	if a.quirks.FoldUntold && res.Err == nil {
		maps.DeleteFunc(res.Record.Fields, func(name string, _ contact.Value) bool { _, sent := w.Patch[name]; return !sent })
		res.Record.ID, res.Record.Version, res.Found = a.newID(), "1", false
	}
	return res
}

// WithFindBy makes the app find records by the values of these fields: [App.FindBy].
func WithFindBy(fields ...string) Option { return func(a *App) { a.schema.FindBy = fields } }

// FindBy returns the records of which the field holds the value, as they are, whatever the feed shows. It counts, and
// goes wrong, as "find".
func (a *App) FindBy(ctx context.Context, field string, value contact.Value, fields []string) ([]contact.Record, error) {
	var found []contact.Record
	err := a.call(ctx, "find", func(*Fault) error {
		f, _ := a.schema.Field(field)
		want := keys(f, value)
		for _, r := range a.sorted() {
			if slices.ContainsFunc(keys(f, r.fields[field]), func(k string) bool { return slices.Contains(want, k) }) {
				found = append(found, a.tell(r, named(fields)))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}
