package contactsync

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// matchKey is one value by which a record can be found to be a person: of the connection's kind-th key.
type matchKey struct {
	kind  int
	text  string
	entry [2]string // names the row that says who of each side bears it; "" where nobody is looked up by it
}

// keyOf returns the match key of that kind and text. Its entries hold a digest: rows stay small, and an email is not
// written once more. Two keys with one digest would only be looked at together.
func keyOf(kind int, text string) matchKey {
	sum := sha256.Sum256([]byte(text))
	var digest [keyDigest * 4 / 3]byte
	return matchKey{kind, text, keyEntries(kind, base64.RawURLEncoding.AppendEncode(digest[:0], sum[:keyDigest]))}
}

// keyEntries returns the entries, by side, of a key of which the digest is known.
func keyEntries[T string | []byte](kind int, digest T) [2]string {
	both := make([]byte, 0, 64)
	for _, s := range Sides {
		both = append(strconv.AppendInt(append(both, s.String()...), int64(kind), 10), ' ')
		both = append(both, digest...)
	}
	entries := string(both)
	return [2]string{entries[:len(entries)/2], entries[len(entries)/2:]}
}

const keyDigest = 12 // bytes

// String returns the key as the store indexes it.
func (k matchKey) String() string { return fmt.Sprintf("%d %s", k.kind, k.text) }

// fields returns the fields of side s that a key looks at.
func (k MatchKey) fields(s Side, schema *contact.Schema) []string {
	var names []string
	byType := func(t contact.Type) {
		for _, f := range schema.Fields {
			if f.Type == t {
				names = append(names, f.Name)
			}
		}
	}
	switch k.Kind {
	case KeyEmail:
		byType(contact.TypeEmail)
	case KeyPhone:
		byType(contact.TypePhone)
	case KeyNameCompany:
		for _, meaning := range []string{"first", "last", "name", "company"} {
			if f, ok := schema.WithMeaning(meaning); ok {
				names = append(names, f.Name)
			}
		}
	default:
		names = append(names, [2]string{k.A, k.B}[s])
	}
	return names
}

// matchKeys returns the keys that a record of side s bears, in the order of the connection's list and then sorted.
func (cfg *config) matchKeys(s Side, fields contact.Fields) []matchKey {
	var all []matchKey
	for i, k := range cfg.keys {
		start := len(all)
		add := func(text string) {
			if text != "" {
				all = append(all, keyOf(i, text))
			}
		}
		if k.Kind == KeyNameCompany {
			add(nameCompany(cfg.schema[s], fields))
			continue
		}
		for _, name := range k.fields(s, cfg.schema[s]) {
			f, _ := cfg.schema[s].Field(name)
			v := fields[name]
			if v.Kind() == contact.KindText || v.Kind() == contact.KindNumber {
				add(keyText(k.Kind, f, v, cfg.Match.Region))
			}
			for _, e := range elements(v) {
				add(keyText(k.Kind, f, e.Value, cfg.Match.Region))
			}
		}
		slices.SortFunc(all[start:], func(x, y matchKey) int { return strings.Compare(x.text, y.text) })
		all = slices.Compact(all)
	}
	return all
}

// keyText returns the normal form of one value as a key, "" if it can tell nobody apart.
func keyText(kind string, f contact.Field, v contact.Value, region string) string {
	switch kind {
	case KeyEmail:
		if key, ok := contact.EmailKey(v.Str()); ok {
			return key
		}
		return ""
	case KeyPhone:
		if key, ok := contact.PhoneKey(v.Str(), region); ok {
			return key
		}
		return ""
	}
	return f.EntryKey(contact.Entry{Value: v}, region)
}

// nameCompany returns the key of a full name at a company, "" unless the record has both.
func nameCompany(schema *contact.Schema, fields contact.Fields) string {
	text := func(meaning string) string {
		f, ok := schema.WithMeaning(meaning)
		if !ok {
			return ""
		}
		return fold(fields[f.Name].Str())
	}
	name := strings.TrimSpace(text("first") + " " + text("last"))
	if name == "" {
		name = text("name")
	}
	company := text("company")
	if name == "" || company == "" {
		return ""
	}
	return name + "\x00" + company
}

// evidence reports whether two records' keys say that they are one person: the first kind of key that both have
// is shared. A later kind is no evidence where an earlier one differs.
func evidence(x, y []matchKey) bool {
	_, ok := shared(x, y)
	return ok
}

