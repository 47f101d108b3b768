package main

import (
	"os"
	"strings"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/stretchr/testify/require"
)

// atTerminal has a person at a terminal give this answer.
func (s *shell) atTerminal(answer string) {
	s.cli.in, s.cli.inTTY, s.cli.outTTY = strings.NewReader(answer), true, true
	s.env["NO_COLOR"] = "1"
}

// remove deletes files.
func (s *shell) remove(names ...string) {
	s.t.Helper()
	for _, name := range names {
		require.NoError(s.t, os.Remove(s.path(name)))
	}
}

// has fails unless a call ended with the code and printed all of these texts.
func (s *shell) has(said said, code int, texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if said.code != code || !strings.Contains(said.out+said.err, text) {
			s.t.Errorf("want exit %d and %q: %+v", code, text, said)
		}
	}
}

func TestAConflictIsDecided(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(1)
	s.replace(defaultConfig, "path: B}", "path: B}\n    conflict: {policy: ask}")
	require.Equal(t, exitDone, s.run("sync").code)
	s.has(s.run("conflicts"), exitDone, "books: 0 fields wait for you")
	for _, folder := range []string{"A", "B"} {
		for name := range s.files(folder) {
			s.replace(folder+"/"+name, "N:Family0;Given0", "N:Family0;First"+folder)
			s.age(folder + "/" + name)
		}
	}
	require.Equal(t, exitDone, s.run("sync").code)
	s.has(s.run("status"), exitDone, "1 in conflict:")
	s.has(s.run("records"), exitDone, "to do: take the value of vcard A, of vcard B, or another one")
	s.has(s.run("conflicts"), exitDone, "books: 1 field waits for you", "FirstA", "FirstB",
		"to decide: contactsync resolve books a:p0000.vcf first --take a -c DIR/contactsync.yaml")
	type conflictsJSON struct {
		Connections []struct{ Conflicts []contactsync.HeldConflict }
	}
	shown := decode[conflictsJSON](t, s.run("conflicts", "--json").out).Connections[0].Conflicts
	require.Len(t, shown, 1)
	s.has(s.run("resolve", "books", "a:p0000.vcf", "--take", "b", "--seen", "else"), exitHeld, "look again")
	s.has(s.run("resolve", "books", "a:p0000.vcf", "--take", "b", "--seen", shown[0].Seen), exitDone, "decided; next: contactsync sync books")
	s.has(s.run("conflicts"), exitDone, "decided; the next sync carries it out")
	s.has(s.run("decisions"), exitDone, "books: 1 decision stands", "resolve")
	require.Equal(t, exitDone, s.run("sync").code)
	require.Contains(t, s.read("A/p0000.vcf"), "N:Family0;FirstB")
	s.has(s.run("conflicts"), exitDone, "books: 0 fields wait for you")
}

func TestPairsByHand(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(2)
	s.mkdir("B")
	s.card("B", 0)
	s.write("B/second.vcf", append([]string{"BEGIN:VCARD", "VERSION:3.0", "FN:Somebody Else"}, cardText(1)[5:]...)...)
	s.age("B/second.vcf")
	require.Equal(t, exitDone, s.run("sync").code)
	s.has(s.run("link", "books", "a:p0000.vcf", "b:second.vcf"), exitFailed, "is linked with p0000.vcf", "--move")
	s.has(s.run("separate", "books", "b:p0000.vcf", "a:p0000.vcf"), exitDone, "the two will be separated; next: contactsync sync books")
	require.Equal(t, exitDone, s.run("sync").code)
	s.has(s.run("records", "--status", "duplicate"), exitDone, "a p0000.vcf", "Given0 Family0", "p0@example.com", "have it created anyway")
	s.has(s.run("create", "books", "a:p0000.vcf"), exitDone, "it will be created in vcard B")
	s.has(s.run("withdraw", "books", "a:p0000.vcf"), exitDone, "2 decisions are taken back")
	s.has(s.run("withdraw", "books", "a:p0000.vcf"), exitFailed, "no such decision")
	require.Equal(t, exitDone, s.run("sync").code)
	s.has(s.run("records", "--status", "in_sync"), exitDone, "books: 2 records", "a p0000.vcf, b p0000.vcf")
	for _, args := range [][]string{{"separate", "books", "a:nobody", "b:p0000.vcf"}, {"link", "books", "a:nobody", "b:p0000.vcf"}, {"create", "books", "a:nobody"},
		{"resolve", "books", "a:nobody", "--take", "b"}, {"forget", "books", "a:nobody", "--yes"}, {"unforget", "books", "a:p0000.vcf"},
		{"export", "books", "a:nobody"}, {"explain", "books", "a:nobody"}, {"history", "books", "--record", "a:nobody"}, {"rollback", "books", "99"}} {
		said := s.run(args...)
		s.has(said, exitConfig, "the connection knows no such record or run")
		require.Empty(t, said.out)
	}
	require.NotContains(t, s.run("forget", "books", "a:nobody", "--yes").err, "export")
}

