package fake_test

import (
	"context"
	"fmt"
	"log"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

var exampleFields = []contact.Field{
	{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
	{Name: "tags", Type: contact.TypeSet, Meaning: "tags"},
}

// examplePerson returns a record with an email and tags.
func examplePerson(id string, tags ...string) contact.Record {
	return contact.Record{ID: id, Fields: contact.Fields{"email": contact.Text(id + "@example.com"), "tags": contact.Set(tags...)}}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A rule is tested without any account: both apps are fakes, in which the test plays the users.
func Example() {
	ctx := context.Background()
	phone, crm := fake.New("phone", exampleFields), fake.New("crm", exampleFields)
	must(phone.Put(examplePerson("ann", "Work"), examplePerson("bob")))
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "phone-crm", Rules: []contactsync.Rule{
		contactsync.FilterRule{From: contactsync.A, Filter: contactsync.Has("tags", "Work")},
	}}, phone, crm, memstore.New())
	must(err)
	_, err = s.Sync(ctx)
	must(err)

	must(phone.Edit("bob", contact.Fields{"tags": contact.Set("Work")})) // a user of the phone
	_, err = s.Sync(ctx)
	must(err)
	for _, rec := range crm.Records() {
		fmt.Println(rec.ID, rec.Get("email"), rec.Get("tags"))
	}
	fmt.Println("written:", crm.Writes().Created, "created,", phone.Writes().Sum(), "in phone")
	// Output:
	// crm-1 ann@example.com Work
	// crm-2 bob@example.com Work
	// written: 2 created, 0 in phone
}

// An app with habits: it bears no versions, tells its records in another order, and its answers may get lost. A contact is
// created once all the same.
func ExampleQuirks() {
	ctx := context.Background()
	phone := fake.New("phone", exampleFields)
	crm := fake.New("crm", exampleFields, fake.WithQuirks(fake.Quirks{NoVersions: true, PageSize: 2}), fake.WithShuffle(7), fake.WithMarkers())
	must(phone.Put(examplePerson("ann"), examplePerson("bob"), examplePerson("cleo")))
	must(crm.Fail(fake.Fault{On: "create", Kind: fake.LostResponse, Times: 1}))
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "phone-crm"}, phone, crm, memstore.New())
	must(err)
	for range 2 {
		_, err = s.Sync(ctx)
		must(err)
	}
	fmt.Println("people in crm:", len(crm.Records()))
	// Output:
	// people in crm: 3
}

// What an app can do is said by its options.
func ExampleNew() {
	clock := connector.SystemClock{}
	for _, app := range []*fake.App{
		fake.New("feed", exampleFields, fake.WithClock(clock)),
		fake.New("list", exampleFields, fake.WithoutFeed(), fake.WithFindBy("email")),
		fake.New("upsert", exampleFields, fake.WithUpsert()),
		fake.New("hints", exampleFields, fake.WithHints("secret")),
		fake.New("push", exampleFields, fake.WithPush("secret")),
	} {
		must(app.Put(examplePerson("ann")))
		schema, err := app.Schema(context.Background())
		must(err)
		_, err = app.Changes(context.Background(), connector.Query{})
		fmt.Println(schema.Upsert, schema.FindBy, schema.Unlistable, len(app.Deliveries()), err)
	}
	// Output:
	// false [] false 0 <nil>
	// false [email] false 0 list: changes: the app has no change feed
	// true [] false 0 <nil>
	// false [] false 1 <nil>
	// false [] true 1 push: changes: the app has no change feed
}

// An app that cannot do everything says so, and an account may have several kinds of records.
func ExampleWithLimits() {
	crm := fake.New("crm", exampleFields,
		fake.WithLimits(contact.Limit{Cannot: contact.AbilityDelete, Why: "My CRM has no call that deletes"}),
		fake.WithKinds(connector.Kind{ID: "leads", Chosen: true}, connector.Kind{ID: "users", ReadOnly: true}))
	schema, err := crm.Schema(context.Background())
	must(err)
	kinds, err := crm.Kinds(context.Background())
	must(err)
	fmt.Println(schema.NoDelete, schema.Limits[0].Why, len(kinds))
	// Output: true My CRM has no call that deletes 2
}
