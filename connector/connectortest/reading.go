package connectortest

import (
	"errors"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// needFeed ends the exam if the app has no feed.
func (e *exam) needFeed() {
	if !e.feed {
		e.cannot("the app has no feed")
	}
}

func feedPart(e *exam) {
	e.needFeed()
	if empty := e.pass(e.c, "", e.fieldNames()); len(empty.records) != 0 || !empty.complete && !e.schema.Unlistable {
		e.errorf("the feed of an empty account does not show that it is empty: %d records, Complete is %t", len(empty.records), empty.complete)
	}
	records := e.create(0, 3)
	first := e.pass(e.c, "", e.fieldNames())
	if !first.complete && !e.schema.Unlistable {
		e.errorf("the last page of a pass from the zero cursor is not Complete")
	}
	for _, rec := range records {
		if _, ok := first.records[rec.ID]; !ok {
			e.errorf("the pass from the zero cursor lacks a record")
		}
	}
	if len(first.records) != len(records) || first.unread > 0 {
		e.errorf("the pass from the zero cursor names %d records and %d that cannot be read; there are %d", len(first.records), first.unread, len(records))
	}
	again := e.pass(e.c, "", e.fieldNames())
	e.wantEqual("when all is read again", first, again)

	more := e.create(3, 1)[0]
	if _, ok := e.pass(e.c, first.next, e.fieldNames()).records[more.ID]; !ok {
		e.errorf("a record that was created after a cursor is not named behind it")
	}
}

// wantEqual notes a fault for what differs between two views of the same state.
func (e *exam) wantEqual(what string, x, y view) {
	if !slices.Equal(x.ids(), y.ids()) {
		e.errorf("%s: %d and %d records, not the same ones", what, len(x.ids()), len(y.ids()))
		return
	}
	for _, id := range x.ids() {
		a, b := x.records[id], y.records[id]
		if a.Version != b.Version {
			e.errorf("%s: a record has versions %q and %q", what, a.Version, b.Version)
		}
		e.wantFields(what, e.fieldNames(), a.Fields, b.Fields)
	}
}

func quietPart(e *exam) {
	e.needFeed()
	e.create(0, 3)
	first := e.pass(e.c, "", e.fieldNames())
	if first.next == "" {
		e.cannot("the feed gives no cursor")
	}
	second := e.pass(e.c, first.next, e.fieldNames())
	if n := len(second.records) + len(second.deleted); n > 0 {
		e.errorf("the feed names %d records though nothing has changed since the cursor", n)
	}
	third := e.pass(e.c, second.next, e.fieldNames())
	if n := len(third.records) + len(third.deleted); n > 0 {
		e.errorf("the feed names %d records though nothing has changed since the second cursor", n)
	}
}

// manyRecords is how many records the parts about paging create.
const manyRecords = 40

func pagesPart(e *exam) {
	records := e.create(0, manyRecords)
	want := make([]string, len(records))
	for i, rec := range records {
		want[i] = rec.ID
	}
	slices.Sort(want)
	whole := e.all(e.c)
	if !slices.Equal(whole.ids(), want) {
		e.errorf("a pass over %d records names %d, not the same ones", len(want), len(whole.records))
	}
	if len(whole.pages) < 2 {
		return // one page, or no feed: there is nothing to resume
	}
	rest := e.pass(e.c, whole.pages[0].Next, e.fieldNames())
	named := rest.ids()
	for _, rec := range whole.pages[0].Records {
		named = append(named, rec.ID)
	}
	for _, item := range whole.pages[0].Named {
		named = append(named, item.ID)
	}
	slices.Sort(named)
	if named = slices.Compact(named); !slices.Equal(named, want) {
		e.errorf("a pass that is resumed behind its first page names %d of %d records", len(named), len(want))
	}
}

func cursorPart(e *exam) {
	e.needFeed()
	records := e.create(0, 2)
	v, err := passOver(e.ctx(), e.c, "garbage", e.fieldNames())
	if err == nil && len(v.records) < len(records) {
		e.errorf("a cursor that the app never gave is taken for one; it has to be ErrCursorExpired")
	}
}

func listingPart(e *exam) {
	f := connector.FeaturesOf(e.c)
	if f.Lister == nil && e.feed {
		e.cannot("the connector has a feed and is no Lister")
	}
	if f.Reader == nil {
		if e.feed {
			e.cannot("the connector is no Reader")
		}
	}
	if v := e.listed(e.c); !v.complete || len(v.records) > 0 {
		e.errorf("the listing of an empty account does not show that it is empty: %d records, Complete is %t", len(v.records), v.complete)
	}
	records := e.create(0, 3)
	first := e.listed(e.c)
	if !first.complete {
		e.errorf("the last page of a listing is not Complete")
	}
	if len(first.records) != len(records) {
		e.errorf("%d records are listed; there are %d", len(first.records), len(records))
	}
	for _, rec := range records {
		got, ok := first.records[rec.ID]
		if !ok {
			e.errorf("the listing lacks a record")
		} else if got.Version == "" {
			e.errorf("a record is listed without a version, so that no change of it is ever seen")
		}
	}
	e.wantEqual("when all is listed again", first, e.listed(e.c))
}

func readPart(e *exam) {
	reader := connector.FeaturesOf(e.c).Reader
	if reader == nil {
		e.cannot("the connector is no Reader")
	}
	missing := e.missingID()
	records := e.create(0, 2)
	ids := []string{records[1].ID, missing, records[0].ID}
	results := e.read(reader, ids, e.fieldNames())
	for i, person := range map[int]int{0: 1, 2: 0} {
		if err := results[i].Err; err != nil {
			e.errorf("Read of a record that exists: %v", err)
			continue
		}
		if results[i].Record.ID != ids[i] {
			e.errorf("result %d of Read is another record than the one that was asked for", i+1)
		}
		e.wantFields("read by id", names(e.writable()), e.sample(person), results[i].Record.Fields)
	}
	e.wantErr("Read of a record that does not exist", results[1].Err, connector.ErrNotFound)
}

// fieldsPart asks for each field alone, and for half of them, and compares with what is told when all are asked for.
func fieldsPart(e *exam) {
	records := e.create(0, 2)
	whole := e.all(e.c)
	asks := [][]string{e.fieldNames()[:(len(e.schema.Fields)+1)/2]}
	for _, name := range e.fieldNames() {
		asks = append(asks, []string{name})
	}
	reader := connector.FeaturesOf(e.c).Reader
	for _, asked := range asks {
		if e.feed {
			v := e.pass(e.c, "", asked)
			for _, rec := range records {
				e.wantOnly("Changes", asked, whole.records[rec.ID], v.records[rec.ID])
			}
		}
		if reader != nil {
			for i, r := range e.read(reader, []string{records[0].ID, records[1].ID}, asked) {
				if r.Err != nil {
					e.fatalf("Read: %v", r.Err)
				}
				e.wantOnly("Read", asked, whole.records[records[i].ID], r.Record)
			}
		}
	}
}

// wantOnly notes a fault if a record does not tell what was asked for, or tells more.
func (e *exam) wantOnly(call string, asked []string, whole, got contact.Record) {
	for _, name := range got.Fields.Names() {
		if !slices.Contains(asked, name) {
			e.errorf("%s with the fields %v tells also %q", call, asked, name)
		}
	}
	for _, name := range asked {
		f, _ := e.schema.Field(name)
		if got.Get(name).Absent() && !whole.Get(name).Absent() || !same(f, whole.Get(name), got.Get(name)) {
			e.errorf("%s with the fields %v tells %v of field %s, and %v when all are asked for", call, asked, got.Get(name), name, whole.Get(name))
		}
	}
}

func editPart(e *exam) {
	if e.suite.Edit == nil {
		e.cannot("the suite has no Edit")
	}
	fields := e.scalars()
	if len(fields) == 0 {
		e.cannot("there is no single-valued field to edit")
	}
	records := e.create(0, 2)
	before := e.all(e.c)
	f, id := fields[0], records[0].ID
	edit := contact.Fields{f.Name: e.sample(101)[f.Name]}
	e.suite.Edit(e.t, id, edit)
	e.settle()
	after := e.one(e.c, id)
	e.wantFields("after an edit by others", []string{f.Name}, edit, after.Fields)
	if (e.schema.Versions || !e.feed) && after.Version == before.records[id].Version {
		e.errorf("an edit by others left the version as it was")
	}
	if !e.feed {
		return
	}
	got, ok := e.pass(e.c, before.next, e.fieldNames()).records[id]
	if !ok {
		e.fatalf("the feed does not name a record that others have edited")
	}
	e.wantFields("in the feed after an edit by others", []string{f.Name}, edit, got.Fields)
}

func removalPart(e *exam) {
	if e.suite.Remove == nil {
		e.cannot("the suite has no Remove")
	}
	records := e.create(0, 2)
	before := e.all(e.c)
	gone := records[0].ID
	e.suite.Remove(e.t, gone)
	e.settle()
	after := e.all(e.c)
	if _, there := after.records[gone]; there {
		e.errorf("a record that others have deleted is still there")
	}
	if _, there := after.records[records[1].ID]; !there {
		e.errorf("a record is gone when others have deleted another one")
	}
	if !after.complete && !e.schema.Unlistable {
		e.errorf("after a deletion the pass over all records is not Complete, so that it does not show the deletion")
	}
	if !e.schema.Tombstones {
		return
	}
	if !e.pass(e.c, before.next, e.fieldNames()).deleted[gone] {
		e.errorf("the schema has Tombstones, but the feed does not name a record that others have deleted")
	}
}

func reopenPart(e *exam) {
	if e.suite.Reopen == nil {
		e.cannot("the suite has no Reopen")
	}
	id := e.create(0, 1)[0].ID
	before := e.all(e.c)
	other := e.suite.Reopen(e.t)
	e.wantFields("seen by another connector", names(e.writable()), e.sample(0), e.one(other, id).Fields)
	if e.feed && before.next != "" {
		v, err := passOver(e.ctx(), other, before.next, e.fieldNames())
		if errors.Is(err, connector.ErrCursorExpired) {
			e.fatalf("another connector does not know the cursor: it would not outlive the process")
		} else if err != nil {
			e.fatalf("Changes of another connector: %v", err)
		}
		if len(v.records) != 0 {
			e.errorf("another connector names %d records behind a cursor since which nothing has changed", len(v.records))
		}
	}
	r := e.apply(other, creation(e.sample(1)))[0]
	if r.Err != nil {
		e.fatalf("create by another connector: %v", r.Err)
	}
	if _, ok := e.all(e.c).records[r.Record.ID]; !ok {
		e.errorf("a record that another connector created is not seen")
	}
	if !e.feed {
		return
	}
	if _, ok := e.pass(e.c, before.next, e.fieldNames()).records[r.Record.ID]; !ok {
		e.errorf("the feed does not name a record that another connector created")
	}
}

func identityPart(e *exam) {
	identifier := connector.FeaturesOf(e.c).Identifier
	if identifier == nil {
		e.cannot("the connector is no Identifier")
	}
	name := func(c connector.Connector) string {
		got, err := connector.FeaturesOf(c).Identifier.Identity(e.ctx())
		if err != nil {
			e.fatalf("Identity: %v", err)
		}
		return got
	}
	first := name(e.c)
	if first == "" {
		e.errorf("the account has no name")
	}
	if !e.schema.NoCreate {
		e.create(0, 1)
	}
	if name(e.c) != first {
		e.errorf("the name of the account changes")
	}
	if e.suite.Reopen != nil && name(e.suite.Reopen(e.t)) != first {
		e.errorf("another connector on the same account has another name for it")
	}
}
