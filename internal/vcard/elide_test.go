package vcard_test

import (
	"strings"
	"testing"

	"github.com/contactsync/contactsync/internal/vcard"
	"github.com/google/go-cmp/cmp"
)

func TestElide(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("A", 200_000)
	lines := func(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }
	tests := []struct{ name, text, want string }{
		{"nothing to leave out", lines("FN:Ann", "NOTE:"+long), lines("FN:Ann", "NOTE:"+long)},
		{"a short photo", lines("PHOTO:AAAA", "FN:Ann"), lines("PHOTO:AAAA", "FN:Ann")},
		{"one long line", lines("PHOTO;ENCODING=b:"+long, "FN:Ann"), lines("PHOTO;ENCODING=b:AAA", "FN:Ann")},
		{"folded", lines("PHOTO:AAAA", " "+long, "\tAAAA", "FN:Ann", " a"), lines("PHOTO:AAAA", " AAAAAAA", "FN:Ann", " a")},
		{"folded behind the end", lines("PHOTO;ENCODING=b:AAA", " AAA", " BBB", "FN:Ann"), lines("PHOTO;ENCODING=b:AAA", "FN:Ann")},
		{"of old phones", lines("PHOTO;BASE64:A", long, "BBBB=", "", "FN:Ann"), lines("PHOTO;BASE64:A", "AAAA", "", "FN:Ann")},
		{"not base64", lines("PHOTO;ENCODING=b:!!!"+long, "FN:Ann"), lines("PHOTO;ENCODING=b:!!!", "FN:Ann")},
		{"cut off", "PHOTO;ENCODING=b:" + long, "PHOTO;ENCODING=b:AAA"},
		{"two photos", lines("PHOTO;ENCODING=b:"+long, "LOGO;ENCODING=b:"+long), lines("PHOTO;ENCODING=b:AAA", "LOGO;ENCODING=b:AAAA")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := vcard.Elide(strings.NewReader(tt.text), 20, 1<<20)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v: %s", err, diff)
			}
		})
	}
	if _, err := vcard.Elide(strings.NewReader("NOTE:"+long), 20, 1000); err == nil {
		t.Error("more than the most is returned")
	}
}
