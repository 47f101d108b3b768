package apptest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
)

// loginPage is what a hotel's portal or a session that has ended answers.
const loginPage = `<!DOCTYPE html><html><head><title>Sign in</title></head>` +
	`<body><form method="post"><input name="user"><input type="password" name="password"></form></body></html>`

// garbage is neither text nor markup nor a compressed file.
const garbage = "\x00\xff\xfe\x01}{<<\x80garbage\xc3\x28"

// defaultBomb is how far a bomb inflates that does not say so.
const defaultBomb = 256 << 20

// spoil answers as the fault has it; answer is the app's, nil if it has not acted.
func (s *Server) spoil(w http.ResponseWriter, r *http.Request, f *Fault, answer *httptest.ResponseRecorder) {
	switch f.Do {
	case Dropped, AnswerLost:
		s.breakOff(w)
	case Hang:
		s.hang(r)
	case ErrorBefore, ErrorAfter:
		s.fail(w, f)
	case LoginPage:
		s.head(w, http.Header{"Content-Type": {"text/html; charset=utf-8"}})
		_, _ = w.Write([]byte(loginPage))
	case Redirect:
		s.head(w, http.Header{"Location": {f.Location}})
		w.WriteHeader(f.Status)
	case Truncated, Stall:
		s.half(w, answer)
		if f.Do == Stall {
			s.hang(r)
		}
		panic(http.ErrAbortHandler)
	case Garbage:
		answer.Body = bytes.NewBufferString(garbage)
		s.send(w, answer)
	case WrongLength:
		answer.Body.Truncate(answer.Body.Len() / 2)
		s.send(w, answer)
	case Bomb:
		s.bomb(w, answer, f.Size)
	default:
		s.send(w, answer)
	}
}

// fail answers with the status of a fault.
func (s *Server) fail(w http.ResponseWriter, f *Fault) {
	s.head(w, f.Header)
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Body))
}

// half sends the head of an answer and half its body.
func (s *Server) half(w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	body := answer.Body.Bytes()
	s.head(w, answer.Header())
	w.Header().Set("Content-Length", fmt.Sprint(max(len(body), 1)))
	w.WriteHeader(answer.Code)
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
}

// breakOff ends the connection in the middle of the status line. Were there no byte at all, Go's client would silently
// send a GET once more.
func (s *Server) breakOff(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\n"))
	_ = conn.Close()
}

// hang waits until the client goes away or the test ends, and breaks the connection off.
func (s *Server) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.done:
	}
	panic(http.ErrAbortHandler)
}

// bomb sends a body of gzip that inflates to size zeros: one member of a file, as often as it takes.
func (s *Server) bomb(w http.ResponseWriter, answer *httptest.ResponseRecorder, size int64) {
	if size == 0 {
		size = defaultBomb
	}
	s.head(w, answer.Header())
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(answer.Code)
	const part = 1 << 20
	whole := zeros(part)
	for ; size >= part; size -= part {
		if _, err := w.Write(whole); err != nil {
			return // the client has had enough
		}
	}
	_, _ = w.Write(zeros(size))
}

// zeros returns n zeros as a member of a gzip file.
func zeros(n int64) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(make([]byte, n))
	_ = z.Close()
	return b.Bytes()
}
