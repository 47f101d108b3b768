package contactsync

import (
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// A Person is what a [Scorer] sees of a record, whatever the fields of its app are called: found by their type and
// meaning. What the app does not tell, or holds blank, is "" or nil.
type Person struct {
	Given, Family string   // where the app has them apart
	Name          string   // the full name, where the app has it
	Emails        []string // as they are compared ([contact.EmailKey]), sorted; only valid ones
	Phones        []string // in E.164 form ([contact.PhoneKey]) where that is known, else their digits; sorted
	Company       string
	Birthday      string // "1985-04-12", or "--04-12" without year
	Addresses     []contact.Address
	Record        contact.Record // all that was read of it
}

// personMeanings are the meanings of the fields that a Person is made of, beside all emails, phones and addresses.
var personMeanings = []string{"first", "last", "name", "company", "birthday", "street", "city", "region", "postal_code", "country"}

// personFields returns the fields of an app that a Person is made of.
func personFields(schema *contact.Schema) []string {
	var names []string
	for _, f := range schema.Fields {
		if f.Type == contact.TypeEmail || f.Type == contact.TypePhone || f.Type == contact.TypeAddress || slices.Contains(personMeanings, f.Meaning) {
			names = append(names, f.Name)
		}
	}
	return names
}

// person returns what a scorer sees of a record of side s.
func (cfg *config) person(s Side, rec contact.Record) Person {
	p := Person{Record: rec}
	text := map[string]string{}
	for _, name := range personFields(cfg.schema[s]) {
		f, _ := cfg.schema[s].Field(name)
		v := rec.Fields[name]
		if f.Type == contact.TypeEmail || f.Type == contact.TypePhone || f.Type == contact.TypeAddress {
			p.take(f.Type, v, cfg.Match.Region)
			for _, e := range elements(v) {
				p.take(f.Type, e.Value, cfg.Match.Region)
			}
			continue
		}
		if text[f.Meaning] == "" {
			text[f.Meaning] = contact.NormalText(v.Str())
		}
	}
	p.Given, p.Family, p.Name, p.Company, p.Birthday = text["first"], text["last"], text["name"], text["company"], text["birthday"]
	if a := (contact.Address{Street: text["street"], City: text["city"], Region: text["region"], PostalCode: text["postal_code"], Country: text["country"]}); a != (contact.Address{}) {
		p.Addresses = append(p.Addresses, a)
	}
	for _, list := range []*[]string{&p.Emails, &p.Phones} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return p
}

// take adds one email, phone or address to a person, if it can tell anybody apart.
func (p *Person) take(t contact.Type, v contact.Value, region string) {
	switch t {
	case contact.TypeEmail:
		if key, ok := contact.EmailKey(v.Str()); ok {
			p.Emails = append(p.Emails, key)
		}
	case contact.TypePhone:
		key, ok := contact.PhoneKey(v.Str(), region)
		if !ok {
			key = strings.TrimLeft(contact.PhoneDigits(v.Str()), "0")
		}
		if ok || len(key) >= phoneDigits && strings.Trim(key, "0123456789") == "" {
			p.Phones = append(p.Phones, key)
		}
	case contact.TypeAddress:
		if v.Kind() == contact.KindAddress {
			p.Addresses = append(p.Addresses, v.Address())
		}
	}
}

// phoneDigits is how many digits at the end of a number tell it apart, where its country is not known.
const phoneDigits = 8

// line returns the digits at the end of a number, by which it is compared with one whose country is not known.
func line(phone string) string { return phone[max(0, len(phone)-phoneDigits):] }
