package contactsync

import "context"

// SyncInOrder runs one sync of few records that carries out its first writes in another order than the engine would:
// order gets what each does, in the engine's order, and returns their places.
func (s *Syncer) SyncInOrder(ctx context.Context, order func(writes []string) []int) error {
	return s.leased(ctx, func(ctx context.Context, r *run) error {
		if err := r.begin(ctx); err != nil {
			return err
		}
		err := r.workInOrder(ctx, order)
		if endErr := r.end(ctx, err); err == nil {
			err = endErr
		}
		return err
	})
}

// workInOrder is work for [Syncer.SyncInOrder].
func (r *run) workInOrder(ctx context.Context, order func(writes []string) []int) error {
	if err := r.pull(ctx); err != nil {
		return err
	}
	if err := r.recover(ctx); err != nil {
		return err
	}
	r.now = r.opts.clock.Now()
	due, err := r.readDue()
	if err != nil {
		return err
	}
	if _, err := r.rehearse(ctx, due, nil); err != nil {
		return err
	}
	b := r.newBook()
	b.prefetch(due)
	writes := r.decide(b, due, nil)
	var words []string
	for _, w := range writes {
		words = append(words, string(w.op)+" "+w.side.String())
	}
	var turned []*write
	for _, i := range order(words) {
		turned = append(turned, writes[i])
	}
	if err := r.send(ctx, b, turned); err != nil {
		return err
	}
	left := b.takeDue()
	if err := b.commit(ctx); err != nil {
		return err
	}
	return r.push(ctx, left)
}
