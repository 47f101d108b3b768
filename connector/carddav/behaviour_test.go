package carddav_test

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/apptest"
	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/contactsync/contactsync/connector/carddav"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// cardOf returns a card of these lines.
func cardOf(lines ...string) string {
	return "BEGIN:VCARD\r\nVERSION:3.0\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n"
}

// all reads everything behind a cursor: the records by id, who is gone, and the next cursor.
func all(t *testing.T, c connector.Connector, since connector.Cursor) (records map[string]contact.Record, gone []string, last connector.Page) {
	t.Helper()
	records = map[string]contact.Record{}
	err := connector.Pages(t.Context(), c, connector.Query{Since: since, Fields: []string{"name", "labels"}}, func(p connector.Page) error {
		var ids []string
		for _, item := range p.Named {
			ids = append(ids, item.ID)
		}
		gone, last = append(gone, p.Deleted...), p
		if len(ids) == 0 {
			return nil
		}
		results, err := connector.FeaturesOf(c).Reader.Read(t.Context(), ids, []string{"name", "labels"})
		for i, r := range results {
			require.NoError(t, r.Err)
			if v := p.Named[i].Version; v != "" {
				require.Equal(t, v, r.Record.Version)
			}
			records[r.Record.ID] = r.Record
		}
		return err
	})
	require.NoError(t, err)
	return records, gone, last
}

// apply carries out one write.
func apply(t *testing.T, c connector.Connector, w connector.Write) connector.Result {
	t.Helper()
	results, err := c.Apply(t.Context(), []connector.Write{w})
	require.NoError(t, err)
	require.Len(t, results, 1)
	return results[0]
}

func set(field, text string) contact.Patch {
	return contact.Patch{field: {Set: contact.Text(text)}}
}

// TestUnmappedStays: an update changes the lines that it changes and no other byte.
func TestUnmappedStays(t *testing.T) {
	t.Parallel()
	s := davfake.New(t, davfake.Quirks{})
	const before = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a\r\nFN:Ann\r\nN:;Ann;;;\r\nitem1.TEL:1\r\nitem1.X-ABLabel:Ski hut\r\nX-FOO;x-p=\"a;b\":bar\\,baz\r\n" +
		"PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/2wCEAAkGBwgHBgkIBwgKCgkLDRYPD\r\n Q0MDRsUFRAWIB0iIiAdHx8kKDQsJCYx\r\nNOTE:old\r\nEND:VCARD\r\n"
	s.Book.Put("a.vcf", before)
	c := open(t, s, davfake.Quirks{})
	records, _, _ := all(t, c, "")
	r := apply(t, c, connector.Write{Op: connector.Update, ID: "a.vcf", Version: records["a.vcf"].Version, Patch: set("notes", "new")})
	require.NoError(t, r.Err)
	if diff := cmp.Diff(strings.Replace(before, "NOTE:old", "NOTE:new", 1), s.Book.Cards()["a.vcf"]); diff != "" {
		t.Errorf("the card (-want +got):\n%s", diff)
	}
}

// TestTruncation: what is told in parts is read to its end, and no part is taken for all.
func TestTruncation(t *testing.T) {
	t.Parallel()
	q := davfake.Quirks{SyncLimit: 2}
	s := davfake.New(t, q)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		s.Book.Put(name+".vcf", cardOf("UID:"+name, "FN:"+name))
	}
	c := open(t, s, q)
	first, err := c.Changes(t.Context(), connector.Query{})
	require.NoError(t, err)
	require.True(t, first.More)
	require.False(t, first.Complete)
	records, _, last := all(t, c, "")
	require.Len(t, records, 5)
	require.True(t, last.Complete)
	for _, name := range []string{"a", "b", "c"} {
		s.Book.Remove(name + ".vcf")
	}
	_, gone, last := all(t, c, last.Next)
	require.Len(t, gone, 3)
	require.False(t, last.Complete)
}

