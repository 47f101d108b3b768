package contactsync_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
)

// A mishap is what befalls a call.
type mishap string

// The mishaps: reliability asks for each of them at every call.
const (
	dieBefore mishap = "crash-before" // the process dies, and the call is not made
	dieAfter  mishap = "crash-after"  // the call is made, and the process dies
	failOnly  mishap = "error"        // the call is not made, and its caller gets an error
	failAfter mishap = "error-after"  // the call is made, and its caller gets an error
)

var mishaps = []mishap{dieBefore, dieAfter, failOnly, failAfter}

func (k mishap) dies() bool { return k == dieBefore || k == dieAfter }
func (k mishap) acts() bool { return k == dieAfter || k == failAfter }

// A mishapAt is which call of a sync which mishap befalls.
type mishapAt struct {
	call    int // the first is 0; -1: none
	kind    mishap
	lasting bool // an error lasts until the sync ends; a crash comes again at the same call of the two next syncs
}

var noMishap = mishapAt{call: -1}

// errMishap is the error of a call that fails. Nobody knows it, so a write that ends in it has an unknown outcome.
var errMishap = errors.New("something went wrong")

// points numbers the calls to both apps and to the store while it is on, and lets a mishap befall one of them.
type points struct {
	on    bool
	names []string // of the calls so far: "a.create", "store.update"
	mishapAt
	struck string // the app or store that a lasting mishap struck
	dead   bool   // the process died: none of its calls arrives anywhere
}

// begin begins to count.
func (p *points) begin(at mishapAt) { *p = points{on: true, mishapAt: at} }

// meet is every call: of an app ("a", "b") or of the "store".
func (p *points) meet(of, op string, act func() error) error {
	if p.dead {
		return fake.ErrCrash
	}
	if !p.on {
		return act()
	}
	hit := len(p.names) == p.mishapAt.call || p.lasting && p.struck == of
	p.names = append(p.names, of+"."+op)
	if !hit {
		return act()
	}
	if p.lasting && !p.kind.dies() {
		p.struck = of
	}
	if p.kind.acts() {
		if err := act(); err != nil && !p.kind.dies() {
			return err
		}
	}
	if p.kind.dies() {
		p.dead = true
		return fake.ErrCrash
	}
	return fmt.Errorf("%s %s: %w", of, op, errMishap)
}

// answered is a call that answers something.
func answered[T any](p *points, of, op string, act func() (T, error)) (T, error) {
	var out T
	err := p.meet(of, op, func() (err error) {
		out, err = act()
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return out, nil
}

// pointedApp is an app whose calls are points. What it can do beyond a connector is what the app can.
type pointedApp struct {
	connector.Connector
	features connector.Features
	side     string
	*points
}

func (c pointedApp) Schema(ctx context.Context) (contact.Schema, error) {
	return answered(c.points, c.side, "schema", func() (contact.Schema, error) { return c.Connector.Schema(ctx) })
}

func (c pointedApp) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	return answered(c.points, c.side, "changes", func() (connector.Page, error) { return c.Connector.Changes(ctx, q) })
}

func (c pointedApp) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	return answered(c.points, c.side, string(writes[0].Op), func() ([]connector.Result, error) { return c.Connector.Apply(ctx, writes) })
}

// Features returns what the app can do, each call of it a point.
func (c pointedApp) Features() connector.Features {
	f := c.features
	extra := pointedFeatures{c}
	if f.Lister != nil {
		f.Lister = extra
	}
	if f.Reader != nil {
		f.Reader = extra
	}
	if f.Finder != nil {
		f.Finder = extra
	}
	if f.KeyFinder != nil {
		f.KeyFinder = extra
	}
	if f.Upserter != nil {
		f.Upserter = extra
	}
	if f.Identifier != nil {
		f.Identifier = extra
	}
	return f
}

// pointedFeatures are the optional capabilities; only those are called that the app has.
type pointedFeatures struct{ pointedApp }

func (c pointedFeatures) List(ctx context.Context, since connector.Cursor) (connector.Listing, error) {
	return answered(c.points, c.side, "list", func() (connector.Listing, error) { return c.features.Lister.List(ctx, since) })
}

func (c pointedFeatures) Read(ctx context.Context, ids, fields []string) ([]connector.ReadResult, error) {
	return answered(c.points, c.side, "read", func() ([]connector.ReadResult, error) { return c.features.Reader.Read(ctx, ids, fields) })
}

func (c pointedFeatures) Find(ctx context.Context, marker string, fields []string) (contact.Record, error) {
	return answered(c.points, c.side, "find", func() (contact.Record, error) { return c.features.Finder.Find(ctx, marker, fields) })
}

func (c pointedFeatures) FindBy(ctx context.Context, field string, v contact.Value, fields []string) ([]contact.Record, error) {
	return answered(c.points, c.side, "find_by", func() ([]contact.Record, error) { return c.features.KeyFinder.FindBy(ctx, field, v, fields) })
}

func (c pointedFeatures) Upsert(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	return answered(c.points, c.side, "upsert", func() ([]connector.Result, error) { return c.features.Upserter.Upsert(ctx, writes) })
}

func (c pointedFeatures) Identity(ctx context.Context) (string, error) {
	return answered(c.points, c.side, "identity", func() (string, error) { return c.features.Identifier.Identity(ctx) })
}

// pointedStore is a store whose calls are points.
type pointedStore struct {
	contactsync.Store
	*points
}

func (s pointedStore) Acquire(ctx context.Context, sc contactsync.Scope, holder string, now time.Time, ttl time.Duration) (contactsync.Lease, error) {
	return answered(s.points, "store", "acquire", func() (contactsync.Lease, error) { return s.Store.Acquire(ctx, sc, holder, now, ttl) })
}

func (s pointedStore) Renew(ctx context.Context, l contactsync.Lease, now time.Time, ttl time.Duration) error {
	return s.meet("store", "renew", func() error { return s.Store.Renew(ctx, l, now, ttl) })
}

func (s pointedStore) Release(ctx context.Context, l contactsync.Lease) error {
	return s.meet("store", "release", func() error { return s.Store.Release(ctx, l) })
}

func (s pointedStore) Update(ctx context.Context, l contactsync.Lease, fn func(contactsync.Tx) error) error {
	return s.meet("store", "update", func() error { return s.Store.Update(ctx, l, fn) })
}

func (s pointedStore) View(ctx context.Context, sc contactsync.Scope, fn func(contactsync.ReadTx) error) error {
	return s.meet("store", "view", func() error { return s.Store.View(ctx, sc, fn) })
}
