package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
)

// secret is what the apps sign their deliveries with.
const secret = "the secret of the webhooks"

// options returns the fake's options for what a scenario says of an app.
func (a App) options(w *world, shuffle uint64) []fake.Option {
	options := []fake.Option{fake.WithQuirks(a.Quirks), fake.WithClock(w.clock), fake.WithShuffle(shuffle), fake.WithFindBy(a.FindBy...), fake.WithLimits(a.Limits...)}
	if a.Marker {
		options = append(options, fake.WithMarkers())
	}
	if a.Upsert {
		options = append(options, fake.WithUpsert())
	}
	switch a.Push {
	case "changes":
		options = append(options, fake.WithPush(secret))
	case "hints":
		options = append(options, fake.WithHints(secret))
	}
	return options
}

// deliverStep hands over what an app has delivered.
type deliverStep struct{ sides[string] }

func (s deliverStep) swapped() action { return deliverStep{s.swap()} }

func (s deliverStep) play(ctx context.Context, w *world) error {
	return s.each(func(side int, how string) error { return w.deliver(ctx, contactsync.Side(side), how) })
}

// deliver hands over an app's deliveries, in one of the ways of the network.
func (w *world) deliver(ctx context.Context, side contactsync.Side, how string) error {
	if how == "at_once" {
		w.apps[side].OnDelivery(func(d connector.Delivery) error { return w.receive(ctx, side, d) })
		return nil
	}
	sent := slices.Concat(w.late[side], w.apps[side].Deliveries())
	w.late[side] = nil
	switch how {
	case "in_order":
	case "twice":
		sent = slices.Concat(sent, sent)
	case "reversed":
		slices.Reverse(sent)
	case "newest":
		n := max(len(sent)-1, 0)
		w.late[side], sent = sent[:n], sent[n:]
	case "forged":
		w.late[side] = sent
		return w.refuseForged(ctx, side, sent)
	default:
		return fmt.Errorf("there is no way %q to deliver", how)
	}
	for _, d := range sent {
		if err := w.receive(ctx, side, d); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) receive(ctx context.Context, side contactsync.Side, d connector.Delivery) error {
	engine, err := w.engine(ctx)
	if err == nil {
		_, err = engine.Receive(ctx, side, d)
	}
	return err
}

// refuseForged hands deliveries over with another body than was signed.
func (w *world) refuseForged(ctx context.Context, side contactsync.Side, sent []connector.Delivery) error {
	for _, d := range sent {
		d.Body = append(slices.Clone(d.Body), ' ')
		if err := w.receive(ctx, side, d); !errors.Is(err, connector.ErrSignature) {
			return fmt.Errorf("a forged delivery ended with %v; want %q", err, connector.ErrSignature)
		}
	}
	return nil
}
