package contactsync

import (
	"context"
	"errors"
)

// leavePaused shows the records that a sync did not get to, because a person has paused the connection, as waiting for
// just that. They stay due; how they stand otherwise is not touched.
func (r *run) leavePaused(ctx context.Context, due []ref) error {
	for i := 0; i < len(due); i += r.opts.batch {
		b := r.newBook()
		part := due[i:min(i+r.opts.batch, len(due))]
		b.load(part)
		for _, at := range part {
			b.leavePaused(at)
		}
		if err := errors.Join(b.err, b.commit(ctx)); err != nil {
			return err
		}
	}
	return nil
}

func (b *book) leavePaused(at ref) {
	paused := standing{StatusPending, ReasonPaused, "the connection was paused before it was looked at; resume it to go on"}
	m, l := b.record(at), b.linkOf(at)
	switch {
	case m == nil, m.due.IsZero(): // it was decided with its partner
	case l != nil && l.Standing.entry() == "":
		l.Standing = paused
		b.putLink(l)
	case l == nil && m.Standing.entry() == "":
		m.Standing = paused
		b.dirtyMirrors[at] = true
	}
}
