package carddav_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/carddav"
	"github.com/contactsync/contactsync/connector/connectortest"
	"github.com/contactsync/contactsync/connector/httpapi"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/e2e/servers"
)

// onLoopback is the policy for the servers of the tests.
var onLoopback = httpapi.Policy{Private: true, Plain: true}

// openBook returns a connector to an address book of a server.
func openBook(t testing.TB, b servers.AddressBook) connector.Connector {
	t.Helper()
	c, err := carddav.Open(carddav.Account{URL: b.URL, User: b.User, Password: b.Password, Policy: onLoopback})
	require.NoError(t, err)
	return c
}

// card asks for a card by its id, or writes or removes it, as another program does.
func card(t testing.TB, b servers.AddressBook, method, id, text string) string {
	t.Helper()
	req, err := http.NewRequest(method, b.URL+id, strings.NewReader(text))
	require.NoError(t, err)
	req.SetBasicAuth(b.User, b.Password)
	if text != "" {
		req.Header.Set("Content-Type", "text/vcard; charset=utf-8")
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Less(t, resp.StatusCode, 300, "%s %s: %s", method, id, answer)
	return string(answer)
}

// without returns persons without what a server damages when it stores a card anew, each with a field or "" for all, and a
// character.
func without(damaged ...[2]string) func(n int) contact.Fields {
	return func(n int) contact.Fields {
		fields := cardPerson(n)
		for name, v := range fields {
			keep := func(text string) string {
				for _, d := range damaged {
					if d[0] == name || d[0] == "" {
						text = strings.ReplaceAll(text, d[1], "")
					}
				}
				return text
			}
			fields[name] = mapTexts(v, keep)
		}
		return fields
	}
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

// unsupported are the parts of the suite that no CardDAV server has.
var unsupported = map[string]string{
	"upsert":  "a card that we made is found by its marker at once",
	"key":     "all cards are listed",
	"webhook": "CardDAV sends nothing",
}

// cardPerson returns the fields of the n-th person, without a full name: every card must have one, so it is made of the
// other fields when it is cleared.
func cardPerson(n int) contact.Fields {
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

// TestCardDAVPassesTheSuite holds the connector against real servers. It counts goroutines, so it is not parallel.
func TestCardDAVPassesTheSuite(t *testing.T) {
	tests := []struct {
		name        string
		server      func(testing.TB) *servers.CardDAV
		person      func(n int) contact.Fields
		unsupported map[string]string // beside what none has
	}{
		{"Radicale", servers.Radicale, without([2]string{"urls", ","}), nil},
		{"Xandikos", servers.Xandikos, cardPerson, nil},
		{"DAViCal", servers.DAViCal, without([2]string{"", ";"}, [2]string{"", `\`}, [2]string{"labels", ","}), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := tt.server(t)
			declared := maps.Clone(unsupported)
			maps.Copy(declared, tt.unsupported)
			var b servers.AddressBook
			connectortest.Run(t, connectortest.Suite{
				New: func(t *testing.T) connector.Connector {
					b = server.NewBook(t)
					return openBook(t, b)
				},
				Reopen: func(t *testing.T) connector.Connector { return openBook(t, b) },
				Sample: tt.person,
				Edit: func(t *testing.T, id string, fields contact.Fields) {
					text := strings.NewReplacer("\r\n ", "", "\n ", "").Replace(card(t, b, "GET", id, ""))
					lines := strings.Split(text, "\n")
					for i, line := range lines {
						if strings.HasPrefix(line, "N:") {
							lines[i] = "N:Other;" + strings.NewReplacer(";", `\;`, ",", `\,`).Replace(fields["first"].Str()) + ";;;"
						}
						lines[i] = strings.TrimSuffix(lines[i], "\r")
					}
					card(t, b, "PUT", id, strings.Join(lines, "\r\n"))
				},
				Remove:      func(t *testing.T, id string) { card(t, b, "DELETE", id, "") },
				Unsupported: declared,
			})
		})
	}
}
