package connectortest

import "testing"

// Examine runs one part and returns what Run would report.
func Examine(t *testing.T, s Suite, name string) []string {
	for _, p := range parts {
		if p.name == name {
			return s.examine(t, p)
		}
	}
	t.Fatalf("there is no part %q", name)
	return nil
}