// TestF3ShortList: a list that the server cuts off proves nothing.
func TestF3ShortList(t *testing.T) {
	t.Parallel()
	q := davfake.Quirks{NoSync: true, ListLimit: 2}
	s := davfake.New(t, q)
	for _, name := range []string{"a", "b", "c"} {
		s.Book.Put(name+".vcf", cardOf("UID:"+name, "FN:"+name))
	}
	page, err := open(t, s, q).Changes(t.Context(), connector.Query{})
	require.NoError(t, err)
	require.False(t, page.Complete)
	require.Empty(t, page.Next, "everything is asked for again")
}

// TestExpiredTokens: a token that a server does not know is known by what it says, not by the status, and not even by that.
func TestExpiredTokens(t *testing.T) {
	t.Parallel()
	for name, q := range map[string]davfake.Quirks{
		"403":            {},
		"409":            {BadToken: davfake.Answer{Status: 409}},
		"410, bare":      {BadToken: davfake.Answer{Status: 410, Bare: true}},
		"500":            {BadToken: davfake.Answer{Status: 500}},
		"500, bare":      {BadToken: davfake.Answer{Status: 500, Bare: true}},
		"in a 207":       {BadToken: davfake.Answer{Status: 207}},
		"without a word": {BadTokenRestarts: true},
	} {
		s := davfake.New(t, q)
		s.Book.Put("a.vcf", cardOf("UID:a", "FN:Ann"))
		s.Book.Put("b.vcf", cardOf("UID:b", "FN:Bob"))
		c := open(t, s, q)
		_, _, page := all(t, c, "")
		s.Book.Remove("a.vcf")
		s.Book.ExpireTokens()
		if q.BadTokenRestarts {
			s.Clock.Advance(25 * time.Hour) // until then nobody knows
		}
		_, err := c.Changes(t.Context(), connector.Query{Since: page.Next})
		require.ErrorIs(t, err, connector.ErrCursorExpired, name)
		records, _, page := all(t, c, "")
		require.Len(t, records, 1, name)
		require.True(t, page.Complete, name)
	}
}

// TestForeignCursors: a cursor of another book, or of none, is expired.
func TestForeignCursors(t *testing.T) {
	t.Parallel()
	s, other := davfake.New(t, davfake.Quirks{}), davfake.New(t, davfake.Quirks{})
	_, _, page := all(t, open(t, other, davfake.Quirks{}), "")
	for _, cursor := range []connector.Cursor{page.Next, "garbage", `{"b":"x","t":"y"}`, "{}"} {
		_, err := open(t, s, davfake.Quirks{}).Changes(t.Context(), connector.Query{Since: cursor})
		require.ErrorIs(t, err, connector.ErrCursorExpired, string(cursor))
	}
}

// TestB86Strays: what a server names from elsewhere is no card of the book.
func TestB86Strays(t *testing.T) {
	t.Parallel()
	s := davfake.New(t, davfake.Quirks{})
	s.Book.Put("a.vcf", cardOf("UID:a", "FN:Ann"))
	s.Book.Stray("/other-user/b.vcf", "../../x.vcf", "https://evil.example"+s.Book.Path+"c.vcf", s.Book.Path+"sub/d.vcf", s.Book.Path+"..%2f..%2fe.vcf")
	records, _, _ := all(t, open(t, s, davfake.Quirks{}), "")
	require.Len(t, records, 1)
	require.Contains(t, records, "a.vcf")
}

