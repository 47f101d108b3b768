package contactsync_test

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	. "github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/internal/docs"
	"github.com/stretchr/testify/require"
)

// languages are those of the documentation's code blocks, with the test that looks at them. A block of another
// language would be looked at by none.
var languages = map[string]string{
	"go":   "TestGoOfTheBook",
	"json": "TestJSONOfTheBook",
	"yaml": "TestYAMLOfTheBook of cmd/contactsync",
	"sh":   "TestCommandsOfTheBook of cmd/contactsync",
	"text": "output, for people",
	"":     "drawings",
}

func TestLanguagesOfTheBook(t *testing.T) {
	t.Parallel()
	blocks, err := docs.Blocks(".", "")
	require.NoError(t, err)
	require.NotEmpty(t, blocks)
	for _, b := range blocks {
		if languages[b.Language] == "" {
			t.Errorf("%s: no test looks at blocks of language %q", b, b.Language)
		}
	}
}

// bookImports are the packages that the book's Go calls by name.
var bookImports = []string{
	"context", "database/sql", "encoding/json", "errors", "fmt", "log", "log/slog", "net/http", "net/http/httptest", "os",
	"slices", "strconv", "strings", "sync", "testing", "time",
	module, module + "/auth", module + "/auth/authsql", module + "/auth/authtest", module + "/connector",
	module + "/connector/apptest", module + "/connector/apptest/davfake", module + "/connector/carddav",
	module + "/connector/connectortest", module + "/connector/csvfile", module + "/connector/fake",
	module + "/connector/httpapi", module + "/connector/source", module + "/connector/sqltable",
	module + "/connector/vcard", module + "/contact", module + "/memstore", module + "/simtest", module + "/sqlstore", module + "/storetest",
}

// TestGoOfTheBook: every Go block compiles: as a file of a package that a page spreads over several, as declarations, or as
// the inside of a function.
func TestGoOfTheBook(t *testing.T) {
	t.Parallel()
	blocks, err := docs.Blocks(".", "go")
	require.NoError(t, err)
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", exportsOf(t, "./..."))
	for _, unit := range packagesOf(blocks) {
		for _, fault := range compileBlocks(fset, imports, unit) {
			t.Errorf("%s: %v", unit[0], fault)
		}
	}
}

// packagesOf returns the blocks by what is compiled together: the files of one package on one page, all others alone.
func packagesOf(blocks []docs.Block) [][]docs.Block {
	var units [][]docs.Block
	at := map[string]int{} // by page and package clause
	for _, b := range blocks {
		clause, _, _ := strings.Cut(b.Code, "\n")
		n, known := at[b.File+clause]
		switch {
		case !strings.HasPrefix(clause, "package "):
			units = append(units, []docs.Block{b})
		case known:
			units[n] = append(units[n], b)
		default:
			at[b.File+clause] = len(units)
			units = append(units, []docs.Block{b})
		}
	}
	return units
}

// compileBlocks returns what the compiler has against blocks of one package. In an excerpt a variable need not be used.
func compileBlocks(fset *token.FileSet, imports types.Importer, unit []docs.Block) (faults []error) {
	var files []*ast.File
	for _, b := range unit {
		f, err := parseBlock(fset, b)
		if err != nil {
			return []error{err}
		}
		files = append(files, f)
	}
	conf := types.Config{Importer: imports, Error: func(err error) {
		if e := err.(types.Error); !strings.HasPrefix(e.Msg, "declared and not used") {
			faults = append(faults, err)
		}
	}}
	_, _ = conf.Check("book", fset, files, nil)
	return faults
}

// parseBlock makes a file of the block, with the lines as they are in the book.
func parseBlock(fset *token.FileSet, b docs.Block) (*ast.File, error) {
	head := func() string {
		text := "package book\n"
		for _, path := range bookImports {
			name := path[strings.LastIndex(path, "/")+1:]
			if regexp.MustCompile(`\b` + name + `\.[A-Z]`).MatchString(b.Prelude + b.Code) {
				text += fmt.Sprintf("import %q\n", path)
			}
		}
		return text + b.Prelude + "\n"
	}
	line := fmt.Sprintf("//line %s:%d\n", b.File, b.Line)
	forms := []string{line + b.Code}
	if !strings.HasPrefix(b.Code, "package ") {
		forms = []string{head() + line + b.Code, head() + "func _(ctx context.Context) error {\n" + line + b.Code + "return nil\n}"}
		if !strings.Contains(forms[1], "import \"context\"") {
			forms[1] = strings.Replace(forms[1], "package book\n", "package book\nimport \"context\"\n", 1)
		}
	}
	var first error
	for _, source := range forms {
		f, err := parser.ParseFile(fset, "", source, parser.SkipObjectResolution)
		if err == nil {
			return f, nil
		}
		first = err
	}
	return nil, first
}

