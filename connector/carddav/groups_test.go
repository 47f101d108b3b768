package carddav_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/apptest"
	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/contactsync/contactsync/contact"
)

// TestGroupsAsCards: labels are the groups that name a card; they change with the group, and are changed in it.
func TestGroupsAsCards(t *testing.T) {
	t.Parallel()
	for name, group := range map[string]func(uid, name string, members ...string) string{"Apple": davfake.AppleGroup, "vCard 4.0": davfake.KindGroup} {
		for _, q := range []davfake.Quirks{{}, {Query: davfake.QueryBroken}, {Query: davfake.QueryAll}, {NoSync: true}} {
			s := davfake.New(t, q)
			s.Book.Put("ann.vcf", cardOf("UID:u-ann", "FN:Ann", "N:;Ann;;;", "CATEGORIES:Family"))
			s.Book.Put("bob.vcf", cardOf("UID:u-bob", "FN:Bob", "N:;Bob;;;"))
			s.Book.Put("vip.vcf", group("g1", "VIP", "u-ann"))
			c := open(t, s, q)
			records, _, page := all(t, c, "")
			require.Len(t, records, 2, "a group is no record")
			require.True(t, page.Complete)
			require.Equal(t, []string{"Family", "VIP"}, records["ann.vcf"].Get("labels").Elements())
			require.Empty(t, records["bob.vcf"].Get("labels").Elements())

			// Bob joins by the connector, Ann leaves by somebody else.
			r := apply(t, c, connector.Write{Op: connector.Update, ID: "bob.vcf", Version: records["bob.vcf"].Version,
				Patch: contact.Patch{"labels": {Add: []contact.Entry{{Value: contact.Text("VIP")}, {Value: contact.Text("Other")}}}}})
			require.NoError(t, r.Err)
			require.Equal(t, []string{"Other", "VIP"}, r.Record.Get("labels").Elements())
			cards := s.Book.Cards()
			require.Contains(t, cards["vip.vcf"], "urn:uuid:u-bob", name)
			require.Contains(t, cards["bob.vcf"], "CATEGORIES:Other", name)
			require.NotContains(t, cards["bob.vcf"], "VIP", name)
			s.Book.Edit("vip.vcf", func(card string) string {
				var kept []string
				for _, line := range strings.Split(card, "\r\n") {
					if !strings.Contains(line, "u-ann") {
						kept = append(kept, line)
					}
				}
				return strings.Join(kept, "\r\n")
			})
			_, err := c.Changes(t.Context(), connector.Query{Since: page.Next})
			if !q.NoSync {
				require.ErrorIs(t, err, connector.ErrCursorExpired, "a group has changed, and with it the labels of others")
			}
			now, _, _ := all(t, c, "")
			require.Equal(t, []string{"Family"}, now["ann.vcf"].Get("labels").Elements())
			require.NotEqual(t, records["ann.vcf"].Version, now["ann.vcf"].Version, "who left a group has another version")
			require.Equal(t, r.Record.Version, now["bob.vcf"].Version, "who did not leave it has not")
		}
	}
}

// TestFirstGroup: in a book without groups those who changed are asked whether they are one. That is one call, none where
// nobody is left to ask, and the groups are asked for where the server does not tell of all.
func TestFirstGroup(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		quirks  davfake.Quirks
		queries int // for the groups, where two contacts are new
	}{
		{"a server that filters", davfake.Quirks{}, 0},
		{"one that fails at it", davfake.Quirks{Query: davfake.QueryBroken}, 0},
		{"one that tells a few", davfake.Quirks{MultigetLimit: 1, MultigetSkips: true}, 1},
	} {
		s := davfake.New(t, tt.quirks)
		_, _, page := all(t, open(t, s, tt.quirks), "")
		s.Book.Put("ann.vcf", cardOf("UID:u-ann", "FN:Ann", "N:;Ann;;;"))
		s.Book.Put("bob.vcf", cardOf("UID:u-bob", "FN:Bob", "N:;Bob;;;"))
		changes := func(looks, queries int) error {
			t.Helper()
			c, before := open(t, s, tt.quirks), s.Journal().Counts()
			p, err := c.Changes(t.Context(), connector.Query{Since: page.Next})
			if err == nil {
				page = p
			}
			now := s.Journal().Counts()
			require.Equal(t, looks, now["REPORT addressbook-multiget"]-before["REPORT addressbook-multiget"], tt.name)
			require.Equal(t, queries, now["REPORT addressbook-query"]-before["REPORT addressbook-query"], tt.name)
			return err
		}
		require.NoError(t, changes(1, tt.queries))
		require.Len(t, page.Named, 2)
		s.Book.Remove("bob.vcf")
		require.NoError(t, changes(0, 0))
		require.Equal(t, []string{"bob.vcf"}, page.Deleted)
		s.Book.Put("vip.vcf", davfake.KindGroup("g1", "VIP", "u-ann"))
		require.ErrorIs(t, changes(1, 1), connector.ErrCursorExpired, "the labels of others have changed")
	}
}

