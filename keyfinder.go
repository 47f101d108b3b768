package contactsync

import (
	"context"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// An app that can find records by a key is asked where nothing else tells whether it has a person: before a create where
// it can never be listed, and after a create without an answer. Only what is found counts.

// finderByKey returns what finds records of side s by a key, and the fields by which it does: none if it cannot.
func (r *run) finderByKey(s Side) (connector.KeyFinder, []string) {
	f := connector.FeaturesOf(r.apps[s]).KeyFinder
	if f == nil {
		return nil, nil
	}
	return f, r.cfg.schema[s].FindBy
}

// findByKeys asks the app for records with the match keys of these fields, a kind of key after the other until one finds
// somebody, takes them, and returns who they are.
func (r *run) findByKeys(ctx context.Context, b *book, s Side, fields contact.Fields) (found []ref, err error) {
	finder, by := r.finderByKey(s)
	for _, key := range r.cfg.keys {
		if key.Kind == KeyNameCompany || len(found) > 0 {
			continue // such a key is in no one field
		}
		for _, name := range key.fields(s, r.cfg.schema[s]) {
			if !slices.Contains(by, name) {
				continue
			}
			for _, v := range scalars(fields[name]) {
				records, err := finder.FindBy(ctx, name, v, r.cfg.used[s])
				if err != nil {
					return nil, r.of(s, "finding by "+name+" in", err)
				}
				for _, rec := range records {
					r.pulled(b, s, rec, true)
					found = append(found, ref{s, rec.ID})
				}
			}
		}
	}
	return found, nil
}

// scalars returns the single values that a value holds.
func scalars(v contact.Value) []contact.Value {
	switch v.Kind() {
	case contact.KindAbsent, contact.KindEmpty:
		return nil
	case contact.KindList, contact.KindSet:
		var all []contact.Value
		for _, e := range elements(v) {
			all = append(all, e.Value)
		}
		return all
	}
	return []contact.Value{v}
}

// lookFirst asks an app that can never be listed whether it has the persons that are about to be created, each once in a
// sync. Whom it has is matched instead.
func (r *run) lookFirst(ctx context.Context, b *book, writes []*write) ([]*write, error) {
	s := writes[0].side
	if _, by := r.finderByKey(s); writes[0].op != connector.Create || len(by) == 0 || !r.cfg.schema[s].Unlistable {
		return writes, nil
	}
	var left []*write
	for _, w := range writes {
		source := ref{s.Other(), w.id}
		if r.looked[source] || r.repeats[source] != nil {
			left = append(left, w)
			continue
		}
		r.looked[source] = true
		found, err := r.findByKeys(ctx, b, s, w.patch.Apply(nil, r.cfg.schema[s]))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			left = append(left, w)
			continue
		}
		b.touch(source)
	}
	return left, nil
}

// lookForCreated asks for the records that unanswered creations may have made, and returns whom it found.
func (r *run) lookForCreated(ctx context.Context, b *book, creates []*pendingIntent) (found []ref, err error) {
	for _, p := range creates {
		if _, by := r.finderByKey(p.Side); p.done || len(by) == 0 {
			continue
		}
		refs, err := r.findByKeys(ctx, b, p.Side, p.sent())
		if err != nil {
			return nil, err
		}
		found = append(found, refs...)
	}
	return found, nil
}
