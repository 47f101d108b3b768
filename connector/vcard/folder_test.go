package vcard_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/contact"
)

// listing returns what a book lists: ids, and the ids that cannot be read with why.
func listing(t *testing.T, c connector.Connector) (ids []string, unread map[string]string) {
	t.Helper()
	l, err := c.(connector.Lister).List(context.Background(), "")
	require.NoError(t, err)
	require.True(t, l.Complete)
	for _, item := range l.Items {
		ids = append(ids, item.ID)
	}
	unread = map[string]string{}
	for _, u := range l.Unread {
		unread[u.ID] = u.Err.Error()
	}
	return ids, unread
}

// versions returns what a book lists by id. known is nil, or what an earlier listing returned.
func versions(t *testing.T, c connector.Connector, known map[string]string) map[string]string {
	t.Helper()
	l, err := c.(connector.KnownLister).ListKnown(context.Background(), "", func(id string) string { return known[id] })
	require.NoError(t, err)
	out := map[string]string{}
	for _, item := range l.Items {
		out[item.ID] = item.Version
	}
	return out
}

// aged dates the files of a folder back, as if they were written long ago.
func aged(t testing.TB, dir string, names ...string) {
	t.Helper()
	for i, name := range names {
		old := time.Now().Add(-time.Hour + time.Duration(i)*time.Millisecond + 1234*time.Nanosecond)
		require.NoError(t, os.Chtimes(filepath.Join(dir, name), old, old))
	}
}

