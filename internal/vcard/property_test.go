package vcard_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/contactsync/contactsync/internal/vcard"
)

// lineOf draws one line of a card in a version: every construct of vCard 2.1, RFC 2426, RFC 6350 and of Apple.
func lineOf(t *rapid.T, version string) string {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("abc xyz,;:\\=\"^é李😀-./@0123")), 0, 60, -1)
	value := func() string {
		s := text.Draw(t, "value")
		if version == "2.1" {
			return strings.Map(func(r rune) rune {
				if r > 0x7e {
					return 'x'
				}
				return r
			}, s)
		}
		return vcard.EscapeText(s)
	}
	kinds := []func() string{
		func() string { return "FN:" + value() },
		func() string { return fmt.Sprintf("N:%s;%s;%s;;", value(), value(), value()) },
		func() string { return "TEL;TYPE=WORK,VOICE;TYPE=pref:" + value() },
		func() string { return "item1.EMAIL;type=INTERNET;type=pref:" + value() },
		func() string { return "item1.X-ABLabel:_$!<Home>!$_" },
		func() string { return "item2.X-ABADR:us" },
		func() string { return fmt.Sprintf("ADR;TYPE=HOME:;;%s;%s;;%s;", value(), value(), value()) },
		func() string { return "CATEGORIES:" + value() + "," + value() },
		func() string { return "X-" + rapid.StringMatching(`[A-Za-z0-9-]{1,8}`).Draw(t, "x") + ":" + value() },
		func() string { return "NOTE:" + value() },
		func() string { return "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQEA\r\n AAAAAAAA\r\n  BBBB==" },
		func() string {
			return "item3.LOGO;BASE64:AAAAAAAAAAAAAAAAAAAAAAAA\r\nBBBBBBBBBBBBBBBBBBBBBBBBBBBB\r\n\r\nNICKNAME:x"
		},
		func() string { return "URL:https://example.com/?a=1,2;3" },
		func() string { return "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12" },
		func() string { return "" },
	}
	switch version {
	case "2.1":
		kinds = append(kinds,
			func() string { return "TEL;CELL;PREF:" + value() },
			func() string { return "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:caf=C3=\r\n=A9 =\r\n end" },
			func() string { return "AGENT:\r\nBEGIN:VCARD\r\nVERSION:2.1\r\nFN:Bob\r\nEND:VCARD" },
			func() string { return "LABEL;QUOTED-PRINTABLE;HOME:1 Main St=0D=0A=\r\nBoston" },
		)
	case "4.0":
		kinds = append(kinds,
			func() string { return "TEL;VALUE=uri;PREF=1;TYPE=\"voice,home\":tel:+1-555-555-5555;ext=5555" },
			func() string { return "KIND:individual" },
			func() string { return "MEMBER:urn:uuid:03a0e51f-d1aa-4385-8a53-e29025acd8af" },
			func() string { return "N;SORT-AS=\"Harten,Rene\":van der Harten;Rene,J.;Sir;R.D.O.N." },
			func() string { return "ADR;GEO=\"geo:12.3457,78.910\";LABEL=\"Mr. ^'X^'^n1 St\":;;1 St;City;;;" },
			func() string { return "BDAY:--0412" },
			func() string { return "CLIENTPIDMAP:1;urn:uuid:3df403f4-5924-4bb7-b077-3c711d9eb34b" },
			func() string { return "RELATED;TYPE=friend:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6" },
		)
	default:
		kinds = append(kinds,
			func() string { return `AGENT:BEGIN:VCARD\nFN:Susan Thomas\nEND:VCARD\n` },
			func() string { return "KEY;ENCODING=b:AAAA" },
			func() string { return "SORT-STRING:Harten" },
			func() string { return "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1" },
		)
	}
	return rapid.SampledFrom(kinds).Draw(t, "kind")()
}

// cardText draws a whole card, folded and ended as programs do.
func cardText(t *rapid.T) string {
	version := rapid.SampledFrom([]string{"2.1", "3.0", "4.0"}).Draw(t, "version")
	newline := rapid.SampledFrom([]string{"\r\n", "\n"}).Draw(t, "newline")
	lines := []string{"BEGIN:VCARD", "VERSION:" + version}
	for range rapid.IntRange(0, 12).Draw(t, "lines") {
		line := lineOf(t, version)
		if at := rapid.IntRange(0, 200).Draw(t, "fold"); version != "2.1" && at > 8 && at < len(line) && !strings.Contains(line, "\r") {
			line = line[:at] + "\r\n " + line[at:]
		}
		lines = append(lines, strings.ReplaceAll(line, "\r\n", newline))
	}
	text := strings.Join(append(lines, "END:VCARD"), newline)
	if rapid.Bool().Draw(t, "ends") {
		text += newline
	}
	return text
}

