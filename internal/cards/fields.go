package cards

import (
	"github.com/contactsync/contactsync/contact"
)

// Labels is the name of the field that holds the labels of a card: its CATEGORIES, and the groups that it is in.
const Labels = "labels"

// The names of the fields.
const (
	fieldName        = "name"
	fieldFirst       = "first"
	fieldLast        = "last"
	fieldMiddle      = "middle"
	fieldPrefix      = "prefix"
	fieldSuffix      = "suffix"
	fieldNickname    = "nickname"
	fieldEmails      = "emails"
	fieldPhones      = "phones"
	fieldAddresses   = "addresses"
	fieldCompany     = "company"
	fieldDepartment  = "department"
	fieldTitle       = "title"
	fieldRole        = "role"
	fieldNotes       = "notes"
	fieldBirthday    = "birthday"
	fieldAnniversary = "anniversary"
	fieldURLs        = "urls"
	fieldLabels      = Labels
	fieldUID         = "uid"
)

// maxNotes is how many characters fit into one line of a card whatever they are ([vcard.MaxLine]).
const maxNotes = 16000

func text(name, label, meaning string) contact.Field {
	return contact.Field{Name: name, Label: label, Type: contact.TypeText, Meaning: meaning}
}

// fields are the fields of a card, in the order in which a new card holds them.
var fields = []contact.Field{
	text(fieldName, "Full name", "name"),
	text(fieldFirst, "First name", "first"),
	text(fieldLast, "Last name", "last"),
	text(fieldMiddle, "Middle name", "middle"),
	text(fieldPrefix, "Prefix", "prefix"),
	text(fieldSuffix, "Suffix", "suffix"),
	text(fieldNickname, "Nickname", "nickname"),
	{Name: fieldEmails, Label: "Emails", Type: contact.TypeEmail, Many: true, Meaning: "email"},
	{Name: fieldPhones, Label: "Phones", Type: contact.TypePhone, Many: true, Meaning: "phone"},
	{Name: fieldAddresses, Label: "Addresses", Type: contact.TypeAddress, Many: true, Meaning: "address"},
	text(fieldCompany, "Company", "company"),
	text(fieldDepartment, "Department", "department"),
	text(fieldTitle, "Job title", "title"),
	text(fieldRole, "Role", "role"),
	{Name: fieldNotes, Label: "Notes", Type: contact.TypeText, Meaning: "notes", MaxLength: maxNotes},
	{Name: fieldBirthday, Label: "Birthday", Type: contact.TypeDate, Meaning: "birthday"},
	{Name: fieldAnniversary, Label: "Anniversary", Type: contact.TypeDate, Meaning: "anniversary"},
	{Name: fieldURLs, Label: "Web pages", Type: contact.TypeURL, Many: true, Meaning: "url"},
	{Name: fieldLabels, Label: "Labels", Type: contact.TypeSet, Meaning: "labels"},
	{Name: fieldUID, Label: "UID", Type: contact.TypeText, ReadOnly: true},
}

func fieldNamed(name string) (contact.Field, bool) {
	for _, f := range fields {
		if f.Name == name {
			return f, true
		}
	}
	return contact.Field{}, false
}

// Fields returns the fields of a card, in the order in which a new card holds them.
func Fields() []contact.Field { return append([]contact.Field(nil), fields...) }
