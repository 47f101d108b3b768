package servers_test

import (
	"bufio"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/internal/e2e/servers"
)

// newTable opens a database and makes a table in it.
func newTable(t *testing.T, dsn string) *sql.DB {
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	_, err = db.Exec("CREATE TABLE t (n int)")
	require.NoError(t, err, "each database is new")
	return db
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	newTable(t, servers.Postgres(t))
	newTable(t, servers.Postgres(t))
}

func TestPostgresStopsAndStarts(t *testing.T) {
	t.Parallel()
	s := servers.NewPostgres(t)
	db := newTable(t, s.Database(t))
	_, err := db.Exec("INSERT INTO t VALUES (7)")
	require.NoError(t, err)
	s.Stop()
	require.Error(t, db.Ping())
	require.NoError(t, s.Start())
	var n int
	require.NoError(t, db.QueryRow("SELECT n FROM t").Scan(&n))
	require.Equal(t, 7, n)
}

// What this package starts ends with the test process, even with one that is killed.
func TestNothingIsLeftBehind(t *testing.T) {
	const child = "CONTACTSYNC_SERVERS_CHILD"
	if os.Getenv(child) != "" {
		os.Stdout.WriteString("folder " + servers.Postgres(t) + "\n")
		time.Sleep(time.Minute) // the parent kills it long before
		return
	}
	t.Parallel()
	servers.Postgres(t) // or the test is left out
	cmd := exec.Command(os.Args[0], "-test.run=^TestNothingIsLeftBehind$")
	cmd.Env = append(os.Environ(), child+"=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var folder string
	for lines := bufio.NewScanner(out); folder == "" && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "folder ") {
			_, folder, _ = strings.Cut(lines.Text(), "host=")
		}
	}
	require.DirExists(t, folder)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	require.Eventually(t, func() bool {
		_, err := os.Stat(folder)
		return errors.Is(err, fs.ErrNotExist)
	}, 20*time.Second, 10*time.Millisecond, "the server's folder %s goes with it", folder)
}
