package main

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"sync"

	"github.com/contactsync/contactsync/connector/sqltable"
)

// databases are those whose tables are synced, one pool for each source: a sync that goes on opens its apps again and again.
var databases sync.Map

// openTable opens the database of a table: a file that is there, or the address of a server.
func openTable(d sqltable.Dialect, source string) (sqltable.DB, error) {
	driver, name := "pgx", source
	if d == sqltable.SQLite {
		if _, err := os.Stat(source); err != nil {
			return nil, fmt.Errorf("the file of the database: %w", err)
		}
		driver = "sqlite"
		name = "file:" + (&url.URL{Path: source}).EscapedPath() + "?mode=rw&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)"
	}
	if db, ok := databases.Load(name); ok {
		return db.(*sql.DB), nil
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		return nil, fmt.Errorf("the database: %w", err)
	}
	if first, there := databases.LoadOrStore(name, db); there {
		db.Close()
		return first.(*sql.DB), nil
	}
	return db, nil
}
