package davsim

import (
	"context"
	"maps"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// A witness is between an engine and the connector, and looks whether what the connector tells of a card is what stood in
// it at some moment of the call.
type witness struct {
	connector.Connector
	can connector.Features
	p   *place

	began int // the last change before the call
	asked int // the last one before the groups were asked for: what groups a card is in is told as of then
}

// Features returns what the connector can do.
func (w *witness) Features() connector.Features {
	f := w.can
	f.Reader, f.Finder, f.Identifier, f.Lister = w, w, w, w
	return f
}

// begin begins a call. Its deadline is one of the machine's time, which has nothing to do with the world's: how long a
// call takes there, and whether that is too long, is decided for each request.
func (w *witness) begin(ctx context.Context) context.Context {
	w.p.note()
	w.began = w.p.changes
	return context.WithoutCancel(ctx)
}

func (w *witness) Schema(ctx context.Context) (contact.Schema, error) {
	return w.Connector.Schema(w.begin(ctx))
}

func (w *witness) Identity(ctx context.Context) (string, error) {
	return w.can.Identifier.Identity(w.begin(ctx))
}

func (w *witness) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	ctx = w.begin(ctx)
	w.asked = w.began
	return w.Connector.Changes(ctx, q)
}

func (w *witness) List(ctx context.Context, since connector.Cursor) (connector.Listing, error) {
	ctx = w.begin(ctx)
	w.asked = w.began
	return w.can.Lister.List(ctx, since)
}

func (w *witness) Read(ctx context.Context, ids, fields []string) ([]connector.ReadResult, error) {
	results, err := w.can.Reader.Read(w.begin(ctx), ids, fields)
	for _, r := range results {
		if r.Err == nil {
			w.look("read", r.Record)
		}
	}
	return results, err
}

func (w *witness) Find(ctx context.Context, marker string, fields []string) (contact.Record, error) {
	found, err := w.can.Finder.Find(w.begin(ctx), marker, fields)
	if err == nil {
		w.look("find", found)
	}
	return found, err
}

func (w *witness) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	results, err := w.Connector.Apply(w.begin(ctx), writes)
	for i, r := range results {
		if r.Err == nil && writes[i].Op != connector.Delete {
			w.look("apply", r.Record)
		}
	}
	return results, err
}

// look looks at a record that the connector tells.
func (w *witness) look(op string, told contact.Record) {
	said := w.p.spec.Words(told.Fields)
	if len(said) == 0 {
		return
	}
	held, tagged := w.p.since(told.ID, w.began), w.p.since(told.ID, w.began)
	if len(w.p.groups) > 0 {
		tagged = w.p.since(told.ID, w.asked)
	}
	tags := contact.Fields{}
	if v, ok := said["tags"]; ok {
		tags["tags"] = v
	}
	delete(said, "tags")
	for _, part := range []struct{ said, held []contact.Fields }{{[]contact.Fields{said}, held}, {[]contact.Fields{tags}, tagged}} {
		if !slices.ContainsFunc(part.held, func(f contact.Fields) bool { return w.agrees(part.said[0], f) }) {
			w.p.judge.Errorf("carddav: %s tells %s of %s, which held %v", op, part.said[0].AppendJSON(nil), told.ID, part.held)
		}
	}
}

// agrees reports whether fields that were told are what a card held.
func (w *witness) agrees(said, held contact.Fields) bool {
	for _, name := range slices.Sorted(maps.Keys(said)) {
		f, ours := w.p.fields[name]
		if a, b := said[name], held[name]; ours && !(a.Blank() && b.Blank()) && !a.Equal(b) && !f.Same(a, b, "") {
			return false
		}
	}
	return true
}
