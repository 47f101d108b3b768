package davfake_test

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var record = flag.String("record", "", "write what a real server answers into testdata: its name, the URL of an empty book, user, password")

// TestRecord writes down what a real server answers, if it is told which.
func TestRecord(t *testing.T) {
	words := strings.Fields(*record)
	if len(words) < 2 {
		return
	}
	scheme, rest, _ := strings.Cut(words[1], "://")
	host, book, _ := strings.Cut(rest, "/")
	p := &probe{t: t, client: &http.Client{Timeout: time.Minute}, base: scheme + "://" + host, book: "/" + book}
	if len(words) == 4 {
		p.user, p.password = words[2], words[3]
	}
	got := strings.Join(p.run(), "\n") + "\n"
	require.Contains(t, got, "book in it true", "there is no such book")
	require.NoError(t, os.WriteFile(filepath.Join("testdata", words[0]+".txt"), []byte(got), 0o644))
}
