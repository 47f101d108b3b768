package vcard_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/contact"
)

// FuzzIDs: ids, versions and what is known of a card, of whatever hand, reach nothing outside the folder, and change no
// card whose version they do not name.
func FuzzIDs(f *testing.F) {
	for _, seed := range [][2]string{
		{"a.vcf", ""}, {"../outside.vcf", ""}, {"/etc/passwd", ""}, {"b.vcf#1", "-.x.000000000000000000000000"}, {"b.vcf#", "~1.1.1.1.aa"}, {".", ""}, {"", "x"},
		{"sub/../../outside.vcf", ""}, {"a.vcf\x00", "1.2.3"}, {"outside.vcf#1", ""}, {"link.vcf", ""}, {strings.Repeat("a", 300), ""}, {"AUX.vcf#2#3", "....."},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, id, version string) {
		root := t.TempDir()
		dir, outside := filepath.Join(root, "people"), filepath.Join(root, "outside.vcf")
		require.NoError(t, os.Mkdir(dir, 0o755))
		secret := cardOf("3.0", "UID:1", "FN:Outside")
		put(t, root, "outside.vcf", secret)
		for _, known := range []string{version, ""} {
			put(t, dir, "a.vcf", cardOf("3.0", "UID:1", "FN:Ann"), "b.vcf", cardOf("3.0", "UID:2", "FN:Bob")+cardOf("3.0", "UID:3", "FN:Cy"))
			c := vcard.Folder(dir)
			real := versions(t, c, map[string]string{id: known, "a.vcf": known})
			require.Len(t, real, 3)
			results, err := c.(connector.Reader).Read(t.Context(), []string{id}, []string{"name"})
			require.NoError(t, err)
			if _, there := real[id]; !there && results[0].Err == nil {
				t.Errorf("%q is read as %v", id, results[0].Record)
			}
			for _, op := range []connector.Op{connector.Update, connector.Delete} {
				w := connector.Write{Op: op, ID: id, Version: known}
				if op == connector.Update {
					w.Patch = contact.Patch{"title": setText("x")}
				}
				if r := apply(t, c, w); r.Err == nil && known != "" && known != real[id] && op == connector.Update {
					t.Errorf("%s of %q went through under the version %q; it has %q", op, id, known, real[id])
				}
			}
		}
		if got, err := os.ReadFile(outside); err != nil || string(got) != secret {
			t.Errorf("a file outside the folder was changed by %q: %q, %v", id, got, err)
		}
		names, err := filepath.Glob(filepath.Join(root, "*"))
		require.NoError(t, err)
		require.Len(t, names, 2, "what is beside the folder")
	})
}

// FuzzFolder: whatever a file of a folder holds, the others are listed and read, the file is not changed by being looked
// at, and what is read of it can be written to another card.
func FuzzFolder(f *testing.F) {
	for _, seed := range []string{
		"", "BEGIN:VCARD", cardOf("3.0", "UID:1", "FN:Ann"), cardOf("2.1", "UID:9", "NOTE;ENCODING=QUOTED-PRINTABLE:a=", "b"), cardOf("4.0", "KIND:group", "UID:g", "FN:Friends", "MEMBER:urn:uuid:1"),
		cardOf("3.0", "UID:x", "TEL;TYPE=\"a:b:+1"), cardOf("3.0", "FN:\xff\xfe"), cardOf("3.0", "FN:a", "BDAY:--0229", "PHOTO;ENCODING=b:AAAA", "PHOTO;VALUE=uri:file:///etc/passwd"),
		cardOf("5.0", "FN:x") + "\r" + cardOf("3.0", "UID:2", "FN:y"), "\ufeff" + cardOf("3.0", "UID:"+strings.Repeat("u", 2000), "FN:z"), strings.Repeat("A:\r\n ", 1000),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		put(t, dir, "hostile.vcf", string(content), "z.vcf", cardOf("3.0", "UID:zoe", "FN:Zoe"))
		c := vcard.Folder(dir)
		all := versions(t, c, nil)
		if all["z.vcf"] == "" {
			t.Fatalf("another card is not listed: %v", all)
		}
		schema, err := c.Schema(t.Context())
		require.NoError(t, err)
		for id, version := range all {
			rec, err := read(t, c, id)
			if err != nil { // it is parked, with the reason
				require.ErrorContains(t, err, "vcf", id)
				continue
			}
			if rec.Version != version {
				t.Errorf("%q was listed as %q and read as %q", id, version, rec.Version)
			}
			patch := contact.Patch{}
			for name, v := range rec.Fields {
				if field, _ := schema.Field(name); !field.ReadOnly && !v.Blank() {
					patch[name] = set(v)
				}
			}
			if r := apply(t, c, connector.Write{Op: connector.Create, Patch: patch, Marker: "00000000-0000-4000-8000-000000000001"}); r.Err == nil {
				require.NoError(t, apply(t, c, connector.Write{Op: connector.Delete, ID: r.Record.ID}).Err)
			}
		}
		if got, err := os.ReadFile(filepath.Join(dir, "hostile.vcf")); err != nil || string(got) != string(content) {
			t.Error("a file was changed by being read")
		}
	})
}
