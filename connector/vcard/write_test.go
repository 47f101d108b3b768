package vcard_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/contact"
)

// fixed is a clock that stands still, long after the files of a test were written.
type fixed struct{ now time.Time }

func (c fixed) Now() time.Time                                   { return c.now }
func (c fixed) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

var noon = time.Date(2030, 1, 2, 12, 0, 0, 0, time.UTC)

// apply carries out one write and returns its result.
func apply(t *testing.T, c connector.Connector, w connector.Write) connector.Result {
	t.Helper()
	results, err := c.Apply(context.Background(), []connector.Write{w})
	require.NoError(t, err)
	require.Len(t, results, 1)
	return results[0]
}

func set(v contact.Value) contact.Change { return contact.Change{Set: v} }

func setText(s string) contact.Change { return contact.Change{Set: contact.Text(s)} }

var clear = contact.Change{Set: contact.Empty}

// TestUpdate changes fields of a card and looks at every line of it.
func TestUpdate(t *testing.T) {
	t.Parallel()
	home := func(street, city string) contact.Entry {
		return contact.Entry{Type: "home", Value: contact.Postal(contact.Address{Street: street, City: city})}
	}
	tests := []struct {
		name    string
		version string // "" is 3.0
		lines   []string
		patch   contact.Patch
		want    []string
		fail    string
	}{
		{name: "B22 one property, all else stays", lines: []string{"fn:Ann", "X-Foo;A=\"b:c\":1\\x", "TITLE;X-A=1:old", "NOTE:a", "  b", "item1.X-ABLabel:x"},
			patch: contact.Patch{"title": setText("new; one")},
			want:  []string{"fn:Ann", "X-Foo;A=\"b:c\":1\\x", "TITLE;X-A=1:new\\; one", "NOTE:a", "  b", "item1.X-ABLabel:x"}},
		{name: "nothing changes", lines: []string{"FN:Ann", "TITLE:a", "REV:2020-01-01T00:00:00Z"},
			patch: contact.Patch{"title": setText("a"), "notes": clear}, want: []string{"FN:Ann", "TITLE:a", "REV:2020-01-01T00:00:00Z"}},
		{name: "REV moves", lines: []string{"FN:Ann", "REV:2020-01-01T00:00:00Z"},
			patch: contact.Patch{"title": setText("a")}, want: []string{"FN:Ann", "REV:2030-01-02T12:00:00Z", "TITLE:a"}},
		{name: "REV keeps its form", lines: []string{"FN:Ann", "REV:20200101T000000Z"},
			patch: contact.Patch{"title": setText("a")}, want: []string{"FN:Ann", "REV:20300102T120000Z", "TITLE:a"}},
		{name: "a long text is folded", lines: []string{"FN:Ann"}, patch: contact.Patch{"notes": setText(strings.Repeat("é", 40))},
			want: []string{"FN:Ann", "NOTE:" + strings.Repeat("é", 35), " " + strings.Repeat("é", 5)}},
		{name: "a fold never cuts a character", lines: []string{"FN:Ann"}, patch: contact.Patch{"notes": setText("x" + strings.Repeat("é", 40))},
			want: []string{"FN:Ann", "NOTE:x" + strings.Repeat("é", 34), " " + strings.Repeat("é", 6)}},
		{name: "the first name, and FN with it", lines: []string{"N:Lee;Ann;;;", "FN:Ann Lee"},
			patch: contact.Patch{"first": setText("Eve")}, want: []string{"N:Lee;Eve;;;", "FN:Eve Lee"}},
		{name: "FN with the family name first", lines: []string{"N:李;伟;;;", "FN:李伟"},
			patch: contact.Patch{"first": setText("芳")}, want: []string{"N:李;芳;;;", "FN:李芳"}},
		{name: "FN that somebody chose stays", lines: []string{"N:Lee;Ann;;;", "FN:Annie"},
			patch: contact.Patch{"first": setText("Eve")}, want: []string{"N:Lee;Eve;;;", "FN:Annie"}},
		{name: "both names given", lines: []string{"N:Lee;Ann;;;", "FN:Ann Lee"},
			patch: contact.Patch{"first": setText("Eve"), "name": setText("Evie")}, want: []string{"N:Lee;Eve;;;", "FN:Evie"}},
		{name: "other components stay as written", lines: []string{`N:Lee;Ann;Philip,Paul\,x;;`, "FN:x"},
			patch: contact.Patch{"last": setText("a;b")}, want: []string{`N:a\;b;Ann;Philip,Paul\,x;;`, "FN:x"}},
		{name: "no N yet", lines: []string{"FN:x"}, patch: contact.Patch{"last": setText("Lee")}, want: []string{"FN:x", "N:Lee;;;;"}},
		{name: "the name is cleared", lines: []string{"N:;;;;", "FN:Ann", "EMAIL:a@example.com"},
			patch: contact.Patch{"name": clear}, want: []string{"N:;;;;", "FN:a@example.com", "EMAIL:a@example.com"}},
		{name: "the name is cleared and there is no other", lines: []string{"FN:Ann"}, patch: contact.Patch{"name": clear},
			fail: "field name: the app refused the record: a card needs a name, a company, an email, a nickname or a phone number"},
		{name: "company, departments stay", lines: []string{"FN:x", `ORG;X-A=1:Acme;Sales;EM\;EA`},
			patch: contact.Patch{"company": setText("Globex")}, want: []string{"FN:x", `ORG;X-A=1:Globex;Sales;EM\;EA`}},
		{name: "department", lines: []string{"FN:x", "ORG:Acme;Sales"}, patch: contact.Patch{"department": setText("a;b")}, want: []string{"FN:x", "ORG:Acme;a;b"}},
		{name: "company is cleared, the department is left", lines: []string{"FN:x", "ORG:Acme;Sales"}, patch: contact.Patch{"company": clear}, want: []string{"FN:x", "ORG:;Sales"}},
		{name: "company and department are cleared", lines: []string{"FN:x", "ORG:Acme;Sales"}, patch: contact.Patch{"company": clear, "department": clear}, want: []string{"FN:x"}},
		{name: "an entry is replaced in place", lines: []string{"FN:x", "EMAIL;TYPE=INTERNET,WORK;TYPE=pref:a@example.com", "EMAIL;TYPE=HOME:b@example.com"},
			patch: contact.Patch{"emails": {Remove: []contact.Entry{entry("a@example.com", "work")}, Add: []contact.Entry{primary(entry("c@example.com", "work"))}}},
			want:  []string{"FN:x", "EMAIL;TYPE=INTERNET,WORK;TYPE=pref:c@example.com", "EMAIL;TYPE=HOME:b@example.com"}},
		{name: "an entry is added behind its like", lines: []string{"FN:x", "EMAIL:a@example.com", "NOTE:n"},
			patch: contact.Patch{"emails": {Add: []contact.Entry{entry("b@example.com", "home")}}},
			want:  []string{"FN:x", "EMAIL:a@example.com", "EMAIL;TYPE=HOME:b@example.com", "NOTE:n"}},
		{name: "an entry is removed with its label", lines: []string{"FN:x", "item1.TEL:1", "item1.X-ABLabel:Ski hut", "TEL:2"},
			patch: contact.Patch{"phones": {Remove: []contact.Entry{entry("1", "")}}}, want: []string{"FN:x", "TEL:2"}},
		{name: "a label stays while its group is in use", lines: []string{"FN:x", "item1.TEL:1", "item1.EMAIL:a@example.com", "item1.X-ABLabel:Ski hut"},
			patch: contact.Patch{"phones": clear}, want: []string{"FN:x", "item1.EMAIL:a@example.com", "item1.X-ABLabel:Ski hut"}},
		{name: "a type that is a label", lines: []string{"FN:x", "item1.X-ABLabel:x"}, patch: contact.Patch{"phones": {Add: []contact.Entry{entry("1", "Ski hut")}}},
			want: []string{"FN:x", "item1.X-ABLabel:x", "item2.X-ABLabel:Ski hut", "item2.TEL:1"}},
		{name: "the type changes", lines: []string{"FN:x", "TEL;TYPE=WORK,VOICE;X-A=1:1"}, patch: contact.Patch{"phones": set(contact.List(entry("1", "mobile")))},
			want: []string{"FN:x", "TEL;TYPE=VOICE;X-A=1;TYPE=CELL:1"}},
		{name: "another primary", lines: []string{"FN:x", "TEL;TYPE=WORK,pref:1", "TEL;TYPE=HOME:2"},
			patch: contact.Patch{"phones": set(contact.List(entry("1", "work"), primary(entry("2", "home"))))},
			want:  []string{"FN:x", "TEL;TYPE=WORK:1", "TEL;TYPE=HOME;TYPE=PREF:2"}},
		{name: "another primary of 4.0", version: "4.0", lines: []string{"FN:x", "TEL;PREF=1:1", "TEL;PREF=2:2"},
			patch: contact.Patch{"phones": set(contact.List(entry("1", ""), primary(entry("2", ""))))}, want: []string{"FN:x", "TEL:1", "TEL;PREF=1:2"}},
		{name: "a number that is a URI", version: "4.0", lines: []string{"FN:x", "TEL;VALUE=uri;TYPE=cell:tel:+1"},
			patch: contact.Patch{"phones": set(contact.List(entry("+2", "mobile")))}, want: []string{"FN:x", "TEL;VALUE=uri;TYPE=cell:tel:+2"}},
		{name: "a number that can be no URI", version: "4.0", lines: []string{"FN:x", "TEL;VALUE=uri;TYPE=cell:tel:+1"},
			patch: contact.Patch{"phones": set(contact.List(entry("+2 3", "mobile")))}, want: []string{"FN:x", "TEL;TYPE=cell:+2 3"}},
		{name: "a part of an address", lines: []string{"FN:x", `ADR;TYPE=HOME:;;1 Main St\;A,B;Boston;;;`},
			patch: contact.Patch{"addresses": set(contact.List(home("1 Main St;A,B", "Leeds")))}, want: []string{"FN:x", `ADR;TYPE=HOME:;;1 Main St\;A,B;Leeds;;;`}},
		{name: "a new address", lines: []string{"FN:x"}, patch: contact.Patch{"addresses": set(contact.List(home("1, Main", "")))}, want: []string{"FN:x", `ADR;TYPE=HOME:;;1\, Main;;;;`}},
		{name: "a web page", lines: []string{"FN:x"}, patch: contact.Patch{"urls": set(contact.List(entry("http://x/?a=1,2;3", "")))}, want: []string{"FN:x", "URL:http://x/?a=1,2;3"}},
		{name: "notes of several lines become one", lines: []string{"FN:x", "NOTE:a", "TITLE:t", "NOTE:b"}, patch: contact.Patch{"notes": setText("a\nb\nc")},
			want: []string{"FN:x", `NOTE:a\nb\nc`, "TITLE:t"}},
		{name: "birthday", lines: []string{"FN:x", "BDAY;VALUE=date:1985-04-12"}, patch: contact.Patch{"birthday": set(contact.Date(1986, 5, 13))}, want: []string{"FN:x", "BDAY:1986-05-13"}},
		{name: "a birthday in the short form", lines: []string{"FN:x", "BDAY:19850412"}, patch: contact.Patch{"birthday": set(contact.Date(1986, 5, 13))}, want: []string{"FN:x", "BDAY:19860513"}},
		{name: "a birthday without year", lines: []string{"FN:x"}, patch: contact.Patch{"birthday": set(contact.Date(0, 2, 29))}, want: []string{"FN:x", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29"}},
		{name: "its year is found out", lines: []string{"FN:x", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29"}, patch: contact.Patch{"birthday": set(contact.Date(1984, 2, 29))}, want: []string{"FN:x", "BDAY:1984-02-29"}},
		{name: "a birthday without year in 4.0", version: "4.0", lines: []string{"FN:x"}, patch: contact.Patch{"birthday": set(contact.Date(0, 2, 29))}, want: []string{"FN:x", "BDAY:--0229"}},
		{name: "an anniversary of Apple", lines: []string{"FN:x", "item1.X-ABDATE;type=pref:2010-05-06", "item1.X-ABLabel:_$!<Anniversary>!$_"},
			patch: contact.Patch{"anniversary": clear}, want: []string{"FN:x"}},
		{name: "labels", lines: []string{"FN:x", `CATEGORIES:a,b\,c`, "CATEGORIES:d"}, patch: contact.Patch{"labels": {Remove: []contact.Entry{entry("A", ""), entry("d", "")}, Add: []contact.Entry{entry("e,f", "")}}},
			want: []string{"FN:x", `CATEGORIES:b\,c,e\,f`}},
		{name: "the last label goes", lines: []string{"FN:x", "CATEGORIES:a"}, patch: contact.Patch{"labels": clear}, want: []string{"FN:x"}},
		{name: "the first label comes", lines: []string{"FN:x"}, patch: contact.Patch{"labels": {Add: []contact.Entry{entry("a", "")}}}, want: []string{"FN:x", "CATEGORIES:a"}},
		{name: "2.1 is written as 2.1", version: "2.1", lines: []string{"FN:x", "TITLE:a"}, patch: contact.Patch{"title": setText("é; b"), "phones": {Add: []contact.Entry{primary(entry("1", "work fax"))}}},
			want: []string{"FN:x", `TITLE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=A9\; b`, "TEL;WORK;FAX;PREF:1"}},
		{name: "a charset is left", version: "2.1", lines: []string{"FN:x", "TITLE;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:=E9"}, patch: contact.Patch{"title": setText("plain")}, want: []string{"FN:x", "TITLE:plain"}},
		{name: "a field that cannot be written", lines: []string{"FN:x"}, patch: contact.Patch{"uid": setText("y")}, fail: "field uid: the app refused the record: a card has no such field that can be written"},
		{name: "a control character", lines: []string{"FN:x"}, patch: contact.Patch{"title": setText("a\x00b")}, fail: "field title: the app refused the record: a control character, or text that is not UTF-8"},
		{name: "B63 a line end in an email", lines: []string{"FN:x"}, patch: contact.Patch{"emails": {Add: []contact.Entry{entry("a@b.com\r\nBcc: x@y", "")}}},
			fail: "field emails: the app refused the record: a line end"},
		{name: "not a date", lines: []string{"FN:x"}, patch: contact.Patch{"birthday": setText("1985-02-30")}, fail: "field birthday: the app refused the record: not a date"},
		{name: "too long", lines: []string{"FN:x"}, patch: contact.Patch{"notes": setText(strings.Repeat("x", 16001))}, fail: "field notes: the app refused the record: longer than 16000 characters"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			version := tt.version
			if version == "" {
				version = "3.0"
			}
			before := cardOf(version, tt.lines...)
			put(t, dir, "a.vcf", before)
			c := vcard.Folder(dir, vcard.WithClock(fixed{noon}))
			r := apply(t, c, connector.Write{Op: connector.Update, ID: "a.vcf", Patch: tt.patch})
			got, err := os.ReadFile(filepath.Join(dir, "a.vcf"))
			require.NoError(t, err)
			if tt.fail != "" {
				require.ErrorIs(t, r.Err, connector.ErrInvalid)
				if diff := cmp.Diff("vcard: update a.vcf: "+tt.fail, r.Err.Error()); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(before, string(got)); diff != "" {
					t.Errorf("a refused write changed the card (-want +got):\n%s", diff)
				}
				return
			}
			require.NoError(t, r.Err)
			if diff := cmp.Diff(cardOf(version, tt.want...), string(got)); diff != "" {
				t.Errorf("card (-want +got):\n%s", diff)
			}
			rec, err := read(t, vcard.Folder(dir), "a.vcf")
			require.NoError(t, err)
			if diff := cmp.Diff(rec.Fields, r.Record.Fields); diff != "" {
				t.Errorf("the answer differs from what is read (-read +answer):\n%s", diff)
			}
		})
	}
}

// TestCreate looks at every line of new cards.
func TestCreate(t *testing.T) {
	t.Parallel()
	const uid = "UID:ca0df2c9-5aa1-84c1-90ff-2ff3c8f967fd" // the first half of the SHA-256 of the marker "m1", marked as a UUID of version 8
	tests := []struct {
		name  string
		patch contact.Patch
		want  []string
		fail  error
	}{
		{name: "the name is composed", patch: contact.Patch{"first": setText("Ann"), "last": setText("Lee"), "emails": set(contact.List(entry("a@example.com", "work")))},
			want: []string{"N:Lee;Ann;;;", "FN:Ann Lee", "EMAIL;TYPE=WORK:a@example.com"}},
		{name: "the name is given", patch: contact.Patch{"first": setText("Ann"), "name": setText("Annie")}, want: []string{"N:;Ann;;;", "FN:Annie"}},
		{name: "the company is the name", patch: contact.Patch{"company": setText("Acme"), "name": clear}, want: []string{"N:;;;;", "FN:Acme", "ORG:Acme"}},
		{name: "the email is the name", patch: contact.Patch{"emails": set(contact.Text("a@example.com"))}, want: []string{"N:;;;;", "FN:a@example.com", "EMAIL:a@example.com"}},
		{name: "nothing is the name", patch: contact.Patch{"notes": setText("x")}, fail: connector.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c := vcard.Folder(dir, vcard.WithClock(fixed{noon}))
			write := connector.Write{Op: connector.Create, Patch: tt.patch, Marker: "m1"}
			r := apply(t, c, write)
			if tt.fail != nil {
				require.ErrorIs(t, r.Err, tt.fail)
				return
			}
			require.NoError(t, r.Err)
			data, err := os.ReadFile(filepath.Join(dir, r.Record.ID))
			require.NoError(t, err)
			want := cardOf("3.0", append([]string{"PRODID:-//contactsync//vcard//EN", uid, "REV:2030-01-02T12:00:00Z"}, tt.want...)...)
			if diff := cmp.Diff(want, string(data)); diff != "" {
				t.Errorf("card (-want +got):\n%s", diff)
			}
			again := apply(t, vcard.Folder(dir), write)
			require.NoError(t, again.Err)
			if again.Record.ID != r.Record.ID {
				t.Errorf("the same create made another card")
			}
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, entries, 1)
		})
	}
}

// TestBatch shows that a bad write fails alone, and that no write of a batch happens twice to one card.
func TestBatch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "a.vcf", cardOf("3.0", "FN:a"), "b.vcf", cardOf("3.0", "FN:b"), "bad.vcf", cardOf("3.0", "oops"))
	c := vcard.Folder(dir)
	title := func(id, text string) connector.Write {
		return connector.Write{Op: connector.Update, ID: id, Patch: contact.Patch{"title": setText(text)}}
	}
	results, err := c.Apply(context.Background(), []connector.Write{title("a.vcf", "1"), title("bad.vcf", "2"), title("gone.vcf", "3"), title("a.vcf", "4"), title("b.vcf", "5"), title("../a.vcf", "6")})
	require.NoError(t, err)
	for i, want := range []error{nil, connector.ErrInvalid, connector.ErrNotFound, connector.ErrVersionConflict, nil, connector.ErrNotFound} {
		if !errors.Is(results[i].Err, want) {
			t.Errorf("write %d: %v, want %v", i+1, results[i].Err, want)
		}
	}
	for id, want := range map[string]string{"a.vcf": "1", "b.vcf": "5"} {
		rec, err := read(t, c, id)
		require.NoError(t, err)
		if diff := cmp.Diff(contact.Text(want), rec.Get("title")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}
