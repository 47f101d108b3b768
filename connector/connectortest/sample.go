package connectortest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync/contact"
)

// sample returns the fields of the n-th person.
func (e *exam) sample(n int) contact.Fields {
	if e.suite.Sample != nil {
		return e.suite.Sample(n)
	}
	fields := contact.Fields{}
	for _, f := range e.schema.Fields {
		if !f.ReadOnly {
			fields[f.Name] = sampleValue(f, n)
		}
	}
	return fields
}

// writable returns the fields that the sample persons have and that can be written, in the schema's order.
func (e *exam) writable() []contact.Field {
	person := e.sample(0)
	var fields []contact.Field
	for _, f := range e.schema.Fields {
		if !f.ReadOnly && !person[f.Name].Blank() {
			fields = append(fields, f)
		}
	}
	return fields
}

// names returns the names of fields.
func names(fields []contact.Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	return out
}

// sampleValue returns a value of the field for the n-th person.
func sampleValue(f contact.Field, n int) contact.Value {
	switch {
	case f.Type == contact.TypeSet:
		return contact.Set(sampleElements(f, n)...)
	case f.Many:
		first := contact.Entry{Value: sampleScalar(f, 2*n), Primary: true}
		if f.MaxEntries == 1 {
			return contact.List(first)
		}
		return contact.List(first, contact.Entry{Value: sampleScalar(f, 2*n+1)})
	}
	return sampleScalar(f, n)
}

// sampleElements returns two elements of a set, or one if it cannot hold more.
func sampleElements(f contact.Field, n int) []string {
	elements := []string{fmt.Sprintf("Tag %d", n), fmt.Sprintf("Étiquette %d", n)}
	if k := len(f.Options); k > 0 {
		elements = []string{f.Options[n%k], f.Options[(n+1)%k]}
	}
	elements = slices.Compact(elements)
	if f.MaxEntries == 1 {
		return elements[:1]
	}
	return elements
}

// sampleScalar returns the n-th of a field's single values. Text has letters of several scripts, in composed and
// decomposed form, of one to four bytes of UTF-8.
func sampleScalar(f contact.Field, n int) contact.Value {
	switch f.Type {
	case contact.TypeEmail:
		return contact.Text(fmt.Sprintf("person%d@example.com", n))
	case contact.TypePhone:
		return contact.Text(fmt.Sprintf("+32470%06d", 123000+n))
	case contact.TypeURL:
		return contact.Text(fmt.Sprintf("https://example.com/%d", n))
	case contact.TypeNumber:
		return contact.Int(int64(n))
	case contact.TypeBool:
		return contact.Bool(n%2 == 0)
	case contact.TypeDate:
		return contact.Date(1980+n%20, time.Month(1+n%12), 1+n%28)
	case contact.TypeDateTime:
		return contact.DateTime(time.Date(2020, 1, 1, n%24, n%60, 0, 0, time.UTC).AddDate(0, 0, n))
	case contact.TypeAddress:
		return contact.Postal(contact.Address{Street: fmt.Sprintf("Rue de la Paix %d", n), City: "Liège", PostalCode: "4000", Country: "Belgium"})
	case contact.TypeChoice:
		if k := len(f.Options); k > 0 {
			return contact.Text(f.Options[n%k])
		}
	}
	return contact.Text(cut(fmt.Sprintf("%d Zoë Zoe\u0308 Ωmega 李小龍 😀", n), f.MaxLength))
}

// cut returns the first most characters of text, without space at its end; all of it if most is 0.
func cut(text string, most int) string {
	if runes := []rune(text); most > 0 && len(runes) > most {
		text = string(runes[:most])
	}
	return strings.TrimSpace(text)
}