// TestListing shows which files and cards a folder lists, and what is reported instead.
func TestListing(t *testing.T) {
	t.Parallel()
	ann, bob := cardOf("3.0", "UID:u-ann", "FN:Ann"), cardOf("3.0", "UID:u-bob", "FN:Bob")
	nameless := cardOf("3.0", "FN:Eve")
	tests := []struct {
		name   string
		files  []string
		ids    []string
		unread map[string]string
	}{
		{name: "nothing"},
		{name: "one card a file, sorted by name", files: []string{"b.vcf", bob, "a.VCF", ann}, ids: []string{"a.VCF", "b.vcf"}},
		{name: "other files are none", files: []string{".a.vcf", ann, "a.txt", ann, ".vcf", ann, ".contactsync-X.tmp", ann, "a.vcf~", ann}},
		{name: "many cards", files: []string{"a.vcf", ann + bob}, ids: []string{"a.vcf#u-ann", "a.vcf#u-bob"}},
		{name: "a UID is missing", files: []string{"a.vcf", ann + nameless}, ids: []string{"a.vcf#098396af-181c-8ebb-ac53-84a4a01fe6f6", "a.vcf#u-ann"}},
		{name: "B10 one bad card among many", files: []string{"a.vcf", ann + "BEGIN:VCARD\r\nUID:u-x\r\n" + bob}, ids: []string{"a.vcf#u-ann", "a.vcf#u-bob"},
			unread: map[string]string{"a.vcf#u-x": "a.vcf: line 6: the card that begins here has no END:VCARD before line 8"}},
		{name: "a bad card that cannot be told", files: []string{"a.vcf", "BEGIN:VCARD\r\n" + bob}, ids: []string{"a.vcf#u-bob"},
			unread: map[string]string{"a.vcf#line:1": "a.vcf: line 1: the card that begins here has no END:VCARD before line 2"}},
		{name: "an empty file", files: []string{"a.vcf", ""}, unread: map[string]string{"a.vcf": "a.vcf: the file is empty; remove it if it is meant to be"}},
		{name: "half a card", files: []string{"a.vcf", ann[:30]}, unread: map[string]string{"a.vcf": "a.vcf: line 1: the card that begins here has no END:VCARD"}},
		{name: "no card at all", files: []string{"a.vcf", "hello"}, unread: map[string]string{"a.vcf": "a.vcf: line 1: text outside of a card"}},
		{name: "B18 one UID in two files", files: []string{"a.vcf", ann, "b.vcf", bob, "c.vcf", ann}, ids: []string{"b.vcf"}, unread: map[string]string{
			"a.vcf": "a.vcf: line 1: the card has the UID of another one, in c.vcf, line 1; give one of them another UID",
			"c.vcf": "c.vcf: line 1: the card has the UID of another one, in a.vcf, line 1; give one of them another UID"}},
		{name: "B18 one UID in a file and as urn:uuid", files: []string{"a.vcf", ann, "b.vcf", strings.Replace(ann, "UID:", "UID:urn:uuid:", 1)}, unread: map[string]string{
			"a.vcf": "a.vcf: line 1: the card has the UID of another one, in b.vcf, line 1; give one of them another UID",
			"b.vcf": "b.vcf: line 1: the card has the UID of another one, in a.vcf, line 1; give one of them another UID"}},
		{name: "B18 one UID twice in a file", files: []string{"a.vcf", ann + bob + ann}, ids: []string{"a.vcf#u-bob"}, unread: map[string]string{
			"a.vcf#u-ann": "a.vcf: line 1: the UID of the card is there 2 times; give each card its own"}},
		{name: "B18 a UID of 10 KiB", files: []string{"a.vcf", cardOf("3.0", "UID:"+strings.Repeat("x", 10<<10), "FN:x")}, unread: map[string]string{
			"a.vcf": "a.vcf: line 1: a UID of more than 1024 bytes; give the card another one"}},
		{name: "a UID that is no id", files: []string{"a.vcf", cardOf("3.0", "UID:a\x01b", "FN:x")}, unread: map[string]string{
			"a.vcf": "a.vcf: line 1: the UID is not UTF-8 or holds control characters; give the card another one"}},
		{name: "a file name that is no id", files: []string{"a\xff.vcf", ann}, unread: map[string]string{
			`"a\xff.vcf"`: `"a\xff.vcf": a file name that is not UTF-8 or holds control characters; rename the file`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put(t, dir, tt.files...)
			require.NoError(t, os.Mkdir(filepath.Join(dir, "sub.vcf"), 0o755))
			c := vcard.Folder(dir)
			ids, unread := listing(t, c)
			if diff := cmp.Diff(tt.ids, ids); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
			want := tt.unread
			if want == nil {
				want = map[string]string{}
			}
			if diff := cmp.Diff(want, unread); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
			for id := range unread {
				if _, err := read(t, c, id); err == nil || strings.HasSuffix(err.Error(), connector.ErrNotFound.Error()) {
					t.Errorf("Read of %q: %v; it has to say why it cannot be read", id, err)
				}
				r := apply(t, c, connector.Write{Op: connector.Delete, ID: id})
				if r.Err == nil {
					t.Errorf("a card that cannot be read was deleted")
				}
			}
			for i := 0; i < len(tt.files); i += 2 {
				got, err := os.ReadFile(filepath.Join(dir, tt.files[i]))
				require.NoError(t, err)
				if string(got) != tt.files[i+1] {
					t.Errorf("%q was changed", tt.files[i])
				}
			}
		})
	}
}

// TestMissing shows that a folder that is not there is an error, and never a book without cards.
func TestMissing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "gone")
	c := vcard.Folder(dir)
	_, err := c.(connector.Lister).List(context.Background(), "")
	require.ErrorIs(t, err, connector.ErrUnavailable)
	require.ErrorContains(t, err, "the folder "+dir+" is not there; create it, or correct the path")
	_, err = c.(connector.Reader).Read(context.Background(), []string{"a.vcf"}, nil)
	require.ErrorIs(t, err, connector.ErrUnavailable)
	_, err = c.Apply(context.Background(), []connector.Write{{Op: connector.Delete, ID: "a.vcf"}})
	require.ErrorIs(t, err, connector.ErrUnavailable)
	require.ErrorIs(t, c.(connector.Checker).Check(context.Background()), connector.ErrUnavailable)

	require.NoError(t, os.Mkdir(dir, 0o755))
	put(t, dir, "a.vcf", cardOf("3.0", "FN:a"))
	require.NoError(t, c.(connector.Checker).Check(context.Background()))
	ids, _ := listing(t, c)
	require.Equal(t, []string{"a.vcf"}, ids)
	require.NoError(t, os.RemoveAll(dir))
	_, err = c.(connector.Reader).Read(context.Background(), []string{"a.vcf"}, nil)
	require.ErrorIs(t, err, connector.ErrUnavailable, "the folder went after it was listed")
}

