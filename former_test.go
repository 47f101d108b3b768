package contactsync

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/contact"
)

// formerConfig matches by email and phone, and maps what a person can be told by.
func formerConfig(t *testing.T) *config {
	t.Helper()
	fields := append(tagged(), contact.Field{Name: "kind", Type: contact.TypeChoice, Options: []string{"x", "y"}}, contact.Field{Name: "vip", Type: contact.TypeBool})
	return between(t, Connection{Match: Match{Keys: []MatchKey{{Kind: KeyEmail}, {Kind: KeyPhone}}},
		Mappings: []Mapping{MapFields("email", "email"), MapFields("phones", "phones"), MapFields("stage", "stage")}}, fields, fields)
}

// TestLose: a record is remembered as who it was where our write took match keys from it, and nothing of the fields was settled.
func TestLose(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, before, now, wrote, settled string
		lost                              string // what the lost keys are of
	}{
		{"its only key", "email=x@x.org", "email=y@x.org", "email=y@x.org", "", "email=x@x.org"},
		{"what was settled is an edit", "email=x@x.org", "email=y@x.org", "email=y@x.org", "email", ""},
		{"another name with it", "email=x@x.org stage=Ann", "email=y@x.org stage=Bob", "email=y@x.org stage=Bob", "email stage", "email=x@x.org"},
		{"the same name with it", "email=x@x.org stage=Ann", "email=y@x.org stage=Ann", "email=y@x.org stage=Ann", "email stage", ""},
		{"its first name with it", "email=x@x.org", "email=y@x.org stage=Bob", "email=y@x.org stage=Bob", "email stage", ""},
		{"another name, and a key that stays", "email=x@x.org stage=Ann", "email=x@x.org stage=Bob", "stage=Bob", "email stage", ""},
		{"another choice with it", "email=x@x.org kind=x", "email=y@x.org kind=y", "email=y@x.org kind=y", "email", ""},
		{"other labels with it", "email=x@x.org tags=x", "email=y@x.org tags=y", "email=y@x.org tags=y", "email", ""},
		{"what another field had settled", "email=x@x.org", "email=y@x.org", "email=y@x.org", "stage", "email=x@x.org"},
		{"the write is of something else", "email=x@x.org", "email=y@x.org", "stage=won", "", ""},
		{"one phone of two", "phones=+32470000001,+32470000002", "phones=+32470000002,+32470000003", "phones=+32470000002,+32470000003", "", "phones=+32470000001"},
		{"an email, and a phone that went by itself", "email=x@x.org phones=+32470000001", "email=y@x.org", "email=y@x.org", "", "email=x@x.org"},
		{"no key", "email=x@x.org", "email=x@x.org phones=+32470000001", "phones=+32470000001", "", ""},
	} {
		cfg := formerConfig(t)
		schema := cfg.schema[B]
		m := &mirror{side: B, id: "b1", Fields: spelled(schema, tt.now)}
		w := &write{side: B, link: &link{Cells: map[string]*cell{}}, patch: contact.Patch{}}
		for name, v := range spelled(schema, tt.wrote) {
			if !v.Blank() {
				w.patch[name] = contact.Change{Set: v}
			}
		}
		for _, one := range cfg.mappings {
			if slices.Contains(strings.Fields(tt.settled), one.sel[B][0].Field) {
				w.link.Cells[one.id] = &cell{}
			}
		}
		var want []string
		for _, k := range cfg.matchKeys(B, spelled(schema, tt.lost)) {
			want = append(want, cfg.keyText(k))
		}
		before := spelled(schema, tt.before)
		require.Equal(t, want != nil, cfg.lose(m, before, w, 3), tt.name)
		require.Equal(t, want, m.Was.keys(), tt.name)
		if want != nil {
			require.Equal(t, &former{Run: 3, Keys: want, Held: before}, m.Was, tt.name)
		}
	}
}

// TestEchoes: who bears the key that a linked record has lost, and holds nothing that it did not hold, is an echo of it.
func TestEchoes(t *testing.T) {
	t.Parallel()
	const was = "email=x@x.org stage=new phones=+32470000001,+32470000002 tags=T kind=x"
	for _, tt := range []struct {
		name, comes string
		change      func(m, r *mirror, l *link)
		echo        bool
	}{
		{"all that it was", was, nil, true},
		{"less", "email=x@x.org", nil, true},
		{"other labels, another choice, a mark", "email=x@x.org tags=U kind=y vip=true", nil, true},
		{"its second phone", "email=x@x.org phones=+32470000002", nil, true},
		{"a phone that it has now", "email=x@x.org phones=+32470000009,+32470000001", nil, true},
		{"a phone that it never had", "email=x@x.org phones=+32470000001,+32470000005", nil, false},
		{"another text", "email=x@x.org stage=won", nil, false},
		{"another key", "email=z@x.org", nil, false},
		{"seen before the key was lost", "email=x@x.org", func(_, r *mirror, _ *link) { r.Seen = 2 }, false},
		{"seen later", "email=x@x.org", func(_, r *mirror, _ *link) { r.Seen = 9 }, true},
		{"its partner is gone", "email=x@x.org", func(_, _ *mirror, l *link) { l.Gone[A] = true }, false},
		{"nothing was lost", "email=x@x.org", func(m, _ *mirror, _ *link) { m.Was = nil }, false},
	} {
		cfg := formerConfig(t)
		d := newShelf(cfg)
		m := &mirror{side: B, id: "b1", version: "1", Fields: spelled(cfg.schema[B], "email=y@x.org phones=+32470000009")}
		m.Was = &former{Run: 3, Held: spelled(cfg.schema[B], was)}
		for _, k := range cfg.matchKeys(B, spelled(cfg.schema[B], "email=x@x.org")) {
			m.Was.Keys = append(m.Was.Keys, cfg.keyText(k))
		}
		r := &mirror{side: A, id: "a2", version: "1", Seen: 3, Fields: spelled(cfg.schema[A], tt.comes)}
		l := &link{key: "1", ID: [2]string{"a1", "b1"}}
		if tt.change != nil {
			tt.change(m, r, l)
		}
		d.put(m)
		d.put(r)
		d.link(l)
		w := &write{side: B, patch: contact.Patch{}}
		for name, v := range r.Fields {
			if !v.Blank() {
				w.patch[name] = contact.Change{Set: v}
			}
		}
		require.Equal(t, tt.echo, cfg.echoes(d, r, w), tt.name)
		d.links = map[ref]*link{}
		require.False(t, cfg.echoes(d, r, w), "%s, of nobody linked", tt.name)
	}
}
