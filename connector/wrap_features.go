package connector

import (
	"context"
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// capabilities are the optional capabilities of a wrapped connector. A method is called only if the connector has
// it: Features gives out no other.
type capabilities struct{ w *Wrapped }

func (c capabilities) List(ctx context.Context, since Cursor) (Listing, error) {
	return call(ctx, c.w, "list", func(ctx context.Context) (Listing, error) {
		listing, err := c.w.of.Lister.List(ctx, since)
		if err == nil {
			err = c.w.checkListing(listing)
		}
		return listing, err
	})
}

func (c capabilities) ListKnown(ctx context.Context, since Cursor, known func(id string) string) (Listing, error) {
	return call(ctx, c.w, "list", func(ctx context.Context) (Listing, error) {
		listing, err := c.w.of.KnownLister.ListKnown(ctx, since, known)
		if err == nil {
			err = c.w.checkListing(listing)
		}
		return listing, err
	})
}

// Read reads any number of ids. If a batch of them fails as a whole, its error is returned, and the results are
// complete nevertheless: each id that was not read bears an error.
func (c capabilities) Read(ctx context.Context, ids, fields []string) ([]ReadResult, error) {
	b := batches[string, ReadResult]{
		w: c.w, op: "read",
		send: func(ctx context.Context, ids []string) ([]ReadResult, error) {
			return c.w.of.Reader.Read(ctx, ids, fields)
		},
		check: c.w.checkReads,
		fail:  func(err error) ReadResult { return ReadResult{Err: err} },
		err:   func(r ReadResult) error { return r.Err },
		retry: retryRead,
	}
	schema, err := c.w.knownSchema(ctx)
	if err != nil {
		return b.failAll(len(ids), err), err
	}
	b.size = schema.Batch.Read
	return b.run(ctx, ids)
}

func (c capabilities) Find(ctx context.Context, marker string, fields []string) (contact.Record, error) {
	return call(ctx, c.w, "find", func(ctx context.Context) (contact.Record, error) {
		rec, err := c.w.of.Finder.Find(ctx, marker, fields)
		if err == nil {
			err = c.w.checkRecord("find", &rec)
		}
		return rec, err
	})
}

func (c capabilities) FindBy(ctx context.Context, field string, value contact.Value, fields []string) ([]contact.Record, error) {
	return call(ctx, c.w, "find", func(ctx context.Context) ([]contact.Record, error) {
		found, err := c.w.of.KeyFinder.FindBy(ctx, field, value, fields)
		for i := range found {
			if err == nil {
				found[i].Modified = believe(found[i].Modified)
				err = c.w.checkIdentity("find", i, found[i].ID, found[i].Version)
			}
		}
		return found, err
	})
}

// Upsert is [Wrapped.Apply], but for writes whose outcome is unknown: they are sent again, too.
func (c capabilities) Upsert(ctx context.Context, writes []Write) ([]Result, error) {
	return c.w.applyBy(ctx, c.w.of.Upserter.Upsert, retryRead, writes)
}

// Receive is called once, and neither waits for the account's limits nor takes part in them: an app wants to know
// within seconds that its delivery has arrived, and sends it again if not.
func (c capabilities) Receive(ctx context.Context, d Delivery) (Push, error) {
	ctx, cancel := context.WithTimeout(ctx, c.w.opts.Timeout)
	defer cancel()
	return watched(ctx, c.w, "receive", func(ctx context.Context) (Push, error) {
		push, err := c.w.of.Receiver.Receive(ctx, d)
		if err == nil {
			err = c.w.checkPush(push)
		}
		return push, err
	})
}

func (c capabilities) Identity(ctx context.Context) (string, error) {
	return call(ctx, c.w, "identity", func(ctx context.Context) (string, error) {
		name, err := c.w.of.Identifier.Identity(ctx)
		if err == nil && name == "" {
			err = c.w.broken("identity", "the account has no name")
		}
		return name, err
	})
}

func (c capabilities) Check(ctx context.Context) error {
	_, err := call(ctx, c.w, "check", func(ctx context.Context) (struct{}, error) {
		return struct{}{}, c.w.of.Checker.Check(ctx)
	})
	return err
}

func (c capabilities) Kinds(ctx context.Context) ([]Kind, error) {
	return call(ctx, c.w, "kinds", func(ctx context.Context) ([]Kind, error) {
		kinds, err := c.w.of.KindLister.Kinds(ctx)
		for i, k := range kinds {
			if err == nil && (k.ID == "" || slices.ContainsFunc(kinds[:i], func(o Kind) bool { return o.ID == k.ID })) {
				err = c.w.broken("kinds", "a kind has no id, or one that another has")
			}
		}
		return kinds, err
	})
}
