package apptest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/contactsync/contactsync/connector/apptest"
	"github.com/stretchr/testify/require"
)

// judge is a test that is judged itself: it keeps what would have failed it.
type judge struct {
	testing.TB
	mu     sync.Mutex
	faults []string
	ends   []func()
}

func (j *judge) Helper()          {}
func (j *judge) Cleanup(f func()) { j.ends = append(j.ends, f) }
func (j *judge) Errorf(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.faults = append(j.faults, fmt.Sprintf(format, args...))
}

// end ends the judged test and returns what failed it.
func (j *judge) end() []string {
	for _, f := range j.ends {
		f()
	}
	j.ends = nil
	return j.faults
}

// counter is an app that counts how often it acted, and answers "hello, world" as JSON would.
func counter(acts *int) apptest.App {
	return apptest.App{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*acts++
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `"hello, world"`)
	})}
}

// get asks a server once, over a connection of its own, and returns what the client sees.
func get(t *testing.T, s *apptest.Server, method, path string) (status int, body string, header http.Header, err error) {
	t.Helper()
	r, err := http.NewRequest(method, s.URL+path, nil)
	require.NoError(t, err)
	client := *s.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := client.Do(r)
	if err != nil {
		return 0, "", nil, err
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(io.LimitReader(answer.Body, 8<<20))
	return answer.StatusCode, string(all), answer.Header, err
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fault  apptest.Fault
		acts   int    // how often the app has acted
		status int    // that the client sees; 0: it sees an error before any
		body   string // what it begins with
		broken bool   // the client sees an error, at once or in the body
		noted  int    // status in the journal
	}{
		{fault: apptest.Fault{Do: apptest.ErrorBefore}, status: 500, noted: 500},
		{fault: apptest.Fault{Do: apptest.ErrorBefore, Status: 429, Body: "slow down"}, status: 429, body: "slow down", noted: 429},
		{fault: apptest.Fault{Do: apptest.ErrorAfter, Status: 503}, acts: 1, status: 503, noted: 503},
		{fault: apptest.Fault{Do: apptest.Dropped}, broken: true},
		{fault: apptest.Fault{Do: apptest.AnswerLost}, acts: 1, broken: true},
		{fault: apptest.Fault{Do: apptest.Delay, Delay: time.Hour}, acts: 1, status: 200, body: `"hello, world"`, noted: 200},
		{fault: apptest.Fault{Do: apptest.Truncated}, acts: 1, status: 200, body: `"hello,`, broken: true},
		{fault: apptest.Fault{Do: apptest.WrongLength}, acts: 1, status: 200, body: `"hello,`, noted: 200},
		{fault: apptest.Fault{Do: apptest.Garbage}, acts: 1, status: 200, body: "\x00\xff", noted: 200},
		{fault: apptest.Fault{Do: apptest.LoginPage}, status: 200, body: "<!DOCTYPE html>", noted: 200},
		{fault: apptest.Fault{Do: apptest.Redirect, Location: "https://other.example/"}, status: 302, noted: 302},
		{fault: apptest.Fault{Do: apptest.Redirect, Status: 308, Location: "/elsewhere"}, status: 308, noted: 308},
		{fault: apptest.Fault{Do: apptest.Bomb, Size: 3<<20 + 5}, acts: 1, status: 200, body: "\x00\x00", noted: 200},
	} {
		t.Run(fmt.Sprint(row.fault.Do, row.fault.Status), func(t *testing.T) {
			t.Parallel()
			acts := 0
			s := apptest.New(t, counter(&acts))
			_, _, _, err := get(t, s, "GET", "/") // a connection that is kept: a client that silently asks again would
			require.NoError(t, err)
			acts = 0
			s.Fail(row.fault)
			status, body, header, err := get(t, s, "GET", "/")
			if status != row.status || !strings.HasPrefix(body, row.body) || (err != nil) != row.broken || acts != row.acts {
				t.Errorf("the client sees %d %.20q %v after %d acts; want %d %q, broken %t, after %d", status, body, err, acts,
					row.status, row.body, row.broken, row.acts)
			}
			if row.fault.Do == apptest.WrongLength && body != `"hello,` {
				t.Errorf("the whole of a cut answer is %q", body)
			}
			if row.fault.Do == apptest.Bomb && len(body) != 3<<20+5 {
				t.Errorf("it inflates to %d bytes", len(body))
			}
			if row.fault.Location != "" && header.Get("Location") != row.fault.Location {
				t.Errorf("it leads to %q", header.Get("Location"))
			}
			if want := apptest.Start.Add(row.fault.Delay); !s.Clock.Now().Equal(want) {
				t.Errorf("the clock says %v, want %v", s.Clock.Now(), want)
			}
			noted := s.Journal().Entries()[1]
			if noted.Status != row.noted || noted.Fault != row.fault.Do {
				t.Errorf("noted: %d %q; want %d %q", noted.Status, noted.Fault, row.noted, row.fault.Do)
			}
			if status, body, _, err := get(t, s, "GET", "/"); status != 200 || body != `"hello, world"` || err != nil {
				t.Errorf("the request after it: %d %q %v", status, body, err)
			}
		})
	}
}

