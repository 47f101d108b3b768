package vcard_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/internal/vcard"
)

// card3 returns a card of version 3.0 with these lines.
func card3(lines ...string) string { return cardOf("3.0", lines...) }

func cardOf(version string, lines ...string) string {
	all := append([]string{"BEGIN:VCARD", "VERSION:" + version}, lines...)
	return strings.Join(append(all, "END:VCARD", ""), "\r\n")
}

// TestBadInput reads cards that other programs choke on. Rows are named by what they come from: a bug that was seen
// in the field, or a rule of an RFC.
func TestBadInput(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
		read string // the property to read
		want string
		fail string // why Parse, or reading the property, fails
	}{
		{name: "B2 a line of 50 MiB", text: card3("NOTE:" + strings.Repeat("x", 50<<20)), fail: "line 3: a line of more than 65536 bytes"},
		{name: "B2 a line at the limit", text: card3("NOTE:" + strings.Repeat("x", 65536-5)), read: "NOTE", want: strings.Repeat("x", 65536-5)},
		{name: "B2 a line over the limit", text: card3("NOTE:" + strings.Repeat("x", 65536-4)), fail: "line 3: a line of more than 65536 bytes"},
		{name: "B3 a line without colon", text: card3("FN:Ann", "NOTE without colon"), fail: "line 4: not a property: want NAME:value, or a space at the beginning to continue the line before"},
		{name: "B3 parameters without colon", text: card3("TEL;TYPE=CELL"), fail: "line 3: no colon behind the property's name and parameters"},
		{name: "B4 a continuation that is not folded", text: card3("NOTE:line1", "line2"), fail: "line 4: not a property: want NAME:value, or a space at the beginning to continue the line before"},
		{name: "B5 escapes", text: card3(`NOTE:a\Nb\;c\,d\\n\ne`), read: "NOTE", want: "a\nb;c,d\\n\ne"},
		{name: "B7 a byte order mark", text: "\ufeff" + card3("FN:Ann"), read: "FN", want: "Ann"},
		{name: "B8 soft line breaks", text: cardOf("2.1", "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:caf=C3=", "=A9 au=", " lait"), read: "NOTE", want: "café au lait"},
		{name: "B8 a bare encoding", text: cardOf("2.1", "NOTE;QUOTED-PRINTABLE:a=3Db=", "c=0D=0Ad"), read: "NOTE", want: "a=bc\nd"},
		{name: "B8 broken quoted-printable", text: cardOf("2.1", "NOTE;QUOTED-PRINTABLE:a=ZZ"), read: "NOTE", fail: "line 3: NOTE is not quoted-printable as it says"},
		{name: "B9 a nested card", text: cardOf("2.1", "AGENT:", "BEGIN:VCARD", "FN:Bob", "END:VCARD", "FN:Ann"), read: "FN", want: "Ann"},
		{name: "B9 a nested card on the line itself", text: cardOf("2.1", "AGENT:BEGIN:VCARD", "FN:Bob", "AGENT:", "BEGIN:VCARD", "END:VCARD", "END:VCARD", "FN:Ann"), read: "FN", want: "Ann"},
		{name: "B9 an agent of 3.0 is a text", text: card3(`AGENT:BEGIN:VCARD\nFN:Bob\nEND:VCARD\n`, "FN:Ann"), read: "FN", want: "Ann"},
		{name: "B9 an agent of 3.0 that is folded behind its BEGIN", text: card3("AGENT:BEGIN:VCARD", ` \nFN:Bob\nEND:VCARD\n`, "FN:Ann"), read: "FN", want: "Ann"},
		{name: "B10 no END", text: "BEGIN:VCARD\r\nFN:Ann\r\n", fail: "line 1: the card that begins here has no END:VCARD"},
		{name: "B10 the end of the file inside a folded line", text: "BEGIN:VCARD\r\nFN:Ann\r\n ", fail: "line 1: the card that begins here has no END:VCARD"},
		{name: "B11 an unclosed quote", text: card3(`TEL;TYPE="a:b:+1`), fail: "line 3: the quote of the parameter TYPE is not closed"},
		{name: "B11 a backslash in a type", text: card3(`TEL;TYPE="\x":+1`), fail: "line 3: a backslash in a TYPE"},
		{name: "B11 a quote in the middle", text: card3(`TEL;TYPE=a"b":+1`), fail: "line 3: a quote inside the parameter TYPE"},
		{name: "B11 colon, semicolon and comma in a quote", text: card3(`TEL;X-A="a:b;c,d":+1`), read: "TEL", want: "+1"},
		{name: "B12 bytes that are not UTF-8", text: card3("FN:\xff\xfe"), read: "FN", fail: "line 3: FN is not in UTF-8; save it as UTF-8, or declare its CHARSET"},
		{name: "B12 a declared charset", text: card3("FN;CHARSET=ISO-8859-1:Ren\xe9"), read: "FN", want: "René"},
		{name: "B12 the code page of Windows", text: cardOf("2.1", "FN;CHARSET=windows-1252;ENCODING=QUOTED-PRINTABLE:=80 =E9"), read: "FN", want: "€ é"},
		{name: "B12 ISO 8859-15", text: cardOf("2.1", "FN;CHARSET=ISO-8859-15:\xa4"), read: "FN", want: "€"},
		{name: "B12 a charset that is not known", text: cardOf("2.1", "FN;CHARSET=EBCDIC:Ann"), read: "FN", fail: "line 3: FN has a CHARSET that is not known here, or breaks it; save it as UTF-8"},
		{name: "B13 NUL", text: card3("FN:A\x00nn"), fail: "line 3: a NUL byte; is the file text in UTF-8?"},
		{name: "B13 a control character", text: card3("FN:A\x1bnn"), read: "FN", fail: "line 3: FN holds a control character (0x1b); remove it"},
		{name: "B13 a control character in quoted-printable", text: cardOf("2.1", "FN;QUOTED-PRINTABLE:A=00nn"), read: "FN", fail: "line 3: FN holds a control character (0x00); remove it"},
		{name: "B14 a photo of 2 MiB in one line", text: card3("PHOTO;ENCODING=b:"+strings.Repeat("A", 2<<20), "FN:Ann"), read: "FN", want: "Ann"},
		{name: "B14 a photo that is not base64", text: card3("PHOTO;ENCODING=b:!!!", "FN:Ann"), read: "FN", want: "Ann"},
		{name: "B14 a photo of old phones, not folded", text: cardOf("2.1", "PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQ", "SkZJRgAB", "AQEA==", "", "FN:Ann"), read: "FN", want: "Ann"},
		{name: "B15 a photo elsewhere", text: card3("PHOTO;VALUE=uri:https://169.254.169.254/x", "FN:Ann"), read: "PHOTO", want: ""},
		{name: "B16 a photo with a script", text: cardOf("4.0", "PHOTO:data:image/svg+xml,<svg onload=alert(1)>"), read: "PHOTO", want: ""},
		{name: "B17 many properties", text: card3(repeat(10000, "TEL:+%d")...), fail: "line 502: more than 500 properties in one card"},
		{name: "B17 as many as allowed", text: card3(repeat(499, "TEL:+%d")...), read: "TEL", want: "+0"},
		{name: "B17 many parameters", text: card3("TEL" + strings.Join(repeat(10000, ";%d"), "") + ":+1"), fail: "line 3: more than 100 parameters"},
		{name: "B17 many values of a parameter", text: card3("TEL;TYPE=" + strings.Join(repeat(10000, "t%d"), ",") + ":+1"), fail: "line 3: more than 100 parameters"},
		{name: "B19 no version", text: "BEGIN:VCARD\nFN:Ann\\, Lee\nEND:VCARD\n", read: "FN", want: "Ann, Lee"},
		{name: "B19 version 5.0", text: cardOf("5.0", "FN:Ann"), fail: "line 2: unknown VERSION; want 2.1, 3.0 or 4.0"},
		{name: "B19 version at the end", text: "BEGIN:VCARD\r\nFN:a\\,b\r\nVERSION:2.1\r\nEND:VCARD\r\n", read: "FN", want: `a\,b`},
		{name: "B24 LF", text: "BEGIN:VCARD\nFN:Ann\n  Lee\nEND:VCARD\n", read: "FN", want: "Ann Lee"},
		{name: "B24 mixed line ends", text: "BEGIN:VCARD\r\nFN:Ann\n  Lee\r\nEND:VCARD\n", read: "FN", want: "Ann Lee"},
		{name: "B24 CR alone", text: "BEGIN:VCARD\rFN:Ann\rEND:VCARD\r", fail: "line 1: a carriage return alone is no line end; want LF or CRLF"},
		{name: "B24 one CR alone", text: card3("FN:An\rn"), fail: "line 3: a carriage return alone is no line end; want LF or CRLF"},
		{name: "B26 a fold inside a character", text: card3("FN:Ren\xc3", " \xa9e"), read: "FN", want: "Renée"},
		{name: "S29 a card of more than 1 MiB", text: card3(repeat(20, "NOTE:%d"+strings.Repeat("x", 60000))...), fail: "line 20: a card of more than 1048576 bytes without its photo"},
		{name: "text behind the end", text: card3("FN:Ann") + "more", fail: "line 5: text behind END:VCARD"},
		{name: "text before the begin", text: "more\r\n" + card3("FN:Ann"), fail: "line 1: a card begins with BEGIN:VCARD"},
		{name: "a fold of nothing", text: "BEGIN:VCARD\r\n FN:Ann\r\nEND:VCARD\r\n", fail: "line 2: a folded line that continues nothing"},
		{name: "a fold in the parameters", text: card3("TEL;TYPE=CE", " LL:+1"), read: "TEL", want: "+1"},
		{name: "2.1 keeps the space of a fold", text: cardOf("2.1", "NOTE:one", " two"), read: "NOTE", want: "one two"},
		{name: "2.1 knows one escape", text: cardOf("2.1", `NOTE:C:\new\;x`), read: "NOTE", want: `C:\new;x`},
		{name: "base64 text", text: cardOf("2.1", "NOTE;ENCODING=BASE64:Q2Fmw6k="), read: "NOTE", want: "Café"},
		{name: "an unknown encoding", text: card3("NOTE;ENCODING=ROT13:x"), read: "NOTE", fail: "line 3: NOTE has an encoding that vCard does not know"},
		{name: "the escaped colon of Apple", text: card3(`URL:http\://example.com`), read: "URL", want: "http://example.com"},
		{name: "a backslash at the end", text: card3(`NOTE:a\`), read: "NOTE", want: `a\`},
		{name: "an escape that is none", text: card3(`NOTE:a\xb`), read: "NOTE", want: `a\xb`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := readOne(tt.text, tt.read)
			if tt.fail != "" {
				require.Error(t, err)
				var typed *vcard.Error
				require.True(t, errors.As(err, &typed), "not an *Error: %v", err)
				if diff := cmp.Diff(tt.fail, err.Error()); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
				return
			}
			require.NoError(t, err)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.read, diff)
			}
		})
	}
}

// readOne returns the text of the first property of that name, and checks that the card is kept to the byte.
func readOne(text, name string) (string, error) {
	card, err := vcard.Parse(text, 1)
	if err != nil {
		return "", err
	}
	if got := card.String(); got != strings.TrimPrefix(text, "\ufeff") {
		return "", fmt.Errorf("the card is not kept as it was written")
	}
	i := card.Find(name)
	if i < 0 {
		return "", fmt.Errorf("the property is not there")
	}
	return card.Text(&card.Properties[i])
}

func repeat(n int, format string) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf(format, i)
	}
	return lines
}

// TestB1ManyFolds: the cost of a folded line grows with its length, not with its square. It is not parallel, for
// it counts allocations.
func TestB1ManyFolds(t *testing.T) {
	const folds = 131072 / 4 // of one byte each; the limit of a line is 65,536
	text := card3("NOTE:x" + strings.Repeat("\r\n x", folds))
	got, err := readOne(text, "NOTE")
	require.NoError(t, err)
	if want := strings.Repeat("x", folds+1); got != want {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
	allocs := func(folds int) float64 {
		text := card3("NOTE:x" + strings.Repeat("\r\n x", folds))
		return testing.AllocsPerRun(5, func() { _, _ = vcard.Parse(text, 1) })
	}
	if few, many := allocs(10), allocs(folds); many > few+2 {
		t.Errorf("%v allocations for 10 folds, %v for %d", few, many, folds)
	}
	_, err = vcard.Parse(card3("NOTE:x"+strings.Repeat("\r\n x", 131072)), 1)
	if err == nil {
		t.Errorf("131,072 folds are more than a line may hold, and are not refused")
	}
}

// TestComponents is B6: an escaped separator separates nothing.
func TestComponents(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		version string
		line    string
		want    []string
	}{
		{"B6 an escaped semicolon", "3.0", `N:a\;b;c;;;`, []string{"a;b", "c", "", "", ""}},
		{"B6 a backslash before a semicolon", "3.0", `N:a\\;b`, []string{`a\`, "b"}},
		{"commas in a component", "3.0", `N:Stevenson;John;Philip,Paul;Dr.;Jr.,M.D.`, []string{"Stevenson", "John", "Philip,Paul", "Dr.", "Jr.,M.D."}},
		{"nothing", "3.0", `N:`, []string{""}},
		{"2.1 quoted-printable", "2.1", `N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E5=BC=A0;=E4=B8=89\;x;;;`, []string{"张", "三;x", "", "", ""}},
		{"2.1 an encoded semicolon", "2.1", `N;ENCODING=QUOTED-PRINTABLE:a=3Bb;c`, []string{"a;b", "c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			card, err := vcard.Parse(cardOf(tt.version, tt.line), 1)
			require.NoError(t, err)
			got, err := card.Components(&card.Properties[card.Find("N")])
			require.NoError(t, err)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("components (-want +got):\n%s", diff)
			}
		})
	}
}

// TestParams is B21 and B25, and what each version writes as parameters.
func TestParams(t *testing.T) {
	t.Parallel()
	type param = vcard.Param
	tests := []struct {
		name    string
		version string
		line    string
		group   string
		want    []param
	}{
		{"B25 carets", "4.0", `TEL;X-A=a^nb^^c^'d^e:+1`, "", []param{{"X-A", "a\nb^c\"d^e"}}},
		{"B25 carets in quotes", "4.0", `TEL;X-A="George Herman ^'Babe^' Ruth":+1`, "", []param{{"X-A", `George Herman "Babe" Ruth`}}},
		{"B21 a group", "3.0", `item1.TEL:+1`, "item1", nil},
		{"types apart and together", "3.0", `TEL;TYPE=WORK,voice;type=pref:+1`, "", []param{{"TYPE", "WORK"}, {"TYPE", "voice"}, {"TYPE", "pref"}}},
		{"types in one quote", "4.0", `TEL;TYPE="work,voice";PREF=1:+1`, "", []param{{"TYPE", "work"}, {"TYPE", "voice"}, {"PREF", "1"}}},
		{"bare types", "2.1", `TEL;CELL;PREF:+1`, "", []param{{"TYPE", "CELL"}, {"TYPE", "PREF"}}},
		{"bare encoding and value", "2.1", `TEL;QUOTED-PRINTABLE;URL:+1`, "", []param{{"ENCODING", "QUOTED-PRINTABLE"}, {"VALUE", "URL"}}},
		{"a backslash in another parameter", "4.0", `TEL;LABEL="1 Main St\nBoston":+1`, "", []param{{"LABEL", `1 Main St\nBoston`}}},
		{"small letters", "3.0", `tel;type=cell:+1`, "", []param{{"TYPE", "cell"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			card, err := vcard.Parse(cardOf(tt.version, tt.line), 1)
			require.NoError(t, err)
			p := card.Properties[card.Find("TEL")]
			if diff := cmp.Diff(tt.want, p.Params, cmp.Transformer("nil", func(p []param) []param { return append([]param{}, p...) })); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
			if p.Group != tt.group {
				t.Errorf("group %q, want %q", p.Group, tt.group)
			}
		})
	}
}