// TestBlocksThatDoNotCompile: the test of the book sees what is wrong.
func TestBlocksThatDoNotCompile(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", exportsOf(t, "."))
	for code, want := range map[string]string{
		"s, err := contactsync.Open(ctx, c, a, b, store)\n": "undefined: c",
		"x := contactsync.Filter{Feild: \"x\"}\n":           "unknown field Feild",
		"func f() int { return \"x\" }\n":                   "cannot use",
		"this is no Go\n":                                   "expected",
		"return contactsync.ErrPaused\n":                    "",
		"package p\n\nvar x int\n":                          "",
	} {
		faults := compileBlocks(fset, imports, []docs.Block{{File: "x.md", Line: 7, Code: code}})
		if want == "" && len(faults) > 0 || want != "" && !strings.Contains(fmt.Sprint(faults), want) {
			t.Errorf("%q: %v; want %q", code, faults, want)
		}
	}
}

// TestJSONOfTheBook: every JSON block is a connection.
func TestJSONOfTheBook(t *testing.T) {
	t.Parallel()
	blocks, err := docs.Blocks(".", "json")
	require.NoError(t, err)
	for _, b := range blocks {
		if _, err := ParseConnection([]byte(b.Code)); err != nil {
			t.Errorf("%s: %v", b, err)
		}
	}
}

// TestLinksOfTheBook: what a page links to in this repository is there.
func TestLinksOfTheBook(t *testing.T) {
	t.Parallel()
	files, err := docs.Files(".")
	require.NoError(t, err)
	for _, missing := range docs.BrokenLinks(".", files) {
		t.Error(missing)
	}
	require.True(t, slices.Contains(files, "docs/rules.md"))
}

// TestChaptersOfTheBook: every page of docs is in its table of contents.
func TestChaptersOfTheBook(t *testing.T) {
	t.Parallel()
	files, err := docs.Files(".")
	require.NoError(t, err)
	contents, err := os.ReadFile("docs/README.md")
	require.NoError(t, err)
	for _, file := range files {
		name, inDocs := strings.CutPrefix(file, "docs/")
		if inDocs && name != "README.md" && !strings.Contains(string(contents), "("+name+")") {
			t.Errorf("docs/README.md does not name %s", name)
		}
	}
}

// TestFaultsOfTheBook: the page on reliability names every fault once, and what shows that it is withstood: a test or a
// scenario that is there, or what is not built yet, or whose work it is.
func TestFaultsOfTheBook(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/reliability.md")
	require.NoError(t, err)
	shown, next := proofs(t), 1
	for _, row := range regexp.MustCompile(`(?m)^\| F(\d+) \|([^|]+)\|([^|]+)\|([^|]+)\|$`).FindAllStringSubmatch(string(page), -1) {
		require.Equal(t, strconv.Itoa(next), row[1], "the faults in order")
		next++
		names := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[4], -1)
		if len(names) == 0 && !strings.Contains(row[3], "*Not yet*") && !strings.Contains(row[3], "*Host's*") {
			t.Errorf("F%s: nothing shows it", row[1])
		}
		for _, name := range names {
			if !shown[name[1]] {
				t.Errorf("F%s: there is no test or scenario %s", row[1], name[1])
			}
		}
	}
	require.Equal(t, 111, next, "faults 1 to 110")
}

// TestSecurityOfTheBook: every test that the page on security names is there, and every promise has one or a reason.
func TestSecurityOfTheBook(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/security.md")
	require.NoError(t, err)
	shown, next := proofs(t), 1
	for _, row := range regexp.MustCompile(`(?m)^\| S(\d+) \|(.+)\|([^|]+)\|$`).FindAllStringSubmatch(string(page), -1) {
		require.Equal(t, strconv.Itoa(next), row[1], "the promises in order")
		next++
		if strings.TrimSpace(row[3]) == "" && !strings.Contains(row[2], "not apply yet") {
			t.Errorf("S%s: nothing holds it, and nothing says why", row[1])
		}
		for _, name := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(row[3], -1) {
			if !shown[name[1]] {
				t.Errorf("S%s: there is no test %s", row[1], name[1])
			}
		}
	}
	require.Equal(t, 34, next, "S1 to S33")
}

// proofs returns the names of all tests, fuzz targets and scenarios.
func proofs(t *testing.T) map[string]bool {
	t.Helper()
	names, pattern := map[string]bool{}, map[string]*regexp.Regexp{
		"_test.go": regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`),
		".yaml":    regexp.MustCompile(`(?m)^name: (\S+)$`),
	}
	require.NoError(t, filepath.WalkDir(".", func(path string, _ os.DirEntry, err error) error {
		for suffix, name := range pattern {
			if err != nil || !strings.HasSuffix(path, suffix) {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, found := range name.FindAllSubmatch(text, -1) {
				names[string(found[1])] = true
			}
		}
		return err
	}))
	return names
}
