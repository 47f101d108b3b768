package e2e_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/internal/e2e/servers"
	"github.com/contactsync/contactsync/sqlstore"
)

// Two engines in two processes, on one connection between two folders of cards. One is stopped by the system in the middle of
// its sync; the other takes over and brings it to its end; then the first one goes on.

// stopAt is how a process is told where to stop: "PLACE N DIR DSN".
const stopAt = "CONTACTSYNC_TEST_STOP_AT"

// TestEngineProcess is not a test: it is what the other process runs.
func TestEngineProcess(t *testing.T) {
	order := strings.SplitN(os.Getenv(stopAt), " ", 4)
	if len(order) < 4 {
		t.Skip("the test of engines runs it in a process of its own")
	}
	n, err := strconv.Atoi(order[1])
	require.NoError(t, err)
	store := &meddled{Store: inPostgres(t, order[3], sqlstore.Postgres{}), n: n, place: order[0], do: func() {
		goOn := make(chan os.Signal, 1)
		signal.Notify(goOn, syscall.SIGCONT)
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		<-goOn // this thread may be the last to stop
	}}
	_, err = folders(t, order[2], store).Sync(t.Context())
	switch {
	case err == nil:
		fmt.Println("engine: done")
	case errors.Is(err, contactsync.ErrFenced):
		fmt.Println("engine: fenced")
	default:
		fmt.Println("engine:", err)
	}
}

// meddled is a store to which something happens at the n-th Update (1 is the first): "before" it, or "inside", when its
// changes are made and not committed.
type meddled struct {
	contactsync.Store
	mu    sync.Mutex
	calls int
	n     int
	place string
	do    func()
}

func (m *meddled) Update(ctx context.Context, lease contactsync.Lease, fn func(contactsync.Tx) error) error {
	m.mu.Lock()
	m.calls++
	now := m.calls == m.n
	m.mu.Unlock()
	if now && m.place == "before" {
		m.do()
	}
	return m.Store.Update(ctx, lease, func(tx contactsync.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		if now && m.place == "inside" {
			now = false // it may run again
			m.do()
		}
		return nil
	})
}

// folders returns a handle on the folders a and b of dir.
func folders(t *testing.T, dir string, store contactsync.Store, opts ...contactsync.Option) *contactsync.Syncer {
	t.Helper()
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "folders", Match: contactsync.Match{AllowKeyless: true}},
		vcard.Folder(filepath.Join(dir, "a")), vcard.Folder(filepath.Join(dir, "b")), store, append(opts, contactsync.WithConcurrency(1))...)
	require.NoError(t, err)
	return s
}

// later is a clock on which every lease that was given before has lapsed.
type later struct {
	mu  sync.Mutex
	now time.Time
}

func newLater() *later { return &later{now: time.Now().Add(time.Hour)} }

func (c *later) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *later) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}

// newFolders makes the folders: two people in a, and one in b who is one of them.
func newFolders(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"a/ann.vcf": cardText(1, ""), "a/bob.vcf": cardText(2, ""), "b/bob.vcf": cardText(2, "TITLE:Chief\r\n")} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

// wantInSync checks that both folders have the two people once each, that nothing waits, and that a sync writes nothing.
func wantInSync(t *testing.T, dir string, store contactsync.Store, clock *later) {
	t.Helper()
	report, err := folders(t, dir, store, contactsync.WithClock(clock)).Sync(t.Context())
	require.NoError(t, err)
	require.Zero(t, report.Counts, "a sync after the last one writes nothing")
	for _, side := range []string{"a", "b"} {
		files, err := filepath.Glob(filepath.Join(dir, side, "*.vcf"))
		require.NoError(t, err)
		var all strings.Builder
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			all.Write(text)
		}
		for word, times := range map[string]int{"BEGIN:VCARD": 2, "Given1 Family1": 1, "Given2 Family2": 1, "TITLE:Chief": 1} {
			require.Equal(t, times, strings.Count(all.String(), word), "%s in folder %s", word, side)
		}
	}
}

// ofFolders is the connection of these tests.
var ofFolders = contactsync.Scope{Connection: "folders"}

func TestStoppedEngineLandsNothing(t *testing.T) {
	t.Parallel()
	stopped := 0
	for n := 1; playStopped(t, "before", n, "engine: fenced"); n++ {
		stopped++
	}
	require.GreaterOrEqual(t, stopped, 5, "how often a sync commits")
}

// The stopped process holds the row of its connection; after 15 seconds the server takes it from it.
func TestEngineStoppedInsideTransaction(t *testing.T) {
	t.Parallel()
	require.True(t, playStopped(t, "inside", 4, "engine: (fenced|.*the database cannot be reached, or went away)"))
}

