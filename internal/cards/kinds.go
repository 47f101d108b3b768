package cards

import (
	"slices"
	"strings"

	"github.com/contactsync/contactsync/internal/vcard"
)

// labelName is the property by which Apple names the kind of a grouped property: item1.X-ABLabel:Ski hut.
const labelName = "X-ABLABEL"

// kindOf returns the kind of an entry, such as "work" or "home fax": Apple's label where there is one, else what
// the TYPE parameters say; "" if they say nothing that tells entries apart.
func kindOf(card *vcard.Card, p *vcard.Property) (string, error) {
	if label := labelOf(card, p); label >= 0 {
		text, err := card.Text(&card.Properties[label])
		if err != nil {
			return "", err
		}
		if text = strings.TrimSpace(text); text != "" {
			return fromAppleLabel(text), nil
		}
	}
	return kindOfTypes(p), nil
}

// labelOf returns the index of the X-ABLabel in the property's group, -1 if there is none.
func labelOf(card *vcard.Card, p *vcard.Property) int {
	if p.Group == "" {
		return -1
	}
	for i := range card.Properties {
		q := &card.Properties[i]
		if q.Name == labelName && strings.EqualFold(q.Group, p.Group) {
			return i
		}
	}
	return -1
}

// fromAppleLabel returns the kind that a label names. Apple writes its own ones as _$!<HomeFAX>!$_.
func fromAppleLabel(label string) string {
	inner, ok := strings.CutPrefix(label, "_$!<")
	if !ok {
		return label
	}
	inner, ok = strings.CutSuffix(inner, ">!$_")
	if !ok {
		return label
	}
	switch inner = strings.ToLower(inner); inner {
	case "homefax":
		return "home fax"
	case "workfax":
		return "work fax"
	case "otherfax":
		return "other fax"
	}
	return inner
}

// isNoKind reports whether a TYPE says nothing about the kind of an entry: that it is preferred, or what every
// entry of its property is.
func isNoKind(name, t string) bool {
	switch t {
	case "", "pref", "internet":
		return true
	case "voice":
		return name == "TEL"
	case "dom", "intl", "postal", "parcel":
		return name == "ADR"
	}
	return false
}

// kindOfTypes returns the kind that TYPE parameters name: places first, then devices, as in "work fax".
func kindOfTypes(p *vcard.Property) string {
	var buffer [4]string
	kinds := buffer[:0]
	for i := range p.Params {
		if p.Params[i].Name != "TYPE" {
			continue
		}
		t := lowerKind(p.Params[i].Value)
		if isNoKind(p.Name, t) || slices.Contains(kinds, t) {
			continue
		}
		if t == "cell" {
			t = "mobile"
		}
		kinds = append(kinds, t)
	}
	switch len(kinds) {
	case 0:
		return ""
	case 1:
		return kinds[0]
	}
	slices.SortStableFunc(kinds, func(a, b string) int { return placeOrder(a) - placeOrder(b) })
	return strings.Join(kinds, " ")
}

// lowerKind is strings.ToLower that does not allocate for the common types.
func lowerKind(t string) string {
	switch t {
	case "HOME", "Home", "home":
		return "home"
	case "WORK", "Work", "work":
		return "work"
	case "CELL", "Cell", "cell":
		return "cell"
	case "INTERNET", "Internet", "internet":
		return "internet"
	case "OTHER", "Other", "other":
		return "other"
	}
	return strings.ToLower(strings.TrimSpace(t))
}

func placeOrder(kind string) int {
	switch kind {
	case "home", "work", "other":
		return 0
	}
	return 1
}

// typesOf returns the TYPE values that say a kind, and whether they can: one token, or a place and devices, as in
// "work fax". Other kinds need an Apple label.
func typesOf(kind string) (types []string, ok bool) {
	kind = strings.ToLower(kind)
	several := strings.Contains(kind, " ")
	for t := range strings.SplitSeq(kind, " ") {
		if t == "" || isNoKind("TEL", t) || isNoKind("ADR", t) || strings.IndexFunc(t, notToken) >= 0 || slices.Contains(types, t) {
			return nil, false
		}
		if several && (placeOrder(t) != 0) != (len(types) > 0) {
			return nil, false
		}
		if t == "mobile" {
			t = "cell"
		}
		types = append(types, t)
	}
	return types, len(types) == 1 || !slices.ContainsFunc(types[1:], isNoDevice)
}

// isNoDevice reports whether a TYPE is none of those that say what a phone number is for (RFC 2426 section 3.3.1,
// RFC 6350 section 6.4.1, and the main number and the iPhone of Apple).
func isNoDevice(t string) bool {
	switch t {
	case "cell", "fax", "pager", "video", "text", "msg", "car", "isdn", "bbs", "modem", "pcs", "textphone", "main", "iphone":
		return false
	}
	return true
}

func notToken(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-')
}

// withTypes returns the head of an entry with types, in the way of the card's version.
func withTypes(version string, head vcard.Head, types []string) vcard.Head {
	if len(types) == 0 {
		return head
	}
	switch version {
	case "2.1":
		for _, t := range types {
			head = head.With(strings.ToUpper(t))
		}
		return head
	case "3.0":
		return head + ";TYPE=" + vcard.Head(strings.ToUpper(strings.Join(types, ",")))
	}
	return head + ";TYPE=" + vcard.Head(strings.Join(types, ","))
}

// withoutKind returns the head without the types that say a kind.
func withoutKind(head vcard.Head, name string) vcard.Head {
	return head.Without(func(p vcard.Param) bool {
		return p.Name == "TYPE" && !isNoKind(name, strings.ToLower(p.Value))
	})
}

// isPreferred reports whether a TYPE says that the entry is the preferred one, which 4.0 says by PREF.
func isPreferred(p vcard.Param) bool {
	return p.Name == "PREF" || p.Name == "TYPE" && strings.EqualFold(p.Value, "pref")
}

func withPreferred(version string, head vcard.Head) vcard.Head {
	switch version {
	case "2.1":
		return head.With("PREF")
	case "3.0":
		return head.With("TYPE=PREF")
	}
	return head.With("PREF=1")
}