// TestUnchangedCardsStay parses whatever card and writes it back.
func TestUnchangedCardsStay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := cardText(t)
		card, err := vcard.Parse(text, 1)
		if err != nil {
			t.Fatalf("a card that programs write is refused: %v\n%q", err, text)
		}
		if got := card.Edit().String(); got != text {
			t.Fatalf("written back otherwise:\n%q\n%q", text, got)
		}
		spans := split(text)
		if len(spans) != 1 || spans[0].Err != nil || spans[0].Text.Held != text {
			t.Fatalf("not found as one card: %v", spans)
		}
	})
}

// TestAnEditChangesItsLinesOnly sets one property of whatever card, reads it back and compares the others.
func TestAnEditChangesItsLinesOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		card, err := vcard.Parse(cardText(t), 1)
		if err != nil {
			t.Fatal(err)
		}
		index := rapid.IntRange(-1, len(card.Properties)-1).Draw(t, "index")
		head := vcard.Head("X-NEW")
		if index >= 0 {
			if p := &card.Properties[index]; p.Opaque || p.Name == "VERSION" {
				return
			}
			head = card.Properties[index].Head()
		}
		want := rapid.StringOfN(rapid.RuneFrom([]rune("ab ,;:\\=\n\"^é李😀END:VCARDBGI")), 0, 300, -1).Draw(t, "text")
		edit := card.Edit()
		edit.Put(index, head, card.TextValue(want))
		changed, err := vcard.Parse(edit.String(), 1)
		if err != nil {
			t.Fatalf("the edited card cannot be read: %v\n%q", err, edit.String())
		}
		at := index
		if at < 0 {
			at = len(changed.Properties) - 1
			for changed.Properties[at].Name != "X-NEW" {
				at--
			}
		}
		if got, err := changed.Text(&changed.Properties[at]); err != nil || got != want {
			t.Fatalf("set %q, read %q (%v) in\n%q", want, got, err, edit.String())
		}
		others := func(c *vcard.Card, skip int) string {
			e := c.Edit()
			e.Remove(skip)
			return e.String()
		}
		before := card.String()
		if index >= 0 {
			before = others(card, index)
		}
		if got := others(changed, at); got != before {
			t.Fatalf("other lines changed:\n%q\n%q", before, got)
		}
	})
}

// TestComponentsAndListsReadBack sets components of a structured value, and lists, and reads them back.
func TestComponentsAndListsReadBack(t *testing.T) {
	t.Parallel()
	element := rapid.StringOfN(rapid.RuneFrom([]rune("ab ,;:\\=\né李")), 0, 20, -1)
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom([]string{"2.1", "3.0", "4.0"}).Draw(t, "version")
		want := rapid.SliceOfN(element, 1, 6).Draw(t, "elements")
		card, err := vcard.Parse(cardOf(version, "X-C:", "X-L:"), 1)
		if err != nil {
			t.Fatal(err)
		}
		edit := card.Edit()
		edit.Put(1, "X-C", card.ComponentsValue(want...))
		edit.Put(2, "X-L", card.ListValue(want...))
		changed, err := vcard.Parse(edit.String(), 1)
		if err != nil {
			t.Fatal(err)
		}
		components, err1 := changed.Components(&changed.Properties[1])
		list, err2 := changed.List(&changed.Properties[2])
		if fmt.Sprintf("%q", components) != fmt.Sprintf("%q", want) || err1 != nil {
			t.Fatalf("components %q, want %q (%v)\n%s", components, want, err1, edit)
		}
		if fmt.Sprintf("%q", list) != fmt.Sprintf("%q", want) || err2 != nil {
			t.Fatalf("list %q, want %q (%v)\n%s", list, want, err2, edit)
		}
		k := rapid.IntRange(0, len(want)).Draw(t, "component")
		value, err := changed.WithComponents(&changed.Properties[1], map[int]string{k: "new; é"})
		if err != nil {
			t.Fatal(err)
		}
		again := changed.Edit()
		again.Put(1, changed.Properties[1].Head(), value)
		last, err := vcard.Parse(again.String(), 1)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, "")[:max(len(want), k+1)]
		want[k] = "new; é"
		if got, err := last.Components(&last.Properties[1]); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) || err != nil {
			t.Fatalf("after a change of component %d: %q, want %q (%v)", k, got, want, err)
		}
	})
}
