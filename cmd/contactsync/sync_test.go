package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestSyncTwice(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(3)
	first := s.run("sync", "--yes")
	require.Equal(t, exitDone, first.code, first.err)
	want := []string{"a  vcard A  0 created  0 updated  0 deleted", "b  vcard B  3 created  0 updated  0 deleted", "3 in sync"}
	for _, line := range want {
		if !strings.Contains(first.out, line) {
			t.Errorf("%q is not in\n%s", line, first.out)
		}
	}
	if first.err != "" {
		t.Errorf("off a terminal and without --verbose nothing is told on the way: %s", first.err)
	}
	before := [2]map[string]string{s.files("A"), s.files("B")}
	second := s.run("sync")
	require.Equal(t, exitDone, second.code, second.err)
	if !strings.Contains(second.out, "books: nothing to do") {
		t.Errorf("%s", second.out)
	}
	if diff := cmp.Diff(before, [2]map[string]string{s.files("A"), s.files("B")}); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(s.path("contactsync.db"))
	require.NoError(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the database can be read by others: %v", info.Mode())
	}
}

func TestBothEditsOnBothSides(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(1)
	require.Equal(t, exitDone, s.run("sync").code)
	for name := range s.files("B") {
		s.replace("B/"+name, "END:VCARD", "TITLE:Clerk\r\nEND:VCARD")
	}
	s.replace("A/p0000.vcf", "END:VCARD", "NOTE:Tall\nEND:VCARD")
	plan := s.run("plan")
	require.Equal(t, exitDone, plan.code, plan.err)
	for _, want := range []string{"notes  (nothing) -> Tall", "title  (nothing) -> Clerk", "vcard A changed (mapping notes:notes)", "vcard B changed (mapping title:title)"} {
		if !strings.Contains(plan.out, want) {
			t.Errorf("%q is not in the plan\n%s", want, plan.out)
		}
	}
	require.Equal(t, exitDone, s.run("sync").code)
	for _, folder := range []string{"A", "B"} {
		for name, text := range s.files(folder) {
			if !strings.Contains(text, "TITLE:Clerk") || !strings.Contains(text, "NOTE:Tall") {
				t.Errorf("%s/%s lacks an edit:\n%s", folder, name, text)
			}
		}
	}
}

// syncJSON is what a script reads of sync --json.
type syncJSON struct {
	Connections []struct {
		Connection, A, B, Error, Skipped string
		Exit                             int
		Report                           *struct {
			Counts  [2]struct{ Created, Updated, Deleted int }
			Waiting []struct{ Reason string }
			Status  struct {
				State  string
				Counts map[string]int
			}
		}
	}
	Exit int
}

func TestEmptiedSideHaltsAndConsentEndsIt(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.mkdir("A")
	for i := range 5 {
		s.card("A", i)
	}
	s.write("crm.csv", "ID,First Name,Last Name,Email")
	s.write(defaultConfig, strings.TrimSuffix(head, "\n"), "    deletions: {from_b: delete}")
	require.Equal(t, exitDone, s.run("sync").code)
	s.write("crm.csv", "ID,First Name,Last Name,Email")
	for _, command := range []string{"plan", "sync", "sync"} {
		said := s.run(command)
		if said.code != exitHeld || !strings.Contains(said.out, "csv crm.csv turned up empty") || !strings.Contains(said.out, "contactsync confirm one --run") {
			t.Errorf("%s: %+v", command, said)
		}
	}
	if n := len(s.files("A")); n != 5 {
		t.Errorf("%d cards are left of 5", n)
	}
	status := s.run("status")
	if !strings.Contains(status.out, "one: halted") || !strings.Contains(status.out, "waiting:") {
		t.Errorf("%s", status.out)
	}
	got := decode[syncJSON](t, s.run("sync", "--json").out)
	if got.Exit != exitHeld || got.Connections[0].Report.Waiting[0].Reason != "empty" || got.Connections[0].Report.Status.State != "halted" {
		t.Errorf("%+v", got)
	}
	require.Equal(t, exitDone, s.run("confirm", "one", "--yes").code)
	if said := s.run("sync"); said.code != exitHeld || !strings.Contains(said.out, "5 deletions wait for your consent") {
		t.Errorf("the halt was confirmed, the deletions behind it are more than the guard allows: %+v", said)
	}
	code := exitHeld
	for tries := 0; code == exitHeld && tries < 3; tries++ {
		require.Equal(t, exitDone, s.run("confirm", "one", "--yes").code)
		code = s.run("sync").code
	}
	if n := len(s.files("A")); code != exitDone || n != 0 {
		t.Errorf("exit code %d, and %d cards are left, though a person consented to all that was held", code, n)
	}
	if said := s.run("confirm", "one"); said.code != exitDone || !strings.Contains(said.out, "nothing waits for your consent") {
		t.Errorf("%+v", said)
	}
}

