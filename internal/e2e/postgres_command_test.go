package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/internal/e2e/servers"
)

// The command keeps what it knows in PostgreSQL: two of it, one after the other, in a schema of their own.
func TestCommandOverPostgres(t *testing.T) {
	t.Parallel()
	dsn, dir := servers.Postgres(t), newFolders(t)
	program := filepath.Join(t.TempDir(), "contactsync")
	built, err := exec.Command("go", "build", "-C", "../../cmd/contactsync", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, string(built))
	config := "store: ${STORE}&schema=sync\nconnections:\n  - name: one\n    match: {require_key: false}\n    a: {app: vcard, path: a}\n    b: {app: vcard, path: b}\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "contactsync.yaml"), []byte(config), 0o600))
	run := func(args ...string) string {
		cmd := exec.Command(program, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "STORE="+dsn)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	tables := func() (n int) {
		require.NoError(t, openPostgres(t, dsn).QueryRow("SELECT count(*) FROM pg_tables WHERE schemaname = 'sync'").Scan(&n))
		return n
	}
	run("status")
	require.Zero(t, tables(), "who only looks makes no tables")
	run("sync")
	require.NotZero(t, tables())
	require.FileExists(t, filepath.Join(dir, "b", "bob.vcf"))
	cards, err := filepath.Glob(filepath.Join(dir, "b", "*.vcf"))
	require.NoError(t, err)
	require.Len(t, cards, 2)
	require.Contains(t, run("sync"), "nothing")
	require.Contains(t, run("history", "one"), "create")
}
