package csvfile_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector/csvfile"
)

// TestIDs shows which edits of a file without key column leave the ids of its rows as they are.
func TestIDs(t *testing.T) {
	for _, tc := range []struct {
		name, before, after string
		want                []int // of each row of after, which row of before it is; -1 for a new one
	}{
		{"moved", "name,email\nAnn,a@example.com\nBob,b@example.com\n", "name,email\nBob,b@example.com\nAnn,a@example.com\n", []int{1, 0}},
		{"all but the email edited", "name,email,phone\nAnn,a@example.com,1\n", "phone,email,name\n2,A@Example.com ,Zoe\n", []int{0}},
		{"the email edited", "name,email\nAnn,a@example.com\n", "name,email\nAnn,z@example.com\n", []int{-1}},
		{"moved rows that share an email", "name,email\nAnn,i@example.com\nBob,i@example.com\n", "name,email\nBob,i@example.com\nAnn,i@example.com\n", []int{1, 0}},
		{"another row gets the email of the first", "name,email\nAnn,a@example.com\n", "name,email\nBob,a@example.com\nAnn,a@example.com\n", []int{-1, -1}},
		{"no email: phone and name", "name,email,phone,notes\nAnn,,0471 12,x\n", "name,email,phone,notes\nAnn,,0471/12,y\n", []int{0}},
		{"no email: another phone", "name,phone\nAnn,0471\n", "name,phone\nAnn,0472\n", []int{-1}},
		{"a household shares its phone", "name,phone\nAnn,0471\nBob,0471\n", "name,phone\nBob,0471\nAnn,0471\n", []int{1, 0}},
		{"no phone: name and company", "First Name,Last Name,Company,notes\nAnn,Lee,Acme,x\n", "First Name,Last Name,Company,notes\nAnn,Lee,Acme,y\n", []int{0}},
		{"no name: all of it", "street,city\nx,y\n", "city,street\ny,x\n", []int{0}},
		{"no name: all of it, edited", "street,city\nx,y\n", "street,city\nx,z\n", []int{-1}},
		{"the same row twice", "name,x\nAnn,1\nAnn,1\n", "name,x\nAnn,1\nAnn,1\nAnn,1\n", []int{0, 1, -1}},
		{"a key that was typed in is a new id", "id,name,email\n,Ann,a@example.com\n", "id,name,email\n7,Ann,a@example.com\n", []int{-1}},
		{"a key that is filled in changes no other id", "id,name,email\n,Ann,i@example.com\n,Bob,i@example.com\n", "id,name,email\n7,Ann,i@example.com\n,Bob,i@example.com\n", []int{-1, 1}},
		{"a row like another one that got its key from us", "id,email\nrow-2303e370fa1b8dc3bea0,z@example.com\n", "id,email\nrow-2303e370fa1b8dc3bea0,z@example.com\n,a@example.com\n", []int{0, -1}},
		{"space around a key", "id,name\n7,Ann\n", "id,name\n 7 ,Zoe\n", []int{0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			before, _ := list(t, csvfile.File(writeFile(t, tc.before)))
			after, _ := list(t, csvfile.File(writeFile(t, tc.after)))
			var got []int
			for _, id := range after {
				got = append(got, slices.Index(before, id))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestIDsTellNothing shows that no id holds what a row says of a person: ids appear in messages.
func TestIDsTellNothing(t *testing.T) {
	ids, _ := list(t, csvfile.File(writeFile(t, "name,email,phone\nAnn,ann@example.com,\nBob,,0471\nCy,,\n")))
	require.Len(t, ids, 3)
	for _, id := range ids {
		require.Regexp(t, `^row-[0-9a-f]{20}$`, id)
	}
}

// TestFilledKey shows that a row without key keeps its id once we wrote to it, whatever is edited then.
func TestFilledKey(t *testing.T) {
	path := writeFile(t, "id,name,email\n,Ann,a@example.com\n,Bob,b@example.com\n")
	c := csvfile.File(path)
	before, _ := list(t, c)
	result := apply(t, c, update(before[0], set("email", "z@example.com")))[0]
	require.NoError(t, result.Err)
	after, _ := list(t, csvfile.File(path))
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before[0], result.Record.ID); diff != "" {
		t.Error(diff)
	}
}

// TestAddedKey shows that no row gets another id when a key column is added.
func TestAddedKey(t *testing.T) {
	path := writeFile(t, "name,email\nAnn,a@example.com\nBob,i@example.com\nCy,i@example.com\nCy,i@example.com\nDee,\n")
	c := newConnector(t, csvfile.Config{Path: path, AddKey: true})
	before, _ := list(t, c)
	versions := map[string]string{}
	for _, rec := range records(t, c) {
		versions[rec.ID] = rec.Version
	}
	require.NoError(t, apply(t, c, update(before[0], set("name", "Zoe")))[0].Err)
	after, _ := list(t, csvfile.File(path))
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
	for _, rec := range records(t, csvfile.File(path))[1:] {
		if versions[rec.ID] != rec.Version {
			t.Errorf("row %s, which nobody edited, has another version", rec.ID)
		}
	}
}
