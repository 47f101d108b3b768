package sim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// Kind says what sort of failure the first one is, so that a smaller script can be told to fail in the same way; "" if
// nothing is wrong.
func (r *Result) Kind() string {
	if len(r.Violations) == 0 {
		return ""
	}
	v := r.Violations[0]
	what, _, _ := strings.Cut(v.Text, ":")
	if v.Invariant != "own" {
		what = ""
	}
	return v.Invariant + " " + what
}

// aside are the events of which a short telling says nothing.
var aside = []oracle.Kind{oracle.Called, oracle.SyncBegin, oracle.Said, oracle.CalmRound}

// Tell returns what is wrong with a history that was kept, and what happened in it: without single calls, and without what
// comes after it shows.
func (r *Result) Tell(seed uint64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d breaks a promise:\n", seed)
	last := 0
	for _, v := range r.Violations[:min(len(r.Violations), 5)] {
		fmt.Fprintf(&b, "  %s\n", v.Text)
		last = max(last, v.At)
	}
	if more := len(r.Violations) - 5; more > 0 {
		fmt.Fprintf(&b, "  and %d more\n", more)
	}
	if len(r.Lines) == 0 {
		return b.String()
	}
	b.WriteString("What happened, as short as it could be made:\n")
	for _, l := range r.Lines[:min(last+1, len(r.Lines))] {
		if kind := strings.Fields(l)[3]; !slices.Contains(aside, oracle.Kind(kind)) {
			b.WriteString("  " + strings.ReplaceAll(l, "\n", "\n  ") + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
