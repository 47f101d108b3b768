package cards

import (
	"slices"
	"strconv"
	"strings"

	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/vcard"
)

// Wanted is a set of fields, by name; nil means all.
type Wanted map[string]bool

// WantedOf returns the set of the named fields.
func WantedOf(names []string) Wanted {
	w := Wanted{}
	for _, name := range names {
		w[name] = true
	}
	return w
}

func (w Wanted) has(name string) bool { return w == nil || w[name] }

// Read returns what a card says in the wanted fields. groups are the names of the group cards that the card
// is a member of. The error is an *vcard.Error: it names the line that cannot be read.
func Read(card *vcard.Card, want Wanted, groups []string) (contact.Fields, error) {
	size := len(fields)
	if want != nil {
		size = len(want)
	}
	r := reader{card: card, want: want, out: make(contact.Fields, size)}
	r.names()
	r.entries(fieldEmails, "EMAIL")
	r.entries(fieldPhones, "TEL")
	r.entries(fieldAddresses, "ADR")
	r.entries(fieldURLs, "URL")
	r.organization()
	r.text(fieldNickname, "NICKNAME")
	r.text(fieldTitle, "TITLE")
	r.text(fieldRole, "ROLE")
	r.text(fieldUID, "UID")
	r.notes()
	r.date(fieldBirthday, card.Find("BDAY"))
	r.date(fieldAnniversary, findAnniversary(card))
	r.labels(groups)
	return r.out, r.err
}

// reader reads the fields of one card; after an error it reads no more.
type reader struct {
	card *vcard.Card
	want Wanted
	out  contact.Fields
	err  error
}

// wants reports whether a field is to be read.
func (r *reader) wants(field string) bool { return r.err == nil && r.want.has(field) }

func (r *reader) decode(p *vcard.Property) string {
	if r.err != nil {
		return ""
	}
	text, err := r.card.Text(p)
	r.err = err
	return text
}

// text reads the first property of that name which is not blank.
func (r *reader) text(field, name string) {
	if !r.wants(field) {
		return
	}
	v := contact.Empty
	for i := range r.card.Properties {
		if p := &r.card.Properties[i]; p.Name == name && v.Blank() {
			v = contact.Text(r.decode(p))
		}
	}
	r.out[field] = v
}

// nameParts are the fields of N by the place of their component (RFC 6350 section 6.2.2).
var nameParts = []string{fieldLast, fieldFirst, fieldMiddle, fieldPrefix, fieldSuffix}

func (r *reader) names() {
	for i, part := range r.nameComponents() {
		if r.wants(nameParts[i]) {
			r.out[nameParts[i]] = contact.Text(part)
		}
	}
	if !r.wants(fieldName) {
		return
	}
	r.text(fieldName, "FN")
	if r.out[fieldName].Blank() && r.err == nil {
		name := derivedName(r.card)
		if name == "" {
			r.err = &vcard.Error{Line: r.card.Line, Problem: "the card has no name, company, email, nickname, phone number or web page; give it one"}
		}
		r.out[fieldName] = contact.Text(name)
	}
}

func (r *reader) nameComponents() [5]string {
	var parts [5]string
	if slices.ContainsFunc(nameParts, r.want.has) {
		parts, r.err = nameComponents(r.card)
	}
	return parts
}

// nameComponents returns the components of N: family, given, additional, prefixes, suffixes.
func nameComponents(card *vcard.Card) (parts [5]string, err error) {
	i := card.Find("N")
	if i < 0 {
		return parts, nil
	}
	components, err := card.Components(&card.Properties[i])
	copy(parts[:], components)
	return parts, err
}

func (r *reader) organization() {
	if !r.wants(fieldCompany) && !r.wants(fieldDepartment) {
		return
	}
	company, department := "", ""
	if i := r.card.Find("ORG"); i >= 0 {
		components, err := r.card.Components(&r.card.Properties[i])
		if r.err = err; err != nil {
			return
		}
		company, department = organizationOf(components)
	}
	if r.wants(fieldCompany) {
		r.out[fieldCompany] = contact.Text(company)
	}
	if r.wants(fieldDepartment) {
		r.out[fieldDepartment] = contact.Text(department)
	}
}

// organizationOf returns what the components of ORG say: the company, and the departments joined by semicolons.
func organizationOf(components []string) (company, department string) {
	department = strings.Join(components[1:], ";")
	if strings.Trim(department, "; ") == "" {
		department = "" // Apple ends every company with a semicolon
	}
	return components[0], department
}

