package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.books(3)
	s.replace(defaultConfig, "path: B}", "path: B}\n    rules: [{id: work, from: a, filter: {field: labels, op: has, value: Work}}]")
	s.replace("A/p0001.vcf", "END:VCARD", "CATEGORIES:Work\r\nEND:VCARD")
	require.Equal(t, exitDone, s.run("sync").code)
	name := created(s.files("B"), "Given1")
	for args, want := range map[string][]string{
		"explain books a:p0000.vcf":                {"excluded: no rule lets it through", "rule work does not let it through", "labels has Work: no; it holds (nothing)"},
		"explain books a:p0001.vcf":                {"in sync", "linked with " + name, "was created from vcard A p0001.vcf, by run 1", "rule work lets it through"},
		"explain books a:p0001.vcf last":           {"Family1", "nobody but a user of vcard A entered it", "last in vcard B: Family1"},
		"explain books b:" + name + " last":        {"created with it by run 1", "because: created from vcard A (mapping last:last)", "made from: Family1", "if both are edited: vcard A wins"},
		"explain books a:p0000.vcf --json":         {`"verdict": "no"`, `"truth": "no"`},
		"explain books b:" + name + " last --json": {`"origin": "written"`, `"run": 1`},
	} {
		said := s.run(strings.Fields(args)...)
		require.Equal(t, exitDone, said.code, said.err)
		for _, part := range want {
			if !strings.Contains(said.out, part) {
				t.Errorf("%s: %s\nwant %q", args, said.out, part)
			}
		}
	}
	for args, want := range map[string]string{
		"explain books":                   "explain is called so: contactsync explain CONNECTION SIDE:ID [FIELD]",
		"explain books p0000.vcf":         "write a:ID or b:ID",
		"explain books a:nobody":          "nobody in a",
		"explain books a:p0000.vcf fancy": `does not look at field "fancy" of a`,
	} {
		if said := s.run(strings.Fields(args)...); said.code != exitConfig || !strings.Contains(said.err, want) {
			t.Errorf("%s: %+v", args, said)
		}
	}
}
