package carddav_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/carddav"
	"github.com/contactsync/contactsync/internal/e2e/servers"
	"github.com/contactsync/contactsync/memstore"
)

// TestKindsOfARealAccount: of an account with two address books a connection is told which there are, and syncs the one that it
// names, by its address or its name, and no other.
func TestKindsOfARealAccount(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *servers.CardDAV{"Radicale": servers.Radicale, "Xandikos": servers.Xandikos, "DAViCal": servers.DAViCal} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t)
			first := server.NewBook(t)
			second := first.Another(t, "colleagues", "Work")
			card(t, first, "PUT", "p1.vcf", personCard(1))
			card(t, second, "PUT", "p2.vcf", personCard(2))
			open := func(kind string) (connector.Connector, *contactsync.Syncer, error) {
				app := carddav.App(carddav.Account{Policy: onLoopback})
				settings := map[string]string{"url": first.Home, "username": first.User, "password": first.Password, connector.KindSetting: kind}
				c, err := app.Open(t.Context(), settings)
				require.NoError(t, err)
				doc := contactsync.Connection{ID: "x", A: contactsync.Endpoint{App: "vcard"}, B: contactsync.Endpoint{App: "carddav", Kind: kind}}
				phone := newOnDisk(t.TempDir()).open(t)
				s, err := contactsync.Open(t.Context(), doc, phone, c, memstore.New())
				return phone, s, err
			}
			_, _, err := open("nowhere")
			require.ErrorContains(t, err, `b.kind: the account has no kind "nowhere"; choose one of: `)
			require.ErrorContains(t, err, "colleagues (Work)")
			for _, kind := range []string{"colleagues", "work"} {
				phone, s, err := open(kind)
				require.NoError(t, err)
				options, err := s.Options(t.Context())
				require.NoError(t, err)
				var used []string
				for _, k := range options.Kinds[contactsync.B] {
					require.False(t, k.ReadOnly)
					if k.InUse {
						used = append(used, k.Kind)
					}
				}
				require.Equal(t, []string{"colleagues"}, used)
				_, err = s.Sync(t.Context())
				require.NoError(t, err)
				listing, err := connector.FeaturesOf(phone).Lister.List(t.Context(), "")
				require.NoError(t, err)
				require.Len(t, listing.Items, 1, "the one of that book")
			}
		})
	}
}