// TestUnchangedFilesAreNotOpened edits files in a way that no stat shows: whoever does not see the edit has not
// opened them.
func TestUnchangedFilesAreNotOpened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "a.vcf", cardOf("3.0", "UID:1", "FN:Ann"), "b.vcf", cardOf("3.0", "UID:2", "FN:Bob"))
	aged(t, dir, "a.vcf", "b.vcf")
	c := vcard.Folder(dir)
	first := versions(t, c, nil)
	require.Len(t, first, 2)

	info, err := os.Stat(filepath.Join(dir, "a.vcf"))
	require.NoError(t, err)
	put(t, dir, "a.vcf", cardOf("3.0", "UID:1", "FN:Eve"))
	require.NoError(t, os.Chtimes(filepath.Join(dir, "a.vcf"), info.ModTime(), info.ModTime()))

	if diff := cmp.Diff(first, versions(t, c, nil)); diff != "" {
		t.Errorf("the same process opened the file (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(first, versions(t, vcard.Folder(dir), first)); diff != "" {
		t.Errorf("another process that knows the versions opened the file (-before +after):\n%s", diff)
	}
	if cmp.Equal(first, versions(t, vcard.Folder(dir), nil)) {
		t.Errorf("a process that knows nothing has to open the file")
	}
}

// TestRacyEdit edits a file within the tick of the clock in which it was read: neither time nor size nor inode show
// it.
func TestRacyEdit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.vcf")
	put(t, dir, "a.vcf", cardOf("3.0", "UID:1", "FN:Ann"))
	at := time.Now()
	require.NoError(t, os.Chtimes(path, at, at))
	clock := &fixed{at.Add(time.Millisecond)}
	c := vcard.Folder(dir, vcard.WithClock(clock))
	before := versions(t, c, nil)
	rec, err := read(t, c, "a.vcf")
	require.NoError(t, err)
	require.Equal(t, before["a.vcf"], rec.Version, "nothing has changed")

	put(t, dir, "a.vcf", cardOf("3.0", "UID:1", "FN:Eve"))
	require.NoError(t, os.Chtimes(path, at, at))
	clock.now = at.Add(time.Hour)
	if after := versions(t, c, nil); after["a.vcf"] == before["a.vcf"] {
		t.Errorf("the edit is not seen by the process that read the file")
	}
	if after := versions(t, vcard.Folder(dir, vcard.WithClock(clock)), before); after["a.vcf"] == before["a.vcf"] {
		t.Errorf("the edit is not seen by another process")
	}
	stale := connector.Write{Op: connector.Update, ID: "a.vcf", Version: before["a.vcf"], Patch: contact.Patch{"title": setText("x")}}
	require.ErrorIs(t, apply(t, vcard.Folder(dir), stale).Err, connector.ErrVersionConflict)
}

// TestUnseenEdit edits a file in a way that no stat shows. Who reads its card reads what it holds now, under a version
// that says so.
func TestUnseenEdit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.vcf")
	put(t, dir, "a.vcf", cardOf("3.0", "UID:1", "FN:Ann"))
	aged(t, dir, "a.vcf")
	c := vcard.Folder(dir)
	before := versions(t, c, nil)
	info, err := os.Stat(path)
	require.NoError(t, err)
	put(t, dir, "a.vcf", cardOf("3.0", "UID:1", "FN:Eve"))
	require.NoError(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	rec, err := read(t, c, "a.vcf")
	require.NoError(t, err)
	require.Equal(t, "Eve", rec.Get("name").Str())
	require.NotEqual(t, before["a.vcf"], rec.Version)
	require.Equal(t, rec.Version, versions(t, c, nil)["a.vcf"])
}

