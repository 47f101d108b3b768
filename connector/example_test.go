package connector_test

import (
	"context"
	"fmt"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/csvfile"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/contact"
)

// A program that lets people choose their apps keeps them in a catalogue, and opens the one that was chosen.
func ExampleCatalogue() {
	apps := connector.NewCatalogue(vcard.App(), csvfile.App())
	for _, app := range apps.Search("csv") {
		fmt.Println(app.ID, "is", app.Label)
		for _, setting := range app.Settings[:1] {
			fmt.Println("  "+setting.Name+":", setting.Label, map[bool]string{true: "(required)"}[setting.Required])
		}
	}
	app, _ := apps.App("csv")
	_, err := app.Open(context.Background(), map[string]string{"path": "crm.csv", "delimiter": "colon"})
	fmt.Println(err)
	// Output:
	// csv is CSV file
	//   path: the file (required)
	// csv: setting "delimiter" is not one of auto, comma, semicolon, tab, pipe
}

// What an app can do beside the three methods is found by type assertion, once.
func ExampleFeaturesOf() {
	can := connector.FeaturesOf(csvfile.File("crm.csv"))
	fmt.Println("is listed:", can.Lister != nil, "finds markers:", can.Finder != nil, "takes webhooks:", can.Receiver != nil)
	// Output:
	// is listed: true finds markers: true takes webhooks: false
}

// The library wraps every connector by itself. A program that calls one without a sync may do so, too: here a call that the
// app could not take is made again, and three creates go out in batches of two.
func ExampleWrap() {
	ctx := context.Background()
	fields := []contact.Field{{Name: "name", Type: contact.TypeText, Meaning: "name"}}
	app := fake.New("crm", fields, fake.WithQuirks(fake.Quirks{BatchSize: 2}))
	if err := app.Fail(fake.Fault{On: "create", Kind: fake.Unavailable, Times: 1}); err != nil {
		fmt.Println(err)
		return
	}
	crm := connector.Wrap(app, connector.WrapOptions{App: "crm", Jitter: func() float64 { return 0 }})
	if _, err := crm.Schema(ctx); err != nil { // says how large a batch may be
		fmt.Println(err)
		return
	}
	var writes []connector.Write
	for _, name := range []string{"Ann", "Bob", "Cleo"} {
		writes = append(writes, connector.Write{Op: connector.Create, Patch: contact.Patch{"name": {Set: contact.Text(name)}}})
	}
	results, _ := crm.Apply(ctx, writes) // each write has its own error
	for _, r := range results {
		fmt.Println(r.Record.Get("name"), r.Err)
	}
	fmt.Println("calls:", app.Calls()["create"])
	// Output:
	// Ann <nil>
	// Bob <nil>
	// Cleo <nil>
	// calls: 3
}