// TestF21AnswerLost: a create whose answer was lost is sent again under the same address, and found by its marker.
func TestF21AnswerLost(t *testing.T) {
	t.Parallel()
	s := davfake.New(t, davfake.Quirks{})
	c := open(t, s, davfake.Quirks{})
	w := connector.Write{Op: connector.Create, Marker: "m", Patch: set("first", "Ann")}
	s.Fail(apptest.Fault{On: "PUT", Do: apptest.AnswerLost})
	r := apply(t, c, w)
	require.Error(t, r.Err)
	require.False(t, connector.Known(r.Err), "%v", r.Err)
	found, err := connector.FeaturesOf(c).Finder.Find(t.Context(), "m", []string{"first"})
	require.NoError(t, err)
	require.Equal(t, "Ann", found.Get("first").Str())
	again := apply(t, c, w)
	require.NoError(t, again.Err)
	require.Equal(t, found.ID, again.Record.ID)
	require.Len(t, s.Book.Cards(), 1)
	_, err = connector.FeaturesOf(c).Finder.Find(t.Context(), "other", nil)
	require.ErrorIs(t, err, connector.ErrNotFound)
}

// TestF22RefusedAndDone: whoever stands before a server says that it is away, and the server has done what it was asked to.
// Nobody knows that, and the other cards wait.
func TestF22RefusedAndDone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		after  string
		known  bool
	}{{502, "", false}, {503, "", false}, {503, "soon", false}, {504, "", false}, {503, "30", true}, {429, "", true}} {
		for _, op := range []connector.Op{connector.Create, connector.Update, connector.Delete} {
			s := davfake.New(t, davfake.Quirks{})
			s.Book.Put("a.vcf", cardOf("UID:a", "FN:Ann"))
			s.Book.Put("b.vcf", cardOf("UID:b", "FN:Bob"))
			c := open(t, s, davfake.Quirks{})
			records, _, _ := all(t, c, "")
			writes := []connector.Write{{Op: op, ID: "a.vcf", Version: records["a.vcf"].Version}, {Op: op, ID: "b.vcf", Version: records["b.vcf"].Version}}
			for i := range writes {
				switch op {
				case connector.Create:
					writes[i] = connector.Write{Op: op, Patch: set("first", "New")}
				case connector.Update:
					writes[i].Patch = set("first", "New")
				}
			}
			on := "PUT"
			if op == connector.Delete {
				on = "DELETE"
			}
			s.Fail(apptest.Fault{On: on, Do: apptest.ErrorAfter, Status: tt.status, RetryAfter: tt.after})
			results, err := c.Apply(t.Context(), writes)
			require.NoError(t, err)
			name := fmt.Sprint(op, tt)
			require.Equal(t, tt.known, connector.Known(results[0].Err), "%s: %v", name, results[0].Err)
			require.ErrorIs(t, results[1].Err, connector.ErrNotSent, name)
			require.Equal(t, 1, s.Journal().Counts()[on], name)
		}
	}
}

// TestUIDConflict: a card that was moved since we made it is still the one that we made; another one's is theirs.
func TestUIDConflict(t *testing.T) {
	t.Parallel()
	for _, q := range []davfake.Quirks{{}, {UID: davfake.UIDConflictBare}} {
		s := davfake.New(t, q)
		c := open(t, s, q)
		made := apply(t, c, connector.Write{Op: connector.Create, Marker: "m", Patch: set("first", "Ann")})
		require.NoError(t, made.Err)
		card := s.Book.Cards()[made.Record.ID]
		s.Book.Remove(made.Record.ID)
		s.Book.Put("moved.vcf", card)
		again := apply(t, c, connector.Write{Op: connector.Create, Marker: "m", Patch: set("first", "Ann")})
		require.NoError(t, again.Err)
		require.Equal(t, "moved.vcf", again.Record.ID)
		found, err := connector.FeaturesOf(c).Finder.Find(t.Context(), "m", nil)
		require.NoError(t, err)
		require.Equal(t, "moved.vcf", found.ID)
	}
}

// TestRefusedCards: what the server does not take is the record's fault, and names the condition.
func TestRefusedCards(t *testing.T) {
	t.Parallel()
	q := davfake.Quirks{MaxSize: 2000}
	s := davfake.New(t, q)
	c := open(t, s, q)
	results, err := c.Apply(t.Context(), []connector.Write{
		{Op: connector.Create, Patch: set("notes", strings.Repeat("long ", 1000))},
		{Op: connector.Create, Patch: set("first", "Bob")},
	})
	require.NoError(t, err)
	require.ErrorIs(t, results[0].Err, connector.ErrInvalid)
	require.ErrorIs(t, results[1].Err, nil)
	require.Len(t, s.Book.Cards(), 1)
}