// TestKnownByVersion writes cards of files that this process never opened: they are known by their versions alone.
func TestKnownByVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ann, bob := cardOf("3.0", "UID:u-ann", "FN:Ann"), cardOf("3.0", "UID:u-bob", "FN:Bob")
	group := cardOf("4.0", "UID:u-g", "FN:Friends", "KIND:group")
	put(t, dir, "a.vcf", ann, "b.vcf", "\ufeff"+bob, "c.vcf", "\r\n\r\n"+cardOf("3.0", "FN:Cy")+"\r\n", "g.vcf", group)
	ids := []string{"a.vcf", "b.vcf", "c.vcf"}
	aged(t, dir, append(ids, "g.vcf")...)
	known := versions(t, vcard.Folder(dir), nil)
	c := vcard.Folder(dir)
	if diff := cmp.Diff(known, versions(t, c, known)); diff != "" {
		t.Errorf("versions (-before +after):\n%s", diff)
	}
	var writes []connector.Write
	for _, id := range ids {
		writes = append(writes, connector.Write{Op: connector.Update, ID: id, Version: known[id], Patch: contact.Patch{
			"title": setText("x"), "labels": {Add: []contact.Entry{entry("friends", "")}}}})
	}
	results, err := c.Apply(context.Background(), writes[:2])
	require.NoError(t, err)
	require.NoError(t, results[0].Err)
	require.NoError(t, results[1].Err)
	require.NoError(t, apply(t, c, connector.Write{Op: connector.Update, ID: "c.vcf", Version: known["c.vcf"], Patch: contact.Patch{"title": setText("y")}}).Err)
	wantFile(t, dir, "a.vcf", cardOf("3.0", "UID:u-ann", "FN:Ann", "TITLE:x"))
	wantFile(t, dir, "b.vcf", "\ufeff"+cardOf("3.0", "UID:u-bob", "FN:Bob", "TITLE:x"))
	wantFile(t, dir, "c.vcf", "\r\n\r\n"+cardOf("3.0", "FN:Cy", "TITLE:y")+"\r\n")
	wantFile(t, dir, "g.vcf", cardOf("4.0", "UID:u-g", "FN:Friends", "KIND:group", "MEMBER:urn:uuid:u-ann", "MEMBER:urn:uuid:u-bob"))
	require.Equal(t, []string{"Friends"}, results[0].Record.Get("labels").Elements())
}

// TestTouchedFile shows that a write is conditional on the content: a file whose time alone has changed is written.
func TestTouchedFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "a.vcf", cardOf("3.0", "UID:1", "FN:Ann"))
	c := vcard.Folder(dir)
	version := versions(t, c, nil)["a.vcf"]
	aged(t, dir, "a.vcf")
	r := apply(t, c, connector.Write{Op: connector.Update, ID: "a.vcf", Version: version, Patch: contact.Patch{"title": setText("x")}})
	require.NoError(t, r.Err)
}

// TestConcurrentEdit changes files between the sync's read and its write.
func TestConcurrentEdit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "a.vcf", cardOf("3.0", "UID:1", "FN:Ann"), "b.vcf", cardOf("3.0", "UID:2", "FN:Bob"), "c.vcf", cardOf("3.0", "UID:3", "FN:Cy"))
	c := vcard.Folder(dir)
	known := versions(t, c, nil)
	edited := cardOf("3.0", "UID:1", "FN:Eve")
	put(t, dir, "a.vcf", edited)
	require.NoError(t, os.Remove(filepath.Join(dir, "b.vcf")))
	var writes []connector.Write
	for _, id := range []string{"a.vcf", "b.vcf", "c.vcf"} {
		writes = append(writes, connector.Write{Op: connector.Delete, ID: id, Version: known[id]})
	}
	results, err := c.Apply(context.Background(), writes)
	require.NoError(t, err)
	require.ErrorIs(t, results[0].Err, connector.ErrVersionConflict)
	require.ErrorIs(t, results[1].Err, connector.ErrNotFound)
	require.NoError(t, results[2].Err)
	got, err := os.ReadFile(filepath.Join(dir, "a.vcf"))
	require.NoError(t, err)
	require.Equal(t, edited, string(got))
}

