package vcard_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/contact"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden makes the same edit in cards as programs write them, and compares the files with what they have to be.
// The difference of testdata/programs/before and after is for people to look at.
func TestGolden(t *testing.T) {
	t.Parallel()
	before, after := filepath.Join("testdata", "programs", "before"), filepath.Join("testdata", "programs", "after")
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(before)))
	c := vcard.Folder(dir, vcard.WithClock(fixed{noon}))
	items := list(t, c)
	var nothing, edits []connector.Write
	for _, item := range items {
		rec, err := read(t, c, item.ID)
		require.NoError(t, err)
		same := contact.Patch{}
		for name, v := range rec.Fields {
			if name != "uid" && name != "labels" {
				same[name] = contact.Change{Set: v}
			}
		}
		nothing = append(nothing, connector.Write{Op: connector.Update, ID: item.ID, Version: item.Version, Patch: same})
		edits = append(edits, connector.Write{Op: connector.Update, ID: item.ID, Version: item.Version, Patch: contact.Patch{
			"title":  setText("Größe; new"),
			"phones": {Add: []contact.Entry{entry("+1 555 010 9999", "work mobile")}},
			"labels": {Add: []contact.Entry{entry("vip, new", "")}},
			"notes":  setText("first line\nsecond line, which is so long that it has to be folded wherever a version folds"),
		}})
	}
	apply := func(writes []connector.Write) {
		results, err := c.Apply(context.Background(), writes)
		require.NoError(t, err)
		for i, r := range results {
			require.NoError(t, r.Err, writes[i].ID)
		}
	}
	apply(nothing)
	compare(t, before, dir)
	apply(edits)
	if *update {
		require.NoError(t, os.RemoveAll(after))
		require.NoError(t, os.CopyFS(after, os.DirFS(dir)))
	}
	compare(t, after, dir)
}

// compare compares the files of two folders to the byte.
func compare(t *testing.T, want, got string) {
	t.Helper()
	if diff := cmp.Diff(names(t, want), names(t, got)); diff != "" {
		t.Fatalf("files (-want +got):\n%s", diff)
	}
	for _, name := range names(t, want) {
		data, err := os.ReadFile(filepath.Join(want, name))
		require.NoError(t, err)
		wantFile(t, got, name, string(data))
	}
}
