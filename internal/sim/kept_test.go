package sim

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// TestKept plays the scripts that once found a fault, each shrunk and named after it.
func TestKept(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/seeds/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			s, err := Decode(data)
			require.NoError(t, err)
			r, err := Play(t.Context(), s, Options{Keep: true})
			require.NoError(t, err)
			if text := r.Failed(); text != "" {
				t.Errorf("%s\n%s", text, strings.Join(r.Lines, "\n"))
			}
		})
	}
}

// TestOpen plays the scripts of faults that nobody has mended yet, each with the reason. One that does not fail any more
// belongs to the others.
func TestOpen(t *testing.T) {
	t.Parallel()
	reasons := map[string]string{}
	files, err := filepath.Glob("testdata/open/*.json")
	require.NoError(t, err)
	require.Len(t, files, len(reasons))
	for name, reason := range reasons {
		data, err := os.ReadFile(filepath.Join("testdata", "open", name+".json"))
		require.NoError(t, err)
		s, err := Decode(data)
		require.NoError(t, err)
		if failure(t.Context(), s) == "" {
			t.Errorf("%s: it does not fail any more; move it to testdata/seeds (%s)", name, reason)
		}
	}
}

// canary is a connector that does wrong what the engine asks of it, as an engine with a planted fault would.
type canary struct {
	connector.Connector
	sing func(ctx context.Context, c connector.Connector, writes []connector.Write) ([]connector.Result, error)
}

func (c canary) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	return c.sing(ctx, c.Connector, writes)
}

// canaries are planted faults, each with the promises of which one is broken by it.
var canaries = map[string]struct {
	sing func(context.Context, connector.Connector, []connector.Write) ([]connector.Result, error)
	want []string
}{
	"creates everybody twice": {func(ctx context.Context, c connector.Connector, writes []connector.Write) ([]connector.Result, error) {
		if writes[0].Op == connector.Create {
			if _, err := c.Apply(ctx, writes); err != nil {
				return nil, err
			}
		}
		return c.Apply(ctx, writes)
	}, []string{"own", "I6", "I9"}},
	"writes what nobody entered": {func(ctx context.Context, c connector.Connector, writes []connector.Write) ([]connector.Result, error) {
		for i, w := range writes {
			if _, ok := w.Patch["first"]; ok {
				writes[i].Patch = maps.Clone(w.Patch)
				writes[i].Patch["first"] = contact.Change{Set: contact.Text("canary")}
			}
		}
		return c.Apply(ctx, writes)
	}, []string{"I4", "I9"}},
	"says that it has written": {func(ctx context.Context, c connector.Connector, writes []connector.Write) ([]connector.Result, error) {
		if writes[0].Op != connector.Update {
			return c.Apply(ctx, writes)
		}
		results := make([]connector.Result, len(writes))
		for i, w := range writes {
			results[i].Record = contact.Record{ID: w.ID, Version: w.Version}
		}
		return results, nil
	}, []string{"I1", "I3", "I9", "I28"}},
	"deletes instead of emptying": {func(ctx context.Context, c connector.Connector, writes []connector.Write) ([]connector.Result, error) {
		for i, w := range writes {
			for _, change := range w.Patch {
				if w.Op == connector.Update && len(writes) == 1 && change.Set.Blank() && !change.Set.Absent() {
					writes[i] = connector.Write{Op: connector.Delete, ID: w.ID, Version: w.Version}
					break
				}
			}
		}
		return c.Apply(ctx, writes)
	}, []string{"I5", "I9", "I17"}},
}

// TestCanary: a fault that is planted between the engine and the apps is caught, by a promise that it breaks.
func TestCanary(t *testing.T) {
	t.Parallel()
	for name, tt := range canaries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := Options{Wrap: func(c connector.Connector, f connector.Features) (connector.Connector, connector.Features) {
				f.Upserter = nil
				return canary{c, tt.sing}, f
			}}
			caught := map[string]int{}
			for seed := range uint64(40) {
				s := Draw(seed)
				for i := range s.Apps {
					s.Apps[i].Upsert, s.Apps[i].Push = false, false
				}
				r, err := Play(t.Context(), s, o)
				require.NoError(t, err)
				for _, v := range r.Violations {
					caught[v.Invariant]++
				}
			}
			n := 0
			for _, invariant := range tt.want {
				n += caught[invariant]
			}
			if n == 0 {
				t.Errorf("nobody noticed in 40 seeds; want one of %q, got %v", tt.want, caught)
			}
			t.Logf("caught: %v", caught)
		})
	}
}

// TestReplay: a script that was written down and read plays as the one that was drawn, and plays the same way each time.
func TestReplay(t *testing.T) {
	t.Parallel()
	for seed := uint64(1000); seed < 1030; seed++ {
		want, err := Play(t.Context(), Draw(seed), Options{})
		require.NoError(t, err)
		text, err := Draw(seed).Encode()
		require.NoError(t, err)
		s, err := Decode(text)
		require.NoError(t, err)
		got, err := Play(t.Context(), s, Options{})
		require.NoError(t, err)
		if want.Hash != got.Hash || want.Events != got.Events {
			t.Errorf("seed %d: %x of %d events, and %x of %d once it was written down", seed, want.Hash, want.Events, got.Hash, got.Events)
		}
		other, err := Play(t.Context(), Draw(seed+1), Options{})
		require.NoError(t, err)
		if other.Hash == want.Hash {
			t.Errorf("seeds %d and %d go the same way", seed, seed+1)
		}
	}
}

// TestShrink: what has nothing to do with a failure is left out, of the steps, the faults and the world.
func TestShrink(t *testing.T) {
	t.Parallel()
	fails := func(s *Script) bool { // somebody is deleted, and later a sync loses an answer
		deleted := false
		for _, st := range s.Steps {
			deleted = deleted || st.Do == "delete"
			for _, f := range st.Faults {
				if deleted && f.Kind == "lost" {
					return s.Apps[1].NoVersions
				}
			}
		}
		return false
	}
	found := 0
	for seed := range uint64(20000) {
		s := Draw(seed)
		if !fails(s) {
			continue
		}
		small := Shrink(t.Context(), s, 10_000, fails)
		if !fails(small) || len(small.Steps) != 2 || len(small.Steps[1].Faults) != 1 {
			t.Errorf("seed %d: %d steps are left, want two with one fault: %+v", seed, len(small.Steps), small.Steps)
		}
		if a := small.Apps[1]; !a.NoVersions || a.NoFeed || a.Lag > 0 || len(a.Normalize) > 0 || small.Apps[0].NoVersions || len(small.Conns) != 1 {
			t.Errorf("seed %d: the world is not plain: %+v", seed, small)
		}
		if found++; found == 5 {
			return
		}
	}
	t.Errorf("only %d seeds to shrink", found)
}
