package davsim

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim"
)

// errNot is why something cannot be done in an address book.
var errNot = errors.New("an address book has no such thing")

// A place is an address book on a server, and the hands of its users.
type place struct {
	spec   sim.App
	site   sim.Site
	quirks davfake.Quirks
	server *davfake.Server
	fields map[string]contact.Field

	judge   referee
	writes  fake.Writes
	parsed  map[string][]line  // by the text of a card
	states  map[string][]state // what each card held, by name
	changes int                // how often anything has changed
	groups  map[string]string  // the names of the cards of groups, by the name of the group
	entered int
	// tamper is between the connector and the server, to let something go wrong that should be noticed: it returns another
	// body, or that the request stops here and is answered as if it had been carried out.
	tamper func(r *http.Request, body []byte) (instead []byte, stop bool)
	closed bool
}

// Open opens apps of the kind "carddav".
func Open(a sim.App, site sim.Site) (sim.Remote, error) {
	if a.Kind != "carddav" {
		return nil, nil
	}
	p := &place{spec: a, site: site, quirks: quirksOf(a.Habits), fields: map[string]contact.Field{}, parsed: map[string][]line{},
		states: map[string][]state{}, groups: map[string]string{}}
	for _, f := range a.Schema() {
		p.fields[f.Name] = f
	}
	p.server = davfake.New(&p.judge, p.quirks)
	p.tick()
	p.fill()
	return p, nil
}

// fill puts the cards of groups into the book.
func (p *place) fill() {
	make := map[string]func(uid, name string, members ...string) string{"apple_groups": davfake.AppleGroup, "kind_groups": davfake.KindGroup}
	for _, habit := range p.spec.Habits {
		if card := make[habit]; card != nil {
			p.groups["t1"] = "group.vcf"
			p.server.Book.Put("group.vcf", card("group-of-t1", "t1", "nobody"))
		}
	}
}

// Close ends the server.
func (p *place) Close() []string {
	if p.closed {
		return nil
	}
	p.closed = true
	p.judge.end()
	return p.judge.texts
}

// tick moves the server's clock to the world's time.
func (p *place) tick() { p.server.Clock.Advance(p.site.Now().Sub(p.server.Clock.Now())) }

// lines returns the lines of a card, read once.
func (p *place) lines(text string) []line {
	all, ok := p.parsed[text]
	if !ok {
		all = linesOf(text)
		p.parsed[text] = all
	}
	return all
}

// in returns the names of the groups that a card is in.
func (p *place) in(cards map[string]string, all []line) (names []string) {
	uid := unescape(first(all, "UID"))
	for _, name := range slices.Sorted(maps.Keys(p.groups)) {
		if isMember(p.lines(cards[p.groups[name]]), uid) {
			names = append(names, name)
		}
	}
	return names
}

// record returns what a card says, of the fields that the app is said to have.
func (p *place) record(cards map[string]string, id string) (contact.Record, bool) {
	text, there := cards[id]
	all := p.lines(text)
	if !there || isGroup(all) {
		return contact.Record{ID: id}, false
	}
	fields := fieldsOf(all, p.in(cards, all))
	maps.DeleteFunc(fields, func(name string, _ contact.Value) bool { return p.fields[name].Name == "" })
	return contact.Record{ID: id, Fields: fields}, true
}

// Records returns what the cards say, sorted by id.
func (p *place) Records() (all []contact.Record) {
	cards := p.server.Book.Cards()
	for _, id := range slices.Sorted(maps.Keys(cards)) {
		if r, ok := p.record(cards, id); ok {
			all = append(all, r)
		}
	}
	return all
}

// Record returns what a card says, and whether there is one.
func (p *place) Record(id string) (contact.Record, bool) { return p.record(p.server.Book.Cards(), id) }

// Hold returns what a card holds of a value.
func (p *place) Hold(field string, v contact.Value) (contact.Value, error) {
	f, ok := p.fields[field]
	if !ok {
		return contact.Empty, errNot
	}
	v, err := f.Coerce(v)
	if err != nil || v.Blank() {
		return contact.Empty, err
	}
	return v, nil
}

// Writes returns how many cards were written by the connector.
func (p *place) Writes() fake.Writes { return p.writes }

// Put is a user who enters somebody.
func (p *place) Put(records ...contact.Record) error {
	for _, r := range records {
		p.entered++
		style := p.style(r.ID)
		name := []string{"%s.vcf", "%s.vcf", "%s é+b.vcf", "(%s)@%%41.vcf"}[style%4]
		p.store(fmt.Sprintf(name, r.ID), newCard(fmt.Sprintf("%s-%d", r.ID, p.entered), p.version(style), style), r.Fields)
	}
	return nil
}

