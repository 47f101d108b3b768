package carddav_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/internal/e2e/servers"
)

// BenchmarkBesideVdirsyncer syncs a folder of 500 cards with an empty book, by vdirsyncer and by the command line, each in
// processes of its own and through a proxy that counts, one after the other. It prints the table of docs/carddav.md:
//
//	go test ./carddav -run '^$' -bench BesideVdirsyncer -benchtime 1x
func BenchmarkBesideVdirsyncer(b *testing.B) {
	if _, err := exec.LookPath("vdirsyncer"); err != nil {
		b.Skip("vdirsyncer is not installed")
	}
	command := filepath.Join(b.TempDir(), "contactsync")
	build := exec.Command("go", "build", "-o", command, ".")
	build.Dir = filepath.Join("..", "..", "..", "cmd", "contactsync")
	text, err := build.CombinedOutput()
	require.NoError(b, err, string(text))
	var table strings.Builder
	for range b.N {
		table.Reset()
		for _, server := range []*servers.CardDAV{servers.Radicale(b), servers.Xandikos(b)} {
			theirs := measure(b, server.NewBook(b), vdirsyncer)
			ours := measure(b, server.NewBook(b), func(b *testing.B, dir string, book servers.AddressBook) []*exec.Cmd {
				return contactsyncs(b, dir, book, command)
			})
			for i, what := range []string{"first", "unchanged, at once", "unchanged", "1 % changed in the folder"} {
				fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", server.Name, what, theirs[i], ours[i])
			}
		}
	}
	b.Log("\n" + table.String())
}

// A cost is what one sync takes.
type cost struct {
	took     time.Duration
	requests int64
}

func (c cost) String() string {
	return fmt.Sprintf("%.1f s, %d requests", c.took.Seconds(), c.requests)
}

// measure has a tool sync a folder of cards with a book four times; tool writes its configuration into a folder and returns
// what to run: once, which is not measured, and for each sync.
func measure(b *testing.B, book servers.AddressBook, tool func(b *testing.B, dir string, book servers.AddressBook) []*exec.Cmd) (costs []cost) {
	dir := b.TempDir()
	cards := filepath.Join(dir, "cards")
	require.NoError(b, os.Mkdir(cards, 0o700))
	put := func(n int, text string) {
		require.NoError(b, os.WriteFile(filepath.Join(cards, fmt.Sprintf("p%d.vcf", n)), []byte(text), 0o600))
	}
	for n := range people {
		put(n, personCard(n))
	}
	at, err := url.Parse(book.URL)
	require.NoError(b, err)
	var requests atomic.Int64
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: at.Scheme, Host: at.Host})
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		proxy.ServeHTTP(w, r)
	}))
	defer between.Close()
	book.URL = between.URL + at.Path
	for i := range 5 { // before the first one measured a tool may have to look around
		commands := tool(b, dir, book)
		if i == 4 {
			for n := range people / 100 {
				put(n, edited(personCard(n), "edited"))
			}
		}
		run := commands[min(i, 1)]
		if run == nil {
			continue
		}
		requests.Store(0)
		began := time.Now()
		text, err := run.CombinedOutput()
		require.NoError(b, err, string(text))
		if i > 0 {
			costs = append(costs, cost{time.Since(began), requests.Load()})
		}
	}
	return costs
}

// vdirsyncer sets vdirsyncer up: it discovers the book once, before the first sync.
func vdirsyncer(b *testing.B, dir string, book servers.AddressBook) []*exec.Cmd {
	config := filepath.Join(dir, "config")
	text := fmt.Sprintf("[general]\nstatus_path = %q\n[pair books]\na = \"folder\"\nb = \"server\"\ncollections = null\nconflict_resolution = \"a wins\"\n"+
		"[storage folder]\ntype = \"filesystem\"\npath = %q\nfileext = \".vcf\"\n[storage server]\ntype = \"carddav\"\nurl = %q\n",
		filepath.Join(dir, "status"), filepath.Join(dir, "cards"), book.URL)
	if book.User != "" {
		text += fmt.Sprintf("username = %q\npassword = %q\n", book.User, book.Password)
	}
	return commandsOf(b, dir, config, text, []string{"vdirsyncer", "-c", config, "discover"}, []string{"vdirsyncer", "-c", config, "sync"})
}

// contactsyncs sets the command line up.
func contactsyncs(b *testing.B, dir string, book servers.AddressBook, command string) []*exec.Cmd {
	account := ""
	if book.User != "" {
		account = fmt.Sprintf(`, username: %s, password: "${DAV_PASSWORD}"`, book.User)
	}
	text := fmt.Sprintf("connections:\n  - name: books\n    a: {app: vcard, path: cards}\n    b: {app: carddav, url: %q%s}\n", book.URL, account)
	all := commandsOf(b, dir, filepath.Join(dir, "contactsync.yaml"), text, nil, []string{command, "sync", "--yes"})
	all[1].Env = append(os.Environ(), "DAV_PASSWORD="+book.Password)
	return all
}

// commandsOf writes a configuration and returns the commands.
func commandsOf(b *testing.B, dir, config, text string, commands ...[]string) []*exec.Cmd {
	require.NoError(b, os.WriteFile(config, []byte(text), 0o600))
	all := make([]*exec.Cmd, len(commands))
	for i, words := range commands {
		if len(words) > 0 {
			all[i] = exec.Command(words[0], words[1:]...)
			all[i].Dir = dir
		}
	}
	return all
}
