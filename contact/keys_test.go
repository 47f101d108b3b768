package contact_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/contactsync/contactsync/contact"
)

// A key is what EmailKey and PhoneKey return.
type key struct {
	Key   string
	Valid bool
}

func TestEmailKey(t *testing.T) {
	long := strings.Repeat("a", 400) + "@example.com"
	huge := strings.Repeat("a", 1024) + "@example.com"
	for _, row := range []struct {
		name, in string
		want     key
	}{
		{"plain", "ann@example.com", key{"ann@example.com", true}},
		{"B62 case", " Bob@EXAMPLE.com ", key{"bob@example.com", true}},
		{"B63 line break inside", "a@b.com\r\nBcc: x@y.com", key{"a@b.com\r\nbcc: x@y.com", false}},
		{"B63 line break in the name", "Bob\r\nBcc: <a@b.com>", key{"bob\r\nbcc: <a@b.com>", false}},
		{"B63 two addresses", "a@b.com, c@d.com", key{"a@b.com, c@d.com", false}},
		{"B63 two addresses, one with a name", "a@b.com, Bob <c@d.com>", key{"a@b.com, bob <c@d.com>", false}},
		{"B63 display name", "Bob <A@b.com>", key{"a@b.com", true}},
		{"B63 quoted display name", `"Lee, Bob @ work" <a@b.com>`, key{"a@b.com", true}},
		{"B63 brackets without name", "<a@b.com>", key{"a@b.com", true}},
		{"B63 brackets not closed", "Bob <a@b.com", key{"bob <a@b.com", false}},
		{"B64 quoted name", `"x y"@b.com`, key{`"x y"@b.com`, false}},
		{"B64 address literal", "a@[127.0.0.1]", key{"a@[127.0.0.1]", false}},
		{"B64 bare number", "a@127.0.0.1", key{"a@127.0.0.1", false}},
		{"B64 no dot", "a@b", key{"a@b", false}},
		{"B64 hyphen in front", "a@-b.com", key{"a@-b.com", false}},
		{"B64 underscore in the domain", "a@b_c.com", key{"a@b_c.com", false}},
		{"empty label", "a@b..com", key{"a@b..com", false}},
		{"dot at the end", "a@b.com.", key{"a@b.com.", false}},
		{"nothing before the @", "@b.com", key{"@b.com", false}},
		{"nothing behind the @", "a@", key{"a@", false}},
		{"no @", "n/a", key{"n/a", false}},
		{"dots that some providers allow", "a..b.@docomo.example.jp", key{"a..b.@docomo.example.jp", true}},
		{"B65 international", "Ü@exämple.de", key{"ü@xn--exmple-cua.de", true}},
		{"B65 international, decomposed", "u\u0308@exa\u0308mple.de", key{"ü@xn--exmple-cua.de", true}},
		{"B65 punycode", "ü@XN--EXMPLE-CUA.de", key{"ü@xn--exmple-cua.de", true}},
		{"B65 ideographic dot", "a@例え。テスト", key{"a@xn--r8jz45g.xn--zckzah", true}},
		{"B65 punycode of nothing", "a@xn--zzzzzzzzzzzz.de", key{"a@xn--zzzzzzzzzzzz.de", false}},
		{"B66 tag", "a+Tag@gmail.com", key{"a+tag@gmail.com", true}},
		{"B67 longer than mail servers take", long, key{long, true}},
		{"B67 longer than 1 KiB", huge, key{huge, false}},
		{"B68 Cyrillic a", "a@аpple.com", key{"a@xn--pple-43d.com", true}},
		{"B72 override of direction inside", "a\u202eb@c.com", key{"a\u202eb@c.com", false}},
		{"invisible character inside", "a\u200bb@c.com", key{"a\u200bb@c.com", false}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			k, valid := contact.EmailKey(row.in)
			if diff := cmp.Diff(row.want, key{k, valid}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPhoneKey(t *testing.T) {
	for _, row := range []struct {
		name, in, region string
		want             key
	}{
		{"plain", "+32470123456", "", key{"+32470123456", true}},
		{"B54 trunk zero in brackets", "+49 (0)30 123456", "", key{"+4930123456", true}},
		{"B54 double zero", "0049 30 123456", "DE", key{"+4930123456", true}},
		{"B54 slash and hyphen", "030/123-456", "DE", key{"+4930123456", true}},
		{"B54 region in lower case", "030 123456", "de", key{"+4930123456", true}},
		{"B55 no region", "030 123456", "", key{"", false}},
		{"B56 x", "+1 201 555 0123 x123", "", key{"+12015550123;123", true}},
		{"B56 ;ext=", "+12015550123;ext=123", "", key{"+12015550123;123", true}},
		{"B56 commas", "+1 201 555 0123,,123#", "", key{"+12015550123;123", true}},
		{"B57 emergency", "110", "DE", key{"", false}},
		{"B57 service code", "*123#", "US", key{"", false}},
		{"B57 vanity", "1-800-FLOWERS", "US", key{"+18003569377", true}},
		{"B57 vanity without region", "1-800-FLOWERS", "", key{"", false}},
		{"B58 full width", "＋１ （２０１） ５５５－０１２３", "", key{"+12015550123", true}},
		{"B58 Arabic-Indic", "+٣٢٤٧٠١٢٣٤٥٦", "", key{"+32470123456", true}},
		{"B58 extended Arabic-Indic", "+۳۲۴۷۰۱۲۳۴۵۶", "", key{"+32470123456", true}},
		{"B58 Devanagari", "०४७० १२ ३४ ५६", "BE", key{"+32470123456", true}},
		{"B59 n/a", "n/a", "US", key{"", false}},
		{"B59 hyphen", "-", "US", key{"", false}},
		{"B59 zeros", "000", "US", key{"", false}},
		{"B59 200 digits", strings.Repeat("1", 200), "US", key{"", false}},
		{"B59 over 64 characters", "+32470123456" + strings.Repeat(" ", 64) + "x1", "", key{"", false}},
		{"B61 tel URI", "tel:+1-201-555-0123", "", key{"+12015550123", true}},
		{"B61 tel URI with a context of no use", "TEL:+1-201-555-0123;phone-context=x", "", key{"+12015550123", true}},
		{"B61 tel URI with a context in front", "tel:555-0123;phone-context=+1201", "", key{"+12015550123", true}},
		{"B61 tel URI with a domain as context", "tel:0470123456;phone-context=example.com", "BE", key{"+32470123456", true}},
		{"B61 tel URI with a domain that has digits as context", "tel:0470123456;phone-context=x1.example", "BE", key{"+32470123456", true}},
		{"B61 tel URI with a prefix as context that it does not need", "tel:+1-201-555-0123;phone-context=+32", "", key{"+12015550123", true}},
		{"B61 tel URI with an extension and more", "tel:+12015550123;ext=12;isub=34", "", key{"+12015550123;12", true}},
		{"marks of direction around", "\u202a+32470123456\u202c", "", key{"+32470123456", true}},
		{"a line end behind", "0470 12 34 56\n", "BE", key{"+32470123456", true}},
		{"en dashes", "0470–12–34–56", "BE", key{"+32470123456", true}},
		{"blank", "", "BE", key{"", false}},
		{"region that does not exist", "0470 12 34 56", "??", key{"", false}},
		{"two numbers", "0470 12 34 56 / 0471 12 34 56", "BE", key{"", false}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			k, valid := contact.PhoneKey(row.in, row.region)
			if diff := cmp.Diff(row.want, key{k, valid}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestPhoneKeyOfMany: whoever asked before, and for however many numbers, a number means what its own text and region say.
func TestPhoneKeyOfMany(t *testing.T) {
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 2_000 {
				end := strconv.Itoa(100_000 + i)
				for region, want := range map[string]key{"BE": {"+32470" + end, true}, "NL": {"", false}, "": {"", false}} {
					k, valid := contact.PhoneKey("0470 "+end, region)
					if diff := cmp.Diff(want, key{k, valid}); diff != "" {
						t.Errorf("0470 %s in %q (-want +got):\n%s", end, region, diff)
						return
					}
				}
			}
		})
	}
	all.Wait()
}

func TestPhoneDigits(t *testing.T) {
	for _, row := range []struct{ name, in, want string }{
		{"B55 digits", "030/123-45", "03012345"},
		{"label in front", "Tel.: 030 12345", "03012345"},
		{"B56 x", "030 1234 x12", "0301234;12"},
		{"B56 ext.", "030 1234 ext. 12", "0301234;12"},
		{"B56 ;ext=", "0301234;ext=12", "0301234;12"},
		{"B56 commas", "030 1234,,12#", "0301234;12"},
		{"B56 number sign", "030 1234 #12", "0301234;12"},
		{"B57 service code", "*123#", "*123#"},
		{"B57 vanity", "1-800-Flowers", "1-800-flowers"},
		{"B58 Arabic-Indic", "٠٣٠", "030"},
		{"B58 mathematical digits, of two kinds", "𝟎𝟑𝟎 𝟡𝟡", "03099"},
		{"B59 n/a", "N/A", "n/a"},
		{"B59 hyphen", "-", "-"},
		{"only a mark of direction", "\u202a", "\u202a"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(row.want, contact.PhoneDigits(row.in)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
