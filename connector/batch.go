package connector

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
)

var errMixed = errors.New("writes of more than one operation; apply them one operation after the other")

// batches splits many items (writes, ids) into batches, has each sent as often as it takes, and answers every item.
type batches[Item, Answer any] struct {
	w      *Wrapped
	op     string
	size   int  // of a batch; 0 means 1
	writes bool // they change the app
	send   func(context.Context, []Item) ([]Answer, error)
	check  func(op string, items []Item, answers []Answer) // gives answers that cannot be true an error
	fail   func(error) Answer
	err    func(Answer) error
	retry  func(error) bool // of a batch that failed as a whole; of one answer, retryWrite decides
}

// run answers each item, in order. The error is that of the first batch that failed as a whole.
func (b batches[Item, Answer]) run(ctx context.Context, items []Item) ([]Answer, error) {
	size := max(1, b.size)
	count := (len(items) + size - 1) / size
	answers := make([]Answer, len(items))
	failed := make([]error, count)
	var stopped atomic.Pointer[error] // why no further batch is sent
	inParallel(b.w.parallel(), count, func(i int) {
		first, end := i*size, min((i+1)*size, len(items))
		if cause := stopped.Load(); cause != nil {
			failed[i] = b.w.refuse(b.op, *cause)
			copy(answers[first:end], b.failAll(end-first, failed[i]))
			return
		}
		failed[i] = b.batch(ctx, items[first:end], answers[first:end])
		if cause := b.blocked(answers[first:end]); cause != nil {
			stopped.CompareAndSwap(nil, &cause)
		}
	})
	for _, err := range failed {
		if err != nil {
			return answers, err
		}
	}
	return answers, nil
}

// blocked returns why no other batch is worth sending after one that was answered so, nil if one is.
func (b batches[Item, Answer]) blocked(answers []Answer) error {
	for _, a := range answers {
		if err := b.err(a); blocked(err) {
			return err
		}
	}
	return nil
}

// batch sends one batch, and again those of its items for which that may help, and answers each item. The error is
// that of a batch that failed as a whole.
func (b batches[Item, Answer]) batch(ctx context.Context, items []Item, answers []Answer) error {
	open := make([]int, len(items)) // the items that still want an answer
	for i := range open {
		open[i] = i
	}
	var lost map[int]bool // items that an attempt left without an answer: they may be written
	for n := 1; ; n++ {
		got, failed := b.once(ctx, pick(items, open))
		var again []int
		var cause error
		for k, i := range open {
			answers[i] = got[k]
			err := b.err(got[k])
			if b.writes && err != nil && !Known(err) {
				if lost == nil {
					lost = map[int]bool{}
				}
				lost[i] = true
			}
			if lost[i] && Known(err) {
				answers[i] = b.fail(&Error{App: b.w.opts.App, Op: b.op, Err: unanswered{err}})
			}
			if retryWrite(err) || failed != nil && b.retry(failed) {
				again = append(again, i)
				cause = longerDelay(cause, err)
			}
		}
		if len(again) == 0 || !b.w.waitFor(ctx, n, cause) {
			return failed
		}
		open = again
	}
}

// unanswered is the error of a write that was sent without an answer, and again in vain: its outcome is unknown, whatever
// the last attempt was told.
type unanswered struct{ last error }

func (u unanswered) Error() string { return "no answer, and then: " + u.last.Error() }

// once sends items once and returns an answer for each of them, and the error of a batch that failed as a whole.
func (b batches[Item, Answer]) once(ctx context.Context, items []Item) ([]Answer, error) {
	got, err := attempt(ctx, b.w, b.op, b.writes, func(ctx context.Context) ([]Answer, error) {
		return b.send(ctx, items)
	})
	if err == nil && len(got) != len(items) {
		err = b.w.broken(b.op, "the number of results is %d for a batch of %d", len(got), len(items))
	}
	if err != nil {
		return b.failAll(len(items), err), err
	}
	got = slices.Clone(got) // the connector's own slice is not changed
	b.check(b.op, items, got)
	return got, nil
}

// failAll returns n answers that bear err.
func (b batches[Item, Answer]) failAll(n int, err error) []Answer {
	answers := make([]Answer, n)
	for i := range answers {
		answers[i] = b.fail(err)
	}
	return answers
}

func pick[T any](all []T, which []int) []T {
	picked := make([]T, len(which))
	for k, i := range which {
		picked[k] = all[i]
	}
	return picked
}

// longerDelay returns the one of two errors that asks for the longer delay.
func longerDelay(a, b error) error {
	delayA, _ := RetryAfter(a)
	delayB, _ := RetryAfter(b)
	if a == nil || delayB > delayA {
		return b
	}
	return a
}

// inParallel calls do with 0 to count-1, begun in this order and so many at a time; one at a time without a
// goroutine.
func inParallel(most, count int, do func(i int)) {
	if most = min(most, count); most <= 1 {
		for i := range count {
			do(i)
		}
		return
	}
	var begun atomic.Int64
	var workers sync.WaitGroup
	for range most {
		workers.Go(func() {
			for i := int(begun.Add(1)) - 1; i < count; i = int(begun.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
}
