package connector

import "context"

// Upserter is a connector that creates a record under an external id which we choose, [Write].Marker, such that doing
// the same again makes no second one. A create whose answer was lost is then sent again at once, under the same id,
// instead of being looked for. The schema says so with Upsert; the connector may still be an Upserter if this account
// cannot.
//
// What a user did with the record in between is seen if the connector is a [Finder], too, and is lost in the fields that
// are sent again if neither it nor the feed shows the record. So be a Finder where you can.
type Upserter interface {
	// Upsert carries out creates, no more than the schema's batch, and answers each of them in order, like Apply. Where
	// the app has a record under the external id, it changes the fields that the write names and no others: a patch may
	// name less than the first time. Result.Found tells that there was one. An app that makes the new record part of one
	// with another id answers with that one, if it says which.
	Upsert(ctx context.Context, writes []Write) ([]Result, error)
}
