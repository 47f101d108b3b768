package csvfile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/csvfile"
	"github.com/contactsync/contactsync/contact"
)

func update(id string, patch contact.Patch) connector.Write {
	return connector.Write{Op: connector.Update, ID: id, Patch: patch}
}

func create(marker string, patch contact.Patch) connector.Write {
	return connector.Write{Op: connector.Create, Marker: marker, Patch: patch}
}

func remove(id string) connector.Write { return connector.Write{Op: connector.Delete, ID: id} }

func add(field, element string) contact.Patch {
	return contact.Patch{field: {Add: []contact.Entry{{Value: contact.Text(element)}}}}
}

func drop(field, element string) contact.Patch {
	return contact.Patch{field: {Remove: []contact.Entry{{Value: contact.Text(element)}}}}
}

// keyOfM is the key of a row that is created with the marker "m". It must never change: rows bear it.
const keyOfM = "0dc49d97-105d-81f6-9bc0-2f1728e080b6"

// TestWrite shows what a write leaves of the file, byte for byte.
func TestWrite(t *testing.T) {
	for _, tc := range []struct {
		name, before string
		cfg          csvfile.Config
		write        connector.Write
		want         string
	}{
		{"one cell, and nothing else", "\xef\xbb\xbf\"id\", Odd Column ,name\r\n1,\"x\"\"y\",Ann\r\n\r\n\"2\", z ,\"Bob\"\n3,,Cy", csvfile.Config{}, update("2", set("name", "Rob")),
			"\xef\xbb\xbf\"id\", Odd Column ,name\r\n1,\"x\"\"y\",Ann\r\n\r\n\"2\", z ,\"Rob\"\n3,,Cy"},
		{"the same value is no change", "id,name\n1,\"Ann\"\n", csvfile.Config{}, update("1", set("name", "Ann")),
			"id,name\n1,\"Ann\"\n"},
		{"quotes where they are needed", "id,name\n1,Ann\n", csvfile.Config{}, update("1", set("name", "a \"b\", c\nd")),
			"id,name\n1,\"a \"\"b\"\", c\nd\"\n"},
		{"quotes where another program would cut", "id,name\n1,Ann\n", csvfile.Config{}, update("1", set("name", "a;b")),
			"id,name\n1,\"a;b\"\n"},
		{"cleared", "id;name;x\n1;\"Ann\";y\n", csvfile.Config{}, update("1", contact.Patch{"name": {Set: contact.Empty}}),
			"id;name;x\n1;\"\";y\n"},
		{"rows that cannot be read stay", "id,name\n1,Ann\n2,a\"b\n3\n", csvfile.Config{}, update("1", set("name", "Zoe")),
			"id,name\n1,Zoe\n2,a\"b\n3\n"},
		{"a sep= line stays", "sep=;\r\nid;name\r\n1;Ann\r\n", csvfile.Config{}, update("1", set("name", "Zoe")),
			"sep=;\r\nid;name\r\n1;Zoe\r\n"},

		{"created", "name;id;other\r\nAnn;1;x\r\n", csvfile.Config{}, create("m", set("name", "Bob")),
			"name;id;other\r\nAnn;1;x\r\nBob;" + keyOfM + ";\r\n"},
		{"created behind a last row without newline", "id,name\n1,Ann", csvfile.Config{}, create("m", set("name", "Bob")),
			"id,name\n1,Ann\n" + keyOfM + ",Bob"},
		{"created in a file of a header alone", "name", csvfile.Config{}, create("", set("name", "Bob")),
			"name\r\nBob"},
		{"created where all is in quotes", "\"id\",\"name\",\"x\"\n\"1\",\"Ann\",\"\"\n", csvfile.Config{}, create("m", set("name", "Bob")),
			"\"id\",\"name\",\"x\"\n\"1\",\"Ann\",\"\"\n\"" + keyOfM + "\",\"Bob\",\"\"\n"},
		{"created again with the same marker", "id,name\n" + keyOfM + ",Ann\n", csvfile.Config{}, create("m", set("name", "Bob")),
			"id,name\n" + keyOfM + ",Ann\n"},

		{"deleted", "id,name\r\n1,Ann\r\n2,\"B\nob\"\r\n3,Cy\r\n", csvfile.Config{}, remove("2"),
			"id,name\r\n1,Ann\r\n3,Cy\r\n"},
		{"the last row deleted, without newline", "id,name\n1,Ann\n2,Bob", csvfile.Config{}, remove("2"),
			"id,name\n1,Ann"},
		{"the only row deleted", "id,name\n1,Ann\n", csvfile.Config{}, remove("1"),
			"id,name\n"},

		{"an element added in Google's form", "id,Labels\n1,a ::: b\n2,c\n", csvfile.Config{}, update("2", add("tags", "d")),
			"id,Labels\n1,a ::: b\n2,c ::: d\n"},
		{"an element added with the spacing of the cell", "id,tags\n1,a; b\n2,c;d\n", csvfile.Config{}, update("1", add("tags", "x")),
			"id,tags\n1,\"a; b; x\"\n2,c;d\n"},
		{"an element removed", "id,tags\n1,a;b;c\n", csvfile.Config{}, update("1", drop("tags", "B")),
			"id,tags\n1,\"a;c\"\n"},
		{"an element that is there", "id,tags\n1,a ; b\n", csvfile.Config{}, update("1", add("tags", "A")),
			"id,tags\n1,a ; b\n"},
		{"a first element with a comma, where no separator is known", "id,tags\n1,\n", csvfile.Config{}, update("1", add("tags", "Smith, Inc")),
			"id,tags\n1,\"Smith, Inc;\"\n"},
		{"the last separator of the column would go", "id,tags\n1,\"a;b\"\n2,\"x,y\"\n", csvfile.Config{}, update("1", drop("tags", "b")),
			"id,tags\n1,\"a;\"\n2,\"x,y\"\n"},

		{"the first of several values, as Google joins them", "id,Phone 1 - Value\n1,+1 201 555 0100 ::: +1 201 555 0101\n", csvfile.Config{}, update("1", set("phone", "+1 201 555 0199")),
			"id,Phone 1 - Value\n1,+1 201 555 0199 ::: +1 201 555 0101\n"},
		{"the first of several values cleared", "id,email\n1,a@example.com ::: b@example.com\n", csvfile.Config{}, update("1", contact.Patch{"email": {Set: contact.Empty}}),
			"id,email\n1,b@example.com\n"},

		{"B34 a formula", "id,notes\n1,\n", csvfile.Config{}, update("1", set("notes", "=1+1")),
			"id,notes\n1,\"'=1+1\"\n"},
		{"B34 a formula, raw", "id,notes\n1,\n", csvfile.Config{Raw: true}, update("1", set("notes", "=1+1")),
			"id,notes\n1,=1+1\n"},
		{"S49 a phone number is none", "id,phone\n1,\n", csvfile.Config{}, update("1", set("phone", "+49 (0)30 123-45")),
			"id,phone\n1,+49 (0)30 123-45\n"},

		{"a blank key is filled in with the id that the row had", "id,email,notes\n,a@example.com,\n,b@example.com,\n", csvfile.Config{}, update("row-2303e370fa1b8dc3bea0", set("email", "new@example.com")),
			"id,email,notes\nrow-2303e370fa1b8dc3bea0,new@example.com,\n,b@example.com,\n"},
		{"a key column is added", "sep=;\nname;email\nAnn;a@example.com\n\n;\nBob\nC\"y;\n", csvfile.Config{Key: "Nr", AddKey: true}, update("row-2303e370fa1b8dc3bea0", set("name", "Zoe")),
			"sep=;\nname;email;Nr\nZoe;a@example.com;row-2303e370fa1b8dc3bea0\n\n;;\nBob;\nC\"y;;\n"},
		{"a key column is added by a create", "name\nAnn", csvfile.Config{AddKey: true}, create("m", set("name", "Bob")),
			"name,ID\nAnn,row-fd156814273ef5ce4687\nBob," + keyOfM},

		{"UTF-16 stays", "\xff\xfe" + utf16(t, unicode.LittleEndian, "id,name\r\n1,Ann\r\n"), csvfile.Config{}, update("1", set("name", "Zoë 😀")),
			"\xff\xfe" + utf16(t, unicode.LittleEndian, "id,name\r\n1,Zoë 😀\r\n")},
		{"Windows-1252 stays", "id,name,x\n1,Ann,\xe9\n", csvfile.Config{Encoding: "windows-1252"}, update("1", set("name", "Zoë")),
			"id,name,x\n1,Zo\xeb,\xe9\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, tc.before)
			tc.cfg.Path = path
			c := newConnector(t, tc.cfg)
			result := apply(t, c, tc.write)[0]
			require.NoError(t, result.Err)
			if diff := cmp.Diff(tc.want, readFile(t, path)); diff != "" {
				t.Error(diff)
			}
			if tc.write.Op == connector.Delete {
				return
			}
			require.NotEmpty(t, result.Record.ID)
			for _, rec := range records(t, newConnector(t, tc.cfg)) {
				if rec.ID == result.Record.ID {
					if diff := cmp.Diff(rec, result.Record); diff != "" {
						t.Errorf("the answer is not what the file holds: %s", diff)
					}
					return
				}
			}
			t.Error("the file does not hold the row of the answer")
		})
	}
}

