package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// A Site is one flip: an operator or a literal, and what it is turned into.
type Site struct {
	ID       int // counted from 1 over all files
	File     string
	Line     int
	Function string // in which it stands, "Type.Method" of a method; "" outside of functions
	From, To string // "==" and "!=", "<" and "<=", "&&" and "||", "!" and "", "true" and "false", ...
	Text     string // the whole expression, in one line
	Nth      int    // which of those that are alike in all of the above but the line, from 1
}

// Key names the site so that it is found again when lines move.
func (s *Site) Key() string {
	key := fmt.Sprintf("%s %s: %s [%s to %s]", s.File, s.Function, s.Text, s.From, s.To)
	if s.Nth > 1 {
		key += fmt.Sprintf(" #%d", s.Nth)
	}
	return key
}

// opposite is what the negation of each operator is; boundary what an off-by-one makes of it.
var (
	opposite = map[token.Token]string{token.EQL: "!=", token.NEQ: "==", token.LSS: ">=", token.GEQ: "<", token.GTR: "<=", token.LEQ: ">",
		token.LAND: "||", token.LOR: "&&"}
	boundary = map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}
)

// instrumenter rewrites one file, so that a variable selects which site is flipped while it runs.
type instrumenter struct {
	name     string
	src      []byte
	fset     *token.FileSet
	function string
	sites    []*Site
	next     int
	seen     map[string]int
}

// instrument returns the file with every comparison, &&, ||, ! and boolean literal made a site, numbered from first.
// Lines stay where they are.
func instrument(name string, src []byte, first int) (string, []*Site, error) {
	in := &instrumenter{name: name, src: src, fset: token.NewFileSet(), next: first, seen: map[string]int{}}
	f, err := parser.ParseFile(in.fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return "", nil, err
	}
	var out strings.Builder
	at := f.FileStart
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
			continue // no function can be called there
		}
		in.function = functionName(d)
		out.WriteString(in.source(at, d.Pos()))
		out.WriteString(in.render(d))
		at = d.End()
	}
	out.WriteString(in.source(at, f.FileEnd))
	return out.String(), in.sites, nil
}

// functionName returns the name of a function, with its receiver's type before it.
func functionName(d ast.Decl) string {
	fn, ok := d.(*ast.FuncDecl)
	if !ok {
		return ""
	}
	if fn.Recv == nil {
		return fn.Name.Name
	}
	t := fn.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "." + fn.Name.Name
	}
	return fn.Name.Name
}

func (in *instrumenter) source(from, to token.Pos) string {
	return string(in.src[in.fset.Position(from).Offset:in.fset.Position(to).Offset])
}

// isSite reports whether the node is flipped itself.
func isSite(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		return opposite[n.Op] != ""
	case *ast.UnaryExpr:
		return n.Op == token.NOT
	case *ast.Ident:
		return n.Name == "true" || n.Name == "false"
	}
	return false
}

// render returns the node's source with the sites in it rewritten.
func (in *instrumenter) render(n ast.Node) string {
	if isSite(n) {
		return in.renderSite(n)
	}
	var inner []ast.Node
	ast.Inspect(n, func(c ast.Node) bool {
		if c == nil || !isSite(c) {
			return true
		}
		inner = append(inner, c)
		return false
	})
	var out strings.Builder
	at := n.Pos()
	for _, c := range inner {
		out.WriteString(in.source(at, c.Pos()))
		out.WriteString(in.renderSite(c))
		at = c.End()
	}
	out.WriteString(in.source(at, n.End()))
	return out.String()
}

func (in *instrumenter) renderSite(n ast.Node) string {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		return in.renderBinary(n)
	case *ast.UnaryExpr:
		id := in.site(n, "!", "")
		return fmt.Sprintf("flipNot(%d, !%s)", id, in.render(n.X))
	case *ast.Ident:
		to := map[string]string{"true": "false", "false": "true"}[n.Name]
		return fmt.Sprintf("flipNot(%d, %s)", in.site(n, n.Name, to), n.Name)
	}
	panic("not a site")
}

func (in *instrumenter) renderBinary(n *ast.BinaryExpr) string {
	id := in.site(n, n.Op.String(), opposite[n.Op])
	edge := 0
	if boundary[n.Op] != "" {
		edge = in.site(n, n.Op.String(), boundary[n.Op])
	}
	x, y := in.render(n.X), in.render(n.Y)
	before, after := in.source(n.X.End(), n.OpPos), in.source(n.OpPos+token.Pos(len(n.Op.String())), n.Y.Pos())
	switch {
	case n.Op == token.LAND || n.Op == token.LOR:
		name := map[token.Token]string{token.LAND: "flipAnd", token.LOR: "flipOr"}[n.Op]
		return fmt.Sprintf("%s(%d, %s%s,%sfunc() bool { return %s })", name, id, x, before, after, y)
	case edge > 0:
		flat := func(op string) string { return strings.ReplaceAll(x+" "+op+" "+y, "\n", " ") }
		return fmt.Sprintf("flipNot(%d, flipped(%d) && %s || !flipped(%d) && %s)", id, edge, flat(boundary[n.Op]), edge, flat(n.Op.String()))
	}
	return fmt.Sprintf("flipNot(%d, %s%s%s%s%s)", id, x, before, n.Op, after, y)
}

// site notes a site and returns its number.
func (in *instrumenter) site(n ast.Node, from, to string) int {
	text := bytes.Join(bytes.Fields(in.src[in.fset.Position(n.Pos()).Offset:in.fset.Position(n.End()).Offset]), []byte(" "))
	at := n.Pos()
	if b, ok := n.(*ast.BinaryExpr); ok {
		at = b.OpPos
	}
	s := &Site{ID: in.next, File: in.name, Line: in.fset.Position(at).Line, Function: in.function, From: from, To: to, Text: string(text), Nth: 1}
	in.seen[s.Key()]++
	s.Nth = in.seen[s.Key()]
	in.sites = append(in.sites, s)
	in.next++
	return s.ID
}

// runtimeSource is the file that an instrumented package is given beside its own. FLIP is the site that is flipped from the
// start, if any is.
func runtimeSource(pkg string, n int) string {
	return fmt.Sprintf(`package %s

import (
	"os"
	"strconv"
	"sync/atomic"
)

var (
	flipReached [%d]atomic.Bool
	flipWhich   = func() *atomic.Int64 {
		n, _ := strconv.ParseInt(os.Getenv("FLIP"), 10, 64)
		which := &atomic.Int64{}
		which.Store(n)
		return which
	}()
)

// FlipSet flips a site, and the one before no more.
func FlipSet(n int) { flipWhich.Store(int64(n)) }

// FlipReached returns the sites that were reached since it was last called.
func FlipReached() (all []int) {
	for i := range flipReached {
		if flipReached[i].Swap(false) {
			all = append(all, i)
		}
	}
	return all
}

func flipped(n int) bool {
	if !flipReached[n].Load() {
		flipReached[n].Store(true)
	}
	return int64(n) == flipWhich.Load()
}

func flipNot(n int, b bool) bool { return b != flipped(n) }

func flipAnd(n int, x bool, y func() bool) bool {
	if flipped(n) {
		return x || y()
	}
	return x && y()
}

func flipOr(n int, x bool, y func() bool) bool {
	if flipped(n) {
		return x && y()
	}
	return x || y()
}
`, pkg, n+1)
}
