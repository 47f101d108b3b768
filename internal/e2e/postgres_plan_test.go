package e2e_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/internal/e2e/servers"
	"github.com/contactsync/contactsync/internal/e2e/stores"
	"github.com/contactsync/contactsync/sqlstore"
	"github.com/contactsync/contactsync/storetest"
)

// Every statement that the whole suite of tests runs is explained by the server: while it has counted nothing yet, when it has
// counted a thousand connections of two people each, and when one has 20,000 who came in no order. None reads a table from end to end, or all of a scope, or sorts, and
// each uses the index of what it looks for.
func TestPostgresPlans(t *testing.T) {
	dsn := servers.Postgres(t)
	r := &recorder{driver: openPostgres(t, dsn).Driver(), queries: map[string]int{}}
	t.Run("suite", func(t *testing.T) {
		pool := stores.NewPool(r.open(t, dsn), "plans")
		storetest.Run(t, func(t *testing.T) contactsync.Store { return pool.New(t) })
	})
	queries := map[string]int{}
	for query, n := range r.queries {
		queries[regexp.MustCompile(`"plans \d+"\.`).ReplaceAllString(query, "")] += n
	}
	inPostgres(t, dsn, sqlstore.Postgres{})
	db := openPostgres(t, dsn)
	db.SetMaxOpenConns(1) // settings and prepared statements are a connection's
	_, err := db.Exec("SET plan_cache_mode = force_generic_plan")
	require.NoError(t, err)
	for _, setting := range regexp.MustCompile(`set_config\('\w+', 'off', true\)`).FindAllString(longest(queries, "set_config"), -1) {
		_, err := db.Exec("SELECT " + strings.Replace(setting, "true", "false", 1))
		require.NoError(t, err)
	}
	wantIndexed(t, db, queries)
	_, err = db.Exec("INSERT INTO contactsync_queue (owner, connection, at) SELECT int4send(n), int4send(n), n FROM generate_series(1, 20000) AS n")
	require.NoError(t, err)
	for _, people := range []string{
		"SELECT n/2 AS scope, int4send(n) AS k FROM generate_series(1, 2000) AS n",
		"SELECT 1000000 AS scope, sha256(int4send(n)) AS k FROM generate_series(1, 20000) AS n",
	} {
		for _, table := range contactsync.Tables {
			_, err := db.Exec(fmt.Sprintf("INSERT INTO contactsync_%s (scope, key, i0, i1, i2) SELECT scope, k, k, k, k FROM (%s) AS people", table, people))
			require.NoError(t, err)
		}
		_, err = db.Exec("ANALYZE")
		require.NoError(t, err)
		wantIndexed(t, db, queries)
	}
	wantQueueIndexed(t, db, queries)
}

// longest returns the longest text that contains a word.
func longest(texts map[string]int, word string) (found string) {
	for text := range texts {
		if strings.Contains(text, word) && len(text) > len(found) {
			found = text
		}
	}
	return found
}

func wantIndexed(t *testing.T, db *sql.DB, queries map[string]int) {
	t.Helper()
	ofRows := regexp.MustCompile(`contactsync_(\w+) WHERE scope = \$\d+ AND \(?(key|i\d)`)
	explained := 0
	for _, query := range slices.Sorted(maps.Keys(queries)) {
		verb, _, _ := strings.Cut(query, " ")
		m := ofRows.FindStringSubmatch(query)
		if m == nil || !slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE"}, verb) {
			continue
		}
		table, by := m[1], m[2]
		index := "contactsync_" + table + "_pkey"
		if by != "key" {
			if !slices.Contains(indexes[table], by) {
				continue // the suite asks for what nobody needs
			}
			index = "contactsync_" + table + "_" + by[1:]
		}
		plan := explainPostgres(t, db, query)
		if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Sort") || !strings.Contains(plan, `"Index Name":"`+index+`"`) ||
			!regexp.MustCompile(`"Index Cond":"\(\(scope = [^"]* AND \(+(ROW\()?`+by).MatchString(plan) {
			t.Errorf("%s\nis not by index %q:\n%s", query, index, plan)
		}
		explained++
	}
	if explained < 50 { // how many depends on the draws of the suite
		t.Errorf("only %d statements were recorded", explained)
	}
}

// wantQueueIndexed checks the statements about the queue. What is due first is looked for before any setting of the transaction
// holds, so here it is planned without them.
func wantQueueIndexed(t *testing.T, db *sql.DB, queries map[string]int) {
	t.Helper()
	_, err := db.Exec("SET enable_seqscan = on")
	require.NoError(t, err)
	explained := 0
	for _, query := range slices.Sorted(maps.Keys(queries)) {
		if !strings.Contains(query, "contactsync_queue") || strings.Contains(query, "CREATE TABLE") {
			continue
		}
		plan := explainPostgres(t, db, query)
		if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Sort") || !regexp.MustCompile(`contactsync_queue_(at|pkey)`).MatchString(plan) {
			t.Errorf("%s\nis not by an index:\n%s", query, plan)
		}
		explained++
	}
	require.Equal(t, 5, explained, "statements about the queue")
}

// explainPostgres returns the plan of a query for whatever its parameters are, as JSON without spaces between.
func explainPostgres(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	_, err := db.Exec("PREPARE explained AS " + query)
	require.NoError(t, err)
	defer func() {
		_, err := db.Exec("DEALLOCATE explained")
		require.NoError(t, err)
	}()
	execute := "EXECUTE explained"
	if n := strings.Count(query, "$"); n > 0 {
		execute += " (NULL" + strings.Repeat(", NULL", n-1) + ")"
	}
	var text string
	require.NoError(t, db.QueryRow("EXPLAIN (FORMAT JSON, COSTS off) "+execute).Scan(&text))
	var plan any
	require.NoError(t, json.Unmarshal([]byte(text), &plan))
	short, err := json.Marshal(plan)
	require.NoError(t, err)
	return string(short)
}
