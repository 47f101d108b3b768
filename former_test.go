package contactsync

import (
	"slices"
	"strings"
	"testing"
	"time"

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

// TestLose: a record is remembered as who it was where our write took match keys from it. Where nothing else of it was replaced, and
// something was settled of the fields, the key went alone.
func TestLose(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, before, now, wrote, settled string
		lost                              string // what the lost keys are of
		alone                             bool
	}{
		{"its only key", "email=x@x.org", "email=y@x.org", "email=y@x.org", "", "email=x@x.org", false},
		{"what was settled is an edit", "email=x@x.org", "email=y@x.org", "email=y@x.org", "email", "email=x@x.org", true},
		{"another name with it", "email=x@x.org stage=Ann", "email=y@x.org stage=Bob", "email=y@x.org stage=Bob", "email stage", "email=x@x.org", false},
		{"the same name with it", "email=x@x.org stage=Ann", "email=y@x.org stage=Ann", "email=y@x.org stage=Ann", "email stage", "email=x@x.org", true},
		{"its first name with it", "email=x@x.org", "email=y@x.org stage=Bob", "email=y@x.org stage=Bob", "email stage", "email=x@x.org", true},
		{"another name, and a key that stays", "email=x@x.org stage=Ann", "email=x@x.org stage=Bob", "stage=Bob", "email stage", "", false},
		{"another choice with it", "email=x@x.org kind=x", "email=y@x.org kind=y", "email=y@x.org kind=y", "email", "email=x@x.org", true},
		{"other labels with it", "email=x@x.org tags=x", "email=y@x.org tags=y", "email=y@x.org tags=y", "email", "email=x@x.org", true},
		{"what another field had settled", "email=x@x.org", "email=y@x.org", "email=y@x.org", "stage", "email=x@x.org", false},
		{"the write is of something else", "email=x@x.org", "email=y@x.org", "stage=won", "", "", false},
		{"one phone of two", "phones=+32470000001,+32470000002", "phones=+32470000002,+32470000003", "phones=+32470000002,+32470000003", "", "phones=+32470000001", false},
		{"an email, and a phone that went by itself", "email=x@x.org phones=+32470000001", "email=y@x.org", "email=y@x.org", "", "email=x@x.org", false},
		{"no key", "email=x@x.org", "email=x@x.org phones=+32470000001", "phones=+32470000001", "", "", false},
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
			require.Equal(t, &former{Run: 3, Keys: want, Held: before, Alone: tt.alone}, m.Was, tt.name)
		}
	}
}

// TestLoseAgain: who a record was before somebody else was written over it stays noted when a later write takes a key alone.
func TestLoseAgain(t *testing.T) {
	t.Parallel()
	cfg := formerConfig(t)
	for was, stays := range map[*former]bool{nil: false, {Alone: true}: false, {}: true} {
		m := &mirror{side: B, id: "b1", Fields: spelled(cfg.schema[B], "email=y@x.org"), Was: was}
		w := &write{side: B, link: &link{Cells: map[string]*cell{}}, patch: contact.Patch{"email": {Set: contact.Text("y@x.org")}}}
		for _, one := range cfg.mappings {
			w.link.Cells[one.id] = &cell{}
		}
		require.Equal(t, !stays, cfg.lose(m, spelled(cfg.schema[B], "email=x@x.org"), w, 3))
		require.Equal(t, stays, m.Was == was)
	}
}

