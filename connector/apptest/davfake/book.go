package davfake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Book is an address book on a [Server]. Its methods are the hands of its users, who are not asked for a password and
// may also store what the server would refuse.
type Book struct {
	// Path is where the book is, not escaped, with a slash at the end.
	Path string

	server   *Server
	label    string
	readOnly bool
	unlisted bool
	cards    map[string]*card
	gone     map[string]*card // as they were last
	stray    []string
	changes  int // since the book was made: the state that tokens and ctag speak of
	epoch    int // of tokens
	told     map[int]time.Time
}

// card is one member of a book.
type card struct {
	body    string
	uid     string
	etag    string // opaque part
	born    int    // the change that made it
	changed int    // the last change of it
}

// Put makes a card what there is under a name such as "ann.vcf".
func (b *Book) Put(name, card string) {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	b.store(name, card)
}

// Edit changes the card of a name. It reports whether there is one.
func (b *Book) Edit(name string, change func(card string) string) bool {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	c := b.cards[name]
	if c != nil {
		b.store(name, change(c.body))
	}
	return c != nil
}

// Remove deletes the card of a name. It reports whether there was one.
func (b *Book) Remove(name string) bool {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	return b.remove(name)
}

// Cards returns the cards as they are stored, by name.
func (b *Book) Cards() map[string]string {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	all := map[string]string{}
	for name, c := range b.cards {
		all[name] = c.body
	}
	return all
}

// ETag returns the ETag of a card as the server tells it, "" if there is no such card.
func (b *Book) ETag(name string) string {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	if c := b.cards[name]; c != nil {
		return b.server.etag(c)
	}
	return ""
}

// SetReadOnly lets nobody but the hands of this type change the book, or everybody again.
func (b *Book) SetReadOnly(readOnly bool) {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	b.readOnly = readOnly
}

// Unlist makes every list of the book empty, as on a server that has lost its index, or whole again. Cards can be read and
// written all the while, and what is written is not listed either.
func (b *Book) Unlist(unlisted bool) {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	b.unlisted = unlisted
}

// ExpireTokens makes every sync token that the server has given out unknown.
func (b *Book) ExpireTokens() {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	b.epoch++
}

// Stray adds hrefs to every list of members, as they are: of another collection, another host, or of a card that is
// named already. A client must not follow them. No argument ends it.
func (b *Book) Stray(hrefs ...string) {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	b.stray = hrefs
}

// store makes body the card of a name; it must hold the server's lock.
func (b *Book) store(name, body string) {
	c := b.cards[name]
	if c != nil && c.body == body && !b.server.quirks.CountedETags {
		return // a server that goes by the content sees no change
	}
	b.changes++
	if c == nil {
		c = &card{born: b.changes}
		if before := b.gone[name]; before != nil {
			c.born = before.born // who knew it then must hear when it goes again
		}
		b.cards[name] = c
		delete(b.gone, name)
	}
	c.body, c.uid, c.changed = body, property(body, "UID"), b.changes
	c.etag = b.newETag(body)
}

// newETag returns the opaque part of an ETag of a content.
func (b *Book) newETag(body string) string {
	if b.server.quirks.CountedETags {
		return fmt.Sprintf("%d-%d", len(body), b.changes)
	}
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:8])
}

// wasRead changes the ETag of a card that was read, on a server that does so.
func (b *Book) wasRead(c *card) {
	if b.server.quirks.ETagsChangeOnRead {
		b.changes++
		c.changed = b.changes
		c.etag = fmt.Sprintf("r%d", b.changes)
	}
}

// remove deletes the card of a name; it must hold the server's lock.
func (b *Book) remove(name string) bool {
	c := b.cards[name]
	if c == nil {
		return false
	}
	b.changes++
	c.changed = b.changes
	delete(b.cards, name)
	b.gone[name] = c
	return true
}

// names returns the names of the cards, sorted.
func (b *Book) names() []string { return slices.Sorted(maps.Keys(b.cards)) }

// listed returns the names of the cards that a list tells, sorted.
func (b *Book) listed() []string {
	if b.unlisted {
		return nil
	}
	return b.names()
}

// token returns the sync token of a state. It is good from the last time that it was told on.
func (b *Book) token(state int) string {
	b.told[state] = b.server.Clock.Now()
	return fmt.Sprintf("%s%d-%d", b.server.tokenPrefix(), b.epoch, state)
}

// stateOf returns the state that a token speaks of, false if the server does not know the token.
func (b *Book) stateOf(token string) (state int, ok bool) {
	rest, ok := strings.CutPrefix(token, b.server.tokenPrefix())
	if !ok {
		return 0, false
	}
	epoch, number, _ := strings.Cut(rest, "-")
	state, err := strconv.Atoi(number)
	told, was := b.told[state]
	life := b.server.quirks.TokenLife
	if err != nil || epoch != strconv.Itoa(b.epoch) || !was || life > 0 && b.server.Clock.Now().Sub(told) > life {
		return 0, false
	}
	return state, true
}

// change is what sync-collection tells of one member.
type change struct {
	name string
	card *card
	gone bool
}

// since returns what changed after a state, in the order in which it happened: of each member the last change.
func (b *Book) since(state int) []change {
	var all []change
	if b.unlisted {
		return nil
	}
	for name, c := range b.cards {
		if c.changed > state {
			all = append(all, change{name, c, false})
		}
	}
	for name, c := range b.gone {
		known := c.born <= state || b.server.quirks.Gone == GoneEver || b.server.quirks.Gone == GoneSince && state > 0
		if c.changed > state && known {
			all = append(all, change{name, c, true})
		}
	}
	slices.SortFunc(all, func(a, b change) int { return a.card.changed - b.card.changed })
	return all
}

// withUID returns the name of another card with a UID, the first by name, "" if there is none.
func (b *Book) withUID(uid, besides string) string {
	found := ""
	for name, c := range b.cards {
		if name != besides && c.uid == uid && (found == "" || name < found) {
			found = name
		}
	}
	return found
}
