package simtest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim"
)

// A Simulation is a connection over two apps, and how often it is put to the test.
type Simulation struct {
	// Connection is what is asked of the sync; its id and owner do not matter. Fields that are mapped through a transform,
	// a selector or a policy of their own are synced like all others, but what becomes of their values is not judged.
	Connection contactsync.Connection
	// A and B are the apps of its sides. The zero App is one of the simulator's own, with the fields of the other.
	A, B App
	// Seeds is how many histories are played, from seed 1 on; 0 stands for 200. A few hundred take seconds.
	Seeds int
}

// An App is where the accounts come from.
type App struct {
	// New returns an account without records. It is called for every history anew. Whatever the account dates, it dates by
	// the clock. nil stands for an app of the simulator's own.
	New func(clock connector.Clock) (Account, error)
	// Fields are those of an app of the simulator's own; nil stands for those of the other app.
	Fields []contact.Field
}

// An Account is one account of an app: how the library reaches it, and what its users do in it. A fake of your service, or
// whatever you give to connectortest, has all of it.
type Account struct {
	// Connect returns a connector on the account, as a process has that has just started. It is called for each process and
	// after each crash, so that nothing which the connector only kept in memory is there again.
	Connect func() (connector.Connector, error)
	// Records returns all records of the account with all their fields, as its users see them at this moment.
	Records func() ([]contact.Record, error)
	// Create is a user who enters a record. An error is that the app refuses it.
	Create func(fields contact.Fields) error
	// Edit is a user who changes these fields of a record; [contact.Empty] clears one.
	Edit func(id string, fields contact.Fields) error
	// Remove is a user who deletes a record.
	Remove func(id string) error
	// Hold returns what the account makes of a value that is entered, if it spells it otherwise or cuts it; nil stands for
	// what the schema has room for.
	Hold func(field string, v contact.Value) contact.Value
	// Close ends what the account has open, after its history; nil is nothing.
	Close func()
}

// seedVariable names one seed, to be played and told from its first event to its last.
const seedVariable = "CONTACTSYNC_SEED"

// Run plays the histories of a simulation, one after the other, until one breaks a promise. Failing, the test says which
// promise, what happened, and how to see all of it:
//
//	CONTACTSYNC_SEED=17 go test -run '^TestSync$' .
func Run(t *testing.T, s Simulation) {
	t.Helper()
	first, last := uint64(1), uint64(cmp.Or(s.Seeds, 200))
	one := os.Getenv(seedVariable)
	if one != "" {
		seed, err := strconv.ParseUint(one, 10, 64)
		if err != nil {
			t.Fatalf("%s=%s: a seed is a number", seedVariable, one)
		}
		first, last = seed, seed
	}
	p, err := s.open(t.Context())
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	for seed := first; seed <= last; seed++ {
		found, err := p.play(t.Context(), seed, one != "")
		if err != nil {
			t.Fatalf("simtest: seed %d: %v", seed, err)
		}
		if one != "" {
			t.Log(strings.Join(p.lines, "\n"))
		}
		if found != "" {
			t.Fatalf("%s\nAll of it: %s=%d go test -v -run '^%s$' .", found, seedVariable, seed, t.Name())
		}
	}
	t.Logf("%d histories, %d events, %d faults of %d kinds", last-first+1, p.events, p.faults(), len(p.fired))
}

// A player plays the seeds of a simulation.
type player struct {
	guest  *sim.Guest
	events int
	fired  map[string]int
	lines  []string // of the last seed, if it is told
}

// open looks whether the simulation can be played.
func (s Simulation) open(ctx context.Context) (*player, error) {
	g := &sim.Guest{Connection: s.Connection}
	for side, app := range [2]App{s.A, s.B} {
		g.Hosts[side].Fields = app.Fields
		if app.New != nil {
			g.Hosts[side].New = func(c connector.Clock) (sim.Account, error) {
				a, err := app.New(c)
				return sim.Account(a), err
			}
		}
	}
	if s.A.New == nil && s.B.New == nil && (s.A.Fields == nil) == (s.B.Fields == nil) && s.A.Fields == nil {
		return nil, fmt.Errorf("a simulation has an app of yours, or says which fields its apps have")
	}
	return &player{guest: g, fired: map[string]int{}}, g.Resolve(ctx)
}

// play plays a seed, and returns what is wrong with it in the shortest history that shows it, "" if nothing is.
func (p *player) play(ctx context.Context, seed uint64, tell bool) (string, error) {
	script := p.guest.Draw(seed)
	r, err := sim.Play(ctx, script, sim.Options{Guest: p.guest, Keep: tell})
	if err != nil {
		return "", err
	}
	p.events, p.lines = p.events+r.Events, r.Lines
	for name, n := range r.Fired {
		p.fired[name] += n
	}
	if len(r.Violations) == 0 {
		return "", nil
	}
	kind := r.Kind()
	small := sim.Shrink(ctx, script, 500, func(s *sim.Script) bool {
		again, err := sim.Play(ctx, s, sim.Options{Guest: p.guest})
		return err == nil && again.Kind() == kind
	})
	short, err := sim.Play(ctx, small, sim.Options{Guest: p.guest, Keep: true})
	if err != nil {
		return "", err
	}
	if len(short.Violations) == 0 {
		short = r // it does not go the same way every time
	}
	return short.Tell(seed), nil
}

// faults returns how many faults befell calls.
func (p *player) faults() (n int) {
	for _, times := range p.fired {
		n += times
	}
	return n
}
