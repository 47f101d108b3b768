package main

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/sqlstore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func (s *shell) execSQL(statement string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(s.path("contactsync.db")))
	require.NoError(s.t, err)
	defer db.Close()
	_, err = db.Exec(statement)
	require.NoError(s.t, err)
}

func TestUsage(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(1)
	for name, row := range map[string]struct {
		args []string
		want string
	}{
		"unknown command":    {[]string{"snyc"}, "unknown command"},
		"unknown flag":       {[]string{"sync", "--force"}, "unknown flag"},
		"unknown connection": {[]string{"sync", "phone"}, `there is no connection "phone" in DIR/contactsync.yaml; there are books`},
		"confirm whom":       {[]string{"confirm"}, "confirm is called so: contactsync confirm CONNECTION..."},
		"too short a watch":  {[]string{"sync", "--watch", "1ms"}, "the least is 1s"},
		"no length of time":  {[]string{"sync", "--watch", "soon"}, "invalid argument"},
		"unknown status":     {[]string{"records", "--status", "lost"}, `there is no status "lost"`},
		"page 0":             {[]string{"records", "--page", "0"}, "begin at 1"},
		"nothing written so": {[]string{"records", "--wrote", "moved"}, "created, updated and deleted"},
		"a run of a status":  {[]string{"records", "--run", "1"}, "--wrote"},
		"reason of what":     {[]string{"records", "--reason", "filter"}, "--status"},
		"a record's name":    {[]string{"create", "books", "p0001"}, "write a:ID or b:ID"},
		"two of one side":    {[]string{"link", "books", "a:x", "a:y"}, "one record of each side"},
		"take what":          {[]string{"resolve", "books", "a:x"}, "--take a"},
		"half a consent":     {[]string{"confirm", "books", "--run", "1"}, "--count N"},
		"delete unasked":     {[]string{"delete", "books"}, "--yes"},
	} {
		t.Run(name, func(t *testing.T) {
			if said := s.run(row.args...); said.code != exitConfig || !strings.Contains(said.err, row.want) {
				t.Errorf("%+v", said)
			}
		})
	}
}

func TestMissingConfiguration(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for _, command := range []string{"sync", "plan", "status", "validate", "pause", "resume"} {
		said := s.run(command)
		if said.code != exitConfig || !strings.Contains(said.err, "there is no configuration file DIR/contactsync.yaml") || !strings.Contains(said.err, "contactsync quickstart") {
			t.Errorf("%s: %+v", command, said)
		}
	}
}

func TestStatusBeforeTheFirstSync(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(1)
	said := s.run("status")
	if said.code != exitDone || !strings.Contains(said.out, "books: never synced") || !strings.Contains(said.out, "next: contactsync sync books -c DIR/contactsync.yaml") {
		t.Errorf("%+v", said)
	}
	require.NoFileExists(t, s.path("contactsync.db"))
}

