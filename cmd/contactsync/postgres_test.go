package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The password of a database is taken from the environment and from nowhere else, and is never shown.
func TestPasswordOfTheStore(t *testing.T) {
	t.Parallel()
	for name, store := range map[string]string{
		"of a user":         "postgres://ann:hunter2@example.com/db",
		"without a user":    "postgresql://:hunter2@example.com/db",
		"as a parameter":    "postgres://example.com/db?sslmode=require&password=hunter2",
		"half a variable":   "postgres://ann:hunter2${MORE}@example.com/db",
		"with a bad part":   "postgres://ann:hunter2@example.com:port/db",
		"without database":  "postgres://ann:hunter2@example.com",
		"with a percent":    "postgres://ann:hunter2%zz@example.com/db",
		"with more than @":  "postgres://ann:hunter2:@example.com/db",
		"two of them":       "postgres://ann:${MORE}@example.com/db?password=hunter2",
		"in another scheme": "postgres://ann@example.com/db?user=ann&password=hunter2&schema=x",
	} {
		s := newShell(t)
		s.env["MORE"] = "more"
		s.write(defaultConfig, "store: \""+store+"\"", head)
		said := s.run("validate")
		require.Equal(t, exitConfig, said.code, name)
		require.Contains(t, said.err, "a password does not belong in this file", name)
		require.NotContains(t, said.err+said.out, "hunter2", name)
	}
}

func TestStoreFromTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ store, dsn, schema string }{
		{"postgres://ann@example.com:5433/db?sslmode=require", "postgres://ann@example.com:5433/db?sslmode=require", ""},
		{"postgres://ann:${PASS}@example.com/db", "postgres://ann:p%40ss%20+%3A%2F%3F@example.com/db", ""},
		{"postgres://ann@/db?host=/run/x&schema=our+sync&password=${PASS}", "postgres://ann@/db?host=%2Frun%2Fx&password=p%40ss+%2B%3A%2F%3F", "our sync"},
		{"${URL}", "postgresql://bob:p%40ss@example.com/db", ""},
	} {
		s := newShell(t)
		s.env["PASS"], s.env["URL"] = "p@ss +:/?", "postgresql://bob:p%40ss@example.com/db"
		s.write(defaultConfig, "store: \""+tt.store+"\"", head)
		c := s.cli
		c.configPath = s.path(defaultConfig)
		c.getenv = func(name string) (string, bool) { v, ok := s.env[name]; return v, ok }
		f, err := c.readConfig()
		require.NoError(t, err)
		require.Empty(t, f.problems)
		dsn, schema, err := postgresAddress(f.store)
		require.NoError(t, err)
		require.Equal(t, tt.dsn, dsn)
		require.Equal(t, tt.schema, schema)
	}
}

// A database that is not there is said in words, without the password.
func TestStoreThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.env["PASS"] = "hunter2"
	s.write(defaultConfig, "store: \"postgres://ann:${PASS}@/db?host="+strings.ReplaceAll(s.dir, " ", "%20")+"\"", head)
	s.write("A/x.vcf", "")
	said := s.run("sync")
	require.Equal(t, exitFailed, said.code, said.err)
	require.Contains(t, said.err, "open the database: sqlstore: open: the database cannot be reached")
	require.NotContains(t, said.err+said.out, "hunter2")
}
