package contactsync_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// badInputs are all the hostile and broken inputs of the list that this project was built against, by number, and where
// the tests by that number are: functions with it in their name (TestB14LargePhoto), or cases that begin with it ("B5
// escapes"). One without tests says why; one whose folder is yet to come says both.
var badInputs = []struct {
	what, folders, why string
}{
	1:  {"131,072 folded lines", "internal/vcard", ""},
	2:  {"a line of 50 MiB", "internal/vcard", ""},
	3:  {"a line without colon", "internal/vcard connector/vcard", ""},
	4:  {"a continuation that is not folded", "internal/vcard", ""},
	5:  {"escapes: \\N and \\;", "internal/vcard", ""},
	6:  {"an escaped semicolon in a name", "internal/vcard", ""},
	7:  {"a byte order mark", "internal/vcard", ""},
	8:  {"soft line breaks of quoted-printable", "internal/vcard", ""},
	9:  {"a card within a card", "internal/vcard", ""},
	10: {"no END, or the end of the file in a folded line", "internal/vcard connector/vcard", ""},
	11: {"a quote that is not closed", "internal/vcard", ""},
	12: {"bytes that are not UTF-8, charsets", "internal/vcard", ""},
	13: {"NUL and control characters", "internal/vcard contact", ""},
	14: {"a photo of any size, broken base64", "internal/vcard connector/vcard", ""},
	15: {"a photo elsewhere", "internal/vcard", ""},
	16: {"a photo with a script", "internal/vcard", ""},
	17: {"10,000 properties, 10,000 parameters", "internal/vcard", ""},
	18: {"UIDs: twice, none, 10 KiB", "connector/vcard", ""},
	19: {"versions", "internal/vcard", ""},
	20: {"days that are none, or without year", "contact connector/vcard", ""},
	21: {"groups with labels", "internal/vcard connector/vcard", ""},
	22: {"unknown properties stay", "connector/vcard", ""},
	23: {"no FN", "connector/vcard", ""},
	24: {"line ends", "internal/vcard", ""},
	25: {"carets in parameters", "internal/vcard", ""},
	26: {"a fold in the middle of a character", "internal/vcard", ""},
	27: {"a byte order mark before the header", "connector/csvfile", ""},
	28: {"quotes that go astray", "connector/csvfile", ""},
	29: {"short and long rows", "connector/csvfile", ""},
	30: {"NUL, cells of 10 MiB, 1,000 columns", "connector/csvfile", ""},
	31: {"line ends of CR alone", "connector/csvfile", ""},
	32: {"other delimiters", "connector/csvfile", ""},
	33: {"headings twice or empty", "connector/csvfile", ""},
	34: {"formulas", "connector/csvfile", ""},
	35: {"UTF-16 and Windows-1252", "connector/csvfile", ""},
	36: {"phone numbers that a spreadsheet rounded", "connector/csvfile", ""},
	37: {"one person twice", "connector/csvfile", ""},
	38: {"a header alone, an empty file", "connector/csvfile", ""},
	39: {"JSON: a key twice", "contact", ""},
	40: {"JSON: numbers beyond 2^53", "contact", ""},
	41: {"JSON: half a surrogate, not UTF-8", "contact", ""},
	42: {"JSON: 20,000 arrays", "contact", ""},
	43: {"JSON: something behind, a mark before", "contact", ""},
	44: {"JSON: null is empty", "contact", ""},
	45: {"configuration: unknown keys, wrong types and numbers", "contact .", ""},
	46: {"configuration: lengths of time without unit", ".", ""},
	47: {"configuration: a secret in the file", "cmd/contactsync", ""},
	48: {"configuration: a rule writes what it may not", ".", ""},
	49: {"configuration: a cycle of rules across connections", "", "a connection knows nothing of others; a cell that goes to and fro is frozen: scenario a-cell-that-goes-to-and-fro-is-frozen"},
	50: {"configuration: transforms that lose", ".", ""},
	51: {"configuration: patterns", ".", ""},
	52: {"configuration: one account twice, no keys", ".", ""},
	53: {"configuration: a version to come", ".", ""},
	54: {"phone: spellings", "contact", ""},
	55: {"phone: no country", "contact", ""},
	56: {"phone: extensions", "contact", ""},
	57: {"phone: short codes, vanity", "contact", ""},
	58: {"phone: other digits", "contact", ""},
	59: {"phone: no number", "contact connector/csvfile", ""},
	60: {"phone: shared", ".", ""},
	61: {"phone: tel URIs", "contact", ""},
	62: {"email: case", "contact", ""},
	63: {"email: line ends, several, names", "contact connector/csvfile connector/vcard", ""},
	64: {"email: odd ones", "contact", ""},
	65: {"email: international", "contact", ""},
	66: {"email: tags and dots", "contact", ""},
	67: {"email: length", "contact", ""},
	68: {"email: homoglyphs", "contact", ""},
	69: {"text: composed and decomposed", "contact", ""},
	70: {"text: case of many scripts", "contact", ""},
	71: {"text: spaces that do not show", "contact", ""},
	72: {"text: overrides of direction", "contact", ""},
	73: {"text: 100,000 marks", "contact", ""},
	74: {"text: cut within a letter", ".", ""},
	75: {"text: blank, null, N/A", "contact", ""},
	76: {"text: markup and templates", "contact", ""},
	77: {"cursors that are none", "connector", ""},
	78: {"a cursor that is a URL of another host", "", "no app over the network is here yet"},
	79: {"deletions of the unknown, and of what changed", ".", ""},
	80: {"pages that tell nothing", "connector", ""},
	81: {"Retry-After", "connector", ""},
	82: {"answers that are no answer", "", "no app over the network is here yet"},
	83: {"versions that are too long", "connector", ""},
	84: {"webhooks: signatures", "connector/fake", ""},
	85: {"webhooks: times", "", "no app whose webhooks bear a time is here yet"},
	86: {"multistatus", "connector/carddav", "CardDAV is not here yet"},
	87: {"times that cannot be", ".", ""},
}

// TestBadInputsHaveTests: each of them has a test by its number where the list says so, or says why there is none.
func TestBadInputsHaveTests(t *testing.T) {
	t.Parallel()
	require.Len(t, badInputs, 88, "inputs 1 to 87")
	found := map[string]bool{} // "folder B5"
	pattern := regexp.MustCompile(`func Test\w*?B(\d+)\w*\(|func Test(?:[FBNI]\d+)*B(\d+)\w*\(|"B(\d+) `)
	require.NoError(t, filepath.WalkDir(".", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") || path == "badinput_list_test.go" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range pattern.FindAllStringSubmatch(string(text), -1) {
			found[filepath.ToSlash(filepath.Dir(path))+" B"+m[1]+m[2]+m[3]] = true
			found["B"+m[1]+m[2]+m[3]] = true
		}
		return err
	}))
	for n, input := range badInputs[1:] {
		number := "B" + strconv.Itoa(n+1)
		if input.folders == "" && input.why == "" {
			t.Errorf("%s, %s: neither where it is tested, nor why it is not", number, input.what)
		}
		if input.folders == "" && found[number] {
			t.Logf("%s, %s: there is a test by now; say where", number, input.what)
		}
		for folder := range strings.FieldsSeq(input.folders) {
			if _, err := os.Stat(folder); err != nil && input.why != "" {
				continue
			}
			if !found[folder+" "+number] {
				t.Errorf("%s, %s: no test of that number in %s", number, input.what, folder)
			}
		}
	}
}
