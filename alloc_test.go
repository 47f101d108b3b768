package contactsync

import (
	"fmt"
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// wideConfig compiles a connection of n mapped fields: an email, and texts.
func wideConfig(t testing.TB, n int, change func(*Connection)) *config {
	t.Helper()
	schema := &contact.Schema{Versions: true, Fields: []contact.Field{{Name: "email", Type: contact.TypeEmail, Meaning: "email"}}}
	for i := range n - 1 {
		schema.Fields = append(schema.Fields, contact.Field{Name: fmt.Sprintf("f%02d", i), Type: contact.TypeText, Meaning: fmt.Sprintf("m%02d", i)})
	}
	c := &Connection{ID: "c"}
	if change != nil {
		change(c)
	}
	cfg, bad := compile(c, [2]*contact.Schema{schema, schema})
	require.Empty(t, bad)
	require.Len(t, cfg.mappings, n)
	return cfg
}

// settledPair puts the i-th pair on the shelf, settled whole.
func settledPair(d *shelf, i int) *link {
	l := &link{key: fmt.Sprint(i), ID: [2]string{fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)}, Decided: true, Let: [2]bool{true, true}, Cells: map[string]*cell{}}
	for _, s := range Sides {
		m := &mirror{side: s, id: l.ID[s], version: "1", Fields: contact.Fields{}}
		l.Touch[s] = "1"
		for _, f := range d.cfg.schema[s].Fields {
			m.Fields[f.Name] = contact.Text(fmt.Sprintf("%s of person %d", f.Name, i))
		}
		m.Fields["email"] = contact.Text(fmt.Sprintf("p%d@example.com", i))
		d.put(m)
	}
	for _, m := range d.cfg.mappings {
		c := &cell{}
		for _, s := range Sides {
			c.Val[s] = m.get(nil, s, d.mirrors[ref{s, l.ID[s]}].Fields, nil)
		}
		l.Cells[m.id] = c
	}
	d.link(l)
	return l
}

func pairOf(d *shelf, l *link) *pairing {
	return &pairing{cfg: d.cfg, now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), link: l,
		rec: [2]*mirror{d.mirrors[ref{A, l.ID[A]}], d.mirrors[ref{B, l.ID[B]}]}}
}

// TestUnchangedPairAllocatesNothing: by far most pairs of a sync that looks at all of them have not changed.
func TestUnchangedPairAllocatesNothing(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Connection)
	}{
		{"plain", nil},
		{"a filter on each side", func(c *Connection) {
			c.Rules = []Rule{FilterRule{From: A, Filter: Filter{Field: "f00", Op: OpIsKnown}}, FilterRule{From: B, Filter: Filter{Field: "f01", Op: OpIsKnown}}}
		}},
		{"one-way", func(c *Connection) { c.Direction = AToB }},
		{"scope pair", func(c *Connection) { c.Scope = ScopePair }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newShelf(wideConfig(t, 20, tt.change))
			l := settledPair(d, 1)
			p := pairOf(d, l)
			fresh := *p
			got := testing.AllocsPerRun(100, func() {
				*p = fresh
				out := p.decide()
				if out.writes != [2]*write{} || out.standing.Status != StatusInSync {
					t.Fatalf("%+v", out)
				}
			})
			if got != 0 {
				t.Errorf("%v allocations, want none", got)
			}
		})
	}
}
