package oracle

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
	s.ended.at = -1
	c.open[e.Engine] = s
	delete(c.calling, e.Engine)
	c.syncs = append(c.syncs, s)
	c.syncsInEpoch++
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
			s.began = began
		}
	}
	if c == nil || c.open[e.Engine] == nil {
		o.accuse("history", "%s of %q by engine %d, which is not in one", e.Kind, e.Conn, e.Engine)
		return
	}
	s := c.open[e.Engine]
	delete(c.open, e.Engine)
	c.rebuffed = c.rebuffed || s.sending > s.answered
	s.ended, s.ok, s.preview, s.counts = o.world.now, e.Err == "", e.Kind == Preview, e.Counts
	if s.preview {
		o.judgePreview(c, s)
		c.syncs = c.syncs[:len(c.syncs)-1]
		c.syncsInEpoch--
		return
	}
	o.judgeCounts(c, s)
	o.judgeCalls(c, s)
	o.comparePreview(c, s)
}

// called counts a call.
func (o *Oracle) called(e Event) {
	c := o.conns[e.Conn]
	if c == nil {
		return
	}
	s := c.open[e.Engine]
	if s == nil {
		if _, ok := c.calling[e.Engine]; !ok {
			c.calling[e.Engine] = o.world.now
		}
		if e.Op == "create" || e.Op == "update" || e.Op == "delete" {
			c.refused = c.refused || c.asked
			c.asked = true
		}
		return
	}
	s.calls++
	if side, ok := c.side(e.App); ok && e.Op == "create" {
		c.creating[side] = o.at
		if c.intended[side] < 0 {
			c.intended[side] = o.at
		}
	}
	switch e.Op {
	case "create", "update", "delete":
		if side, ok := c.side(e.App); ok {
			c.sent[side] = true
		}
		c.rebuffed = c.rebuffed || s.sending > s.answered
		s.sending = o.at
		if s.firstSend < 0 {
			s.firstSend = o.at
		}
	}
}
