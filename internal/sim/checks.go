package sim

import (
	"slices"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// The simulator's own checks need no model of what users did. The oracle's are in package oracle.

// checkCreated looks that nobody is created twice: of one entry of a user there is one copy in each app, unless another
// connection made it and this one could not know, the entry lives on under another id and another key since, the other app has it
// twice under two keys, or the feed left out what was made without an answer.
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
		own := maker == s.conn && !s.strayed(serial) && !s.twiceThere(serial)
		if own && s.leftOut(r.ID) {
			continue
		}
		if own || (maker == s.conn || s.couldSee(r.ID)) && w.Conns[s.conn].onePerson(f, s.told(r)) {
			w.wrong("I6: %s was created as %s though it is there as %s", serial, id, r.ID)
		}
	}
}

// leftOut reports whether a record that the connection made without an answer may be what the feed left out.
func (s *seat) leftOut(id string) bool {
	slot := 2*s.conn + s.side
	return !s.w.omitted[slot].IsZero() && s.w.unheard[slot][id]
}

// strayed reports whether the record that an entry stood in got another id in one of the connection's apps, or was deleted there:
// whoever holds the entry by now may be somebody else, of whom another connection made it a part.
func (s *seat) strayed(serial string) bool {
	return slices.ContainsFunc(s.w.Conns[s.conn].Apps[:], func(app int) bool { return s.w.strayed[app][serial] })
}

// twiceThere reports whether the other app of the connection has an entry twice: another connection made it so.
func (s *seat) twiceThere(serial string) bool {
	n := 0
	for _, r := range s.w.apps[s.w.Conns[s.conn].Apps[1-s.side]].Records() {
		if r.Get("serial").Str() == serial {
			n++
		}
	}
	return n > 1
}

// couldSee reports whether the connection was shown a record, and its keys were as they are, for whoever reads the app, when the
// engine's sync began. One that is named and cannot be read may be anybody.
func (s *seat) couldSee(id string) bool {
	k := s.w.keyed[s.index][id]
	return s.w.shown[2*s.conn+s.side][id] && k.event <= s.engine.began.event && !k.time.Add(time.Duration(s.spec.Lag)*time.Second).After(s.engine.began.time)
}

// told returns what a record holds but for the fields that were hidden when it was shown last: without a change of the
// record nobody tells that they no longer are.
func (s *seat) told(r contact.Record) contact.Fields {
	f := r.Fields.Clone()
	for _, name := range s.w.hid[2*s.conn+s.side][r.ID] {
		delete(f, name)
	}
	return f
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

// instant is a moment of a history; events of one time have an order too.
type instant struct {
	event int
	time  time.Time
}

// instant returns the present one.
func (w *world) instant() instant { return instant{w.events, w.now} }

// noteKeys notes when that changed by which a record is known.
func (w *world) noteKeys(e oracle.Event) {
	switch e.Kind {
	case oracle.UserCreate, oracle.UserEdit, oracle.UserMerge, oracle.AppTouch, oracle.Wrote:
		for _, f := range catalogue {
			if (f.Type == contact.TypeEmail || f.Type == contact.TypePhone) && !e.Before[f.Name].Equal(e.After[f.Name]) {
				w.keyed[e.App][e.ID] = w.instant()
			}
		}
	case oracle.AppRekey:
		w.keyed[e.App][e.Other] = w.instant()
		if r, ok := w.apps[e.App].Record(e.Other); ok {
			w.strayed[e.App][r.Get("serial").Str()] = true
		}
	case oracle.UserDelete:
		w.strayed[e.App][e.Before["serial"].Str()] = true
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