// TestLeftovers shows that temporary files which a crash left behind are not listed, and go with the next write; those
// of a process that is at work stay.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "a.vcf", cardOf("3.0", "FN:Ann"), ".contactsync-OLD.tmp", "half a ca", ".contactsync-NEW.tmp", "half a ca")
	aged(t, dir, ".contactsync-OLD.tmp")
	c := vcard.Folder(dir)
	ids, unread := listing(t, c)
	require.Equal(t, []string{"a.vcf"}, ids)
	require.Empty(t, unread)
	require.NoError(t, apply(t, c, connector.Write{Op: connector.Update, ID: "a.vcf", Patch: contact.Patch{"title": setText("x")}}).Err)
	if diff := cmp.Diff([]string{".contactsync-NEW.tmp", "a.vcf"}, names(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// names returns the names of the files of a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestManyCards updates, deletes and creates in files of many cards: the others stay to the byte.
func TestManyCards(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ann, bob, eve := cardOf("3.0", "UID:u-ann", "FN:Ann"), "begin:vcard\nFN:Bob\nUID:u-bob\nend:vcard\n", cardOf("4.0", "FN:Eve", "X-ODD;;=:\\")
	put(t, dir, "a.vcf", "\ufeff"+ann+"\n"+bob+"\r\n"+eve)
	require.NoError(t, os.Chmod(filepath.Join(dir, "a.vcf"), 0o664))
	c := vcard.Folder(dir, vcard.WithClock(fixed{noon}))
	known := versions(t, c, nil)
	var eveID string
	for id := range known {
		if id != "a.vcf#u-ann" && id != "a.vcf#u-bob" {
			eveID = id
		}
	}
	r := apply(t, c, connector.Write{Op: connector.Update, ID: "a.vcf#u-bob", Version: known["a.vcf#u-bob"], Patch: contact.Patch{"title": setText("x")}})
	require.NoError(t, r.Err)
	wantFile(t, dir, "a.vcf", "\ufeff"+ann+"\nbegin:vcard\nFN:Bob\nUID:u-bob\nTITLE:x\nend:vcard\n\r\n"+eve)
	after := versions(t, c, nil)
	require.Equal(t, known["a.vcf#u-ann"], after["a.vcf#u-ann"], "an update of one card changes no other's version")
	require.Equal(t, r.Record.Version, after["a.vcf#u-bob"])

	r = apply(t, c, connector.Write{Op: connector.Update, ID: eveID, Version: known[eveID], Patch: contact.Patch{"title": setText("y")}})
	require.NoError(t, r.Err)
	require.Equal(t, eveID, r.Record.ID, "a card that had no UID keeps its id, and gets it as UID")
	evesUID := strings.TrimPrefix(eveID, "a.vcf#")
	require.Equal(t, contact.Text(evesUID), r.Record.Get("uid"))
	require.Contains(t, versions(t, vcard.Folder(dir), nil), eveID)

	results, err := c.Apply(context.Background(), []connector.Write{{Op: connector.Delete, ID: "a.vcf#u-ann"}, {Op: connector.Delete, ID: "a.vcf#u-bob"}})
	require.NoError(t, err)
	require.NoError(t, results[0].Err)
	require.NoError(t, results[1].Err)
	wantFile(t, dir, "a.vcf", "\ufeff\n\r\n"+cardOf("4.0", "FN:Eve", "X-ODD;;=:\\", "TITLE:y", "UID:"+evesUID))
	info, err := os.Stat(filepath.Join(dir, "a.vcf"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o664), info.Mode().Perm())

	ids, _ := listing(t, c)
	require.Equal(t, []string{eveID}, ids, "the last card of a file keeps the id that it had among others")
	require.Contains(t, versions(t, vcard.Folder(dir), versions(t, c, nil)), eveID, "also for another process")
	require.NoError(t, apply(t, c, connector.Write{Op: connector.Delete, ID: eveID}).Err)
	require.Empty(t, names(t, dir), "a file without cards is removed")
}

func wantFile(t *testing.T, dir, name, want string) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// TestSecondCard shows that a card keeps its id when another one is put into its file.
func TestSecondCard(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ann, bob := cardOf("3.0", "UID:u-ann", "FN:Ann"), cardOf("3.0", "UID:u-bob", "FN:Bob")
	put(t, dir, "a.vcf", ann)
	c := vcard.Folder(dir)
	known := versions(t, c, nil)
	put(t, dir, "a.vcf", bob+ann)
	for name, c := range map[string]connector.Connector{"the same process": c, "another process": vcard.Folder(dir)} {
		got := versions(t, c, known)
		require.Len(t, got, 2, name)
		require.Contains(t, got, "a.vcf#u-bob", name)
		rec, err := read(t, c, "a.vcf")
		require.NoError(t, err, name)
		require.Equal(t, contact.Text("Ann"), rec.Get("name"), name)
	}
	put(t, dir, "a.vcf", bob)
	ids, _ := listing(t, c)
	require.Equal(t, []string{"a.vcf#u-bob"}, ids, "the one that is left keeps its id too")
}

// TestLostCard shows that a record is not called gone while a card cannot be told that may be it.
func TestLostCard(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ann, bob := cardOf("3.0", "UID:u-ann", "FN:Ann"), cardOf("3.0", "UID:u-bob", "FN:Bob")
	put(t, dir, "a.vcf", ann+bob)
	c := vcard.Folder(dir)
	listing(t, c)
	put(t, dir, "a.vcf", strings.Replace(ann, "UID:u-ann", "UID", 1)+bob)
	_, err := read(t, c, "a.vcf#u-ann")
	require.Error(t, err)
	require.NotErrorIs(t, err, connector.ErrNotFound)
	put(t, dir, "a.vcf", bob+bob[:20])
	_, err = read(t, c, "a.vcf#u-ann")
	require.Error(t, err)
	require.NotErrorIs(t, err, connector.ErrNotFound)
	put(t, dir, "a.vcf", bob)
	_, err = read(t, c, "a.vcf#u-ann")
	require.ErrorIs(t, err, connector.ErrNotFound)
}

// TestGroups shows that the groups of a card are labels, in the ways of Apple and of vCard 4.0.
func TestGroups(t *testing.T) {
	t.Parallel()
	kinds := map[string]struct {
		version      string
		kind, member string
	}{
		"Apple": {"3.0", "X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:"},
		"4.0":   {"4.0", "KIND:group", "MEMBER:urn:uuid:"},
	}
	for name, k := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put(t, dir, "a.vcf", cardOf("3.0", "UID:u-ann", "FN:Ann", "CATEGORIES:x"), "b.vcf", cardOf("3.0", "UID:u-bob", "FN:Bob"),
				"g.vcf", cardOf(k.version, "UID:u-g", "FN:Friends", k.kind, k.member+"u-ann"))
			for _, name := range []string{"a.vcf", "b.vcf", "g.vcf"} { // a file that was just written has a version of its own
				old := time.Now().Add(-time.Hour)
				require.NoError(t, os.Chtimes(filepath.Join(dir, name), old, old))
			}
			c := vcard.Folder(dir)
			ids, unread := listing(t, c)
			require.Equal(t, []string{"a.vcf", "b.vcf"}, ids, "a group is no record")
			require.Empty(t, unread)
			labels := func(c connector.Connector, id string) []string {
				rec, err := read(t, c, id)
				require.NoError(t, err)
				return rec.Get("labels").Elements()
			}
			require.Equal(t, []string{"x", "Friends"}, labels(c, "a.vcf"))
			require.Empty(t, labels(c, "b.vcf"))

			before := versions(t, c, nil)
			friends := []contact.Entry{entry("friends", "")}
			results, err := c.Apply(context.Background(), []connector.Write{
				{Op: connector.Update, ID: "a.vcf", Version: before["a.vcf"], Patch: contact.Patch{"labels": {Remove: friends}}},
				{Op: connector.Update, ID: "b.vcf", Version: before["b.vcf"], Patch: contact.Patch{"labels": {Add: append(friends, entry("y", ""))}}},
			})
			require.NoError(t, err)
			require.NoError(t, results[0].Err)
			require.NoError(t, results[1].Err)
			wantFile(t, dir, "a.vcf", cardOf("3.0", "UID:u-ann", "FN:Ann", "CATEGORIES:x"))
			wantFile(t, dir, "b.vcf", cardOf("3.0", "UID:u-bob", "FN:Bob", "CATEGORIES:y"))
			wantFile(t, dir, "g.vcf", cardOf(k.version, "UID:u-g", "FN:Friends", k.kind, k.member+"u-bob"))
			require.Equal(t, []string{"x"}, results[0].Record.Get("labels").Elements())
			require.Equal(t, []string{"y", "Friends"}, results[1].Record.Get("labels").Elements())
			after := versions(t, vcard.Folder(dir), before)
			require.Equal(t, results[0].Record.Version, after["a.vcf"])
			require.Equal(t, results[1].Record.Version, after["b.vcf"])
			require.NotEqual(t, before["a.vcf"], after["a.vcf"], "who left a group has another version")

			late := connector.Write{Op: connector.Update, ID: "a.vcf", Version: before["a.vcf"], Patch: contact.Patch{"title": setText("x")}}
			require.ErrorIs(t, apply(t, c, late).Err, connector.ErrVersionConflict, "the labels were changed since")

			put(t, dir, "g.vcf", cardOf(k.version, "UID:u-g", k.kind, "oops"))
			rec, err := read(t, vcard.Folder(dir), "b.vcf")
			require.NoError(t, err)
			require.True(t, rec.Get("labels").Absent(), "a group that cannot be read leaves nobody")
		})
	}
}

