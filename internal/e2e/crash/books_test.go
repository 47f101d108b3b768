//go:build linux

package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// cards are the cards of a book by the email of their person.
type cards map[string]string

const endCard = "END:VCARD\r\n"

func newCard(person int, note string) string {
	return fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:uid-%[1]d\r\nFN:First%[1]d Last%[1]d\r\nN:Last%[1]d;First%[1]d;;;\r\nEMAIL:p%[1]d@example.com\r\nTEL:+1415555%04[1]d\r\nNOTE:%[2]s\r\n%[3]s",
		person, note, endCard)
}

// emailOf returns the email of a card.
func emailOf(card string) string {
	_, rest, _ := strings.Cut(card, "\r\nEMAIL")
	line, _, _ := strings.Cut(rest, "\r\n")
	_, email, _ := strings.Cut(line, ":")
	return email
}

// isFile reports whether a book is one file of many cards; else it is a folder.
func isFile(book string) bool { return strings.HasSuffix(book, ".vcf") }

// read returns the cards of a book, and fails if two are of one person.
func read(t *testing.T, book string) cards {
	t.Helper()
	return cardsIn(t, files(t, book))
}

// cardsIn returns the cards of these files, and fails if two are of one person.
func cardsIn(t *testing.T, texts map[string]string) cards {
	t.Helper()
	all := cards{}
	for name, text := range texts {
		for _, card := range strings.SplitAfter(text, endCard) {
			if strings.TrimSpace(card) == "" {
				continue
			}
			email := emailOf(card)
			if _, twice := all[email]; twice || !strings.HasSuffix(card, endCard) || !strings.HasPrefix(card, "BEGIN:VCARD") {
				t.Errorf("%s: a card that is there twice or not whole:\n%s", name, card)
			}
			all[email] = card
		}
	}
	return all
}

// files returns the text of the files of a book, without what a crash may leave behind for a while.
func files(t *testing.T, book string) map[string]string {
	t.Helper()
	names := []string{book}
	if !isFile(book) {
		var err error
		names, err = filepath.Glob(filepath.Join(book, "*.vcf"))
		require.NoError(t, err)
	}
	all := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		all[name] = string(text)
	}
	return all
}

// put writes a card as its user would, "" to remove it, into a book with these files. before is the card as it is, "" if it
// is new.
func put(t *testing.T, book string, texts map[string]string, before, card string) {
	t.Helper()
	name, text := holder(texts, before)
	switch {
	case before != "":
		require.NotEmpty(t, name, "a card that is there no more")
		text = strings.Replace(text, before, card, 1)
	case isFile(book):
		name, text = book, texts[book]+card
	default:
		name, text = filepath.Join(book, emailOf(card)+".vcf"), card
	}
	if texts[name] = text; text == "" && !isFile(book) {
		require.NoError(t, os.Remove(name))
		return
	}
	write(t, name, text)
}

// holder returns the file that holds a card.
func holder(texts map[string]string, card string) (name, text string) {
	for name, text := range texts {
		if strings.Contains(text, card) {
			return name, text
		}
	}
	return "", ""
}

// write writes a file a minute ago: one that is younger than some milliseconds when it is first read has another version
// when it is older, and then counts as touched by its user.
func write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	ago := time.Now().Add(-time.Minute)
	require.NoError(t, os.Chtimes(name, ago, ago))
}

// withLine returns a card whose line of a property is another, or is there no more.
func withLine(card, property, value string) string {
	lines := strings.SplitAfter(card, "\r\n")
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, property) })
	text := strings.Join(lines, "")
	if value == "" {
		return text
	}
	return strings.TrimSuffix(text, endCard) + property + ":" + value + "\r\n" + endCard
}

// content is what a book says, whatever ids its cards were given and in whatever order their lines are.
func content(all cards) map[string]string {
	out := map[string]string{}
	for email, card := range all {
		lines := strings.Split(strings.TrimSpace(card), "\r\n")
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "UID") || strings.HasPrefix(l, "REV") })
		slices.Sort(lines)
		out[email] = strings.Join(lines, "\n")
	}
	return out
}

// An edit is what a user does with the card of a person, the same in every world.
type edit struct {
	side   int
	person int
	kind   string // new, note, phone, blank, remove
	value  string
}

// drawEdits draws what users do between two syncs: they edit, enter and remove some of the people. Both edit the same
// person at times, in the same field, too.
func drawEdits(rng *rand.Rand, people *int, round int) (edits []edit) {
	for i := range 4 + rng.IntN(*people/3) {
		e := edit{side: rng.IntN(2), person: rng.IntN(*people), kind: []string{"note", "phone"}[rng.IntN(2)], value: fmt.Sprintf("note %d of round %d", i, round)}
		if e.kind == "phone" {
			e.value = fmt.Sprintf("+1415555%04d", 1000+rng.IntN(9000))
		}
		edits = append(edits, e)
	}
	for range rng.IntN(3) {
		edits = append(edits, edit{side: rng.IntN(2), person: rng.IntN(*people), kind: []string{"remove", "blank"}[rng.IntN(2)]})
	}
	for range rng.IntN(6) {
		edits = append(edits, edit{side: rng.IntN(2), person: *people, kind: "new", value: fmt.Sprintf("new in round %d", round)})
		*people++
	}
	return edits
}

// do carries out what users do in a pair of books. Who is not there is not edited.
func do(t *testing.T, books [2]string, edits []edit) {
	t.Helper()
	texts := [2]map[string]string{files(t, books[0]), files(t, books[1])}
	there := [2]cards{cardsIn(t, texts[0]), cardsIn(t, texts[1])}
	for _, e := range edits {
		email := fmt.Sprintf("p%d@example.com", e.person)
		before, known := there[e.side][email]
		after := ""
		switch {
		case e.kind == "new":
			after = newCard(e.person, e.value)
		case !known:
			continue
		case e.kind == "note", e.kind == "blank":
			after = withLine(before, "NOTE", e.value)
		case e.kind == "phone":
			after = withLine(before, "TEL", e.value)
		}
		put(t, books[e.side], texts[e.side], before, after)
		if delete(there[e.side], email); after != "" {
			there[e.side][email] = after
		}
	}
}
