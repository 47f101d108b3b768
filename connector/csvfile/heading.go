package csvfile

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/contactsync/contactsync/contact"
)

// Ranks of a heading among those of one meaning: the lowest bears the meaning.
const (
	rankPlain = iota // "Phone Number"
	rankMobile
	rankHome
	rankWork
	rankOther // "Primary Phone", which Outlook exports empty
)

// A guess is what a heading most likely means. The zero guess is no guess.
type guess struct {
	meaning string
	rank    int // of rankPlain ...
	number  int // in "E-mail 2 - Value" 2; 0 if the heading has none
}

// normalHeading returns the heading in lower case, its words separated by single spaces: "E-mail 1 - Value" is
// "e mail 1 value".
func normalHeading(heading string) string {
	words := strings.FieldsFunc(strings.ToLower(contact.NormalText(heading)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
	return strings.Join(words, " ")
}

// guessHeading returns what a normal heading means. A number in it is set aside: "e mail 2 value" is the second
// "e mail value".
func guessHeading(normal string) guess {
	if g := knownHeading(normal); g.meaning != "" {
		return g
	}
	words := strings.Fields(normal)
	for i, w := range words {
		n, err := strconv.Atoi(w)
		if err != nil || n < 1 {
			continue
		}
		rest := append(append([]string{}, words[:i]...), words[i+1:]...)
		if g := knownHeading(strings.Join(rest, " ")); g.meaning != "" {
			g.number = n
			return g
		}
	}
	return guess{}
}

// knownHeading knows the headings of the exports of Google Contacts (both forms), Outlook and HubSpot, and what
// people write themselves.
func knownHeading(normal string) guess {
	if rest, rank, ok := placedHeading(normal); ok {
		if m := placedMeaning(rest); m != "" {
			return guess{meaning: m, rank: rank}
		}
	}
	switch normal {
	case "mobile", "cell", "mobile number":
		return guess{meaning: "phone", rank: rankMobile}
	}
	m := plainMeaning(normal)
	if m == "" {
		m = placedMeaning(normal)
	}
	return guess{meaning: m}
}

// placedHeading cuts off the word that says at which place an address or phone is.
func placedHeading(normal string) (rest string, rank int, ok bool) {
	first, rest, ok := strings.Cut(normal, " ")
	switch first {
	case "mobile", "cell":
		return rest, rankMobile, ok
	case "home", "personal", "private":
		return rest, rankHome, ok
	case "business", "work", "company", "office":
		return rest, rankWork, ok
	case "other", "primary":
		return rest, rankOther, ok
	}
	return "", 0, false
}

// placedMeaning returns the meaning of a heading that may come with a place: "phone", "home phone".
func placedMeaning(normal string) string {
	switch normal {
	case "phone", "phone number", "telephone", "telephone number", "phone value", "tel":
		return "phone"
	case "email", "e mail", "email address", "e mail address", "e mail value", "email value", "mail":
		return "email"
	case "street", "street address", "address street", "address line":
		return "street"
	case "city", "address city", "town":
		return "city"
	case "state", "region", "state region", "address region", "province", "county":
		return "region"
	case "postal code", "zip", "zip code", "postcode", "address postal code":
		return "postal_code"
	case "country", "country region", "address country":
		return "country"
	case "po box", "address po box", "address po box number":
		return "po_box"
	case "web page", "website", "website url", "url", "website value", "homepage":
		return "website"
	}
	return ""
}

// plainMeaning returns the meaning of a heading that comes without a place.
func plainMeaning(normal string) string {
	switch normal {
	case "first name", "given name", "firstname", "first", "forename":
		return "first"
	case "last name", "family name", "lastname", "last", "surname":
		return "last"
	case "name", "full name", "display name", "fullname":
		return "name"
	case "middle name", "additional name":
		return "middle"
	case "name prefix", "prefix", "salutation":
		return "prefix"
	case "name suffix", "suffix":
		return "suffix"
	case "nickname":
		return "nickname"
	case "company", "company name", "organization", "organisation", "organization name", "associated company":
		return "company"
	case "job title", "title", "organization title":
		return "title"
	case "department", "organization department":
		return "department"
	case "notes", "note":
		return "notes"
	case "labels", "label", "group membership", "tags", "tag", "categories", "category", "groups":
		return "tags"
	case "birthday", "birth date", "date of birth":
		return "birthday"
	case "anniversary":
		return "anniversary"
	case "address extended address", "address line 2":
		return "extended"
	}
	return ""
}

// meaningType returns the type of a field of that meaning.
func meaningType(meaning string) contact.Type {
	switch meaning {
	case "email":
		return contact.TypeEmail
	case "phone":
		return contact.TypePhone
	case "website":
		return contact.TypeURL
	case "tags":
		return contact.TypeSet
	case "birthday", "anniversary":
		return contact.TypeDate
	}
	return contact.TypeText
}

// isMeaning reports whether a field name is one of the meanings.
func isMeaning(name string) bool {
	switch name {
	case "postal_code", "po_box", "extended":
		return true
	}
	return plainMeaning(name) == name || placedMeaning(name) == name
}

// keyRank returns how well a normal heading suits a key: 0 for not at all, else the lower the better.
func keyRank(normal string) int {
	switch normal {
	case "record id contact":
		return 1
	case "record id":
		return 2
	case "contact id":
		return 3
	case "id":
		return 4
	case "uid", "uuid", "guid":
		return 5
	}
	return 0
}
