package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// faults are the lines of an error that begin with the file: its faults without their excerpts.
func faultLines(text string) []string {
	var list []string
	for _, line := range strings.Split(text, "\n") {
		if rest, ok := strings.CutPrefix(line, "DIR/"+defaultConfig+":"); ok {
			list = append(list, rest)
		}
	}
	return list
}

const head = `connections:
  - name: one
    a: {app: vcard, path: A}
    b: {app: csv, path: crm.csv}
`

func TestFaultsOfTheFile(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		config string
		want   []string // line:column: message, or the beginning of it
	}{
		"empty":                 {"", []string{" the file is empty"}},
		"only a comment":        {"# hello", []string{" the file is empty"}},
		"no keys":               {"[1, 2]", []string{"1:1: the file holds no keys"}},
		"no connections":        {"store: memory", []string{"1:1: there are no connections"}},
		"not a list":            {"connections: 3", []string{"1:14: connections: connections is a list"}},
		"empty list":            {"connections: []", []string{"1:1: connections: connections is a list"}},
		"two documents":         {"connections: []\n---\nb: 2", []string{"3:1: a second document"}},
		"bad indentation":       {"connections:\n  - name: one\n   a: 3", []string{"3:4: "}},
		"open bracket":          {"connections: [\n  {name: one", []string{"2:3: "}},
		"unknown key on top":    {"stroe: memory\n" + head, []string{"1:1: stroe: there is no such key; there are store, history, connections"}},
		"unknown store":         {"store: postgres:x\n" + head, []string{"1:8: store: the store is sqlite:FILE, postgres://USER@HOST/DATABASE, or memory"}},
		"no database":           {"store: postgres://ann@example.com/\n" + head, []string{"1:8: store: the store is no address of a database: it names no database"}},
		"a bad address":         {"store: postgres://example.com:port/db\n" + head, []string{"1:8: store: the store is no address of a database: invalid port"}},
		"a store not set":       {"store: \"postgres://ann:${NOPE}@example.com/db\"\n" + head, []string{"1:8: store: the environment has no variable NOPE"}},
		"sqlite without a file": {"store: \"sqlite:\"\n" + head, []string{"1:8: store: the store is"}},
		"key twice on top":      {"store: memory\nstore: memory\n" + head, []string{"2:1: store: the key is there twice"}},
		"no name":               {"connections:\n  - a: {app: vcard, path: A}\n    b: {app: vcard, path: A}", []string{"2:5: connections[0].name: a connection needs a name"}},
		"empty name":            {strings.Replace(head, "name: one", "name: ''", 1), []string{"2:11: connections[0].name: a connection needs a name"}},
		"a name like a flag":    {strings.Replace(head, "name: one", "name: --yes", 1), []string{"2:11: connections[0].name: a connection needs a name"}},
		"id for name":           {head + "    id: x", []string{"5:5: connections[0].id: there is no such key; what the connection is called is its name"}},
		"the name twice":        {head + head[len("connections:\n"):], []string{"5:11: connections[1].name: another connection has this name"}},
		"an endpoint missing":   {"connections:\n  - name: one\n    a: {app: vcard, path: A}", []string{"2:5: connections[0]: endpoint b is missing"}},
		"an endpoint as text":   {"connections:\n  - name: one\n    a: A\n    b: {app: vcard, path: A}", []string{"3:8: connections[0].a: an endpoint is {app: ..., ...}; the apps are csv, carddav, sqltable, vcard"}},
		"unknown app":           {strings.Replace(head, "app: vcard", "app: vcrad", 1), []string{`3:14: connections[0].a.app: there is no app "vcrad"; there are csv, carddav, sqltable, vcard`}},
		"app missing":           {strings.Replace(head, "app: vcard, ", "", 1), []string{"3:5: connections[0].a: the app is missing"}},
		"setting missing":       {strings.Replace(head, ", path: A", "", 1), []string{"3:5: connections[0].a.path: path is missing"}},
		"setting empty":         {strings.Replace(head, "path: A", "path: ''", 1), []string{"3:27: connections[0].a.path: path is empty"}},
		"setting without value": {strings.Replace(head, "path: A", "path:", 1), []string{"3:26: connections[0].a.path: the value must be a plain text"}},
		"unknown setting":       {strings.Replace(head, "path: A", "path: A, pth: B", 1), []string{"3:30: connections[0].a.pth: app vcard has no such setting; it has path"}},
		"not an option":         {strings.Replace(head, "crm.csv", "crm.csv, delimiter: colon", 1), []string{"4:45: connections[0].b.delimiter: delimiter is not one of auto, comma"}},
		"variable not set":      {strings.Replace(head, "path: A", "path: \"x${NOPE}\"", 1), []string{"3:27: connections[0].a.path: the environment has no variable NOPE"}},
		"unknown key":           {head + "    rule: []", []string{"5:5: connections[0].rule: there is no such key; there are owner, name, a, b, "}},
		"unknown key of a rule": {head + "    rules:\n      - {from: a}\n      - {from: b, fliter: {}}", []string{"7:19: connections[0].rules[1].fliter: there is no such key"}},
		"unknown key of a filter": {head + "    rules: [{from: a, filter: {all: [{field: x, opp: is}]}}]",
			[]string{"5:49: connections[0].rules[0].filter.all[0].opp: there is no such key"}},
		"key twice in a rule": {head + "    rules: [{from: a, from: b}]", []string{"5:23: connections[0].rules[0].from: the key is there twice"}},
		"key twice in a connection": {head + "    direction: two-way\n    direction: a-to-b",
			[]string{"6:5: connections[0].direction: the key is there twice"}},
		"wrong type":   {head + "    match: {require_key: \"no\"}", []string{"5:26: connections[0].match.require_key: it cannot be a string"}},
		"quoted true":  {head + "    rules: [{from: a, other_way_around: \"true\"}]", []string{"5:41: connections[0].rules[0].other_way_around: it cannot be a string"}},
		"no such side": {head + "    rules:\n      - from: a\n      - from: c", []string{"7:15: connections[0].rules[1].from: a side is a or b"}},
		"undo":         {head + "    rules:\n      - {from: a, undo: some}", []string{"6:25: connections[0].rules[0].undo: undo is true, false or all"}},
		"not decimal":  {head + "    guard: {max_deletions: 0x10}", []string{"5:28: connections[0].guard.max_deletions: 0x10 is not a decimal number"}},
		"merge key":    {head + "    guard:\n      <<: {max_deletions: 1}", []string{"6:7: connections[0].guard: a key must be plain text"}},
		"no anchor":    {head + "    guard: *x", []string{"5:12: this alias has no anchor before it"}},
		"tag":          {head + "    guard: !!binary aGVsbG8=", []string{"5:12: connections[0].guard: this kind of YAML is not understood here: tag"}},
		"several, in order": {"x: 1\n" + strings.Replace(head, "path: A", "pth: A", 1) + "    rule: 3\n    rules: [{from: c}, {form: a}]", []string{
			"1:1: x: there is no such key",
			"4:5: connections[0].a.path: path is missing",
			"4:21: connections[0].a.pth: app vcard has no such setting",
			"6:5: connections[0].rule: there is no such key",
			"7:20: connections[0].rules[0].from: a side is a or b",
			"7:25: connections[0].rules[1].form: there is no such key",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShell(t)
			s.mkdir("A")
			s.write("crm.csv", "Name,Email")
			s.write(defaultConfig, strings.TrimSuffix(row.config, "\n"))
			said := s.run("status")
			if said.code != exitConfig || said.out != "" {
				t.Errorf("exit code %d, output %q", said.code, said.out)
			}
			checkFaults(t, row.want, faultLines(said.err))
		})
	}
}

