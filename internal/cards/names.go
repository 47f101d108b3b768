package cards

import (
	"slices"
	"strings"

	"github.com/contactsync/contactsync/internal/vcard"
)

// composeName returns the full name of the components of N, in the order of the West.
func composeName(n [5]string) string { return joinBlank(n[3], n[1], n[2], n[0], n[4]) }

// nameForms are the ways in which programs make FN of N: whole; without prefix, middle name and suffix; family name
// first, with and without a space.
var nameForms = []func(n [5]string) string{
	composeName,
	func(n [5]string) string { return joinBlank(n[1], n[2], n[0]) },
	func(n [5]string) string { return joinBlank(n[1], n[0]) },
	func(n [5]string) string { return joinBlank(n[0], n[1]) },
	func(n [5]string) string { return n[0] + n[1] },
}

// recompose returns the full name of the new components, in the form in which fn was the full name of the old ones,
// and whether it was: a full name that somebody chose freely stays.
func recompose(fn string, old, changed [5]string) (string, bool) {
	if strings.TrimSpace(fn) == "" {
		return composeName(changed), true
	}
	for _, form := range nameForms {
		if form(old) == strings.TrimSpace(fn) {
			if name := form(changed); name != "" {
				return name, true
			}
			return composeName(changed), true
		}
	}
	return "", false
}

func joinBlank(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" })
	return strings.Join(parts, " ")
}

// derivedName returns the full name of a card that has none: of its N, else its company, else an email, nickname or
// phone number; "" if it has none of them. Properties that cannot be read are passed over: reading their own field
// tells why.
func derivedName(card *vcard.Card) string {
	if parts, err := nameComponents(card); err == nil {
		if name := composeName(parts); name != "" {
			return name
		}
	}
	for _, property := range []string{"ORG", "EMAIL", "NICKNAME", "TEL", "URL"} {
		for i := range card.Properties {
			p := &card.Properties[i]
			if p.Name != property {
				continue
			}
			text, err := card.Text(p)
			if property == "ORG" && err == nil {
				components, _ := card.Components(p)
				text = components[0]
			}
			if err == nil && strings.TrimSpace(text) != "" {
				return text
			}
		}
	}
	return ""
}
