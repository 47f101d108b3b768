package contactsync

import (
	"strings"
	"testing"

	"github.com/contactsync/contactsync/contact"
)

// TestNameOf: given and family name as they are, else a full name cut at its comma or before its last word; a title is none.
func TestNameOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		p     Person
		given string
		last  string
	}{
		{Person{Given: "Ann", Family: "Lee"}, "ann", "lee"},
		{Person{Given: "Ann", Family: "Lee", Name: "Somebody Else Entirely"}, "ann", "lee"},
		{Person{Given: "Ann", Family: "Lee", Name: "Lee, Bob"}, "ann", "lee"},
		{Person{Name: "Mary Ann Lee"}, "mary ann", "lee"},
		{Person{Name: "Lee, Mary Ann"}, "mary ann", "lee"},
		{Person{Given: "Ann", Name: "Ann Lee"}, "ann", "lee"},
		{Person{Family: "Lee", Name: "Ann Lee"}, "ann", "lee"},
		{Person{Given: "Ann", Name: "Ann"}, "ann", ""},
		{Person{Given: "Ann"}, "ann", ""},
		{Person{Family: "Lee"}, "", "lee"},
		{Person{Given: "Dr. Ann", Family: "Lee"}, "ann", "lee"},
		{Person{}, "", ""},
	} {
		n := nameOf(tt.p)
		if strings.Join(n.given, " ") != tt.given || strings.Join(n.family, " ") != tt.last || n.whole() != (tt.given != "" && tt.last != "") {
			t.Errorf("%+v: %v, whole %v", tt.p, n, n.whole())
		}
	}
}

// TestAlike: how two given names, or two family names, relate. It is the same both ways.
func TestAlike(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		x, y  string
		given bool
		want  relation
	}{
		{"ann", "ann", true, equal}, {"mary ann", "maryann", true, equal}, {"muller", "mueller", false, equal},
		{"bob", "robert", true, nickname}, {"bob", "robert", false, unrelated},
		{"a", "ann", true, initialed}, {"a", "bob", true, unrelated}, {"an", "ann", true, akin}, {"l", "lee", false, unrelated},
		{"xenia ann", "xenia", true, partly}, {"garcia lopez", "garcia", false, partly},
		{"mark", "mary", true, akin}, {"maria", "mario", true, akin}, {"daniel", "daniela", true, akin}, {"julia", "julian", true, akin},
		{"daniel", "danielle", true, akin}, {"lean", "laen", false, misspelt},
		{"jonson", "johnson", false, misspelt}, {"francoise", "francoize", true, misspelt}, {"maria", "mario", false, misspelt},
		{"lea", "leah", false, akin}, {"ann", "bob", true, unrelated}, {"smith", "jones", false, unrelated},
		{"小明", "小红", true, unrelated}, {"王 lee", "lee", false, unrelated}, {"lars", "lers", false, akin}, {"王", "王", false, equal},
	} {
		for _, way := range [][2]string{{tt.x, tt.y}, {tt.y, tt.x}} {
			if got := alike(strings.Fields(way[0]), strings.Fields(way[1]), tt.given); got.relation != tt.want {
				t.Errorf("%s, %s (given %v): %d (%.3f), want %d", way[0], way[1], tt.given, got.relation, got.value, tt.want)
			}
		}
	}
}

// TestOnTheBound: what is alike to exactly a bound is above it. The texts were searched for; that they lie there is part of the test.
func TestOnTheBound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		x, y  string
		bound float64
		want  relation
	}{{"emil", "meila", 0.85, akin}, {"marks", "markt", 0.92, misspelt}} {
		if got := alike([]string{tt.x}, []string{tt.y}, false); got != (likeness{tt.want, tt.bound}) {
			t.Errorf("%s, %s: %+v, want %+v", tt.x, tt.y, got, likeness{tt.want, tt.bound})
		}
	}
	if value := jaroWinkler("orbit", "orbis"); value != 0.92 {
		t.Fatalf("two companies are alike to %v, and no more to exactly 0.92", value)
	}
	w := &weighing{}
	if w.companies([]string{"orbit"}, []string{"orbis"}); w.sum != nearCompany {
		t.Errorf("two companies on the bound: %v %v, want them alike", w.sum, w.evidence)
	}
}

