package contact_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/contactsync/contactsync/contact"
)

// texts draws texts that are likely to mean the same in some field: spellings of a few emails, numbers, dates,
// phones and words.
func texts() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"a@b.com", "A@B.com", "Bob <a@b.com>", " a@b.com", "ü@exämple.de", "ü@xn--exmple-cua.de",
			"XN--a@b.com", `"x y"@b.com`, "é", "e\u0301", "\u212a", "k", "K", "ß", "SS", "ss", "\u200bann", "Ann ", "n/a", "-",
			"1985-04-12", "19850412", "--0412", "--04-12", "1985-02-30", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00+01:00",
			"42", "42.0", "4.2e1", "420e-1", "-0", "0", "0.0", "110", "*123#", "+1 201 555 0123 x12", "12015550123;ext=12"}),
		phones(),
		rapid.StringMatching(`-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?(e-?[0-9])?`),
		rapid.StringMatching(`[aA]{1,2}( ?<?[aA]@[bB]\.(com|COM)>?)?`),
		rapid.String(),
	)
}

// phones draws spellings of few numbers, with the digits that plans treat in their own way in front.
func phones() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		front := rapid.SampledFrom([]string{"", "0", "00", "+", "+32 ", "+32", "0032", "32", "+32(0)", "+320", "+1", "1", "+49", "+5411", "+54911", "0", "+39", "+390", "(0)"}).Draw(t, "front")
		number := rapid.SampledFrom([]string{"470123456", "470 12 34 56", "470.12.34.57", "201-555-0123", "2015550123", "15 2345-6789", "23456789", "(30) 123456", "123456", "12", "1", ""}).Draw(t, "number")
		tail := rapid.SampledFrom([]string{"", "", "", " ", "-", ".", ")", "0", " 12", "x12", "\n"}).Draw(t, "tail")
		return front + number + tail
	})
}

// values draws values of every kind that is not absent.
func values() *rapid.Generator[contact.Value] {
	return rapid.Custom(func(t *rapid.T) contact.Value {
		text := texts()
		switch rapid.IntRange(0, 6).Draw(t, "kind") {
		case 0:
			return contact.Set(rapid.SliceOfN(text, 0, 3).Draw(t, "set")...)
		case 1:
			return contact.Postal(contact.Address{City: text.Draw(t, "city"), Country: text.Draw(t, "country")})
		case 2:
			var entries []contact.Entry
			for range rapid.IntRange(0, 3).Draw(t, "entries") {
				entries = append(entries, contact.Entry{
					Value:   scalars().Draw(t, "value"),
					Type:    rapid.SampledFrom([]string{"", "work", "Work", "home"}).Draw(t, "type"),
					Primary: rapid.Bool().Draw(t, "primary"),
				})
			}
			return contact.List(entries...)
		}
		return scalars().Draw(t, "scalar")
	})
}

// scalars draws texts, numbers, bools and addresses, and the empty value.
func scalars() *rapid.Generator[contact.Value] {
	return rapid.Custom(func(t *rapid.T) contact.Value {
		s := texts().Draw(t, "text")
		if n, err := contact.Number(s); err == nil && rapid.Bool().Draw(t, "number") {
			return n
		}
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			return contact.Bool(len(s)%2 == 0)
		case 1:
			return contact.Postal(contact.Address{Street: s})
		}
		return contact.Text(s)
	})
}

var types = []contact.Type{contact.TypeText, contact.TypeEmail, contact.TypePhone, contact.TypeURL, contact.TypeNumber,
	contact.TypeBool, contact.TypeDate, contact.TypeDateTime, contact.TypeChoice, contact.TypeSet, contact.TypeAddress}

func drawField(t *rapid.T) contact.Field {
	return contact.Field{Name: "f", Type: rapid.SampledFrom(types).Draw(t, "type")}
}

func drawRegion(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "BE", "US", "AR", "IT", "SM", "AG"}).Draw(t, "region")
}

// TestSameIsEqualityOfKeys: the short cuts of Same tell what the keys tell. So Same is an equivalence.
func TestSameIsEqualityOfKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, region := drawField(t), drawRegion(t)
		x, y := values().Draw(t, "x"), values().Draw(t, "y")
		want := f.Key(x, region) == f.Key(y, region)
		if got := f.Same(x, y, region); got != want {
			t.Fatalf("Same(%q, %q) = %t, keys %q and %q", x, y, got, f.Key(x, region), f.Key(y, region))
		}
		if !f.Same(x, x, region) {
			t.Fatalf("%q is not the same as itself", x)
		}
	})
}

// TestSamePhoneIsEqualityOfKeys is the same law where the short cuts are the boldest.
func TestSamePhoneIsEqualityOfKeys(t *testing.T) {
	f := contact.Field{Name: "f", Type: contact.TypePhone}
	rapid.Check(t, func(t *rapid.T) {
		region := drawRegion(t)
		x, y := contact.Text(phones().Draw(t, "x")), contact.Text(phones().Draw(t, "y"))
		want := f.Key(x, region) == f.Key(y, region)
		if got := f.Same(x, y, region); got != want {
			t.Fatalf("Same(%q, %q) in %q = %t, keys %q and %q", x, y, region, got, f.Key(x, region), f.Key(y, region))
		}
	})
}

// TestOnlyBlankHasNoKey: a key of "" says that there is nothing.
func TestOnlyBlankHasNoKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, v := drawField(t), values().Draw(t, "v")
		if got := f.Key(v, "BE") == ""; got != v.Blank() {
			t.Fatalf("the key of %q is empty: %t", v, got)
		}
	})
}

// TestValidKeysAreTheirOwnKey: a match key that is read again is the same key.
func TestValidKeysAreTheirOwnKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := texts().Draw(t, "s")
		if k, ok := contact.EmailKey(s); ok {
			if again, valid := contact.EmailKey(k); again != k || !valid {
				t.Fatalf("the email key of %q is %q, of that %q", s, k, again)
			}
		}
		if k, ok := contact.PhoneKey(s, "BE"); ok {
			if again, valid := contact.PhoneKey(k, "US"); again != k || !valid {
				t.Fatalf("the phone key of %q is %q, of that %q", s, k, again)
			}
		}
	})
}

// TestSetsAndListsHaveNoOrder: whatever the order, the key and the digest are the same.
func TestSetsAndListsHaveNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawField(t)
		elements := rapid.SliceOf(texts()).Draw(t, "elements")
		other := rapid.Permutation(elements).Draw(t, "other")
		x, y := contact.Set(elements...), contact.Set(other...)
		if !f.Same(x, y, "") {
			t.Fatalf("%q and %q are not the same", elements, other)
		}
		if dx, dy := (contact.Fields{"f": x}).Digest(), (contact.Fields{"f": y}).Digest(); dx != dy {
			t.Fatalf("the digests of %q and %q differ", elements, other)
		}
	})
}

// TestJSONRoundTrip: what is written is read as it was, to the letter, and written again as it was.
func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.MapOfN(rapid.String(), values(), 0, 30).Draw(t, "fields")
		fields := contact.Fields(f)
		text := fields.AppendJSON(nil)
		back, err := contact.ParseFields(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if len(back) != len(fields) {
			t.Fatalf("%s: %d of %d fields", text, len(back), len(fields))
		}
		for name, v := range fields {
			if !back[name].Equal(v) {
				t.Fatalf("%s: %q is %q", text, name, back[name])
			}
		}
		if again := back.AppendJSON(nil); string(again) != string(text) {
			t.Fatalf("%s is written again as %s", text, again)
		}
	})
}
