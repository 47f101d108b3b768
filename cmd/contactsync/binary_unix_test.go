//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// built is the real program, built once for all tests.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "contactsync-test-*")
	if err != nil {
		return "", err
	}
	folder = dir
	path := filepath.Join(dir, "contactsync")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, os.Chmod(dir, 0o755) // for tests that run it as somebody else
})

// folder is where built puts the program.
var folder string

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// program returns a call of the real program with the configuration of the folder.
func (s *shell) program(args ...string) *exec.Cmd {
	path, err := built()
	require.NoError(s.t, err)
	cmd := exec.Command(path, append(args, "-c", s.path(defaultConfig))...)
	cmd.Dir = s.dir
	return cmd
}

// runProgram runs the real program to its end.
func (s *shell) runProgram(args ...string) said {
	return finish(s.t, s.program(args...))
}

func finish(t *testing.T, cmd *exec.Cmd) said {
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return said{cmd.ProcessState.ExitCode(), out.String(), errOut.String()}
}

// signalled starts a sync, sends it a signal when it has begun to write, and returns how it ended.
func (s *shell) signalled(sig os.Signal) said {
	s.t.Helper()
	cmd := s.program("sync", "--verbose")
	var out bytes.Buffer
	cmd.Stdout = &out
	lines, err := cmd.StderrPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, cmd.Start())
	told := ""
	for scan := bufio.NewScanner(lines); scan.Scan(); {
		told += scan.Text() + "\n"
		if strings.Contains(scan.Text(), "writing") {
			require.NoError(s.t, cmd.Process.Signal(sig))
		}
	}
	_ = cmd.Wait() // the exit code tells
	return said{cmd.ProcessState.ExitCode(), out.String(), told}
}

func TestExitCodesOfTheProgram(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(5)
	for _, step := range []struct {
		name   string
		before func()
		args   []string
		want   int
	}{
		{"first sync", func() {}, []string{"sync"}, exitDone},
		{"no such connection", func() {}, []string{"sync", "x"}, exitConfig},
		{"half a card", func() { s.write("A/p0001.vcf", "BEGIN:VCARD") }, []string{"sync"}, exitRecords},
		{"a folder that is empty", func() { require.NoError(t, os.Rename(s.path("A"), s.path("C"))); s.mkdir("A") }, []string{"sync"}, exitHeld},
		{"a folder that is gone", func() { require.NoError(t, os.Remove(s.path("A"))) }, []string{"sync"}, exitFailed},
	} {
		step.before()
		if said := s.runProgram(step.args...); said.code != step.want {
			t.Errorf("%s: exit code %d, want %d: %+v", step.name, said.code, step.want, said)
		}
	}
	if n := len(s.files("B")); n != 5 {
		t.Errorf("%d cards are left in B, want 5", n)
	}
}

// TestCtrlC stops a first sync half-way. A machine that is busy may send the signal when all is written; then more cards give it
// more time.
func TestCtrlC(t *testing.T) {
	t.Parallel()
	var s *shell
	var said said
	cards, all := 750, true
	for all && cards < 50_000 {
		cards *= 2
		s = newShell(t)
		s.books(cards)
		said = s.signalled(os.Interrupt)
		all = len(s.files("B")) == cards
	}
	if said.code != exitFailed || !strings.Contains(said.out, "interrupted; nothing is lost") {
		t.Errorf("%+v", said)
	}
	s.completes(cards)
}

// TestKilled kills first syncs of 3,000 cards ten times, each at another moment, and lets a plain sync go on. They are
// killed one after the other first, so that the leases of the dead are waited for together.
func TestKilled(t *testing.T) {
	t.Parallel()
	const cards, kills = 3000, 10
	took := 2 * time.Second // a guess at what a first sync takes; it is halved where that was too much
	var killed []*shell
	for len(killed) < kills {
		s := newShell(t)
		s.books(cards)
		if s.killedAfter(time.Duration(rand.Int64N(int64(took)))) {
			t.Logf("killed with %d of %d cards in B", len(s.files("B")), cards)
			killed = append(killed, s)
			took += took / 4
		} else {
			took /= 2
		}
	}
	var going sync.WaitGroup
	for _, s := range killed {
		going.Go(func() { s.completes(cards) })
	}
	going.Wait()
}

// killedAfter starts a sync, kills it at some moment, and reports whether it was running still.
func (s *shell) killedAfter(d time.Duration) bool {
	s.t.Helper()
	cmd := s.program("sync")
	require.NoError(s.t, cmd.Start())
	time.Sleep(d)
	_ = cmd.Process.Kill() // one that has ended is noticed below
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode() == -1
}

// completes runs a plain sync, after which everybody is on both sides once.
func (s *shell) completes(crowd int) {
	s.t.Helper()
	if said := s.runProgram("sync"); said.code != exitDone {
		s.t.Errorf("%+v", said)
	}
	people := map[string]int{}
	for _, text := range s.files("B") {
		_, email, _ := strings.Cut(text, "EMAIL")
		people[strings.SplitN(email, "\n", 2)[0]]++
	}
	if len(people) != crowd || len(s.files("B")) != crowd || len(s.files("A")) != crowd {
		s.t.Errorf("%d cards of %d people in B, %d cards in A, want %d", len(s.files("B")), len(people), len(s.files("A")), crowd)
	}
}

func TestWatchEndsWithCtrlC(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(1)
	cmd := s.program("sync", "--watch", "1h")
	lines, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	for scan := bufio.NewScanner(lines); scan.Scan(); {
		if strings.Contains(scan.Text(), "in sync") {
			require.NoError(t, cmd.Process.Signal(os.Interrupt))
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v", err)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	dir, err := os.MkdirTemp("", "contactsync-readonly-*") // a folder that others can enter, too
	require.NoError(t, err)
	s.dir = dir
	t.Cleanup(func() { os.Chmod(s.path("B"), 0o755); os.RemoveAll(dir) })
	s.books(2)
	s.card("B", 7)
	require.NoError(t, os.Chmod(dir, 0o777))
	require.NoError(t, os.Chmod(s.path("A"), 0o777))
	require.NoError(t, os.Chmod(s.path("B"), 0o555))
	cmd := s.program("sync")
	if os.Geteuid() == 0 { // nothing is read-only for root
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	said := finish(t, cmd)
	if said.code != exitRecords && said.code != exitFailed {
		t.Errorf("exit code %d: %+v", said.code, said)
	}
	if !strings.Contains(said.out+said.err, "permission denied") {
		t.Errorf("the reason is not told: %+v", said)
	}
	if n := len(s.files("B")); n != 1 {
		t.Errorf("%d cards in B, want 1", n)
	}
	require.NoError(t, os.Chmod(s.path("B"), 0o777))
	if said := s.runProgram("sync"); said.code != exitDone || len(s.files("B")) != 3 {
		t.Errorf("%d cards in B: %+v", len(s.files("B")), said)
	}
}
