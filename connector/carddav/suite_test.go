package carddav_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/contactsync/contactsync/connector/carddav"
	"github.com/contactsync/contactsync/connector/connectortest"
	"github.com/contactsync/contactsync/connector/httpapi"
	"github.com/contactsync/contactsync/contact"
)

// account returns the account of a fake server.
func account(s *davfake.Server, q davfake.Quirks) carddav.Account {
	a := carddav.Account{URL: s.URL, User: s.User, Password: davfake.Password, Policy: httpapi.Policy{Private: true, Plain: true}, Clock: s.Clock}
	switch {
	case q.NoAuth:
		a.User, a.Password = "", ""
	case q.Bearer:
		a.Authorize = httpapi.Bearer(func(*http.Request) (string, error) { return davfake.Password, nil })
	}
	if q.WellKnown == davfake.None {
		a.URL += s.Book.Path
	}
	return a
}

// open returns a connector to the book of a fake server.
func open(t testing.TB, s *davfake.Server, q davfake.Quirks, change ...func(*carddav.Account)) connector.Connector {
	t.Helper()
	a := account(s, q)
	for _, f := range change {
		f(&a)
	}
	c, err := carddav.Open(a)
	require.NoError(t, err)
	return c
}

// unsupported are the parts of the suite that no CardDAV server has.
var unsupported = map[string]string{
	"upsert":  "a card that we made is found by its marker at once",
	"key":     "all cards are listed",
	"webhook": "CardDAV sends nothing",
}

// person returns the fields of the n-th person, without a full name: every card must have one, so it is made of the other
// fields when it is cleared.
func person(n int) contact.Fields {
	list := func(texts ...string) contact.Value {
		return contact.List(contact.Entry{Value: contact.Text(texts[0]), Type: "work", Primary: true}, contact.Entry{Value: contact.Text(texts[1])})
	}
	street := func(n int) contact.Value {
		return contact.Postal(contact.Address{Street: fmt.Sprintf("Rue de la Paix %d; bus, 2", n), City: "Liège", PostalCode: "4000"})
	}
	fields := contact.Fields{
		"emails":      list(fmt.Sprintf("a%d@example.com", n), fmt.Sprintf("b%d@example.org", n)),
		"phones":      list(fmt.Sprintf("+32470%06d", n), fmt.Sprintf("+32471%06d", n)),
		"urls":        list(fmt.Sprintf("https://example.com/%d?a=1,2;3", n), fmt.Sprintf("https://example.org/%d", n)),
		"addresses":   contact.List(contact.Entry{Value: street(2 * n), Type: "home"}, contact.Entry{Value: street(2*n + 1), Type: "work"}),
		"birthday":    contact.Date(1980+n%20, time.Month(1+n%12), 1+n%28),
		"anniversary": contact.Date(0, time.Month(1+n%12), 1+n%28),
		"labels":      contact.Set(fmt.Sprintf("Tag %d", n), fmt.Sprintf("Étiquette, %d", n)),
		"notes":       contact.Text(fmt.Sprintf("%d: line\nnext; C:\\new, %s", n, strings.Repeat("李小龍 Zoe\u0308 😀 ", 20))),
	}
	for _, name := range []string{"first", "last", "middle", "prefix", "suffix", "nickname", "company", "department", "title", "role"} {
		fields[name] = contact.Text(fmt.Sprintf("%s %d Zoë Zoe\u0308 Ωmega; 李小龍, 😀", name, n))
	}
	return fields
}

// mapTexts returns the value with each of its texts changed.
func mapTexts(v contact.Value, change func(string) string) contact.Value {
	if list := v.Entries(); list != nil {
		for i := range list {
			list[i].Value = mapTexts(list[i].Value, change)
		}
		return contact.List(list...)
	}
	if elements := v.Elements(); elements != nil {
		for i := range elements {
			elements[i] = change(elements[i])
		}
		return contact.Set(elements...)
	}
	if a := v.Address(); a != (contact.Address{}) {
		a.Street = change(a.Street)
		return contact.Postal(a)
	}
	return contact.Text(change(v.Str()))
}

// TestPassesTheSuite holds the connector against a fake with the habits of each server, and with the worst of habits. It
// counts goroutines, so it is not parallel.
func TestPassesTheSuite(t *testing.T) {
	tests := []struct {
		name   string
		quirks davfake.Quirks
		cannot map[string]string
	}{
		{"as the RFCs say", davfake.Quirks{}, nil},
		{"Radicale", davfake.Radicale(), nil},
		{"Xandikos", davfake.Xandikos(), nil},
		{"DAViCal", davfake.DAViCal(), nil},
		{"Nextcloud", davfake.Nextcloud(), nil},
		{"Fastmail", davfake.Fastmail(), nil},
		{"Google", davfake.Google(), nil},
		{"without sync tokens", davfake.Quirks{NoSync: true}, nil},
		{"without sync tokens and ctags", davfake.Quirks{NoSync: true, NoCTag: true}, map[string]string{
			"quiet": "everything is named each time"}},
		{"truncated", davfake.Quirks{SyncLimit: 3}, nil},
		{"weak ETags", davfake.Quirks{Weak: true}, nil},
		{"weak ETags that never match", davfake.Quirks{Weak: true, WeakNeverMatches: true}, nil},
		{"no ETags of writes", davfake.Quirks{NoPutETag: true}, nil},
		{"a multiget that tells a few", davfake.Quirks{MultigetLimit: 2, MultigetSkips: true}, nil},
		{"queries that find everything", davfake.Quirks{Query: davfake.QueryAll}, nil},
		{"no queries", davfake.Quirks{Query: davfake.QueryMissing}, nil},
		{"absolute and escaped hrefs", davfake.Quirks{AbsoluteHrefs: true, Escapes: davfake.EscapesLower}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			declared := maps.Clone(unsupported)
			maps.Copy(declared, tt.cannot)
			var s *davfake.Server
			connectortest.Run(t, connectortest.Suite{
				New: func(t *testing.T) connector.Connector {
					s = davfake.New(t, tt.quirks)
					return open(t, s, tt.quirks)
				},
				Reopen: func(t *testing.T) connector.Connector { return open(t, s, tt.quirks) },
				Sample: func(n int) contact.Fields {
					fields := person(n)
					if slices.Contains(tt.quirks.Rewrite, davfake.DropX) {
						delete(fields, "anniversary") // version 3.0 has no property for it but those that begin with X-
					}
					if tt.name == "Radicale" || tt.name == "DAViCal" { // they damage texts that hold these: docs/carddav.md
						for name, v := range fields {
							fields[name] = mapTexts(v, strings.NewReplacer(";", "", ",", "", `\\`, "").Replace)
						}
					}
					return fields
				},
				Edit: func(t *testing.T, id string, fields contact.Fields) {
					require.True(t, s.Book.Edit(id, func(card string) string {
						lines := strings.Split(strings.ReplaceAll(card, "\r\n ", ""), "\r\n")
						for i, line := range lines {
							if strings.HasPrefix(line, "N:") {
								lines[i] = "N:Other;" + strings.NewReplacer(";", `\;`, ",", `\,`).Replace(fields["first"].Str()) + ";;;"
							}
						}
						return strings.Join(lines, "\r\n")
					}))
				},
				Remove:      func(t *testing.T, id string) { require.True(t, s.Book.Remove(id)) },
				Unsupported: declared,
			})
		})
	}
}