// version is that of the cards which a user's program writes.
func (p *place) version(style int) string {
	if style%3 == 0 && (p.quirks.Versions == nil || slices.Contains(p.quirks.Versions, "4.0")) {
		return "4.0"
	}
	return "3.0"
}

// style is a number that says how the program of a user writes cards.
func (p *place) style(id string) int {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, id, p.site.Seed())
	return int(h.Sum32() % 1000)
}

// Edit is a user who changes fields of a card.
func (p *place) Edit(id string, fields contact.Fields) error {
	text, there := p.server.Book.Cards()[id]
	if !there {
		return errNot
	}
	p.store(id, p.lines(text), fields)
	return nil
}

// store is a user's program that writes a card with these values. A tag that is the name of a group is membership in it.
func (p *place) store(id string, all []line, fields contact.Fields) {
	p.tick()
	uid := unescape(first(all, "UID"))
	if tags, ok := fields["tags"]; ok {
		var categories []string
		for _, tag := range tags.Elements() {
			if p.groups[tag] == "" {
				categories = append(categories, tag)
			}
		}
		fields = fields.Clone()
		fields["tags"] = contact.Set(categories...)
		for name, group := range p.groups {
			p.join(group, uid, slices.Contains(tags.Elements(), name))
		}
	}
	all = set(typed(all, fields), "REV", "", p.site.Now().UTC().Format("2006-01-02T15:04:05Z"))
	p.server.Book.Put(id, textOf(all, []int{0, 0, 75, 20}[p.style(id+"folds")%4]))
	p.note()
}

// join is a user's program that puts a card into a group, or takes it out.
func (p *place) join(group, uid string, in bool) {
	p.server.Book.Edit(group, func(text string) string {
		all := p.lines(text)
		if isMember(all, uid) == in {
			return text
		}
		if !in {
			return textOf(slices.DeleteFunc(slices.Clone(all), func(l line) bool { return strings.HasSuffix(l.value, ":"+uid) }), 0)
		}
		name := "X-ADDRESSBOOKSERVER-MEMBER"
		if len(values(all, "KIND")) > 0 {
			name = "MEMBER"
		}
		return textOf(slices.Insert(slices.Clone(all), len(all)-1, line{name: name, value: "urn:uuid:" + uid}), 0)
	})
}

// Remove is a user who deletes cards. The groups go on naming them, as they do where programs are careless.
func (p *place) Remove(ids ...string) error {
	for _, id := range ids {
		if !p.server.Book.Remove(id) {
			return errNot
		}
	}
	p.note()
	return nil
}

// Touch is a program that writes a card anew with nothing in it changed but its time.
func (p *place) Touch(id string) error {
	before := p.server.Book.ETag(id)
	if err := p.Edit(id, nil); err != nil || p.server.Book.ETag(id) == before {
		return errNot
	}
	return nil
}

// A state is what a card held up to a change.
type state struct {
	fields contact.Fields
	from   int // the change that made it so
}

// note keeps what the cards say now.
func (p *place) note() {
	p.changes++
	for _, r := range p.Records() {
		if all := p.states[r.ID]; len(all) == 0 || all[len(all)-1].fields.Digest() != r.Fields.Digest() {
			p.states[r.ID] = append(all, state{r.Fields, p.changes})
		}
	}
}

// since returns what a card held at some time since a change.
func (p *place) since(id string, change int) (all []contact.Fields) {
	states := p.states[id]
	for i, s := range states {
		if i+1 == len(states) || states[i+1].from > change {
			all = append(all, s.fields)
		}
	}
	return all
}

// What an address book does not have.

func (p *place) Rekey(string, string) error       { return errNot }
func (p *place) Merge(string, string) error       { return errNot }
func (p *place) Hide(...string) error             { return errNot }
func (p *place) Unhide(...string) error           { return nil }
func (p *place) SetIdentity(string)               {}
func (p *place) Deliveries() []connector.Delivery { return nil }

// A referee is told what no client of the server may do.
type referee struct {
	texts []string
	ends  []func()
}

func (r *referee) Helper()          {}
func (r *referee) Cleanup(f func()) { r.ends = append(r.ends, f) }
func (r *referee) Errorf(format string, args ...any) {
	r.texts = append(r.texts, fmt.Sprintf(format, args...))
}

// end does what is to be done when the test ends.
func (r *referee) end() {
	for _, f := range slices.Backward(r.ends) {
		f()
	}
}