// TestWriteRefused shows the writes that the file cannot take, and that their neighbours are carried out.
func TestWriteRefused(t *testing.T) {
	const before = "id,name,phone,Birthday,tags,ID2\n1,Ann,,,a;b,\n2,Bob,,,,\n"
	for _, tc := range []struct {
		name  string
		cfg   csvfile.Config
		write connector.Write
		err   error
		field string
	}{
		{"no such field", csvfile.Config{}, update("1", set("fax", "1")), connector.ErrInvalid, "fax"},
		{"the key", csvfile.Config{}, update("1", set("id", "9")), connector.ErrInvalid, "id"},
		{"a NUL character", csvfile.Config{}, update("1", set("name", "a\x00b")), connector.ErrInvalid, "name"},
		{"not UTF-8", csvfile.Config{}, update("1", set("name", "a\xffb")), connector.ErrInvalid, "name"},
		{"a character that the encoding lacks", csvfile.Config{Encoding: "windows-1252"}, update("1", set("name", "Ω")), connector.ErrInvalid, "name"},
		{"too long", csvfile.Config{}, update("1", set("name", strings.Repeat("x", 1<<16))), connector.ErrInvalid, "name"},
		{"a number that could not be read again", csvfile.Config{}, update("1", set("phone", "4.9E+11")), connector.ErrInvalid, "phone"},
		{"several phones in one", csvfile.Config{}, update("1", set("phone", "1 ::: 2")), connector.ErrInvalid, "phone"},
		{"no date", csvfile.Config{}, update("1", set("birthday", "4/12/1985")), connector.ErrInvalid, "birthday"},
		{"a set too large for a cell", csvfile.Config{}, update("1", contact.Patch{"tags": {Set: contact.Set(strings.Repeat("x", 9000), strings.Repeat("y", 9000), strings.Repeat("ü", 9000), strings.Repeat("é", 9000), strings.Repeat("à", 9000))}}), connector.ErrInvalid, "tags"},
		{"an element with the separator", csvfile.Config{}, update("1", add("tags", "x;y")), connector.ErrInvalid, "tags"},
		{"a set in a text field", csvfile.Config{}, update("1", contact.Patch{"name": {Set: contact.Set("a")}}), connector.ErrInvalid, "name"},
		{"no such row", csvfile.Config{}, update("9", set("name", "x")), connector.ErrNotFound, ""},
		{"no such row to delete", csvfile.Config{}, remove("9"), connector.ErrNotFound, ""},
		{"another version", csvfile.Config{}, connector.Write{Op: connector.Update, ID: "1", Version: "x", Patch: set("name", "x")}, connector.ErrVersionConflict, ""},
		{"another version to delete", csvfile.Config{}, connector.Write{Op: connector.Delete, ID: "1", Version: "x"}, connector.ErrVersionConflict, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.cfg.Path = writeFile(t, before)
			good := update("2", set("name", "Rob"))
			want := strings.Replace(before, "2,Bob", "2,Rob", 1)
			if tc.write.Op == connector.Delete {
				good, want = remove("2"), strings.Replace(before, "2,Bob,,,,\n", "", 1)
			}
			results := apply(t, newConnector(t, tc.cfg), tc.write, good)
			require.ErrorIs(t, results[0].Err, tc.err)
			require.NoError(t, results[1].Err)
			var e *connector.Error
			require.ErrorAs(t, results[0].Err, &e)
			if diff := cmp.Diff(tc.field, e.Field); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(want, readFile(t, tc.cfg.Path)); diff != "" {
				t.Error(diff)
			}
		})
	}
	c := csvfile.File(writeFile(t, "name,email\nAnn,\n"))
	ids, _ := list(t, c)
	blank := apply(t, c, update(ids[0], contact.Patch{"name": {Set: contact.Empty}}))
	require.ErrorIs(t, blank[0].Err, connector.ErrInvalid, "a row without key that would be blank")
}