func TestConsentIsForWhatWasSeen(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(4)
	s.replace(defaultConfig, "path: B}", "path: B}\n    deletions: {from_a: delete}\n    guard: {max_deletions: 1}")
	require.Equal(t, exitDone, s.run("sync").code)
	s.remove("A/p0000.vcf", "A/p0001.vcf")
	s.has(s.run("sync"), exitHeld, "contactsync confirm books --run 2 --count 2 -c DIR/contactsync.yaml")
	s.has(s.run("confirm", "books"), exitConfig, "--run 2 --count 2; or --yes")
	s.remove("A/p0002.vcf")
	s.has(s.run("sync"), exitHeld, "3 deletions")
	s.has(s.run("confirm", "books", "--run", "2", "--count", "2"), exitHeld, "3 deletions wait for your consent (run 3)")
	s.has(s.run("confirm", "books", "--run", "2", "--count", "3"), exitHeld, "something else waits by now")
	s.atTerminal("n\n")
	s.has(s.run("confirm", "books"), exitDone, "3 deletions wait", "you did not say yes")
	require.Equal(t, exitHeld, s.run("sync").code)
	s.atTerminal("y\n")
	s.has(s.run("confirm", "books"), exitDone, "confirmed")
	require.Equal(t, exitDone, s.run("sync").code)
	require.Len(t, s.files("B"), 1)
}

func TestAPersonIsForgotten(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(3)
	require.Equal(t, exitDone, s.run("sync").code)
	s.has(s.run("export", "books", "a:p0001.vcf"), exitDone, "Given1 Family1: in sync", "p1@example.com", "1 entry of the history")
	s.has(s.run("export", "books", "a:p0001.vcf", "--json"), exitDone, `"table": "journal"`, `"table": "link"`)
	s.has(s.run("forget", "books", "a:p0001.vcf"), exitConfig, "--yes")
	s.atTerminal("no\n")
	s.has(s.run("forget", "books", "a:p0001.vcf"), exitFailed, "Given1 Family1 (a:p0001.vcf)", "you did not say yes")
	s.has(s.run("forget", "books", "a:p0001.vcf", "--yes"), exitDone, "contactsync unforget books a:p0001.vcf")
	require.Equal(t, exitDone, s.run("sync").code)
	s.has(s.run("status"), exitDone, "2 excluded:  its person was forgotten")
	s.has(s.run("records", "--status", "excluded", "--reason", "forgotten"), exitDone, "books: 2 records")
	s.has(s.run("export", "books", "a:p0001.vcf"), exitConfig, "no such record")
	require.Len(t, s.files("A"), 3)
	s.has(s.run("unforget", "books", "a:p0001.vcf"), exitDone, "synced again")
	require.Equal(t, exitDone, s.run("sync").code)
	s.has(s.run("records", "--status", "in_sync"), exitDone, "books: 3 records")
}

func TestAConnectionIsDeleted(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(2)
	require.Equal(t, exitDone, s.run("sync").code)
	s.atTerminal("y\n")
	s.has(s.run("delete", "books"), exitDone, "Both apps stay as they are", "books: deleted")
	s.has(s.run("status"), exitDone, "books: never synced")
	require.Len(t, s.files("B"), 2)
	require.Equal(t, exitDone, s.run("sync", "--yes").code)
	s.has(s.run("records", "--wrote", "created"), exitDone, "books: 0 records")
}

func TestHistoryIsKeptAsLongAsTheFileSays(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(2)
	require.Equal(t, exitDone, s.run("sync").code)
	s.card("A", 2)
	require.Equal(t, exitDone, s.run("sync").code)
	s.has(s.run("prune"), exitDone, "0 entries")
	s.write(defaultConfig, append([]string{"history: 1ns"}, strings.Split(strings.TrimSpace(s.read(defaultConfig)), "\n")...)...)
	s.has(s.run("prune"), exitDone, "3 entries")
	s.has(s.run("records", "--wrote", "created", "--run", "2"), exitDone, "books: 1 record", "p0002.vcf")
	s.replace(defaultConfig, "1ns", "soon")
	s.has(s.run("prune"), exitConfig, "a time such as 90d")
}

func TestStatusFollowsARunningSync(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(2)
	require.Equal(t, exitDone, s.run("sync").code)
	s.has(s.run("status", "--watch"), exitDone, "2 created", "by run 1, the latest")
	s.execSQL(`UPDATE contactsync_run SET body = CAST(replace(CAST(body AS TEXT), '"ended"', '"was"') AS BLOB)`)
	s.has(s.run("status"), exitDone, "running: run 1 since")
}
