// Package accounts_test tests accounts as several processes of a host have them, over one SQLite file.
package accounts_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/auth/authsql"
	"github.com/contactsync/contactsync/auth/authtest"
	"github.com/contactsync/contactsync/auth/storetest"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/sqlstore"
	_ "modernc.org/sqlite" // the driver
)

func newFile(t testing.TB) string { return filepath.Join(t.TempDir(), "accounts.db") }

func openDB(t testing.TB, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(file))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestAuthStoreSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (auth.Store, auth.Store) {
		file := newFile(t)
		return authStore(t, file), authStore(t, file)
	})
}

// TestAuthStoreFails: an error of the database says which call failed, is taken for no answer, and tells nothing of a row.
func TestAuthStoreFails(t *testing.T) {
	t.Parallel()
	closed := openDB(t, newFile(t))
	require.NoError(t, closed.Close())
	_, err := authsql.Open(t.Context(), closed, authsql.SQLite)
	require.ErrorContains(t, err, "authsql: open: ")

	db := openDB(t, newFile(t))
	s, err := authsql.Open(t.Context(), db, authsql.SQLite)
	require.NoError(t, err)
	row := auth.Row{Owner: "owner", Kind: "account", ID: "1", Body: "sealed"}
	fails := func(op string, err error) {
		t.Helper()
		require.ErrorContains(t, err, "authsql: "+op+": ")
		require.NotErrorIs(t, err, auth.ErrNotFound)
		require.NotErrorIs(t, err, auth.ErrChanged)
		require.NotContains(t, err.Error(), row.Body)
	}
	_, err = db.ExecContext(t.Context(), `INSERT INTO contactsync_auth VALUES (?, ?, ?, 'odd', ?)`, row.Owner, string(row.Kind), row.ID, row.Body)
	require.NoError(t, err)
	_, err = s.Get(t.Context(), row.Owner, row.Kind, row.ID)
	fails("get", err)
	_, err = s.List(t.Context(), row.Owner, row.Kind)
	fails("list", err)

	_, err = db.ExecContext(t.Context(), `DROP TABLE contactsync_auth`)
	require.NoError(t, err)
	_, err = s.Get(t.Context(), row.Owner, row.Kind, row.ID)
	fails("get", err)
	_, err = s.List(t.Context(), row.Owner, row.Kind)
	fails("list", err)
	_, err = s.Put(t.Context(), row)
	fails("put", err)
	row.Version = 1
	_, err = s.Put(t.Context(), row)
	fails("put", err)
	fails("delete", s.Delete(t.Context(), row))
}

func authStore(t testing.TB, file string) auth.Store {
	t.Helper()
	s, err := authsql.Open(t.Context(), openDB(t, file), authsql.SQLite)
	require.NoError(t, err)
	return s
}

// host is one process of a host whose accounts are in a SQLite file.
type host struct {
	Server string // its address
	File   string // of the database
	Keys   string
	// Ahead is how far the process's clock is ahead of the machine's.
	Ahead time.Duration
	// Account and Calls are what a child process does: it calls the app so often at once.
	Account string
	Calls   int
	// Dies has it end, as if it was killed, between the answer to a refresh and its saving.
	Dies bool
}

type aheadClock struct{ ahead time.Duration }

func (c aheadClock) Now() time.Time { return time.Now().Add(c.ahead) }

func (c aheadClock) Sleep(ctx context.Context, d time.Duration) error {
	return connector.SystemClock{}.Sleep(ctx, d)
}

func (h host) open(t testing.TB) *auth.Accounts {
	t.Helper()
	keys, err := auth.ParseKeys(h.Keys)
	require.NoError(t, err)
	ring, err := auth.NewKeyRing(keys...)
	require.NoError(t, err)
	store := authStore(t, h.File)
	if h.Dies {
		store = &dying{store, 0}
	}
	a, err := auth.New(auth.Config{Store: store, Sealer: ring, Clock: aheadClock{h.Ahead},
		Providers: []auth.Provider{{App: siteApp(h.Server), ClientID: "client", ClientSecret: auth.NewSecret("client-secret")}}})
	require.NoError(t, err)
	return a
}