// TestTwice shows what becomes of two writes about one row in a batch.
func TestTwice(t *testing.T) {
	path := writeFile(t, "id,name,notes\n1,Ann,x\n")
	c := csvfile.File(path)
	version := records(t, c)[0].Version
	results := apply(t, c, create("m", set("name", "Bob")), create("m", set("name", "Bob")))
	if diff := cmp.Diff(results[0], results[1]); diff != "" {
		t.Error(diff)
	}
	results = apply(t, c,
		connector.Write{Op: connector.Update, ID: "1", Version: version, Patch: set("name", "Zoe")},
		connector.Write{Op: connector.Update, ID: "1", Patch: set("notes", "y")},
		connector.Write{Op: connector.Update, ID: "1", Version: version, Patch: set("notes", "z")})
	require.NoError(t, results[1].Err)
	require.ErrorIs(t, results[2].Err, connector.ErrVersionConflict)
	if diff := cmp.Diff("id,name,notes\n1,Zoe,y\n"+keyOfM+",Bob,\n", readFile(t, path)); diff != "" {
		t.Error(diff)
	}
	require.ErrorIs(t, apply(t, c, remove("1"), remove("1"))[1].Err, connector.ErrNotFound)
}

// TestVersions shows that the version of a row depends on what the row says, and on nothing else.
func TestVersions(t *testing.T) {
	const before = "id,name,notes\n1,Ann,x\n2,Bob,y\n"
	for _, tc := range []struct {
		name, after string
		same        bool
	}{
		{"another row was edited", "id,name,notes\n1,Ann,x\n2,Rob,z\n", true},
		{"rows were moved", "id,name,notes\n2,Bob,y\n1,Ann,x\n", true},
		{"saved by a spreadsheet", "\xef\xbb\xbf\"notes\";\"id\";\"name\"\r\n\"x\";\"1\";\"Ann\"\r\n", true},
		{"a blank column was added", "id,name,notes,more\n1,Ann,x,\n", true},
		{"edited", "id,name,notes\n1,Ann,z\n", false},
		{"a value was moved to another column", "id,name,notes,more\n1,Ann,,x\n", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			version := func(content string) string {
				for _, rec := range records(t, csvfile.File(writeFile(t, content))) {
					if rec.ID == "1" {
						return rec.Version
					}
				}
				return ""
			}
			if got := version(before) == version(tc.after); got != tc.same {
				t.Errorf("the same version is %t, want %t", got, tc.same)
			}
		})
	}
}

