package oracle_test

import (
	"testing"
	"time"
)

// TestClocks: a time that is yet to come by the clock of an engine is nobody's, so that the newest may lose as long as that
// clock is behind.
func TestClocks(t *testing.T) {
	run(t, []row{
		{name: "the oldest wins where an engine's clock is behind", setup: policy("newest"), play: func(h *history) {
			h.behind(time.Minute)
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
			h.rest()
		}},
		{name: "the oldest wins by more than an engine's clock is behind", setup: policy("newest"), want: broken("I3"), play: func(h *history) {
			h.behind(time.Minute)
			h.ann()
			h.edit(0, "a1", f{"first": "Anna"})
			h.advance(2 * time.Minute)
			h.edit(1, "b1", f{"first": "Annie"})
			h.sync(h.put(1, "b1", f{"first": "Anna"}))
			h.rest()
		}},
	})
}
