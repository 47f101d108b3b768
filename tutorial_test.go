package contactsync_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/internal/docs"
	"github.com/stretchr/testify/require"
)

// TestTutorial does what the tutorial for connectors tells: its files, put into one folder, pass the suite.
func TestTutorial(t *testing.T) {
	t.Parallel()
	output, err := testFiles(t, "docs/writing-a-connector.md", 4, func(code string) string { return code })
	require.NoError(t, err, "%s", output)
}

// TestRulesAreTestedAsTheBookSays runs the test of a rule that the book shows.
func TestRulesAreTestedAsTheBookSays(t *testing.T) {
	t.Parallel()
	output, err := testFiles(t, "docs/rules.md", 1, func(code string) string { return code })
	require.NoError(t, err, "%s", output)
	output, err = testFiles(t, "docs/rules.md", 1, func(code string) string { return strings.Replace(code, "HasNot(", "Has(", 1) })
	require.Error(t, err)
	require.Contains(t, string(output), "FAIL: TestWhoIsLabelledStaysOut")
}

// TestTutorialIsTested: a step that is left out is seen.
func TestTutorialIsTested(t *testing.T) {
	t.Parallel()
	output, err := testFiles(t, "docs/writing-a-connector.md", 4, func(code string) string {
		return strings.Replace(code, "w.Version != held.Fields.Digest()", "false", 1)
	})
	require.Error(t, err)
	require.Contains(t, string(output), "FAIL: TestConformance/conditional")
}

// testFiles runs the tests of the files that a page shows, as if they lay beside it.
func testFiles(t *testing.T, page string, files int, edit func(code string) string) ([]byte, error) {
	blocks, err := docs.Blocks(".", "go")
	require.NoError(t, err)
	folder, err := filepath.Abs("docs")
	require.NoError(t, err)
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for _, b := range blocks {
		if b.File != page || !strings.HasPrefix(b.Code, "package ") {
			continue
		}
		name := fmt.Sprintf("step%d.go", len(overlay.Replace)+1)
		if strings.Contains(b.Code, `"testing"`) {
			name = "page_test.go"
		}
		file := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(file, []byte(edit(b.Code)), 0o600))
		overlay.Replace[filepath.Join(folder, name)] = file
	}
	require.Len(t, overlay.Replace, files)
	list, err := json.Marshal(overlay)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(file, list, 0o600))
	return exec.CommandContext(t.Context(), "go", "test", "-overlay", file, "./docs").CombinedOutput()
}
