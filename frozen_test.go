package contactsync

import (
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// TestFrozenGroup: a frozen field holds back what is decided with it, of its mapping and of its group, and nothing else.
func TestFrozenGroup(t *testing.T) {
	t.Parallel()
	schema := &contact.Schema{Fields: []contact.Field{{Name: "company", Type: contact.TypeText}, {Name: "city", Type: contact.TypeText},
		{Name: "street", Type: contact.TypeText}, {Name: "first", Type: contact.TypeText}, {Name: "last", Type: contact.TypeText},
		{Name: "name", Type: contact.TypeText}}}
	same := func(field, group string) Mapping {
		return Mapping{A: []string{field}, B: []string{field}, Group: group}
	}
	cfg, bad := compile(&Connection{ID: "c", Match: Match{Keys: []MatchKey{{Kind: KeyNameCompany}}}, Mappings: []Mapping{same("company", ""),
		same("city", "home"), same("street", "home"), {A: []string{"name"}, B: []string{"first", "last"}, Transform: []Transform{SplitName{}}}}},
		[2]*contact.Schema{schema, schema})
	require.Empty(t, bad)
	for name, row := range map[string]struct {
		frozen string
		left   []string // what is written of it all
	}{
		"nothing":                {"", []string{"city", "company", "first", "last", "street"}},
		"a field alone":          {"company", []string{"city", "first", "last", "street"}},
		"a field of a group":     {"city", []string{"company", "first", "last"}},
		"another one":            {"street", []string{"company", "first", "last"}},
		"one field of a mapping": {"last", []string{"city", "company", "street"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pairing{cfg: cfg, now: time.Unix(0, 0), link: &link{Past: map[string]*past{}}}
			if row.frozen != "" {
				p.link.Past[pastKey(B, row.frozen)] = &past{Frozen: true}
			}
			patch := contact.Patch{}
			for _, m := range cfg.mappings {
				for _, field := range selected(m, B) {
					patch[field] = contact.Change{Set: contact.Text("x")}
				}
				p.on[B] = append(p.on[B], settlement{Mapping: m.id})
			}
			p.freeze(B, patch)
			require.Equal(t, row.left, patch.Names())
			for _, st := range p.on[B] {
				for _, field := range selected(cfg.mapping(st.Mapping), B) {
					require.Contains(t, row.left, field, "what was not written is settled")
				}
			}
			require.Equal(t, row.frozen != "", p.out.standing.Reason == ReasonOscillating)
		})
	}
}
