package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// A Guest is what a host brings along to be simulated: a connection over apps of its own.
type Guest struct {
	// Connection is what is asked; its id and owner do not count.
	Connection contactsync.Connection
	// Hosts are the two apps.
	Hosts [2]Host

	schemas [2]contact.Schema
	opaque  [2]map[string]bool // fields of which the oracle is told nothing
	keyed   [2]map[string]bool // fields by which a person is known
}

// A Host is one app of a guest.
type Host struct {
	// New returns an account without records; nil stands for an app of the simulator's own, which has Fields.
	New    func(connector.Clock) (Account, error)
	Fields []contact.Field
}

// An Account is an account of an app, as its users and as a process that syncs reach it.
type Account struct {
	Connect func() (connector.Connector, error)
	Records func() ([]contact.Record, error)
	Create  func(contact.Fields) error
	Edit    func(id string, fields contact.Fields) error
	Remove  func(id string) error
	Hold    func(field string, v contact.Value) contact.Value // nil: as the schema says
	Close   func()                                            // nil: nothing is to be closed
}

// Resolve opens the apps once, and the connection over them, and finds out what the oracle can be told of it.
func (g *Guest) Resolve(ctx context.Context) error {
	var ends [2]connector.Connector
	for side, h := range g.Hosts {
		if h.New == nil {
			continue
		}
		a, err := h.New(&clock{w: &world{now: start}})
		if err == nil && a.Close != nil {
			defer a.Close()
		}
		if err == nil {
			ends[side], err = a.connect()
		}
		if err == nil {
			g.schemas[side], err = ends[side].Schema(ctx)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", contactsync.Sides[side], err)
		}
	}
	for side, h := range g.Hosts {
		if h.New != nil {
			continue
		}
		fields := h.Fields
		if fields == nil {
			fields = writable(g.schemas[1-side].Fields)
		}
		ends[side] = fake.New(appName(side), fields)
		g.schemas[side], _ = ends[side].Schema(ctx)
	}
	s, err := contactsync.Open(ctx, g.document(), ends[0], ends[1], memstore.New())
	if err != nil {
		return err
	}
	g.Connection = s.Connection()
	return g.look()
}

// document returns the connection under the simulator's own name.
func (g *Guest) document() contactsync.Connection {
	doc := g.Connection
	doc.Owner, doc.ID = "o", connName(0)
	return doc
}

// writable returns the fields of an app like another one, in which everything can be entered.
func writable(fields []contact.Field) []contact.Field {
	out := slices.Clone(fields)
	for i := range out {
		out[i].ReadOnly, out[i].Required = false, false
	}
	return out
}

// connect opens what a process reaches the account by.
func (a Account) connect() (connector.Connector, error) {
	if a.Connect == nil || a.Records == nil || a.Create == nil || a.Edit == nil || a.Remove == nil {
		return nil, errors.New("an account has to have Connect, Records, Create, Edit and Remove")
	}
	return a.Connect()
}

// account is an account of a guest, as its users reach it.
type account struct {
	Account
	w      *world
	index  int
	schema contact.Schema
	writes fake.Writes
}

// errCannot is what a guest's account answers that does not let something be done to it.
var errCannot = errors.New("the account cannot do that")

// openGuest returns the app of a guest, empty.
func (w *world) openGuest(index int) (Place, error) {
	h, schema := w.Guest.Hosts[index], w.Guest.schemas[index]
	if h.New == nil {
		return w.Apps[index].open(w, index, schema.Fields), nil
	}
	a, err := h.New(&clock{w: w})
	if err != nil {
		return nil, fmt.Errorf("a new account of %s: %w", contactsync.Sides[index], err)
	}
	return &account{Account: a, w: w, index: index, schema: schema}, nil
}

// Records returns all records, sorted by id.
func (a *account) Records() []contact.Record {
	all, err := a.Account.Records()
	if err != nil {
		a.w.wrong("the records of %s: %v", a.w.name(a.index), err)
	}
	all = slices.Clone(all)
	slices.SortFunc(all, func(x, y contact.Record) int { return strings.Compare(x.ID, y.ID) })
	return all
}

// Record returns one record.
func (a *account) Record(id string) (contact.Record, bool) {
	for _, r := range a.Records() {
		if r.ID == id {
			return r, true
		}
	}
	return contact.Record{}, false
}

// Put is a user who enters records. The account gives the ids.
func (a *account) Put(records ...contact.Record) error {
	for _, r := range records {
		if err := a.Create(r.Fields); err != nil {
			return err
		}
	}
	return nil
}

// Edit is a user who changes fields of a record.
func (a *account) Edit(id string, fields contact.Fields) error { return a.Account.Edit(id, fields) }

// Remove is a user who deletes records.
func (a *account) Remove(ids ...string) error {
	for _, id := range ids {
		if err := a.Account.Remove(id); err != nil {
			return err
		}
	}
	return nil
}

// Hold returns what the account makes of a value.
func (a *account) Hold(field string, v contact.Value) (contact.Value, error) {
	f, _ := a.schema.Field(field)
	if a.Account.Hold == nil {
		return cut(f, v), nil
	}
	return a.Account.Hold(field, v), nil
}

// cut returns what a field has room for, as its schema says.
func cut(f contact.Field, v contact.Value) contact.Value {
	switch {
	case v.Kind() == contact.KindText && f.MaxLength > 0 && len([]rune(v.Str())) > f.MaxLength:
		return contact.Text(string([]rune(v.Str())[:f.MaxLength]))
	case v.Kind() == contact.KindList && f.MaxEntries > 0 && len(v.Entries()) > f.MaxEntries:
		return contact.List(v.Entries()[:f.MaxEntries]...)
	case v.Kind() == contact.KindSet && f.MaxEntries > 0 && len(v.Elements()) > f.MaxEntries:
		return contact.Set(v.Elements()[:f.MaxEntries]...)
	}
	return v
}

// What a guest's account is not asked for.
func (a *account) Touch(string) error               { return errCannot }
func (a *account) Rekey(string, string) error       { return errCannot }
func (a *account) Merge(string, string) error       { return errCannot }
func (a *account) Hide(...string) error             { return errCannot }
func (a *account) Unhide(...string) error           { return errCannot }
func (a *account) SetIdentity(string)               {}
func (a *account) Deliveries() []connector.Delivery { return nil }

// Writes counts what was written to the account.
func (a *account) Writes() fake.Writes { return a.writes }

var _ Place = (*account)(nil)
