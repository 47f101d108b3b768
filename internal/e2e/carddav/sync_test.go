package carddav_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/internal/e2e/servers"
)

// people is how many contacts are synced: with each, Radicale and Xandikos take longer for the next.
const people = 500

// A course is what two shelves are put through, and what it may cost of requests that read cards, and of others but writes,
// by side; a shelf that is no server takes none.
type course struct {
	a, b shelf
	// first is of the first sync, from a to b; changed of one after edits on both sides.
	first, changed [2]limits
}

// limits are how many requests of a kind there may be at most; instead of one that reads there may be another.
type limits struct{ reads, others int }

// unchanged is what a sync may ask a server in which nothing has changed but by the sync before: that it was itself is found out
// by one question, and that none of the cards stands for a group by another.
var unchanged = [2]limits{{1, 1}, {1, 1}}

// run puts them through it: a first sync makes one write a contact, one after which nothing changed asks twice at most, edits
// of both sides arrive, groups too, and nothing is lost that no field holds.
func (c course) run(t *testing.T) {
	for n := range people {
		c.a.put(t, fmt.Sprintf("p%d.vcf", n), personCard(n))
	}
	p := newPairing(c.a, c.b)
	sync := func(what string, writes [2]int, most [2]limits) {
		t.Helper()
		c.take()
		p.sync(t)
		c.within(t, what, writes, most)
		sameCards(t, people, c.a, c.b)
	}
	sync("first", [2]int{0, people}, c.first)
	sync("unchanged, at once", [2]int{}, unchanged)
	sync("unchanged", [2]int{}, unchanged)

	const some = people / 100
	c.edit(t, c.a, 0, some, "edited in a")
	c.edit(t, c.b, 100, some, "edited in b")
	sync("1 % changed", [2]int{some, some}, c.changed)
	c.keeps(t, c.a, 100, some, "edited in b")
	c.edit(t, c.a, 100, some, "edited again")
	sync("edited again", [2]int{0, some}, c.changed)
	c.keeps(t, c.b, 100, some, "edited again")
	c.group(t, p)
	sync("unchanged", [2]int{}, unchanged)
}

// edit edits persons from one on, as a user of the shelf, and adds to their cards what no field holds.
func (c course) edit(t *testing.T, s shelf, from, n int, note string) {
	there := s.cards(t)
	for i := range n {
		name, text := find(t, there, fmt.Sprintf("person%d@", from+i))
		text = edited(text, fmt.Sprintf("%s %d", note, i))
		if !strings.Contains(text, unmapped) {
			text = strings.Replace(text, "END:VCARD", unmapped+"END:VCARD", 1)
		}
		s.put(t, name, text)
	}
}

// keeps looks at persons from one on: what no field holds has stayed, where there is a place for it.
func (c course) keeps(t *testing.T, s shelf, from, n int, note string) {
	there := s.cards(t)
	for i := range n {
		_, text := find(t, there, fmt.Sprintf("person%d@", from+i))
		text = folded.Replace(text)
		require.Contains(t, text, note)
		for _, kept := range []string{"X-SHOE-SIZE:43", "/9j/4AAQSkZJRgABAQ==", "MAILER:pine"} {
			if s.holds("X-SHOE-SIZE") {
				require.Contains(t, text, kept, "what no field holds stays")
			}
		}
	}
}

// group has a user of b put two persons into a group, of which one of a takes out one and adds another: the group's card
// keeps whatever else it holds.
func (c course) group(t *testing.T, p *pairing) {
	there := c.b.cards(t)
	uid := func(n int) string {
		_, text := find(t, there, fmt.Sprintf("person%d@", n))
		return valueOf(text, "UID")
	}
	c.b.put(t, "friends.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:friends\r\nFN:VIP\r\nN:VIP;;;;\r\nX-ADDRESSBOOKSERVER-KIND:group\r\n"+
		"X-COLOR:red\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:"+uid(200)+"\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:"+uid(201)+"\r\nEND:VCARD\r\n")
	p.sync(t)
	sameCards(t, people, c.a, c.b)
	inA := c.a.cards(t)
	for n, labels := range map[int]string{200: "Friends", 202: "Friends,VIP"} {
		name, text := find(t, inA, fmt.Sprintf("person%d@", n))
		c.a.put(t, name, with(text, "CATEGORIES", labels))
	}
	p.sync(t)
	sameCards(t, people, c.a, c.b)
	_, group := find(t, c.b.cards(t), "X-COLOR:red")
	group = folded.Replace(group)
	require.NotContains(t, group, uid(200))
	require.Contains(t, group, uid(201))
	require.Contains(t, group, uid(202))
	p.sync(t) // the group was written, so all is looked at once more
}

