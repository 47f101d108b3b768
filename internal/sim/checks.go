package sim

import (
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// The simulator's own checks need no model of what users did. The oracle's are in package oracle.

// checkCreated looks that nobody is created twice: of one entry of a user there is one copy in each app.
func (w *world) checkCreated(app int, id string, f contact.Fields) {
	serial := f["serial"].Str()
	if serial == "" || w.forgot || w.forced {
		return
	}
	for _, r := range w.apps[app].Records() {
		if r.ID != id && r.Get("serial").Str() == serial && !w.byUser[app][r.ID] {
			w.wrong("I6: %s was created as %s though it is there as %s", serial, id, r.ID)
		}
	}
}

// checkStatement looks that no record has two partners.
func (w *world) checkStatement(conn int, st *oracle.Statement) {
	for side := range 2 {
		seen := map[string]bool{}
		for _, l := range st.Linked {
			if seen[l[side]] {
				w.wrong("I7: %s of %s is linked twice", l[side], connName(conn))
			}
			seen[l[side]] = true
		}
	}
}

// checkFailure looks that a sync fails only if something went wrong.
func (w *world) checkFailure(st Step, err error) {
	if len(st.Faults) == 0 && w.depth == 0 && !expected(err) {
		w.wrong("a sync of %s failed though nothing went wrong: %v", connName(st.Conn), err)
	}
}

// checkEnd looks at the world at rest.
func (w *world) checkEnd() {}
