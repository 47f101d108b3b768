package contactsync_test

import (
	"bufio"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/contactsync/contactsync"

// A folder imports only what its row names: further packages of this repository, and modules. The standard library
// is always free. Tests are apart.
type imports struct {
	folder string   // the first that a package is in, or is, counts
	own    []string // packages of this repository; "*" is any
	others []string // path prefixes of other modules; "*" is any
}

// testModules are for the suites that other packages' tests run.
var testModules = []string{"github.com/google/go-cmp/", "github.com/stretchr/testify/require", "pgregory.net/rapid"}

var directions = []imports{
	{"contact", nil, []string{"golang.org/x/text/", "golang.org/x/net/idna", "github.com/nyaruka/phonenumbers"}},
	{"connector/connectortest", []string{"contact", "connector"}, testModules},
	{"connector/fake", []string{"contact", "connector"}, nil},
	{"connector/apptest/davfake", []string{"connector/apptest"}, nil},
	{"connector/apptest", []string{"connector"}, nil},
	{"connector/source", []string{"contact", "connector"}, nil},
	{"connector/vcard", []string{"contact", "connector", "connector/httpapi", "internal/vcard", "internal/cards"}, []string{"golang.org/x/"}},
	{"connector/httpapi", []string{"contact", "connector"}, []string{"golang.org/x/"}},
	{"connector/carddav", []string{"contact", "connector", "connector/httpapi", "internal/vcard", "internal/cards"}, []string{"golang.org/x/"}},
	{"connector/csvfile", []string{"contact", "connector", "connector/httpapi", "internal/vcard"}, []string{"golang.org/x/"}},
	{"connector/sqltable", []string{"contact", "connector"}, nil},
	{"connector", []string{"contact"}, []string{"golang.org/x/"}},
	{"auth/authtest", nil, nil},
	{"auth/authsql", []string{"auth"}, nil},
	{"auth/storetest", []string{"auth"}, testModules},
	{"auth", []string{"connector", "contact"}, nil},
	{"internal/vcard", []string{"contact"}, []string{"golang.org/x/"}},
	{"internal/cards", []string{"contact", "connector", "internal/vcard"}, []string{"golang.org/x/"}},
	{"internal/docs", nil, nil},
	{"internal/mutants", []string{"internal/mutants"}, nil},
	{"internal/sim/oracle", []string{"contact"}, nil},
	{"internal/sim", []string{"*"}, nil},
	{"memstore", []string{"", "connector", "contact"}, nil},
	{"sqlstore", []string{"", "connector", "contact"}, nil},
	{"storetest", []string{"", "connector", "contact"}, testModules},
	{"simtest", []string{"", "connector", "contact", "internal/sim"}, nil},
	{"cmd/contactsync", []string{"*"}, []string{"*"}},
	{"internal/e2e", []string{"*"}, []string{"*"}},
	{"examples/crm", []string{"*"}, []string{"modernc.org/sqlite"}},
	{"examples", []string{"*"}, nil},
	{"", []string{"contact", "connector"}, []string{"golang.org/x/text/"}},
}

// rootModules is all that the root module may require, directly or not: what a host of the library gets.
var rootModules = []string{"golang.org/x/text", "golang.org/x/net", "golang.org/x/time", "golang.org/x/sync", "golang.org/x/oauth2",
	"github.com/nyaruka/phonenumbers", "google.golang.org/protobuf", // phonenumbers stores its tables so
	"github.com/google/go-cmp", "github.com/stretchr/testify", "pgregory.net/rapid", // tests
	"github.com/davecgh/go-spew", "github.com/pmezard/go-difflib", "gopkg.in/yaml.v3", "go.yaml.in/yaml/v3"} // testify's own

// nestedModules is what nested modules may require beside the root and what it requires.
var nestedModules = map[string][]string{
	"cmd/contactsync": {"github.com/spf13/cobra", "github.com/goccy/go-yaml", "github.com/schollz/progressbar/v3", "modernc.org/sqlite", "github.com/jackc/pgx/v5", "golang.org/x/term"},
	"examples/crm":    {"modernc.org/sqlite"},
	"internal/e2e":    {"github.com/goccy/go-yaml", "modernc.org/sqlite", "github.com/jackc/pgx/v5"},
}

// goFiles returns the folders of this repository with their Go files, tests apart.
func goFiles(t *testing.T) map[string][]string {
	t.Helper()
	folders := map[string][]string{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() && name != "." && (base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(base, ".go") && !strings.HasSuffix(base, "_test.go") {
			folder := strings.TrimPrefix(path.Dir(filepath.ToSlash(name)), ".")
			folders[folder] = append(folders[folder], name)
		}
		return nil
	})
	require.NoError(t, err)
	return folders
}

// directionOf returns the row of a folder.
func directionOf(folder string) (imports, bool) {
	for _, d := range directions {
		if folder == d.folder || d.folder != "" && strings.HasPrefix(folder, d.folder+"/") {
			return d, true
		}
	}
	return imports{}, false
}

func TestImportDirections(t *testing.T) {
	t.Parallel()
	for folder, files := range goFiles(t) {
		d, ok := directionOf(folder)
		if !ok {
			t.Errorf("%s: no row says what it may import", folder)
			continue
		}
		for _, file := range files {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			for _, i := range f.Imports {
				target, _ := strconv.Unquote(i.Path.Value)
				if !d.allows(target) {
					t.Errorf("%s imports %s, which its folder may not", file, target)
				}
			}
		}
	}
}

// allows reports whether a package of the row may import target.
func (d imports) allows(target string) bool {
	if own, ok := strings.CutPrefix(target, module); ok {
		own = strings.TrimPrefix(own, "/")
		return slices.Contains(d.own, "*") || slices.Contains(d.own, own)
	}
	first, _, _ := strings.Cut(target, "/")
	if !strings.Contains(first, ".") {
		return true // the standard library
	}
	return slices.ContainsFunc(d.others, func(prefix string) bool { return prefix == "*" || strings.HasPrefix(target, prefix) })
}

// required returns the modules that a go.mod requires, and which of them only indirectly.
func required(t *testing.T, file string) map[string]bool {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	all, in := map[string]bool{}, false
	for s := bufio.NewScanner(f); s.Scan(); {
		line := strings.TrimSpace(s.Text())
		switch {
		case line == "require (":
			in = true
		case line == ")":
			in = false
		case in || strings.HasPrefix(line, "require "):
			words := strings.Fields(strings.TrimPrefix(line, "require "))
			if len(words) >= 2 {
				all[words[0]] = strings.Contains(line, "// indirect")
			}
		}
	}
	return all
}

func TestRequiredModules(t *testing.T) {
	t.Parallel()
	for name := range required(t, "go.mod") {
		if !slices.Contains(rootModules, name) {
			t.Errorf("go.mod requires %s: a host of the library would pay for it", name)
		}
	}
	for folder, allowed := range nestedModules {
		for name, indirect := range required(t, filepath.Join(folder, "go.mod")) {
			if !indirect && name != module && !slices.Contains(allowed, name) && !slices.Contains(rootModules, name) {
				t.Errorf("%s/go.mod requires %s", folder, name)
			}
		}
	}
}
