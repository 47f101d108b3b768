package carddav_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector/carddav"
)

const head = `<?xml version="1.0" encoding="utf-8"?><d:multistatus xmlns:d="DAV:" xmlns:x="urn:example:x">`

// TestS30XML: what a hostile server sends is an error at once, whatever it is.
func TestS30XML(t *testing.T) {
	t.Parallel()
	laughs := `<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>`
	attributes := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ` a%d="x"`, i)
		}
		return b.String()
	}
	tests := map[string]string{
		"billion laughs":         laughs + `<d:multistatus xmlns:d="DAV:"><d:response><d:href>&lol2;</d:href></d:response></d:multistatus>`,
		"an outside entity":      `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><d:multistatus xmlns:d="DAV:"><d:response><d:href>&e;</d:href></d:response></d:multistatus>`,
		"an entity without type": head + `<d:response><d:href>&nbsp;</d:href></d:response></d:multistatus>`,
		"200,000 nested":         head + "<d:response>" + strings.Repeat("<x:a>", 200_000),
		"200,000 attributes":     head + "<d:response" + attributes(200_000) + "/></d:multistatus>",
		"200,000 pieces in one":  head + "<d:response>" + strings.Repeat("<x:a/>", 200_000) + "</d:response></d:multistatus>",
		"another root":           `<html><body>please log in</body></html>`,
		"no XML":                 "Not Found",
		"nothing":                "",
		"cut off":                head + `<d:response><d:href>/a.vcf</d:href></d:response>`,
		"cut off inside":         head + `<d:response><d:href>/a.v`,
		"a control character":    head + "<d:response><d:href>\x0b</d:href></d:response></d:multistatus>",
		"another encoding":       `<?xml version="1.0" encoding="utf-7"?><d:multistatus xmlns:d="DAV:"/>`,
	}
	for name, text := range tests {
		_, _, err := carddav.ReadHrefs(strings.NewReader(text))
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), "passwd") || strings.Contains(err.Error(), "lol") {
			t.Errorf("%s: the error repeats what was sent: %v", name, err)
		}
	}
}

// endless gives one response after the other.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	e.n++
	return copy(p, fmt.Sprintf("<d:response><d:href>/%d.vcf</d:href></d:response>", e.n)), nil
}

// TestResponsesComeOneByOne: a large answer is never held whole, and the limits of one response are not those of all.
func TestResponsesComeOneByOne(t *testing.T) {
	t.Parallel()
	long := io.LimitReader(&endless{}, 8<<20)
	hrefs, _, err := carddav.ReadHrefs(io.MultiReader(strings.NewReader(head), long))
	require.Error(t, err, "it has no end")
	require.Greater(t, len(hrefs), 100_000)
}

func TestMultistatus(t *testing.T) {
	t.Parallel()
	hrefs, token, err := carddav.ReadHrefs(strings.NewReader(head + `<d:response><d:href> /a.vcf </d:href></d:response>` +
		`<d:response><d:href>/b&amp;c.vcf</d:href><d:href>/d.vcf</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>` +
		`<x:other><d:response><d:href>/no.vcf</d:href></d:response></x:other><d:sync-token>http://example.com/1</d:sync-token></d:multistatus>`))
	require.NoError(t, err)
	require.Equal(t, "http://example.com/1", token)
	if diff := cmp.Diff([]string{"/a.vcf", "/b&c.vcf", "/d.vcf"}, hrefs); diff != "" {
		t.Error(diff)
	}
}

func TestErrorElements(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"DAV: valid-sync-token"}, carddav.ReadError(strings.NewReader(`<error xmlns="DAV:"><valid-sync-token/></error>`)))
	require.Equal(t, []string{"urn:ietf:params:xml:ns:carddav no-uid-conflict"}, carddav.ReadError(strings.NewReader(
		`<?xml version="1.0"?><D:error xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><C:no-uid-conflict><D:href>/x.vcf</D:href></C:no-uid-conflict></D:error>`)))
	for _, none := range []string{"", "Internal Server Error", "<html/>", `<error><valid-sync-token/></error>`, `<error xmlns="DAV:"><valid-sync`} {
		require.Empty(t, carddav.ReadError(strings.NewReader(none)), none)
	}
}

