package apptest

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// An Entry is one request in the journal. It holds no body, no values of query parameters and no credentials.
type Entry struct {
	At      time.Time   // by the server's clock
	Kind    string      // as [App].Kind names it
	Method  string      //
	Path    string      // as it was sent, with its escapes
	Params  []string    // names of the query parameters, sorted
	Header  http.Header // those that [App].Journal names
	Login   bool        // it bore credentials
	Sent    int         // bytes of its body
	Status  int         // of the answer; 0 if there was none
	Fault   FaultKind   // that befell it, if any
	Refused string      // why it is none that the app knows, if so

	began, ended int // moments of the journal
}

// A Journal is what was asked of a server, in the order in which it began. It is safe for use by several goroutines.
type Journal struct {
	mu      sync.Mutex
	entries []Entry
	moment  int
	from    int // first entry since the last Reset
}

// credentials are headers whose values are never kept.
var credentials = []string{"Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "X-Api-Token"}

// entryOf returns the entry of a request that begins.
func entryOf(r *http.Request, kind string, sent int, keep []string, at time.Time) Entry {
	e := Entry{At: at, Kind: kind, Method: r.Method, Path: r.URL.EscapedPath(), Header: http.Header{}, Sent: sent}
	for name := range r.URL.Query() {
		e.Params = append(e.Params, name)
	}
	slices.Sort(e.Params)
	for _, name := range keep {
		name = http.CanonicalHeaderKey(name)
		if values := r.Header.Values(name); len(values) > 0 && !slices.Contains(credentials, name) {
			e.Header[name] = slices.Clone(values)
		}
	}
	e.Login = slices.ContainsFunc(credentials, func(name string) bool { return r.Header.Get(name) != "" })
	return e
}

func (j *Journal) begin(e Entry) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.moment++
	e.began = j.moment
	j.entries = append(j.entries, e)
	return len(j.entries) - 1
}

func (j *Journal) end(entry, status int, fault FaultKind) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.moment++
	e := &j.entries[entry]
	e.Status, e.Fault, e.ended = status, fault, j.moment
}

func (j *Journal) refused(entry int, why string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries[entry].Refused = why
}

// Entries returns the requests since the last [Journal.Reset].
func (j *Journal) Entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.entries[j.from:])
}

// Counts returns how many requests of each kind there were since the last [Journal.Reset].
func (j *Journal) Counts() map[string]int {
	counts := map[string]int{}
	for _, e := range j.Entries() {
		counts[e.Kind]++
	}
	return counts
}

// Reset forgets the requests until now. Those that are still being answered are not seen again.
func (j *Journal) Reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.from = len(j.entries)
}

// Peak returns how many requests of the kinds were served at the same time at most, of all kinds if none is named: an
// app with one writer an account wants 1.
func (j *Journal) Peak(kinds ...string) int {
	ends := map[int]int{} // by moment: how many more are served from then on
	j.mu.Lock()
	moments := j.moment
	for _, e := range j.entries[j.from:] {
		if len(kinds) == 0 || slices.Contains(kinds, e.Kind) {
			ends[e.began]++
			ends[e.ended]-- // 0, before all, if it has not ended
		}
	}
	j.mu.Unlock()
	now, peak := 0, 0
	for moment := 1; moment <= moments; moment++ {
		now += ends[moment]
		peak = max(peak, now)
	}
	return peak
}
