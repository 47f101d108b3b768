package mutants

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Mutant is one change of one file that makes the library wrong.
type Mutant struct {
	ID   string // short and lasting, such as "N1-emptied"
	Why  string // what goes wrong with it: the incident that it repeats, or the guard that it takes away
	File string // slash-separated, relative to the root of the repository
	Old  string // occurs exactly once in the file
	New  string // stands in its place

	Package string // whose tests catch it, as "./internal/e2e"
	Run     string // which of them: the pattern of go test -run
}

// All returns the mutants that are kept, the canary among them, in the order in which they are listed.
func All() []Mutant {
	return append(append([]Mutant{Canary()}, incidents...), guards...)
}

// Overlay writes the mutated file into dir, and beside it the overlay for go build -overlay and go test -overlay, whose
// name it returns. It fails if the old text does not occur exactly once in the file: then the mutant has to follow the
// code, or the guard is gone.
func (m Mutant) Overlay(root, dir string) (string, error) {
	name := filepath.Join(root, filepath.FromSlash(m.File))
	src, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("mutant %s: %w", m.ID, err)
	}
	if n := strings.Count(string(src), m.Old); n != 1 {
		return "", fmt.Errorf("mutant %s: its old text occurs %d times in %s, and must occur once; let it follow the code", m.ID, n, m.File)
	}
	to := filepath.Join(dir, m.ID+".go")
	if err := os.WriteFile(to, []byte(strings.Replace(string(src), m.Old, m.New, 1)), 0o600); err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]any{"Replace": map[string]string{name: to}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, m.ID+".json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}
