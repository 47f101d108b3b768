package connector

import (
	"context"

	"github.com/contactsync/contactsync/contact"
)

// KeyFinder is a connector that finds records by the value of a field. It is asked where nothing else tells whether the
// app has a person: before a create in an app that can never be listed, and after a create without an answer in an app
// whose feed lags behind its writes. The schema's FindBy names the fields; an index that lags is of use, too, for only
// what is found counts.
type KeyFinder interface {
	// FindBy returns the records of which the field holds the value, alone or among others, as the app compares such
	// values, with the named fields. None is no error. A few are enough where there are many.
	FindBy(ctx context.Context, field string, value contact.Value, fields []string) ([]contact.Record, error)
}
