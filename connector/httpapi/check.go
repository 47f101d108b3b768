package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// ErrUnsafe says that a value cannot be part of a call, because it would say something else there.
var ErrUnsafe = errors.New("this value cannot be sent")

// Path joins segments to the path of a call. Each stays one segment, whatever is in it: an id "../x?y" becomes
// "..%2Fx%3Fy". It fails with [ErrUnsafe] for a segment that servers take for a step ("", ".", "..") or that holds a
// control character.
func Path(segments ...string) (string, error) {
	escaped := make([]string, len(segments))
	for i, s := range segments {
		if s == "" || s == "." || s == ".." || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
			return "", fmt.Errorf("%w: a part of the path is empty, a step, or holds a control character", ErrUnsafe)
		}
		escaped[i] = url.PathEscape(s)
	}
	return strings.Join(escaped, "/"), nil
}

// checkHeader returns an error that wraps [ErrUnsafe] if a header would be another one, or two.
func checkHeader(h http.Header) error {
	for name, values := range h {
		if !httpguts.ValidHeaderFieldName(name) {
			return fmt.Errorf("%w: the name of a header", ErrUnsafe)
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return fmt.Errorf("%w: the header %s", ErrUnsafe, name)
			}
		}
	}
	return nil
}
