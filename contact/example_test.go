package contact_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/contactsync/contactsync/contact"
)

func ExampleRecord() {
	rec := contact.Record{
		ID:      "a1",
		Version: "7",
		Fields: contact.Fields{
			"first":  contact.Text("Ann"),
			"emails": contact.List(contact.Entry{Value: contact.Text("ann@example.com"), Type: "work", Primary: true}),
			"tags":   contact.Set("vip", "news"),
			"fax":    contact.Empty,
		},
	}
	text, err := json.Marshal(rec)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(text))
	fmt.Println("fax is", rec.Get("fax"), "and phone is", rec.Get("phone"))
	// Output:
	// {"id":"a1","version":"7","fields":{"emails":[{"value":"ann@example.com","type":"work","primary":true}],"fax":null,"first":"Ann","tags":["vip","news"]}}
	// fax is (empty) and phone is (not read)
}

// Every kind of value has a function that makes it, and one that takes it apart again.
func ExampleValue() {
	price, err := contact.Number("1200.50") // kept as it is written
	if err != nil {
		fmt.Println(err)
		return
	}
	home := contact.Postal(contact.Address{Street: "Kerkstraat 1", City: "Gent", Country: "BE"})
	for _, v := range []contact.Value{
		contact.Text("Ann"),
		contact.Bool(true),
		contact.Int(42),
		price,
		contact.Date(1985, time.April, 12),
		contact.Date(0, time.April, 12), // a birthday without year
		contact.DateTime(time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)),
		contact.Set("vip", "news"),
		contact.List(contact.Entry{Value: contact.Text("+32 470 12 34 56"), Type: "mobile"}),
		home,
	} {
		fmt.Printf("%q %q %d\n", v.Str(), v.Elements(), len(v.Entries()))
	}
	fmt.Println(home.Address().City)
	fmt.Println(contact.Text("").Blank(), contact.Text("").Absent(), contact.Value{}.Absent())
	// Output:
	// "Ann" [] 0
	// "true" [] 0
	// "42" [] 0
	// "1200.50" [] 0
	// "1985-04-12" [] 0
	// "--04-12" [] 0
	// "2026-03-01T12:30:00Z" [] 0
	// "" ["vip" "news"] 0
	// "" [] 1
	// "" [] 0
	// Gent
	// true false true
}

func ExampleField_Same() {
	phone := contact.Field{Name: "phone", Type: contact.TypePhone}
	fmt.Println(phone.Same(contact.Text("0470 12 34 56"), contact.Text("+32 470/12.34.56"), "BE"))

	email := contact.Field{Name: "email", Type: contact.TypeEmail}
	fmt.Println(email.Same(contact.Text("Bob <Bob@Example.com>"), contact.Text("bob@example.com"), ""))

	tags := contact.Field{Name: "tags", Type: contact.TypeSet}
	fmt.Println(tags.Same(contact.Set("VIP", "news"), contact.Set("news", "vip"), ""))

	name := contact.Field{Name: "first", Type: contact.TypeText}
	fmt.Println(name.Same(contact.Text("Ann"), contact.Text("ann"), ""))
	// Output:
	// true
	// true
	// true
	// false
}

func ExampleField_Coerce() {
	emails := contact.Field{Name: "emails", Type: contact.TypeEmail, Many: true}
	v, err := emails.Coerce(contact.Text("ann@example.com"))
	fmt.Println(len(v.Entries()), err)

	score := contact.Field{Name: "score", Type: contact.TypeNumber}
	_, err = score.Coerce(contact.Text("high"))
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// field score: the value does not fit a field of type number
}

func ExampleField_Check() {
	born := contact.Field{Name: "born", Type: contact.TypeDate}
	fmt.Println(born.Check(contact.Text("--02-29")))
	fmt.Println(born.Check(contact.Text("1985-02-30")))
	// Output:
	// <nil>
	// field born: not a date of the calendar; want 2006-01-02, or --01-02 without year
}

func ExampleEmailKey() {
	for _, s := range []string{"Bob <Bob@Example.com>", "ü@exämple.de", "a@b.com, c@d.com"} {
		key, valid := contact.EmailKey(s)
		fmt.Println(key, valid)
	}
	// Output:
	// bob@example.com true
	// ü@xn--exmple-cua.de true
	// a@b.com, c@d.com false
}

func ExamplePhoneKey() {
	for _, s := range []string{"0470 12 34 56", "tel:+1-201-555-0123;ext=12", "n/a"} {
		key, valid := contact.PhoneKey(s, "BE")
		fmt.Printf("%q %t\n", key, valid)
	}
	// Output:
	// "+32470123456" true
	// "+12015550123;12" true
	// "" false
}

func ExampleParseSelector() {
	s, err := contact.ParseSelector("addresses[type=home].city")
	fmt.Println(s.Field, s.Type, s.Part, err)

	_, err = contact.ParseSelector("emails[first]")
	fmt.Println(err)
	// Output:
	// addresses home city <nil>
	// selector "emails[first]": [first] is neither [primary] nor [type=NAME]
}

func ExamplePatch_Apply() {
	schema := &contact.Schema{Fields: []contact.Field{
		{Name: "first", Type: contact.TypeText},
		{Name: "tags", Type: contact.TypeSet},
	}}
	before := contact.Fields{"first": contact.Text("Ann"), "tags": contact.Set("lead", "news")}
	patch := contact.Patch{
		"first": {Set: contact.Text("Anna")},
		"tags": {
			Add:    []contact.Entry{{Value: contact.Text("customer")}},
			Remove: []contact.Entry{{Value: contact.Text("Lead")}},
		},
	}
	after := patch.Apply(before, schema)
	fmt.Println(after["first"], "|", after["tags"])
	// Output: Anna | news, customer
}

func ExampleFields_Digest() {
	read := contact.Fields{"first": contact.Text("Ann"), "tags": contact.Set("vip", "news")}
	again := contact.Fields{"first": contact.Text("Ann"), "tags": contact.Set("news", "vip")}
	edited := contact.Fields{"first": contact.Text("Anna"), "tags": contact.Set("news", "vip")}
	fmt.Println(read.Digest() == again.Digest(), read.Digest() == edited.Digest())
	// Output: true false
}

func ExampleDecoder() {
	d := contact.NewDecoder(`{"id": "a1", "fields": {"first": "Ann"}, "seen": 3}`)
	var rec contact.Record
	err := d.Object(func(key string) (err error) {
		switch key {
		case "id":
			rec.ID, err = d.String()
		case "fields":
			rec.Fields, err = d.Fields()
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	fmt.Println(rec.ID, rec.Get("first"), err)

	_, err = contact.ParseFields([]byte(`{"emails": [{"valeu": "ann@example.com"}]}`))
	fmt.Println(err)
	// Output:
	// a1 Ann <nil>
	// JSON at byte 21, in "emails[0].valeu": an entry has no such key; it has value, type, primary
}
