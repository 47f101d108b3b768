package carddav

import (
	"context"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/cards"
)

// RFC 6352 section 6.3.2.3 wants strong ETags. A server that gives weak ones, or none, cannot be asked to refuse a write to
// a card that somebody else has changed: "If-Match: *" wants no more than that there is one. So the card is read
// right before the write. What is edited between these two requests is overwritten, and the schema says so.

// unchanged returns nil if a card holds what it held when it was read. Its text decides: a weak ETag may stay the same over
// an edit.
func (f found) unchanged(ctx context.Context, id, text string) error {
	now, err := f.fetch(ctx, []string{id})
	if err != nil {
		return notSent(err)
	}
	held := now[id]
	if held.err == nil && !sameText(held.text, text) {
		return connector.ErrVersionConflict
	}
	return held.err
}

// expect returns nil if a card is in the version of its write.
func (b *book) expect(ctx context.Context, f found, j *job) error {
	g, err := b.knownGroups(ctx, f)
	if err != nil {
		return notSent(err)
	}
	now, err := f.fetch(ctx, []string{j.id})
	if err != nil {
		return notSent(err)
	}
	held := now[j.id]
	if held.err != nil {
		return held.err
	}
	if rec, err := b.record(j.id, held, g, cards.Wanted{}); err != nil || rec.Version != j.write.Version {
		return connector.ErrVersionConflict
	}
	return nil
}

// noteETag notes an ETag on which no write can be conditional.
func (b *book) noteETag(etag string) {
	if ifMatch(etag) != ifMatchStar {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unconditional = true
}

// cannotRefuse reports whether a card of the book was seen to have no ETag that a write can be conditional on.
func (b *book) cannotRefuse() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.unconditional
}

// overtaken says of a book whose server cannot refuse a write what that means.
func overtaken(f found) contact.Limit {
	return contact.Limit{Cannot: contact.AbilityRefuse, ForNow: true, Why: "the server of the address book " + f.Slug +
		" gives its cards no strong ETags, so what is edited between a last look at a card, right before it is written, and the write is overwritten"}
}
