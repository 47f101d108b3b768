package contactsync

import "slices"

// A readahead is what the store has of the batch after the one that is worked on: it is read meanwhile, once everything
// before that one is in the store. So all that can have changed when it is wanted is what the last book has.
type readahead struct {
	refs []ref
	book *book
	done chan struct{} // closed when it is read
}

// readAhead begins to read what the next batch will look at, where a goroutine may be started.
func (r *run) readAhead() {
	if len(r.coming) == 0 || r.reading != nil || r.opts.concurrency == 1 {
		return
	}
	a := &readahead{refs: r.coming, book: r.newBook(), done: make(chan struct{})}
	r.reading = a
	go func() {
		defer close(a.done)
		a.book.prefetchDue(a.refs)
	}()
}

// bookOf returns those of some records that are due, and a book that has what deciding them will look at.
func (r *run) bookOf(refs []ref) (*book, []ref) {
	b := r.newBook()
	if a := r.readUp(); a != nil && b.before != nil && a.err == nil {
		a.forget(b.before)
		b.mirrors, b.links, b.bearers = a.mirrors, a.links, a.bearers
	}
	return b, b.prefetchDue(refs)
}

// prefetchDue reads what deciding those of some records that are due will look at, and returns them. The others were
// decided with their partners since all that is due was listed.
func (b *book) prefetchDue(refs []ref) []ref {
	b.load(refs)
	due := slices.DeleteFunc(slices.Clone(refs), func(at ref) bool {
		m := b.mirrors[at]
		return m != nil && !m.isDue(b.run.now)
	})
	b.prefetch(due)
	return due
}

// readUp returns what was read ahead, nil if nothing was, and waits for it.
func (r *run) readUp() *book {
	a := r.reading
	if a == nil {
		return nil
	}
	r.reading = nil
	<-a.done
	return a.book
}

// forget drops what another book knows better.
func (b *book) forget(other *book) {
	for at := range other.mirrors {
		delete(b.mirrors, at)
		delete(b.links, at)
	}
	for at := range other.links {
		delete(b.mirrors, at)
		delete(b.links, at)
	}
	for entry := range other.bearers {
		delete(b.bearers, entry)
	}
}

// spread calls one for every number below n, on two goroutines if that is allowed and worth it, and returns when all calls
// have.
func (r *run) spread(n int, one func(i int)) {
	each := func(from, to int) {
		for i := from; i < to; i++ {
			one(i)
		}
	}
	if r.opts.concurrency == 1 || n < 16 {
		each(0, n)
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		each(0, n/2)
	}()
	each(n/2, n)
	<-done
}
