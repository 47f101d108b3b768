package contact_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/contactsync/contactsync/contact"
)

func TestChangeApply(t *testing.T) {
	tags := contact.Field{Name: "tags", Type: contact.TypeSet}
	emails := contact.Field{Name: "emails", Type: contact.TypeEmail, Many: true}
	phones := contact.Field{Name: "phones", Type: contact.TypePhone, Many: true}
	primary := func(text, kind string) contact.Entry {
		return contact.Entry{Value: contact.Text(text), Type: kind, Primary: true}
	}
	elements := func(texts ...string) (entries []contact.Entry) {
		for _, s := range texts {
			entries = append(entries, entry(s, ""))
		}
		return entries
	}
	for _, row := range []struct {
		name   string
		field  contact.Field
		in     contact.Value
		change contact.Change
		want   contact.Value
	}{
		{name: "set", field: emails, in: contact.List(elements("a@b.com")...), change: contact.Change{Set: contact.Text("x")}, want: contact.Text("x")},
		{name: "clear", field: emails, in: contact.List(elements("a@b.com")...), change: contact.Change{Set: contact.Empty}, want: contact.Empty},
		{name: "nothing, of a scalar", field: contact.Field{Name: "f", Type: contact.TypeText}, in: contact.Text("x"), want: contact.Text("x")},
		{name: "nothing, of what was not read", field: tags, in: contact.Value{}, want: contact.Value{}},

		{name: "set: order and spelling stay, new ones come last", field: tags, in: contact.Set("VIP", "a"),
			change: contact.Change{Add: elements("vip", "b", "c")}, want: contact.Set("VIP", "a", "b", "c")},
		{name: "set: removed without case", field: tags, in: contact.Set("VIP", "a"), change: contact.Change{Remove: elements("vip")}, want: contact.Set("a")},
		{name: "set: removed first, so it is replaced", field: tags, in: contact.Set("VIP", "a"),
			change: contact.Change{Add: elements("vip"), Remove: elements("Vip")}, want: contact.Set("a", "vip")},
		{name: "set: added twice", field: tags, in: contact.Empty, change: contact.Change{Add: elements("x", "X")}, want: contact.Set("x")},
		{name: "set: the last one removed", field: tags, in: contact.Set("a"), change: contact.Change{Remove: elements("a")}, want: contact.Empty},
		{name: "set: what is not there is removed", field: tags, in: contact.Set("a"), change: contact.Change{Remove: elements("b")}, want: contact.Set("a")},
		{name: "set: of a text", field: tags, in: contact.Text("a"), change: contact.Change{Add: elements("b")}, want: contact.Set("a", "b")},

		{name: "list: added last", field: emails, in: contact.List(entry("a@b.com", "work")),
			change: contact.Change{Add: []contact.Entry{entry("c@d.com", "home")}}, want: contact.List(entry("a@b.com", "work"), entry("c@d.com", "home"))},
		{name: "list: added with the same meaning, so it is replaced", field: emails, in: contact.List(entry("A@b.com", "work"), entry("c@d.com", "")),
			change: contact.Change{Add: []contact.Entry{entry("a@b.com", "home")}}, want: contact.List(entry("c@d.com", ""), entry("a@b.com", "home"))},
		{name: "list: removed by meaning, whatever its type", field: phones, in: contact.List(entry("+32 470 12 34 56", "mobile"), entry("+32 9 123 45 67", "")),
			change: contact.Change{Remove: []contact.Entry{entry("+32470123456", "")}}, want: contact.List(entry("+32 9 123 45 67", ""))},
		{name: "list: removed before it is added", field: emails, in: contact.List(entry("a@b.com", "work")),
			change: contact.Change{Remove: elements("a@b.com"), Add: []contact.Entry{entry("a@b.com", "home")}}, want: contact.List(entry("a@b.com", "home"))},
		{name: "list: a new primary takes the flag", field: emails, in: contact.List(primary("a@b.com", "work"), entry("c@d.com", "")),
			change: contact.Change{Add: []contact.Entry{primary("e@f.com", "")}}, want: contact.List(entry("a@b.com", "work"), entry("c@d.com", ""), primary("e@f.com", ""))},
		{name: "list: without a new primary the flag stays", field: emails, in: contact.List(primary("a@b.com", "work")),
			change: contact.Change{Add: elements("c@d.com")}, want: contact.List(primary("a@b.com", "work"), entry("c@d.com", ""))},
		{name: "list: the last one removed", field: emails, in: contact.List(elements("a@b.com")...), change: contact.Change{Remove: elements("a@b.com")}, want: contact.Empty},
		{name: "list: of what was not read", field: emails, in: contact.Value{}, change: contact.Change{Add: elements("a@b.com")}, want: contact.List(elements("a@b.com")...)},
		{name: "list: of a bare value", field: emails, in: contact.Text("a@b.com"), change: contact.Change{Add: elements("c@d.com")}, want: contact.List(elements("a@b.com", "c@d.com")...)},
		{name: "list: of addresses, without case", field: contact.Field{Name: "f", Type: contact.TypeAddress, Many: true},
			in:     contact.List(contact.Entry{Value: contact.Postal(contact.Address{City: "GENT"})}),
			change: contact.Change{Remove: []contact.Entry{{Value: contact.Postal(contact.Address{City: "Gent"})}}}, want: contact.Empty},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			before := string(row.in.AppendJSON(nil))
			if diff := cmp.Diff(row.want, row.change.Apply(row.in, row.field)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, string(row.in.AppendJSON(nil))); diff != "" {
				t.Errorf("the value itself was changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestPatchApply(t *testing.T) {
	schema := &contact.Schema{Fields: []contact.Field{{Name: "first", Type: contact.TypeText}, {Name: "tags", Type: contact.TypeSet}}}
	before := contact.Fields{"first": contact.Text("Ann"), "last": contact.Text("Lee"), "other": contact.Set("x")}
	patch := contact.Patch{
		"first": {Set: contact.Text("Anna")},
		"last":  {Set: contact.Empty},
		"tags":  {Add: []contact.Entry{entry("vip", "")}},
		"other": {Add: []contact.Entry{entry("y", "")}}, // the schema does not know it
	}
	got := patch.Apply(before, schema)
	want := contact.Fields{"first": contact.Text("Anna"), "last": contact.Empty, "tags": contact.Set("vip"), "other": contact.Set("x", "y")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(contact.Fields{"first": contact.Text("Ann"), "last": contact.Text("Lee"), "other": contact.Set("x")}, before); diff != "" {
		t.Errorf("the fields themselves were changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"first", "last", "other", "tags"}, patch.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(contact.Fields{"tags": contact.Set("vip")}, contact.Patch{"tags": patch["tags"]}.Apply(nil, schema)); diff != "" {
		t.Errorf("of no fields (-want +got):\n%s", diff)
	}
}

func TestDigest(t *testing.T) {
	base := contact.Fields{"a": contact.Text("x"), "s": contact.Set("1", "2"), "l": contact.List(entry("p", "work"), entry("q", ""))}
	for _, row := range []struct {
		name string
		f    contact.Fields
		same bool
	}{
		{"an absent field more", contact.Fields{"a": base["a"], "s": base["s"], "l": base["l"], "b": {}}, true},
		{"set in another order", contact.Fields{"a": base["a"], "s": contact.Set("2", "1"), "l": base["l"]}, true},
		{"list in another order", contact.Fields{"a": base["a"], "s": base["s"], "l": contact.List(entry("q", ""), entry("p", "work"))}, true},
		{"an empty field more", contact.Fields{"a": base["a"], "s": base["s"], "l": base["l"], "b": contact.Empty}, false},
		{"text in another case", contact.Fields{"a": contact.Text("X"), "s": base["s"], "l": base["l"]}, false},
		{"element less", contact.Fields{"a": base["a"], "s": contact.Set("1"), "l": base["l"]}, false},
		{"elements joined", contact.Fields{"a": base["a"], "s": contact.Set(`1","2`), "l": base["l"]}, false},
		{"type of an entry", contact.Fields{"a": base["a"], "s": base["s"], "l": contact.List(entry("p", "home"), entry("q", ""))}, false},
		{"field under another name", contact.Fields{"A": base["a"], "s": base["s"], "l": base["l"]}, false},
		{"set in place of text", contact.Fields{"a": contact.Set("x"), "s": base["s"], "l": base["l"]}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(row.same, row.f.Digest() == base.Digest()); diff != "" {
				t.Errorf("same digest (-want +got):\n%s", diff)
			}
		})
	}
	// The digest is kept in stores, so it must not change: the first 16 digits of the SHA-256 of `"a":"x"` and a line end.
	if diff := cmp.Diff("fbed9bebc10c5a3c", contact.Fields{"a": contact.Text("x")}.Digest()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