func TestHalfACardFailsAlone(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(3)
	require.Equal(t, exitDone, s.run("sync").code)
	s.card("A", 4)
	s.write("A/p0001.vcf", "BEGIN:VCARD", "VERSION:3.0", "FN:Half")
	said := s.run("sync")
	if said.code != exitRecords || !strings.Contains(said.out, "1 record could not be read") || !strings.Contains(said.out, "1 created") {
		t.Errorf("%+v", said)
	}
	s.has(s.run("status"), exitDone, "1 record could not be read and stays as it is; to see why: contactsync validate books")
	if n := len(s.files("B")); n != 4 {
		t.Errorf("%d cards in B, want 4: half a card is no deletion, and holds up nobody else", n)
	}
	s.has(s.run("explain", "books", "a:p0001.vcf"), exitDone, "waits: it is in vcard A and could not be read last time; it stays as it was read before; what to do: mend it there")
	said = s.run("validate")
	if said.code != exitRecords || !strings.Contains(said.out, "cannot be read:") || !strings.Contains(said.out, "p0001.vcf") {
		t.Errorf("%+v", said)
	}
	if strings.Contains(said.out+said.err, "Half") {
		t.Errorf("a contact's data is in a message: %+v", said)
	}
}

func TestAppsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	two := head + "  - name: two\n    a: {app: vcard, path: A}\n    b: {app: vcard, path: B}\n"
	s := newShell(t)
	s.books(2)
	s.write(defaultConfig, two)
	said := s.run("sync")
	if said.code != exitFailed || !strings.Contains(said.out, "one: DIR/contactsync.yaml:4:25: connections[0].b.path: csv: read: the app is unavailable: there is no file") ||
		!strings.Contains(said.out, "two: done") {
		t.Errorf("a file that is missing fails its connection alone: %+v", said)
	}
	s.replace(defaultConfig, "path: A", "path: none") // of connection one
	said = s.run("sync")
	if said.code != exitFailed || !strings.Contains(said.out, "3:27: connections[0].a.path: vcard: open: the app is unavailable: there is no folder") ||
		!strings.Contains(said.out, "; DIR/contactsync.yaml:4:25: ") || !strings.Contains(said.out, "two: nothing to do") {
		t.Errorf("a folder that is missing fails its connection alone, too, and both are named: %+v", said)
	}
	s.write(defaultConfig, two)
	s.write("crm.csv", `Name,Email`, `"Nora Quiet,x@example.com`)
	said = s.run("sync")
	if said.code != exitFailed || !strings.Contains(said.out, "line 2") || strings.Contains(said.out, "Nora") {
		t.Errorf("%+v", said)
	}
	got := decode[syncJSON](t, s.run("sync", "--json").out)
	if got.Exit != exitFailed || got.Connections[0].Error == "" || got.Connections[0].Exit != exitFailed || got.Connections[1].Exit != exitDone {
		t.Errorf("%+v", got)
	}
}

func TestDatabasesThatAreNone(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(1)
	s.write("contactsync.db", strings.Repeat("this is no database. ", 100))
	for _, command := range []string{"sync", "status", "pause"} {
		said := s.run(command)
		if said.code != exitFailed || !strings.Contains(said.err, "the file is something else") {
			t.Errorf("%s: %+v", command, said)
		}
	}
	s.replace(defaultConfig, "connections:", "store: sqlite:no/such/folder.db\nconnections:")
	said := s.run("sync")
	if said.code != exitFailed || !strings.Contains(said.err, "no such file or directory") {
		t.Errorf("%+v", said)
	}
}

func TestNewerDatabase(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(1)
	require.Equal(t, exitDone, s.run("sync").code)
	s.execSQL("INSERT INTO contactsync_schema (version) VALUES (99)")
	said := s.run("sync")
	if said.code != exitFailed || !strings.Contains(said.err, "schema version 99") {
		t.Errorf("%+v", said)
	}
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(1)
	require.Equal(t, exitDone, s.run("pause").code)
	said := s.run("sync")
	if said.code != exitDone || !strings.Contains(said.out, "books: paused; to go on: contactsync resume books") {
		t.Errorf("%+v", said)
	}
	if said := s.run("sync", "books"); said.code != exitFailed || !strings.Contains(said.out, "paused") {
		t.Errorf("%+v", said)
	}
	if said := s.run("status"); !strings.Contains(said.out, "books: paused") {
		t.Errorf("%+v", said)
	}
	require.Equal(t, exitDone, s.run("resume", "books").code)
	if said := s.run("sync"); said.code != exitDone || !strings.Contains(said.out, "1 created") {
		t.Errorf("%+v", said)
	}
}

