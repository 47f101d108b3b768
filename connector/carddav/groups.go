package carddav

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/contactsync/contactsync/internal/cards"
	"github.com/contactsync/contactsync/internal/vcard"
)

// Groups are kept in one of two ways, by the programs that use the book: as cards of their own that name their members
// (Apple, and KIND:group of RFC 6350 section 6.1.4), or as CATEGORIES of each card. A book with a card for a group has
// that way; a label that is the name of such a card is membership in it, and any other is a category.

// groups are the cards of a book that stand for groups.
type groups struct {
	byID       map[string]*groupCard
	byLabel    map[string]*groupCard     // by the key of their name
	members    map[cards.UIDKey][]string // the names of the groups that a UID is in, sorted
	unreadable error                     // why one cannot be read: then it is not known which labels the cards have
}

// A groupCard is one of them.
type groupCard struct {
	id, etag string
	card     *vcard.Card
	*cards.Group
}

// groupFilter lets through the cards that stand for groups.
const groupFilter = `<C:filter test="anyof">` +
	`<C:prop-filter name="KIND"><C:text-match>group</C:text-match></C:prop-filter>` +
	`<C:prop-filter name="X-ADDRESSBOOKSERVER-KIND"><C:text-match>group</C:text-match></C:prop-filter>` +
	`</C:filter>`

// What is asked of cards to know which of them stand for groups, and of how many by one call.
const (
	kindData = `<C:address-data><C:prop name="VERSION"/><C:prop name="UID"/><C:prop name="KIND"/>` +
		`<C:prop name="X-ADDRESSBOOKSERVER-KIND"/></C:address-data>`
	groupLook = 500
)

// search calls each with the cards that a filter lets through, and others: not every server knows how to filter. One that
// fails at it is asked for all cards, and one that fails at that is taken to have none. groups and UIDs are looked for so.
func (b *book) search(ctx context.Context, f found, name, filter string, each func(id, etag, text string)) error {
	ask := func(filter string) error {
		return f.client.query(ctx, name, "<C:address-data/>", filter, func(r response) error {
			if id, ok := idOf(f.client.Base(), r.href); ok {
				each(id, r.text(nsDAV, "getetag"), r.props.kid(nsCardDAV, "address-data").trimmed())
			}
			return nil
		})
	}
	var err error
	if b.filters() {
		if err = ask(filter); !cannot(err) {
			return err
		}
		b.giveUpFilters()
	}
	if err = ask("<C:filter/>"); cannot(err) {
		return nil
	}
	return err
}

// filters reports whether the server is not known to fail at filtering.
func (b *book) filters() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.noFilter
}

func (b *book) giveUpFilters() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.noFilter = true
}

// cannot reports whether a server refused a question because it does not know how to answer it.
func cannot(err error) bool {
	switch statusIn(err) {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusConflict, http.StatusNotImplemented,
		http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType, http.StatusInternalServerError:
		return true
	}
	return false
}

func newGroups() *groups {
	return &groups{byID: map[string]*groupCard{}, byLabel: map[string]*groupCard{}, members: map[cards.UIDKey][]string{}}
}

// freshGroups asks for the groups of the book.
func (b *book) freshGroups(ctx context.Context, f found) (*groups, error) {
	g := newGroups()
	err := b.search(ctx, f, "groups", groupFilter, func(id, etag, text string) { g.take(id, etag, text) })
	if err != nil {
		return nil, err
	}
	g.index()
	b.setGroups(g)
	return g, nil
}

// groupsSince returns the groups of the book after cards of it changed. Where there were none, one that is there now is among
// these cards: if they are few they are asked what they stand for, by one call that every server knows how to answer.
func (b *book) groupsSince(ctx context.Context, f found, at position, changed listed) (*groups, error) {
	if at.Token == "" || at.Groups != "" || len(changed) > groupLook {
		return b.freshGroups(ctx, f)
	}
	contacts, err := b.contactsAmong(ctx, f, changed)
	if err != nil {
		return nil, err
	}
	for id := range changed {
		if !contacts[id] {
			return b.freshGroups(ctx, f)
		}
	}
	g := newGroups()
	b.setGroups(g)
	return g, nil
}

// contactsAmong returns which cards are known to stand for no group. Of what a server does not tell nothing is known.
func (b *book) contactsAmong(ctx context.Context, f found, changed listed) (map[string]bool, error) {
	contacts := make(map[string]bool, len(changed))
	if len(changed) == 0 {
		return contacts, nil
	}
	var hrefs []string
	for _, id := range slices.Sorted(maps.Keys(changed)) {
		hrefs = append(hrefs, hrefOf(f.client.Base(), id))
	}
	err := f.client.multiget(ctx, "groups", hrefs, kindData, func(r response) error {
		id, ok := idOf(f.client.Base(), r.href)
		text := r.text(nsCardDAV, "address-data")
		_, group, read := identityIn(text)
		contacts[id] = ok && text != "" && read && !group
		return nil
	})
	if err != nil && statusIn(err) == 0 && !tooMuch(err) {
		return nil, err
	}
	return contacts, nil
}

