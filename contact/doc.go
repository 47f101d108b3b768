// Package contact is the language in which apps talk about people: records of fields, the values that
// fields hold, and the schema that says what an app's fields mean.
//
// A [Record] is what an app holds of one person: an id, an opaque version and named [Value]s. A value that is
// absent was not read; one that is [Empty] is known to be empty. They are never confused: the zero Value is
// absent, and in JSON absent is left out while empty is null.
//
// Whether two values mean the same is for the [Field] to say, by its type: the case of an email, the spelling
// of a phone number, the order of a set and surrounding space are no difference ([Field.Same]). Values are
// compared by meaning and never rewritten: what a user typed is kept as it was typed.
//
//	rec := contact.Record{ID: "a1", Fields: contact.Fields{
//		"first": contact.Text("Ann"),
//		"email": contact.Text("ann@example.com"),
//		"tags":  contact.Set("vip", "news"),
//	}}
package contact
