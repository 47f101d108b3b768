package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestRollbackHistoryRuns(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(3)
	before := s.files("A")
	for _, command := range [][]string{{"runs", "books"}, {"history", "books"}} {
		said := s.run(command...)
		require.Equal(t, exitDone, said.code, said.err)
	}
	if said := s.run("rollback", "books", "--yes"); said.code != exitConfig || !strings.Contains(said.err, "no sync has written anything") {
		t.Errorf("%+v", said)
	}
	require.Equal(t, exitDone, s.run("sync").code)
	if said := s.run("rollback", "books"); said.code != exitHeld || !strings.Contains(said.out, "nobody could be asked") || !strings.Contains(said.out, "3 deleted again") {
		t.Errorf("%+v", said)
	}
	if said := s.run("rollback", "books", "--preview"); said.code != exitDone {
		t.Errorf("%+v", said)
	}
	name := created(s.files("B"), "Given1")
	s.replace("B/"+name, "END:VCARD", "X-MINE: yes\r\nEND:VCARD")
	said := s.run("rollback", "books", "1", "--yes")
	if said.code != exitRecords || !strings.Contains(said.out, "2 deleted again") || !strings.Contains(said.out, "left:  b "+name+"  was created  it was changed since") || !strings.Contains(said.out, "paused") {
		t.Errorf("%+v", said)
	}
	after := s.files("A")
	if diff := cmp.Diff(before, after); diff != "" || len(s.files("B")) != 1 {
		t.Errorf("%d files in B; A: %s", len(s.files("B")), diff)
	}
	var runs struct {
		Runs []struct{ Run, Took_back, Taken_back int64 }
	}
	require.NoError(t, json.Unmarshal([]byte(s.run("runs", "books", "--json").out), &runs))
	if diff := cmp.Diff([]struct{ Run, Took_back, Taken_back int64 }{{2, 1, 0}, {1, 0, 2}}, runs.Runs); diff != "" {
		t.Error(diff)
	}
	for args, want := range map[string]string{
		"history books --run 1":            "created " + name + " in",
		"history books --run 2":            "run 1 is taken back",
		"history books --limit 2":          "the rollback of run 1: paused the connection",
		"history books --record b:" + name: "did not create " + name + " in",
		"history books --limit 1":          "older: ",
		"runs books":                       "taken back by run 2",
		"runs books --limit 1":             "older: ",
		"history books --run 2 --json":     `"takes_back": 1`,
		"rollback books 1 --yes --json":    `"deleted": 0`,
	} {
		said := s.run(strings.Fields(args)...)
		if !strings.Contains(said.out, want) {
			t.Errorf("%s: %+v", args, said)
		}
	}
	for args, want := range map[string]string{
		"history books --run 9":              "no run 9",
		"history books --run x":              `"x" for "--run" flag: a run is named by its number`,
		"runs books --before 0":              "a run is named by its number, from 1 on",
		"rollback books last --yes":          `"last": a run is named by its number`,
		"history books --record p0001.vcf":   "write a:ID or b:ID",
		"history books --record a:nobody":    "nobody in a",
		"history books --run 1 --record a:p": "none of the others can be",
		"rollback books 2 --yes":             "took run 1 back",
		"rollback books 7 --yes":             "no run 7",
	} {
		if said := s.run(strings.Fields(args)...); said.code == exitDone || !strings.Contains(said.err, want) {
			t.Errorf("%s: %+v", args, said)
		}
	}
}

// A card that one sync created and a later one wrote to goes with the first: only we have touched it.
func TestRollbackOfCardsThatWereWrittenToSince(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(3)
	require.Equal(t, exitDone, s.run("sync").code)
	for name := range s.files("A") {
		s.replace("A/"+name, "END:VCARD", "TITLE:Boss\r\nNOTE:new\r\nEND:VCARD")
	}
	require.Equal(t, exitDone, s.run("sync").code)
	before := s.files("A")
	require.Contains(t, s.files("B")[created(s.files("B"), "Given1")], "Boss")
	said := s.run("rollback", "books", "1", "--yes")
	if said.code != exitDone || !strings.Contains(said.out, "3 deleted again") || len(s.files("B")) != 0 {
		t.Errorf("%+v", said)
	}
	if diff := cmp.Diff(before, s.files("A")); diff != "" {
		t.Error(diff)
	}
}

// created returns the name of the file that holds a text.
func created(files map[string]string, text string) string {
	for name, content := range files {
		if strings.Contains(content, text) {
			return name
		}
	}
	return ""
}
