package oracle_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// model is a tiny engine that keeps the promises where its apps are honest: it links by email, carries edits over,
// decides conflicts for a, carries deletions of a over. It can be given one fault.
type model struct {
	*history
	rng     *rand.Rand
	fault   string
	one     bool // one way
	settled map[[2]string]map[string][2]contact.Value
	done    map[string]bool // keys of pairs of which a half is gone
	n       int
}

var modelFields = []string{"email", "first", "company"}

// faulty reports whether the model's fault strikes now.
func (m *model) faulty(name string) bool { return m.fault == name && m.rng.IntN(2) == 0 }

func (m *model) user() {
	app, who := m.rng.IntN(2), fmt.Sprint(m.rng.IntN(4))
	id := string(rune('a'+app)) + who
	m.n++
	switch have := m.apps[app][id] != nil; {
	case !have && !m.done[who]:
		m.create(app, id, f{"email": who + "@example.com", "first": fmt.Sprint("F", m.n), "company": fmt.Sprint("C", m.n)})
	case !have:
	case m.rng.IntN(8) == 0:
		m.remove(app, id)
		m.done[who] = true
	case m.rng.IntN(4) == 0:
		m.edit(app, id, f{"company": nil})
	default:
		m.edit(app, id, f{modelFields[1+m.rng.IntN(2)]: fmt.Sprint("E", m.n)})
	}
}

// round is one sync.
func (m *model) round() {
	m.open()
	m.show()
	for _, l := range slices.Clone(m.links) {
		a, b := m.apps[0][l[0]], m.apps[1][l[1]]
		switch {
		case a == nil && b != nil:
			m.carryDeletion(l)
		case a != nil && b == nil && m.faulty("carries over a deletion that is to be kept"):
			m.drop(0, l[0])()
		case a != nil && b != nil && m.faulty("deletes on absence"):
			m.drop(1, l[1])()
		case a != nil && b != nil:
			m.decidePair(l)
		}
	}
	m.match()
	m.forget()
	m.close("")
}

// carryDeletion deletes b's record, unless it was edited since it was settled.
func (m *model) carryDeletion(l [2]string) {
	for _, name := range modelFields {
		if !m.apps[1][l[1]][name].Equal(m.settled[l][name][1]) && m.fault != "deletes what was edited" {
			m.status[1][l[1]] = oracle.RecordStatus{Status: "deleted_opposite"}
			return
		}
	}
	if m.status[1][l[1]].Status == "" {
		m.drop(1, l[1])()
	}
}

func (m *model) decidePair(l [2]string) {
	var write [2]f = [2]f{{}, {}}
	for _, name := range modelFields {
		v := [2]contact.Value{m.apps[0][l[0]][name], m.apps[1][l[1]][name]}
		old, ok := m.settled[l][name]
		if !ok { // a first match: a blank is filled
			old = [2]contact.Value{contact.Empty, contact.Empty}
		}
		changed := [2]bool{!v[0].Equal(old[0]), !v[1].Equal(old[1])}
		winner := -1
		switch {
		case v[0].Equal(v[1]):
		case m.one && !changed[0]:
			continue // an edit of the target stays where it is
		case m.one && ok, changed[0] && !changed[1]:
			winner = 0
		case changed[1] && !changed[0]:
			winner = 1
		case v[0].Blank():
			winner = 1
		default:
			winner = 0
		}
		if m.one && winner == 1 {
			continue
		}
		switch {
		case winner >= 0 && m.faulty("drops an edit"):
			winner = -1
		case winner == 0 && changed[0] && changed[1] && !v[1].Blank() && m.faulty("lets the loser win"):
			winner = 1
		case winner == 0 && !changed[1] && m.faulty("takes an edit back"):
			winner = 1
		}
		if winner >= 0 {
			write[1-winner][name] = v[winner]
			v[1-winner] = v[winner]
		}
		if m.settled[l] == nil {
			m.settled[l] = map[string][2]contact.Value{}
		}
		m.settled[l][name] = v
	}
	if m.faulty("invents a value") {
		write[1]["first"] = "Robot"
	}
	if m.one && m.faulty("writes to a one-way source") {
		write[0]["first"] = m.apps[1][l[1]]["first"]
	}
	if m.faulty("clears what it did not read") {
		write[1]["company"] = nil
	}
	m.quiet = m.faulty("keeps no history")
	for app, id := range l {
		if len(write[app]) > 0 && !m.nothing(app, id, write[app]) {
			m.put(app, id, write[app])()
		}
	}
	m.quiet = false
}

// nothing reports whether a write would change nothing.
func (m *model) nothing(app int, id string, v f) bool {
	for name, x := range v.fields() {
		if !m.apps[app][id][name].Equal(x) {
			return false
		}
	}
	return true
}

