package e2e_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/sqlstore"
	"github.com/contactsync/contactsync/storetest"
)

// indexes are those that the documentation of the tables declares.
var indexes = map[string][]string{
	"mirror": {"i0", "i1"}, "key": {"i0"}, "link": {"i0", "i1", "i2"}, "hold": {"i0", "i1", "i2"}, "journal": {"i0", "i1"}, "inbox": {"i0"},
}

// Every statement that the whole suite of tests runs is explained by the database: none reads a table from end to end
// or sorts, and each uses the index of what it looks for.
func TestSQLStorePlans(t *testing.T) {
	r := inSQLite(t)
	t.Run("suite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) contactsync.Store {
			return storeIn(t, r.open(t, sqlstore.SQLiteDSN(newFile(t))))
		})
	})
	file := newFile(t)
	openStore(t, file)
	db := openDB(t, sqlstore.SQLiteDSN(file))
	ofRows := regexp.MustCompile(`contactsync_(\w+) WHERE scope = \? AND \(?(key|i\d)`)
	values := regexp.MustCompile(`SCAN (\d+-ROW VALUES CLAUSE|json_each VIRTUAL TABLE INDEX \d+:|CONSTANT ROW)`) // of parameters and the like, which are no table
	explained := 0
	for _, query := range slices.Sorted(maps.Keys(r.queries)) {
		if verb, _, _ := strings.Cut(query, " "); !slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE"}, verb) || strings.Contains(query, "sqlite_schema") {
			continue
		}
		index := ""
		if m := ofRows.FindStringSubmatch(query); m != nil {
			table, by := m[1], m[2]
			index = "sqlite_autoindex_contactsync_" + table + "_1 "
			if table == "key" {
				index = "PRIMARY KEY "
			}
			if by != "key" {
				if !slices.Contains(indexes[table], by) {
					continue // the suite asks for what nobody needs
				}
				index = "contactsync_" + table + "_" + by[1:] + " "
			}
		}
		plan := values.ReplaceAllString(explain(t, db, query), "")
		if strings.Contains(plan, "SCAN") || strings.Contains(plan, "TEMP B-TREE") || !strings.Contains(plan, index) {
			t.Errorf("%s\nis not by index %q:\n%s", query, index, plan)
		}
		explained++
	}
	if explained < 50 { // how many depends on the draws of the suite
		t.Errorf("only %d statements were recorded", explained)
	}
}

// A transaction prepares a statement that no one before it has used, and then it is prepared for all.
func TestSQLStorePreparesOnce(t *testing.T) {
	r := inSQLite(t)
	db := r.open(t, sqlstore.SQLiteDSN(newFile(t)))
	db.SetMaxOpenConns(1)
	s := storeIn(t, db)
	clear(r.queries) // those of migrations are none of a transaction
	for range 20 {
		require.NoError(t, s.Update(t.Context(), person, putting(hold("1"))))
	}
	for query, times := range r.queries {
		if times > 2 {
			t.Errorf("prepared %d times in 20 transactions: %s", times, query)
		}
	}
}

// explain returns the plan of a query, a line a step.
func explain(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.Query("EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?"))...)
	require.NoError(t, err)
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		fmt.Fprintln(&plan, detail)
	}
	require.NoError(t, rows.Err())
	return plan.String()
}

// A recorder counts every statement that connections of a driver prepare.
type recorder struct {
	driver  driver.Driver
	mu      sync.Mutex
	queries map[string]int
}

func inSQLite(t *testing.T) *recorder {
	return &recorder{driver: openDB(t, "").Driver(), queries: map[string]int{}}
}

// open opens a database.
func (r *recorder) open(t *testing.T, dsn string) *sql.DB {
	db := sql.OpenDB(connector{r, r.driver, dsn})
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// A connector opens recorded connections.
type connector struct {
	recorder *recorder
	driver   driver.Driver
	dsn      string
}

func (c connector) Driver() driver.Driver { return c.driver }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	return recorded{conn, c.recorder}, err
}

// recorded hides what else the driver's connection can do, so that everything is prepared.
type recorded struct {
	driver.Conn
	recorder *recorder
}

func (c recorded) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.recorder.mu.Lock()
	c.recorder.queries[query]++
	c.recorder.mu.Unlock()
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

// ExecContext carries out what has no parameters, which may be several statements and is not recorded.
func (c recorded) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) > 0 {
		return nil, driver.ErrSkip // it is prepared
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, nil)
}

func (c recorded) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, options)
}
