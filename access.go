package contactsync

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/contactsync/contactsync/connector"
)

// sideError is an error of one app.
type sideError struct {
	side  Side
	name  string // what the app is called
	doing string // what was done with it; "" if err says so itself
	err   error
}

// of returns the error of one app: that this was done with it, and how it ended.
func (s *Syncer) of(side Side, doing string, err error) *sideError {
	return &sideError{side, s.names(s.document())[side], doing, err}
}

func (e *sideError) Error() string {
	if e.doing == "" {
		return e.err.Error()
	}
	return fmt.Sprintf("%s %s: %v", e.doing, e.name, e.err)
}

func (e *sideError) Unwrap() error { return e.err }

// refusing returns the apps that did not let their account in.
func refusing(err error) (sides []Side) {
	switch e := err.(type) { // a tree of errors, of which both apps may be in one
	case *sideError:
		if errors.Is(e.err, connector.ErrUnauthorized) {
			return []Side{e.side}
		}
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			sides = append(sides, refusing(one)...)
		}
	case interface{ Unwrap() error }:
		return refusing(e.Unwrap())
	}
	slices.Sort(sides)
	return slices.Compact(sides)
}

// noteRefusal notes that the connection is halted because an app refuses its account, if that is what err says, and
// returns err. A sync that runs to its end takes the note away.
func (s *Syncer) noteRefusal(ctx context.Context, err error) error {
	sides := refusing(err)
	if len(sides) == 0 {
		return err
	}
	noted := s.decideByPerson(context.WithoutCancel(ctx), func(tx Tx) error {
		var row connectionRow
		if err := getRow(tx, TableConnection, "", &row); err != nil || row.Runs == 0 {
			return err // before the first sync there is nothing to halt
		}
		row.Unauthorized = sides
		return tx.Put(row.stored())
	})
	if noted != nil {
		return errors.Join(err, fmt.Errorf("note that the connection is halted: %w", noted))
	}
	return err
}
