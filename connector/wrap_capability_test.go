package connector_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// capable is a connector that takes external ids, finds by keys and takes deliveries, as its functions say.
type capable struct {
	scripted
	upsert  func(context.Context, []connector.Write) ([]connector.Result, error)
	findBy  func(context.Context) ([]contact.Record, error)
	receive func(context.Context, connector.Delivery) (connector.Push, error)
}

func (c *capable) Upsert(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	return c.upsert(ctx, writes)
}

func (c *capable) FindBy(ctx context.Context, _ string, _ contact.Value, _ []string) ([]contact.Record, error) {
	return c.findBy(ctx)
}

func (c *capable) Receive(ctx context.Context, d connector.Delivery) (connector.Push, error) {
	return c.receive(ctx, d)
}

// TestUpsertIsSentAgain: an upsert without an answer makes no second record, so it is sent again like a read; what the app
// refused is not.
func TestUpsertIsSentAgain(t *testing.T) {
	t.Parallel()
	lost := errors.New("the connection was reset")
	tests := []struct {
		name  string
		errs  []error
		panic bool
		calls int
		want  error
	}{
		{name: "at once", errs: []error{nil}, calls: 1},
		{name: "no answer, then one", errs: []error{lost, lost, nil}, calls: 3},
		{name: "never an answer", errs: []error{lost}, calls: 5, want: lost},
		{name: "unavailable, then an answer", errs: []error{connector.ErrUnavailable, nil}, calls: 2},
		{name: "refused", errs: []error{connector.ErrInvalid}, calls: 1, want: connector.ErrInvalid},
		{name: "unauthorized", errs: []error{connector.ErrUnauthorized}, calls: 1, want: connector.ErrUnauthorized},
		{name: "a panic", panic: true, errs: []error{nil}, calls: 1, want: connector.ErrPanic},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := outcomes{errs: tt.errs}
			w := connector.Wrap(&capable{upsert: func(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
				if err := o.next(); err != nil || tt.panic {
					if tt.panic {
						panic("no")
					}
					return nil, err
				}
				return echo(writes), nil
			}}, connector.WrapOptions{Clock: newClock()})
			results, err := w.Features().Upserter.Upsert(t.Context(), creates(1))
			require.NoError(t, err)
			require.Len(t, results, 1)
			require.ErrorIs(t, results[0].Err, tt.want)
			if o.calls != tt.calls {
				t.Errorf("%d calls, want %d", o.calls, tt.calls)
			}
		})
	}
}

// TestUpsertWithoutAnAnswerAndThenRefused: the attempt without an answer may have landed, whatever befell the next one.
func TestUpsertWithoutAnAnswerAndThenRefused(t *testing.T) {
	t.Parallel()
	for _, refusal := range []error{connector.ErrUnauthorized, connector.ErrInvalid, connector.ErrQuota, connector.ErrForbidden} {
		o := outcomes{errs: []error{errors.New("the connection was reset"), refusal}}
		w := connector.Wrap(&capable{upsert: func(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
			if err := o.next(); err != nil {
				return nil, err
			}
			return echo(writes), nil
		}}, connector.WrapOptions{Clock: newClock()})
		results, err := w.Features().Upserter.Upsert(t.Context(), creates(1))
		require.NoError(t, err)
		if err := results[0].Err; err == nil || connector.Known(err) || !strings.Contains(err.Error(), refusal.Error()) {
			t.Errorf("%v: its outcome counts as known, or it is not said: %v", refusal, err)
		}
	}
}

// TestUpsertComesInBatches: it is bounded by the schema's batch of creates and fenced by the lease like any write.
func TestUpsertComesInBatches(t *testing.T) {
	t.Parallel()
	var sizes []int
	leases := 0
	c := &capable{upsert: func(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
		sizes = append(sizes, len(writes))
		return echo(writes), nil
	}}
	c.schema = contact.Schema{Batch: contact.Batch{Create: 2}}
	w := connector.Wrap(c, connector.WrapOptions{Clock: newClock(), Before: func(context.Context) error { leases++; return nil }})
	results, err := w.Features().Upserter.Upsert(t.Context(), creates(5))
	require.NoError(t, err)
	if diff := cmp.Diff([]int{2, 2, 1}, sizes); diff != "" || len(results) != 5 || leases != 3 {
		t.Errorf("%d results, the lease was looked at %d times, batches: %s", len(results), leases, diff)
	}
}

func TestFindByIsRetriedAndChecked(t *testing.T) {
	t.Parallel()
	calls := 0
	w := connector.Wrap(&capable{findBy: func(context.Context) ([]contact.Record, error) {
		if calls++; calls == 1 {
			return nil, errors.New("the connection was reset")
		}
		return []contact.Record{{ID: "a"}, {ID: ""}}, nil
	}}, connector.WrapOptions{Clock: newClock()})
	_, err := w.Features().KeyFinder.FindBy(t.Context(), "email", contact.Text("x"), nil)
	require.ErrorIs(t, err, connector.ErrContract)
	require.Equal(t, 2, calls)
}

// TestReceiveIsContained: a delivery is looked at once, and what cannot be true does not come through.
func TestReceiveIsContained(t *testing.T) {
	t.Parallel()
	lost := errors.New("no idea")
	long := make([]byte, 2000)
	for i := range long {
		long[i] = 'x'
	}
	one := func(c connector.Change) connector.Push { return connector.Push{Changes: []connector.Change{c}} }
	tests := []struct {
		name string
		push connector.Push
		do   func() error
		want error
	}{
		{name: "a hint", push: connector.Push{Hint: true}},
		{name: "a record", push: one(connector.Change{Record: contact.Record{ID: "a"}})},
		{name: "a deletion", push: one(connector.Change{Deleted: "a"})},
		{name: "a new id", push: one(connector.Change{Rekeyed: connector.Rekey{Old: "a", New: "b"}})},
		{name: "nothing", push: one(connector.Change{}), want: connector.ErrContract},
		{name: "two things", push: one(connector.Change{Deleted: "a", Record: contact.Record{ID: "b"}}), want: connector.ErrContract},
		{name: "half a new id", push: one(connector.Change{Rekeyed: connector.Rekey{Old: "a"}}), want: connector.ErrContract},
		{name: "an id that cannot be", push: one(connector.Change{Deleted: "a\n"}), want: connector.ErrContract},
		{name: "a version that is too long", push: one(connector.Change{Record: contact.Record{ID: "a", Version: string(long)}}), want: connector.ErrContract},
		{name: "an error", do: func() error { return lost }, want: lost},
		{name: "a signature", do: func() error { return connector.ErrSignature }, want: connector.ErrSignature},
		{name: "a panic", do: func() error { panic("ann@example.com") }, want: connector.ErrPanic},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			w := connector.Wrap(&capable{receive: func(context.Context, connector.Delivery) (connector.Push, error) {
				if calls++; tt.do != nil {
					return tt.push, tt.do()
				}
				return tt.push, nil
			}}, connector.WrapOptions{Clock: newClock()})
			_, err := w.Features().Receiver.Receive(t.Context(), connector.Delivery{})
			require.ErrorIs(t, err, tt.want)
			if calls != 1 {
				t.Errorf("%d calls, want 1", calls)
			}
		})
	}
}