// notes reads all NOTE lines, joined by line ends.
func (r *reader) notes() {
	if !r.wants(fieldNotes) {
		return
	}
	var notes []string
	for i := range r.card.Properties {
		if p := &r.card.Properties[i]; p.Name == "NOTE" {
			if note := r.decode(p); strings.TrimSpace(note) != "" {
				notes = append(notes, note)
			}
		}
	}
	r.out[fieldNotes] = contact.Text(strings.Join(notes, "\n"))
}

func (r *reader) labels(groups []string) {
	if !r.wants(fieldLabels) {
		return
	}
	var labels []string
	if labels, r.err = labelsOf(r.card, groups); r.err == nil {
		r.out[fieldLabels] = contact.Set(labels...)
	}
}

// labelsOf returns the labels of a card that is in these groups, each once.
func labelsOf(card *vcard.Card, groups []string) ([]string, error) {
	var labels, keys []string
	add := func(names []string) {
		for _, name := range names {
			name = strings.TrimSpace(name)
			if key := LabelKey(name); !slices.Contains(keys, key) {
				labels, keys = append(labels, name), append(keys, key)
			}
		}
	}
	for i := range card.Properties {
		if p := &card.Properties[i]; p.Name == "CATEGORIES" {
			elements, err := card.List(p)
			if err != nil {
				return nil, err
			}
			add(elements)
		}
	}
	add(groups)
	return labels, nil
}

// LabelKey returns the form in which labels are the same.
func LabelKey(label string) string {
	f, _ := fieldNamed(fieldLabels)
	return f.EntryKey(contact.Entry{Value: contact.Text(label)}, "")
}

// entries reads the properties of that name as a list.
func (r *reader) entries(field, name string) {
	if !r.wants(field) {
		return
	}
	list, err := readEntries(r.card, name, nil)
	r.err = err
	r.out[field] = contact.List(list...)
}

// readEntries returns the entries that the properties of that name hold, and in at, unless it is nil, for each the index
// of its property. Properties without a value are left out.
func readEntries(card *vcard.Card, name string, at *[]int) (list []contact.Entry, err error) {
	primary, best := -1, 101
	for i := range card.Properties {
		p := &card.Properties[i]
		if p.Name != name {
			continue
		}
		v, err := entryValue(card, p)
		if err != nil {
			return nil, err
		}
		if v.Blank() {
			continue
		}
		kind, err := kindOf(card, p)
		if err != nil {
			return nil, err
		}
		if rank := preference(p); rank < best {
			primary, best = len(list), rank
		}
		if list == nil {
			list = make([]contact.Entry, 0, count(card, name))
		}
		list = append(list, contact.Entry{Value: v, Type: kind})
		if at != nil {
			*at = append(*at, i)
		}
	}
	if primary >= 0 {
		list[primary].Primary = true
	}
	return list, nil
}

// count returns how many properties of that name the card has.
func count(card *vcard.Card, name string) (n int) {
	for i := range card.Properties {
		if card.Properties[i].Name == name {
			n++
		}
	}
	return n
}

// preference returns how much an entry is preferred, 1 being most (RFC 6350 section 5.3), 101 if it does not say.
func preference(p *vcard.Property) int {
	for _, param := range p.Params {
		if !isPreferred(param) {
			continue
		}
		if param.Name == "TYPE" {
			return 1
		}
		if n, err := strconv.Atoi(param.Value); err == nil && n >= 1 && n <= 100 {
			return n
		}
	}
	return 101
}

func entryValue(card *vcard.Card, p *vcard.Property) (contact.Value, error) {
	if p.Name == "ADR" {
		components, err := card.Components(p)
		return contact.Postal(addressOf(components)), err
	}
	text, err := card.Text(p)
	if p.Name == "TEL" {
		text = fromTelURI(text)
	}
	return contact.Text(text), err
}

// addressOf returns the address of the components of ADR (RFC 6350 section 6.3.1).
func addressOf(components []string) contact.Address {
	var c [7]string
	copy(c[:], components)
	return contact.Address{POBox: c[0], Extended: c[1], Street: c[2], City: c[3], Region: c[4], PostalCode: c[5], Country: c[6]}
}

func addressComponents(a contact.Address) [7]string {
	return [7]string{a.POBox, a.Extended, a.Street, a.City, a.Region, a.PostalCode, a.Country}
}

// fromTelURI returns the number of a tel: URI (RFC 3966), which 4.0 prefers; other text as it is.
func fromTelURI(text string) string {
	if len(text) > 4 && strings.EqualFold(text[:4], "tel:") {
		return text[4:]
	}
	return text
}
