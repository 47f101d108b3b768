package oracle

import (
	"fmt"
	"slices"
	"strings"
)

// Compare returns in what the ends of two histories differ: I10, if one of them had a crash or an error that the other
// did not have, and I31, if its clocks went otherwise. Nobody may have edited anything in between. Ends are compared by
// what the records hold and who is linked with whom; ids that the apps gave do not count, nor does a record that is
// still parked as an unknown outcome. Both histories must have come to rest.
func Compare(a, b *Oracle) []Violation {
	var found []Violation
	for app := range a.setup.Apps {
		x, y := a.contents(app), b.contents(app)
		for _, text := range differences(x, y) {
			found = append(found, Violation{"I10", b.at, fmt.Sprintf("%s: %s", a.appName(app), text)})
		}
	}
	for _, id := range a.order {
		if c, d := a.conns[id], b.conns[id]; d != nil {
			for _, text := range differences(a.pairs(c), b.pairs(d)) {
				found = append(found, Violation{"I10", b.at, fmt.Sprintf("%s: %s", id, text)})
			}
		}
	}
	return found
}

// contents returns what the records of an app hold, each as a text.
func (o *Oracle) contents(app int) []string {
	var all []string
	for _, r := range o.world.records[app] {
		if r.alive && !o.parked(r) {
			all = append(all, o.text(r))
		}
	}
	slices.Sort(all)
	return all
}

// parked reports whether a connection still does not know what became of the record.
func (o *Oracle) parked(r *record) bool {
	for _, id := range o.order {
		c := o.conns[id]
		if side, ok := c.side(r.app); ok && c.last != nil && c.last.Records[side][r.id].Reason == "unknown_outcome" {
			return true
		}
	}
	return false
}

// text returns what a record holds, by meaning.
func (o *Oracle) text(r *record) string {
	var b strings.Builder
	for _, f := range o.setup.Apps[r.app].Fields {
		if v := r.get(f.Field.Name); !v.Blank() {
			fmt.Fprintf(&b, "%s=%s ", f.Field.Name, f.Field.Key(v, ""))
		}
	}
	return strings.TrimSpace(b.String())
}

// pairs returns who is linked, each pair as the texts of its records.
func (o *Oracle) pairs(c *conn) []string {
	var all []string
	for x, y := range c.links {
		if side, ok := c.side(x.app); ok && side == 0 && x.alive && y.alive {
			all = append(all, o.text(x)+" and "+o.text(y))
		}
	}
	slices.Sort(all)
	return all
}

// differences returns what only one of two sorted lists has.
func differences(x, y []string) []string {
	var found []string
	count := map[string]int{}
	for _, t := range x {
		count[t]++
	}
	for _, t := range y {
		count[t]--
	}
	for _, t := range slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(x), y...)))) {
		switch n := count[t]; {
		case n > 0:
			found = append(found, fmt.Sprintf("%d more of %q in the first", n, t))
		case n < 0:
			found = append(found, fmt.Sprintf("%d more of %q in the second", -n, t))
		}
	}
	return found
}
