package vcard_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/contact"
)

// cardOf returns a card with these lines.
func cardOf(version string, lines ...string) string {
	all := append([]string{"BEGIN:VCARD", "VERSION:" + version}, lines...)
	return strings.Join(append(all, "END:VCARD", ""), "\r\n")
}

// put writes files into a folder, by name and content.
func put(t *testing.T, dir string, files ...string) {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o644))
	}
}

// read reads one record, all fields of it.
func read(t *testing.T, c connector.Connector, id string) (contact.Record, error) {
	t.Helper()
	schema, err := c.Schema(context.Background())
	require.NoError(t, err)
	var names []string
	for _, f := range schema.Fields {
		names = append(names, f.Name)
	}
	results, err := c.(connector.Reader).Read(context.Background(), []string{id}, names)
	require.NoError(t, err)
	require.Len(t, results, 1)
	return results[0].Record, results[0].Err
}

func entry(text, kind string) contact.Entry {
	return contact.Entry{Value: contact.Text(text), Type: kind}
}

func primary(e contact.Entry) contact.Entry {
	e.Primary = true
	return e
}

// TestRead reads cards of all versions and of the programs that people use.
func TestRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		version string
		lines   []string
		want    contact.Fields // every field that is not empty
		fail    string
	}{
		{
			name: "RFC 2426", version: "3.0",
			lines: []string{"FN:Mr. John Q. Public\\, Esq.", "N:Public;John;Quinlan;Mr.;Esq.", "NICKNAME:Robbie", "BDAY:1996-04-15",
				"ADR;TYPE=dom,home,postal,parcel:PO 1;Suite 2;123 Main Street;Any Town;CA;91921-1234;USA",
				"TEL;TYPE=work,voice,pref,msg:+1-213-555-1234", "EMAIL;TYPE=internet,pref:jqpublic@xyz.dom1.com",
				"TITLE:Director\\, Research and Development", "ROLE:Programmer", "ORG:ABC\\, Inc.;North American Division;Marketing",
				"CATEGORIES:INTERNET,IETF,INDUSTRY\\,X", "NOTE:This fax number is operational 0800 to 1715\\nEST\\, Mon-Fri.",
				"URL:http://www.swbyps.restaurant.french/~chezchic.html", "UID:19950401-080045-40000F192713-0052"},
			want: contact.Fields{
				"name": contact.Text("Mr. John Q. Public, Esq."), "last": contact.Text("Public"), "first": contact.Text("John"),
				"middle": contact.Text("Quinlan"), "prefix": contact.Text("Mr."), "suffix": contact.Text("Esq."),
				"nickname": contact.Text("Robbie"), "birthday": contact.Date(1996, 4, 15),
				"addresses": contact.List(contact.Entry{Type: "home", Value: contact.Postal(contact.Address{POBox: "PO 1", Extended: "Suite 2",
					Street: "123 Main Street", City: "Any Town", Region: "CA", PostalCode: "91921-1234", Country: "USA"})}),
				"phones": contact.List(primary(entry("+1-213-555-1234", "work msg"))),
				"emails": contact.List(primary(entry("jqpublic@xyz.dom1.com", ""))),
				"title":  contact.Text("Director, Research and Development"), "role": contact.Text("Programmer"),
				"company": contact.Text("ABC, Inc."), "department": contact.Text("North American Division;Marketing"),
				"labels": contact.Set("INTERNET", "IETF", "INDUSTRY,X"),
				"notes":  contact.Text("This fax number is operational 0800 to 1715\nEST, Mon-Fri."),
				"urls":   contact.List(entry("http://www.swbyps.restaurant.french/~chezchic.html", "")),
				"uid":    contact.Text("19950401-080045-40000F192713-0052"),
			},
		},
		{
			name: "RFC 6350", version: "4.0",
			lines: []string{"FN:Simon Perreault", "N:Perreault;Simon;;;ing. jr,M.Sc.", "BDAY:--0203", "ANNIVERSARY:20090808T1430-0500",
				"TEL;VALUE=uri;TYPE=\"work,voice\";PREF=1:tel:+1-418-656-9254;ext=102", "TEL;VALUE=uri;TYPE=work,cell,voice,video,text:tel:+1-418-262-6501",
				"EMAIL;TYPE=work;PREF=50:simon.perreault@viagenie.ca", "EMAIL:s@example.org"},
			want: contact.Fields{
				"name": contact.Text("Simon Perreault"), "last": contact.Text("Perreault"), "first": contact.Text("Simon"), "suffix": contact.Text("ing. jr,M.Sc."),
				"birthday": contact.Date(0, 2, 3), "anniversary": contact.Date(2009, 8, 8),
				"phones": contact.List(primary(entry("+1-418-656-9254;ext=102", "work")), entry("+1-418-262-6501", "work mobile video text")),
				"emails": contact.List(primary(entry("simon.perreault@viagenie.ca", "work")), entry("s@example.org", "")),
			},
		},
		{
			name: "B21 Apple", version: "3.0",
			lines: []string{"N:Lee;Ann;;;", "FN:Ann Lee", "item1.TEL:+1", "item1.X-ABLabel:Ski hut", "item2.TEL;type=pref:+2", "item2.X-ABLabel:_$!<HomeFAX>!$_",
				"TEL;type=IPHONE;type=CELL;type=VOICE:+3", "item3.URL;type=pref:http\\://example.com", "item3.X-ABLabel:_$!<HomePage>!$_",
				"BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29", "item4.X-ABDATE;type=pref:2010-05-06", "item4.X-ABLabel:_$!<Anniversary>!$_"},
			want: contact.Fields{
				"name": contact.Text("Ann Lee"), "last": contact.Text("Lee"), "first": contact.Text("Ann"),
				"phones":   contact.List(entry("+1", "Ski hut"), primary(entry("+2", "home fax")), entry("+3", "iphone mobile")),
				"urls":     contact.List(primary(entry("http://example.com", "homepage"))),
				"birthday": contact.Date(0, 2, 29), "anniversary": contact.Date(2010, 5, 6),
			},
		},
		{
			name: "vCard 2.1 of a phone", version: "2.1",
			lines: []string{"N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E5=BC=A0;=E4=B8=89;;;", "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E5=BC=A0=",
				"=E4=B8=89", "TEL;CELL;PREF:+86 10", "TEL;WORK;FAX:+86 11", "TEL;VOICE:+86 12", "TEL;PAGER:+86 13", "EMAIL;X-INTERNET;HOME:a@example.com"},
			want: contact.Fields{
				"name": contact.Text("张三"), "last": contact.Text("张"), "first": contact.Text("三"),
				"phones": contact.List(primary(entry("+86 10", "mobile")), entry("+86 11", "work fax"), entry("+86 12", ""), entry("+86 13", "pager")),
				"emails": contact.List(entry("a@example.com", "home x-internet")),
			},
		},
		{name: "the place comes first", version: "3.0", lines: []string{"FN:x", "TEL;TYPE=FAX,WORK:1"},
			want: contact.Fields{"name": contact.Text("x"), "phones": contact.List(entry("1", "work fax"))}},
		{name: "notes are joined", version: "3.0", lines: []string{"FN:x", "NOTE:a", "NOTE:", "NOTE:b"},
			want: contact.Fields{"name": contact.Text("x"), "notes": contact.Text("a\nb")}},
		{name: "labels are joined, each once", version: "3.0", lines: []string{"FN:x", "CATEGORIES:a,b", "CATEGORIES:B, c"},
			want: contact.Fields{"name": contact.Text("x"), "labels": contact.Set("a", "b", "c")}},
		{name: "blank entries are none", version: "3.0", lines: []string{"FN:x", "TEL;TYPE=HOME:", "ADR:;;;;;;", "EMAIL: "},
			want: contact.Fields{"name": contact.Text("x")}},
		{name: "B23 FN is missing", version: "3.0", lines: []string{"N:Lee;Ann;M.;Dr.;Jr."},
			want: contact.Fields{"name": contact.Text("Dr. Ann M. Lee Jr."), "first": contact.Text("Ann"), "last": contact.Text("Lee"),
				"middle": contact.Text("M."), "prefix": contact.Text("Dr."), "suffix": contact.Text("Jr.")}},
		{name: "B23 FN is blank, N too", version: "3.0", lines: []string{"N:;;;;", "FN: ", "EMAIL:a@example.com", "ORG:Acme"},
			want: contact.Fields{"name": contact.Text("Acme"), "company": contact.Text("Acme"), "emails": contact.List(entry("a@example.com", ""))}},
		{name: "B23 an email alone", version: "3.0", lines: []string{"EMAIL:a@example.com"},
			want: contact.Fields{"name": contact.Text("a@example.com"), "emails": contact.List(entry("a@example.com", ""))}},
		{name: "B23 nothing that names it", version: "3.0", lines: []string{"NOTE:x"}, fail: "a.vcf: line 1: the card has no name, company, email, nickname, phone number or web page; give it one"},
		{name: "B20 29 February", version: "4.0", lines: []string{"FN:x", "BDAY:--0229"}, want: contact.Fields{"name": contact.Text("x"), "birthday": contact.Date(0, 2, 29)}},
		{name: "B20 a day that is none", version: "3.0", lines: []string{"FN:x", "BDAY:1985-02-30"}, fail: "a.vcf: line 4: BDAY is a day that no calendar has; correct it"},
		{name: "B20 the year 1", version: "3.0", lines: []string{"FN:x", "BDAY:00010101"}, want: contact.Fields{"name": contact.Text("x"), "birthday": contact.Date(1, 1, 1)}},
		{name: "B20 a time does not shift it", version: "3.0", lines: []string{"FN:x", "BDAY:1985-04-12T23:20:50-08:00"}, want: contact.Fields{"name": contact.Text("x"), "birthday": contact.Date(1985, 4, 12)}},
		{name: "B3 a line that is none", version: "3.0", lines: []string{"FN:x", "oops"}, fail: "a.vcf: line 4: not a property: want NAME:value, or a space at the beginning to continue the line before"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put(t, dir, "a.vcf", cardOf(tt.version, tt.lines...))
			rec, err := read(t, vcard.Folder(dir), "a.vcf")
			if tt.fail != "" {
				require.Error(t, err)
				if diff := cmp.Diff("vcard: read a.vcf: "+tt.fail, err.Error()); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
				return
			}
			require.NoError(t, err)
			if diff := cmp.Diff(tt.want, filled(rec.Fields)); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

// filled returns the fields that are not empty.
func filled(fields contact.Fields) contact.Fields {
	out := contact.Fields{}
	for name, v := range fields {
		if !v.Blank() {
			out[name] = v
		}
	}
	return out
}

// TestReadAbsent shows that what a field cannot hold is not taken for empty.
func TestReadAbsent(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{"a year alone": "BDAY:1985", "a text": "BDAY;VALUE=text:circa 1800", "a month": "BDAY:1985-04", "a day": "BDAY:---12"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put(t, dir, "a.vcf", cardOf("4.0", "FN:x", line))
			rec, err := read(t, vcard.Folder(dir), "a.vcf")
			require.NoError(t, err)
			if v, told := rec.Fields["birthday"]; told {
				t.Errorf("birthday is told as %v; it has to be absent", v)
			}
			if v := rec.Fields["anniversary"]; !v.Blank() || v.Absent() {
				t.Errorf("anniversary is %v; it has to be empty", v)
			}
		})
	}
}
