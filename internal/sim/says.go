package sim

import (
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// say tells what the library says of a connection now.
func (w *world) say(conn int) {
	st := &oracle.Statement{Phase: "active", Held: map[string]int{}}
	status, err := w.readers[conn].Status(w.ctx)
	if err != nil {
		w.wrong("status of %s: %v", connName(conn), err)
		return
	}
	switch status.State {
	case contactsync.StatePaused, contactsync.StateHalted:
		st.Phase = string(status.State)
	}
	for _, x := range status.Waiting {
		if x.Halts() {
			st.Reason = x.Reason
		} else {
			st.Held[x.Reason] = x.Count
		}
	}
	if was := w.said[connName(conn)]; was != nil {
		st.Linked, st.Records, st.Total = was.Linked, was.Records, was.Total
		w.happens(oracle.Event{Kind: oracle.Said, Conn: connName(conn), Statement: st})
		return
	}
	for s := range st.Records {
		st.Records[s] = map[string]oracle.RecordStatus{}
	}
	for _, r := range w.standing(conn) {
		if r.IDs[0] != "" && r.IDs[1] != "" {
			st.Linked = append(st.Linked, r.IDs)
		}
		for s, id := range r.IDs {
			if id != "" {
				st.Records[s][id] = oracle.RecordStatus{Status: r.Status, Reason: r.Reason}
			}
		}
	}
	for s := range st.Records {
		st.Total[s] = len(st.Records[s])
	}
	st.Journal = w.news(conn)
	w.checkStatement(conn, st)
	w.said[connName(conn)] = st
	w.happens(oracle.Event{Kind: oracle.Said, Conn: connName(conn), Statement: st})
}

// standing returns how every record of a connection stands.
func (w *world) standing(conn int) (all []contactsync.RecordStatus) {
	for _, status := range []string{contactsync.StatusInSync, ""} {
		q := contactsync.RecordQuery{Status: status, Limit: 1000}
		page, _, err := w.readers[conn].Records(w.ctx, q)
		if err != nil {
			w.wrong("records of %s: %v", connName(conn), err)
		}
		all = append(all, page...)
	}
	return all
}

// news returns what the history of a connection has that was not told yet, oldest first.
func (w *world) news(conn int) (fresh []oracle.JournalEntry) {
	var keys []string // newest first, as the history is told
	err := w.store.View(w.ctx, scope(conn), func(tx contactsync.ReadTx) error {
		n, err := tx.Count(contactsync.Scan{Table: contactsync.TableJournal, By: contactsync.ByKey})
		if err != nil || n == len(w.known[conn]) {
			return err
		}
		rows, err := tx.Scan(contactsync.Scan{Table: contactsync.TableJournal, By: contactsync.ByKey, KeysOnly: true})
		for _, r := range rows {
			keys = append(keys, r.Key)
		}
		return err
	})
	if err != nil {
		w.wrong("the history of %s: %v", connName(conn), err)
	}
	if len(keys) == 0 {
		return nil
	}
	slices.Reverse(keys)
	page, _, err := w.readers[conn].History(w.ctx, contactsync.HistoryQuery{Limit: len(keys)})
	if err != nil || len(page) != len(keys) {
		w.wrong("the history of %s has %d entries of %d: %v", connName(conn), len(page), len(keys), err)
		return nil
	}
	for i := len(keys) - 1; i >= 0; i-- {
		if !w.known[conn][keys[i]] {
			w.known[conn][keys[i]] = true
			fresh = append(fresh, entries(&page[i], w.Apps[w.Conns[conn].Apps[page[i].Side]])...)
		}
	}
	return fresh
}

// entries returns an entry of the history of an app field by field.
func entries(h *contactsync.HistoryEntry, app App) (out []oracle.JournalEntry) {
	e := oracle.JournalEntry{Side: oracle.Side(h.Side), ID: h.ID(), Op: h.Op, Run: h.Run}
	if h.Refused != "" || h.Foreseen || h.Decision != "" || h.Op == "link" {
		e.Op = ""
	}
	why := h.Reason("")
	e.Reason, e.Rule = strings.TrimSpace(why.Because+" "+h.Refused), why.Rule
	if h.Decision != "" {
		e.Reason = strings.TrimSpace(string(h.Decision) + " " + e.Reason)
	}
	names := h.After.Names()
	if len(names) == 0 {
		names = h.Before.Names()
	}
	if len(names) == 0 || h.Op == "delete" {
		return []oracle.JournalEntry{e}
	}
	for _, name := range names {
		why := h.Reason(name)
		f := e
		f.Field, f.Before, f.After, f.Lost, f.Rule = app.word(name), app.Words(h.Before)[app.word(name)], app.Words(h.After)[app.word(name)], why.Lost, why.Rule
		f.Reason = strings.TrimSpace(why.Because + " " + h.Refused)
		out = append(out, f)
	}
	return out
}
