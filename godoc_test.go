package contactsync_test

import (
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/internal/docs"
	"github.com/stretchr/testify/require"
)

// documented returns a public package as pkg.go.dev shows it, with its examples.
func documented(t *testing.T, folder string) *doc.Package {
	fset := token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	var files []*ast.File
	for _, name := range names {
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, f)
	}
	p, err := doc.NewFromFiles(fset, files, strings.TrimSuffix(module+"/"+folder, "/."))
	require.NoError(t, err)
	return p
}

// typeNamed returns the documentation of a type.
func typeNamed(p *doc.Package, name string) *doc.Type {
	for _, t := range p.Types {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// TestEveryVerbHasItsExample: pkg.go.dev shows below each method of Syncer how it is used, and the package comment names
// them all.
func TestEveryVerbHasItsExample(t *testing.T) {
	t.Parallel()
	p := documented(t, ".")
	verbs := typeNamed(p, "Syncer").Methods
	require.NotEmpty(t, verbs)
	for _, verb := range verbs {
		if len(verb.Examples) == 0 {
			t.Errorf("there is no ExampleSyncer_%s", verb.Name)
		}
		if !strings.Contains(p.Doc, "[Syncer."+verb.Name+"]") {
			t.Errorf("the package comment does not name Syncer.%s", verb.Name)
		}
	}
}

// TestEveryConstructorIsShown: whatever makes something of a public package is called in an example of that package.
func TestEveryConstructorIsShown(t *testing.T) {
	t.Parallel()
	for _, folder := range publicPackages {
		p := documented(t, folder)
		called := calledInExamples(t, folder)
		for _, made := range p.Types {
			for _, f := range made.Funcs {
				if !called[p.Name+"."+f.Name] {
					t.Errorf("no example of %s calls %s", p.Name, f.Name)
				}
			}
		}
	}
}

// calledInExamples returns the functions that the examples of a package call, as "package.Name".
func calledInExamples(t *testing.T, folder string) map[string]bool {
	called := map[string]bool{}
	names, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	require.NoError(t, err)
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, e := range doc.Examples(f) {
			ast.Inspect(e.Code, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if of, ok := call.Fun.(*ast.SelectorExpr); ok {
						if pkg, ok := of.X.(*ast.Ident); ok {
							called[pkg.Name+"."+of.Sel.Name] = true
						}
					}
				}
				return true
			})
		}
	}
	return called
}

// TestLinksToExamples: where the book links to an example on pkg.go.dev, there is one.
func TestLinksToExamples(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	names, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, e := range doc.Examples(f) {
			there[strings.ReplaceAll(e.Name, "_", ".")] = true
		}
	}
	pages, err := docs.Files(".")
	require.NoError(t, err)
	seen := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(module+`#example-([\w.]+)`).FindAllStringSubmatch(string(text), -1) {
			if seen++; !there[m[1]] {
				t.Errorf("%s: there is no example of %s", page, m[1])
			}
		}
	}
	require.NotZero(t, seen)
}

// link is what a comment means as a link to a name.
var link = regexp.MustCompile(`\[\*?[A-Za-z]+(\.[A-Z]\w*)*\]`)

// TestLinksOfTheDocumentation: every [Name] in a comment of a public package leads to something. One that does not is
// shown with its brackets.
func TestLinksOfTheDocumentation(t *testing.T) {
	t.Parallel()
	for _, folder := range publicPackages {
		p := documented(t, folder)
		look := func(where, text string) {
			for _, block := range p.Parser().Parse(text).Content {
				for _, dead := range link.FindAllString(shownAsItIs(block), -1) {
					t.Errorf("%s: %s: %s leads nowhere", p.Name, where, dead)
				}
			}
		}
		look("package comment", p.Doc)
		values := func(list []*doc.Value) {
			for _, v := range list {
				look(strings.Join(v.Names, ", "), v.Doc)
			}
		}
		funcs := func(list []*doc.Func) {
			for _, f := range list {
				look(f.Name, f.Doc)
			}
		}
		values(p.Consts)
		values(p.Vars)
		funcs(p.Funcs)
		for _, made := range p.Types {
			look(made.Name, made.Doc)
			values(made.Consts)
			values(made.Vars)
			funcs(made.Funcs)
			funcs(made.Methods)
		}
	}
}

// shownAsItIs returns the words of a block that are shown as they are: neither links nor code.
func shownAsItIs(block comment.Block) string {
	words := func(list []comment.Text) (all string) {
		for _, one := range list {
			if text, ok := one.(comment.Plain); ok {
				all += string(text)
			}
		}
		return all
	}
	switch b := block.(type) {
	case *comment.Paragraph:
		return words(b.Text)
	case *comment.Heading:
		return words(b.Text)
	case *comment.List:
		all := ""
		for _, item := range b.Items {
			for _, part := range item.Content {
				all += shownAsItIs(part) + "\n"
			}
		}
		return all
	}
	return ""
}
