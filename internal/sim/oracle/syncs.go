package oracle

import "strings"

// begin opens a sync.
func (o *Oracle) begin(e Event) {
	c := o.conns[e.Conn]
	if c == nil {
		o.accuse("history", "a sync of %q, which is no connection", e.Conn)
		return
	}
	o.judgeRolledBack(c)
	c.outside = nil
	s := &span{conn: c, engine: e.Engine, began: o.world.now, faults: o.faults, sending: -1, firstSend: -1, answered: -1}
	s.ended.at, s.updating = -1, [2]int{-1, -1}
	c.open[e.Engine] = s
	delete(c.calling, e.Engine)
	c.syncs = append(c.syncs, s)
	c.countSyncs(c.syncsInEpoch+1, o.world.now)
	delete(c.overtaken, e.Engine)
}

// end closes a sync or a preview.
func (o *Oracle) end(e Event) {
	c := o.conns[e.Conn]
	if c != nil && e.Kind == Preview && c.open[e.Engine] == nil {
		writes, began := c.outside, c.calling[e.Engine] // a preview whose beginning was not told
		o.begin(e)
		s := c.open[e.Engine]
		s.writes = writes
		if began.at > 0 {
			s.began, s.faults = began.moment, began.faults
		}
	}
	if c == nil || c.open[e.Engine] == nil {
		o.accuse("history", "%s of %q by engine %d, which is not in one", e.Kind, e.Conn, e.Engine)
		return
	}
	s := c.open[e.Engine]
	delete(c.open, e.Engine)
	c.settleCall(s)
	c.reading = -1
	s.ended, s.ok, s.preview, s.counts = o.world.now, e.Err == "", e.Kind == Preview, e.Counts
	if s.preview {
		o.judgePreview(c, s)
		c.syncs = c.syncs[:len(c.syncs)-1]
		c.countSyncs(c.syncsInEpoch-1, o.world.now)
		return
	}
	o.judgeCounts(c, s)
	c.brokeOff(s)
	c.doubts(s, o.faults)
	o.judgeCalls(c, s)
	o.comparePreview(c, s)
}

// called counts a call.
func (o *Oracle) called(e Event) {
	c := o.conns[e.Conn]
	if c == nil {
		return
	}
	switch e.Op {
	case "changes", "list", "read":
		c.reading = o.at
	case "create", "update", "delete":
		c.reading = -1
	}
	s := c.open[e.Engine]
	if s == nil {
		if _, ok := c.calling[e.Engine]; !ok {
			c.calling[e.Engine] = started{o.world.now, o.faults}
		}
		if e.Op == "create" || e.Op == "update" || e.Op == "delete" {
			c.refused = c.refused || c.asked
			c.asked = true
		}
		return
	}
	s.calls++
	if side, ok := c.side(e.App); ok && (e.Op == "changes" || e.Op == "list") {
		s.asked[side] = true
	}
	if side, ok := c.side(e.App); ok && e.Op == "create" {
		c.creating[side] = o.at
		if c.intended[side] < 0 {
			c.intended[side] = o.at
		}
	}
	switch e.Op {
	case "create", "update", "delete":
		c.settleCall(s)
		if side, ok := c.side(e.App); ok {
			s.sent[side], s.calling, s.op = true, side, e.Op
			if e.Op == "update" {
				s.updating[side] = o.at
			}
		}
		s.sending = o.at
		if s.firstSend < 0 {
			s.firstSend = o.at
		}
	}
}

// broke notes that the store or the process of a sync failed. Nobody sees whether what it was about to send is noted.
func (o *Oracle) broke(e Event) {
	if strings.HasSuffix(e.Note, "_before store.update") || strings.HasSuffix(e.Note, " any") {
		for _, id := range o.order {
			o.lostPage(o.conns[id])
		}
	}
	stored := strings.HasSuffix(e.Note, "_after store.update") || strings.HasSuffix(e.Note, " any")
	for _, id := range o.order {
		for _, s := range o.conns[id].open {
			s.forgets = s.forgets || strings.Contains(e.Note, " store.")
			s.noted = s.noted || stored && s.asked == [2]bool{true, true}
		}
	}
}

// brokeOff counts what a sync that broke off may have noted as called for: a note without an answer is looked into like a
// call without one.
func (c *conn) brokeOff(s *span) {
	if s.ok || !s.noted {
		return
	}
	for side := range s.sent {
		if s.sent[side] {
			continue
		}
		s.sent[side], s.updating[side], c.creating[side] = true, s.ended.at, s.ended.at
		if c.intended[side] < 0 {
			c.intended[side] = s.ended.at
		}
	}
}

// settleCall notes that the last call that writes is over, and whether anything came of it.
func (c *conn) settleCall(s *span) {
	if s.sending > s.answered {
		c.rebuffed = true
		s.unanswered[s.calling]++
	}
	s.sending = s.answered
}

// mayRecover reports whether a sync may take what users did for writes of the connection whose outcome it does not know:
// its own or those of before, or of an engine that is at it still.
func (c *conn) mayRecover(side Side) bool {
	if c.doubt[side] {
		return true
	}
	for _, s := range c.open {
		if s.sent[side] {
			return true
		}
	}
	return false
}

// doubts notes where, after this sync, it may not be known whether a write went through: wherever it sent any and something
// went wrong.
func (c *conn) doubts(s *span, faults int) {
	for side, sent := range s.sent {
		if sent && (!s.ok || faults > s.faults) {
			c.doubt[side], c.doubtful[side] = true, s.ended
		}
	}
}

// clearDoubt forgets doubts when a whole sync without a fault has passed that began when the apps showed what was sent, and
// nothing is said to be unknown. One that halted may not have looked.
func (o *Oracle) clearDoubt(c *conn) {
	if c.carriedOut != o.at {
		return
	}
	s := c.syncs[len(c.syncs)-1]
	if s.faults != o.faults {
		return
	}
	for _, records := range c.last.Records {
		for _, st := range records {
			if st.Status == "pending" || st.Status == "duplicate" {
				return // what a record waits for, or is a double of, may be what was sent
			}
		}
	}
	for side, app := range c.now().Apps {
		if !s.began.time.Before(c.doubtful[side].time.Add(o.world.lag(app))) {
			c.doubt[side] = false
		}
	}
}