// TestCompareNames: two whole names of one script, also where given and family name stand in each other's place.
func TestCompareNames(t *testing.T) {
	t.Parallel()
	of := func(s string) personName {
		given, family, _ := strings.Cut(s, "|")
		return personName{strings.Fields(given), strings.Fields(family)}
	}
	for _, tt := range []struct {
		x, y           string
		known, swapped bool
		given, family  relation
	}{
		{"ann|lee", "ann|lee", true, false, equal, equal},
		{"ann|lee", "lee|ann", true, true, equal, equal},
		{"ann|jonson", "johnson|ann", true, true, misspelt, equal},
		{"francoise|lee", "lee|francoize", true, true, misspelt, equal},
		{"ann|lee", "bob|lee", true, false, unrelated, equal},
		{"ann|lee", "ann|smith", true, false, equal, unrelated},
		{"ann|lee", "lee|smith", true, false, unrelated, unrelated},
		{"bob|robert", "robert|bob", true, true, equal, equal},
		{"lee|lee", "lee|lee", true, false, equal, equal},
		{"ann|bob", "ann|robert", true, false, equal, unrelated},
		{"maria|lee", "lee|mario", true, false, unrelated, unrelated},
		{"lee|maria", "mario|lee", true, false, unrelated, unrelated},
		{"maria|lee", "lee|maria", true, true, equal, equal},
		{"ann|lee", "ann|", false, false, unrelated, unrelated},
		{"|lee", "ann|lee", false, false, unrelated, unrelated},
		{"анна|ли", "anna|li", false, false, unrelated, unrelated},
		{"anna|ли", "anna|li", false, false, unrelated, unrelated},
	} {
		l, known := compareNames(of(tt.x), of(tt.y))
		if known != tt.known || l.swapped != tt.swapped || known && (l.given.relation != tt.given || l.family.relation != tt.family) {
			t.Errorf("%s, %s: %+v, known %v", tt.x, tt.y, l, known)
		}
	}
}

// TestEntryThatIsMeant: of a list that is mapped to one value, which entry it is.
func TestEntryThatIsMeant(t *testing.T) {
	t.Parallel()
	f := contact.Field{Name: "emails", Type: contact.TypeEmail, Many: true}
	entry := func(text, kind string, primary bool) contact.Entry {
		return contact.Entry{Value: contact.Text(text), Type: kind, Primary: primary}
	}
	b, a, c := entry("b@example.com", "work", false), entry("a@example.com", "home", false), entry("c@example.com", "work", false)
	flagged := entry("c@example.com", "Work", true)
	for _, tt := range []struct {
		name, selector string
		entries        []contact.Entry
		last           string
		want           int
	}{
		{"nothing", "emails[primary]", nil, "", -1},
		{"the flagged one", "emails[primary]", []contact.Entry{b, a, flagged}, "a@example.com", 2},
		{"the flagged one, first", "emails[primary]", []contact.Entry{flagged, a}, "", 0},
		{"the one settled last", "emails[primary]", []contact.Entry{b, a, c}, "C@example.com", 2},
		{"the lowest", "emails[primary]", []contact.Entry{b, a, c}, "", 1},
		{"the lowest, first", "emails[primary]", []contact.Entry{a, b, c}, "", 0},
		{"the lowest, if the one settled last is gone", "emails[primary]", []contact.Entry{b, a}, "z@example.com", 1},
		{"the first of equals", "emails[primary]", []contact.Entry{a, entry("A@example.com", "work", false)}, "", 0},
		{"the first of a type", "emails[type=work]", []contact.Entry{a, b, flagged}, "", 1},
		{"none of the type", "emails[type=other]", []contact.Entry{a, b}, "", -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sel, err := contact.ParseSelector(tt.selector)
			if err != nil {
				t.Fatal(err)
			}
			last := contact.Value{}
			if tt.last != "" {
				last = contact.Text(tt.last)
			}
			if got := selectEntry(sel, f, contact.List(tt.entries...), last); got != tt.want {
				t.Errorf("entry %d, want %d", got, tt.want)
			}
		})
	}
}

