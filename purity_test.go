package contactsync_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The files of this package that decide are pure: the same records, state and time give the same plan. They use
// nothing of the files that do not decide, and of other packages only what has no clock, no randomness and no I/O.

var deciding = []string{"connection.go", "rules.go", "action.go", "filter.go", "mapping.go", "defaults.go", "transform.go", "match.go", "conflict.go",
	"lists.go", "membership.go", "reconcile.go", "clash.go", "finish.go", "plan.go", "guard.go", "state.go", "config.go", "sentence.go", "warnings.go", "choices.go", "limits.go", "revert.go", "why.go",
	"person.go", "similar.go", "names.go", "nicknames.go", "scorer.go", "suggest.go", "echo.go", "landed.go"}

var notDeciding = []string{"doc.go", "store.go", "rows.go", "codec.go", "codec_writes.go", "codec_life.go", "codec_rare.go", "shadow.go", "book.go", "commit.go", "carry.go", "pull.go", "lag.go", "untold.go", "listing.go", "push.go", "recover.go", "recover_create.go", "sync.go",
	"status.go", "verbs.go", "options.go", "document.go", "strict.go", "life.go", "rehearse.go", "agenda.go", "readahead.go", "configure.go", "draft.go", "kinds.go", "review.go", "forecast.go", "upsert.go", "hidden.go", "inbox.go", "keyfinder.go", "paused.go", "decisions.go", "rename.go", "conflicts.go",
	"pairing.go", "consent.go", "records.go", "legend.go", "traces.go", "export.go", "forget.go", "remains.go", "prune.go", "delete.go", "history.go", "rollback.go", "written.go", "takeback.go", "unlink.go", "explain.go",
	"resolved.go", "access.go", "proposals.go", "merge.go", "suggestions.go", "neighbours.go", "fleet.go"}

// decidingImports are the packages that a deciding file may import.
var decidingImports = []string{"cmp", "crypto/sha256", "encoding/base64", "errors", "fmt", "iter", "maps", "math", "math/big", "slices", "sort", "strconv", "strings", "time", "unicode",
	"golang.org/x/text/cases", "golang.org/x/text/unicode/norm",
	"github.com/contactsync/contactsync/contact",
	"github.com/contactsync/contactsync/connector"}

// decidingConnector is all that a deciding file may use of package connector: what a write does.
var decidingConnector = []string{"Op", "Create", "Update", "Delete"}

// clockNames are the functions of package time that look at a clock or wait.
var clockNames = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Local"}

// mapRanges are the ranges over maps that were looked at: by function, why no order shows.
var mapRanges = map[string]string{
	"finishCreate":  "it fills a patch, which is a map, field by field",
	"whyCreated":    "it fills a map, field by field",
	"forgetRetired": "it deletes of the map what is to go, each entry by itself",
}

// loaded is this package with its types.
type loaded struct {
	fset  *token.FileSet
	files map[string]*ast.File
	info  *types.Info
	pkg   *types.Package
}

func load(t *testing.T) *loaded {
	t.Helper()
	l := &loaded{fset: token.NewFileSet(), files: map[string]*ast.File{}, info: &types.Info{
		Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}}}
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(l.fset, name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		l.files[name] = f
		files = append(files, f)
	}
	conf := types.Config{Importer: importer.ForCompiler(l.fset, "gc", exports(t))}
	l.pkg, err = conf.Check("github.com/contactsync/contactsync", l.fset, files, l.info)
	require.NoError(t, err)
	return l
}

// exports returns where the compiler has put the types of the packages that this one imports.
func exports(t *testing.T) importer.Lookup { return exportsOf(t, ".") }

// exportsOf returns the same for the packages of a pattern, with what they import.
func exportsOf(t *testing.T, pattern string) importer.Lookup {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", pattern).Output()
	require.NoError(t, err)
	where := map[string]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct{ ImportPath, Export string }
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		where[p.ImportPath] = p.Export
	}
	return func(path string) (io.ReadCloser, error) {
		if where[path] == "" {
			return nil, fmt.Errorf("no types of %s", path)
		}
		return os.Open(where[path])
	}
}

func (l *loaded) file(pos token.Pos) string { return filepath.Base(l.fset.Position(pos).Filename) }
func (l *loaded) at(pos token.Pos) string   { return l.fset.Position(pos).String() }

