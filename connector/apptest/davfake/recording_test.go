package davfake_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// judged keeps what would fail a test that is not this one: the script asks for much that no RFC allows.
type judged struct {
	*testing.T
	mu     sync.Mutex
	faults []string
}

func (j *judged) Errorf(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.faults = append(j.faults, format)
}

// unlike are answers of real servers that the fake does not imitate, by server and request, with the reason.
var unlike = map[string]map[string]string{
	"radicale-3.1.8": {
		"no such report": "it answers an unknown report with empty responses for all members; the fake refuses what no client may ask",
	},
	"davical-1.1.12": {
		"an empty body": "412, for no reason that is told",
		"in no book":    "an element that no RFC has, collection-must-exist",
		"no xml":        "an element that no RFC has, invalid-xml",
	},
	"xandikos-0.2.8": {
		"no card":        "it names the wrong element, valid-calendar-data, under an href that is escaped twice",
		"an empty body":  "the same",
		"no such report": "the same href",
	},
}

// TestPresetsAnswerAsTheRealServers: the fake with a preset answers the script as the real server did.
func TestPresetsAnswerAsTheRealServers(t *testing.T) {
	t.Parallel()
	for name, quirks := range map[string]davfake.Quirks{"radicale-3.1.8": davfake.Radicale(), "xandikos-0.2.8": davfake.Xandikos(),
		"davical-1.1.12": davfake.DAViCal()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorded, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
			require.NoError(t, err)
			s := davfake.New(&judged{T: t}, quirks)
			p := &probe{t: t, client: s.Client(), base: s.URL, book: s.Book.Path, user: s.User, password: davfake.Password}
			if quirks.NoAuth {
				p.user = ""
			}
			got := p.run()
			want := strings.Split(strings.TrimSpace(string(recorded)), "\n")
			if diff := cmp.Diff(alike(name, want), alike(name, got)); diff != "" {
				t.Errorf("the fake answers otherwise (-real +fake):\n%s", diff)
			}
			for step := range unlike[name] {
				if !strings.Contains("\n"+string(recorded), "\n"+step+": ") {
					t.Errorf("nothing called %q was recorded", step)
				}
			}
		})
	}
}

// alike returns the lines of a recording without the answers that are known to differ.
func alike(server string, lines []string) (kept []string) {
	skip := false
	for _, line := range lines {
		if !strings.HasPrefix(line, "  ") {
			step, _, _ := strings.Cut(line, ": ")
			_, skip = unlike[server][step]
		}
		if !skip {
			kept = append(kept, line)
		}
	}
	return kept
}
