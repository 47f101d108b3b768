package contactsync_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/memstore"
)

// One worker of a fleet; a program runs several, on as many machines as share the store. The store keeps whose turn it is.
func ExampleFleet() {
	ctx, stop := context.WithCancel(context.Background())
	store := memstore.New()
	fleet, err := contactsync.NewFleet(store)
	check(err)

	// Connections of two owners join it. What was wanted first is first.
	scopes := []contactsync.Scope{{Owner: "ann", Connection: "phone-crm"}, {Owner: "bob", Connection: "phone-crm"}, {Owner: "ann", Connection: "crm-shop"}}
	for _, scope := range scopes {
		check(fleet.Schedule(ctx, scope, time.Now()))
	}
	open := func(ctx context.Context, scope contactsync.Scope) (*contactsync.Syncer, error) {
		return contactsync.Open(ctx, contactsync.Connection{Owner: scope.Owner, ID: scope.Connection},
			exampleApp("a", examplePerson("Ann", "")), exampleApp("b"), store)
	}
	work := func() error {
		for turns := 0; ; turns++ {
			if turns == len(scopes) {
				stop() // the program is told to end
			}
			turn, err := fleet.Take(ctx) // waits until a connection is due
			if err != nil {
				return err
			}
			s, err := open(ctx, turn.Scope)
			if err == nil {
				_, err = s.Sync(ctx)
			}
			fmt.Println("synced", turn.Scope, err)
			if err := turn.Done(ctx, 5*time.Minute, err); err != nil {
				return err
			}
		}
	}
	if err := work(); !errors.Is(err, context.Canceled) {
		check(err)
	}
	for _, scope := range scopes {
		next, err := fleet.Next(context.Background(), scope)
		check(err)
		fmt.Println(scope, "again in", time.Until(next).Round(time.Minute))
	}
	// Output:
	// synced {ann phone-crm} <nil>
	// synced {bob phone-crm} <nil>
	// synced {ann crm-shop} <nil>
	// {ann phone-crm} again in 5m0s
	// {bob phone-crm} again in 5m0s
	// {ann crm-shop} again in 5m0s
}