// TestConditions: no write is sent that is not conditional.
func TestConditions(t *testing.T) {
	t.Parallel()
	for _, q := range []davfake.Quirks{{}, {Weak: true, WeakNeverMatches: true}, {NoPutETag: true}} {
		s := davfake.New(t, q)
		c := open(t, s, q)
		r := apply(t, c, connector.Write{Op: connector.Create, Patch: set("first", "Ann")})
		require.NoError(t, r.Err)
		s.Book.Edit(r.Record.ID, func(card string) string { return strings.Replace(card, "FN:Ann", "FN:Ann B", 1) })
		stale := r.Record.Version
		require.ErrorIs(t, apply(t, c, connector.Write{Op: connector.Update, ID: r.Record.ID, Version: stale, Patch: set("first", "Cy")}).Err, connector.ErrVersionConflict)
		require.ErrorIs(t, apply(t, c, connector.Write{Op: connector.Delete, ID: r.Record.ID, Version: stale}).Err, connector.ErrVersionConflict)
		r = apply(t, c, connector.Write{Op: connector.Update, ID: r.Record.ID, Patch: set("first", "Cy")})
		require.NoError(t, r.Err)
		require.NoError(t, apply(t, c, connector.Write{Op: connector.Delete, ID: r.Record.ID, Version: r.Record.Version}).Err)
		for _, e := range s.Journal().Entries() {
			if (e.Method == "PUT" || e.Method == "DELETE") && e.Header.Get("If-Match") == "" && e.Header.Get("If-None-Match") == "" {
				t.Errorf("%s without a condition", e.Method)
			}
		}
	}
}

// TestReadBack: what was written is read back until the server is known to keep cards as they are, and for ever where it
// does not; who edits a card meanwhile is told apart from us.
func TestReadBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		quirks davfake.Quirks
		reads  int // multigets of 50 creates, one a call
	}{
		{"kept", davfake.Quirks{}, 20},
		{"rewritten, and an ETag all the same", davfake.Radicale(), 50},
		{"no ETag", davfake.Quirks{NoPutETag: true}, 50},
		{"weak ETags", davfake.Quirks{Weak: true}, 50},
	} {
		s := davfake.New(t, tt.quirks)
		c := open(t, s, tt.quirks)
		for range 50 {
			require.NoError(t, apply(t, c, connector.Write{Op: connector.Create, Patch: set("first", "Ann")}).Err)
		}
		require.Equal(t, tt.reads, s.Journal().Counts()["REPORT addressbook-multiget"], tt.name)
	}
	s := davfake.New(t, davfake.Quirks{})
	s.Between("PUT", func(int) {
		for name := range s.Book.Cards() {
			s.Book.Edit(name, func(card string) string { return strings.Replace(card, "FN:Ann", "FN:Ann B", 1) })
		}
	})
	r := apply(t, open(t, s, davfake.Quirks{}), connector.Write{Op: connector.Create, Patch: set("first", "Ann")})
	require.NoError(t, r.Err)
	require.Equal(t, "Ann B", r.Record.Get("name").Str())
	require.NotEmpty(t, r.Wrote)
	require.NotEqual(t, r.Record.Version, r.Wrote)
}