// TestOtherProgram shows that an edit of another program between reading and writing is not lost.
func TestOtherProgram(t *testing.T) {
	path := writeFile(t, "id,name\n1,Ann\n2,Bob\n")
	c := csvfile.File(path)
	recs := records(t, c)
	require.NoError(t, os.WriteFile(path, []byte("id,name\n2,Rob\n1,Ann\n3,Cy\n"), 0o600))
	results := apply(t, c,
		connector.Write{Op: connector.Update, ID: "1", Version: recs[0].Version, Patch: set("name", "Zoe")},
		connector.Write{Op: connector.Update, ID: "2", Version: recs[1].Version, Patch: set("name", "Boris")})
	require.NoError(t, results[0].Err)
	require.ErrorIs(t, results[1].Err, connector.ErrVersionConflict)
	if diff := cmp.Diff("id,name\n2,Rob\n1,Zoe\n3,Cy\n", readFile(t, path)); diff != "" {
		t.Error(diff)
	}
}

func TestReplaceFile(t *testing.T) {
	for _, tc := range []struct {
		name string
		old  string
		busy time.Duration // the age of a new file that somebody else writes; 0 means that there is none
		want error
	}{
		{"as it was read", "before", 0, nil},
		{"changed meanwhile", "otherwise", 0, csvfile.ErrMoved},
		{"somebody else is at it", "before", time.Second, csvfile.ErrMoved},
		{"somebody else crashed", "before", time.Hour, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, "before")
			tmp := filepath.Join(filepath.Dir(path), ".people.csv.contactsync.tmp")
			if tc.busy > 0 {
				require.NoError(t, os.WriteFile(tmp, nil, 0o600))
				then := time.Now().Add(-tc.busy)
				require.NoError(t, os.Chtimes(tmp, then, then))
			}
			_, err := csvfile.ReplaceFile(path, []byte(tc.old), []byte("after"))
			require.ErrorIs(t, err, tc.want)
			want := "after"
			if tc.want != nil {
				want = "before"
			}
			if diff := cmp.Diff(want, readFile(t, path)); diff != "" {
				t.Error(diff)
			}
			if _, err := os.Stat(tmp); (err == nil) != (tc.busy == time.Second) {
				t.Errorf("the new file beside it: %v", err)
			}
		})
	}
}

