package simtest

import "testing"

// Find returns how the first seed that fails tells of itself, "" if none does.
func Find(t *testing.T, s Simulation) string {
	t.Helper()
	p, err := s.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(100) {
		found, err := p.play(t.Context(), seed+1, false)
		if err != nil {
			t.Fatal(err)
		}
		if found != "" {
			return found
		}
	}
	return ""
}

// Check returns why a simulation cannot be played.
func Check(t *testing.T, s Simulation) error {
	t.Helper()
	_, err := s.open(t.Context())
	return err
}

// Fired plays seeds, none of which fails, and returns how often each fault befell.
func Fired(t *testing.T, s Simulation, seeds uint64) map[string]int {
	t.Helper()
	p, err := s.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for seed := range seeds {
		if found, err := p.play(t.Context(), seed+1, false); err != nil || found != "" {
			t.Fatal(err, found)
		}
	}
	return p.fired
}
