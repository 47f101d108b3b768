package authtest_test

import (
	"fmt"
	"time"

	"github.com/contactsync/contactsync/auth/authtest"
)

// A server whose answers are lost, and that forgives for a minute.
func ExampleNew() {
	server := authtest.New(authtest.Options{Grace: time.Minute})
	defer server.Close()
	server.Register("client", "http://127.0.0.1/callback/crm")
	server.Consents(authtest.Account{ID: "1", Name: "Oslo"}, authtest.Account{ID: "2", Name: "Bergen"})
	server.Fails("/token", authtest.Lost)
	fmt.Println(server.Live())
	// Output: 0
}