// TestBooks: of several address books one is named, by what its owner calls it or by its address.
func TestBooks(t *testing.T) {
	t.Parallel()
	s := davfake.New(t, davfake.Quirks{})
	s.AddBook("work", "Colleagues").Put("w.vcf", cardOf("UID:w", "FN:Will"))
	a := account(s, davfake.Quirks{})
	books, err := carddav.Books(t.Context(), a)
	require.NoError(t, err)
	require.Len(t, books, 2)
	_, err = open(t, s, davfake.Quirks{}).Schema(t.Context())
	require.ErrorContains(t, err, "name one of them as kind: contacts, work")
	for _, name := range []string{"work", "colleagues", s.URL + "/addressbooks/ann/work/"} {
		c := open(t, s, davfake.Quirks{}, func(a *carddav.Account) { a.Book = name })
		records, _, _ := all(t, c, "")
		require.Contains(t, records, "w.vcf", name)
	}
	c := open(t, s, davfake.Quirks{}, func(a *carddav.Account) { a.URL = s.URL + "/addressbooks/ann/work/" })
	records, _, _ := all(t, c, "")
	require.Contains(t, records, "w.vcf", "the address may be that of the book")
}

// TestKinds: the address books are the kinds of an account, which any connector to it tells, and the app opens each.
func TestKinds(t *testing.T) {
	t.Parallel()
	s := davfake.New(t, davfake.Quirks{})
	s.AddBook("work", "Colleagues").Put("w.vcf", cardOf("UID:w", "FN:Will"))
	shared := s.AddBook("shared", "Company")
	shared.SetReadOnly(true)
	app := carddav.App(account(s, davfake.Quirks{}))
	want := []connector.Kind{{ID: "work", Label: "Colleagues"}, {ID: "shared", Label: "Company", ReadOnly: true}, {ID: "contacts", Label: "Contacts"}}
	for chosen, index := range map[string]int{"": -1, "nowhere": -1, "work": 0, "colleagues": 0, "shared": 1, s.URL + "/addressbooks/ann/contacts/": 2} {
		settings := map[string]string{"url": s.URL, "username": "ann", "password": davfake.Password, "book": "contacts", connector.KindSetting: chosen}
		if chosen == "" {
			delete(settings, "book")
		}
		c, err := app.Open(t.Context(), settings)
		require.NoError(t, err)
		kinds, err := connector.Wrap(c, connector.WrapOptions{}).Features().KindLister.Kinds(t.Context())
		require.NoError(t, err)
		expected := slices.Clone(want)
		if index >= 0 {
			expected[index].Chosen = true
		}
		require.Equal(t, expected, kinds, chosen)
		schema, err := c.Schema(t.Context())
		if index < 0 {
			require.ErrorIs(t, err, connector.ErrNotFound, chosen)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want[index].ReadOnly, schema.NoUpdate, chosen)
	}
}

// TestOneBookOnBothSides: a book is not synced with itself, whether it is named or its address is given.
func TestOneBookOnBothSides(t *testing.T) {
	t.Parallel()
	for name, q := range map[string]davfake.Quirks{"plain": {}, "Radicale": davfake.Radicale(), "Nextcloud": davfake.Nextcloud(), "DAViCal": davfake.DAViCal()} {
		s := davfake.New(t, q)
		s.Book.Put("ann.vcf", cardOf("UID:u-ann", "FN:Ann", "N:;Ann;;;", "EMAIL:ann@example.com"))
		work := s.AddBook("work", "Colleagues")
		address := func(b *davfake.Book) string { return s.URL + b.Path }
		home := strings.TrimSuffix(address(work), "work/")
		book := path.Base(s.Book.Path)
		app := carddav.App(account(s, q))
		sync := func(a, b map[string]string) error {
			ends, apps := [2]contactsync.Endpoint{}, [2]connector.Connector{}
			for i, settings := range []map[string]string{a, b} {
				ends[i] = contactsync.Endpoint{App: "carddav", Kind: settings[connector.KindSetting], Settings: settings}
				settings["username"], settings["password"] = s.User, davfake.Password
				var err error
				apps[i], err = app.Open(t.Context(), settings)
				require.NoError(t, err, name)
			}
			h, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "x", A: ends[0], B: ends[1]}, apps[0], apps[1], memstore.New())
			require.NoError(t, err, name)
			_, err = h.Sync(t.Context())
			return err
		}
		byKind := func() map[string]string { return map[string]string{"url": home, connector.KindSetting: book} }
		require.ErrorIs(t, sync(byKind(), map[string]string{"url": address(s.Book)}), contactsync.ErrSameAccount, name)
		require.ErrorIs(t, sync(map[string]string{"url": home, "book": "Contacts"}, byKind()), contactsync.ErrSameAccount, name)
		require.NoError(t, sync(byKind(), map[string]string{"url": address(work)}), name)
	}
}

