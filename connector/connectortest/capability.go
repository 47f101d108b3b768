package connectortest

import (
	"maps"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// upsert sends one create under an external id and returns the answer.
func (e *exam) upsert(u connector.Upserter, marker string, fields contact.Fields) connector.Result {
	w := creation(fields)
	w.Marker = marker
	results, err := u.Upsert(e.ctx(), []connector.Write{w})
	if err != nil {
		e.fatalf("Upsert: %v", err)
	}
	if len(results) != 1 {
		e.fatalf("Upsert: %d results for one write", len(results))
	}
	if results[0].Err != nil || results[0].Record.ID == "" {
		e.fatalf("Upsert: error %v, id %q", results[0].Err, results[0].Record.ID)
	}
	e.settle()
	return results[0]
}

func upsertPart(e *exam) {
	u := connector.FeaturesOf(e.c).Upserter
	if u == nil || !e.schema.Upsert {
		e.cannot("the schema has no Upsert or the connector is no Upserter")
	}
	const mine, other = "0b5a3c1e-0000-4000-8000-000000000001", "0b5a3c1e-0000-4000-8000-000000000002"
	all := names(e.writable())
	made := e.upsert(u, mine, e.sample(0))
	if made.Found {
		e.errorf("a record is said to be found that was not there")
	}
	again := e.upsert(u, mine, e.sample(0))
	if !again.Found || again.Record.ID != made.Record.ID {
		e.errorf("the same create again is answered with Found %v and the id of the same record: %v", again.Found, again.Record.ID == made.Record.ID)
	}
	if another := e.upsert(u, other, e.sample(1)); another.Found || another.Record.ID == made.Record.ID {
		e.errorf("a create under another external id is answered with a record that was there")
	}
	if n := len(e.all(e.c).records); n != 2 {
		e.errorf("%d records are there after creates under two external ids", n)
	}
	for _, f := range e.scalars() {
		part := contact.Fields{f.Name: e.sample(101)[f.Name]}
		for _, r := range e.writable() {
			if r.Required && r.Name != f.Name {
				part[r.Name] = e.sample(0)[r.Name]
			}
		}
		want := e.one(e.c, made.Record.ID).Fields.Clone()
		maps.Copy(want, part)
		e.upsert(u, mine, part)
		e.wantFields("after an upsert of a part", all, want, e.one(e.c, made.Record.ID).Fields)
	}
}

func keyPart(e *exam) {
	finder := connector.FeaturesOf(e.c).KeyFinder
	if finder == nil || len(e.schema.FindBy) == 0 {
		e.cannot("the schema has no FindBy or the connector is no KeyFinder")
	}
	made := e.create(0, 2)
	for _, name := range e.schema.FindBy {
		f, known := e.schema.Field(name)
		mine, others := scalarsOf(e.sample(0)[name]), scalarsOf(e.sample(1)[name])
		if !known || len(mine) == 0 || len(others) == 0 {
			e.errorf("FindBy names %q, which is no field or has no sample", name)
			continue
		}
		found, err := finder.FindBy(e.ctx(), name, mine[0], e.fieldNames())
		if err != nil {
			e.fatalf("FindBy: %v", err)
		}
		at := slices.IndexFunc(found, func(r contact.Record) bool { return r.ID == made[0].ID })
		if at < 0 {
			e.errorf("field %s: the record that holds the value is not found by it", name)
		} else {
			e.wantFields("found by "+name, names(e.writable()), e.sample(0), found[at].Fields)
		}
		if len(found) > 1 && !same(contact.Field{Type: f.Type}, mine[0], others[0]) {
			e.errorf("field %s: a record is found that does not hold the value", name)
		}
		if found, err := finder.FindBy(e.ctx(), name, scalarsOf(e.sample(150)[name])[0], e.fieldNames()); err != nil || len(found) > 0 {
			e.errorf("field %s: a value that nobody holds finds %d records and error %v; want none and no error", name, len(found), err)
		}
	}
}

// scalarsOf returns the single values that a value holds.
func scalarsOf(v contact.Value) []contact.Value {
	if v.Blank() {
		return nil
	}
	entries := entriesOf(v)
	if len(entries) == 0 {
		return []contact.Value{v}
	}
	all := make([]contact.Value, len(entries))
	for i, entry := range entries {
		all[i] = entry.Value
	}
	return all
}

func webhookPart(e *exam) {
	receiver := connector.FeaturesOf(e.c).Receiver
	if receiver == nil || e.suite.Deliveries == nil {
		e.cannot("the connector is no Receiver, or the suite has no Deliveries")
	}
	e.suite.Deliveries(e.t)
	e.create(0, 1)
	sent := e.suite.Deliveries(e.t)
	if len(sent) == 0 {
		e.fatalf("nothing was delivered after a record was created")
	}
	for _, d := range sent {
		push, err := receiver.Receive(e.ctx(), d)
		if err != nil {
			e.fatalf("Receive: %v", err)
		}
		if e.schema.Unlistable && len(push.Changes) == 0 || !push.Hint && len(push.Changes) == 0 {
			e.errorf("a delivery of an app that %s tells nothing", map[bool]string{true: "can never be listed", false: "can be listed"}[e.schema.Unlistable])
		}
		for _, c := range push.Changes {
			if c.At.IsZero() {
				e.errorf("a change bears no time, so that a late delivery cannot be told from a new one")
			}
		}
		if twice, err := receiver.Receive(e.ctx(), d); err != nil || twice.ID != push.ID {
			e.errorf("a delivery that comes twice has another ID the second time, or error %v", err)
		}
		for what, forge := range map[string]func(*connector.Delivery){
			"another body":     func(d *connector.Delivery) { d.Body = append(slices.Clone(d.Body), ' ') },
			"an empty body":    func(d *connector.Delivery) { d.Body = nil },
			"no header at all": func(d *connector.Delivery) { d.Header = nil },
		} {
			forged := d
			forge(&forged)
			_, err := receiver.Receive(e.ctx(), forged)
			e.wantErr("a delivery with "+what, err, connector.ErrSignature)
		}
	}
}

// delivered returns the records of an app that only pushes, by what it has delivered until now.
func (e *exam) delivered() view {
	receiver := connector.FeaturesOf(e.c).Receiver
	if receiver == nil || e.suite.Deliveries == nil {
		e.cannot("the app can never be listed: the connector has to be a Receiver, and the suite needs Deliveries")
	}
	if e.pushed.records == nil {
		e.pushed = view{records: map[string]contact.Record{}, deleted: map[string]bool{}}
	}
	for _, d := range e.suite.Deliveries(e.t) {
		push, err := receiver.Receive(e.ctx(), d)
		if err != nil {
			e.fatalf("Receive: %v", err)
		}
		for _, c := range push.Changes {
			e.pushed.take(c)
		}
	}
	return view{records: maps.Clone(e.pushed.records), deleted: maps.Clone(e.pushed.deleted), complete: true}
}

// take takes a change that was delivered in its turn.
func (v view) take(c connector.Change) {
	switch {
	case c.Deleted != "":
		delete(v.records, c.Deleted)
		v.deleted[c.Deleted] = true
	case c.Rekeyed.Old != "":
		rec, ok := v.records[c.Rekeyed.Old]
		delete(v.records, c.Rekeyed.Old)
		if rec.ID = c.Rekeyed.New; ok {
			v.records[rec.ID] = rec
		}
	default:
		now := c.Record
		now.Fields = v.records[now.ID].Fields.Clone()
		if now.Fields == nil {
			now.Fields = contact.Fields{}
		}
		maps.Copy(now.Fields, c.Record.Fields)
		if now.Modified.IsZero() {
			now.Modified = c.At
		}
		v.records[now.ID] = now
		delete(v.deleted, now.ID)
	}
}
