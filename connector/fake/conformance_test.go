package fake_test

import (
	"maps"
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/connectortest"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// TestConformance: whatever its habits, the fake keeps what every connector promises. The part "leaks" counts
// goroutines, so this test is not parallel.
func TestConformance(t *testing.T) {
	const push = "the app can neither be listed nor read"
	const noMarker = "without WithMarkers the app keeps no text of ours"
	tests := []struct {
		name        string
		options     []fake.Option
		unsupported map[string]string
	}{
		{"plain", nil, map[string]string{"marker": noMarker}},
		{"markers", []fake.Option{fake.WithMarkers()}, nil},
		{"small pages, shuffled", []fake.Option{fake.WithMarkers(), fake.WithShuffle(7), fake.WithQuirks(fake.Quirks{PageSize: 2, BatchSize: 3})}, nil},
		{"no versions and times", []fake.Option{fake.WithMarkers(), fake.WithQuirks(fake.Quirks{NoVersions: true, NoModified: true})},
			map[string]string{"versions": "a quirk", "conditional": "a quirk", "listing": "a quirk"}},
		{"no tombstones", []fake.Option{fake.WithMarkers(), fake.WithQuirks(fake.Quirks{NoTombstones: true, PageSize: 3})},
			map[string]string{"quiet": "every pass is a full listing", "reopen": "every pass is a full listing"}},
		{"names only", []fake.Option{fake.WithMarkers(), fake.WithQuirks(fake.Quirks{NamesOnly: true, PageSize: 3, BatchSize: 2})}, nil},
		{"no feed", []fake.Option{fake.WithMarkers(), fake.WithoutFeed()},
			map[string]string{"feed": "a choice", "quiet": "a choice", "cursor": "a choice"}},
		{"external ids, keys and hints", []fake.Option{fake.WithMarkers(), fake.WithUpsert(), fake.WithFindBy("email", "last"), fake.WithHints("secret")},
			map[string]string{"upsert": "", "key": "", "webhook": ""}},
		{"push only", []fake.Option{fake.WithMarkers(), fake.WithUpsert(), fake.WithPush("secret")},
			map[string]string{"upsert": "", "webhook": "", "feed": push, "quiet": push, "cursor": push, "listing": push, "read": push}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var app *fake.App
			unsupported := map[string]string{"upsert": "a choice", "key": "a choice", "webhook": "a choice"}
			maps.Copy(unsupported, tt.unsupported)
			maps.DeleteFunc(unsupported, func(_, why string) bool { return why == "" })
			connectortest.Run(t, connectortest.Suite{
				New: func(*testing.T) connector.Connector {
					schema := append(fields(), contact.Field{Name: "last", Type: contact.TypeText, Required: true})
					app = fake.New("b", schema, tt.options...)
					return app
				},
				Reopen: func(*testing.T) connector.Connector { return app },
				Edit: func(t *testing.T, id string, fields contact.Fields) {
					require.NoError(t, app.Edit(id, fields))
				},
				Remove:      func(t *testing.T, id string) { require.NoError(t, app.Remove(id)) },
				Deliveries:  func(*testing.T) []connector.Delivery { return app.Deliveries() },
				Unsupported: unsupported,
			})
		})
	}
}
