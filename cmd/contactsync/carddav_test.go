package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector/apptest/davfake"
)

// TestCardDAV syncs a folder with an address book on a server, by a configuration that holds no password.
func TestCardDAV(t *testing.T) {
	t.Parallel()
	server := davfake.New(t, davfake.Nextcloud())
	server.AddBook("work", "Colleagues")
	s := newShell(t)
	s.mkdir("phone")
	server.Book.Put("ann.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:ann\r\nFN:Ann Lee\r\nN:Lee;Ann;;;\r\nEMAIL:ann@example.com\r\nEND:VCARD\r\n")
	config := func(book string) {
		s.write("contactsync.yaml", "connections:", "  - name: phone-book", "    a: {app: vcard, path: phone}",
			`    b: {app: carddav, url: "`+server.URL+`", username: ann, password: "${DAV_PASSWORD}"`+book+"}")
	}

	config("")
	missing := s.run("sync", "--yes")
	require.Equal(t, exitConfig, missing.code)
	require.Contains(t, missing.err, "the environment has no variable DAV_PASSWORD")

	s.env["DAV_PASSWORD"] = davfake.Password
	several := s.run("sync", "--yes")
	require.NotEqual(t, exitDone, several.code)
	require.Contains(t, several.out+several.err, "connections[0].b.kind: the account has several kinds of records; choose one of: work (Colleagues), contacts")

	config(", book: contacts")
	first := s.run("sync", "--yes")
	require.Equal(t, exitDone, first.code, first.err)
	require.Contains(t, first.out, "1 created")
	require.Len(t, s.files("phone"), 1)
	second := s.run("sync")
	require.Contains(t, second.out, "nothing to do")

	s.env["DAV_PASSWORD"] = "sesame"
	wrong := s.run("sync")
	require.NotEqual(t, exitDone, wrong.code)
	for _, text := range []string{several.out, several.err, first.out, second.out, wrong.out, wrong.err} {
		if strings.Contains(text, davfake.Password) || strings.Contains(text, "sesame") {
			t.Errorf("a password is told: %s", text)
		}
	}
	require.Contains(t, wrong.out+wrong.err, "authorize the account again")
}

func TestCardDAVIsAmongTheApps(t *testing.T) {
	t.Parallel()
	got := newShell(t).runWith(t.Context(), "apps", "carddav")
	require.Equal(t, exitDone, got.code, got.err)
	require.Contains(t, got.out, "carddav")
	require.Contains(t, got.out, "CardDAV")
}