// sharedKey names the kind of key that two records share, or says that they are alike.
func (cfg *config) sharedKey(x, y []matchKey) string {
	k, ok := shared(x, y)
	switch {
	case !ok:
		return linkedAlike
	case cfg.keys[k.kind].Kind != "":
		return cfg.keys[k.kind].Kind
	}
	return cfg.keys[k.kind].A + "=" + cfg.keys[k.kind].B
}

// shared returns the key by which two records are evidence for each other, and whether there is one.
func shared(x, y []matchKey) (matchKey, bool) {
	for len(x) > 0 && len(y) > 0 {
		switch {
		case x[0].kind < y[0].kind:
			x = x[1:]
			continue
		case x[0].kind > y[0].kind:
			y = y[1:]
			continue
		}
		kind := x[0].kind
		for ; len(x) > 0 && x[0].kind == kind; x = x[1:] {
			if slices.Contains(y, x[0]) {
				return x[0], true
			}
		}
		return matchKey{}, false
	}
	return matchKey{}, false
}

// A directory finds what a decision about one unit looks at. It shows live records only.
type directory interface {
	record(r ref) *mirror                         // nil if there is none, or only what it was before it went
	last(r ref) *mirror                           // the same, or what it was before it went
	bearing(s Side, k matchKey) iter.Seq[*mirror] // by id
	linkOf(r ref) *link
	separated(a, b string) bool
	open(r ref) bool                       // an unanswered write concerns the record
	repeats(r ref) bool                    // a creation from it was not answered, and may be sent again: it makes nobody twice
	insisted(r ref) bool                   // a person wants the record created, whoever bears its key
	complete(s Side) bool                  // the side has once been read completely, or never can be
	graves(s Side, k matchKey) []time.Time // when we deleted records that bore the key, of late
}

// candidates are the live records of side s whose keys are evidence for keys, but for the record itself, each as often
// as a key finds it. A later kind of key is tried where the earlier ones find nobody. Thousands may share a key, so
// nobody walks further than they need.
func candidates(d directory, s Side, keys []matchKey, self ref) iter.Seq[*mirror] {
	return bearers(d, s, keys, self, false)
}

// sharers are the same, whichever kind of key finds them: two of one app may be one person by a later key, though an earlier
// one finds somebody else.
func sharers(d directory, s Side, keys []matchKey, self ref) iter.Seq[*mirror] {
	return bearers(d, s, keys, self, true)
}

func bearers(d directory, s Side, keys []matchKey, self ref, all bool) iter.Seq[*mirror] {
	return func(yield func(*mirror) bool) {
		found := false
		for i, k := range keys {
			if found && !all && k.kind != keys[i-1].kind {
				return
			}
			for m := range d.bearing(s, k) {
				if m.ref() == self || !evidence(keys, m.keys) {
					continue
				}
				found = true
				if !yield(m) {
					return
				}
			}
		}
	}
}

// few returns none, one or two different ones of the candidates: that is all that matters of how many there are.
func few(all iter.Seq[*mirror]) (found []*mirror) {
	for m := range all {
		if len(found) == 0 || found[0] != m {
			found = append(found, m)
		}
		if len(found) == 2 {
			break
		}
	}
	return found
}

// free reports whether a record can be linked to one of the other side: it has no partner, or its partner is gone.
func free(d directory, m *mirror) bool {
	l := d.linkOf(m.ref())
	return l == nil || l.Gone[m.side.Other()]
}

// keyUnread reports whether the first match key that a record may have is in a field that was not read. Whoever a later one
// finds may be somebody else then, and who finds nobody may be there: both would be guesses.
func (cfg *config) keyUnread(m *mirror) bool {
	for i, k := range cfg.keys {
		if len(m.keys) > 0 && m.keys[0].kind == i {
			return false
		}
		if slices.ContainsFunc(k.fields(m.side, cfg.schema[m.side]), func(name string) bool { return m.Fields[name].Absent() }) {
			return true
		}
	}
	return false
}

// partner returns the record that an unlinked one matches, nil if there is none that is beyond doubt.
func (cfg *config) partner(d directory, r *mirror, there []*mirror, now time.Time) *mirror {
	if len(there) != 1 || !d.complete(A) || !d.complete(B) || cfg.keyUnread(r) || cfg.keyUnread(there[0]) {
		return nil
	}
	c := there[0]
	if !free(d, c) || d.open(r.ref()) || d.open(c.ref()) || d.separated(pairIDs(r.ref(), c.ref())) {
		return nil
	}
	if back := few(candidates(d, r.side, c.keys, c.ref())); len(back) != 1 || back[0].id != r.id {
		return nil
	}
	in, _ := cfg.lets(r.side, r, nil, false, now)
	inOther, _ := cfg.lets(c.side, c, nil, false, now)
	if in != Yes && inOther != Yes {
		return nil // no rule lets either in, so they are nobody's pair
	}
	return c
}