// TestFaultsThatHang: the client gives up, and the server frees what waited.
func TestFaultsThatHang(t *testing.T) {
	t.Parallel()
	acts, arrived := 0, make(chan bool, 2)
	app := counter(&acts)
	app.Kind = func(r *http.Request, _ []byte) string { arrived <- true; return r.URL.Path }
	s := apptest.New(t, app)
	ask := func(kind apptest.FaultKind, trace *httptrace.ClientTrace) (*http.Response, context.CancelFunc, error) {
		s.Fail(apptest.Fault{On: "/" + string(kind), Do: kind})
		ctx, cancel := context.WithCancel(t.Context())
		if trace.WroteRequest == nil {
			trace.WroteRequest = func(httptrace.WroteRequestInfo) { cancel() }
		}
		r, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), "GET", s.URL+"/"+string(kind), nil)
		require.NoError(t, err)
		answer, err := s.Client().Do(r)
		return answer, cancel, err
	}
	_, _, err := ask(apptest.Hang, &httptrace.ClientTrace{}) // gives up as soon as it has asked
	require.ErrorIs(t, err, context.Canceled)
	<-arrived

	answer, cancel, err := ask(apptest.Stall, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {}})
	require.NoError(t, err)
	half := make([]byte, len(`"hello,`))
	_, err = io.ReadFull(answer.Body, half)
	require.NoError(t, err)
	require.Equal(t, `"hello,`, string(half))
	cancel()
	_, err = answer.Body.Read(half)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, 1, acts, "the one that hung has done nothing")
}

func TestFaultScript(t *testing.T) {
	t.Parallel()
	acts := 0
	s := apptest.New(t, counter(&acts))
	s.Fail(apptest.Fault{On: "PUT", Do: apptest.ErrorBefore, Status: 401, After: 1, Times: 2})
	s.Fail(apptest.Fault{On: "GET", Path: "/b/*", Do: apptest.ErrorBefore, Status: 503, RetryAfter: "7", Times: -1,
		Header: http.Header{"X-Limit": {"3"}}})
	var seen []int
	for _, ask := range []string{"PUT /", "GET /", "PUT /", "GET /b/c", "PUT /", "GET /b/c/d", "PUT /", "GET /b/c"} {
		method, path, _ := strings.Cut(ask, " ")
		status, _, header, err := get(t, s, method, path)
		require.NoError(t, err)
		if status == 503 && (header.Get("Retry-After") != "7" || header.Get("X-Limit") != "3") {
			t.Errorf("headers of the error: %v", header)
		}
		seen = append(seen, status)
	}
	require.Equal(t, []int{200, 200, 401, 503, 401, 200, 200, 503}, seen)
	s.Mend()
	status, _, _, err := get(t, s, "GET", "/b/c")
	require.NoError(t, err)
	require.Equal(t, 200, status)
}

