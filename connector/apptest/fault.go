package apptest

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A Fault makes requests go wrong.
type Fault struct {
	On    string // the kind of request, as the journal names it; "" is any
	Path  string // a pattern of [path.Match] for the path as it was sent, "" is any
	Do    FaultKind
	Times int // how many requests go wrong: 0 is one, -1 is all until [Server.Mend]
	After int // how many requests pass first

	Status     int           // of ErrorBefore and ErrorAfter, 0 is 500; of Redirect, 0 is 302
	RetryAfter string        // header of an error, as it is: seconds, a date, or nonsense ([RetryAfters]); "" is none
	Location   string        // of Redirect
	Header     http.Header   // more headers of an error
	Body       string        // of an error
	Delay      time.Duration // of Delay, on the clock of the server
	Size       int64         // of Bomb: bytes that it inflates to, 0 is 256 MiB
}

// FaultKind is what goes wrong.
type FaultKind string

// The kinds of faults. Those that are said to come before the app acts leave nothing behind; after all others what was
// asked for is done.
const (
	ErrorBefore FaultKind = "error_before" // answers Status, before the app acts: 401, 429, 503, ...
	ErrorAfter  FaultKind = "error_after"  // the app acts, and answers Status as if it had not
	Dropped     FaultKind = "dropped"      // the connection breaks, before the app acts
	AnswerLost  FaultKind = "answer_lost"  // the app acts, and the connection breaks before the answer
	Delay       FaultKind = "delay"        // the clock moves by Delay, then the app acts
	Hang        FaultKind = "hang"         // no answer until the client goes away; before the app acts
	Stall       FaultKind = "stall"        // half the answer, then nothing until the client goes away
	Truncated   FaultKind = "truncated"    // half the answer, then the connection breaks
	WrongLength FaultKind = "wrong_length" // half the answer, and its length says that this is all
	Garbage     FaultKind = "garbage"      // the answer's status and headers with bytes that mean nothing
	LoginPage   FaultKind = "login_page"   // 200 with a page of HTML, before the app acts: a portal is in between
	Redirect    FaultKind = "redirect"     // to Location, before the app acts
	Bomb        FaultKind = "bomb"         // a short body that inflates to Size
)

// kinds are all there are.
var kinds = []FaultKind{ErrorBefore, ErrorAfter, Dropped, AnswerLost, Delay, Hang, Stall, Truncated, WrongLength, Garbage,
	LoginPage, Redirect, Bomb}

// before reports whether the fault comes before the app acts and in its place.
func (f *Fault) before() bool {
	return slices.Contains([]FaultKind{ErrorBefore, Dropped, Hang, LoginPage, Redirect}, f.kind())
}

// told returns the status that the client is told, 0 if it never gets a whole answer.
func (f *Fault) told(answer *httptest.ResponseRecorder) int {
	switch f.kind() {
	case Dropped, AnswerLost, Hang, Stall, Truncated:
		return 0
	case ErrorBefore, ErrorAfter, LoginPage, Redirect:
		return f.Status
	}
	return answer.Code
}

// RetryAfters returns what apps and proxies put into Retry-After, good and bad: seconds, a date after now, none, zero,
// negative, ten years, a fraction, a date that is past, one that no calendar reaches, and words.
func RetryAfters(now time.Time) []string {
	date := func(d time.Duration) string { return now.Add(d).UTC().Format(http.TimeFormat) }
	return []string{"30", date(time.Minute), "", "0", "-1", strconv.Itoa(10 * 365 * 24 * 3600), "1.5", date(-time.Hour),
		"Fri, 31 Dec 9999 23:59:59 GMT", "soon"}
}

// script is the faults that wait for requests.
type script struct {
	mu     sync.Mutex
	faults []*waiting
}

// waiting is a fault of the script, and how many requests it has befallen.
type waiting struct {
	Fault
	met int
}

// Fail makes the next requests go wrong. Where several faults wait for one request, the first that was given befalls
// it.
func (s *Server) Fail(f Fault) {
	s.t.Helper()
	if _, err := path.Match(f.Path, ""); err != nil || !slices.Contains(kinds, f.Do) || f.After < 0 || f.Times < -1 {
		s.t.Errorf("a fault that cannot be: %+v", f)
		return
	}
	f.Times = cmp.Or(f.Times, 1)
	usual := map[FaultKind]int{LoginPage: http.StatusOK, Redirect: http.StatusFound}[f.Do]
	f.Status = cmp.Or(f.Status, usual, http.StatusInternalServerError)
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	s.script.faults = append(s.script.faults, &waiting{Fault: f})
}

// Mend ends all faults, also those that have befallen nothing yet.
func (s *Server) Mend() {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	s.script.faults = nil
}

// next returns the fault that befalls a request and counts it, nil if there is none.
func (s *script) next(kind, escapedPath string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var hit *waiting
	for _, f := range s.faults {
		fits, _ := path.Match(f.Path, escapedPath)
		switch {
		case f.On != "" && f.On != kind || f.Path != "" && !fits || f.Times == 0:
		case f.After > 0:
			f.After--
		case hit == nil:
			hit = f
		}
	}
	if hit == nil {
		return nil
	}
	hit.met++
	if hit.Times > 0 {
		hit.Times--
	}
	now := hit.Fault
	return &now
}

// unmet returns the faults that befell nothing.
func (s *script) unmet() (all []Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.met == 0 {
			all = append(all, f.Fault)
		}
	}
	return all
}

// kind returns the kind of a fault, "" of none.
func (f *Fault) kind() FaultKind {
	if f == nil {
		return ""
	}
	return f.Do
}
