package contactsync_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// The library runs no server: the host's own handler hands over what it got.
func ExampleSyncer_Receive() {
	ctx := context.Background()
	fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"}}
	phone := fake.New("phone", fields)
	crm := fake.New("crm", fields, fake.WithPush("secret"), fake.WithUpsert()) // it can never be listed
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "phone-crm"}, phone, crm, memstore.New())
	if err != nil {
		panic(err)
	}
	wake := make(chan struct{}, 1) // whoever runs the syncs waits for it
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "the body could not be read", http.StatusBadRequest)
			return
		}
		receipt, err := s.Receive(r.Context(), contactsync.B, connector.Delivery{Method: r.Method,
			URL: "https://" + r.Host + r.URL.String(), Header: r.Header, Body: body, Received: time.Now()})
		switch {
		case errors.Is(err, connector.ErrSignature):
			http.Error(w, "unauthorized", http.StatusUnauthorized)
		case err != nil:
			http.Error(w, "try again later", http.StatusServiceUnavailable)
		case receipt.Sync:
			select {
			case wake <- struct{}{}:
			default: // a sync is on its way already
			}
		}
	}))
	defer hook.Close()

	// A user of the CRM enters somebody, and the CRM calls the webhook.
	if err := crm.Put(contact.Record{ID: "c1", Fields: contact.Fields{"first": contact.Text("Ann"), "email": contact.Text("ann@example.com")}}); err != nil {
		panic(err)
	}
	for _, d := range crm.Deliveries() {
		req, _ := http.NewRequestWithContext(ctx, d.Method, hook.URL, bytes.NewReader(d.Body))
		req.Header = d.Header
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			panic(err)
		}
		answer.Body.Close()
		fmt.Println(answer.Status)
	}
	<-wake
	report, err := s.Sync(ctx)
	if err != nil {
		panic(err)
	}
	fmt.Println("created in phone:", report.Counts[contactsync.A].Created)
	// Output:
	// 200 OK
	// created in phone: 1
}
