package main

import (
	"cmp"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// TestEveryCommandIsInTheBook: docs/command-line.md has an entry for every command, as it is used, with each of its flags, and
// for nothing else.
func TestEveryCommandIsInTheBook(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/command-line.md")
	require.NoError(t, err)
	root := newRoot(newCLI())
	want := map[string][]string{"contactsync COMMAND": flagsOf(root.PersistentFlags())}
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() && cmd.Name() != "help" && cmd.Name() != "completion" {
			addCommand(want, "", cmd)
		}
	}
	require.Equal(t, want, commandsIn(string(text)))
}

// addCommand adds a command with those below it.
func addCommand(all map[string][]string, above string, cmd *cobra.Command) {
	if cmd.Runnable() {
		all[above+cmd.Use] = flagsOf(cmd.LocalNonPersistentFlags())
	}
	for _, sub := range cmd.Commands() {
		addCommand(all, above+cmd.Name()+" ", sub)
	}
}

// flagsOf returns the flags as the book writes them: "-y, --yes".
func flagsOf(set interface{ FlagUsages() string }) []string {
	all := []string{}
	for _, m := range usedFlag.FindAllStringSubmatch(set.FlagUsages(), -1) {
		if m[1] != "-h, --help" {
			all = append(all, m[1])
		}
	}
	slices.SortFunc(all, byLongName)
	return all
}

func byLongName(x, y string) int {
	return cmp.Compare(x[strings.Index(x, "--"):], y[strings.Index(y, "--"):])
}

var (
	usedFlag    = regexp.MustCompile("(?m)^ +((?:-[a-z], )?--[a-z-]+)")
	bookCommand = regexp.MustCompile("^### `(.+)`$")
	bookFlag    = regexp.MustCompile("^\\| `((?:-[a-z], )?--[a-z-]+)` \\|")
)

// commandsIn returns the flags of every command of the page: a heading is a command, a row beneath it a flag.
func commandsIn(text string) map[string][]string {
	all := map[string][]string{}
	command := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if m := bookCommand.FindStringSubmatch(line); m != nil {
			command = m[1]
			all[command] = []string{}
		} else if strings.HasPrefix(line, "#") {
			command = ""
		} else if m := bookFlag.FindStringSubmatch(line); m != nil {
			all[command] = append(all[command], m[1])
		}
	}
	for _, flags := range all {
		slices.SortFunc(flags, byLongName)
	}
	return all
}