func checkFaults(t *testing.T, want, got []string) {
	t.Helper()
	for i := range got {
		if i < len(want) && strings.HasPrefix(got[i], want[i]) {
			got[i] = want[i]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFaultsAgainstTheApps(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		config string
		want   []string
	}{
		"operator":  {head + "    rules:\n      - {from: a, filter: {field: labels, op: hass, value: x}}", []string{"6:47: connections[0].rules[0].filter.op: there is no operator"}},
		"field":     {head + "    rules:\n      - {from: b, filter: {not: {field: labels, op: is_known}}}", []string{"6:41: connections[0].rules[0].filter.not.field: there is no field"}},
		"action":    {head + "    rules:\n      - from: a\n        actions:\n          - {add: x, to: nope}", []string{"8:13: connections[0].rules[0].actions[0]: "}},
		"mapping":   {head + "    mappings:\n      - {a: nope, b: email}", []string{"6:13: connections[0].mappings[0].a: a has no field"}},
		"selector":  {head + "    mappings:\n      - {a: \"emails[\", b: email}", []string{"6:13: connections[0].mappings[0].a: "}},
		"match key": {head + "    match:\n      keys: [email, fax]", []string{"6:21: connections[0].match.keys[1]: there is no kind of key"}},
		"direction": {head + "    direction: both", []string{"5:16: connections[0].direction: "}},
		"time zone": {head + "    time_zone: Mars", []string{"5:16: connections[0].time_zone: "}},
		"columns":   {strings.Replace(head, "crm.csv", "crm.csv, columns: what", 1), []string{`4:43: connections[0].b.columns: csv: setting "columns"`}},
		"of two connections, and one of the file": {head + "    direction: both\n" + strings.Replace(head[len("connections:\n"):], "one", "two", 1) + "    time_zone: Mars\n" +
			"  - name: three\n    a: 3\n    b: {app: vcard, path: A}", []string{"5:16: connections[0].direction: ", "9:16: connections[1].time_zone: ", "11:8: connections[2].a: an endpoint"}},
		"of the form and of what the apps have, at once": {head + "    direction: both\n    guards: {}\n    rules:\n      - {from: c, filter: {field: nope, op: has, value: x}}\n" +
			"      - {from: a, filter: {field: nope, op: has, value: x}}\n    mappings:\n      - {a: nope, b: email}\n      - {a: nope, b: email, transform: no}",
			[]string{"5:16: connections[0].direction: ", "6:5: connections[0].guards: there is no such key", "8:16: connections[0].rules[0].from: a side is",
				"9:35: connections[0].rules[1].filter.field: there is no field", "11:13: connections[0].mappings[0].a: a has no field", "12:40: connections[0].mappings[1].transform: "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShell(t)
			s.mkdir("A")
			s.write("crm.csv", "Name,Email,Tags")
			s.write(defaultConfig, row.config)
			for _, command := range []string{"validate", "plan", "sync"} {
				said := s.run(command)
				if said.code != exitConfig || said.out != "" {
					t.Errorf("%s: exit code %d, output %q", command, said.code, said.out)
				}
				checkFaults(t, row.want, faultLines(said.err))
			}
			require.NoFileExists(t, s.path("contactsync.db"))
		})
	}
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.write(defaultConfig, strings.Replace(head, "app: vcard", "app: vcrad", 1))
	want := `contactsync: the configuration is not valid
DIR/contactsync.yaml:3:14: connections[0].a.app: there is no app "vcrad"; there are csv, carddav, sqltable, vcard
    3 |     a: {app: vcrad, path: A}
      |              ^
`
	if diff := cmp.Diff(said{exitConfig, "", want}, s.run("status"), cmp.AllowUnexported(said{})); diff != "" {
		t.Error(diff)
	}
}

func TestB47SecretsAreRefusedAndNotShown(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"password", "api_key", "apiKey", "access_token", "client_secret"} {
		s := newShell(t)
		s.mkdir("A")
		s.write(defaultConfig, "connections:", "  - name: one", "    a: {app: vcard, path: A, "+key+": hunter2, nope: 3}", "    b: {app: vcard, path: A}")
		said := s.run("status")
		if said.code != exitConfig || !strings.Contains(said.err, "a secret does not belong in this file") {
			t.Errorf("%s: %+v", key, said)
		}
		if strings.Contains(said.err, "hunter2") {
			t.Errorf("%s: the secret is shown: %s", key, said.err)
		}
		s.env["SECRET"] = "hunter2"
		s.replace(defaultConfig, "hunter2", "\"${SECRET}\"")
		said = s.run("status")
		if strings.Contains(said.err, "a secret does not belong") || strings.Contains(said.err, "hunter2") {
			t.Errorf("%s from a variable: %s", key, said.err)
		}
	}
}

func TestVariablesAndPaths(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(2)
	s.env["BOOK"] = "B"
	s.replace(defaultConfig, "path: B", "path: \"${BOOK}\"")
	if said := s.run("sync"); said.code != exitDone {
		t.Fatalf("%+v", said)
	}
	if got := len(s.files("B")); got != 2 {
		t.Errorf("%d cards in B, want 2: paths are relative to the configuration", got)
	}
	if strings.Contains(s.read("contactsync.db"), s.dir) {
		t.Error("the database tells where the folder lies, so moving it would look like another configuration")
	}
}

func TestTypesStayAsWritten(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.mkdir("A")
	s.write("crm.csv", "Name,Email,Tags,Score")
	s.write(defaultConfig, "connections:",
		"  - name: 2024",
		"    a: {app: csv, path: crm.csv, add_key: true}",
		"    b: {app: vcard, path: A}",
		"    rules:",
		"      - {from: a, filter: {field: tags, op: has, value: \"007\"}}",
		"      - {from: a, filter: {field: score, op: is, value: &v yes}}",
		"      - {from: a, filter: {field: name, op: is, value: *v}}",
		"      - {from: a, filter: {field: name, op: is, value: 'on'}}")
	said := s.run("validate", "2024", "--json")
	require.Equal(t, exitDone, said.code, said.err)
	type document struct {
		Connections []struct {
			Connection string
			Rules      []string
		}
	}
	got := decode[document](t, said.out).Connections[0]
	want := []string{"Contacts of csv crm.csv are added to and update vcard A, if tags has 007.", "Contacts of csv crm.csv are added to and update vcard A, if score is yes.", "Contacts of csv crm.csv are added to and update vcard A, if name is yes.", "Contacts of csv crm.csv are added to and update vcard A, if name is on."}
	if diff := cmp.Diff(want, got.Rules); diff != "" {
		t.Error(diff)
	}
}

func TestAliasesThatGrow(t *testing.T) {
	t.Parallel()
	lines := []string{"connections:", "  - name: one", "    a: {app: vcard, path: A}", "    b: {app: vcard, path: A}", "    xa: &a [1, 2, 3]"}
	for c := 'b'; c <= 'z'; c++ {
		lines = append(lines, fmt.Sprintf("    x%c: &%c [%s*%c]", c, c, strings.Repeat(fmt.Sprintf("*%c, ", c-1), 9), c-1))
	}
	lines = append(lines, "    self: &self {a: *self}")
	s := newShell(t)
	s.write(defaultConfig, lines...)
	said := s.run("status")
	if said.code != exitConfig || !strings.Contains(said.err, tooMuch) {
		t.Errorf("%d: %.300s", said.code, said.err)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add(head)
	f.Add(head + "    rules: [{from: a, filter: {field: x, op: is, value: &a 3}}, *a]\n    guard: {<<: *a, ? [1] : 2}")
	f.Add("a: !!str |2-\n   x\n--- # c\n%YAML 1.2\n... \"\\x41\\u263a\" 'it''s' ~ .inf 0o7 1_000 2001-12-14t21:59:43.10-05:00")
	f.Fuzz(func(t *testing.T, text string) {
		s := newShell(t)
		s.write(defaultConfig, text)
		c := cli{configPath: s.path(defaultConfig), getenv: func(string) (string, bool) { return "", false }}
		f, err := c.readConfig()
		if err != nil {
			return // not YAML
		}
		if len(f.problems) == 0 && len(f.connections) == 0 {
			t.Error("nothing is wrong with a file that configures nothing")
		}
		for _, p := range f.problems {
			if p.Message == "" || p.Line > strings.Count(text, "\n")+2 {
				t.Errorf("%+v", p)
			}
		}
	})
}
