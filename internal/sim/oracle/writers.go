package oracle

// judgeWriter is I21: when another engine took over a connection and wrote for it, the one before writes no more. A
// call that was on its way already may still arrive: it reports whether this is one.
func (o *Oracle) judgeWriter(w *write, engine int) (late bool) {
	c, s := w.conn, w.span
	if s == nil {
		return false
	}
	since, overtaken := c.overtaken[engine]
	if overtaken && s.sending > since {
		o.accuse("I21", "engine %d wrote %s for %s, which another engine took over at event %d", engine, o.label(w), c.id,
			since)
	}
	for other, t := range c.open {
		if _, ok := c.overtaken[other]; !ok && other != engine && t.began.at < s.began.at && t.sending >= 0 {
			c.overtaken[other] = o.at
		}
	}
	return overtaken
}