// TestB86Hrefs: a card is known by its decoded address, and what lies outside of the book is none of it.
func TestB86Hrefs(t *testing.T) {
	t.Parallel()
	const book = "https://dav.example.com/ann/book%20one/"
	tests := map[string]string{
		"/ann/book%20one/a.vcf": "a.vcf", "/ann/book one/a.vcf": "a.vcf", "a.vcf": "a.vcf", "https://dav.example.com/ann/book%20one/a.vcf": "a.vcf",
		"/ann/book%20one/a%40b.vcf": "a@b.vcf", "/ann/book%20one/a@b.vcf": "a@b.vcf", "/ann/book%20one/a%2520b.vcf": "a%20b.vcf", "/ann/book%20one/%C3%A9.vcf": "é.vcf",
		"/ann/book%20one/":                            "",
		"/ann/book%20one/sub/":                        "",
		"/ann/book%20one/sub/a.vcf":                   "",
		"/ann/book%20one/../../bob/book/a.vcf":        "",
		"../other/a.vcf":                              "",
		"/bob/book/a.vcf":                             "",
		"https://evil.example/ann/book%20one/a":       "",
		"http://dav.example.com/ann/book%20one/a.vcf": "",
		"/ann/book%20one/..%2f..%2fbob%2fa.vcf":       "",
		"/ann/book%20one/%2e%2e":                      "",
		"/ann/book%20one/a%0d%0ab.vcf":                "",
		"/ann/book%20one/a%ff.vcf":                    "",
		"%zz":                                         "",
		"":                                            "",
	}
	for href, want := range tests {
		got, ok := carddav.IDOf(book, href)
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", href, got, ok, want)
		}
		if want == "" {
			continue
		}
		if back, _ := carddav.IDOf(book, carddav.HrefOf(book, want)); back != want {
			t.Errorf("%q is written %q and read back as %q", want, carddav.HrefOf(book, want), back)
		}
	}
}

// TestB83ETags: ETags are kept as they are, and sent as they may be sent.
func TestB83ETags(t *testing.T) {
	t.Parallel()
	for etag, want := range map[string]string{`"abc"`: `"abc"`, "abc": `"abc"`, `W/"abc"`: "*", "": "*", `"` + strings.Repeat("x", 64<<10) + `"`: "*"} {
		require.Equal(t, want, carddav.IfMatch(etag))
		version := carddav.VersionOf(etag, "text", nil)
		require.NotEmpty(t, version)
		require.LessOrEqual(t, len(carddav.VersionOf(etag, "text", []string{"Friends"})), 1<<10)
		if len(etag) > 0 && len(etag) < 100 {
			require.Equal(t, etag, version)
		} else {
			require.NotEqual(t, version, carddav.VersionOf(etag, "other text", nil), "the text tells them apart")
		}
	}
	require.True(t, carddav.SameETag(`W/"a"`, `"a"`))
	require.True(t, carddav.SameETag("a", `"a"`))
	require.False(t, carddav.SameETag("", ""))
	require.False(t, carddav.SameETag(`"a"`, `"b"`))
	require.NotEqual(t, carddav.VersionOf(`"a"`, "", []string{"x"}), carddav.VersionOf(`"a"`, "", []string{"y"}))
	require.Equal(t, carddav.VersionOf(`"a"`, "", []string{"x", "y"}), carddav.VersionOf(`"a"`, "", []string{"y", "x"}))
}

func FuzzMultistatus(f *testing.F) {
	f.Add([]byte(head + `<d:response><d:href>/a.vcf</d:href><d:propstat><d:prop><d:getetag>"1"</d:getetag></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`))
	f.Add([]byte(head + `<d:response><d:href>/b/</d:href><d:status>HTTP/1.1 507 Insufficient Storage</d:status><d:error><d:number-of-matches-within-limits/></d:error></d:response><d:sync-token>t</d:sync-token></d:multistatus>`))
	f.Add([]byte(`<error xmlns="DAV:"><valid-sync-token/></error>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		hrefs, _, err := carddav.ReadHrefs(bytes.NewReader(text))
		if err == nil && len(hrefs) > len(text) {
			t.Errorf("%d hrefs in %d bytes", len(hrefs), len(text))
		}
		carddav.ReadError(bytes.NewReader(text))
		for _, href := range hrefs {
			if id, ok := carddav.IDOf("https://dav.example.com/book/", href); ok {
				if back, _ := carddav.IDOf("https://dav.example.com/book/", carddav.HrefOf("https://dav.example.com/book/", id)); back != id {
					t.Errorf("%q is read back as %q", id, back)
				}
			}
		}
	})
}
