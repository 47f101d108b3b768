package connector

import (
	"context"
	"net/http"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// Receiver is a connector that takes what the app sends to a webhook. The library runs no server: the host hands over
// what its handler got.
type Receiver interface {
	// Receive verifies one delivery and says what it tells. It fails with [ErrSignature] if the delivery does not prove
	// where it comes from, and with [ErrInvalid] if it cannot be read. It asks the app nothing: its answer is waited for.
	Receive(ctx context.Context, d Delivery) (Push, error)
}

// A Delivery is one call of a webhook, as it arrived.
type Delivery struct {
	Method   string      // "POST"
	URL      string      // as the app called it, with scheme and host: some sign it
	Header   http.Header // with canonical keys, as net/http has them
	Body     []byte      // as it came, byte by byte: it is what was signed
	Received time.Time   // by the host's clock
}

// A Push is what one delivery tells. The zero Push tells nothing, such as a ping.
type Push struct {
	// ID names the delivery, the same when it is sent again; "" if the app does not name them.
	ID string
	// Hint says that something changed, and reading the app shows what.
	Hint bool
	// Changes are what changed, in order. They are of an app that can never be listed (the schema's Unlistable): an app
	// that can be is read, whatever it pushes, and changes of it are a hint.
	Changes []Change
}

// A Change is one change that was pushed: one of Record, Deleted and Rekeyed.
type Change struct {
	// At is when it happened, by the app's clock. Deliveries come late, twice and out of order: At tells what is newer,
	// of each field. The zero time is that of the receipt.
	At time.Time `json:"at,omitzero"`
	// Record is a record with an id that is new or changed. A field that the delivery does not tell is absent and stays
	// as it was; one that was cleared is [contact.Empty].
	Record  contact.Record `json:"record,omitzero"`
	Deleted string         `json:"deleted,omitempty"` // the id of a record that is gone
	Rekeyed Rekey          `json:"rekeyed,omitzero"`  // a record that has another id now
}