// pairIDs returns the ids of two records of different sides, a's first.
func pairIDs(x, y ref) (a, b string) {
	if x.side == A {
		return x.id, y.id
	}
	return y.id, x.id
}

// stand says how an unlinked record that matches nobody stands; create is true if it is to be created on the
// other side.
func (cfg *config) stand(d directory, r *mirror, there []*mirror, now time.Time) (st standing, create bool) {
	s := r.side
	in, _ := cfg.lets(s, r, nil, false, now)
	here := sharers(d, s, r.keys, r.ref())
	creates := cfg.creates(s, r, now)
	switch {
	case !cfg.Direction.from(s):
		return standing{StatusExcluded, ReasonDirection, "nothing flows from " + cfg.names[s]}, false
	case in == Unknown:
		return standing{StatusPending, ReasonUnread, "a filter looks at a field that was not read"}, false
	case in == No:
		return standing{StatusExcluded, ReasonFilter, "no rule lets it through"}, false
	case r.Merged != "":
		return standing{StatusDuplicate, ReasonMergedThere, "its partner was merged into another record of " + cfg.names[s.Other()] + "; merge it here as well"}, false
	case cfg.keyUnread(r) || slices.ContainsFunc(there, cfg.keyUnread):
		return standing{StatusPending, ReasonUnread, "a field by which it is matched was not read, of it or of whom a later key finds"}, false
	case len(r.keys) == 0 && !cfg.Match.AllowKeyless:
		return standing{StatusExcluded, ReasonNoKey, "it has no key by which it could be found again; give it one, such as an email"}, false
	case cfg.duplicateHere(d, r, here, there, now):
		return standing{StatusDuplicate, ReasonDuplicateHere, "another record of " + cfg.names[s] + " has its key; merge them, or tell them apart"}, false
	case len(there) > 0 && !d.complete(s):
		return standing{StatusPending, ReasonSettling, cfg.names[s] + " has not been read completely yet"}, false
	case len(there) > 0 && !d.complete(s.Other()):
		return standing{StatusPending, ReasonSettling, cfg.names[s.Other()] + " has not been read completely yet"}, false
	case len(there) > 0:
		return standing{StatusDuplicate, ReasonDuplicateThere, "several records of " + cfg.names[s.Other()] + " have its key, or the one that has is linked"}, false
	case creates == Unknown:
		return standing{StatusPending, ReasonUnread, "a filter looks at a field that was not read"}, false
	case creates == No:
		return standing{StatusExcluded, ReasonFilter, "its rule only updates, and " + cfg.names[s.Other()] + " does not know it"}, false
	case d.open(r.ref()):
		return standing{StatusPending, ReasonUnknownOutcome, "it was sent and not answered; the app is looked at first"}, false
	case !d.complete(s.Other()):
		return standing{StatusPending, ReasonSettling, cfg.names[s.Other()] + " has not been read completely yet"}, false
	}
	return standing{}, true
}

// insistable reports whether a person may have a record created that stands so: neither a rule nor a doubt about what was
// sent keeps it back.
func insistable(st standing) bool {
	return st.Status == StatusDuplicate || st.Reason == ReasonNoKey || st.Reason == ReasonCreateHeld || st.Reason == ReasonSettling
}

// duplicateHere reports whether another record of the same app has the key and comes first: one that is linked,
// or any at all if the other side knows the key, or whose creation was sent already, or else the one with the lowest id that a
// rule lets through.
func (cfg *config) duplicateHere(d directory, r *mirror, here iter.Seq[*mirror], there []*mirror, now time.Time) bool {
	for h := range here {
		if len(there) > 0 || d.linkOf(h.ref()) != nil || d.open(h.ref()) {
			return true
		}
		if sent := d.repeats(h.ref()); sent != d.repeats(r.ref()) {
			if sent {
				return true // it may be there
			}
			continue
		}
		if h.id < r.id && cfg.creates(h.side, h, now) == Yes {
			return true
		}
	}
	return false
}
