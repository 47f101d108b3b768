package contactsync

import (
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// legend is what a handle without connectors must know of the configuration to show records and conflicts to a
// person: the last sync notes it with the connection's life.
type legend struct {
	Cells []legendCell `json:"cells,omitempty"`
	Names [2]naming    `json:"names"`
	Keys  []string     `json:"keys,omitempty"` // names of the match keys, by kind
}

// legendCell is what is decided and held as one: a mapping, or the mappings of a group under the first of them.
type legendCell struct {
	Mapping string      `json:"mapping"`
	Fields  [2][]string `json:"fields"` // selectors of each side
	List    bool        `json:"list,omitempty"`
}

// naming is by which fields a person is known to people.
type naming struct {
	Name []string `json:"name,omitempty"` // the first alternative that is not blank: "first last", "name", "company"
	Key  []string `json:"key,omitempty"`  // emails, then phones
}

// legend returns the legend of a configuration.
func (cfg *config) legend() legend {
	var out legend
	for _, bundle := range cfg.bundles {
		c := legendCell{Mapping: bundle[0].id}
		for _, m := range bundle {
			c.take(m)
		}
		out.Cells = append(out.Cells, c)
	}
	for _, m := range cfg.lists {
		c := legendCell{Mapping: m.id, List: true}
		c.take(m)
		out.Cells = append(out.Cells, c)
	}
	for _, s := range Sides {
		out.Names[s] = namingOf(cfg.schema[s])
	}
	out.Keys = cfg.keyNames()
	return out
}

// keyNames returns the names of the match keys, by kind.
func (cfg *config) keyNames() (names []string) {
	for _, k := range cfg.keys {
		names = append(names, k.name())
	}
	return names
}

func (c *legendCell) take(m *mapping) {
	for _, s := range Sides {
		for _, sel := range m.sel[s] {
			c.Fields[s] = append(c.Fields[s], sel.String())
		}
	}
}

// name names a match key whatever its place in the list.
func (k MatchKey) name() string {
	if k.Kind != "" {
		return k.Kind
	}
	return k.A + "\x00" + k.B
}

// shows reports whether the cell is, or shows, what a person calls by this name on side s.
func (c *legendCell) shows(s Side, name string) bool {
	return c.Mapping == name || slices.Contains(c.Fields[s], name) || slices.Contains(c.names(s), name)
}

// names returns the names of the fields of side s that the cell shows, without what selects a part of them.
func (c *legendCell) names(s Side) []string {
	var names []string
	for _, text := range c.Fields[s] {
		if sel, err := contact.ParseSelector(text); err == nil && !slices.Contains(names, sel.Field) {
			names = append(names, sel.Field)
		}
	}
	return names
}

// namingOf finds by their meanings the fields that name a person.
func namingOf(schema *contact.Schema) (n naming) {
	meant := func(meanings ...string) {
		var names []string
		for _, meaning := range meanings {
			if f, ok := schema.WithMeaning(meaning); ok {
				names = append(names, f.Name)
			}
		}
		if len(names) > 0 {
			n.Name = append(n.Name, strings.Join(names, "\x00"))
		}
	}
	meant("first", "last")
	meant("name")
	meant("company")
	for _, t := range []contact.Type{contact.TypeEmail, contact.TypePhone} {
		for _, f := range schema.Fields {
			if f.Type == t {
				n.Key = append(n.Key, f.Name)
			}
		}
	}
	return n
}

// name returns what a record is called: the person's name, else the company's, "" if it has neither.
func (n naming) name(fields contact.Fields) string {
	for _, alternative := range n.Name {
		var words []string
		for field := range strings.SplitSeq(alternative, "\x00") {
			if text := oneText(fields[field]); text != "" {
				words = append(words, text)
			}
		}
		if len(words) > 0 {
			return strings.Join(words, " ")
		}
	}
	return ""
}

// key returns the first email of a record, else the first phone, "" if it has neither.
func (n naming) key(fields contact.Fields) string {
	for _, field := range n.Key {
		if text := oneText(fields[field]); text != "" {
			return text
		}
	}
	return ""
}

// emails calls do with the key of every email of a record.
func (n naming) emails(fields contact.Fields, do func(key string)) {
	for _, field := range n.Key {
		entries := fields[field].Entries()
		if len(entries) == 0 {
			entries = []contact.Entry{{Value: fields[field]}}
		}
		for _, e := range entries {
			if key, ok := contact.EmailKey(e.Value.Str()); ok {
				do(key)
			}
		}
	}
}

// oneText returns a text, or of a list the entry that is flagged as primary, else the first.
func oneText(v contact.Value) string {
	entries := v.Entries()
	if len(entries) == 0 {
		return strings.TrimSpace(v.Str())
	}
	i := max(0, slices.IndexFunc(entries, func(e contact.Entry) bool { return e.Primary }))
	return strings.TrimSpace(entries[i].Value.Str())
}
