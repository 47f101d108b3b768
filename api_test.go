package contactsync_test

import (
	"flag"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write what the API is into testdata/api instead of comparing it")

// publicPackages are the packages whose API is a promise, by their folder.
var publicPackages = []string{
	".",
	"auth",
	"auth/authsql",
	"auth/authtest",
	"auth/storetest",
	"connector",
	"connector/apptest",
	"connector/apptest/davfake",
	"connector/carddav",
	"connector/connectortest",
	"connector/csvfile",
	"connector/fake",
	"connector/httpapi",
	"connector/source",
	"connector/sqltable",
	"connector/vcard",
	"contact",
	"memstore",
	"simtest",
	"sqlstore",
	"storetest",
}

// golden returns the file that holds the API of a package.
func golden(folder string) string {
	name := strings.ReplaceAll(folder, "/", "-")
	if folder == "." {
		name = "contactsync"
	}
	return filepath.Join("testdata", "api", name+".txt")
}

// TestAPI compares what every public package exports, with its documentation, with a golden file, so that a changed
// promise shows in review. Run it with -update to accept a change.
func TestAPI(t *testing.T) {
	t.Parallel()
	for _, folder := range publicPackages {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			got, err := exec.Command("go", "doc", "-all", "./"+folder).Output()
			require.NoError(t, err)
			file := golden(folder)
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
				require.NoError(t, os.WriteFile(file, got, 0o644))
				return
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
				t.Errorf("the API has changed; if that is meant, run: go test -run TestAPI -update .\n%s", diff)
			}
		})
	}
}

// TestEveryPublicPackage: no package is public that TestAPI does not know.
func TestEveryPublicPackage(t *testing.T) {
	t.Parallel()
	for folder := range goFiles(t) {
		public := folder
		if folder == "" {
			public = "."
		}
		inside := strings.Contains("/"+folder+"/", "/internal/") || strings.HasPrefix(folder, "cmd/") || strings.HasPrefix(folder, "examples/")
		if inside == slices.Contains(publicPackages, public) {
			t.Errorf("%s: say whether it is public", public)
		}
	}
}

// TestEveryExportedNameIsDocumented holds what go doc would show without a word.
func TestEveryExportedNameIsDocumented(t *testing.T) {
	t.Parallel()
	for _, folder := range publicPackages {
		fset := token.NewFileSet()
		names, err := filepath.Glob(filepath.Join(folder, "*.go"))
		require.NoError(t, err)
		var files []*ast.File
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
			require.NoError(t, err)
			files = append(files, f)
		}
		p, err := doc.NewFromFiles(fset, files, module+"/"+folder)
		require.NoError(t, err)
		if p.Doc == "" {
			t.Errorf("%s: the package has no comment", folder)
		}
		for _, name := range undocumented(p) {
			t.Errorf("%s: %s has no comment", folder, name)
		}
	}
}

// undocumented returns the exported names of a package that have no comment.
func undocumented(p *doc.Package) (names []string) {
	funcs := func(of string, list []*doc.Func) {
		for _, f := range list {
			if f.Doc == "" {
				names = append(names, of+f.Name)
			}
		}
	}
	values := func(list []*doc.Value) {
		for _, v := range list {
			for _, spec := range v.Decl.Specs {
				s, ok := spec.(*ast.ValueSpec)
				if ok && v.Doc == "" && s.Doc.Text() == "" && s.Comment.Text() == "" {
					names = append(names, s.Names[0].Name)
				}
			}
		}
	}
	funcs("", p.Funcs)
	values(p.Consts)
	values(p.Vars)
	for _, t := range p.Types {
		if t.Doc == "" {
			names = append(names, t.Name)
		}
		funcs("", t.Funcs)
		funcs(t.Name+".", t.Methods)
		values(t.Consts)
		values(t.Vars)
	}
	return names
}
