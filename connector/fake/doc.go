// Package fake is an app in memory that a test can script: users who create, edit, delete and merge records, an
// app that misbehaves the way real ones do, and calls that go wrong at the worst moment. An [App] is its own
// connector, so that a host can test its sync rules without any account:
//
//	crm := fake.New("crm", []contact.Field{
//		{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
//		{Name: "tags", Type: contact.TypeSet},
//	})
//	err := crm.Put(contact.Record{ID: "c1", Fields: contact.Fields{"email": contact.Text("ann@example.com")}})
//	// ... open a connection between crm and another app, and sync ...
//	got := crm.Records()
//
// The methods named Put, Edit, Remove, Rekey, Merge, Hide and Unhide are the hands of the app's users. [Quirks]
// are habits that the app has from the start, a [Fault] is a call that goes wrong. Everything is deterministic:
// ids, versions and the order of the feed; [WithShuffle] brings another order, as deterministic.
package fake