// TestFile shows what is other in a book of one file.
func TestFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, err := vcard.App().Open(context.Background(), map[string]string{"path": filepath.Join(dir, "book.vcf")})
	require.NoError(t, err)
	ids, _ := listing(t, c)
	require.Empty(t, ids, "a file that is not there yet is an empty book")
	put(t, dir, "book.vcf", strings.TrimSpace(cardOf("3.0", "UID:u-ann", "FN:Ann"))) // no line end
	r := apply(t, c, connector.Write{Op: connector.Create, Patch: contact.Patch{"name": setText("Bob")}, Marker: "m"})
	require.NoError(t, r.Err)
	ids, unread := listing(t, c)
	require.Equal(t, slices.Sorted(slices.Values([]string{"u-ann", r.Record.ID})), ids)
	require.Empty(t, unread)
	require.NoError(t, os.Remove(filepath.Join(dir, "book.vcf")))
	_, err = c.(connector.Lister).List(context.Background(), "")
	require.ErrorIs(t, err, connector.ErrUnavailable, "a file that was there is missed")
	_, err = vcard.File(filepath.Join(dir, "no", "book.vcf")).(connector.Lister).List(context.Background(), "")
	require.ErrorIs(t, err, connector.ErrUnavailable, "its folder has to be there")
}

