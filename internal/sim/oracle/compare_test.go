package oracle_test

import (
	"testing"

	"github.com/contactsync/contactsync/internal/sim/oracle"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	one := func(id string, second bool) *oracle.Oracle {
		h := begin(t, nil)
		v := f{"email": "ann@example.com", "first": "Ann"}
		h.create(0, "a1", v)
		if second {
			h.open()
			h.show()
			h.see(oracle.Event{Kind: oracle.Crash})
		}
		h.sync(h.made(1, id, v), h.pair("a1", id))
		h.rest()
		return h.o
	}
	if v := oracle.Compare(one("b1", false), one("b7", true)); len(v) > 0 {
		t.Errorf("another id is no difference: %v", v)
	}
	other := begin(t, nil)
	other.create(0, "a1", f{"email": "ann@example.com", "first": "Ann"})
	other.rest()
	if v := oracle.Compare(one("b1", false), other.o); len(v) != 2 {
		t.Errorf("a record and a link are missing, and found is %v", v)
	}
}