// TestPatchOfAList: an entry that only changed its type, its flag or its spelling is taken out and put in; order is nothing.
func TestPatchOfAList(t *testing.T) {
	t.Parallel()
	entry := func(text, kind string, primary bool) contact.Entry {
		return contact.Entry{Value: contact.Text(text), Type: kind, Primary: primary}
	}
	list := contact.Field{Name: "f", Type: contact.TypeEmail, Many: true}
	set := contact.Field{Name: "f", Type: contact.TypeSet}
	x, y := entry("x@example.com", "work", false), entry("y@example.com", "", false)
	for _, tt := range []struct {
		name         string
		f            contact.Field
		now, want    contact.Value
		added, taken int
	}{
		{"the same", list, contact.List(x, y), contact.List(x, y), 0, 0},
		{"in another order", list, contact.List(x, y), contact.List(y, x), 0, 0},
		{"one more", list, contact.List(x), contact.List(x, y), 1, 0},
		{"one less", list, contact.List(x, y), contact.List(x), 0, 1},
		{"another type", list, contact.List(x, y), contact.List(entry("x@example.com", "home", false), y), 1, 1},
		{"another flag", list, contact.List(x, y), contact.List(entry("x@example.com", "work", true), y), 1, 1},
		{"another spelling", list, contact.List(x), contact.List(entry("X@example.com", "work", false)), 1, 1},
		{"another one", list, contact.List(x), contact.List(y), 1, 1},
		{"a set in another order", set, contact.Set("a", "b"), contact.Set("b", "a"), 0, 0},
		{"a set with another case", set, contact.Set("a"), contact.Set("A"), 0, 0},
		{"a set with one more", set, contact.Set("a"), contact.Set("a", "b"), 1, 0},
		{"nothing to something", list, contact.Empty, contact.List(x), 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := diffElements(tt.f, tt.now, tt.want)
			if len(c.Add) != tt.added || len(c.Remove) != tt.taken {
				t.Errorf("adds %v and takes %v", c.Add, c.Remove)
			}
		})
	}
}

// TestElementsAreTakenBack: what a write did to a list is undone element by element, but for what somebody changed since.
func TestElementsAreTakenBack(t *testing.T) {
	t.Parallel()
	f := contact.Field{Name: "f", Type: contact.TypeEmail, Many: true}
	e := func(text, kind string) contact.Entry {
		return contact.Entry{Value: contact.Text(text + "@example.com"), Type: kind}
	}
	x, xHome, y, z := e("x", "work"), e("x", "home"), e("y", ""), e("z", "")
	for _, tt := range []struct {
		name            string
		was, did, is    []contact.Entry
		added, taken    []contact.Entry
		somebodyChanged bool
	}{
		{"one was added", []contact.Entry{y}, []contact.Entry{y, x}, []contact.Entry{y, x}, nil, []contact.Entry{x}, false},
		{"one was added, as the first", nil, []contact.Entry{x}, []contact.Entry{x}, nil, []contact.Entry{x}, false},
		{"and is gone again", []contact.Entry{y}, []contact.Entry{y, x}, []contact.Entry{y}, nil, nil, false},
		{"and got another type", []contact.Entry{y}, []contact.Entry{y, x}, []contact.Entry{y, xHome}, nil, nil, true},
		{"one was taken", []contact.Entry{x, y}, []contact.Entry{y}, []contact.Entry{y}, []contact.Entry{x}, nil, false},
		{"and is there again", []contact.Entry{x, y}, []contact.Entry{y}, []contact.Entry{x, y}, nil, nil, false},
		{"and somebody added another one", []contact.Entry{x}, nil, []contact.Entry{z}, []contact.Entry{x}, nil, false},
		{"one got another type", []contact.Entry{x, y}, []contact.Entry{xHome, y}, []contact.Entry{xHome, y}, []contact.Entry{x}, nil, false},
		{"and has its own again", []contact.Entry{x, y}, []contact.Entry{xHome, y}, []contact.Entry{x, y}, nil, nil, false},
		{"and a third one since", []contact.Entry{x, y}, []contact.Entry{xHome, y}, []contact.Entry{e("x", "other"), y}, nil, nil, true},
		{"nothing was done", []contact.Entry{x, y}, []contact.Entry{x, y}, []contact.Entry{y, x, z}, nil, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, untouched := revertElements(f, contact.List(tt.was...), contact.List(tt.did...), contact.List(tt.is...))
			if !sameEntries(contact.List(c.Add...), contact.List(tt.added...)) || !sameEntries(contact.List(c.Remove...), contact.List(tt.taken...)) || untouched == tt.somebodyChanged {
				t.Errorf("adds %v, takes %v, untouched %v", c.Add, c.Remove, untouched)
			}
		})
	}
}

// TestUnreadDecidesNothing: what was not read is kept if the other side is as it was settled, and else left unsettled.
func TestUnreadDecidesNothing(t *testing.T) {
	t.Parallel()
	for n := range 1 << 7 {
		bit := func(i int) bool { return n>>i&1 == 1 }
		f := facts{absent: [2]bool{bit(0), bit(1)}, settled: bit(2), flow: [2]bool{bit(3), bit(4)}, changed: [2]bool{bit(5) && !bit(0), bit(6) && !bit(1)}}
		want := leave
		if f.settled && f.changed == [2]bool{} {
			want = keep
		}
		if got := decide(f); f.absent != [2]bool{} && got != want {
			t.Errorf("%+v: %d, want %d", f, got, want)
		}
	}
}
