package carddav_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/carddav"
	"github.com/contactsync/contactsync/sqlstore"
)

// TestKilledInTheMiddle: a process that is killed while a card is on its way leaves nothing behind that the next one does
// not put in order.
func TestKilledInTheMiddle(t *testing.T) {
	const child = "CONTACTSYNC_CARDDAV_CHILD"
	if dir := os.Getenv(child); dir != "" {
		syncAsAProcess(t, dir, os.Getenv("BOOK"), os.Getenv("BOOK_USER"))
		return
	}
	t.Parallel()
	for _, tt := range pairs {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			killed(t, child, tt.other(t), newOnline(t, tt.shared(t)))
		})
	}
}

// killed syncs two shelves in processes that are told so by the environment, and kills some of them.
func killed(t *testing.T, child string, a shelf, b online) {
	const some = 40
	dir := t.TempDir()
	for n := range some {
		a.put(t, fmt.Sprintf("p%d.vcf", n), personCard(n))
	}
	server, err := url.Parse(b.URL)
	require.NoError(t, err)
	var process atomic.Pointer[os.Process]
	var puts, killAt atomic.Int64
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: server.Scheme, Host: server.Host})
	proxy.ModifyResponse = func(resp *http.Response) error { // the server has the card, and nobody hears of it
		if resp.Request.Method == http.MethodPut && puts.Add(1) == killAt.Load() {
			return process.Load().Kill()
		}
		return nil
	}
	between := httptest.NewServer(proxy)
	defer between.Close()
	ahead := time.Duration(0)
	run := func() error {
		ahead += time.Hour // the clock of the process before it ran ahead while that waited
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledInTheMiddle$")
		cmd.Env = append(os.Environ(), child+"="+dir, "OTHER="+named(a), "BOOK="+between.URL+server.Path, "BOOK_USER="+b.User, "AHEAD="+ahead.String())
		var out bytes.Buffer
		cmd.Stdout = &out
		require.NoError(t, cmd.Start())
		process.Store(cmd.Process)
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("%w: %s", err, out.String())
		}
		return nil
	}
	for _, at := range []int64{1, 7, 25} {
		puts.Store(0)
		killAt.Store(at)
		require.ErrorContains(t, run(), "signal: killed", "at write %d", at)
	}
	killAt.Store(0)
	require.NoError(t, run())
	sameCards(t, some, a, b)
	puts.Store(0)
	require.NoError(t, run())
	require.Zero(t, puts.Load(), "nothing moves when nobody edits")
	sameCards(t, some, a, b)
}

// named returns what tells a shelf to another process, and shelfNamed the shelf.
func named(s shelf) string {
	if table, is := s.(inTable); is {
		return table.source
	}
	return s.(onDisk).dir
}

func shelfNamed(t *testing.T, name string) shelf {
	if filepath.IsAbs(name) {
		return newOnDisk(name)
	}
	return openTable(t, name)
}

// syncAsAProcess syncs a shelf with an address book, and keeps what it knows in a file.
func syncAsAProcess(t *testing.T, dir, book, user string) {
	ahead, err := time.ParseDuration(os.Getenv("AHEAD"))
	require.NoError(t, err)
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(dir, "state.db")))
	require.NoError(t, err)
	defer db.Close()
	store, err := sqlstore.Open(t.Context(), db, sqlstore.SQLite{})
	require.NoError(t, err)
	defer store.Close()
	c, err := carddav.Open(carddav.Account{URL: book, User: user, Password: "secret", Policy: onLoopback})
	require.NoError(t, err)
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "killed"}, shelfNamed(t, os.Getenv("OTHER")).open(t), c, store,
		contactsync.WithConcurrency(1), contactsync.WithClock(&hurried{ahead: ahead}))
	require.NoError(t, err)
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
}
