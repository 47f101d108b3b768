package sim

import (
	"errors"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// decide is a person who uses a verb of the library. What it is about is found by the step's numbers among what the
// library shows.
func (w *world) decide(st Step) {
	s, about, err := w.readers[st.Conn], [2]string{}, error(nil)
	delete(w.said, connName(st.Conn))
	switch st.Do {
	case "confirm":
		err = s.Confirm(w.ctx)
	case "pause":
		err = s.Pause(w.ctx)
	case "resume":
		err = s.Resume(w.ctx)
	case "rollback":
		about, err = w.rollback(st)
	case "resolve":
		about, err = w.resolve(st)
	case "separate":
		if about = w.pair(st); about[0] == "" || about[1] == "" {
			return
		}
		err = s.Separate(w.ctx, about[0], about[1])
	case "link":
		if about = w.strangers(st); about[0] == "" || about[1] == "" {
			return
		}
		err = s.Link(w.ctx, about[0], about[1])
	case "create":
		all, _, errList := s.Records(w.ctx, contactsync.RecordQuery{Status: contactsync.StatusDuplicate})
		if errList != nil || len(all) == 0 {
			return
		}
		about = all[st.N%len(all)].IDs
		side := contactsync.A
		if about[0] == "" {
			side = contactsync.B
		}
		err = s.Create(w.ctx, side, about[side])
	default:
		return
	}
	if err != nil {
		return // a person was told why not
	}
	w.forced = w.forced || st.Do == "create" || st.Do == "link" || st.Do == "separate" || st.Do == "rollback"
	w.fired["verb "+st.Do]++
	w.happens(oracle.Event{Kind: oracle.UserDecide, Conn: connName(st.Conn), Verb: st.Do, App: w.Conns[st.Conn].Apps[0], ID: about[0], Other: about[1]})
	if st.Do == "rollback" {
		w.say(st.Conn)
	}
}

// linked returns the ids of the pairs of a connection.
func (w *world) linked(conn int) (pairs [][2]string) {
	for _, r := range w.standing(conn) {
		if r.IDs[0] != "" && r.IDs[1] != "" {
			pairs = append(pairs, r.IDs)
		}
	}
	return pairs
}

// pair returns one pair.
func (w *world) pair(st Step) [2]string {
	all := w.linked(st.Conn)
	if len(all) == 0 {
		return [2]string{}
	}
	return all[st.N%len(all)]
}

// strangers returns one record of each side that has no partner.
func (w *world) strangers(st Step) (ids [2]string) {
	for _, r := range w.standing(st.Conn) {
		for s := range ids {
			if r.IDs[s] != "" && r.IDs[1-s] == "" && (ids[s] == "" || st.N%2 == 0) {
				ids[s] = r.IDs[s]
			}
		}
	}
	return ids
}

// resolve decides a conflict.
func (w *world) resolve(st Step) (about [2]string, err error) {
	all, _, err := w.readers[st.Conn].Conflicts(w.ctx, contactsync.ConflictQuery{})
	if err != nil || len(all) == 0 {
		return about, errors.New("there is no conflict")
	}
	c := all[st.N%len(all)]
	take := []contactsync.Take{contactsync.TakeA, contactsync.TakeB}[st.N%2]
	return c.IDs, w.readers[st.Conn].Resolve(w.ctx, contactsync.Resolution{Side: contactsync.A, ID: c.IDs[0], Field: c.Mapping, Seen: c.Seen, Take: take})
}

// rollback takes the last run back that wrote.
func (w *world) rollback(st Step) (about [2]string, err error) {
	e := w.idle(st.Engine)
	if e == nil {
		return about, errDead
	}
	h, err := e.handle(st.Conn)
	if err != nil {
		return about, err
	}
	w.deliver(e, st.Conn) // it looks at the apps, too: one that says that it shows what was written at once has sent that
	e.begin(&st)
	out, err := h.Rollback(w.ctx, 0)
	e.end(err)
	if out == nil {
		return about, err
	}
	w.fired["F105 rollback"]++
	return about, err
}

// configure asks something else of a connection from now on.
func (w *world) configure(st Step) {
	e := w.idle(st.Engine)
	if e == nil || st.Config == nil {
		return
	}
	h, err := e.handle(st.Conn)
	if err != nil {
		w.wrong("open %s: %v", connName(st.Conn), err)
		return
	}
	config := *st.Config
	config.Apps = w.Conns[st.Conn].Apps
	if err := h.Configure(w.ctx, w.document(st.Conn, &config), h.Version()); err != nil {
		if errors.Is(err, contactsync.ErrReconfigured) {
			delete(e.handles, st.Conn)
		} else {
			w.wrong("configure %s: %v", connName(st.Conn), err)
		}
		return
	}
	was := w.Conns[st.Conn]
	w.Conns[st.Conn] = config
	if was.Direction != st.Config.Direction || was.Conflict != st.Config.Conflict || was.Deletions != st.Config.Deletions {
		w.fired["F83 policy"]++
	} else {
		w.fired["F85 rules"]++
	}
	w.happens(oracle.Event{Kind: oracle.Configured, Conn: connName(st.Conn), Connection: w.asked(st.Conn, &config)})
}