// TestLoseOften: keys that went alone stay noted, the last eight of them and each once, whatever goes later.
func TestLoseOften(t *testing.T) {
	t.Parallel()
	many := strings.Split("abcdefghij", "")
	for _, tt := range []struct {
		name        string
		was         *former
		lost        []string
		older, keys []string
	}{
		{"nothing before", nil, []string{"a"}, nil, []string{"a"}},
		{"one alone", &former{Keys: []string{"a"}, Alone: true}, []string{"b"}, []string{"a"}, []string{"b", "a"}},
		{"one with a name", &former{Keys: []string{"a"}}, []string{"b"}, nil, []string{"b"}},
		{"one alone, and then one with a name", &former{Keys: []string{"b"}, Older: []string{"a"}}, []string{"c"}, []string{"a"}, []string{"c", "a"}},
		{"two alone", &former{Keys: []string{"b"}, Older: []string{"a"}, Alone: true}, []string{"c"}, []string{"a", "b"}, []string{"c", "a", "b"}},
		{"the same again", &former{Keys: []string{"b"}, Older: []string{"a"}, Alone: true}, []string{"a"}, []string{"b"}, []string{"a", "b"}},
		{"many", &former{Keys: many[9:], Older: many[:9], Alone: true}, []string{"z"}, many[2:], append([]string{"z"}, many[2:]...)},
	} {
		older := tt.was.alone(tt.lost)
		require.Equal(t, tt.older, older, tt.name)
		require.Equal(t, tt.keys, (&former{Keys: tt.lost, Older: older}).keys(), tt.name)
	}
}

// TestEchoesTwice: a key that went alone from two who were just like the new one comes back round a ring.
func TestEchoesTwice(t *testing.T) {
	t.Parallel()
	cfg := formerConfig(t)
	key := cfg.keyText(cfg.matchKeys(B, spelled(cfg.schema[B], "email=x@x.org"))[0])
	gave := func(was string) *former {
		return &former{Run: 3, Keys: []string{key}, Held: spelled(cfg.schema[B], was), Alone: true}
	}
	with := func(f *former, change func(f *former)) *former { change(f); return f }
	const ann = "email=x@x.org stage=Ann"
	for _, tt := range []struct {
		name string
		two  [2]*former
		echo bool
	}{
		{"one", [2]*former{gave(ann), nil}, false},
		{"two", [2]*former{gave(ann), gave(ann)}, true},
		{"two, and one of them another person", [2]*former{gave(ann), gave("email=x@x.org stage=Bob")}, false},
		{"two, one of them after the new one was seen", [2]*former{with(gave(ann), func(f *former) { f.Run = 5 }), gave(ann)}, false},
		{"two, one of them before another key with a name", [2]*former{gave(ann), with(gave(ann), func(f *former) {
			f.Keys, f.Older, f.Alone = []string{"other"}, []string{key}, false
		})}, true},
		{"one, before another key with a name", [2]*former{with(gave(ann), func(f *former) {
			f.Keys, f.Older, f.Alone = []string{"other"}, []string{key}, false
		}), nil}, false},
	} {
		d := newShelf(cfg)
		for i, f := range tt.two {
			id := string(rune('1' + i))
			d.put(&mirror{side: B, id: "b" + id, version: "1", Fields: spelled(cfg.schema[B], "email=y@x.org stage=Ann"), Was: f})
			d.link(&link{key: id, ID: [2]string{"a" + id, "b" + id}})
		}
		r := &mirror{side: A, id: "a3", version: "1", Seen: 4, Fields: spelled(cfg.schema[A], ann)}
		d.put(r)
		w := &write{side: B, patch: contact.Patch{"email": {Set: r.Fields["email"]}, "stage": {Set: r.Fields["stage"]}}}
		require.Equal(t, tt.echo, cfg.echoes(d, r, w), tt.name)
	}
}

