package connectortest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// patience is how long a call may take whose context has ended.
const patience = 10 * time.Second

func cancelPart(e *exam) {
	id := ""
	if !e.schema.NoCreate {
		id = e.create(0, 1)[0].ID
	}
	before := e.all(e.c)
	ended, cancel := context.WithCancel(e.ctx())
	cancel()
	features := connector.FeaturesOf(e.c)
	calls := map[string]func() error{
		"Apply": func() error {
			results, err := e.c.Apply(ended, []connector.Write{creation(e.sample(1))})
			if err == nil && len(results) == 1 {
				err = results[0].Err
			}
			return err
		},
	}
	if e.feed {
		calls["Changes"] = func() error {
			_, err := e.c.Changes(ended, connector.Query{Fields: e.fieldNames()})
			return err
		}
	}
	if features.Lister != nil {
		calls["List"] = func() error { _, err := features.Lister.List(ended, ""); return err }
	}
	if features.Reader != nil && id != "" {
		calls["Read"] = func() error {
			results, err := features.Reader.Read(ended, []string{id}, e.fieldNames())
			if err == nil && len(results) == 1 {
				err = results[0].Err
			}
			return err
		}
	}
	for _, name := range []string{"Apply", "Changes", "List", "Read"} {
		if do, ok := calls[name]; ok && e.ends(name, do) == nil {
			e.errorf("%s with a context that has ended does not fail", name)
		}
	}
	e.settle()
	if after := e.all(e.c); !slices.Equal(before.ids(), after.ids()) {
		e.errorf("a create with a context that has ended was carried out")
	}
}

// ends returns how a call ended that should do so at once.
func (e *exam) ends(name string, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- contained(do) }()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		e.fatalf("%s with a context that has ended has not returned after %s", name, patience)
		return nil
	}
}

// contained makes a panic an error, where the exam itself cannot catch it: in a goroutine.
func contained(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return do()
}

// rounds is how often the part "leaks" makes its calls. Goroutines of others begin and end meanwhile: only half as many
// as there were rounds tell of a leak.
const rounds = 20

func leaksPart(e *exam) {
	round := func() {
		ctx, cancel := context.WithCancel(e.ctx())
		defer cancel()
		if e.feed {
			_, _ = e.c.Changes(ctx, connector.Query{Fields: e.fieldNames()})
		}
		if l := connector.FeaturesOf(e.c).Lister; l != nil {
			_, _ = l.List(ctx, "")
		}
		if f := e.scalars(); len(f) > 0 && !e.schema.NoUpdate {
			patch := contact.Patch{f[0].Name: {Set: e.sample(1)[f[0].Name]}}
			_, _ = e.c.Apply(ctx, []connector.Write{{Op: connector.Update, ID: "no-such-record", Patch: patch}})
		}
	}
	round() // a connector may keep some, such as those of its connections
	before := runtime.NumGoroutine()
	for range rounds {
		round()
	}
	for range 100 {
		if runtime.NumGoroutine() < before+rounds/2 {
			return
		}
		time.Sleep(10 * time.Millisecond) // goroutines that are about to end
	}
	e.errorf("%d rounds of calls left %d goroutines behind", rounds, runtime.NumGoroutine()-before)
}

func concurrencyPart(e *exam) {
	if e.schema.NoCreate {
		e.cannot("the schema says that records cannot be created")
	}
	const workers, each = 4, 5
	var writes []connector.Write
	for n := range workers * each {
		writes = append(writes, creation(e.sample(n)))
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	made := map[string]int{} // the person that each new record is
	for k := range workers {
		group.Go(func() {
			for n := k * each; n < (k+1)*each; n++ {
				id, err := e.createAndRead(writes[n])
				mu.Lock()
				if err != nil {
					e.errorf("several goroutines: %v", err)
				} else {
					made[id] = n
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	e.settle()
	held := e.all(e.c)
	if len(made) != workers*each || len(held.records) != workers*each {
		e.errorf("%d concurrent creates gave %d ids and %d records", workers*each, len(made), len(held.records))
	}
	for id, n := range made {
		e.wantFields("created concurrently", names(e.writable()), e.sample(n), held.records[id].Fields)
	}
}

// createAndRead creates a record, reads the feed if there is one, and returns the id of the record.
func (e *exam) createAndRead(write connector.Write) (id string, err error) {
	err = contained(func() error {
		results, err := e.c.Apply(e.ctx(), []connector.Write{write})
		if err != nil {
			return fmt.Errorf("create: %w", err)
		}
		if len(results) != 1 {
			return fmt.Errorf("create: %d results for one write", len(results))
		}
		if results[0].Err != nil {
			return fmt.Errorf("create: %w", results[0].Err)
		}
		id = results[0].Record.ID
		if _, err = passOver(e.ctx(), e.c, "", e.fieldNames()); errors.Is(err, connector.ErrNoFeed) {
			return nil
		}
		return err
	})
	return id, err
}