// person is a shell whose user sits at a terminal and will answer.
func person(t *testing.T, answer string) *shell {
	s := newShell(t)
	s.cli.in, s.cli.inTTY, s.cli.outTTY = strings.NewReader(answer), true, true
	s.env["NO_COLOR"] = "1"
	return s
}

func TestFirstSyncAsks(t *testing.T) {
	t.Parallel()
	for answer, goes := range map[string]bool{"y\n": true, "YES\n": true, " y \n": true, "n\n": false, "\n": false, "": false, "yellow\n": false} {
		t.Run(fmt.Sprintf("%q", answer), func(t *testing.T) {
			t.Parallel()
			s := person(t, answer)
			s.books(2)
			said := s.run("sync")
			require.Equal(t, exitDone, said.code, said.err)
			for _, want := range []string{"2 contacts would be created in vcard B", "p0000.vcf  Given0 Family0  emails  p0@example.com", "know: vcard A does not say what was deleted", "Continue? [y/N]"} {
				if !strings.Contains(said.out, want) {
					t.Errorf("%q is not in\n%s", want, said.out)
				}
			}
			wrote := len(s.files("B"))
			if goes != (wrote == 2) || !goes && (wrote != 0 || !strings.Contains(said.out, "nothing was written")) {
				t.Errorf("%d cards were written\n%s", wrote, said.out)
			}
		})
	}
}

func TestWhoIsNotAsked(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(*shell)
		args   []string
	}{
		"with --yes":            {func(*shell) {}, []string{"sync", "--yes"}},
		"with --json":           {func(*shell) {}, []string{"sync", "--json"}},
		"nobody can answer":     {func(s *shell) { s.cli.inTTY = false }, []string{"sync"}},
		"nobody sees the plan":  {func(s *shell) { s.cli.outTTY = false }, []string{"sync"}},
		"who was asked already": {func(s *shell) { s.run("sync", "--yes"); s.card("A", 7) }, []string{"sync"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := person(t, "")
			s.books(2)
			row.change(s)
			said := s.run(row.args...)
			if said.code != exitDone || strings.Contains(said.out, "Continue?") || len(s.files("B")) < 2 {
				t.Errorf("%+v", said)
			}
		})
	}
}

func TestColours(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		tty  bool
		env  map[string]string
		want bool
	}{
		"terminal":            {true, nil, true},
		"terminal, NO_COLOR":  {true, map[string]string{"NO_COLOR": "1"}, false},
		"terminal, set empty": {true, map[string]string{"NO_COLOR": ""}, true},
		"pipe":                {false, nil, false},
	} {
		s := newShell(t)
		s.cli.outTTY, s.env = row.tty, row.env
		s.books(1)
		if said := s.run("sync", "--yes"); strings.Contains(said.out, "\x1b[") != row.want {
			t.Errorf("%s: %q", name, said.out)
		}
	}
}

