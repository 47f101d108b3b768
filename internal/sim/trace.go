package sim

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// A trace is all that happens in a history: each event is hashed, told to the judges, and kept if somebody wants to read it.
// Two histories with one hash were the same.
type trace struct {
	hash    uint64
	events  int
	buf     []byte
	witness func(oracle.Event)
	keep    bool
	lines   []string
	name    func(app int) string // for a person
}

// newTrace returns an empty trace.
func newTrace() trace { return trace{hash: 14695981039346656037, name: appName} }

// mix takes bytes into the hash (FNV-1a, 64 bits).
func (t *trace) mix(b []byte) {
	h := t.hash
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	t.hash = h
}

// see takes in one event.
func (t *trace) see(e oracle.Event) {
	t.events++
	b := append(t.buf[:0], e.Kind...)
	b = binary.LittleEndian.AppendUint64(b, uint64(e.Time.UnixNano()))
	b = append(b, byte(e.App), byte(e.Engine))
	for _, s := range []string{e.Conn, e.ID, e.Other, e.Op, e.Err, e.Note, e.Verb} {
		b = append(append(b, 0), s...)
	}
	if e.Before != nil {
		b = e.Before.AppendJSON(b)
	}
	if e.After != nil {
		b = e.After.AppendJSON(b)
	}
	if e.Told {
		b = append(b, 't')
	}
	if e.Gone {
		b = append(b, 'g')
	}
	if e.Kind == oracle.SyncEnd || e.Kind == oracle.Preview {
		b = fmt.Append(b, e.Counts)
	}
	if e.Statement != nil {
		b = appendStatement(b, e.Statement)
	}
	t.buf = b
	t.mix(b)
	if t.witness != nil {
		t.witness(e)
	}
	if t.keep {
		t.lines = append(t.lines, t.line(t.events-1, e))
	}
}

// appendStatement writes a statement in a fixed order.
func appendStatement(b []byte, s *oracle.Statement) []byte {
	b = append(append(append(b, s.Phase...), 0), s.Reason...)
	for _, l := range s.Linked {
		b = append(append(append(append(b, l[0]...), 0), l[1]...), 0)
	}
	var ids []string
	for side := range s.Records {
		ids = ids[:0]
		for id := range s.Records[side] {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		for _, id := range ids {
			r := s.Records[side][id]
			b = append(append(append(append(append(append(b, id...), 0), r.Status...), 0), r.Reason...), 0)
		}
	}
	for _, j := range s.Journal {
		b = append(append(append(append(append(append(b, byte(j.Side)), j.ID...), 0), j.Op...), 0), j.Field...)
		b = j.Before.AppendJSON(b)
		b = j.After.AppendJSON(b)
		b = j.Lost.AppendJSON(b)
		b = strconv.AppendInt(append(append(append(append(b, j.Reason...), 0), j.Rule...), 0), j.Run, 10)
	}
	return fmt.Append(b, s.Total)
}

// line returns an event for a person.
func (t *trace) line(at int, e oracle.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%4d %s %-13s", at, e.Time.Format("02 15:04:05.000"), e.Kind)
	switch e.Kind {
	case oracle.UserCreate, oracle.UserEdit, oracle.UserDelete, oracle.UserMerge, oracle.AppRekey, oracle.AppTouch, oracle.Shown, oracle.Wrote, oracle.Called:
		fmt.Fprintf(&b, " %s", t.name(e.App))
	}
	if e.Conn != "" {
		fmt.Fprintf(&b, " %s/e%d", e.Conn, e.Engine)
	}
	for _, s := range []string{e.Verb, e.Op, e.ID, e.Other} {
		if s != "" {
			b.WriteString(" " + s)
		}
	}
	if e.Before != nil {
		b.WriteString(" before " + string(e.Before.AppendJSON(nil)))
	}
	if e.After != nil {
		b.WriteString(" after " + string(e.After.AppendJSON(nil)))
	}
	if e.Gone {
		b.WriteString(" gone")
	}
	if e.Kind == oracle.Wrote && !e.Told {
		b.WriteString(" untold")
	}
	for _, s := range []string{e.Err, e.Note} {
		if s != "" {
			b.WriteString(": " + s)
		}
	}
	if e.Kind == oracle.SyncEnd || e.Kind == oracle.Preview {
		fmt.Fprint(&b, " ", e.Counts)
	}
	if s := e.Statement; s != nil {
		fmt.Fprintf(&b, " %s %s linked %v a %v b %v", s.Phase, s.Reason, s.Linked, s.Records[0], s.Records[1])
		for _, j := range s.Journal {
			fmt.Fprintf(&b, "\n       journal %d %v %s %s %s: %s -> %s lost %s (%s) %s", j.Run, j.Side, j.ID, j.Op, j.Field,
				j.Before.AppendJSON(nil), j.After.AppendJSON(nil), j.Lost.AppendJSON(nil), j.Reason, j.Rule)
		}
	}
	return b.String()
}
