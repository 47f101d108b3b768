package main

import (
	"strings"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// TestSuggestions: two cards without an email, alike, are listed, counted and told of before the first sync.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(0)
	s.replace(defaultConfig, "path: B}", "path: B}\n    match: {region: BE, suggest_above: 0.85}")
	for _, card := range []struct{ path, name string }{{"A/1.vcf", "Jansen;Ann"}, {"B/2.vcf", "Janssen;Ann"}} {
		s.write(card.path, "BEGIN:VCARD", "VERSION:3.0", "UID:"+card.path, "N:"+card.name+";;;", "FN:"+card.name, "TEL:0470 12 34 56", "END:VCARD")
	}
	said := s.run("plan")
	if said.code != exitDone || !strings.Contains(said.out, "1 pair looks like one person") {
		t.Errorf("%+v", said)
	}
	require.Equal(t, exitDone, s.run("sync", "--yes").code)
	said = s.run("suggestions")
	if want := "books: 1 suggestion\n  a 1.vcf (Ann Jansen)  b 2.vcf (Ann Janssen)  0.94  same phone, name 0.99\n"; said.code != exitDone || said.out != want {
		t.Error(cmp.Diff(want, said.out), said.err)
	}
	if said := s.run("suggestions", "--kind", "merge"); said.code != exitDone || !strings.Contains(said.out, "books: 0 suggestions") {
		t.Errorf("%+v", said)
	}
	if said := s.run("status"); !strings.Contains(said.out, "1 pair looks like one person; to see them: contactsync suggestions books") {
		t.Errorf("%+v", said)
	}
	got := decode[struct{ Connections []suggestionsResult }](t, s.run("suggestions", "--json").out)
	require.Len(t, got.Connections, 1)
	require.Len(t, got.Connections[0].Suggestions, 1)
	if one := got.Connections[0].Suggestions[0]; one.Kind != contactsync.SuggestLink || one.IDs != [2]string{"1.vcf", "2.vcf"} || one.Names != [2]string{"Ann Jansen", "Ann Janssen"} || one.Score.Value < 0.9 {
		t.Errorf("%+v", one)
	}
	if said := s.run("suggestions", "--kind", "twins"); said.code != exitConfig || !strings.Contains(said.err, `no kind "twins"`) {
		t.Errorf("%+v", said)
	}
}

// TestReadAndNotDecided: after a plan and before the first sync, the records say that they were read and no more.
func TestReadAndNotDecided(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(2)
	require.Equal(t, exitDone, s.run("plan").code)
	for _, command := range [][]string{{"records"}, {"status"}} {
		if said := s.run(command...); said.code != exitDone || !strings.Contains(said.out, "it was read, and no sync has decided it yet") {
			t.Errorf("%v: %+v", command, said)
		}
	}
	require.Equal(t, exitDone, s.run("sync", "--yes").code)
	if said := s.run("status"); strings.Contains(said.out, "no sync has decided it") {
		t.Errorf("%+v", said)
	}
}
