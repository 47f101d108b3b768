package main

import (
	"fmt"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/schollz/progressbar/v3"
)

// progress shows how far a sync is: as a bar where a person watches, elsewhere as plain lines.
type progress struct {
	c     *cli
	name  string
	phase contactsync.Phase
	bar   *progressbar.ProgressBar
	last  time.Time // when the last line was printed, or the work began
}

// How often a plain line is printed at most: to a person who asked for it, within a phase, and to one who did not.
const (
	lineEvery = 2 * time.Second
	newsEvery = 5 * time.Second
)

func (c *cli) newProgress(name string) *progress { return &progress{c: c, name: name, last: c.now()} }

// show is called by the sync, after each batch. Off a terminal, work that is short says nothing unless it is asked to.
func (p *progress) show(now contactsync.Progress) {
	switch {
	case p.c.errTTY:
		p.draw(now)
	case p.c.verbose:
		p.follow(now)
	case !p.c.json && p.c.now().Sub(p.last) >= newsEvery:
		p.line(now)
	}
}

// watch shows how far a sync of another process is, to a person who asked for it.
func (p *progress) watch(now contactsync.Progress) {
	if p.c.errTTY {
		p.draw(now)
	} else {
		p.follow(now)
	}
}

func (p *progress) draw(now contactsync.Progress) {
	if p.bar == nil || now.Phase != p.phase {
		p.end()
		p.phase = now.Phase
		total := now.Total
		if total == 0 {
			total = -1 // a spinner
		}
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.c.err),
			progressbar.OptionSetDescription(p.name+": "+string(now.Phase)),
			progressbar.OptionSetWidth(30),
			progressbar.OptionShowCount(),
			progressbar.OptionThrottle(65*time.Millisecond),
			progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine of its own: the sync tells when it moves
			progressbar.OptionClearOnFinish())
	}
	if now.Total > 0 && p.bar.GetMax() != now.Total {
		p.bar.ChangeMax(now.Total)
	}
	_ = p.bar.Set(now.Done) // a bar that cannot be drawn stops no sync
}

// follow prints a line whenever a phase begins, and now and then within it.
func (p *progress) follow(now contactsync.Progress) {
	if now.Phase != p.phase || p.c.now().Sub(p.last) >= lineEvery {
		p.line(now)
	}
}

func (p *progress) line(now contactsync.Progress) {
	p.phase, p.last = now.Phase, p.c.now()
	text := fmt.Sprintf("%s: %s %d", p.name, now.Phase, now.Done)
	if now.Total > 0 {
		text += fmt.Sprintf(" of %d", now.Total)
	}
	fmt.Fprintln(p.c.err, text)
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}
