package connectortest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// An exam is one run of one part. It gathers what is wrong instead of failing the test, since a part that is
// declared as unsupported may fail.
type exam struct {
	t      *testing.T
	suite  *Suite
	c      connector.Connector
	schema contact.Schema
	feed   bool // the app has a change feed
	pushed view // what an app that only pushes has delivered
	faults []string
	unable string // why the part cannot be run with this connector
}

// over is what an exam panics with to end early.
type over struct{}

// sit opens a connector and runs the part. A panic of the connector is a fault.
func (e *exam) sit(p part) {
	defer func() {
		switch r := recover().(type) {
		case nil, over:
		default:
			e.faults = append(e.faults, fmt.Sprintf("panic: %v\n%s", r, debug.Stack()))
		}
	}()
	e.c = e.suite.New(e.t)
	schema, err := e.c.Schema(e.ctx())
	if err != nil {
		e.fatalf("Schema: %v", err)
	}
	e.schema = schema
	_, err = e.c.Changes(e.ctx(), connector.Query{Fields: e.fieldNames()})
	e.feed = !errors.Is(err, connector.ErrNoFeed)
	p.run(e)
}

func (e *exam) ctx() context.Context { return e.t.Context() }

// errorf notes a fault, once.
func (e *exam) errorf(format string, args ...any) {
	if fault := fmt.Sprintf(format, args...); !slices.Contains(e.faults, fault) {
		e.faults = append(e.faults, fault)
	}
}

// fatalf notes a fault and ends the exam.
func (e *exam) fatalf(format string, args ...any) {
	e.errorf(format, args...)
	panic(over{})
}

// cannot ends the exam: it cannot be held with this connector.
func (e *exam) cannot(format string, args ...any) {
	e.unable = fmt.Sprintf(format, args...)
	panic(over{})
}

func (e *exam) settle() {
	if e.suite.Settle != nil {
		e.suite.Settle(e.t)
	}
}

// fieldNames returns the names of all fields of the schema.
func (e *exam) fieldNames() []string {
	names := make([]string, len(e.schema.Fields))
	for i, f := range e.schema.Fields {
		names[i] = f.Name
	}
	return names
}

// batch returns how many writes of an operation one call takes.
func (e *exam) batch(op connector.Op) int {
	b := e.schema.Batch
	return max(1, map[connector.Op]int{connector.Create: b.Create, connector.Update: b.Update, connector.Delete: b.Delete}[op])
}

// apply carries out writes of one operation, in batches, and returns what became of each.
func (e *exam) apply(c connector.Connector, writes ...connector.Write) []connector.Result {
	var results []connector.Result
	for len(writes) > 0 {
		n := min(len(writes), e.batch(writes[0].Op))
		got, err := c.Apply(e.ctx(), writes[:n])
		if err != nil {
			for range n {
				results = append(results, connector.Result{Err: err})
			}
		} else if len(got) != n {
			e.fatalf("Apply: %d results for %d writes (%s)", len(got), n, writes[0].Op)
		} else {
			results = append(results, got...)
		}
		writes = writes[n:]
	}
	e.settle()
	return results
}

// create creates the sample persons first to first+n-1 and returns the answers, each with an id.
func (e *exam) create(first, n int) []contact.Record {
	if e.schema.NoCreate {
		e.cannot("the schema says that records cannot be created")
	}
	writes := make([]connector.Write, n)
	for i := range writes {
		writes[i] = creation(e.sample(first + i))
	}
	records := make([]contact.Record, n)
	seen := map[string]bool{}
	for i, r := range e.apply(e.c, writes...) {
		switch {
		case r.Err != nil:
			e.fatalf("create %d: %v", i, r.Err)
		case r.Record.ID == "":
			e.fatalf("create %d: the result has no id", i)
		case seen[r.Record.ID]:
			e.fatalf("create %d: the result has the id of an earlier one", i)
		}
		seen[r.Record.ID] = true
		records[i] = r.Record
	}
	return records
}

// creation returns the write that creates a record of these fields.
func creation(fields contact.Fields) connector.Write {
	patch := contact.Patch{}
	for name, v := range fields {
		patch[name] = contact.Change{Set: v}
	}
	return connector.Write{Op: connector.Create, Patch: patch}
}

// update changes a record, which has to work, and returns the answer.
func (e *exam) update(id, version string, patch contact.Patch) contact.Record {
	if e.schema.NoUpdate {
		e.cannot("the schema says that records cannot be changed")
	}
	r := e.apply(e.c, connector.Write{Op: connector.Update, ID: id, Version: version, Patch: patch})[0]
	if r.Err != nil {
		e.fatalf("update of %v: %v", patch.Names(), r.Err)
	}
	if r.Record.ID == "" {
		e.fatalf("update of %v: the result has no id", patch.Names())
	}
	return r.Record
}

// remove deletes a record through the connector and returns how that ended.
func (e *exam) remove(id, version string) error {
	if e.schema.NoDelete {
		e.cannot("the schema says that records cannot be deleted")
	}
	return e.apply(e.c, connector.Write{Op: connector.Delete, ID: id, Version: version})[0].Err
}

// missingID returns an id that no record has, of the form of the app's ids where that is possible.
func (e *exam) missingID() string {
	if e.schema.NoDelete || e.schema.NoCreate {
		return "no-such-record"
	}
	id := e.create(190, 1)[0].ID
	if err := e.remove(id, ""); err != nil {
		e.fatalf("delete: %v", err)
	}
	return id
}

// wantErr notes a fault if err is not the one that is wanted.
func (e *exam) wantErr(what string, err, want error) {
	if !errors.Is(err, want) {
		e.errorf("%s: got error %v, want one that wraps %q", what, err, want)
	}
}