// take forgets the requests until now.
func (c course) take() {
	for _, s := range [2]shelf{c.a, c.b} {
		if o, is := s.(online); is {
			o.take()
		}
	}
}

// within asserts the requests of a sync: so many writes, at most so many that read cards, and others.
func (c course) within(t *testing.T, what string, writes [2]int, most [2]limits) {
	t.Helper()
	for i, s := range [2]shelf{c.a, c.b} {
		o, is := s.(online)
		if !is {
			continue
		}
		gotWrites, gotReads, gotOthers := o.take()
		t.Logf("%s: side %d: %d writes, %d reads of cards, %d others", what, i, gotWrites, gotReads, gotOthers)
		if gotWrites != writes[i] || gotReads > most[i].reads || gotReads+gotOthers > most[i].reads+most[i].others {
			t.Errorf("%s: side %d: %d writes, %d reads of cards, %d others; want %d, and at most %d and %d", what, i, gotWrites, gotReads, gotOthers,
				writes[i], most[i].reads, most[i].others)
		}
	}
}

// TestSyncOfAServerAndAFolder: Radicale stores each card anew, so all are read back.
func TestSyncOfAServerAndAFolder(t *testing.T) {
	t.Parallel()
	course{a: newOnDisk(t.TempDir()), b: newOnline(t, servers.Radicale(t)),
		first: [2]limits{{}, {people / 5, 4}}, changed: [2]limits{{}, {4, 1}}}.run(t)
}

// TestSyncOfTwoServers: Xandikos fails at the question for groups once it has cards.
func TestSyncOfTwoServers(t *testing.T) {
	t.Parallel()
	course{a: newOnline(t, servers.Radicale(t)), b: newOnline(t, servers.Xandikos(t)),
		first: [2]limits{{people / 50, 4}, {people / 50, 4}}, changed: [2]limits{{4, 1}, {4, 1}}}.run(t)
}

// TestSyncOfAServerAndATable: DAViCal tells no ETag of what it stores, so all is read back.
func TestSyncOfAServerAndATable(t *testing.T) {
	t.Parallel()
	course{a: newInTable(t), b: newOnline(t, servers.DAViCal(t)),
		first: [2]limits{{}, {people / 5, 4}}, changed: [2]limits{{}, {4, 1}}}.run(t)
}

// A pair is two kinds of shelves, of which the second is a book on a server that all tests share, or of its own.
type pair struct {
	name        string
	other       func(t *testing.T) shelf
	shared, own func(testing.TB) *servers.CardDAV
}

// pairs are those that are put through what befalls servers and processes.
var pairs = []pair{
	{"a folder and Radicale", func(t *testing.T) shelf { return newOnDisk(t.TempDir()) }, servers.Radicale, servers.NewRadicale},
	{"a table and DAViCal", func(t *testing.T) shelf { return newInTable(t) }, servers.DAViCal, servers.NewDAViCal},
}

// TestServerStopsInTheMiddle: the sync after one that the server did not live to see the end of makes what is missing, and
// nothing twice.
func TestServerStopsInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, tt := range pairs {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const some = 60
			server := tt.own(t)
			a, b := tt.other(t), newOnline(t, server)
			for n := range some {
				a.put(t, fmt.Sprintf("p%d.vcf", n), personCard(n))
			}
			stopped := false
			b.ring = func(puts int) {
				if puts == some/3 && !stopped {
					stopped = true
					server.Stop()
				}
			}
			p := newPairing(a, b)
			_, err := p.open(t).Sync(t.Context())
			t.Logf("the sync ended with: %v", err)
			require.True(t, stopped)
			require.NoError(t, server.Start())
			p.sync(t)
			sameCards(t, some, a, b)
			require.Zero(t, p.sync(t).Unread)
			sameCards(t, some, a, b)
		})
	}
}

// TestSyncEndsInTheMiddle: a sync whose context ends while a card is on its way is gone on with by the next one.
func TestSyncEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	const some = 30
	a, b := newOnDisk(t.TempDir()), newOnline(t, servers.Radicale(t))
	for n := range some {
		a.put(t, fmt.Sprintf("p%d.vcf", n), personCard(n))
	}
	p := newPairing(a, b)
	for at := range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		b.take()
		b.ring = func(puts int) {
			if puts == 5+2*at {
				cancel()
			}
		}
		_, err := p.open(t).Sync(ctx)
		cancel()
		require.True(t, errors.Is(err, context.Canceled), "%v", err)
	}
	b.ring = nil
	p.sync(t)
	sameCards(t, some, a, b)
}