// TestTwoConnectors shows that two connectors on one file lose nothing of each other.
func TestTwoConnectors(t *testing.T) {
	path := writeFile(t, "id,name\n")
	var group sync.WaitGroup
	for _, who := range []string{"a", "b"} {
		c := csvfile.File(path)
		group.Go(func() {
			for range 20 {
				results, err := c.Apply(t.Context(), []connector.Write{create("", set("name", who))})
				if err != nil || results[0].Err != nil {
					t.Error(err, results)
				}
			}
		})
	}
	group.Wait()
	if n := len(records(t, csvfile.File(path))); n != 40 {
		t.Errorf("%d of 40 rows are there", n)
	}
}

func TestFileItself(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("modes and symbolic links are those of other systems")
		return
	}
	path := writeFile(t, "id,name\n1,Ann\n")
	require.NoError(t, os.Chmod(path, 0o646))
	link := filepath.Join(t.TempDir(), "link.csv")
	require.NoError(t, os.Symlink(path, link))
	c := csvfile.File(link)
	require.NoError(t, c.Check(t.Context()))
	require.NoError(t, apply(t, c, update("1", set("name", "Zoe")))[0].Err)

	info, err := os.Lstat(link)
	require.NoError(t, err)
	if info.Mode()&os.ModeSymlink == 0 {
		t.Error("the symbolic link is gone")
	}
	info, err = os.Stat(path)
	require.NoError(t, err)
	if diff := cmp.Diff(os.FileMode(0o646), info.Mode().Perm()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("id,name\n1,Zoe\n", readFile(t, path)); diff != "" {
		t.Error(diff)
	}
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(link)} {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		if len(entries) != 1 {
			t.Errorf("%d files where there was one", len(entries))
		}
	}
}

// TestNothingToWrite shows that a batch which changes nothing leaves the file alone.
func TestNothingToWrite(t *testing.T) {
	path := writeFile(t, "id,name\n1,Ann\n")
	before, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, apply(t, csvfile.File(path), update("1", set("name", "Ann")))[0].Err)
	after, err := os.Stat(path)
	require.NoError(t, err)
	if !os.SameFile(before, after) {
		t.Error("the file was replaced")
	}
}

func TestFind(t *testing.T) {
	path := writeFile(t, "id,name\n")
	c := csvfile.File(path)
	_, err := c.Find(t.Context(), "m", nil)
	require.ErrorIs(t, err, connector.ErrNotFound)
	require.NoError(t, apply(t, c, create("m", set("name", "Ann")))[0].Err)
	rec, err := csvfile.File(path).Find(t.Context(), "m", []string{"name"})
	require.NoError(t, err)
	if diff := cmp.Diff(contact.Fields{"name": contact.Text("Ann")}, rec.Fields); diff != "" {
		t.Error(diff)
	}
	_, err = csvfile.File(writeFile(t, "name\n")).Find(t.Context(), "m", nil)
	require.Error(t, err)
	require.NotErrorIs(t, err, connector.ErrNotFound, "a file that keeps no markers cannot say that there is none")
}
