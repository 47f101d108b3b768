package connectortest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/connectortest"
	"github.com/contactsync/contactsync/contact"
)

// suiteOf is the suite of an account in memory that breaks the named promise.
func suiteOf(broken string, noFeed bool) connectortest.Suite {
	var last *account
	s := connectortest.Suite{
		New: func(*testing.T) connector.Connector {
			last = newAccount(broken, noFeed)
			return last.open()
		},
		Reopen: func(*testing.T) connector.Connector {
			if broken == "reopen: another account" {
				return newAccount("", noFeed).open()
			}
			return last.open()
		},
		Edit:   func(_ *testing.T, id string, fields contact.Fields) { last.edit(id, fields) },
		Remove: func(_ *testing.T, id string) { last.remove(id) },

		Deliveries: func(*testing.T) []connector.Delivery { return last.deliveries() },
	}
	if noFeed {
		const why = "the app has no feed"
		s.Unsupported = map[string]string{"feed": why, "quiet": why, "cursor": why}
	}
	return s
}

func TestRun(t *testing.T) {
	t.Run("with a feed", func(t *testing.T) { connectortest.Run(t, suiteOf("", false)) })
	t.Run("wrapped", func(t *testing.T) {
		s := suiteOf("", false)
		open, reopen := s.New, s.Reopen
		wrap := func(c connector.Connector) connector.Connector { return connector.Wrap(c, connector.WrapOptions{}) }
		s.New = func(t *testing.T) connector.Connector { return wrap(open(t)) }
		s.Reopen = func(t *testing.T) connector.Connector { return wrap(reopen(t)) }
		connectortest.Run(t, s)
	})
	t.Run("without a feed", func(t *testing.T) { connectortest.Run(t, suiteOf("", true)) })
}

// TestRunMutants shows that the suite notices each broken promise, in the part that is named for it.
func TestRunMutants(t *testing.T) {
	mutants := []string{
		"schema: two fields of one name", "schema: unknown type", "schema: required and read-only", "schema: another one each time",
		"schema: a limit and a promise", "schema: a limit without reason", "schema: two kinds of one id", "schema: no kind is chosen",
		"create: a panic", "create: results in another order", "create: a result is missing", "create: no id",
		"create: the answer is not what is held", "create: text loses its accents", "create: no time", "create: addresses are not kept",
		"length: cut at 30",
		"update: the rest is cleared", "update: a neighbour is changed too",
		"elements: the list is replaced",
		"clear: nothing happens", "clear: empty fields are absent",
		"delete: nothing happens", "delete: twice is no error",
		"unknown: an update makes the record",
		"invalid: it is taken", "invalid: the batch fails with the bad record",
		"versions: an update keeps it", "versions: all change together", "versions: a new one at each read",
		"conditional: any version will do",
		"marker: the first record",
		"upsert: a second record", "upsert: the rest is cleared", "upsert: it is never found",
		"key: nobody", "key: everybody", "key: none is an error",
		"webhook: whatever comes is taken", "webhook: nothing is told",
		"feed: the first record is left out", "feed: never complete",
		"quiet: everything again",
		"pages: only the first", "pages: the cursor repeats", "pages: a resumed pass skips",
		"cursor: garbage is the end of the feed",
		"listing: no versions", "listing: never complete",
		"read: another order", "read: an unknown id is an empty record",
		"fields: all are told", "fields: the first is left out",
		"edit: the feed does not show it",
		"removal: no tombstones", "removal: still told",
		"reopen: another account", "reopen: cursors live in the process",
		"identity: another name each time",
		"cancel: the context is ignored",
		"leaks: a goroutine for each call",
		"concurrency: creates are lost",
	}
	tried := map[string]bool{}
	for _, broken := range mutants {
		t.Run(broken, func(t *testing.T) {
			part, _, _ := strings.Cut(broken, ":")
			tried[part] = true
			faults := connectortest.Examine(t, suiteOf(broken, false), part)
			if len(faults) == 0 {
				t.Errorf("the part %q passes", part)
			}
			for _, fault := range faults {
				t.Logf("%.300s", fault)
			}
		})
	}
	for _, part := range connectortest.Parts() {
		if !tried[part] {
			t.Errorf("no mutant breaks the part %q", part)
		}
	}
}

func TestRunDeclarations(t *testing.T) {
	tests := map[string]struct {
		part        string
		change      func(*connectortest.Suite)
		wantFault   bool
		wantMention string
	}{
		"works and is not declared": {part: "edit", change: func(*connectortest.Suite) {}},
		"works and is declared": {
			part:      "edit",
			change:    func(s *connectortest.Suite) { s.Unsupported = map[string]string{"edit": "no hand"} },
			wantFault: true, wantMention: "remove the declaration",
		},
		"cannot be shown and is not declared": {
			part: "edit", change: func(s *connectortest.Suite) { s.Edit = nil },
			wantFault: true, wantMention: `declare "edit"`,
		},
		"cannot be shown and is declared": {
			part: "edit",
			change: func(s *connectortest.Suite) {
				s.Edit, s.Unsupported = nil, map[string]string{"edit": "no hand"}
			},
		},
		"fails and is declared": {
			part: "edit",
			change: func(s *connectortest.Suite) {
				*s = suiteOf("edit: the feed does not show it", false)
				s.Unsupported = map[string]string{"edit": "edits are seen by the daily full pass"}
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := suiteOf("", false)
			tt.change(&s)
			faults := strings.Join(connectortest.Examine(t, s, tt.part), "\n")
			if diff := cmp.Diff(tt.wantFault, faults != ""); diff != "" {
				t.Errorf("faults (-want +got):\n%s\n%s", diff, faults)
			}
			if !strings.Contains(faults, tt.wantMention) {
				t.Errorf("the fault does not say what to do: %s", faults)
			}
		})
	}
}
