package contact_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/contact"
)

func TestParseFields(t *testing.T) {
	for _, row := range []struct {
		name, in string
		want     contact.Fields
	}{
		{"empty object", `{}`, contact.Fields{}},
		{"white space", " {\t\"a\" :\r\n\"b\" } \n", contact.Fields{"a": contact.Text("b")}},
		{"B44 null is empty", `{"a":null}`, contact.Fields{"a": contact.Empty}},
		{"B40 number as it is written", `{"a":9007199254740993}`, contact.Fields{"a": num(t, "9007199254740993")}},
		{"number with everything", `{"a":-0.50E+10}`, contact.Fields{"a": num(t, "-0.50E+10")}},
		{"bools", `{"a":true,"b":false}`, contact.Fields{"a": contact.Bool(true), "b": contact.Bool(false)}},
		{"escapes", `{"a":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00x"}`, contact.Fields{"a": contact.Text("\"\\/\b\f\n\r\té😀x")}},
		{"UTF-8", `{"ä":"é😀"}`, contact.Fields{"ä": contact.Text("é😀")}},
		{"names are exact", `{"a":"1","A":"2"}`, contact.Fields{"a": contact.Text("1"), "A": contact.Text("2")}},
		{"blank text is empty", `{"a":" "}`, contact.Fields{"a": contact.Empty}},
		{"set", `{"a":["x","y"]}`, contact.Fields{"a": contact.Set("x", "y")}},
		{"empty array is empty", `{"a":[]}`, contact.Fields{"a": contact.Empty}},
		{"set of blanks is empty", `{"a":[""," "]}`, contact.Fields{"a": contact.Empty}},
		{"list", `{"a":[{"value":"x","type":"work","primary":true},{"value":1}]}`,
			contact.Fields{"a": contact.List(contact.Entry{Value: contact.Text("x"), Type: "work", Primary: true}, contact.Entry{Value: contact.Int(1)})}},
		{"list with bare values", `{"a":["x",2,true,{"value":"y"},"z"]}`,
			contact.Fields{"a": contact.List(entry("x", ""), contact.Entry{Value: contact.Int(2)}, contact.Entry{Value: contact.Bool(true)}, entry("y", ""), entry("z", ""))}},
		{"list of addresses", `{"a":[{"value":{"city":"Gent"}}]}`,
			contact.Fields{"a": contact.List(contact.Entry{Value: contact.Postal(contact.Address{City: "Gent"})})}},
		{"list of nothing is empty", `{"a":[{"value":null},{}]}`, contact.Fields{"a": contact.Empty}},
		{"address", `{"a":{"po_box":"1","extended":"2","street":"3","city":"4","region":"5","postal_code":"6","country":null}}`,
			contact.Fields{"a": contact.Postal(contact.Address{POBox: "1", Extended: "2", Street: "3", City: "4", Region: "5", PostalCode: "6"})}},
		{"empty address is empty", `{"a":{}}`, contact.Fields{"a": contact.Empty}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := contact.ParseFields([]byte(row.in))
			require.NoError(t, err)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// place is where a DecodeError says that the fault is.
type place struct {
	Offset int
	Path   string
}

func TestParseFieldsRefuses(t *testing.T) {
	nested := func(n int) string { return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	for _, row := range []struct {
		name, in string
		want     place
	}{
		{"nothing", ``, place{0, ""}},
		{"another type", `[]`, place{0, ""}},
		{"null", `null`, place{0, ""}},
		{"not closed", `{"a":"b"`, place{8, ""}},
		{"no value", `{"a":`, place{5, "a"}},
		{"no colon", `{"a" "b"}`, place{5, "a"}},
		{"key without quotes", `{a:1}`, place{1, ""}},
		{"no comma", `{"a":1 "b":2}`, place{7, ""}},
		{"comma at the end", `{"a":1,}`, place{7, ""}},
		{"comma in front", `{,"a":1}`, place{1, ""}},
		{"comma at the end of an array", `{"a":["x",]}`, place{10, "a"}},
		{"B39 key twice", `{"email":"a","name":"b","email":"c"}`, place{32, "email"}},
		{"B39 key twice, escaped", `{"email":"a","\u0065mail":"c"}`, place{26, "email"}},
		{"B39 part twice", `{"a":{"city":"x","city":"y"}}`, place{24, "a.city"}},
		{"B39 case variant of a key", `{"a":[{"Value":"x"}]}`, place{15, "a[0].Value"}},
		{"B41 not UTF-8", "{\"a\":\"secret\xff\"}", place{5, "a"}},
		{"B41 key not UTF-8", "{\"\xff\":1}", place{1, ""}},
		{"B41 UTF-8 of a surrogate", "{\"a\":\"\xed\xa0\x80\"}", place{5, "a"}},
		{"B41 first half alone", `{"a":"\ud83d"}`, place{5, "a"}},
		{"B41 first half before a letter", `{"a":"\ud83d\u0041"}`, place{5, "a"}},
		{"B41 second half alone", `{"a":"\ude00"}`, place{5, "a"}},
		{"B41 halves turned round", `{"a":"\ude00\ud83d"}`, place{5, "a"}},
		{"escape of no hexadecimal", `{"a":"\u00g0"}`, place{5, "a"}},
		{"escape cut short", `{"a":"\u00"}`, place{5, "a"}},
		{"escape of nothing", `{"a":"\x"}`, place{5, "a"}},
		{"escaped end", `{"a":"\"}`, place{5, "a"}},
		{"raw line end in a text", "{\"a\":\"x\ny\"}", place{7, "a"}},
		{"B42 20,000 arrays", nested(20_000), place{6, "a[0]"}},
		{"B43 something behind", `{} {}`, place{3, ""}},
		{"B43 byte order mark", "\ufeff{}", place{0, ""}},
		{"array of arrays", `{"a":[["x"]]}`, place{6, "a[0]"}},
		{"array of numbers", `{"a":[1,2]}`, place{10, "a"}},
		{"array with null", `{"a":["x",null]}`, place{15, "a"}},
		{"list in an entry", `{"a":[{"value":["x"]}]}`, place{15, "a[0].value"}},
		{"B45 unknown key of an entry", `{"a":["x",{"value":"x","typ":"y"}]}`, place{29, "a[1].typ"}},
		{"B45 unknown part of an address", `{"a":{"town":"x"}}`, place{13, "a.town"}},
		{"B45 part of another type", `{"a":{"city":1}}`, place{13, "a.city"}},
		{"B45 primary of another type", `{"a":[{"primary":1}]}`, place{17, "a[0].primary"}},
		{"leading zero", `{"a":01}`, place{5, "a"}},
		{"plus", `{"a":+1}`, place{5, "a"}},
		{"bare point", `{"a":1.}`, place{5, "a"}},
		{"not a number", `{"a":NaN}`, place{5, "a"}},
		{"word in another case", `{"a":True}`, place{5, "a"}},
		{"word cut short", `{"a":nul}`, place{5, "a"}},
		{"word that goes on", `{"a":nullx}`, place{9, ""}},
		{"key of garbage is cut", `{"` + strings.Repeat("k", 100) + `":x}`, place{104, strings.Repeat("k", 64) + "…"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := contact.ParseFields([]byte(row.in))
			var e *contact.DecodeError
			require.ErrorAs(t, err, &e)
			if diff := cmp.Diff(row.want, place{e.Offset, e.Path}); diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the message holds content: %v", err)
			}
		})
	}
}

// TestUnmarshal: through encoding/json the same rules hold.
func TestUnmarshal(t *testing.T) {
	type document struct {
		Fields contact.Fields `json:"fields"`
		Value  contact.Value  `json:"value"`
		Change contact.Change `json:"change"`
	}
	var got document
	require.NoError(t, json.Unmarshal([]byte(`{"fields":{"a":["x"]},"value":null,"change":{"add":[{"value":"x","type":"t"}]}}`), &got))
	want := document{contact.Fields{"a": contact.Set("x")}, contact.Empty, contact.Change{Add: []contact.Entry{entry("x", "t")}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, wrong := range []string{
		`{"fields":{"a":1,"a":2}}`, `{"value":"\ud800"}`, `{"value":[[]]}`, `{"fields":[]}`, `{"change":{"add":[{"velue":"x"}]}}`,
	} {
		if err := json.Unmarshal([]byte(wrong), new(document)); err == nil {
			t.Errorf("%s is read", wrong)
		}
	}
}

// TestDecoder reads a row of a program's own with all that the decoder offers.
func TestDecoder(t *testing.T) {
	type row struct {
		ID     string
		N      int64
		Gone   bool
		Tags   []string
		Value  contact.Value
		Fields contact.Fields
		Absent bool
	}
	read := func(text string) (r row, err error) {
		d := contact.NewDecoder(text)
		err = d.Object(func(key string) (err error) {
			switch key {
			case "id":
				r.ID, err = d.String()
			case "n":
				r.N, err = d.Int()
			case "gone":
				r.Gone, err = d.Bool()
			case "tags":
				err = d.Array(func() error {
					s, err := d.String()
					r.Tags = append(r.Tags, s)
					return err
				})
			case "value":
				r.Value, err = d.Value()
			case "fields":
				if r.Absent = d.Null(); !r.Absent {
					r.Fields, err = d.Fields()
				}
			case "refused":
				err = errors.New("a word of the caller")
			default:
				err = d.Skip()
			}
			return err
		})
		if err == nil {
			err = d.End()
		}
		return r, err
	}

	got, err := read(`{"id":"r1","n":-9223372036854775808,"gone":true,"tags":["a","b"],"value":1.5,"fields":{"x":"y"},
		"more":{"deep":[[],{},null,true,-1e3,"\u00e9"]}}`)
	require.NoError(t, err)
	want := row{ID: "r1", N: -9223372036854775808, Gone: true, Tags: []string{"a", "b"}, Value: num(t, "1.5"), Fields: contact.Fields{"x": contact.Text("y")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got, err = read(`{"fields":null}`)
	require.NoError(t, err)
	if diff := cmp.Diff(row{Absent: true}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	deep := strings.Repeat("[", 63) + strings.Repeat("]", 63)
	manyKeys := `"k":1,`
	for i := range 40 {
		manyKeys += `"k` + strings.Repeat("k", i) + `2":1,`
	}
	for _, row := range []struct{ name, in, want string }{
		{"whole number only", `{"n":1.0}`, `JSON at byte 5, in "n": want a whole number of at most 64 bits`},
		{"number too large", `{"n":9223372036854775808}`, `JSON at byte 5, in "n": want a whole number of at most 64 bits`},
		{"bool of another type", `{"gone":null}`, `JSON at byte 8, in "gone": want true or false`},
		{"text of another type", `{"tags":["a",1]}`, `JSON at byte 13, in "tags[1]": want text`},
		{"fields of another type", `{"fields":"x"}`, `JSON at byte 10, in "fields": want an object`},
		{"a word of the caller", `{"refused":1}`, `JSON at byte 11, in "refused": a word of the caller`},
		{"a key twice in what is skipped", `{"more":[{"a":1,"a":2}]}`, `JSON at byte 20, in "more[0].a": the key is there twice`},
		{"a key twice among many", `{` + manyKeys + `"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk2":1}`, `JSON at byte 1111, in "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk2": the key is there twice`},
		{"something behind", `{}x`, `JSON at byte 2: something follows the end`},
		{"64 levels", `{"more":` + deep + `}`, ""},
		{"many arrays beside each other", `{"more":[` + strings.Repeat(`[],`, 100) + `{}]}`, ""},
		{"65 levels", `{"more":[` + deep + `]}`, `JSON at byte 71, in "more` + strings.Repeat("[0]", 63) + `": nested too deeply`},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := read(row.in)
			message := ""
			if err != nil {
				message = err.Error()
			}
			if diff := cmp.Diff(row.want, message); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAppendJSON(t *testing.T) {
	for _, row := range []struct {
		name string
		in   contact.Fields
		want string
	}{
		{"sorted, without what is absent", contact.Fields{"b": contact.Text("2"), "a": contact.Text("1"), "c": {}}, `{"a":"1","b":"2"}`},
		{"no fields", nil, `{}`},
		{"empty", contact.Fields{"a": contact.Empty}, `{"a":null}`},
		{"set keeps its order", contact.Fields{"a": contact.Set("y", "x")}, `{"a":["y","x"]}`},
		{"address", contact.Fields{"a": contact.Postal(contact.Address{Country: "BE", Street: "x"})}, `{"a":{"street":"x","country":"BE"}}`},
		{"list", contact.Fields{"a": contact.List(contact.Entry{Value: contact.Int(1), Type: "t", Primary: true}, entry("x", ""))},
			`{"a":[{"value":1,"type":"t","primary":true},{"value":"x"}]}`},
		{"what must be escaped is", contact.Fields{"a\"": contact.Text("\\\"\n\r\t\x00\x1f")}, `{"a\"":"\\\"\n\r\t\u0000\u001f"}`},
		{"what need not be is not", contact.Fields{"a": contact.Text("<é😀/\u2028\x7f>")}, "{\"a\":\"<é😀/\u2028\x7f>\"}"},
		{"bytes that are not UTF-8", contact.Fields{"a": contact.Text("x\xffy\xed\xa0\x80")}, "{\"a\":\"x\ufffdy\ufffd\ufffd\ufffd\"}"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(row.want, string(row.in.AppendJSON(nil))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzParseFields: nothing panics; what is read is written in a form that is read as the same; and what
// encoding/json takes for broken is refused.
func FuzzParseFields(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":null}`, `{"a":"b\u00e9\ud83d\ude00"}`, `{"a":["x","y"]}`, `{"a":[{"value":"x","type":"t","primary":true},"z"]}`,
		`{"a":{"city":"x"},"b":-1.5e10,"c":true}`, `{"a":1,"a":2}`, `[[[`, "{\"a\":\"\xff\"}", `{"a":"\ud800"}`, ` {"a" : [ ] } `} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fields, err := contact.ParseFields(data)
		if skipErr := skip(string(data)); err == nil && skipErr != nil {
			t.Fatalf("what is read cannot be skipped: %v", skipErr)
		}
		if !json.Valid(data) && skip(string(data)) == nil {
			t.Fatalf("%q is no JSON and is skipped", data)
		}
		if err != nil {
			return
		}
		if !json.Valid(data) || !utf8.Valid(data) {
			t.Fatalf("%q is no JSON and is read", data)
		}
		text := fields.AppendJSON(nil)
		back, err := contact.ParseFields(text)
		if err != nil {
			t.Fatalf("%q is written as %q: %v", data, text, err)
		}
		if diff := cmp.Diff(fields, back); diff != "" {
			t.Fatalf("%q is written as %q (-want +got):\n%s", data, text, diff)
		}
	})
}

// skip reads one JSON value of any type.
func skip(text string) error {
	d := contact.NewDecoder(text)
	if err := d.Skip(); err != nil {
		return err
	}
	return d.End()
}