// TestFaultsThatTestNothing: the kit tells a test that its script does not do what it says.
func TestFaultsThatTestNothing(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fault apptest.Fault
		want  string
	}{
		"no such kind":        {apptest.Fault{Do: "lost"}, "cannot be"},
		"no such pattern":     {apptest.Fault{Do: apptest.Hang, Path: "["}, "cannot be"},
		"befalls nothing":     {apptest.Fault{On: "PATCH", Do: apptest.Hang}, `"hang" on "PATCH" befell no request`},
		"befalls none so far": {apptest.Fault{On: "GET", Do: apptest.Hang, After: 1}, "befell no request"},
	} {
		j, acts := &judge{}, 0
		s := apptest.New(j, counter(&acts))
		s.Fail(row.fault)
		_, _, _, err := get(t, s, "GET", "/")
		require.NoError(t, err, name)
		if got := j.end(); len(got) != 1 || !strings.Contains(got[0], row.want) {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	app := apptest.App{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }),
		Kind:    func(r *http.Request, body []byte) string { return r.Method + " " + string(body) },
		Journal: []string{"if-match", "Authorization", "Cookie", "X-API-Key"},
	}
	s := apptest.New(t, app)
	ask := func(body string, header map[string]string) {
		r, err := http.NewRequest("PUT", s.URL+"/a%2Fb/c?token=hunter2&after=9", strings.NewReader(body))
		require.NoError(t, err)
		for name, v := range header {
			r.Header.Set(name, v)
		}
		answer, err := s.Client().Do(r)
		require.NoError(t, err)
		answer.Body.Close()
	}
	ask("one", map[string]string{"If-Match": `"e1"`, "Authorization": "Bearer hunter2", "X-API-Key": "hunter2", "X-Other": "x"})
	s.Clock.Advance(time.Minute)
	ask("two", nil)
	ask("two", nil)
	entries := s.Journal().Entries()
	if text := fmt.Sprintf("%+v", entries); strings.Contains(text, "hunter2") || strings.Contains(text, "X-Other") {
		t.Errorf("the journal tells a secret, or what nobody asked for: %s", text)
	}
	e := entries[0]
	require.Equal(t, http.Header{"If-Match": {`"e1"`}}, e.Header)
	require.Equal(t, []string{"after", "token"}, e.Params)
	require.True(t, e.Login)
	require.False(t, entries[1].Login)
	require.Equal(t, "/a%2Fb/c", e.Path)
	require.Equal(t, "PUT one", e.Kind)
	require.Equal(t, 3, e.Sent)
	require.Equal(t, 204, e.Status)
	require.Equal(t, time.Minute, entries[1].At.Sub(e.At))
	require.Equal(t, map[string]int{"PUT one": 1, "PUT two": 2}, s.Journal().Counts())
	s.Journal().Reset()
	require.Empty(t, s.Journal().Entries())
	ask("two", nil)
	require.Equal(t, map[string]int{"PUT two": 1}, s.Journal().Counts())
}

// TestPeak: the journal tells who asks for two things at a time.
func TestPeak(t *testing.T) {
	t.Parallel()
	together := make(chan bool)
	s := apptest.New(t, apptest.App{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "PUT" {
			select { // two of them meet here, or nobody goes on
			case together <- true:
			case <-together:
			}
		}
	})})
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() { _, _, _, _ = get(t, s, "PUT", "/") })
	}
	all.Wait()
	for range 3 {
		_, _, _, err := get(t, s, "GET", "/")
		require.NoError(t, err)
	}
	require.Equal(t, 2, s.Journal().Peak())
	require.Equal(t, 2, s.Journal().Peak("PUT"))
	require.Equal(t, 1, s.Journal().Peak("GET"))
	require.Equal(t, 0, s.Journal().Peak("POST"))
}

func TestClock(t *testing.T) {
	t.Parallel()
	c := apptest.NewClock(apptest.Start)
	require.NoError(t, c.Sleep(t.Context(), time.Minute))
	require.NoError(t, c.Sleep(t.Context(), -time.Minute))
	c.Advance(-time.Hour)
	require.Equal(t, apptest.Start.Add(-59*time.Minute), c.Now())
	require.Equal(t, time.Minute, c.Slept())
	require.Equal(t, apptest.Start, (&apptest.Clock{}).Now())
	acts := 0
	app := counter(&acts)
	app.Clock = c
	s := apptest.New(t, app)
	_, _, header, err := get(t, s, "GET", "/")
	require.NoError(t, err)
	require.Equal(t, c.Now().Format(http.TimeFormat), header.Get("Date"))
}

func TestTLS(t *testing.T) {
	t.Parallel()
	acts := 0
	app := counter(&acts)
	app.TLS = true
	s := apptest.New(t, app)
	require.True(t, strings.HasPrefix(s.URL, "https://"))
	status, _, _, err := get(t, s, "GET", "/")
	require.NoError(t, err)
	require.Equal(t, 200, status)
}

// TestPanicOfAFake fails the test and answers 500.
func TestPanicOfAFake(t *testing.T) {
	t.Parallel()
	j := &judge{}
	s := apptest.New(j, apptest.App{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oh") })})
	status, _, _, err := get(t, s, "GET", "/x")
	require.NoError(t, err)
	require.Equal(t, 500, status)
	require.Equal(t, []string{"GET /x: the fake panicked: oh"}, j.end())
}
