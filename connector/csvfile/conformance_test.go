package csvfile_test

import (
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/connectortest"
	"github.com/contactsync/contactsync/connector/csvfile"
	"github.com/contactsync/contactsync/contact"
)

// suite returns what the conformance suite needs to test a file that begins with this header.
func suite(header string, cfg csvfile.Config) connectortest.Suite {
	var path string
	open := func(t *testing.T) connector.Connector {
		cfg := cfg
		cfg.Path = path
		return newConnector(t, cfg)
	}
	other := func(t *testing.T, w connector.Write) {
		t.Helper()
		for _, r := range apply(t, open(t), w) {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
		}
	}
	return connectortest.Suite{
		New: func(t *testing.T) connector.Connector {
			path = writeFile(t, header)
			return open(t)
		},
		Reopen: open,
		Edit: func(t *testing.T, id string, fields contact.Fields) {
			other(t, connector.Write{Op: connector.Update, ID: id, Patch: setAll(fields)})
		},
		Remove: func(t *testing.T, id string) { other(t, connector.Write{Op: connector.Delete, ID: id}) },
		Unsupported: map[string]string{
			"feed":     "a file has no change feed",
			"quiet":    "a file has no change feed",
			"cursor":   "a file has no change feed",
			"upsert":   "a row that we made is found by its marker at once",
			"key":      "all rows are listed",
			"webhook":  "a file sends nothing",
			"identity": "a file has no account",
		},
	}
}

const conformanceColumns = "First Name,Last Name,E-mail 1 - Value,E-mail 2 - Value,Phone,Birthday,Website,Tags,Notes"

func TestConformanceWithKey(t *testing.T) {
	connectortest.Run(t, suite("ID,"+conformanceColumns+"\r\n", csvfile.Config{}))
}

func TestConformanceWithKeyToBeAdded(t *testing.T) {
	connectortest.Run(t, suite(conformanceColumns, csvfile.Config{Key: "Number", AddKey: true}))
}

func TestConformanceWithoutKey(t *testing.T) {
	s := suite(conformanceColumns+"\n", csvfile.Config{})
	s.Unsupported["marker"] = "without a key column there is no place for a marker"
	s.Unsupported["update"] = "without a key column a row whose email changes has another id"
	s.Unsupported["clear"] = "without a key column a row whose email is cleared has another id"
	s.Unsupported["versions"] = "without a key column a row whose email changes has another id"
	connectortest.Run(t, s)
}