func TestRecords(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(5)
	s.replace(defaultConfig, "path: B}", "path: B}\n    rules: [{from: a, filter: {field: labels, op: has, value: x}}]")
	require.Equal(t, exitDone, s.run("sync").code)
	want := []string{"a p0000.vcf", "a p0001.vcf", "a p0002.vcf", "a p0003.vcf", "a p0004.vcf"}
	var got []string
	for _, page := range []string{"1", "2", "3"} {
		said := s.run("records", "--status", "excluded", "--limit", "2", "--page", page)
		require.Equal(t, exitDone, said.code, said.err)
		if strings.Contains(said.out, "more: --page") != (page != "3") {
			t.Errorf("page %s: %s", page, said.out)
		}
		for _, line := range strings.Split(said.out, "\n") {
			id, _, ok := strings.Cut(strings.TrimSpace(line), "  ")
			if ok {
				got = append(got, id)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if said := s.run("status"); !strings.Contains(said.out, "5 excluded:  no rule lets it through") {
		t.Errorf("%s", said.out)
	}
	if said := s.run("records"); !strings.Contains(said.out, "Given0 Family0") || !strings.Contains(said.out, "p0@example.com") {
		t.Errorf("records have no names: %s", said.out)
	}
}

func TestEveryCommandPrintsOneDocument(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(2)
	for _, args := range [][]string{{"version"}, {"apps"}, {"validate"}, {"plan"}, {"sync"}, {"status"}, {"records"}, {"records", "--wrote", "created"}, {"conflicts"}, {"decisions"}, {"export", "books", "a:p0000.vcf"}, {"prune"},
		{"separate", "books", "a:p0000.vcf", "b:p0000.vcf"}, {"withdraw", "books", "a:p0000.vcf"},
		{"accounts"}, {"check"}, {"check", "nobody"}, {"login", "vcard"}, {"logout", "x"},
		{"confirm", "books"}, {"pause"}, {"resume"}, {"sync", "nobody"}, {"snyc"}} {
		said := s.run(append(args, "--json")...)
		if said.out == "" {
			t.Errorf("%s prints nothing: %s", args, said.err)
			continue
		}
		document := decode[map[string]any](t, said.out)
		if exit, ok := document["exit"]; ok && exit != float64(said.code) {
			t.Errorf("%s: the document says exit %v, and it is %d", args, exit, said.code)
		}
	}
	s.replace(defaultConfig, "app: vcard", "app: vcrad")
	said := s.run("sync", "--json")
	type failureJSON struct {
		Error  string
		Faults []problem
		Exit   int
	}
	got := decode[failureJSON](t, said.out)
	if len(got.Faults) != 1 || got.Faults[0].Line != 3 || got.Faults[0].Column != 14 || got.Faults[0].Path != "connections[0].a.app" || got.Exit != exitConfig {
		t.Errorf("%+v", got)
	}
}

func TestValidateShowsWhatWasFound(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(2)
	s.write("crm.csv", "ID;Full Name;Email;Birthday;Shoe size", "1;Ann;ann@example.com;2000-01-31;42")
	s.write(defaultConfig, strings.TrimSuffix(head, "\n"), "    add_mappings: [{a: nickname, b: shoe_size, direction: b-to-a}]", "    disable_mappings: [{a: birthday, b: birthday}]")
	said := s.run("validate")
	require.Equal(t, exitDone, said.code, said.err)
	for _, want := range []string{"one: the configuration is valid", "a vcard A: 2 records", "b csv crm.csv: 1 record\n", "delimiter semicolon", `"Shoe size" is shoe_size`,
		"mappings, found by what the fields mean", "emails[primary]  <->  email", "nickname         <-   shoe_size", "Contacts of vcard A are added to and update csv crm.csv"} {
		if !strings.Contains(said.out, want) {
			t.Errorf("%q is not in\n%s", want, said.out)
		}
	}
	if strings.Contains(said.out, "birthday  ") {
		t.Errorf("a mapping that is switched off is shown:\n%s", said.out)
	}
	require.NoFileExists(t, s.path("contactsync.db"))
}

func TestPlanLimit(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(30)
	for limit, want := range map[string]int{"20": 20, "3": 3, "0": 30} {
		said := s.run("plan", "--limit", limit)
		if got := strings.Count(said.out, "create in vcard B, from"); got != want || strings.Contains(said.out, "more;") != (want < 30) {
			t.Errorf("--limit %s shows %d writes\n%s", limit, got, said.out)
		}
	}
	type planJSON struct {
		Connections []struct{ Plan struct{ Writes []any } }
	}
	if got := decode[planJSON](t, s.run("plan", "--json", "--limit", "3").out); len(got.Connections[0].Plan.Writes) != 30 {
		t.Errorf("--json holds %d writes, want all 30", len(got.Connections[0].Plan.Writes))
	}
	if n := len(s.files("B")); n != 0 {
		t.Errorf("a plan wrote %d cards", n)
	}
}

func TestApps(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	said := s.run("apps", "csv")
	if said.code != exitDone || !strings.Contains(said.out, "csv: CSV file") || strings.Contains(said.out, "vcard:") || !strings.Contains(said.out, "delimiter") {
		t.Errorf("%+v", said)
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, sh := range []string{"bash", "zsh", "fish", "powershell"} {
		if said := newShell(t).run("completion", sh); said.code != exitDone || !strings.Contains(said.out, "contactsync") {
			t.Errorf("%s: %+v", sh, said)
		}
	}
}

func TestGraver(t *testing.T) {
	t.Parallel()
	order := []int{exitDone, exitRecords, exitHeld, exitConfig, exitFailed}
	for i, x := range order {
		for j, y := range order {
			if got, want := graver(x, y), order[max(i, j)]; got != want {
				t.Errorf("graver(%d, %d) = %d, want %d", x, y, got, want)
			}
		}
	}
}

func TestShellWords(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{"phone-crm": "phone-crm", "my books": "'my books'", "it's": `'it'\''s'`, "": "''", "$HOME": "'$HOME'", "a/b.yaml": "a/b.yaml"} {
		if got := shellWord(word); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}

func TestShadowModeWatchesAndCompares(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(3)
	s.replace(defaultConfig, "    a:", "    shadow: true\n    a:")
	if said := s.run("sync", "--yes"); said.code != exitDone || !strings.Contains(said.out, "only watching: it would have made 3 writes") {
		t.Errorf("%+v", said)
	}
	if said := s.run("compare", "books"); said.code != exitFailed || !strings.Contains(said.err, "1 of 2 syncs in shadow mode") {
		t.Errorf("%+v", said)
	}
	s.run("sync")
	said := s.run("compare", "books")
	for _, want := range []string{"0  were made just so", "3  were not made", ": not made"} {
		if said.code != exitDone || !strings.Contains(said.out, want) {
			t.Errorf("want %q: %+v", want, said)
		}
	}
}
