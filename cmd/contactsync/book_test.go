package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/internal/docs"
	"github.com/stretchr/testify/require"
)

const bookRoot = "../.."

// TestYAMLOfTheBook: every YAML block is a configuration file, or keys of one connection in it, that this program takes.
// Whether its fields are there is for the apps to say.
func TestYAMLOfTheBook(t *testing.T) {
	t.Parallel()
	blocks, err := docs.Blocks(bookRoot, "yaml")
	require.NoError(t, err)
	require.NotEmpty(t, blocks)
	for _, b := range blocks {
		for _, fault := range faultsOfYAML(t, b.Code) {
			t.Errorf("%s: %s", b, fault)
		}
	}
}

// faultsOfYAML returns what the program has against a file, or against keys of a connection.
func faultsOfYAML(t *testing.T, code string) (faults []string) {
	s := newShell(t)
	if strings.HasPrefix(code, "connections:") || strings.Contains(code, "\nconnections:") {
		s.write(defaultConfig, code)
	} else {
		s.write(defaultConfig, head+"    "+strings.ReplaceAll(strings.TrimSuffix(code, "\n"), "\n", "\n    "))
	}
	c := s.cli
	c.configPath = s.path(defaultConfig)
	c.getenv = func(string) (string, bool) { return "set", true }
	file, err := c.readConfig()
	if err != nil {
		return []string{err.Error()}
	}
	for _, p := range file.problems {
		faults = append(faults, p.Message)
	}
	return faults
}

func TestYAMLThatIsNoConfiguration(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"direction: two-way\n":          "",
		"directions: two-way\n":         "no such key",
		"connections:\n  - {name: x}\n": "endpoint a is missing",
		"rules: [{frum: a}]\n":          "no such key",
	} {
		got := strings.Join(faultsOfYAML(t, code), "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %q; want %q", code, got, want)
		}
	}
}

// TestCommandsOfTheBook: every command of this program that the book tells to run is there, with its flags.
func TestCommandsOfTheBook(t *testing.T) {
	t.Parallel()
	blocks, err := docs.Blocks(bookRoot, "sh")
	require.NoError(t, err)
	seen := 0
	for _, b := range blocks {
		for _, line := range strings.Split(b.Code, "\n") {
			words := strings.Fields(strings.Split(line, "#")[0])
			at := slices.IndexFunc(words, func(w string) bool { return w == "contactsync" || w == "./cmd/contactsync" })
			if at < 0 {
				continue
			}
			seen++
			if err := checkCommand(words[at+1:]); err != nil {
				t.Errorf("%s: %s: %v", b, strings.TrimSpace(line), err)
			}
		}
	}
	require.NotZero(t, seen)
	require.Error(t, checkCommand([]string{"sink"}))
	require.Error(t, checkCommand([]string{"sync", "--force"}))
}

// checkCommand returns what is wrong with a command line, without running it.
func checkCommand(words []string) error {
	cmd, rest, err := newRoot(newCLI()).Find(words)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// TestKeysOfTheFile: the configuration reference has an entry for every key that this file has beside those of the
// library, and for every setting of every app.
func TestKeysOfTheFile(t *testing.T) {
	t.Parallel()
	rows, err := docs.Rows(bookRoot + "/docs/configuration.md")
	require.NoError(t, err)
	entries := map[string]bool{}
	for _, row := range rows {
		entries[strings.Trim(row[0], "`")] = true
	}
	want := []string{"store", "connections", "connections[].name", "a.app", "a.account", "a.kind", "b"}
	for _, app := range catalogue() {
		for _, s := range app.Settings {
			want = append(want, app.ID+": "+s.Name)
		}
	}
	for _, key := range want {
		if !entries[key] {
			t.Errorf("docs/configuration.md has no entry for %s", key)
		}
	}
	for entry := range entries {
		app, _, isSetting := strings.Cut(entry, ": ")
		if _, isApp := catalogue().App(app); isSetting && isApp && !slices.Contains(want, entry) {
			t.Errorf("docs/configuration.md has an entry for %s, which no app has", entry)
		}
	}
}