// dying is a store whose process ends when it is to save the second time: first the lease, then the new tokens.
type dying struct {
	auth.Store
	puts int
}

func (d *dying) Put(ctx context.Context, row auth.Row) (int64, error) {
	if d.puts++; d.puts == 2 {
		os.Exit(diedOnPurpose)
	}
	return d.Store.Put(ctx, row)
}

const diedOnPurpose = 9

// siteApp is an app whose accounts log in to the server.
func siteApp(address string) connector.App {
	me := func(ctx context.Context, client *http.Client, _ map[string]string) ([]connector.Identity, error) {
		var answer struct{ Accounts []authtest.Account }
		resp, err := client.Get(address + "/me")
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%w: %s", connector.ErrUnauthorized, resp.Status)
		}
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			return nil, err
		}
		var all []connector.Identity
		for _, one := range answer.Accounts {
			all = append(all, connector.Identity{ID: one.ID, Label: one.Name})
		}
		return all, nil
	}
	return connector.App{ID: "site", Label: "Site", Auth: connector.AuthOAuth2,
		OAuth: &connector.OAuth{AuthURL: address + "/authorize", TokenURL: address + "/token", RevokeURL: address + "/revoke",
			Scopes: []string{"contacts"}, Hosts: []string{"127.0.0.1"}, Identities: me},
		OpenAs: func(context.Context, connector.Account, map[string]string) (connector.Connector, error) {
			return nil, errors.New("not opened here")
		}}
}

const authChild = "CONTACTSYNC_AUTH_CHILD"

