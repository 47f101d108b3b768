package carddav

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/httpapi"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/cards"
	"github.com/contactsync/contactsync/internal/vcard"
)

// A remote card is one as the server holds it.
type remote struct {
	etag     string
	modified time.Time
	text     string
	err      error // why it was not read; of one that does not exist, connector.ErrNotFound
}

// fetch reads cards, by the batch. A card that the answer leaves out is asked for alone: a short answer is no proof that
// it is gone. An answer that is too large, or that one card breaks, is asked for by halves.
func (f found) fetch(ctx context.Context, ids []string) (map[string]remote, error) {
	got := make(map[string]remote, len(ids))
	var hrefs []string
	for _, id := range ids {
		if !isID(id) {
			got[id] = remote{err: connector.ErrNotFound}
		} else {
			hrefs = append(hrefs, hrefOf(f.client.Base(), id))
		}
	}
	for len(hrefs) > 0 {
		part := hrefs[:min(len(hrefs), readBatch)]
		hrefs = hrefs[len(part):]
		if err := f.multiget(ctx, part, got); err != nil {
			return nil, err
		}
	}
	for _, id := range ids {
		if _, ok := got[id]; ok {
			continue
		}
		one, err := f.get(ctx, id)
		if err != nil {
			return nil, err
		}
		got[id] = one
	}
	return got, nil
}

// multiget reads cards with one call. What it does not learn is left out.
func (f found) multiget(ctx context.Context, hrefs []string, got map[string]remote) error {
	err := f.client.multiget(ctx, "read", hrefs, "<D:getlastmodified/><C:address-data/>", func(r response) error {
		id, ok := idOf(f.client.Base(), r.href)
		data := r.props.kid(nsCardDAV, "address-data")
		switch {
		case !ok:
		case r.status == http.StatusNotFound || r.status == http.StatusGone:
			got[id] = remote{err: connector.ErrNotFound}
		case data != nil && data.trimmed() != "":
			modified, _ := http.ParseTime(r.text(nsDAV, "getlastmodified"))
			got[id] = remote{etag: r.text(nsDAV, "getetag"), modified: modified, text: strings.TrimLeft(data.text, "\r\n\t ")}
		}
		return nil
	})
	broken := tooMuch(err)
	switch {
	case broken && len(hrefs) > 1:
		if err := f.multiget(ctx, hrefs[:len(hrefs)/2], got); err != nil {
			return err
		}
		return f.multiget(ctx, hrefs[len(hrefs)/2:], got)
	case broken:
		return nil // it is read by GET, or told why not
	}
	switch statusIn(err) {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusNotFound,
		http.StatusInsufficientStorage, http.StatusRequestEntityTooLarge:
		return nil
	}
	return err
}

// tooMuch reports whether an answer is too large, or broken by what it tells.
func tooMuch(err error) bool { return errors.Is(err, errXML) || errors.Is(err, httpapi.ErrTooLarge) }

// get reads one card.
func (f found) get(ctx context.Context, id string) (remote, error) {
	resp, err := f.client.do(ctx, httpapi.Request{Name: "read", Method: http.MethodGet, URL: hrefOf(f.client.Base(), id),
		Header: http.Header{"Accept": {"text/vcard"}}})
	if errors.Is(err, connector.ErrNotFound) || errors.Is(err, connector.ErrForbidden) {
		return remote{err: err}, nil
	}
	if err != nil {
		return remote{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if errors.Is(err, httpapi.ErrTooLarge) {
		return remote{err: err}, nil // the card is to blame, and will be again
	}
	if err != nil {
		return remote{}, err
	}
	modified, _ := http.ParseTime(resp.Header.Get("Last-Modified"))
	return remote{etag: strings.TrimSpace(resp.Header.Get("ETag")), modified: modified, text: string(text)}, nil
}

// Read returns the cards of these ids.
func (b *book) Read(ctx context.Context, ids, fields []string) ([]connector.ReadResult, error) {
	f, err := b.open(ctx)
	if err != nil {
		return nil, err
	}
	g, err := b.knownGroups(ctx, f)
	if err != nil {
		return nil, err
	}
	got, err := f.fetch(ctx, ids)
	if err != nil {
		return nil, err
	}
	want := cards.WantedOf(fields)
	results := make([]connector.ReadResult, len(ids))
	for i, id := range ids {
		rec, err := b.record(id, got[id], g, want)
		if results[i].Record = rec; err != nil {
			results[i].Err = failed("read", id, err)
		}
	}
	return results, nil
}

// record returns the record of a card. One that stands for a group is none.
func (b *book) record(id string, r remote, g *groups, want cards.Wanted) (contact.Record, error) {
	if r.err != nil {
		return contact.Record{}, r.err
	}
	card, err := vcard.Parse(r.text, 1)
	if err != nil {
		return contact.Record{}, err
	}
	uid, isGroup, err := cards.Identity(card)
	if err != nil {
		return contact.Record{}, err
	}
	if isGroup {
		return contact.Record{}, fmt.Errorf("%w: the card stands for a group", connector.ErrNotFound)
	}
	b.noteETag(r.etag)
	in := g.labels(cards.KeyOfUID(uid))
	fields, err := cards.Read(card, want, in)
	if err != nil {
		return contact.Record{}, err
	}
	if g.unreadable != nil {
		delete(fields, cards.Labels)
	}
	if r.modified.IsZero() {
		r.modified = cards.Revised(card)
	}
	if len(g.byID) > 0 {
		b.noteUID(id, r.etag, r.text)
	}
	return contact.Record{ID: id, Version: versionOf(r.etag, r.text, in), Modified: r.modified.UTC(), Fields: fields}, nil
}

// Find returns the card that was created with the marker: its UID is made of it, and so was its address.
func (b *book) Find(ctx context.Context, marker string, fields []string) (contact.Record, error) {
	f, err := b.open(ctx)
	if err != nil {
		return contact.Record{}, err
	}
	uid := cards.UUIDOf(marker)
	id := uid + extension
	results, err := b.Read(ctx, []string{id}, fields)
	if err != nil {
		return contact.Record{}, err
	}
	if !errors.Is(results[0].Err, connector.ErrNotFound) {
		return results[0].Record, results[0].Err
	}
	if id, err = b.bearing(ctx, f, uid); err != nil || id == "" {
		if err == nil {
			err = &connector.Error{App: appID, Op: "find", Err: connector.ErrNotFound}
		}
		return contact.Record{}, err
	}
	if results, err = b.Read(ctx, []string{id}, fields); err != nil {
		return contact.Record{}, err
	}
	return results[0].Record, results[0].Err
}

// bearing returns the id of the card that bears a UID, "" if none does or the server cannot say.
func (b *book) bearing(ctx context.Context, f found, uid string) (id string, err error) {
	filter := `<C:filter><C:prop-filter name="UID"><C:text-match>` + escape(uid) + `</C:text-match></C:prop-filter></C:filter>`
	err = b.search(ctx, f, "find", filter, func(at, _, text string) {
		card, err := vcard.Parse(text, 1)
		if err != nil {
			return // another one's fault
		}
		if bears, _, err := cards.Identity(card); err == nil && cards.KeyOfUID(bears) == cards.KeyOfUID(uid) {
			id = at
		}
	})
	return id, err
}
