package main

import (
	"testing"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/connectortest"
	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

func TestLeadsPassTheSuite(t *testing.T) {
	var db *Database
	connectortest.Run(t, connectortest.Suite{
		New: func(*testing.T) connector.Connector {
			db = NewDatabase(time.Now)
			return Leads{db}
		},
		Reopen: func(*testing.T) connector.Connector { return Leads{db} },
		Edit: func(t *testing.T, id string, fields contact.Fields) {
			_, err := db.Update(parseID(id), 0, func(lead *Lead) {
				for _, col := range columns {
					if v, ok := fields[col.field.Name]; ok {
						*col.of(lead) = v.Str()
					}
				}
			})
			require.NoError(t, err)
		},
		Remove: func(t *testing.T, id string) { require.NoError(t, db.Delete(parseID(id), 0)) },
		Unsupported: map[string]string{
			"listing":  "the feed is enough",
			"upsert":   "a lead that we made is found by its marker at once",
			"key":      "the feed is enough",
			"webhook":  "the host calls the sync when it likes",
			"identity": "there is one database",
		},
	})
}
