package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/contactsync/contactsync/internal/docs"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// TestBrokenLinks: a link to a file or to a heading that is not there is found, wherever it stands.
func TestBrokenLinks(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o600))
	}
	write("a.md", "# The `--json` flag, twice\n## Rules\n## Rules\n```sh\n# no heading\n```\n"+
		"[1](b.md) [2](b.md#b) [3](#rules) [4](#rules-1) [5](#the---json-flag-twice) [6](https://example.com/x#y)\n"+
		"[7](c.md) [8](b.md#a) [9](#no-heading) [10](#rules-2) [11](#Rules)\n")
	write("b.md", "# B\n")
	want := []string{
		"a.md:8: c.md is not there",
		"a.md:8: b.md has no heading #a",
		"a.md:8: a.md has no heading #no-heading",
		"a.md:8: a.md has no heading #rules-2",
		"a.md:8: a.md has no heading #Rules",
	}
	if diff := cmp.Diff(want, docs.BrokenLinks(root, []string{"a.md"})); diff != "" {
		t.Error(diff)
	}
}