// match links who bears one email, and creates who has nobody.
func (m *model) match() {
	for app := range 2 {
		for _, id := range sortedIDs(m.apps[app]) {
			who := id[1:]
			l := [2]string{"a" + who, "b" + who}
			linked, other := slices.Contains(m.links, l), m.apps[1-app][l[1-app]]
			switch {
			case len(id) > 2:
			case linked && other != nil && app == 0 && m.faulty("creates twice"):
				m.n++
				m.made(1, fmt.Sprint("b", who, "x", m.n), fieldsOf(m.apps[0][id]))()
			case linked && other == nil && app == 0 && m.faulty("fills a deleted side again"):
				m.made(1, fmt.Sprint("b", who, "y", m.n), fieldsOf(m.apps[0][id]))()
			case linked || m.done[who]:
			case other != nil:
				m.links = append(m.links, l)
				m.decidePair(l)
			case m.one && app == 1:
			default:
				m.made(1-app, l[1-app], fieldsOf(m.apps[app][id]))()
				m.links = append(m.links, l)
				m.decidePair(l)
			}
		}
	}
	if m.faulty("links strangers") && len(m.links) > 1 && !m.done[m.links[0][0][1:]] && !m.done[m.links[1][0][1:]] {
		m.links[0][1], m.links[1][1] = m.links[1][1], m.links[0][1]
	}
}

func fieldsOf(v contact.Fields) f {
	out := f{}
	for name, x := range v {
		out[name] = x
	}
	return out
}

// forget says of records whose partner is gone that it is.
func (m *model) forget() {
	for app := range 2 {
		for _, id := range sortedIDs(m.apps[app]) {
			if m.done[id[1:]] && m.apps[1-app][string(rune('b'-app))+id[1:]] == nil {
				m.status[app][id] = oracle.RecordStatus{Status: "deleted_opposite"}
			}
			if m.one && app == 1 && m.apps[0]["a"+id[1:]] == nil && !m.done[id[1:]] {
				m.status[app][id] = oracle.RecordStatus{Status: "excluded", Reason: "direction"}
			} else if m.status[app][id].Status == "excluded" {
				delete(m.status[app], id)
			}
		}
	}
}

// play plays one random history with the model.
func play(t *testing.T, seed uint64, fault string) []oracle.Violation {
	m := &model{rng: rand.New(rand.NewPCG(seed, 7)), fault: fault, settled: map[[2]string]map[string][2]contact.Value{}, done: map[string]bool{}}
	m.one = m.rng.IntN(3) == 0
	m.history = begin(t, func(_ []oracle.App, c *oracle.Connection) {
		c.Deletions[0] = "delete"
		if m.one {
			c.Direction = "a_to_b"
		}
		if fault == "ignores a guard" {
			c.MaxDeletes = none
		}
	})
	for range 4 + m.rng.IntN(8) {
		for range m.rng.IntN(5) {
			m.user()
		}
		m.round()
	}
	m.see(oracle.Event{Kind: oracle.Calm})
	for range 4 {
		m.round()
		m.see(oracle.Event{Kind: oracle.CalmRound})
	}
	if m.faulty("never comes to rest") && len(m.linked()) > 0 {
		l := m.linked()[0]
		m.fault = "takes an edit back"
		m.sync(m.put(1, l[1], f{"first": "Ann"}))
	}
	return m.o.Violations()
}

func TestTheRightModelIsNeverAccused(t *testing.T) {
	t.Parallel()
	histories := 2000
	if testing.Short() {
		histories = 300
	}
	for seed := range uint64(histories) {
		if v := play(t, seed, ""); len(v) > 0 {
			t.Fatalf("seed %d: %v", seed, v)
		}
	}
}

func TestEachFaultyModelIsAccused(t *testing.T) {
	for fault, want := range map[string][]string{
		"drops an edit":                              {"I1"},
		"creates twice":                              {"I6"},
		"fills a deleted side again":                 {"I6"},
		"deletes on absence":                         {"I17"},
		"deletes what was edited":                    {"I5"},
		"carries over a deletion that is to be kept": {"I5", "I20"},
		"clears what it did not read":                {"I18"},
		"takes an edit back":                         {"I3"},
		"lets the loser win":                         {"I3"},
		"invents a value":                            {"I4"},
		"writes to a one-way source":                 {"I20"},
		"ignores a guard":                            {"I16"},
		"keeps no history":                           {"I9"},
		"links strangers":                            {"I7"},
		"never comes to rest":                        {"I2"},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			accused, histories := 0, 120
			for seed := range uint64(histories) {
				for _, v := range play(t, seed, fault) {
					if slices.Contains(want, v.Invariant) {
						accused++
						break
					}
				}
			}
			// A fault that had no occasion to strike is no fault: a thirtieth of the histories is enough.
			if accused < histories/30 {
				t.Errorf("%d of %d histories are accused of %v", accused, histories, want)
			}
			t.Logf("%d of %d histories are accused", accused, histories)
		})
	}
}