func TestDecidingFilesArePure(t *testing.T) {
	t.Parallel()
	l := load(t)
	for name := range l.files {
		if slices.Contains(deciding, name) == slices.Contains(notDeciding, name) {
			t.Errorf("%s: say whether it decides, in deciding or notDeciding", name)
		}
	}
	for _, name := range deciding {
		f := l.files[name]
		if f == nil {
			t.Errorf("%s: there is no such file", name)
			continue
		}
		for _, fault := range l.impure(f) {
			t.Error(fault)
		}
	}
}

// impure returns what a deciding file does that it may not.
func (l *loaded) impure(f *ast.File) (faults []string) {
	bad := func(pos token.Pos, format string, args ...any) {
		faults = append(faults, l.at(pos)+": "+fmt.Sprintf(format, args...))
	}
	for _, i := range f.Imports {
		if path, _ := strconv.Unquote(i.Path.Value); !slices.Contains(decidingImports, path) {
			bad(i.Pos(), "a deciding file imports %s", path)
		}
	}
	function := ""
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			function = n.Name.Name
		case *ast.GoStmt, *ast.SelectStmt, *ast.SendStmt, *ast.ChanType:
			bad(n.Pos(), "a deciding file starts or talks to a goroutine")
		case *ast.RangeStmt:
			if _, isMap := l.info.Types[n.X].Type.Underlying().(*types.Map); isMap && mapRanges[function] == "" {
				bad(n.Pos(), "%s ranges over a map: sort, or say in mapRanges why no order shows", function)
			}
		case *ast.CallExpr:
			l.checkMapOrder(n, bad)
		case *ast.AssignStmt:
			for _, to := range n.Lhs {
				if v := l.global(to); v != nil {
					bad(n.Pos(), "a deciding file changes the package's %s", v.Name())
				}
			}
		case *ast.Ident:
			if obj := l.info.Uses[n]; obj != nil {
				l.checkUse(n, obj, bad)
			}
		}
		return true
	})
	return faults
}

// global returns the package-level variable that an expression names, nil if it names none.
func (l *loaded) global(e ast.Expr) types.Object {
	id, ok := e.(*ast.Ident)
	if !ok {
		return nil
	}
	if v, ok := l.info.Uses[id].(*types.Var); ok && v.Parent() == l.pkg.Scope() {
		return v
	}
	return nil
}

// checkUse finds a use of what does not decide.
func (l *loaded) checkUse(id *ast.Ident, obj types.Object, bad func(token.Pos, string, ...any)) {
	switch pkg := obj.Pkg(); {
	case pkg == nil:
	case pkg == l.pkg:
		// Names of the package, methods and fields alike: all of them are declared in a file.
		if file := l.file(obj.Pos()); !slices.Contains(deciding, file) {
			bad(id.Pos(), "a deciding file uses %s of %s, which does not decide", obj.Name(), file)
		}
	case pkg.Path() == "time" && slices.Contains(clockNames, obj.Name()) && obj.Parent() == pkg.Scope():
		bad(id.Pos(), "a deciding file uses time.%s; the time is an input", obj.Name())
	case pkg.Path() == "github.com/contactsync/contactsync/connector" && !slices.Contains(decidingConnector, obj.Name()):
		bad(id.Pos(), "a deciding file uses connector.%s", obj.Name())
	case pkg.Path() == "fmt" && (strings.HasPrefix(obj.Name(), "Print") || strings.HasPrefix(obj.Name(), "Scan")):
		bad(id.Pos(), "a deciding file uses fmt.%s, which does I/O", obj.Name())
	}
}

// checkMapOrder finds an iterator over a map that is not sorted at once.
func (l *loaded) checkMapOrder(call *ast.CallExpr, bad func(token.Pos, string, ...any)) {
	for _, arg := range call.Args {
		inner, ok := arg.(*ast.CallExpr)
		if !ok || l.nameOf(inner.Fun) != "maps.Keys" && l.nameOf(inner.Fun) != "maps.Values" && l.nameOf(inner.Fun) != "maps.All" {
			continue
		}
		if outer := l.nameOf(call.Fun); outer != "slices.Sorted" && outer != "slices.SortedFunc" {
			bad(call.Pos(), "the keys of a map are not sorted")
		}
	}
}

// nameOf returns "package.Name" of a function of another package, "" for anything else.
func (l *loaded) nameOf(e ast.Expr) string {
	if index, ok := e.(*ast.IndexExpr); ok {
		e = index.X
	}
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	obj := l.info.Uses[sel.Sel]
	if obj == nil || obj.Pkg() == nil || obj.Pkg() == l.pkg {
		return ""
	}
	return obj.Pkg().Path() + "." + obj.Name()
}
