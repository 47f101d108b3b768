package oracle_test

import (
	"testing"

	"github.com/contactsync/contactsync/internal/sim/oracle"
)

// unanswered is a sync that calls for an update of b1 which never arrives; meanwhile happens between reading and calling.
// What is said of the pair afterwards is the reason.
func (h *history) unanswered(status, reason string, meanwhile func()) {
	h.open()
	h.show()
	if meanwhile != nil {
		meanwhile()
	}
	h.see(oracle.Event{Kind: oracle.Called, App: 1, Conn: "c", Op: "update"})
	h.see(oracle.Event{Kind: oracle.Fault, Note: "F32 partial update"})
	h.hold2("a1", "b1", oracle.RecordStatus{Status: status, Reason: reason})
	h.close("")
	h.status[0], h.status[1] = map[string]oracle.RecordStatus{}, map[string]oracle.RecordStatus{}
}

// TestUpdatesWithoutAnAnswer: where the target was changed after an update whose outcome is unknown, the update counts as
// arrived, and the change is one that came after it.
func TestUpdatesWithoutAnAnswer(t *testing.T) {
	run(t, []row{
		{name: "the loser edits after a winner's edit that may have arrived", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.unanswered("pending", "unknown_outcome", nil)
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
			h.rest()
		}},
		{name: "the winner's edit is sent again", play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.unanswered("pending", "unknown_outcome", nil)
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
			h.rest()
		}},
		{name: "the update was refused", want: broken("I3"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.unanswered("failed", "rejected", nil)
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
		}},
		{name: "the loser had edited before the update was sent", want: broken("I3"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.unanswered("pending", "unknown_outcome", func() { h.edit(1, "b1", f{"first": "Annie"}) })
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
		}},
		{name: "the winner edited after the update was decided", want: broken("I3"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"company": "Initech"})
			h.unanswered("pending", "unknown_outcome", func() { h.edit(0, "a1", f{"first": "Anna"}) })
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(1, "b1", f{"company": "Initech"}), h.put(0, "a1", f{"first": "Annie"}))
		}},
		{name: "a person is to be asked only where nothing was under way", setup: policy("ask"), play: func(h *history) {
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.unanswered("pending", "unknown_outcome", nil)
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(0, "a1", f{"first": "Annie"}))
			h.rest()
		}},
	})
}