func (b *book) setGroups(g *groups) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.groups = g
}

// knownGroups returns the groups as they were last asked for.
func (b *book) knownGroups(ctx context.Context, f found) (g *groups, err error) {
	known := func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		g = b.groups
		return g != nil
	}
	if known() {
		return g, nil
	}
	err = b.alone(ctx, func() (err error) {
		if !known() {
			g, err = b.freshGroups(ctx, f)
		}
		return err
	})
	return g, err
}

// forgetGroups has the groups asked for anew.
func (b *book) forgetGroups() { b.setGroups(nil) }

// take takes a card in if it stands for a group: not every server knows how to filter.
func (g *groups) take(id, etag, text string) {
	card, err := vcard.Parse(text, 1)
	if err != nil {
		if _, isGroup, _ := vcard.Peek(text); isGroup {
			g.byID[id], g.unreadable = &groupCard{id: id, etag: etag, Group: &cards.Group{}}, fmt.Errorf("%s: %w", id, err)
		}
		return
	}
	if _, isGroup, _ := cards.Identity(card); !isGroup {
		return
	}
	group, err := cards.ReadGroup(card)
	if err != nil {
		group, g.unreadable = &cards.Group{}, fmt.Errorf("%s: %w", id, err)
	}
	g.byID[id] = &groupCard{id, etag, card, group}
}

// index finds out who is in which group. Of several with one name the first gets new members.
func (g *groups) index() {
	for _, id := range slices.Sorted(maps.Keys(g.byID)) {
		group := g.byID[id]
		if group.Name == "" {
			continue
		}
		if key := cards.LabelKey(group.Name); g.byLabel[key] == nil {
			g.byLabel[key] = group
		}
		for uid := range group.Members {
			g.members[uid] = append(g.members[uid], group.Name)
		}
	}
	for _, names := range g.members {
		slices.Sort(names)
	}
}

// labels returns the names of the groups that the card of a UID is in.
func (g *groups) labels(uid cards.UIDKey) []string {
	if uid == 0 {
		return nil
	}
	return g.members[uid]
}

// digest returns what tells whether any group has changed; "" if there are none.
func (g *groups) digest() string {
	if len(g.byID) == 0 {
		return ""
	}
	sum := sha256.New()
	for _, id := range slices.Sorted(maps.Keys(g.byID)) {
		fmt.Fprintf(sum, "%q %q\n", id, g.byID[id].etag)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// uidOf is the UID of a card, as of an ETag.
type uidOf struct {
	etag string
	key  cards.UIDKey
}

// identify returns the UIDs of the cards, by which groups name their members. Where there are no groups nobody asks.
func (b *book) identify(ctx context.Context, f found, g *groups, there listed) (map[string]cards.UIDKey, error) {
	if len(g.byID) == 0 {
		return nil, nil
	}
	uids, missing := b.uidsOf(there), false
	for id := range there {
		_, known := uids[id]
		missing = missing || !known && g.byID[id] == nil
	}
	if !missing {
		return uids, nil
	}
	err := f.client.query(ctx, "uids", `<C:address-data><C:prop name="VERSION"/><C:prop name="UID"/></C:address-data>`,
		`<C:filter><C:prop-filter name="UID"/></C:filter>`, func(r response) error {
			if id, ok := idOf(f.client.Base(), r.href); ok {
				b.noteUID(id, r.text(nsDAV, "getetag"), r.props.kid(nsCardDAV, "address-data").trimmed())
			}
			return nil
		})
	if err != nil && statusIn(err) == 0 {
		return nil, err
	}
	return b.uidsOf(there), nil
}

// uidsOf returns the UIDs that are known of cards in these versions.
func (b *book) uidsOf(there listed) map[string]cards.UIDKey {
	b.mu.Lock()
	defer b.mu.Unlock()
	uids := map[string]cards.UIDKey{}
	for id, etag := range there {
		if known, ok := b.uids[id]; ok && sameETag(known.etag, etag) {
			uids[id] = known.key
		}
	}
	return uids
}

// identityIn returns the UID of what is told of a card, and whether it stands for a group; not ok if it cannot be read.
func identityIn(text string) (uid string, group, ok bool) {
	uid, group, certain := vcard.Peek(text)
	if certain {
		return uid, group, true
	}
	card, err := vcard.Parse(text, 1)
	if err != nil {
		return "", false, false
	}
	uid, group, err = cards.Identity(card)
	return uid, group, err == nil
}

// noteUID remembers the UID of a card. What is told of it need not be a whole card.
func (b *book) noteUID(id, etag, text string) {
	uid, _, ok := identityIn(text)
	if !ok {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.uids == nil {
		b.uids = map[string]uidOf{}
	}
	b.uids[id] = uidOf{etag, cards.KeyOfUID(uid)}
}