// TestEchoes: who bears the key that a linked record has lost, and holds nothing that it did not hold, is an echo of it.
func TestEchoes(t *testing.T) {
	t.Parallel()
	const was = "email=x@x.org stage=new phones=+32470000001,+32470000002 tags=T kind=x"
	schema := formerConfig(t).schema[B]
	before := map[string]*past{}
	for name, v := range spelled(schema, "stage=won phones=+32470000005") {
		f, _ := schema.Field(name)
		before[pastKey(B, name)] = &past{Had: []pastValue{{Key: f.Key(v, "")}}}
	}
	before[pastKey(A, "stage")] = &past{Had: []pastValue{{Key: "lost"}}}
	alone := func(now string) func(m, r *mirror, l *link) {
		return func(m, _ *mirror, _ *link) { m.Was.Alone, m.Fields = true, spelled(schema, now) }
	}
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
		{"a text of before an earlier write", "email=x@x.org stage=won", func(_, _ *mirror, l *link) { l.Past = before }, true},
		{"a phone of before an earlier write", "email=x@x.org phones=+32470000005", func(_, _ *mirror, l *link) { l.Past = before }, true},
		{"what the other side had", "email=x@x.org stage=lost", func(_, _ *mirror, l *link) { l.Past = before }, false},
		{"the key went alone: all that it was, and is", was, alone("email=y@x.org stage=new"), false},
		{"the key went alone: a text that it holds no more", was, alone("email=y@x.org stage=won"), true},
		{"the key went alone: a text that was cut short", was, alone("email=y@x.org stage=newest"), false},
		{"the key went alone: another choice", was, alone("email=y@x.org stage=new kind=y"), false},
		{"the key went alone: no more than that", "email=x@x.org", alone("email=y@x.org stage=won"), false},
		{"the key went alone: it holds no text now", was, alone("email=y@x.org"), false},
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

// TestCircling: who bears the key of three whom we deleted on the other side within a day is created once that is over for one of
// them, or if a person wants it.
func TestCircling(t *testing.T) {
	t.Parallel()
	ago := func(hours ...time.Duration) (all []time.Time) {
		for _, h := range hours {
			all = append(all, stateNow.Add(-h*time.Hour))
		}
		return all
	}
	for _, tt := range []struct {
		name    string
		email   string
		deleted [2][]time.Time
		wanted  bool
		due     time.Time // zero: it is created
	}{
		{"nobody was deleted", "x@x.org", [2][]time.Time{}, false, time.Time{}},
		{"two were", "x@x.org", [2][]time.Time{B: ago(1, 2)}, false, time.Time{}},
		{"three were", "x@x.org", [2][]time.Time{B: ago(1, 3, 2)}, false, stateNow.Add(21 * time.Hour)},
		{"three were on its own side", "x@x.org", [2][]time.Time{A: ago(1, 2, 3)}, false, time.Time{}},
		{"four were, one a day ago", "x@x.org", [2][]time.Time{B: ago(1, 24, 2, 23)}, false, stateNow.Add(time.Hour)},
		{"three were, one a day ago", "x@x.org", [2][]time.Time{B: ago(1, 24, 2)}, false, time.Time{}},
		{"three were, and a person wants it", "x@x.org", [2][]time.Time{B: ago(1, 2, 3)}, true, time.Time{}},
		{"three were, and it has no key", "", [2][]time.Time{B: ago(1, 2, 3)}, false, time.Time{}},
	} {
		cfg := between(t, Connection{Rules: []Rule{FilterRule{From: A}}, Match: Match{AllowKeyless: true}, Mappings: []Mapping{MapFields("email", "email"), MapFields("first", "first")}},
			[]contact.Field{{Name: "email", Type: contact.TypeEmail}, {Name: "first", Type: contact.TypeText}},
			[]contact.Field{{Name: "email", Type: contact.TypeEmail}, {Name: "first", Type: contact.TypeText}})
		d := newShelf(cfg)
		d.deleted = tt.deleted
		d.put(&mirror{side: A, id: "a5", version: "1", Fields: spelled(cfg.schema[A], "first=Ann email="+tt.email)})
		m := (&planner{cfg: cfg, dir: &wishful{d, tt.wanted}, now: stateNow}).decide(ref{A, "a5"})
		require.Equal(t, tt.due, m.due, tt.name)
		require.Equal(t, tt.due.IsZero(), len(m.writes) == 1, tt.name)
		require.Equal(t, tt.due.IsZero(), m.standing.Status != StatusDuplicate, tt.name)
	}
}
