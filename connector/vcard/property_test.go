package vcard_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/contact"
)

// drawText draws a text that a card can hold, without space around it.
func drawText(t *rapid.T, runes string) string {
	s := rapid.StringOfN(rapid.RuneFrom([]rune(runes)), 1, 90, -1).Draw(t, "text")
	if s = strings.TrimSpace(s); strings.Trim(s, "; ") == "" {
		return "x"
	}
	return s
}

// drawValue draws a value of a field.
func drawValue(t *rapid.T, f contact.Field) contact.Value {
	const line = "ab C,;:\\=\"^.é李😀@+019"
	scalar := func() contact.Value {
		switch f.Type {
		case contact.TypeAddress:
			return contact.Postal(contact.Address{Street: drawText(t, line+"\n"), City: drawText(t, line), Country: drawText(t, line)})
		case contact.TypeDate:
			year := rapid.SampledFrom([]int{0, 1604, 1985, 2024}).Draw(t, "year")
			return contact.Date(year, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day"))
		case contact.TypeText:
			return contact.Text(drawText(t, line+"\n\t"))
		}
		return contact.Text(drawText(t, line))
	}
	switch {
	case f.Type == contact.TypeSet:
		return contact.Set(drawText(t, line), "second, one")
	case f.Many:
		kind := rapid.SampledFrom([]string{"", "work", "home fax", "mobile", "Ski hut", "pager", "x, y; z"})
		return contact.List(
			contact.Entry{Value: scalar(), Type: kind.Draw(t, "kind"), Primary: rapid.Bool().Draw(t, "primary")},
			contact.Entry{Value: contact.Text("second"), Type: kind.Draw(t, "kind")},
		)
	}
	return scalar()
}

// TestWhatIsSetIsRead sets fields of cards of every version, and reads them and all others back.
func TestWhatIsSetIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	schema, err := vcard.Folder(dir).Schema(context.Background())
	require.NoError(t, err)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		name := fmt.Sprintf("%d.vcf", n)
		version := rapid.SampledFrom([]string{"2.1", "3.0", "4.0"}).Draw(t, "version")
		text := cardOf(version, "UID:"+name, "N:Lee;Ann;;;", "FN:somebody", "item1.TEL;TYPE=pref:1", "item1.X-ABLabel:Hut", "EMAIL:a@example.com", "NOTE:n", "ORG:a;b;c", "X-ODD:y")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		c := vcard.Folder(dir)
		want := contact.Fields{}
		for range 3 {
			patch := contact.Patch{}
			for range rapid.IntRange(1, 4).Draw(t, "fields") {
				f := rapid.SampledFrom(schema.Fields[:len(schema.Fields)-1]).Draw(t, "field")
				v := drawValue(t, f)
				if f.Type == contact.TypeAddress {
					v = contact.List(v.Entries()[0])
				}
				patch[f.Name], want[f.Name] = contact.Change{Set: v}, v
			}
			results, err := c.Apply(context.Background(), []connector.Write{{Op: connector.Update, ID: name, Patch: patch}})
			if err != nil || results[0].Err != nil {
				t.Fatalf("%v %v", err, results)
			}
			for field, v := range want {
				f, _ := schema.Field(field)
				if got := results[0].Record.Get(field); !sameSet(f, got, v) {
					data, _ := os.ReadFile(filepath.Join(dir, name))
					t.Fatalf("%s: set %s, read %s in\n%s", field, mustJSON(v), mustJSON(got), data)
				}
			}
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	})
}

// sameSet reports whether a value is read as it was set: to the letter, but for the order of a list or set.
func sameSet(f contact.Field, got, want contact.Value) bool {
	if f.Many || f.Type == contact.TypeSet {
		return f.Same(got, want, "")
	}
	return got.Equal(want)
}

func mustJSON(v contact.Value) string { return string(v.AppendJSON(nil)) }
