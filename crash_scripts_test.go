package contactsync_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
)

// A crashScript is a small history that is written down: what each of its words does is said by event.
type crashScript struct {
	setup string // the name of one of the setups
	with  func(*history)
	// steps are "put a 3", "edit b 0 first", "clear a 0 phone", "remove a 1", "tag a 0 t1", "untag a 0 t1", "rekey b 2",
	// "sync", "rollback". Persons are numbers; "0-5" is all of them.
	steps []string
}

// Both apps know some people, the middle ones both.
var twoBooks = []string{"put a 0-3", "put b 2-5"}

// crashScripts are histories that random ones come by rarely, or that every change should be tried on.
var crashScripts = map[string]crashScript{
	"first-sync":      {"default", nil, append(slices.Clone(twoBooks), "sync")},
	"small-batches":   {"default", func(h *history) { h.batch = 1 }, append(slices.Clone(twoBooks), "sync")},
	"edits-both-ways": {"default", nil, append(slices.Clone(twoBooks), "sync", "edit a 0-3 first", "edit b 1-4 notes", "clear a 2 notes", "sync")},
	"conflicts":       {"newest", nil, append(slices.Clone(twoBooks), "sync", "edit a 1-3 first", "edit b 1-3 first", "sync")},
	"conflicts-asked": {"ask", nil, append(slices.Clone(twoBooks), "sync", "edit a 1-3 first", "edit b 1-3 first", "edit b 1 notes", "sync")},
	"deletions":       {"delete", nil, append(slices.Clone(twoBooks), "sync", "remove a 1", "remove b 2", "edit a 0 first", "put a 6", "sync")},
	"deletions-bare": {"delete", func(h *history) {
		h.bare = [2]bool{true, true}
		h.quirks[0].NoVersions, h.quirks[1].NoTombstones = true, true
	},
		append(slices.Clone(twoBooks), "sync", "remove a 1", "remove b 2", "edit a 0 first", "put a 6", "sync")},
	"marked": {"mark", nil, append(slices.Clone(twoBooks), "sync", "remove a 1", "remove b 2", "sync")},
	"held": {"delete", func(h *history) { h.confirm = true },
		[]string{"put a 0-7", "sync", "remove a 0-5", "put b 8", "edit a 6 first", "sync"}},
	"rule-left":    {"rule, undo, other way around", nil, append(slices.Clone(twoBooks), "sync", "tag a 0-1 t1", "untag b 2 t2", "edit a 0 first", "sync")},
	"rule-all":     {"rule, undo all", nil, append(slices.Clone(twoBooks), "sync", "tag a 0-3 t1", "tag b 4 t2", "sync")},
	"phones":       {"list of phones", nil, append(slices.Clone(twoBooks), "sync", "edit a 0-2 phone", "edit b 1-3 phone", "sync")},
	"full-name":    {"full name", nil, append(slices.Clone(twoBooks), "sync", "edit a 0 first", "edit b 1-2 first", "sync")},
	"new-ids":      {"delete", nil, append(slices.Clone(twoBooks), "sync", "rekey a 1", "rekey b 2-3", "edit b 1-3 notes", "sync")},
	"listed-pages": {"default", func(h *history) { h.noFeed = [2]bool{true, true}; h.quirks[0].PageSize, h.quirks[1].PageSize = 1, 2 }, append(slices.Clone(twoBooks), "sync")},
	"marked-creates": {"default", func(h *history) { h.markers = [2]bool{true, true}; h.quirks[0].BatchSize, h.quirks[1].BatchSize = 1, 1 },
		append(slices.Clone(twoBooks), "sync")},
	"upserts":     {"default", func(h *history) { h.upsert = [2]bool{true, true}; h.quirks[1].BatchSize = 2 }, append(slices.Clone(twoBooks), "sync")},
	"pushes-only": {"default", func(h *history) { h.push[1], h.upsert[1] = true, true }, append(slices.Clone(twoBooks), "sync", "edit a 0-3 first", "sync")},
	"stale-reads": {"default", func(h *history) { h.quirks[1].StaleReads, h.quirks[1].Settle = 2, settle },
		append(slices.Clone(twoBooks), "sync", "edit a 0-3 first", "sync")},
	"other-spelling": {"default", func(h *history) {
		h.quirks[1].Normalize = map[string]fake.Form{"first": fake.Lower, "phone": fake.Digits}
	},
		append(slices.Clone(twoBooks), "edit a 0-3 phone", "sync")},
	"rollback-of-first": {"default", nil, append(slices.Clone(twoBooks), "sync", "rollback")},
	"rollback-of-edits": {"delete", func(h *history) { h.batch = 2 },
		append(slices.Clone(twoBooks), "sync", "edit a 0-3 first", "remove b 4", "put a 6", "sync", "rollback")},
	"rollback-of-pushes": {"default", func(h *history) { h.push[1], h.upsert[1], h.batch = true, true, 1 },
		append(slices.Clone(twoBooks), "sync", "edit a 0-1 first", "sync", "rollback")},
}

// history returns the script as a history. A word that it does not know is a fault of the script.
func (c crashScript) history() history {
	h := history{batch: 500}
	h.setup = slices.IndexFunc(setups, func(s setup) bool { return s.name == c.setup })
	if c.with != nil {
		c.with(&h)
	}
	for _, step := range c.steps {
		words := strings.Fields(step)
		e := event{kind: words[0]}
		if len(words) == 1 {
			h.steps = append(h.steps, e)
			continue
		}
		if words[1] == "b" {
			e.side = contactsync.B
		}
		if len(words) > 3 {
			e.field = max(slices.Index(editable, words[3]), slices.Index([]string{"t1", "t2"}, words[3]))
		}
		var from, to int
		if n, _ := fmt.Sscanf(words[2], "%d-%d", &from, &to); n < 2 {
			to = from
		}
		for e.person = from; e.person <= to; e.person++ {
			h.steps = append(h.steps, e)
		}
	}
	return h
}