// TestOpen shows which paths the app takes.
func TestOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "odd", cardOf("3.0", "UID:u", "FN:x"))
	tests := []struct {
		name, path, fail string
	}{
		{"a folder", dir, ""},
		{"a file of another name", filepath.Join(dir, "odd"), ""},
		{"a file that is not there", filepath.Join(dir, "new.vcf"), ""},
		{"a folder that is not there", filepath.Join(dir, "new"), fmt.Sprintf("vcard: open: the app is unavailable: there is no folder %s; create it, or correct the path", filepath.Join(dir, "new"))},
		{"nothing", "", `vcard: setting "path" is missing: a folder of .vcf files, or one .vcf file with many cards`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := vcard.App().Open(context.Background(), map[string]string{"path": tt.path})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.fail, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

// A meddler is a clock that does something, once, when the connector looks at the time: after it has read a file and
// before it writes it.
type meddler struct {
	fixed
	do func()
}

func (m *meddler) Now() time.Time {
	if do := m.do; do != nil {
		m.do = nil
		do()
	}
	return m.fixed.Now()
}

// A meddling context does something when it is asked for the n-th time whether it has ended.
type meddling struct {
	context.Context
	left int // how often it is asked before
	do   func()
}

func (m *meddling) Err() error {
	if m.left--; m.left == 0 {
		m.do()
	}
	return m.Context.Err()
}

// TestEditDuringWrite edits files while the connector is about to write them.
func TestEditDuringWrite(t *testing.T) {
	t.Parallel()
	edited := cardOf("3.0", "UID:1", "FN:Eve")
	title := contact.Patch{"title": setText("x")}
	tests := []struct {
		name   string
		write  connector.Write
		unseen bool // it comes within the tick of the clock in which the file was read: the stat does not show it
	}{
		{"update", connector.Write{Op: connector.Update, ID: "a.vcf", Patch: title}, false},
		{"update, unseen", connector.Write{Op: connector.Update, ID: "a.vcf", Patch: title}, true},
		{"delete", connector.Write{Op: connector.Delete, ID: "a.vcf"}, false},
		{"delete, unseen", connector.Write{Op: connector.Delete, ID: "a.vcf"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ { // whenever it comes
				dir := t.TempDir()
				put(t, dir, "a.vcf", cardOf("3.0", "UID:1", "FN:Ann"))
				info, err := os.Stat(filepath.Join(dir, "a.vcf"))
				require.NoError(t, err)
				age := time.Hour
				if tt.unseen {
					age = time.Millisecond
				}
				c := vcard.Folder(dir, vcard.WithClock(fixed{info.ModTime().Add(age)}))
				tt.write.Version = versions(t, c, nil)["a.vcf"]
				m := &meddling{Context: context.Background(), left: n, do: func() {
					if tt.unseen {
						put(t, dir, "a.vcf", edited)
						require.NoError(t, os.Chtimes(filepath.Join(dir, "a.vcf"), info.ModTime(), info.ModTime()))
						return
					}
					put(t, dir, "new.vcf", edited)
					require.NoError(t, os.Rename(filepath.Join(dir, "new.vcf"), filepath.Join(dir, "a.vcf")))
				}}
				results, err := c.Apply(m, []connector.Write{tt.write})
				require.NoError(t, err)
				if m.left > 0 {
					require.NoError(t, results[0].Err)
					require.Greater(t, n, 3, "it was not asked between reading and writing")
					return
				}
				require.ErrorIs(t, results[0].Err, connector.ErrVersionConflict)
				wantFile(t, dir, "a.vcf", edited)
				require.Equal(t, []string{"a.vcf"}, names(t, dir), "no temporary file is left")
			}
		})
	}
	t.Run("create", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		clock := &meddler{fixed: fixed{noon}}
		c := vcard.Folder(dir, vcard.WithClock(clock))
		listing(t, c)
		const name = "ca0df2c9-5aa1-84c1-90ff-2ff3c8f967fd.vcf" // of the marker "m1"
		clock.do = func() { put(t, dir, name, edited) }
		err := apply(t, c, connector.Write{Op: connector.Create, Marker: "m1", Patch: contact.Patch{"name": setText("x")}}).Err
		require.ErrorIs(t, err, connector.ErrAlreadyExists)
		require.Equal(t, name, connector.ExistingID(err))
		wantFile(t, dir, name, edited)
	})
}
