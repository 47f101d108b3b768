package contactsync

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// A Fleet has the connections of a store, those of all owners, synced again and again: by as many workers, in as many
// processes on as many machines, as share the store. It says whose turn it is, and the worker opens that connection and
// syncs it:
//
//	for {
//		turn, err := fleet.Take(ctx)
//		if err != nil {
//			return err // ctx has ended, or the store cannot be reached
//		}
//		s, err := open(ctx, turn.Scope) // yours: the connection, its two connectors, the store
//		if err == nil {
//			_, err = s.Sync(ctx)
//		}
//		if err := turn.Done(ctx, 5*time.Minute, err); err != nil {
//			return err
//		}
//	}
//
// Who waits longest is next, and each connection has one turn at a time. What is kept is when, and not what: a sync finds
// by itself what there is to do. So a turn that is lost costs time, and one too many writes nothing.
//
// A fleet is safe for use by several goroutines.
type Fleet struct {
	store Store
	queue Queue
	opts  options
	look  chan struct{} // held by the one worker that looks for a turn: a process asks its store once a second, however many wait
}

// The times that a fleet goes by.
const (
	fleetLook   = time.Second    // between two looks, while nothing is due
	fleetClaim  = time.Minute    // for opening a connection, until its sync has the lease; twice as long after each turn that was lost, and see claim
	fleetLost   = 24 * time.Hour // the longest claim
	fleetRetry  = time.Minute    // after a sync that failed; twice as long after each further one
	fleetFailed = time.Hour      // the longest wait after one
	fleetOwn    = time.Minute    // the shortest wait for what falls due by itself

	fleetLongest = 100 * 365 * 24 * time.Hour // the longest wait: nanoseconds since 1970 end in 2262
)

// NewFleet returns the fleet of the connections in a store, which must be a [Queue]; those of this module are. Of the options
// the clock and the source of random bytes count.
func NewFleet(store Store, opts ...Option) (*Fleet, error) {
	queue, ok := store.(Queue)
	if !ok {
		return nil, fmt.Errorf("a fleet needs a store that keeps a queue, and a %T does not; use one that is a contactsync.Queue, "+
			"and have wrappers pass it on", store)
	}
	f := &Fleet{store: store, queue: queue, opts: defaultOptions(), look: make(chan struct{}, 1)}
	for _, o := range opts {
		o(&f.opts)
	}
	return f, nil
}

// Schedule has a connection synced at a time, or as soon after as a worker is free: a connection joins the fleet by it, a
// webhook came, a user wants it now. A time that was set before and is earlier stands; one that is past is now, so nobody is
// overtaken who waits already. During a turn of the connection it asks for another one after that.
func (f *Fleet) Schedule(ctx context.Context, scope Scope, at time.Time) error {
	return f.entry(ctx, scope, func(e *Entry, q *queued) {
		now := f.opts.clock.Now()
		at := earlier(later(at, now), now.Add(fleetLongest))
		if q.Turn == "" {
			e.At = earlier(e.At, at)
			return
		}
		q.Wish = earlier(q.Wish, at)
	})
}

// Next returns when the connection is due next, and the zero time if it is not in the fleet. While it has its turn, that is
// when it comes back if nobody ends the turn.
func (f *Fleet) Next(ctx context.Context, scope Scope) (at time.Time, err error) {
	err = f.entry(ctx, scope, func(e *Entry, _ *queued) { at = e.At })
	return at, err
}

// Remove takes a connection out of the fleet; [Syncer.Delete] does so by itself. A turn that is under way is not stopped, and
// is the last. Schedule takes the connection in again, and nothing is known then of turns that failed or were lost.
func (f *Fleet) Remove(ctx context.Context, scope Scope) error {
	return leaveQueue(ctx, f.queue, scope)
}

func leaveQueue(ctx context.Context, queue Queue, scope Scope) error {
	return queue.Entry(ctx, scope, func(e *Entry) error {
		e.At = time.Time{}
		return nil
	})
}

// A Turn is the right to sync a connection next, which one worker has at a time. It lapses after a minute or a little more, unless a
// sync has begun by then: while that works nobody else is given the connection. What fences writes is the lease of the sync, and not
// the turn.
type Turn struct {
	Scope Scope
	// Lost is how many turns of the connection before this one were never ended, one after the other: because their
	// processes died, as a rule. Each makes this one's claim twice as long, up to a day: a connection that takes its
	// process with it every time is tried less and less often.
	Lost int

	fleet *Fleet
	name  string
	taken time.Time
}

