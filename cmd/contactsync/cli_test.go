package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shell calls the command line in this process, from the files of one folder.
type shell struct {
	t   *testing.T
	dir string
	env map[string]string
	// cli is what each call begins with, and its clock stands still; tests that play a person at a terminal change it.
	cli cli
}

func newShell(t *testing.T) *shell {
	begun := time.Now()
	return &shell{t: t, dir: t.TempDir(), env: map[string]string{},
		cli: cli{in: strings.NewReader(""), self: "contactsync", now: func() time.Time { return begun }}}
}

// said is what a call printed, and its exit code.
type said struct {
	code     int
	out, err string
}

// run calls the command line with the configuration file of the folder.
func (s *shell) run(args ...string) said {
	s.t.Helper()
	return s.runWith(context.Background(), append(args, "-c", s.path(defaultConfig))...)
}

func (s *shell) runWith(ctx context.Context, args ...string) said {
	var out, errOut bytes.Buffer
	c := s.cli
	if c.out == nil {
		c.out = &out
	}
	if c.err == nil {
		c.err = &errOut
	}
	c.getenv = func(name string) (string, bool) { v, ok := s.env[name]; return v, ok }
	code := execute(ctx, &c, args)
	return said{code, strings.ReplaceAll(out.String(), s.dir, "DIR"), strings.ReplaceAll(errOut.String(), s.dir, "DIR")}
}

func (s *shell) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

// write makes a file with these lines.
func (s *shell) write(name string, lines ...string) {
	s.t.Helper()
	require.NoError(s.t, os.MkdirAll(filepath.Dir(s.path(name)), 0o755))
	require.NoError(s.t, os.WriteFile(s.path(name), []byte(strings.Join(lines, "\n")+"\n"), 0o644))
}

func (s *shell) mkdir(name string) {
	s.t.Helper()
	require.NoError(s.t, os.MkdirAll(s.path(name), 0o755))
}

func (s *shell) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(s.path(name))
	require.NoError(s.t, err)
	return string(text)
}

// replace edits a file.
func (s *shell) replace(name, old, now string) {
	s.t.Helper()
	text := s.read(name)
	require.Contains(s.t, text, old)
	require.NoError(s.t, os.WriteFile(s.path(name), []byte(strings.Replace(text, old, now, 1)), 0o644))
}

// files returns the content of all files of a folder, by name.
func (s *shell) files(name string) map[string]string {
	s.t.Helper()
	entries, err := os.ReadDir(s.path(name))
	require.NoError(s.t, err)
	all := map[string]string{}
	for _, e := range entries {
		if !e.IsDir() {
			all[e.Name()] = s.read(name + "/" + e.Name())
		}
	}
	return all
}

// card writes a card of person number i.
func (s *shell) card(folder string, i int) {
	name := fmt.Sprintf("%s/p%04d.vcf", folder, i)
	s.write(name, cardText(i)...)
	s.age(name)
}

// age makes a file an hour old, as a file is that nobody is just writing.
func (s *shell) age(name string) {
	s.t.Helper()
	old := time.Now().Add(-time.Hour)
	require.NoError(s.t, os.Chtimes(s.path(name), old, old))
}

func cardText(i int) []string {
	return []string{"BEGIN:VCARD", "VERSION:3.0", fmt.Sprintf("UID:uid-%d", i), fmt.Sprintf("N:Family%d;Given%d;;;", i, i),
		fmt.Sprintf("FN:Given%d Family%d", i, i), fmt.Sprintf("EMAIL:p%d@example.com", i), "END:VCARD"}
}

// books makes two address books, the first with n cards, and their configuration.
func (s *shell) books(n int) {
	s.mkdir("A")
	s.mkdir("B")
	for i := range n {
		s.card("A", i)
	}
	s.write(defaultConfig,
		"connections:",
		"  - name: books",
		"    a: {app: vcard, path: A}",
		"    b: {app: vcard, path: B}")
}

// decode reads the one JSON document that a call printed.
func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	d := json.NewDecoder(strings.NewReader(text))
	require.NoError(t, d.Decode(&v), text)
	require.False(t, d.More(), "there is more than one document: %s", text)
	return v
}

// hook is a writer that calls f with all that was written so far.
type hook struct {
	bytes.Buffer
	f func(text string)
}

func (h *hook) Write(p []byte) (int, error) {
	n, err := h.Buffer.Write(p)
	h.f(h.Buffer.String())
	return n, err
}
