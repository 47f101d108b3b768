package csvfile_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/csvfile"
	"github.com/contactsync/contactsync/contact"
)

// TestEscape shows that what is escaped is no formula, and that unescaping gives back every text.
func TestEscape(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"text", "Ann", "Ann"},
		{"nothing", "", ""},
		{"formula", "=1+1", "'=1+1"},
		{"link", `=HYPERLINK("http://example.com","x")`, `'=HYPERLINK("http://example.com","x")`},
		{"command", "=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"},
		{"sum of a cell", "@SUM(1+1)*cmd", "'@SUM(1+1)*cmd"},
		{"plus", "+1+1", "'+1+1"},
		{"plus and cell", "+A1", "'+A1"},
		{"minus and call", "-cmd()", "'-cmd()"},
		{"a sign alone", "-", "'-"},
		{"tab", "\t=1", "'\t=1"},
		{"carriage return", "\r=1", "'\r=1"},
		{"line feed", "\n=1", "'\n=1"},
		{"full width equals", "＝1", "'＝1"},
		{"full width plus", "＋A1", "'＋A1"},
		{"full width minus", "－A1", "'－A1"},
		{"full width at", "＠SUM", "'＠SUM"},
		{"negative number", "-2", "-2"},
		{"phone", "+49 (0)30 123-45/6", "+49 (0)30 123-45/6"},
		{"phones", "+49 30 1 ::: +49 30 2", "+49 30 1 ::: +49 30 2"},
		{"phone with extension", "+49 30 1;ext=2", "'+49 30 1;ext=2"},
		{"apostrophe", "'s-Hertogenbosch", "'s-Hertogenbosch"},
		{"what would be read as escaped", "'=1", "''=1"},
		{"apostrophe before a phone", "'+49", "'+49"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := csvfile.Escape(tc.text)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.text, csvfile.Unescape(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`'{0,3}[=+@\t＝-]?[0-9A-Z '-]{0,4}`), rapid.String()).Draw(t, "text")
		if got := csvfile.Unescape(csvfile.Escape(text)); got != text {
			t.Fatalf("%q is read back as %q", text, got)
		}
	})
}

// aCell draws the text of a cell that says something, with what is special in the format.
func aCell(t *rapid.T, label string) string {
	return rapid.StringMatching(`[a-z'=+@;, ":\n\r\t-]{0,6}[a-z]`).Draw(t, label)
}

// aFile draws the cells of a file with a key column, and how it writes them: the bytes of each cell, the delimiter
// and the line ends.
type aFile struct {
	delim     string
	head      string
	rows      [][]string // as they are written
	ends      []string
	mentioned int // columns
}

func drawFile(t *rapid.T) aFile {
	f := aFile{delim: rapid.SampledFrom([]string{",", ";", "\t"}).Draw(t, "delimiter"), mentioned: rapid.IntRange(2, 4).Draw(t, "columns")}
	bom := rapid.SampledFrom([]string{"", "\xef\xbb\xbf"}).Draw(t, "mark")
	eol := rapid.SampledFrom([]string{"\n", "\r\n"})
	f.head = bom + strings.Join([]string{"id", "x", "y", "z"}[:f.mentioned], f.delim) + eol.Draw(t, "header end")
	for i := range rapid.IntRange(1, 4).Draw(t, "rows") {
		row := []string{string(rune('1' + i))}
		for range f.mentioned - 1 {
			text := aCell(t, "cell")
			if quote := rapid.Bool().Draw(t, "quote"); quote || strings.ContainsAny(text, "\"\r\n"+f.delim) {
				text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
			}
			row = append(row, text)
		}
		f.rows = append(f.rows, row)
		f.ends = append(f.ends, eol.Draw(t, "end"))
	}
	if rapid.Bool().Draw(t, "no newline at the end") {
		f.ends[len(f.ends)-1] = ""
	}
	return f
}

func (f aFile) text() string {
	text := f.head
	for i, row := range f.rows {
		text += strings.Join(row, f.delim) + f.ends[i]
	}
	return text
}