// Take waits until a connection is due that nobody works on, and returns its turn. It fails when ctx ends, and when the store
// does.
func (f *Fleet) Take(ctx context.Context) (*Turn, error) {
	select {
	case f.look <- struct{}{}:
		defer func() { <-f.look }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for {
		turn, found, err := f.next(ctx)
		if err != nil || turn != nil {
			return turn, err
		}
		if found {
			continue // it was put off
		}
		if err := f.opts.clock.Sleep(ctx, fleetLook); err != nil {
			return nil, err
		}
	}
}

// next takes the connection that is due first. One that an engine works on, be it in a turn or not, is put off until the end
// of that one's lease, and none is returned.
func (f *Fleet) next(ctx context.Context) (turn *Turn, found bool, err error) {
	now := f.opts.clock.Now()
	found, err = f.queue.Due(ctx, now, func(e *Entry) error {
		turn = nil // it may run again
		q, err := readQueued(e)
		if err != nil {
			return err
		}
		if atWork(e.Leased, now) {
			e.At = e.Leased
			return nil
		}
		if q.Turn != "" {
			q.Lost++ // At was the end of its claim
		}
		turn = &Turn{Scope: e.Scope, Lost: q.Lost, fleet: f, name: f.opts.randomText(), taken: now}
		q.Turn, q.Wish = turn.name, time.Time{}
		e.At, e.Body = now.Add(f.claim(q.Lost)), marshal(q)
		return nil
	})
	if err != nil || !found {
		return nil, false, err // fn may have run, and its turn is another one's by now
	}
	return turn, true, nil
}

// claim returns for how long a turn is its worker's, after so many that were lost. It is up to half as long again by chance:
// what one process had taken when it died would else come back together each time, and whoever was taken beside a connection
// that kills its process would always be taken beside it.
func (f *Fleet) claim(lost int) time.Duration {
	d := doubled(fleetClaim, lost, fleetLost)
	return min(d+time.Duration(f.opts.jitter()/2*float64(d)), fleetLost)
}

// atWork reports whether a lease says that an engine works, as far as our clock tells: it may be that of a dead one, and where
// the clocks differ one that has lapsed may be that of a live one. A turn too many does no harm: its sync finds out. A lease that
// lasts for longer than any does was given by a clock that is ahead of ours, and says nothing.
func atWork(leased, now time.Time) bool {
	return leased.After(now) && !leased.After(now.Add(leaseTTL))
}

// Done ends the turn, with the error of the sync or of opening the connection, and sets the next one:
//
//   - after a sync without an error, when every has passed, at least a second; earlier if Schedule was called meanwhile, or if
//     something falls due by itself, as what an app asked to be tried again later;
//   - after an error, in a minute, and twice as long after each further one, an hour at most; later if the app asked for that;
//   - after an error because ctx has ended, at once: the worker was stopped.
//
// It does nothing if the turn has lapsed and the connection has another one, or if the connection was removed.
func (t *Turn) Done(ctx context.Context, every time.Duration, err error) error {
	stopped := err != nil && ctx.Err() != nil
	ctx = context.WithoutCancel(ctx)
	var own time.Time
	if err == nil {
		var unread error
		if own, unread = t.own(ctx); unread != nil {
			return unread
		}
	}
	return t.fleet.entry(ctx, t.Scope, func(e *Entry, q *queued) {
		if q.Turn != t.name {
			return
		}
		now, wish := t.fleet.opts.clock.Now(), q.Wish
		q.Turn, q.Lost = "", 0
		switch {
		case stopped:
			e.At = now
		case err != nil:
			e.At = now.Add(max(doubled(fleetRetry, q.Failed, fleetFailed), delayOf(err)))
			q.Failed++
		default:
			q.Failed = 0
			e.At = earlier(now.Add(min(max(every, time.Second), fleetLongest)), wish)
			if !own.IsZero() {
				e.At = earlier(e.At, later(own, now.Add(fleetOwn)))
			}
		}
	})
}

// own returns the earliest time after the turn began at which something of the connection falls due by itself, zero if
// nothing does. What was due before is what the sync has left for the next one, and waits for that.
func (t *Turn) own(ctx context.Context) (due time.Time, err error) {
	err = t.fleet.store.View(ctx, t.Scope, func(tx ReadTx) error {
		behind := Row{Index: [Indexes]string{mirrorDue: dueStamp(t.taken.Add(1))}}
		rows, err := tx.Scan(Scan{Table: TableMirror, By: mirrorDue, After: &behind, Limit: 1, KeysOnly: true})
		if err != nil || len(rows) == 0 {
			return err
		}
		due, err = dueTime(rows[0])
		return err
	})
	return due, err
}

// queued is the body of an entry. A build that drops a member of a newer one does no harm: at worst a turn comes too soon.
type queued struct {
	Turn   string    `json:"turn,omitempty"`   // the name of the turn that has not ended; the entry's At is the end of its claim
	Lost   int       `json:"lost,omitempty"`   // turns that were never ended, since the last one that was
	Failed int       `json:"failed,omitempty"` // turns that ended with an error, since the last one that did not
	Wish   time.Time `json:"wish,omitzero"`    // when it is wanted again, as was said during the turn
}

func readQueued(e *Entry) (q queued, err error) {
	if len(e.Body) == 0 {
		return q, nil
	}
	if err := json.Unmarshal(e.Body, &q); err != nil {
		return q, fmt.Errorf("the queue's entry of connection %q of owner %q cannot be read; remove it, and schedule the connection anew: %w",
			e.Scope.Connection, e.Scope.Owner, err)
	}
	return q, nil
}

// entry has fn change what is queued of a connection.
func (f *Fleet) entry(ctx context.Context, scope Scope, fn func(*Entry, *queued)) error {
	return f.queue.Entry(ctx, scope, func(e *Entry) error {
		q, err := readQueued(e)
		if err != nil {
			return err
		}
		fn(e, &q)
		e.Body = marshal(q)
		return nil
	})
}

// doubled returns d, doubled n times, but not more than most.
func doubled(d time.Duration, n int, most time.Duration) time.Duration {
	for ; n > 0 && d < most; n-- {
		d *= 2
	}
	return min(d, most)
}

// delayOf returns how long an app asked to be left alone for; 0 if it did not.
func delayOf(err error) time.Duration {
	delay, _ := connector.RetryAfter(err)
	return min(delay, fleetLost)
}

// earlier returns the earlier one of two times, of which a zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
