// Package contact is the language in which apps talk about people: records of fields, the values that
// fields hold, and the schema that says what an app's fields mean.
//
// A [Record] is what an app holds of one person: an id, an opaque version and fields, each with a name and a [Value].
// A value that is absent was not read; one that is [Empty] is known to be empty. They are never confused: the zero
// Value is absent, and in JSON absent is left out while empty is null.
//
//	rec := contact.Record{ID: "a1", Fields: contact.Fields{
//		"first": contact.Text("Ann"),
//		"email": contact.Text("ann@example.com"),
//		"tags":  contact.Set("vip", "news"),
//	}}
//
// # What is the same
//
// Whether two values mean the same is for the [Field] to say, by its type. Values are compared by meaning and
// never rewritten: what a user typed is kept as it was typed. [Field.Same] compares, [Field.Key] and
// [Field.EntryKey] give a text to look up by.
//
//	text, url, choice   Unicode form C without surrounding space (NormalText); case counts
//	email               without case, the domain in ASCII (EmailKey)
//	phone               the number in some numbering plan (PhoneKey), else its digits (PhoneDigits)
//	number              the number: 42, 42.0 and 4.2e1
//	date                the day, with year or without: 19850412 and 1985-04-12, --0412 and --04-12
//	datetime            the point in time, whatever its zone
//	set                 the elements without case and order
//	address             part by part, as text; without case where it is an entry of a list
//	list                the entries without order, each with its type and whether it is primary
//
// A text that is not what its field's type says, such as "n/a" in a field of dates, is compared as text.
// [Field.Check] finds such values; [Field.Coerce] brings a value into the form of its field.
//
// # JSON
//
// Values and fields have one canonical JSON form: equal content gives equal bytes, and reading it back gives an
// equal value. Reading is strict ([Decoder], [ParseFields]): what is doubtful is an error that names its place.
//
// # Changes
//
// A [Patch] names the fields of a record that change; of sets and lists it names the elements, so that what
// others did to the list meanwhile survives. A [Selector] names a field, an entry of a list or a part of an
// address, in the way connections write it: "phones[type=mobile]".
package contact
