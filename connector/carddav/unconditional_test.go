package carddav_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/apptest"
	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/contactsync/contactsync/contact"
)

// weak is a server that cannot refuse a write to what was edited meanwhile.
var weak = davfake.Quirks{Weak: true, WeakNeverMatches: true}

// TestOvertaken: on a server without strong ETags a card, or the card of a group, that somebody edits after the batch was read
// and before its own write is refused as it would be by an ETag.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	joins := contact.Patch{"labels": {Add: []contact.Entry{{Value: contact.Text("VIP")}}}}
	for _, tt := range []struct {
		name   string
		write  connector.Write
		blind  bool   // it says no version
		edited string // while the card that is written first is on its way
	}{
		{"update", connector.Write{Op: connector.Update, Patch: set("title", "Dr")}, false, "bob.vcf"},
		{"update, whatever the version", connector.Write{Op: connector.Update, Patch: set("title", "Dr")}, true, "bob.vcf"},
		{"delete", connector.Write{Op: connector.Delete}, false, "bob.vcf"},
		{"a group", connector.Write{Op: connector.Update, Patch: joins}, false, "vip.vcf"},
	} {
		s := davfake.New(t, weak)
		for _, name := range []string{"ann", "bob"} {
			s.Book.Put(name+".vcf", cardOf("UID:u-"+name, "FN:"+name, "N:;"+name+";;;"))
		}
		s.Book.Put("vip.vcf", davfake.AppleGroup("g1", "VIP"))
		c := open(t, s, weak)
		records, _, _ := all(t, c, "")
		first, second := connector.Write{Op: tt.write.Op, ID: "ann.vcf", Version: records["ann.vcf"].Version, Patch: set("title", "Mr")}, tt.write
		if second.ID = "bob.vcf"; !tt.blind {
			second.Version = records["bob.vcf"].Version
		}
		on := map[connector.Op]string{connector.Update: "PUT", connector.Delete: "DELETE"}[tt.write.Op]
		s.Between(on, func(n int) {
			if n == 1 {
				s.Book.Edit(tt.edited, func(card string) string { return strings.Replace(card, "END:VCARD", "NOTE:theirs\r\nEND:VCARD", 1) })
			}
		})
		results, err := c.Apply(t.Context(), []connector.Write{first, second})
		require.NoError(t, err)
		require.NoError(t, results[0].Err, tt.name)
		require.Contains(t, s.Book.Cards()[tt.edited], "NOTE:theirs", tt.name)
		if tt.edited == "vip.vcf" { // it is written once more, from what it holds now
			require.NoError(t, results[1].Err, tt.name)
			require.Contains(t, s.Book.Cards()["vip.vcf"], "u-bob", tt.name)
		} else {
			require.ErrorIs(t, results[1].Err, connector.ErrVersionConflict, tt.name)
		}
	}
}

// TestNotRead: a card that cannot be looked at before its write is not written.
func TestNotRead(t *testing.T) {
	t.Parallel()
	for _, op := range []connector.Op{connector.Update, connector.Delete} {
		s := davfake.New(t, weak)
		s.Book.Put("ann.vcf", cardOf("UID:u-ann", "FN:Ann", "N:;Ann;;;"))
		c := open(t, s, weak)
		records, _, _ := all(t, c, "")
		reads := s.Journal().Counts()["REPORT addressbook-multiget"]
		passing := map[connector.Op]int{connector.Update: 1} // the batch is read first
		s.Fail(apptest.Fault{On: "REPORT addressbook-multiget", Do: apptest.ErrorBefore, Status: 502, After: passing[op]})
		r := apply(t, c, connector.Write{Op: op, ID: "ann.vcf", Version: records["ann.vcf"].Version, Patch: set("title", "Dr")})
		require.ErrorIs(t, r.Err, connector.ErrNotSent, string(op))
		require.Greater(t, s.Journal().Counts()["REPORT addressbook-multiget"], reads, string(op))
		require.Zero(t, s.Journal().Counts()["PUT"]+s.Journal().Counts()["DELETE"], string(op))
	}
}

// TestCannotRefuse: that a server cannot refuse such a write stands in the schema, once a card was seen, and after that from
// process to process.
func TestCannotRefuse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		quirks davfake.Quirks
		want   bool
	}{{weak, true}, {davfake.Quirks{Weak: true, NoSync: true}, true}, {davfake.Quirks{}, false}, {davfake.Quirks{NoSync: true}, false}} {
		s := davfake.New(t, tt.quirks)
		s.Book.Put("ann.vcf", cardOf("UID:u-ann", "FN:Ann"))
		lacks := func(c connector.Connector) (contact.Limit, bool) {
			schema, err := c.Schema(t.Context())
			require.NoError(t, err)
			require.True(t, schema.Versions)
			return schema.Limit(contact.AbilityRefuse)
		}
		c := open(t, s, tt.quirks)
		_, before := lacks(c)
		require.False(t, before, "nobody knows yet")
		_, _, page := all(t, c, "")
		for i, c := range []connector.Connector{c, open(t, s, tt.quirks)} {
			if i == 1 {
				_, _, page = all(t, c, page.Next)
			}
			limit, got := lacks(c)
			name := fmt.Sprint(tt, i)
			require.Equal(t, tt.want, got, name)
			if got {
				require.True(t, limit.ForNow, name)
				require.Contains(t, limit.Why, "the address book contacts", name)
			}
		}
	}
}
