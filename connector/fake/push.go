package fake

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/contactsync/contactsync/connector"
)

// WithPush makes the app one that can never be listed or read: it tells every change by a delivery, signed with the
// secret. A new record is told whole, a changed one by the fields that changed. A test takes them from [App.Deliveries]
// and hands them over, twice or out of order as it likes.
func WithPush(secret string) Option { return func(a *App) { a.push, a.secret = true, secret } }

// WithHints makes the app send a delivery for every change, signed with the secret, which says no more than that there
// was one.
func WithHints(secret string) Option { return func(a *App) { a.hints, a.secret = true, secret } }

// SignatureHeader is the header of a delivery that bears its signature: the HMAC-SHA256 of the body, in hex.
const SignatureHeader = "X-Fake-Signature"

// Deliveries returns what the app has sent since the last call, in the order in which it happened.
func (a *App) Deliveries() []connector.Delivery {
	a.mu.Lock()
	defer a.mu.Unlock()
	sent := a.deliveries
	a.deliveries = nil
	return sent
}

// OnDelivery sets what is called with each delivery as it happens, also in the middle of a call of the connector. It
// must not call the app. One for which it returns an error is left for [App.Deliveries].
func (a *App) OnDelivery(hook func(connector.Delivery) error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.onDelivery = hook
}

// message is the body of a delivery.
type message struct {
	ID      string             `json:"id"`
	Hint    bool               `json:"hint,omitempty"`
	Changes []connector.Change `json:"changes,omitempty"`
}

// tick returns the time of a change. Where changes are delivered, no two have the same.
func (a *App) tick() time.Time {
	now := a.clock.Now()
	if !a.push {
		return now
	}
	if !now.After(a.pushed) {
		now = a.pushed.Add(time.Microsecond)
	}
	a.pushed = now
	return now
}

// told returns the change from one state of a record to the next: of a record that was there, what differs.
func (a *App) told(before, now *record) connector.Change {
	rec := a.tell(now, nil)
	for name := range rec.Fields {
		if before != nil && before.fields[name].Equal(now.fields[name]) {
			delete(rec.Fields, name)
		}
	}
	return connector.Change{At: now.modified, Record: rec}
}

// deliver sends a change to whoever listens.
func (a *App) deliver(c connector.Change) {
	if !a.push && !a.hints {
		return
	}
	if c.At.IsZero() {
		c.At = a.tick()
	}
	a.delivered++
	m := message{ID: fmt.Sprintf("%s-%d", a.name, a.delivered), Hint: a.hints}
	if a.push {
		m.Changes = []connector.Change{c}
	}
	body, err := json.Marshal(m)
	if err != nil {
		panic("fake: a delivery that cannot be written: " + err.Error())
	}
	d := connector.Delivery{Method: http.MethodPost, URL: "https://host.example/hooks/" + a.name, Body: body, Received: a.clock.Now(),
		Header: http.Header{SignatureHeader: {a.sign(body)}}}
	if a.onDelivery == nil || a.onDelivery(d) != nil {
		a.deliveries = append(a.deliveries, d)
	}
}

func (a *App) sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(a.secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Receive verifies the signature of a delivery and returns what it tells.
func (a *App) Receive(ctx context.Context, d connector.Delivery) (connector.Push, error) {
	if err := ctx.Err(); err != nil {
		return connector.Push{}, err
	}
	if !a.push && !a.hints || !hmac.Equal([]byte(d.Header.Get(SignatureHeader)), []byte(a.sign(d.Body))) {
		return connector.Push{}, a.fail("receive", "", connector.ErrSignature)
	}
	var m message
	if err := json.Unmarshal(d.Body, &m); err != nil {
		e := a.fail("receive", "", connector.ErrInvalid)
		e.Message = "the body is not what this app sends"
		return connector.Push{}, e
	}
	return connector.Push{ID: m.ID, Hint: m.Hint, Changes: m.Changes}, nil
}
