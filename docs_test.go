package contactsync_test

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"regexp"
	"slices"
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
var bookImports = []string{"context", "database/sql", "errors", "fmt", "log", "log/slog", "net/http", "os", "slices", "strings", "sync", "testing", "time",
	"net/http/httptest", "encoding/json", module, module + "/contact", module + "/connector", module + "/connector/connectortest", module + "/connector/fake",
	module + "/connector/vcard", module + "/connector/csvfile", module + "/memstore", module + "/sqlstore", module + "/storetest"}

// TestGoOfTheBook: every Go block compiles: as a file, as declarations, or as the inside of a function.
func TestGoOfTheBook(t *testing.T) {
	t.Parallel()
	blocks, err := docs.Blocks(".", "go")
	require.NoError(t, err)
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", exportsOf(t, "./..."))
	for _, b := range blocks {
		for _, fault := range compileBlock(fset, imports, b) {
			t.Errorf("%s: %v", b, fault)
		}
	}
}

// compileBlock returns what the compiler has against a block. In an excerpt a variable need not be used.
func compileBlock(fset *token.FileSet, imports types.Importer, b docs.Block) (faults []error) {
	f, err := parseBlock(fset, b)
	if err != nil {
		return []error{err}
	}
	conf := types.Config{Importer: imports, Error: func(err error) {
		if e := err.(types.Error); !strings.HasPrefix(e.Msg, "declared and not used") {
			faults = append(faults, err)
		}
	}}
	_, _ = conf.Check("book", fset, []*ast.File{f}, nil)
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
		faults := compileBlock(fset, imports, docs.Block{File: "x.md", Line: 7, Code: code})
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
