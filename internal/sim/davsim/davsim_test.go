package davsim

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/internal/sim"
)

var (
	seeds = flag.Int("dav-seeds", 200, "how many seeds TestSeeds plays")
	from  = flag.Uint64("dav-seed", 1, "the first of them")
	show  = flag.Bool("dav-show", false, "tell each event of the first seed")
	keep  = flag.String("dav-keep", "", "a folder that the shrunk scripts of failing seeds are written to")
)

// options plays histories with an address book.
var options = sim.Options{Draw: Draw, Remote: Open}

// open are seeds that are known to fail, with the reason. Each is a fault that nobody has mended yet.
var open = map[uint64]string{}

// TestSeeds plays seeds: nothing that was promised is broken, and every fault of requests befell some of them.
func TestSeeds(t *testing.T) {
	if *show {
		tellSeed(t, Draw(*from))
		return
	}
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // little is alive at a time
	began, cpu := time.Now(), processor()
	tally := sim.Run(t.Context(), *from, *seeds, runtime.GOMAXPROCS(0), options)
	took, used := time.Since(began), processor()-cpu
	for _, seed := range slices.Sorted(maps.Keys(tally.Failed)) {
		if reason, known := open[seed]; known {
			t.Logf("seed %d is open: %s", seed, reason)
			continue
		}
		t.Errorf("seed %d: %s", seed, tally.Failed[seed])
		if *keep != "" {
			require.NoError(t, sim.Keep(t.Context(), *keep, seed, options))
		}
	}
	for seed, reason := range open {
		if _, failed := tally.Failed[seed]; !failed && seed >= *from && seed < *from+uint64(*seeds) {
			t.Errorf("seed %d does not fail any more: take it from the open ones (%s)", seed, reason)
		}
	}
	t.Logf("%d seeds, %.1f years, in %s, %.0f a second and core; %d played twice; %d failed", *seeds, tally.Hours/8766,
		took.Round(time.Millisecond), float64(*seeds)/used.Seconds(), tally.Again, len(tally.Failed))
	for _, name := range tally.Names() {
		t.Logf("%8d %s", tally.Fired[name], name)
	}
	for _, f := range families {
		if name := f.id + " " + f.kind; *seeds >= 200 && tally.Fired[name] == 0 {
			t.Errorf("never fired: %s", name)
		}
	}
}

// processor returns how much of the processors this process has used.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// tellSeed tells all that happens in a script.
func tellSeed(t *testing.T, s *sim.Script) {
	o := options
	o.Keep = true
	r, err := sim.Play(t.Context(), s, o)
	require.NoError(t, err)
	text, err := s.Encode()
	require.NoError(t, err)
	fmt.Printf("%s\n%s\n", text, strings.Join(r.Lines, "\n"))
	for _, v := range r.Violations {
		fmt.Printf("%s at %d: %s\n", v.Invariant, v.At, v.Text)
	}
}

// TestKept plays the scripts that once found a fault, each shrunk and named after it.
func TestKept(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/seeds/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		s, err := sim.Decode(data)
		require.NoError(t, err)
		o := options
		o.Keep = true
		r, err := sim.Play(t.Context(), s, o)
		require.NoError(t, err)
		if text := r.Failed(); text != "" {
			t.Errorf("%s: %s\n%s", file, text, strings.Join(r.Lines, "\n"))
		}
	}
}

// TestReplay: a script that was written down and read plays as the one that was drawn, and plays the same way each time.
func TestReplay(t *testing.T) {
	t.Parallel()
	for seed := uint64(5000); seed < 5010; seed++ {
		want, err := sim.Play(t.Context(), Draw(seed), options)
		require.NoError(t, err)
		text, err := Draw(seed).Encode()
		require.NoError(t, err)
		s, err := sim.Decode(text)
		require.NoError(t, err)
		got, err := sim.Play(t.Context(), s, options)
		require.NoError(t, err)
		require.Equal(t, want.Hash, got.Hash, "seed %d", seed)
		require.Equal(t, want.Events, got.Events, "seed %d", seed)
	}
}

// canaries are faults that are planted between the connector and the server, as a connector with a fault would bring them
// about, each with what has to notice: the promises that are broken, and words of checks of this package.
var canaries = map[string]struct {
	tamper func(r *http.Request, body []byte) ([]byte, bool)
	want   []string
}{
	"writes are not sent": {func(r *http.Request, body []byte) ([]byte, bool) { return body, r.Method == http.MethodPut },
		[]string{"I1", "I9"}},
	"what has no field is lost": {func(_ *http.Request, body []byte) ([]byte, bool) {
		return bytes.ReplaceAll(body, []byte("item1.X-SHOE"), []byte("item1.X-SHOVE")), false
	}, []string{"which no field holds"}},
	"another first name is written": {func(r *http.Request, body []byte) ([]byte, bool) {
		if at := bytes.Index(body, []byte("\r\nN:")); r.Method == http.MethodPut && at >= 0 {
			semicolon := at + bytes.IndexByte(body[at:], ';')
			body = slices.Concat(body[:semicolon+1], []byte("Canary"), body[semicolon+1:])
		}
		return body, false
	}, []string{"I4"}},
	"writes without conditions": {func(r *http.Request, body []byte) ([]byte, bool) {
		r.Header.Del("If-Match")
		return body, false
	}, []string{"without a condition"}},
}

// TestCanary: a fault that is planted in what is sent is noticed.
func TestCanary(t *testing.T) {
	t.Parallel()
	for name, tt := range canaries {
		o := options
		o.Remote = func(a sim.App, site sim.Site) (sim.Remote, error) {
			h, err := Open(a, site)
			if p, ok := h.(*place); ok {
				p.tamper = tt.tamper
			}
			return h, err
		}
		noticed := map[string]int{}
		for seed := range uint64(25) {
			r, err := sim.Play(t.Context(), Draw(seed), o)
			require.NoError(t, err)
			for _, v := range r.Violations {
				for _, want := range tt.want {
					if v.Invariant == want || strings.Contains(v.Text, want) {
						noticed[want]++
					}
				}
			}
		}
		if len(noticed) == 0 {
			t.Errorf("%s: nobody noticed in 25 seeds; want one of %q", name, tt.want)
		}
		t.Logf("%s: %v", name, noticed)
	}
}