// TestOneCell shows that a write of one cell changes the bytes of this cell alone, and that the value reads back.
func TestOneCell(t *testing.T) {
	path := filepath.Join(t.TempDir(), "people.csv")
	rapid.Check(t, func(rt *rapid.T) {
		f := drawFile(rt)
		require.NoError(rt, os.WriteFile(path, []byte(f.text()), 0o600))
		c := csvfile.File(path)
		row, col := rapid.IntRange(0, len(f.rows)-1).Draw(rt, "row"), rapid.IntRange(1, f.mentioned-1).Draw(rt, "column")
		value := aCell(rt, "value")
		id, field := string(rune('1'+row)), []string{"id", "x", "y", "z"}[col]
		results, err := c.Apply(t.Context(), []connector.Write{update(id, set(field, value))})
		require.NoError(rt, err)
		require.NoError(rt, results[0].Err)

		got := readFile(t, path)
		f.rows[row][col] = "\x00"
		before, after, _ := strings.Cut(f.text(), "\x00")
		if !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) || len(got) < len(before)+len(after) {
			rt.Fatalf("more than the cell changed: %q", got)
		}
		read, err := csvfile.File(path).Read(t.Context(), []string{id}, []string{field})
		require.NoError(rt, err)
		require.NoError(rt, read[0].Err)
		if want, got := contact.Text(value), read[0].Record.Get(field); !got.Equal(want) {
			rt.Fatalf("read back as %q, not %q", got, want)
		}
	})
}

// TestSets shows that a set reads back after elements were added and removed, whatever separates it.
func TestSets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "people.csv")
	element := rapid.SampledFrom([]string{"a", "b", "c d", "x,y", "p;q", "é"})
	rapid.Check(t, func(rt *rapid.T) {
		cells := rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "a;b", "a; b", "x,y", "a ::: b", "p;q ::: x,y"}), 2, 3).Draw(rt, "cells")
		text := "id,tags\n"
		for i, cell := range cells {
			text += string(rune('1'+i)) + `,"` + cell + "\"\n"
		}
		require.NoError(rt, os.WriteFile(path, []byte(text), 0o600))
		c := csvfile.File(path)
		read := func(c *csvfile.Connector, id string) contact.Value {
			got, err := c.Read(t.Context(), []string{id}, []string{"tags"})
			require.NoError(rt, err)
			require.NoError(rt, got[0].Err)
			return got[0].Record.Get("tags")
		}
		patch := add("tags", element.Draw(rt, "added"))
		if rapid.Bool().Draw(rt, "remove") {
			patch = drop("tags", element.Draw(rt, "removed"))
		}
		field := contact.Field{Name: "tags", Type: contact.TypeSet}
		want, other := patch["tags"].Apply(read(c, "1"), field), read(c, "2")
		results, err := c.Apply(t.Context(), []connector.Write{update("1", patch)})
		require.NoError(rt, err)
		if results[0].Err != nil { // an element that holds the separator
			want = read(csvfile.File(path), "1")
		}
		again := csvfile.File(path)
		if got := read(again, "1"); !field.Same(want, got, "") {
			rt.Fatalf("read back as %v, not %v, from %q", got, want, readFile(t, path))
		}
		if got := read(again, "2"); !got.Equal(other) {
			rt.Fatalf("another row turned from %v to %v in %q", other, got, readFile(t, path))
		}
	})
}

// FuzzFile shows that no input makes the connector panic, and that in every file that it accepts, a write of what
// is there changes nothing and a write to one row leaves the bytes of the others.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"id,name\n1,Ann\n", "\xef\xbb\xbfid;name\r\n1;\"A\nnn\"\r\n2;Bob", "sep=;\nid;name\n", "a,b\n\"", "id\n\n,\n",
		"email,phone\na@example.com,4.9E+11\n", "name\ta\"b\n", "\xff\xfei\x00d\x00", "id,tags\n1,\"a;b\"\n1,c\n", "x\ry\r", "",
	} {
		f.Add([]byte(seed), "value")
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte, value string) {
		path := filepath.Join(dir, "people.csv")
		require.NoError(t, os.WriteFile(path, content, 0o600))
		c := csvfile.File(path)
		schema, err := c.Schema(t.Context())
		if err != nil {
			return
		}
		listing, err := c.List(t.Context(), "")
		require.NoError(t, err)
		if len(listing.Items) == 0 {
			return
		}
		fields := schema.Fields
		id, last := listing.Items[0].ID, fields[len(fields)-1]
		read, err := c.Read(t.Context(), []string{id}, []string{last.Name})
		require.NoError(t, err)
		if read[0].Err != nil || last.ReadOnly || !utf8.ValidString(value) {
			return
		}
		if v := read[0].Record.Get(last.Name); !v.Absent() {
			_, err := c.Apply(t.Context(), []connector.Write{update(id, contact.Patch{last.Name: {Set: v}})})
			require.NoError(t, err)
			if !bytes.Equal(content, []byte(readFile(t, path))) {
				t.Fatal("a write of what is there changed the file")
			}
		}
		results, err := c.Apply(t.Context(), []connector.Write{update(id, set(last.Name, value))})
		require.NoError(t, err)
		if results[0].Err != nil {
			return
		}
		if got := results[0].Record.Get(last.Name); last.Type == contact.TypeText && !got.Equal(contact.Text(value)) {
			t.Fatalf("%q is read back as %q", value, got)
		}
	})
}
