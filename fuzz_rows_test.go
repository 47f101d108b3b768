package contactsync

import (
	"strings"
	"testing"
)

// FuzzRows: a row that is not what was written - a flipped bit, a half page - is an error that names it, and no panic.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{
		`{"id_a":"ua3","touch_a":"1","let_a":true,"id_b":"ub5","decided":true,"st":{"status":"pending"},"cells":{"first:first":[["f2"]]},"rare":{"past":{"b.notes":{"had":[{"key":"n5"}]}}}}`,
		`{"at":"2026-01-05T09:10:09Z","side":"b","op":"update","ids":["ua3","ub5"],"before":{"notes":"n5"},"after":{"notes":"n3"},"why":{"notes":{"mapping":"notes:notes","because":"x","lost":"n5"}}}`,
		`{"side":"b","op":"delete","run":2,"at":"2026-01-05T09:20:09Z","writes":[{"id":"b-2","patch":{"notes":{"set":"n6","add":[{"value":"x"}]}},"settle":[{"mapping":"notes:notes","val":[null],"forget":true}]}]}`,
		`{"fields":{"first":"Ann"},"keys":["x"],"gone":1}`, `{`, ``, `null`, `[]`, "{\"id_a\":\"\xff\"}",
	} {
		f.Add([]byte(seed), "ax")
	}
	cfg := &config{}
	f.Fuzz(func(t *testing.T, body []byte, key string) {
		row := Row{Key: key, Body: body}
		named := func(err error) {
			if err != nil && err.Error() == "" {
				t.Error("an error without words")
			}
		}
		if strings.HasPrefix(key, "a") || strings.HasPrefix(key, "b") {
			_, err := parseMirror(row, cfg)
			named(err)
		}
		if l, err := parseLink(row); err == nil {
			again, err := parseLink(l.row())
			if err != nil || string(again.body()) != string(l.body()) {
				t.Errorf("%q is written as %q and read as %q (%v)", body, l.body(), again.body(), err)
			}
		}
		if j, err := parseJournal(row); err == nil {
			_, err := parseJournal(j.row(key))
			if err != nil {
				t.Errorf("%q is written as %q: %v", body, j.body(), err)
			}
		}
		var note intentRow
		if err := unmarshal(row, &note); err == nil {
			if err := unmarshal(note.row(), &intentRow{}); err != nil {
				t.Errorf("%q is written as %q: %v", body, note.body(), err)
			}
		}
		for _, into := range []any{&connectionRow{}, &sideRow{}, &runRow{}, &holdRow{}} {
			named(unmarshal(row, into))
		}
	})
}
