package csvfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/csvfile"
	"github.com/contactsync/contactsync/contact"
)

// utf16 returns text in UTF-16 without byte order mark.
func utf16(t *testing.T, order unicode.Endianness, text string) string {
	t.Helper()
	out, err := unicode.UTF16(order, unicode.IgnoreBOM).NewEncoder().String(text)
	require.NoError(t, err)
	return out
}

// TestRefused shows the files that are refused as a whole, and that the error says where and what to do.
func TestRefused(t *testing.T) {
	wide := strings.Repeat("h,", 1000)
	for _, tc := range []struct {
		name    string
		content string
		cfg     csvfile.Config
		want    string // of the error, behind the path
	}{
		{"B28 a quote that is never closed, with the line where it opens", "id,name\n1,Ann\n2,\"Bob\n3,Cy\n", csvfile.Config{},
			"line 3, column 2: the quote that opens here is never closed"},
		{"B28 after a cell of several lines", "id,name\n1,\"A\nn\nn\"\n2,\"Bob\n", csvfile.Config{},
			"line 5, column 2: the quote that opens here is never closed"},
		{"B30 NUL", "id,name\n1,Ann\n2,B\x00b\n", csvfile.Config{},
			"line 3: a NUL character; if the file is UTF-16, say encoding utf-16le or utf-16be"},
		{"B30 a cell of 10 MiB", "id,name\n1,Ann\n2," + strings.Repeat("x", 10<<20) + "\n", csvfile.Config{},
			"line 3, column 2: the cell is longer than 64 KiB"},
		{"B30 a quoted cell over the limit", "id,name\n1,\"" + strings.Repeat("x", 64<<10) + "\"\n", csvfile.Config{},
			"line 2, column 2: the cell is longer than 64 KiB"},
		{"B30 1,000 columns", wide[:len(wide)-1] + "\n", csvfile.Config{},
			"line 1: more than 999 columns"},
		{"B30 a row of 1,000 cells", "id,name\n" + wide + "\n", csvfile.Config{},
			"line 2: more than 999 columns"},
		{"B30 a million and one rows", "id,name\n" + strings.Repeat("\n", 1_000_001), csvfile.Config{},
			"line 1000002: more than 1000000 rows"},
		{"B31 line ends of CR alone", "id,name\r1,Ann\r2,Bob\r", csvfile.Config{},
			"line 1, column 2: a line ends with CR alone; save the file with LF or CRLF line ends"},
		{"B31 line ends of CR alone, in quotes", "\"id\",\"name\"\r\"1\",\"Ann\"\r", csvfile.Config{},
			"line 1, column 2: a line ends with CR alone; save the file with LF or CRLF line ends"},
		{"B32 a sep= line that contradicts the declaration", "sep=;\nid;name\n1;Ann\n", csvfile.Config{Delimiter: "comma"},
			"line 1: the sep= line names another delimiter than the declared one"},
		{"B33 one heading twice", "id,Email,email \n", csvfile.Config{},
			"line 1: columns 2 and 3 have the same heading; rename or remove one"},
		{"B33 a column without heading that holds something", "id,,name\n1,,Ann\n2,x,Bob\n", csvfile.Config{},
			"line 3, column 2: the column has no heading; give it one"},
		{"B33 no headings at all", ",,\n1,2,3\n", csvfile.Config{},
			"line 1: the header line has no headings"},
		{"B35 not UTF-8", "id,name\n1,Ann\n2,J\xfcrgen\n", csvfile.Config{},
			"line 3: not UTF-8; say which encoding the file has, such as windows-1252, or save it as UTF-8"},
		{"B35 UTF-16 without byte order mark", utf16(t, unicode.LittleEndian, "id,name\n"), csvfile.Config{},
			"line 1: a NUL character; if the file is UTF-16, say encoding utf-16le or utf-16be"},
		{"B35 UTF-16 with half a character", "\xff\xfei\x00d\x00\n", csvfile.Config{},
			"the file is not utf-16le: it holds bytes that mean nothing in it"},
		{"B35 UTF-16 with half a surrogate pair", "\xff\xfei\x00\x00\xd8\n\x00", csvfile.Config{},
			"the file is not utf-16le: it holds bytes that mean nothing in it"},
		{"B35 Windows-1252 with a byte that it does not have", "id,name\n1,\x81\n", csvfile.Config{Encoding: "windows-1252"},
			"the file is not windows-1252: it holds bytes that mean nothing in it"},
		{"B35 a mark that contradicts the declaration", "\xef\xbb\xbfid,name\n", csvfile.Config{Encoding: "windows-1252"},
			"the encoding is declared as windows-1252, but the file begins with the byte order mark of utf-8; leave the declaration out"},
		{"B38 empty file", "", csvfile.Config{},
			"the file is empty; it needs a header line"},
		{"a declared key that is not there", "id,name\n1,Ann\n", csvfile.Config{Key: "Number"},
			`line 1: there is no column "Number" to be the key; name one that is there, or say that it is to be added`},
		{"a key that people edit", "id,Email\n", csvfile.Config{Key: "Email"},
			`line 1: column "Email" cannot be the key: people edit it, and a key must never change; without a key, rows are known by their email anyway`},
		{"a declared column that is not there", "id,name\n", csvfile.Config{Columns: map[string]string{"Surname": "last"}},
			`line 1: there is no column "Surname" to be field "last"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.cfg.Path = writeFile(t, tc.content)
			_, err := newConnector(t, tc.cfg).List(t.Context(), "")
			require.Error(t, err)
			if diff := cmp.Diff(tc.cfg.Path+": "+tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			c := newConnector(t, tc.cfg)
			_, err = c.Apply(t.Context(), []connector.Write{{Op: connector.Create, Patch: set("name", "Zed")}})
			require.Error(t, err)
			if !connector.Known(err) {
				t.Errorf("Apply does not say that nothing was written: %v", err)
			}
			if diff := cmp.Diff(tc.content, readFile(t, tc.cfg.Path)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestUnread shows the rows that cannot be read: they are named with their line, they count as present, and the
// others go on.
func TestUnread(t *testing.T) {
	for _, tc := range []struct {
		name    string
		content string
		ids     []string
		unread  map[string]string // error by id
	}{
		{"B28 a stray quote", "id,name,note\n1,Ann,x\n2,a\"b,c\n3,Cy,z\n", []string{"1", "3"},
			map[string]string{"2": `line 3, column 2: a quote in a cell that does not begin with one; put quotes around the cell and double the one inside`}},
		{"B28 text behind a closing quote", "id,name,note\n1,\"A\"nn,x\n2,Bob,y\n", []string{"2"},
			map[string]string{"1": "line 2, column 2: text behind the closing quote; a quote inside a quoted cell is written twice"}},
		{"B29 a short row", "id,name,note\n1,Ann\n2,Bob,y\n", []string{"2"},
			map[string]string{"1": "line 2: the row has 2 cells, the header has 3"}},
		{"B29 a long row", "id,name,note\r\n1,Ann,x\r\n2,Bob,y,z\r\n", []string{"1"},
			map[string]string{"2": "line 3: the row has 4 cells, the header has 3"}},
		{"B31 CR inside a row", "id,name\n1,A\rnn\n2,Bob\n", []string{"2"},
			map[string]string{"1": "line 2, column 2: a line ends with CR alone; save the file with LF or CRLF line ends"}},
		{"B36 a phone number that a spreadsheet rounded", "id,phone\n1,4.91512E+11\n2,+49 1512 3456789\n3,\"4,91512E+11\"\n", []string{"2"},
			map[string]string{
				"1": "line 2, column 2: phone: looks like a spreadsheet number; its digits are lost, enter it again as text",
				"3": "line 4, column 2: phone: looks like a spreadsheet number; its digits are lost, enter it again as text",
			}},
		{"F20 two rows with one key", "id,name\n1,Ann\n2,Bob\n1,Cy\n", []string{"2"},
			map[string]string{"1": "lines 2 and 4 have the same key; give one of them another, or leave it blank"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, tc.content)
			ids, unread := list(t, csvfile.File(path))
			if diff := cmp.Diff(tc.ids, ids); diff != "" {
				t.Errorf("ids: %s", diff)
			}
			got := map[string]string{}
			for _, u := range unread {
				require.NotContains(t, got, u.ID, "a record is named twice")
				got[u.ID] = strings.TrimPrefix(u.Err.Error(), path+": ")
			}
			if diff := cmp.Diff(tc.unread, got); diff != "" {
				t.Errorf("unread: %s", diff)
			}
		})
	}
}

// TestUnfitKeys shows the rows whose key cannot be an id: they are named by another one.
func TestUnfitKeys(t *testing.T) {
	for _, tc := range []struct{ name, key, want string }{
		{"B36 rounded", "1.23457E+10", "ID: looks like a spreadsheet number; its digits are lost, enter it again as text"},
		{"of more than 1 KiB", strings.Repeat("x", 1025), "ID: the key is longer than 1024 bytes"},
		{"of two lines", "\"a\nb\"", "ID: a line break, tab or control character in the key"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			ids, unread := list(t, csvfile.File(writeFile(t, "ID,Email\n"+tc.key+",a@example.com\n2,b@example.com\n")))
			if diff := cmp.Diff([]string{"2"}, ids); diff != "" {
				t.Error(diff)
			}
			require.Len(t, unread, 1)
			require.Regexp(t, "^row-[0-9a-f]{20}$", unread[0].ID)
			require.ErrorContains(t, unread[0].Err, "line 2, column 1: "+tc.want)
		})
	}
}

// TestUnreadRowsAreNotWritten shows that what cannot be read is neither overwritten nor deleted, nor taken for gone.
func TestUnreadRowsAreNotWritten(t *testing.T) {
	const content = "id,name,note\n1,Ann,x\n1,Bob,y\n3,Cy\n4,a\"b,z\n"
	path := writeFile(t, content)
	c := csvfile.File(path)
	for _, id := range []string{"1", "3", "4"} {
		for _, w := range []connector.Write{
			{Op: connector.Update, ID: id, Patch: set("notes", "new")},
			{Op: connector.Delete, ID: id},
		} {
			require.ErrorIs(t, apply(t, c, w)[0].Err, connector.ErrInvalid)
		}
		read, err := c.Read(t.Context(), []string{id}, []string{"name"})
		require.NoError(t, err)
		require.Error(t, read[0].Err)
		require.NotErrorIs(t, read[0].Err, connector.ErrNotFound)
	}
	if diff := cmp.Diff(content, readFile(t, path)); diff != "" {
		t.Error(diff)
	}
}

// TestUncertain shows that no row counts as gone while a row that could be anybody cannot be read.
func TestUncertain(t *testing.T) {
	for _, tc := range []struct {
		name, content string
		want          error
	}{
		{"all can be read", "name,note\nAnn,x\n", connector.ErrNotFound},
		{"a row of too few cells, with nothing to know it by", "name,note\nAnn,x\nBob\n", nil},
		{"a row of too few cells, with an email to know it by", "name,email,note\nAnn,a@example.com,x\nBob,b@example.com\n", connector.ErrNotFound},
		{"a row of too few cells, with two emails", "name,email,email 2,note\nBob,b@example.com,c@example.com\n", nil},
		{"a row of too few cells, with the email of another row", "name,email,note\nAnn,a@example.com,x\nBob,a@example.com\n", nil},
		{"a rounded phone, with an email in its column", "name,other,email,phone\nBob,x@example.com,b@example.com,4.9E+11\n", connector.ErrNotFound},
		{"a rounded phone, with an email elsewhere", "name,other,email,phone\nBob,x@example.com,,4.9E+11\n", nil},
		{"a row of too few cells, with its key", "id,name,note\n1,Ann,x\n2,Bob\n", connector.ErrNotFound},
		{"a rounded key", "id,name\n1,Ann\n1.23457E+10,Bob\n", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := csvfile.File(writeFile(t, tc.content))
			read, err := c.Read(t.Context(), []string{"gone"}, nil)
			require.NoError(t, err)
			require.Error(t, read[0].Err)
			if tc.want != nil {
				require.ErrorIs(t, read[0].Err, tc.want)
			} else {
				require.NotErrorIs(t, read[0].Err, connector.ErrNotFound)
				require.ErrorContains(t, read[0].Err, "mend that line first")
			}
		})
	}
}

// TestB29KnownByEmail shows that a row keeps its id while it has a cell too many or too few.
func TestB29KnownByEmail(t *testing.T) {
	path := writeFile(t, "name,email,note\nAnn,a@example.com,x\n")
	c := csvfile.File(path)
	before, _ := list(t, c)
	require.NoError(t, os.WriteFile(path, []byte("name,email,note\nAnn, Dr.,a@example.com,x\n"), 0o600))
	_, unread := list(t, c)
	require.Len(t, unread, 1)
	if diff := cmp.Diff(before[0], unread[0].ID); diff != "" {
		t.Error(diff)
	}
}

// TestAccepted shows what is read although it is odd.
func TestAccepted(t *testing.T) {
	cyrillic := "id,name\n1,Анна\n"
	for _, tc := range []struct {
		name    string
		content string
		cfg     csvfile.Config
		want    []contact.Fields
	}{
		{"B27 a byte order mark before the header", "\xef\xbb\xbfid,name\n1,Ann\n", csvfile.Config{},
			[]contact.Fields{{"id": contact.Text("1"), "name": contact.Text("Ann")}}},
		{"B27 and before a quoted heading", "\xef\xbb\xbf\"id\",name\n1,Ann\n", csvfile.Config{},
			[]contact.Fields{{"id": contact.Text("1"), "name": contact.Text("Ann")}}},
		{"B32 semicolons", "id;name\n1;Ann, Bob\n", csvfile.Config{},
			[]contact.Fields{{"id": contact.Text("1"), "name": contact.Text("Ann, Bob")}}},
		{"B32 tabs", "id\tname\n1\tAnn\n", csvfile.Config{},
			[]contact.Fields{{"id": contact.Text("1"), "name": contact.Text("Ann")}}},
		{"B32 a sep= line", "SEP=;\r\nid;name\r\n1;a,b\r\n", csvfile.Config{},
			[]contact.Fields{{"id": contact.Text("1"), "name": contact.Text("a,b")}}},
		{"B32 other delimiters inside quotes", "\"a;b;c\",id\n1,2\n", csvfile.Config{},
			[]contact.Fields{{"a_b_c": contact.Text("1"), "id": contact.Text("2")}}},
		{"B32 declared", "a,b;id\n1;2\n", csvfile.Config{Delimiter: "semicolon"},
			[]contact.Fields{{"a_b": contact.Text("1"), "id": contact.Text("2")}}},
		{"B33 a blank column without heading, as spreadsheets leave behind", "id,name,,\n1,Ann,,\n", csvfile.Config{},
			[]contact.Fields{{"id": contact.Text("1"), "name": contact.Text("Ann")}}},
		{"B34 what looks like a formula is text", "id,note\n1,\"=HYPERLINK(\"\"x\"\")\"\n2,+1+1\n3,-2\n4,@SUM\n5,＝1\n", csvfile.Config{},
			[]contact.Fields{
				{"id": contact.Text("1"), "notes": contact.Text(`=HYPERLINK("x")`)},
				{"id": contact.Text("2"), "notes": contact.Text("+1+1")},
				{"id": contact.Text("3"), "notes": contact.Text("-2")},
				{"id": contact.Text("4"), "notes": contact.Text("@SUM")},
				{"id": contact.Text("5"), "notes": contact.Text("＝1")},
			}},
		{"B35 UTF-16, little end first", "\xff\xfe" + utf16(t, unicode.LittleEndian, cyrillic), csvfile.Config{},
			[]contact.Fields{{"id": contact.Text("1"), "name": contact.Text("Анна")}}},
		{"B35 UTF-16, big end first", "\xfe\xff" + utf16(t, unicode.BigEndian, cyrillic), csvfile.Config{},
			[]contact.Fields{{"id": contact.Text("1"), "name": contact.Text("Анна")}}},
		{"B35 UTF-16 declared, without mark", utf16(t, unicode.BigEndian, cyrillic), csvfile.Config{Encoding: "utf-16be"},
			[]contact.Fields{{"id": contact.Text("1"), "name": contact.Text("Анна")}}},
		{"B35 Windows-1252 declared", "id,name\n1,J\xfcrgen \x80\n", csvfile.Config{Encoding: "windows-1252"},
			[]contact.Fields{{"id": contact.Text("1"), "name": contact.Text("Jürgen €")}}},
		{"B37 the same person twice is two records", "name,email\nAnn,a@example.com\nAnn,A@example.com\n", csvfile.Config{},
			[]contact.Fields{
				{"name": contact.Text("Ann"), "email": contact.Text("a@example.com")},
				{"name": contact.Text("Ann"), "email": contact.Text("A@example.com")},
			}},
		{"B38 a header alone is a complete list of nobody", "id,name\n", csvfile.Config{}, nil},
		{"B38 without newline", "id,name", csvfile.Config{}, nil},
		{"blank lines and rows are no records", "id,name\n\n,\n1,Ann\n , \n\n", csvfile.Config{},
			[]contact.Fields{{"id": contact.Text("1"), "name": contact.Text("Ann")}}},
		{"999 columns", "id" + strings.Repeat(",", 998) + "\n", csvfile.Config{}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.cfg.Path = writeFile(t, tc.content)
			var got []contact.Fields
			for _, rec := range records(t, newConnector(t, tc.cfg)) {
				got = append(got, rec.Fields)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestUnfit shows that a cell which no field of its type can mean spoils the record only for who asks for it.
func TestUnfit(t *testing.T) {
	long := strings.Repeat("x", 20_000)
	c := csvfile.File(writeFile(t, "id,name,email,phone,note\n1,Ann,\"a@example.com\r\nBcc: x@example.com\","+strings.Repeat("1", 200)+","+long+"\n"))
	for _, tc := range []struct {
		name   string
		fields []string
		fails  bool
	}{
		{"what is fit", []string{"name"}, false},
		{"B63 an email with a line break", []string{"name", "email"}, true},
		{"B59 a phone of 200 digits", []string{"phone"}, true},
		{"a text that is too long", []string{"notes"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			read, err := c.Read(t.Context(), []string{"1"}, tc.fields)
			require.NoError(t, err)
			if got := read[0].Err != nil; got != tc.fails {
				t.Errorf("fails is %t, want %t (%v)", got, tc.fails, read[0].Err)
			}
			if tc.fails {
				require.ErrorContains(t, read[0].Err, "line 2, column ")
				require.NotContains(t, read[0].Err.Error(), "example")
			}
		})
	}
}

func TestNoFile(t *testing.T) {
	dir := t.TempDir()
	huge := writeFile(t, "")
	require.NoError(t, os.Truncate(huge, 256<<20+1))
	for _, tc := range []struct{ name, path, want string }{
		{"missing", filepath.Join(dir, "gone.csv"), "there is no file " + filepath.Join(dir, "gone.csv")},
		{"larger than all limits", huge, huge + " is larger than 256 MiB"},
		{"a folder", dir, dir + " is not a file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := csvfile.File(tc.path)
			_, err := c.List(t.Context(), "")
			require.ErrorContains(t, err, tc.want)
			_, err = c.Schema(t.Context())
			require.ErrorContains(t, err, tc.want)
			require.ErrorContains(t, c.Check(t.Context()), tc.want)
			_, err = c.Apply(t.Context(), []connector.Write{{Op: connector.Delete, ID: "1"}})
			require.ErrorContains(t, err, tc.want)
			require.True(t, connector.Known(err))
		})
	}
}
