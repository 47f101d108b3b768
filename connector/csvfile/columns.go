package csvfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// A column is one column of the file.
type column struct {
	heading string
	field   contact.Field // without a name where the column has no heading: such a column is blank
	sep     separators    // of a set
}

// newColumns returns the columns of these headings, and the index of the key column, -1 if there is none.
func newColumns(headings []string, cfg *Config) ([]column, int, error) {
	if err := checkHeadings(headings, cfg); err != nil {
		return nil, -1, err
	}
	key := findKey(headings, cfg.Key)
	fields := nameFields(headings, cfg.Columns, key)
	columns := make([]column, len(headings))
	for i, h := range headings {
		columns[i] = column{heading: h, field: fields[i], sep: newSeparators(h)}
	}
	if key < 0 && cfg.Key != "" {
		return nil, -1, fmt.Errorf("there is no column %q to be the key; name one that is there, or say that it is to be added", cfg.Key)
	}
	if key >= 0 && (columns[key].field.Meaning != "" || guessHeading(normalHeading(headings[key])).meaning != "") {
		return nil, -1, fmt.Errorf("column %q cannot be the key: people edit it, and a key must never change; without a key, rows are known by their email anyway", headings[key])
	}
	return columns, key, nil
}

// checkHeadings refuses headings that cannot be told apart and declarations of columns that are not there. Whether
// a column without heading is blank is seen later.
func checkHeadings(headings []string, cfg *Config) error {
	seen := map[string]int{}
	for i, h := range headings {
		if h == "" {
			continue
		}
		folded := strings.ToLower(contact.NormalText(h))
		if first, dup := seen[folded]; dup {
			return fmt.Errorf("columns %d and %d have the same heading; rename or remove one", first+1, i+1)
		}
		seen[folded] = i
	}
	if len(seen) == 0 {
		return fmt.Errorf("the header line has no headings")
	}
	for _, d := range cfg.sortedColumns() {
		if !slices.Contains(headings, d) {
			return fmt.Errorf("there is no column %q to be field %q", d, cfg.Columns[d])
		}
	}
	return nil
}

// findKey returns the index of the key column: the declared one, or the one whose heading says so best.
func findKey(headings []string, declared string) int {
	if declared != "" {
		return slices.Index(headings, declared)
	}
	found, best := -1, 0
	for i, h := range headings {
		if rank := keyRank(normalHeading(h)); rank > 0 && (best == 0 || rank < best) {
			found, best = i, rank
		}
	}
	return found
}

// nameFields returns the field of each heading by the rule that the package comment states.
func nameFields(headings []string, declared map[string]string, key int) []contact.Field {
	guesses := guessColumns(headings, declared, key)
	bearers, taken := findBearers(headings, guesses, declared)
	fields := make([]contact.Field, len(headings))
	for i, h := range headings {
		if h == "" {
			continue
		}
		meaning := guesses[i].meaning
		f := contact.Field{Label: h, Type: meaningType(meaning), ReadOnly: i == key}
		if f.Type == contact.TypeText {
			f.MaxLength = maxText
		}
		switch bearer, ok := bearers[meaning]; {
		case ok && bearer == i:
			f.Name, f.Meaning = meaning, meaning
		case declared[h] != "":
			f.Name = declared[h]
		default:
			f.Name = unusedName(otherName(h, i, guesses[i]), taken)
		}
		fields[i] = f
	}
	return fields
}

// guessColumns returns what each column means, by its declared name or else by its heading.
func guessColumns(headings []string, declared map[string]string, key int) []guess {
	guesses := make([]guess, len(headings))
	hasJobTitle := slices.ContainsFunc(headings, func(h string) bool { return normalHeading(h) == "job title" })
	for i, h := range headings {
		switch normal := normalHeading(h); {
		case declared[h] != "":
			guesses[i] = guess{meaning: meaningOfName(declared[h])}
		case i == key:
		case normal == "title" && hasJobTitle: // Outlook: "Dr."
			guesses[i] = guess{meaning: "prefix"}
		default:
			guesses[i] = guessHeading(normal)
		}
	}
	return guesses
}

// findBearers returns for each meaning the column that bears it, and the field names that are taken so far. A
// declared column comes before a guessed one.
func findBearers(headings []string, guesses []guess, declared map[string]string) (map[string]int, map[string]bool) {
	bearers, taken := map[string]int{}, map[string]bool{}
	for i, h := range headings {
		if name := declared[h]; name != "" {
			taken[name] = true
			if isMeaning(name) {
				bearers[name] = i
			}
		}
	}
	for i, g := range guesses {
		if g.meaning == "" || declared[headings[i]] != "" || taken[g.meaning] {
			continue
		}
		if b, ok := bearers[g.meaning]; !ok || g.before(guesses[b]) {
			bearers[g.meaning] = i
		}
	}
	for meaning := range bearers {
		taken[meaning] = true
	}
	return bearers, taken
}

// before reports whether a heading of guess g bears the meaning rather than one of guess h.
func (g guess) before(h guess) bool {
	if g.rank != h.rank {
		return g.rank < h.rank
	}
	return g.number < h.number
}

// meaningOfName returns what a declared field name says about its type: "email" and "email_2" are emails.
func meaningOfName(name string) string {
	base := strings.TrimRight(name, "0123456789")
	if base != name {
		name = strings.TrimSuffix(base, "_")
	}
	if isMeaning(name) {
		return name
	}
	return ""
}

// otherName returns the name of a field that does not bear the meaning of its column.
func otherName(heading string, index int, g guess) string {
	if g.meaning != "" && g.rank == rankPlain && g.number > 1 {
		return fmt.Sprintf("%s_%d", g.meaning, g.number)
	}
	if name := strings.ReplaceAll(normalHeading(heading), " ", "_"); name != "" {
		return name
	}
	return fmt.Sprintf("column_%d", index+1)
}

// unusedName returns name, or name_2, name_3, ... if it is taken, and takes it.
func unusedName(name string, taken map[string]bool) string {
	free := name
	for n := 2; taken[free]; n++ {
		free = fmt.Sprintf("%s_%d", name, n)
	}
	taken[free] = true
	return free
}