// TestReadOnlyBooks: what may not be written is not.
func TestReadOnlyBooks(t *testing.T) {
	t.Parallel()
	s := davfake.New(t, davfake.Quirks{})
	s.Book.SetReadOnly(true)
	c := open(t, s, davfake.Quirks{})
	schema, err := c.Schema(t.Context())
	require.NoError(t, err)
	require.True(t, schema.NoCreate && schema.NoUpdate && schema.NoDelete)
	limit, cannot := schema.Limit(contact.AbilityWrite)
	require.True(t, cannot && limit.ForNow, "rights come and go")
	require.Equal(t, "the account may only read the address book contacts", limit.Why)
	require.ErrorIs(t, connector.FeaturesOf(c).Checker.Check(t.Context()), connector.ErrForbidden)
}

// TestWrongAddresses: a person learns what is wrong, and nobody takes a login page for an empty book.
func TestWrongAddresses(t *testing.T) {
	t.Parallel()
	s := davfake.New(t, davfake.Quirks{})
	wrong := open(t, s, davfake.Quirks{}, func(a *carddav.Account) { a.Password = "sesame" })
	_, err := wrong.Schema(t.Context())
	require.ErrorIs(t, err, connector.ErrUnauthorized)
	require.NotContains(t, err.Error(), "sesame")
	s.Book.Put("a.vcf", cardOf("UID:a", "FN:Ann"))
	c := open(t, s, davfake.Quirks{})
	_, _, page := all(t, c, "")
	for _, kind := range []apptest.FaultKind{apptest.LoginPage, apptest.Truncated, apptest.WrongLength, apptest.Garbage, apptest.Dropped, apptest.Bomb} {
		s.Fail(apptest.Fault{On: "REPORT sync-collection", Do: kind})
		_, err := c.Changes(t.Context(), connector.Query{Since: page.Next})
		require.Error(t, err, string(kind))
		require.NotErrorIs(t, err, connector.ErrCursorExpired, string(kind))
	}
}

// TestS24Discovery: credentials go to no other site, whoever sends there.
func TestS24Discovery(t *testing.T) {
	t.Parallel()
	q := davfake.ICloud()
	s := davfake.New(t, q)
	_, err := open(t, s, q).Schema(t.Context())
	require.ErrorIs(t, err, connector.ErrForbidden)
	require.ErrorContains(t, err, strings.TrimPrefix(s.Other.URL, "http://"), "a person is told where to")
	require.Empty(t, s.Other.Journal().Entries())
	for pair, want := range map[[2]string]bool{
		{"https://contacts.icloud.com/", "https://p42-contacts.icloud.com:443/1/"}: true,
		{"https://dav.example.com/", "https://dav.example.com:8443/"}:              true,
		{"https://example.com/", "https://carddav.fastmail.com/"}:                  false,
		{"https://ann.github.io/", "https://bob.github.io/"}:                       false,
		{"https://dav.example.com/", "http://dav.example.com/"}:                    false,
		{"http://127.0.0.1:1/", "http://127.0.0.1:2/"}:                             false,
		{"https://example.co.uk/", "https://evil.co.uk/"}:                          false,
	} {
		require.Equal(t, want, carddav.SameSite(mustParse(t, pair[0]), mustParse(t, pair[1])), "%v", pair)
	}
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	require.NoError(t, err)
	return u
}