// TestGroupThatCannotBeRead leaves nobody.
func TestGroupThatCannotBeRead(t *testing.T) {
	t.Parallel()
	q := davfake.Quirks{AnyBody: true, Lax: true}
	s := davfake.New(t, q)
	s.Book.Put("ann.vcf", cardOf("UID:u-ann", "FN:Ann"))
	s.Book.Put("vip.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nX-ADDRESSBOOKSERVER-KIND:group\r\nFN;CHARSET=klingon:VIP\r\nUID:g\r\nEND:VCARD\r\n")
	records, _, _ := all(t, open(t, s, q), "")
	require.True(t, records["ann.vcf"].Get("labels").Absent())
}

// TestGroupThatIsRefused: a server that takes the card and not the group says so of a write that is about the group alone;
// of one that changed the card, too, nobody knows what became of it.
func TestGroupThatIsRefused(t *testing.T) {
	t.Parallel()
	q := davfake.Quirks{Versions: []string{"3.0"}}
	s := davfake.New(t, q)
	s.Book.Put("ann.vcf", cardOf("UID:u-ann", "FN:Ann", "N:;Ann;;;"))
	s.Book.Put("vip.vcf", davfake.KindGroup("g1", "VIP"))
	c := open(t, s, q)
	joins := contact.Change{Add: []contact.Entry{{Value: contact.Text("VIP")}}}
	r := apply(t, c, connector.Write{Op: connector.Update, ID: "ann.vcf", Patch: contact.Patch{"labels": joins, "title": {Set: contact.Text("Dr")}}})
	require.Error(t, r.Err)
	require.False(t, connector.Known(r.Err), "%v", r.Err)
	require.Contains(t, s.Book.Cards()["ann.vcf"], "TITLE:Dr")
	r = apply(t, c, connector.Write{Op: connector.Update, ID: "ann.vcf", Patch: contact.Patch{"labels": joins}})
	require.ErrorIs(t, r.Err, connector.ErrForbidden)
	require.ErrorContains(t, r.Err, "the group was not written")
}

// TestNewCardsAndTheirGroups: a new card is in its groups from the moment on that it is there. One whose group is refused is
// not made, and one that did not arrive is made with them when it is sent again.
func TestNewCardsAndTheirGroups(t *testing.T) {
	t.Parallel()
	create := connector.Write{Op: connector.Create, Marker: "m", Patch: contact.Patch{"first": {Set: contact.Text("Ann")}, "labels": {Set: contact.Set("VIP", "Other")}}}
	for _, kind := range []apptest.FaultKind{apptest.Dropped, apptest.AnswerLost} {
		for after := range 2 { // the group, then the card
			s := davfake.New(t, davfake.Quirks{})
			s.Book.Put("vip.vcf", davfake.AppleGroup("g1", "VIP"))
			s.Between("PUT", func(int) {
				for name, card := range s.Book.Cards() {
					if uid := strings.TrimSuffix(name, ".vcf"); strings.Contains(card, "FN:Ann") && !strings.Contains(s.Book.Cards()["vip.vcf"], uid) {
						t.Errorf("%s after %d: the card is there, and not in its group", kind, after)
					}
				}
			})
			s.Fail(apptest.Fault{On: "PUT", Do: kind, After: after})
			c := open(t, s, davfake.Quirks{})
			r := apply(t, c, create)
			require.Error(t, r.Err)
			require.Equal(t, after == 0, connector.Known(r.Err), "who has not sent the card knows: %v", r.Err)
			r = apply(t, c, create)
			require.NoError(t, r.Err)
			require.Equal(t, []string{"Other", "VIP"}, r.Record.Get("labels").Elements())
			require.Len(t, s.Book.Cards(), 2)
		}
	}
	q := davfake.Quirks{Versions: []string{"3.0"}}
	s := davfake.New(t, q)
	s.Book.Put("vip.vcf", davfake.KindGroup("g1", "VIP"))
	r := apply(t, open(t, s, q), create)
	require.ErrorIs(t, r.Err, connector.ErrForbidden)
	require.ErrorContains(t, r.Err, "the group was not written")
	require.Len(t, s.Book.Cards(), 1)
}
