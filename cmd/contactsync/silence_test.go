package main

import (
	"strings"
	"testing"
)

// canary is a word in all that people enter, in files that can be read and in files that cannot. What is printed on
// standard output is for the person who asked; standard error goes into logs, and is not to hold it, however much is asked to
// be told.
const canary = "canary"

func card(lines ...string) string {
	return "BEGIN:VCARD\r\nVERSION:3.0\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD"
}

// TestSilentStandardError plays a book and a sheet with all that may be wrong in them, and all commands.
func TestSilentStandardError(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.write(defaultConfig,
		"connections:",
		"  - name: c",
		"    a: {app: vcard, path: A}",
		"    b: {app: csv, path: b.csv, key: id}",
		"    conflict: {policy: ask}",
		"    deletions: {from_a: delete, from_b: delete}")
	s.mkdir("A")
	for name, text := range map[string]string{
		"1": card("UID:1", "FN:canary one", "EMAIL:canary1@example.com", "TEL:canary", "NOTE:canary"),
		"2": card("UID:2", "FN:canary two", "EMAIL:canary2@example.com", "BDAY:canary", "PHOTO;ENCODING=b:canary!"),
		"3": card("UID:3", "FN:canary", "canary without a colon"),
		"4": card("UID:4", `TEL;TYPE="canary:+1`),
		"5": card("UID:5", "FN;CHARSET=canary:x"),
		"6": card("UID:6", "FN:canary\xff\xfe"),
		"7": card("UID:7", "NOTE:canary", "that goes on unfolded"),
		"8": "canary",
		"9": card("VERSION:canary", "FN:canary"),
		"a": card("UID:"+strings.Repeat(canary, 300), "FN:x"),
		"b": card("UID:8", "FN:canary again"),
		"c": strings.TrimSuffix(card("FN:canary"), "END:VCARD"),
		"d": card("FN:" + strings.Repeat(canary, 20_000)),
		"e": card("UID:9", "FN:canary nine", "EMAIL:canary9@example.com", "EMAIL:canary9@example.com\x01"),
	} {
		s.write("A/"+name+".vcf", text)
	}
	s.write("b.csv", "id,first,last,email,phone,notes", "r1,canary,eins,canary1@example.com,+14155550100,canary", "r2,canary,zwei,canary2@example.com,4.91512E+11,canary",
		`r3,ca"nary,x,canary3@example.com,,`, "r4,canary")
	said, parked := "", ""
	commands := [][]string{{"validate"}, {"review"}, {"plan"}, {"sync"}, {"status"}, {"history", "c"}, {"runs", "c"}, {"explain", "c", "a:1.vcf"}, {"conflicts"}, {"suggestions", "c"}, {"rollback", "c"}}
	all := func() {
		for _, args := range commands {
			out := s.run(append(args, "--verbose")...)
			said += out.err
			for line := range strings.Lines(out.out) {
				if strings.Contains(line, "cannot be read") { // why a record is parked names its place
					parked += line
				}
			}
		}
	}
	all()
	s.write("A/1.vcf", card("UID:1", "FN:canary uno", "EMAIL:canary1@example.com", "TEL:+14155550999"))
	s.write("A/f.vcf", card("UID:f", "FN:canary new", "EMAIL:canaryf@example.com"))
	s.write("b.csv", "id,first,last,email,phone,notes", "r1,canary,ONE,canary1@example.com,+14155550111,canary edited", "r2,canary,zwei,canary2@example.com,,", "r3,canary,x,canary1@example.com,,")
	all()
	s.write("b.csv", "id,first", `r5,"canary`)
	all()
	s.write("b.csv", "id,first,first,"+canary, "canary,x")
	all()
	s.write("b.csv", "\xff\xfec\x00a\x00n\x00")
	all()
	if n := strings.Count(parked, "vcf"); n < 5 || !strings.Contains(said, "contactsync:") || len(said) < 500 {
		t.Errorf("too little was said to prove anything: %s", said+parked)
	}
	for line := range strings.Lines(said + parked) {
		if strings.Contains(line, canary) {
			t.Error(line)
		}
	}
}
