package vcard_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/connectortest"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/contact"
)

// unsupported are the parts of the suite that files cannot pass.
var unsupported = map[string]string{
	"feed":     "files have no change feed; they are listed",
	"quiet":    "files have no change feed",
	"cursor":   "files have no change feed",
	"upsert":   "a card that we made is found by its marker at once",
	"key":      "all cards are listed",
	"webhook":  "files send nothing",
	"identity": "the path is the account, and it is in the settings",
}

// person returns the fields of the n-th person, without a full name: every card must have one, so it is made of the
// other fields when it is cleared.
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

func TestFolderPassesTheSuite(t *testing.T) {
	var dir string
	connectortest.Run(t, connectortest.Suite{
		New: func(t *testing.T) connector.Connector {
			dir = t.TempDir()
			return vcard.Folder(dir)
		},
		Reopen: func(*testing.T) connector.Connector { return vcard.Folder(dir) },
		Sample: person,
		Edit: func(t *testing.T, id string, fields contact.Fields) {
			edit(t, filepath.Join(dir, id), fields["first"].Str())
		},
		Remove:      func(t *testing.T, id string) { require.NoError(t, os.Remove(filepath.Join(dir, id))) },
		Unsupported: unsupported,
	})
}

// edit gives the only card of a file another first name, by another way than the connector's.
func edit(t *testing.T, path, first string) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(strings.ReplaceAll(string(data), "\r\n ", ""), "\r\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "N:") {
			lines[i] = "N:Other;" + strings.NewReplacer(";", `\;`, ",", `\,`).Replace(first)
		}
	}
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\r\n")), 0o644))
}

func TestFilePassesTheSuite(t *testing.T) {
	var path string
	without := maps.Clone(unsupported)
	without["edit"] = "the part for the folder shows it"
	connectortest.Run(t, connectortest.Suite{
		New: func(t *testing.T) connector.Connector {
			path = filepath.Join(t.TempDir(), "book.vcf")
			return vcard.File(path)
		},
		Reopen: func(*testing.T) connector.Connector { return vcard.File(path) },
		Sample: person,
		Remove: func(t *testing.T, id string) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			cards := strings.SplitAfter(string(data), "END:VCARD\r\n")
			cards = slices.DeleteFunc(cards, func(card string) bool { return strings.Contains(card, "UID:"+id+"\r\n") })
			require.NoError(t, os.WriteFile(path, []byte(strings.Join(cards, "")), 0o644))
		},
		Unsupported: without,
	})
}