// TestAuthChild is what the child processes of the tests below run.
func TestAuthChild(t *testing.T) {
	text, ok := os.LookupEnv(authChild)
	if !ok {
		t.Skip("this is for child processes")
	}
	var h host
	require.NoError(t, json.Unmarshal([]byte(text), &h))
	a := h.open(t)
	fmt.Println("ready")
	_, err := bytes.NewBuffer(nil).ReadFrom(os.Stdin) // until all children are there
	require.NoError(t, err)
	var all sync.WaitGroup
	for range h.Calls {
		all.Go(func() {
			if err := a.Check(context.Background(), "o", h.Account); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// run runs children at the same moment and returns how they ended.
func run(t *testing.T, hosts ...host) (errs []error) {
	t.Helper()
	var children []*exec.Cmd
	for _, h := range hosts {
		text, err := json.Marshal(h)
		require.NoError(t, err)
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAuthChild$", "-test.v")
		cmd.Env = append(os.Environ(), authChild+"="+string(text))
		cmd.Stderr = os.Stderr
		children = append(children, cmd)
	}
	var begin []func() error
	var out []*readyWriter
	for _, cmd := range children {
		w := &readyWriter{ready: make(chan struct{})}
		cmd.Stdout = w
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		begin, out = append(begin, in.Close), append(out, w)
	}
	for _, w := range out {
		<-w.ready
	}
	for _, b := range begin {
		require.NoError(t, b())
	}
	for i, cmd := range children {
		err := cmd.Wait()
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, out[i].String())
		}
		errs = append(errs, err)
	}
	return errs
}

// readyWriter keeps what a child prints, and closes ready when it says so.
type readyWriter struct {
	text  bytes.Buffer
	once  sync.Once
	ready chan struct{}
}

func (w *readyWriter) String() string { return w.text.String() }

func (w *readyWriter) Write(p []byte) (int, error) {
	n, err := w.text.Write(p)
	if strings.Contains(w.String(), "ready") {
		w.once.Do(func() { close(w.ready) })
	}
	return n, err
}

// authWorld starts a server and logs in, so long ago that the access token has ended.
func authWorld(t *testing.T, opts authtest.Options) (*authtest.Server, host) {
	t.Helper()
	server := authtest.New(opts)
	t.Cleanup(server.Close)
	key, err := auth.NewKey("k1")
	require.NoError(t, err)
	h := host{Server: server.URL, File: newFile(t), Keys: key.Reveal(), Ahead: -2 * time.Hour}
	server.Register("client", "http://127.0.0.1/callback/site")
	accounts, err := h.open(t).Login(t.Context(), auth.Loopback{Owner: "o", App: "site", Show: func(address string) error {
		resp, err := http.Get(address) // the person's browser
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}})
	require.NoError(t, err)
	h.Account, h.Ahead = accounts[0].ID, 0
	return server, h
}

func refreshes(server *authtest.Server) string {
	granted, refused := server.Refreshes()
	return strconv.Itoa(granted) + " " + fmt.Sprint(refused)
}

func TestS6RefreshOneFlightAcrossProcesses(t *testing.T) {
	for name, spoil := range map[string]func(*authtest.Server){
		"the token has ended":  func(*authtest.Server) {},
		"the token is refused": (*authtest.Server).EndAccess,
	} {
		t.Run(name, func(t *testing.T) {
			server, h := authWorld(t, authtest.Options{})
			spoil(server)
			first, last := h, h
			first.Calls, last.Calls = 17, 16
			for _, err := range run(t, first, first, last) {
				require.NoError(t, err)
			}
			require.Equal(t, "1 []", refreshes(server))
			account, err := h.open(t).Get(t.Context(), "o", h.Account)
			require.NoError(t, err)
			require.Equal(t, auth.Authorized, account.State)
		})
	}
}

// A process dies between the answer and the saving. The next one waits for the end of its lease, and then the server
// forgives the old token within its grace, or a person has to log in again; nobody asks it a third time.
func TestS6CrashBetweenAnswerAndSaving(t *testing.T) {
	for grace, want := range map[time.Duration]auth.State{0: auth.NeedsAuthorization, time.Hour: auth.Authorized} {
		t.Run(string(want), func(t *testing.T) {
			server, h := authWorld(t, authtest.Options{Grace: grace})
			dead := h
			dead.Dies, dead.Calls = true, 1
			var exit *exec.ExitError
			require.ErrorAs(t, run(t, dead)[0], &exit)
			require.Equal(t, diedOnPurpose, exit.ExitCode())
			require.Equal(t, "1 []", refreshes(server))

			h.Ahead = time.Minute // its lease has lapsed
			next := h.open(t)
			for range 3 {
				err := next.Check(t.Context(), "o", h.Account)
				require.Equal(t, want == auth.Authorized, err == nil, "%v", err)
			}
			account, err := next.Get(t.Context(), "o", h.Account)
			require.NoError(t, err)
			require.Equal(t, want, account.State)
			if want == auth.Authorized {
				require.Equal(t, "2 []", refreshes(server))
			} else {
				require.Equal(t, "1 [invalid_grant]", refreshes(server))
			}
		})
	}
}

// Neither the database nor a backup of it holds a token, a code or a verifier, in any usual spelling.
func TestS15BackupsHoldNoSecrets(t *testing.T) {
	server, h := authWorld(t, authtest.Options{})
	a := h.open(t)
	require.NoError(t, a.Check(t.Context(), "o", h.Account)) // a renewal
	db := openDB(t, h.File)
	backup := filepath.Join(t.TempDir(), "backup.db")
	_, err := db.Exec("VACUUM INTO ?", backup)
	require.NoError(t, err)
	look := func(pattern string) {
		t.Helper()
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, secret := range secretsOf(server) {
				for _, spelt := range spellings(secret) {
					if bytes.Contains(content, []byte(spelt)) {
						t.Errorf("%s holds a secret", filepath.Base(file))
					}
				}
			}
		}
	}
	look(h.File + "*") // with its journal
	look(backup)
	require.NoError(t, a.Disconnect(t.Context(), "o", h.Account))
	var rows int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM contactsync_auth").Scan(&rows))
	require.Zero(t, rows)
	look(h.File + "*")
	require.Zero(t, server.Live())
}

func secretsOf(server *authtest.Server) []string {
	all := server.Secrets()
	for _, call := range server.Calls("") {
		for _, name := range []string{"code_verifier", "state"} {
			if v := call.Form.Get(name); v != "" {
				all = append(all, v)
			}
		}
	}
	return all
}

func spellings(secret string) []string {
	return []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret))}
}
