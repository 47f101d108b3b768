package simtest_test

import (
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/simtest"
)

// A host's connection: customers of a CRM and their newsletter, with the rule that only customers get it. The newsletter is
// an app of the simulator's own. Here a fake stands for the host's connector, and an account is what its users do with it.
func ExampleRun() {
	people := []contact.Field{
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: "first", Type: contact.TypeText, Meaning: "first"},
		{Name: "stage", Type: contact.TypeChoice, Options: []string{"lead", "customer"}},
	}
	account := func(clock connector.Clock) (simtest.Account, error) {
		crm := fake.New("crm", people, fake.WithClock(clock))
		return simtest.Account{
			Connect: func() (connector.Connector, error) { return crm, nil },
			Records: func() ([]contact.Record, error) { return crm.Records(), nil },
			Create:  func(fields contact.Fields) error { return crm.Put(contact.Record{Fields: fields}) },
			Edit:    crm.Edit,
			Remove:  func(id string) error { return crm.Remove(id) },
		}, nil
	}
	_ = func(t *testing.T) { // TestNewsletter
		simtest.Run(t, simtest.Simulation{
			Connection: contactsync.Connection{
				ID:        "newsletter",
				Direction: contactsync.AToB,
				Rules:     []contactsync.Rule{contactsync.FilterRule{From: contactsync.A, Filter: contactsync.Is("stage", contact.Text("customer"))}},
			},
			A: simtest.App{New: account},
			B: simtest.App{Fields: people[:2]},
		})
	}
}