func TestContactsSteerNoTerminal(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.mkdir("A")
	s.write("crm.csv", "ID,Email,Job Title", "1,x@example.com,\u202eevil")
	s.write(defaultConfig, strings.TrimSuffix(head, "\n"))
	said := s.run("plan")
	require.Equal(t, exitDone, said.code, said.err)
	if strings.ContainsAny(said.out, "\u202e") || !strings.Contains(said.out, "evil") {
		t.Errorf("%q", said.out)
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Ana Núñez":         "Ana Núñez",
		"فاطمة 🎾":           "فاطمة 🎾",
		"two\nlines\tand\r": "two lines and ",
		"\x1b[2J\x07\u009b": "\uFFFD[2J\uFFFD\uFFFD",
		"\u202etxt\u2066":   "\uFFFDtxt\uFFFD",
		"\xff":              "\uFFFD",
	} {
		if got := printable(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestInterruptedSyncLosesNothing(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(700)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.cli.err = &hook{f: func(text string) {
		if strings.Contains(text, "writing") {
			cancel()
		}
	}}
	said := s.runWith(ctx, "sync", "--verbose", "-c", s.path(defaultConfig))
	if said.code != exitFailed || !strings.Contains(said.out, "nothing is lost") {
		t.Errorf("%+v", said)
	}
	if n := len(s.files("B")); n == 700 {
		t.Errorf("all %d cards were written: it was not interrupted", n)
	}
	s.cli.err = nil
	if said := s.run("sync"); said.code != exitDone {
		t.Errorf("%+v", said)
	}
	if n := len(s.files("B")); n != 700 {
		t.Errorf("%d cards in B, want 700", n)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(1)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out := &hook{}
	out.f = func(text string) {
		switch {
		case strings.Contains(text, "nothing to do"):
			cancel()
		case strings.Contains(text, "not valid"):
			t.Error(text)
		}
	}
	s.cli.out = out
	said := s.runWith(ctx, "sync", "--watch", "1s", "-c", s.path(defaultConfig))
	if said.code != exitDone || !strings.Contains(out.String(), "books: done") || !strings.Contains(out.String(), "books: nothing to do") {
		t.Errorf("%d %s %s", said.code, out.String(), said.err)
	}
}

func TestWatchGoesOnAfterAnError(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(1)
	s.write(defaultConfig, strings.TrimSuffix(head, "\n"))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out := &hook{}
	out.f = func(text string) {
		switch {
		case strings.Contains(text, "one: done"):
			cancel()
		case strings.Contains(text, "there is no file"):
			s.write("crm.csv", "Name,Email")
		}
	}
	s.cli.out = out
	if said := s.runWith(ctx, "sync", "--watch", "1s", "-c", s.path(defaultConfig)); said.code != exitDone {
		t.Errorf("%+v\n%s", said, out.String())
	}
}

func TestVerboseTellsProgressInLines(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(3)
	said := s.run("sync", "-v")
	for _, want := range []string{"books: reading ", "books: writing "} {
		if !strings.Contains(said.err, want) {
			t.Errorf("%q is not in %q", want, said.err)
		}
	}
}

// TestLongWorkSaysHowFarItIs holds what is printed off a terminal of work that takes a while, by how long each batch takes.
func TestLongWorkSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		cli  cli
		each time.Duration
		want string
	}{
		{"short work", cli{}, time.Second / 2, ""},
		{"long work", cli{}, 3 * time.Second, "books: reading 200\nbooks: writing 0 of 900\nbooks: writing 600 of 900\n"},
		{"slow batches", cli{}, time.Minute, "books: reading 100\nbooks: reading 200\nbooks: reading 300\n" +
			"books: writing 0 of 900\nbooks: writing 300 of 900\nbooks: writing 600 of 900\nbooks: writing 900 of 900\n"},
		{"for a program", cli{json: true}, time.Minute, ""},
		{"asked for", cli{verbose: true}, time.Second / 2, "books: reading 100\nbooks: writing 0 of 900\n"},
		{"asked for, for a program", cli{verbose: true, json: true}, time.Second, "books: reading 100\nbooks: reading 300\n" +
			"books: writing 0 of 900\nbooks: writing 600 of 900\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var said strings.Builder
			clock := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
			row.cli.err, row.cli.now = &said, func() time.Time { return clock }
			bar := row.cli.newProgress("books")
			for _, p := range []contactsync.Progress{
				{Phase: contactsync.PhasePull, Done: 100}, {Phase: contactsync.PhasePull, Done: 200}, {Phase: contactsync.PhasePull, Done: 300},
				{Phase: contactsync.PhasePush, Total: 900}, {Phase: contactsync.PhasePush, Done: 300, Total: 900},
				{Phase: contactsync.PhasePush, Done: 600, Total: 900}, {Phase: contactsync.PhasePush, Done: 900, Total: 900},
			} {
				clock = clock.Add(row.each)
				bar.show(p)
			}
			if diff := cmp.Diff(row.want, said.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOffATerminalALongSyncSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(3)
	clock := time.Now()
	s.cli.now = func() time.Time { clock = clock.Add(newsEvery); return clock }
	if said := s.run("sync"); !strings.Contains(said.err, "books: reading ") || !strings.Contains(said.err, "books: writing ") || strings.Contains(said.out, "writing") {
		t.Errorf("%+v", said)
	}
}

func TestBarIsDrawnOnATerminalOnly(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(3)
	s.cli.errTTY = true
	said := s.run("sync")
	if !strings.Contains(said.err, "books: ") || !strings.Contains(said.err, "\r") || strings.Contains(said.out, "\r") {
		t.Errorf("%+v", said)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	c := &cli{self: "contactsync", configPath: defaultConfig}
	conn := configured{doc: contactsync.Connection{ID: "books"}}
	for want, err := range map[string]error{
		"another program is using it: try again": errors.New("sqlstore: lock the scope: database is locked (5) (SQLITE_BUSY)"),
		"to go on: contactsync resume books":     fmt.Errorf("sync: %w", contactsync.ErrPaused),
		"another sync of this connection is":     contactsync.ErrLeased,
		"has taken over; nothing is lost":        contactsync.ErrFenced,
		"interrupted; nothing is lost":           errors.Join(context.Canceled, errors.New("interrupted (9)")),
		"the app is unavailable":                 connector.ErrUnavailable,
	} {
		if got := c.sayError(failed(err), conn); !strings.Contains(got, want) {
			t.Errorf("%v: %q, want %q in it", err, got, want)
		}
	}
}
