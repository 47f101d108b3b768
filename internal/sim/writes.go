package sim

import (
	"context"
	"errors"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// Apply carries out writes, one after the other, with what goes wrong with them.
func (s *seat) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	return s.apply(ctx, writes, s.app.Apply)
}

// Upsert creates records under external ids.
func (s *seat) Upsert(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	return s.apply(ctx, writes, s.app.Upsert)
}

// untold are the faults after which the caller does not know what became of its writes.
var untold = map[string]bool{"lost": true, "error_after": true, "crash_after": true, "panic_after": true, "partial": true, "short": true}

func (s *seat) apply(ctx context.Context, writes []connector.Write, do func(context.Context, []connector.Write) ([]connector.Result, error)) (results []connector.Result, err error) {
	op := string(writes[0].Op)
	err = s.call(ctx, op, func(f *Fault) error {
		count := len(writes)
		if f.is("partial") {
			count /= 2
		}
		told := f == nil || !untold[f.Kind]
		for i, w := range writes[:count] {
			if err := s.refuses(f, i, w); err != nil {
				results = append(results, connector.Result{Record: contact.Record{ID: w.ID}, Err: err})
				continue
			}
			r, err := s.write(ctx, w, told, do)
			if err != nil {
				return err
			}
			results = append(results, r)
		}
		switch {
		case f.is("partial"):
			s.w.fire(f.Family, f.Kind, op)
			return errors.New("the connection broke half-way")
		case f.is("short"):
			s.w.fire(f.Family, f.Kind, op)
			results = results[:len(results)-1]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// refuses returns why the app does not carry out the i-th write of a call, nil if it does.
func (s *seat) refuses(f *Fault, i int, w connector.Write) error {
	var cause error
	switch {
	case i > 0:
		return nil
	case f.is("refused"):
		cause = connector.ErrInvalid
	case f.is("forbidden"):
		cause = connector.ErrForbidden
	default:
		return nil
	}
	s.w.fire(f.Family, f.Kind, string(w.Op))
	return &connector.Error{App: appName(s.index), Op: string(w.Op), RecordID: w.ID, Err: cause}
}

// write carries out one write and tells what the app made of it.
func (s *seat) write(ctx context.Context, w connector.Write, told bool, do func(context.Context, []connector.Write) ([]connector.Result, error)) (connector.Result, error) {
	before := map[string]contact.Record{}
	if w.Op == connector.Create {
		for _, r := range s.app.Records() {
			before[r.ID] = r
		}
	} else if r, ok := s.app.Record(w.ID); ok {
		before[w.ID] = r
	}
	results, err := do(ctx, []connector.Write{w})
	if err != nil {
		return connector.Result{}, err
	}
	r := results[0]
	if r.Err != nil {
		if errors.Is(r.Err, connector.ErrAlreadyExists) {
			s.w.fired["F35 exists"]++
		}
		return r, nil
	}
	s.poison(&r.Record)
	e := oracle.Event{Kind: oracle.Wrote, App: s.index, Conn: connName(s.conn), Engine: s.engine.index, Op: string(w.Op), ID: w.ID, Told: told}
	if w.Op == connector.Create {
		e.ID = r.Record.ID
	}
	was, there := before[e.ID]
	if there {
		e.Before = s.w.whole(s.index, was.Fields)
	}
	if now, ok := s.app.Record(e.ID); ok {
		e.After = s.w.whole(s.index, now.Fields)
	}
	if w.Op == connector.Create && there {
		e.Op = string(connector.Update) // it was there under its external id
	}
	s.w.happens(e)
	s.wrote(e)
	return r, nil
}

// wrote notes what follows from a write in the app.
func (s *seat) wrote(e oracle.Event) {
	w := s.w
	w.shown[2*s.conn+s.side][e.ID] = e.Op != string(connector.Delete)
	if e.Op == string(connector.Create) {
		w.people[s.index][e.ID] = personOf(e.After)
		w.maker[s.index][e.ID] = s.conn
		s.checkCreated(e.ID, e.After)
	}
	if e.Op != string(connector.Delete) && e.Told { // what is sent again at once would write over it, as the Upserter's words say
		w.automates(s.index, e.ID)
	}
}

// automates has the app write over what was written in a record, as often as it does that.
func (w *world) automates(app int, id string) {
	if w.calm || w.automate[app][id] >= w.Apps[app].Automate {
		return
	}
	r, ok := w.apps[app].Record(id)
	if !ok {
		return
	}
	field := "notes"
	if r.Get("first").Kind() == contact.KindText {
		field = "first"
	}
	if _, has := schemaField(w.Apps[app], field); !has {
		return
	}
	w.automate[app][id]++
	if w.touch(app, r, contact.Fields{field: contact.Text("auto " + r.Get(field).Str())}) {
		w.fired["F36 automation"]++
	}
}

// touch has the app itself change fields of a record.
func (w *world) touch(app int, r contact.Record, fields contact.Fields) bool {
	if w.apps[app].Edit(r.ID, fields) != nil {
		return false
	}
	now, _ := w.apps[app].Record(r.ID)
	before, after := changed(fields, r, now)
	w.happens(oracle.Event{Kind: oracle.AppTouch, App: app, ID: r.ID, Before: before, After: after})
	return true
}

// whole returns all fields of a record as its app holds them, those that are empty too.
func (w *world) whole(app int, fields contact.Fields) contact.Fields {
	all := fields.Clone()
	for _, name := range w.Apps[app].Fields {
		if _, has := all[name]; !has {
			all[name] = contact.Empty
		}
	}
	return all
}

// changed returns what the named fields hold in two states of a record; nothing is empty.
func changed(fields contact.Fields, was, now contact.Record) (before, after contact.Fields) {
	before, after = contact.Fields{}, contact.Fields{}
	for name := range fields {
		before[name], after[name] = contact.Empty, contact.Empty
		if v, ok := was.Fields[name]; ok {
			before[name] = v
		}
		if v, ok := now.Fields[name]; ok {
			after[name] = v
		}
	}
	return before, after
}

// schemaField returns a field of an app.
func schemaField(a App, name string) (contact.Field, bool) {
	for _, f := range a.schema() {
		if f.Name == name {
			return f, true
		}
	}
	return contact.Field{}, false
}
