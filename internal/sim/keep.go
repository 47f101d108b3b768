package sim

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Keep shrinks the script of a seed that fails, as long as it fails for the same reason, and writes it into a folder, with a
// line for each event beside it.
func Keep(ctx context.Context, dir string, seed uint64, o Options) error {
	failure := func(s *Script) string {
		r, err := Play(ctx, s, o)
		if err != nil {
			return err.Error()
		}
		return r.Failed()
	}
	kind, _, _ := strings.Cut(failure(o.draw(seed)), " ")
	small := Shrink(ctx, o.draw(seed), 2000, func(s *Script) bool { return strings.HasPrefix(failure(s), kind+" ") })
	o.Keep = true
	r, err := Play(ctx, small, o)
	if err != nil {
		return err
	}
	text, err := small.Encode()
	if err != nil {
		return err
	}
	lines := append(r.Lines, "")
	for _, v := range r.Violations {
		lines = append(lines, fmt.Sprintf("%s at %d: %s", v.Invariant, v.At, v.Text))
	}
	name := filepath.Join(dir, fmt.Sprintf("%s-%d", strings.ToLower(kind), seed))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(name+".json", text, 0o644); err != nil {
		return err
	}
	return os.WriteFile(name+".txt", []byte(strings.Join(lines, "\n")), 0o644)
}
