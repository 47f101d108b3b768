package sim

import (
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// TestSwings: a cell swings where an engine writes what it held before, and no sooner; of sets each element for itself.
func TestSwings(t *testing.T) {
	t.Parallel()
	first := func(v string) contact.Fields {
		return contact.Fields{"first": contact.Text(v), "email": contact.Text("x@x.org")}
	}
	tags := func(of ...string) contact.Fields { return contact.Fields{"tags": contact.Set(of...)} }
	for name, row := range map[string]struct {
		held  []contact.Fields // one after the other
		other bool             // the last write is to another record
		swung bool
	}{
		"there and on":           {held: []contact.Fields{first("Ann"), first("Bea"), first("Cyd")}},
		"there and back":         {held: []contact.Fields{first("Ann"), first("Bea"), first("Ann")}, swung: true},
		"back in another record": {held: []contact.Fields{first("Ann"), first("Bea"), first("Ann")}, other: true},
		"a tag comes":            {held: []contact.Fields{tags(), tags("x"), tags("x", "y")}},
		"a tag comes and goes":   {held: []contact.Fields{tags(), tags("x"), tags("x", "y"), tags("y")}, swung: true},
		"a tag is gone":          {held: []contact.Fields{tags("x", "y"), tags("y")}},
	} {
		s := &swings{held: map[string]bool{}}
		for i := 1; i < len(row.held); i++ {
			id := "x1"
			if row.other && i == len(row.held)-1 {
				id = "x2"
			}
			s.note(oracle.Event{Kind: oracle.Wrote, Op: "update", ID: id, Before: row.held[i-1], After: row.held[i]})
		}
		if s.swung != row.swung {
			t.Errorf("%s: swung is %v", name, s.swung)
		}
	}
}

// TestSwingsOfWhoIsThere: who is deleted and made again as he was swings, and nobody else who is made.
func TestSwingsOfWhoIsThere(t *testing.T) {
	t.Parallel()
	ann, bea := contact.Fields{"first": contact.Text("Ann")}, contact.Fields{"first": contact.Text("Bea")}
	s := &swings{held: map[string]bool{}}
	s.note(oracle.Event{Kind: oracle.Wrote, Op: "create", ID: "x1", After: ann})
	s.note(oracle.Event{Kind: oracle.Wrote, Op: "delete", ID: "x1", Before: ann})
	s.note(oracle.Event{Kind: oracle.Wrote, Op: "create", ID: "x2", After: bea})
	s.note(oracle.Event{Kind: oracle.Wrote, Op: "create", App: 1, ID: "y1", After: ann})
	if s.swung {
		t.Error("it swung before anybody came back")
	}
	s.note(oracle.Event{Kind: oracle.Wrote, Op: "create", ID: "x3", After: ann})
	if !s.swung {
		t.Error("who came back did not swing")
	}
}
