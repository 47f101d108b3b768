package sim

import (
	"context"
	"errors"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// Apply carries out writes, one after the other, with what goes wrong with them.
func (s *seat) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	return s.apply(ctx, writes, s.via.Apply)
}

// Upsert creates records under external ids.
func (s *seat) Upsert(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	return s.apply(ctx, writes, s.can.Upserter.Upsert)
}

// untold are the faults after which the caller does not know what became of its writes.
var untold = map[string]bool{"lost": true, "error_after": true, "crash_after": true, "panic_after": true, "partial": true, "short": true, "hang_after": true}

func (s *seat) apply(ctx context.Context, writes []connector.Write, do func(context.Context, []connector.Write) ([]connector.Result, error)) (results []connector.Result, err error) {
	op := string(writes[0].Op)
	err = s.call(ctx, op, func(f *Fault) error {
		count := len(writes)
		if f.is("partial") {
			count /= 2
		}
		told := f == nil || !untold[f.Kind]
		var sent []connector.Write
		for i, w := range writes[:count] {
			if err := s.refuses(f, i, w); err != nil {
				results = append(results, connector.Result{Record: contact.Record{ID: w.ID}, Err: err})
				continue
			}
			sent = append(sent, w)
		}
		done, err := s.send(ctx, f, sent, told, do)
		if err != nil {
			return err
		}
		results = append(results, done...)
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

// unstore has the app hold again what it held before a write that it has answered: from outside, nothing was stored.
func (s *seat) unstore(f *Fault, w connector.Write, before contact.Record) {
	r, ok := s.app.Record(w.ID)
	if !ok || s.w.calm {
		return
	}
	fields := contact.Fields{}
	for name := range w.Patch {
		fields[name] = before.Get(name)
		if fields[name].Absent() {
			fields[name] = contact.Empty
		}
	}
	s.w.fire(f.Family, f.Kind, w.ID)
	s.w.touch(s.index, r, fields)
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

// send carries out writes, those of a fake app one after the other: it tells what it made of each before the next one.
func (s *seat) send(ctx context.Context, f *Fault, writes []connector.Write, told bool, do func(context.Context, []connector.Write) ([]connector.Result, error)) (results []connector.Result, err error) {
	at := len(writes)
	if _, isFake := s.app.(*fake.App); isFake {
		at = 1
	}
	for batch := range slices.Chunk(writes, max(at, 1)) {
		before, _ := s.app.Record(batch[0].ID)
		done, err := s.write(ctx, batch, told, do)
		if err != nil {
			return nil, err
		}
		results = append(results, done...)
		if f.is("unstored") && len(batch) == 1 && done[0].Err == nil {
			s.unstore(f, batch[0], before)
		}
	}
	return results, nil
}

// write carries out writes and tells what the app made of them.
func (s *seat) write(ctx context.Context, writes []connector.Write, told bool, do func(context.Context, []connector.Write) ([]connector.Result, error)) ([]connector.Result, error) {
	end := s.carry(writes[0].Op)
	defer end()
	results, err := do(ctx, writes)
	if err != nil {
		s.tellAll() // a host may have done some of it
		return nil, err
	}
	for i := range results {
		r := &results[i]
		if r.Err != nil {
			if errors.Is(r.Err, connector.ErrAlreadyExists) {
				s.w.fired["F35 exists"]++
			}
			continue
		}
		s.poison(&r.Record)
		id := writes[i].ID
		if writes[i].Op == connector.Create {
			id = r.Record.ID
		}
		s.tell(id, true, told)
	}
	s.tellAll()
	return results, nil
}

// wrote notes what follows from a write in the app.
func (s *seat) wrote(e oracle.Event) {
	w := s.w
	w.shown[2*s.conn+s.side][e.ID] = e.Op != string(connector.Delete)
	if e.Op == string(connector.Create) {
		w.people[s.index][e.ID] = w.personOf(s.index, e.After)
		w.maker[s.index][e.ID] = s.conn
		if !e.Told {
			w.unheard[2*s.conn+s.side][e.ID] = true
		}
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
	if _, has := w.field(app, field); !has {
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
