package sim

import (
	"slices"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// The simulator's own checks need no model of what users did. The oracle's are in package oracle.

// checkCreated looks that nobody is created twice: of one entry of a user there is one copy in each app, unless another
// connection made it and this one could not know.
func (s *seat) checkCreated(id string, f contact.Fields) {
	w, serial := s.w, f["serial"].Str()
	if serial == "" || w.forgot || w.forced {
		return
	}
	for _, r := range s.app.Records() {
		maker := w.maker[s.index][r.ID]
		if r.ID == id || r.Get("serial").Str() != serial || maker == aUser {
			continue
		}
		if maker == s.conn || s.couldSee(r.ID) && w.Conns[s.conn].onePerson(f, r.Fields) {
			w.wrong("I6: %s was created as %s though it is there as %s", serial, id, r.ID)
		}
	}
}

// couldSee reports whether the keys of a record were as they are, for whoever reads the app, when the engine's sync began.
func (s *seat) couldSee(id string) bool {
	shows := s.w.keyed[s.index][id].Add(time.Duration(s.spec.Lag) * time.Second)
	return !shows.After(s.engine.began)
}

// onePerson reports whether the keys of the connection say that two records of an app are one person: the first that both
// have is the same.
func (c *Connection) onePerson(x, y contact.Fields) bool {
	for _, key := range c.keys() {
		if kx, ky := keysOf(key, x), keysOf(key, y); len(kx) > 0 && len(ky) > 0 {
			return slices.ContainsFunc(kx, func(k string) bool { return slices.Contains(ky, k) })
		}
	}
	return false
}

// keysOf returns what a record is known by under a match key: the values of every field of that type.
func keysOf(key string, fields contact.Fields) (keys []string) {
	for _, f := range catalogue {
		if string(f.Type) != key {
			continue
		}
		values := []string{fields[f.Name].Str()}
		for _, e := range fields[f.Name].Entries() {
			values = append(values, e.Value.Str())
		}
		for _, v := range values {
			k, ok := contact.EmailKey(v)
			if f.Type == contact.TypePhone {
				k, ok = contact.PhoneKey(v, "")
			}
			if ok {
				keys = append(keys, k)
			}
		}
	}
	return keys
}

// noteKeys notes when that changed by which a record is known.
func (w *world) noteKeys(e oracle.Event) {
	switch e.Kind {
	case oracle.UserCreate, oracle.UserEdit, oracle.UserMerge, oracle.AppTouch, oracle.Wrote:
		for _, f := range catalogue {
			if (f.Type == contact.TypeEmail || f.Type == contact.TypePhone) && !e.Before[f.Name].Equal(e.After[f.Name]) {
				w.keyed[e.App][e.ID] = e.Time
			}
		}
	case oracle.AppRekey:
		w.keyed[e.App][e.Other] = e.Time
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