// playStopped stops a process at its n-th Update, and checks what it says when it goes on. It returns false if there were
// fewer.
func playStopped(t *testing.T, place string, n int, says string) bool {
	t.Helper()
	dsn, dir := servers.Postgres(t), newFolders(t)
	store := inPostgres(t, dsn, sqlstore.Postgres{})
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer out.Close()
	cmd := exec.Command(os.Args[0], "-test.run=^TestEngineProcess$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %s %s", stopAt, place, n, dir, dsn))
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(t, cmd.Start())
	defer cmd.Process.Kill()
	if !waitFor(t, cmd.Process.Pid, syscall.WUNTRACED).Stopped() {
		return false
	}
	clock := newLater()
	_, err = folders(t, dir, store, contactsync.WithClock(clock)).Sync(t.Context())
	require.NoError(t, err)
	before := rowsOf(t, store, ofFolders)

	require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
	require.True(t, waitFor(t, cmd.Process.Pid, 0).Exited())
	said, err := os.ReadFile(out.Name())
	require.NoError(t, err)
	require.Regexp(t, says, string(said), "%s Update %d", place, n)
	if diff := cmp.Diff(before, rowsOf(t, store, ofFolders)); diff != "" {
		t.Errorf("%s Update %d: what the stopped process landed:\n%s", place, n, diff)
	}
	wantInSync(t, dir, store, clock)
	return true
}

// waitFor waits until a process changes its state.
func waitFor(t *testing.T, pid, options int) syscall.WaitStatus {
	t.Helper()
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(pid, &status, options, nil)
		if !errors.Is(err, syscall.EINTR) {
			require.NoError(t, err)
			return status
		}
	}
}

// The server stops in the middle of a sync, at every commit in turn: before it, or when its changes are made. Then it is
// started again.
func TestPostgresGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	server := servers.NewPostgres(t)
	for n := 1; ; n++ {
		place := [2]string{"before", "inside"}[n%2]
		dir := newFolders(t)
		store := &meddled{Store: inPostgres(t, server.Database(t), sqlstore.Postgres{}), n: n, place: place, do: server.Stop}
		_, err := folders(t, dir, store).Sync(t.Context())
		if store.calls < n {
			require.NoError(t, err)
			require.GreaterOrEqual(t, n, 5, "how often a sync commits")
			return
		}
		var unavailable *sqlstore.UnavailableError
		require.ErrorAs(t, err, &unavailable, "%s Update %d", place, n)
		require.ErrorContains(t, err, "try again when it is back")
		_, err = store.Scopes(t.Context(), "")
		require.ErrorAs(t, err, &unavailable, "while it is away")

		require.NoError(t, server.Start())
		clock := newLater()
		_, err = folders(t, dir, store, contactsync.WithClock(clock)).Sync(t.Context())
		require.NoError(t, err, "%s Update %d", place, n)
		wantInSync(t, dir, store, clock)
	}
}

// When a commit is not answered, nobody knows whether it landed: it is not tried again, and that is said.
func TestPostgresCommitUnanswered(t *testing.T) {
	dsn := servers.Postgres(t)
	inPostgres(t, dsn, sqlstore.Postgres{})
	for _, landed := range []bool{true, false} {
		db := sql.OpenDB(&forgetful{openPostgres(t, dsn).Driver(), dsn, landed})
		defer db.Close()
		s, err := sqlstore.Open(t.Context(), db, sqlstore.Postgres{})
		require.NoError(t, err)
		runs := 0
		err = s.Update(t.Context(), person, func(tx contactsync.Tx) error {
			runs++
			return tx.Put(hold(fmt.Sprint(landed)))
		})
		var unavailable *sqlstore.UnavailableError
		require.ErrorAs(t, err, &unavailable)
		require.True(t, unavailable.Unknown)
		require.Equal(t, 1, runs)
	}
	wantHolds(t, inPostgres(t, dsn, sqlstore.Postgres{}), hold("true"))
}

// forgetful opens connections that are lost when they commit, before it landed or after.
type forgetful struct {
	driver driver.Driver
	dsn    string
	landed bool
}

func (f *forgetful) Driver() driver.Driver { return f.driver }

func (f *forgetful) Connect(context.Context) (driver.Conn, error) {
	conn, err := f.driver.Open(f.dsn)
	return forgetfulConn{recorded{conn, &recorder{queries: map[string]int{}}}, f.landed}, err
}

type forgetfulConn struct {
	recorded
	landed bool
}

func (c forgetfulConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	tx, err := c.recorded.BeginTx(ctx, options)
	return forgetfulTx{tx, c.landed}, err
}

type forgetfulTx struct {
	driver.Tx
	landed bool
}

func (tx forgetfulTx) Commit() error {
	end := tx.Rollback
	if tx.landed {
		end = tx.Tx.Commit
	}
	return errors.Join(end(), io.ErrUnexpectedEOF)
}
