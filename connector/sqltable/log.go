package sqltable

import (
	"context"
	"fmt"
	"strings"
)

// CreateLog makes the change log: the table that Table.Log names, and triggers that note in it the key of each row that
// changes, in the table itself and in the related ones. The log holds one row for each key, the last change. It needs the
// right to create tables and triggers, is meant for the host's migrations, and may be run again.
func (c *Connector) CreateLog(ctx context.Context) error {
	if c.table.Log == "" {
		return fmt.Errorf("sqltable: table %q: no change log is named", c.table.Name)
	}
	return c.runAll(ctx, c.logStatements())
}

// DropLog takes the triggers and the log away. The next sync lists all rows.
func (c *Connector) DropLog(ctx context.Context) error {
	if c.table.Log == "" {
		return nil
	}
	var statements []string
	for _, w := range c.watched() {
		statements = append(statements, c.dropTriggers(w)...)
		if c.dialect == Postgres {
			statements = append(statements, "DROP FUNCTION IF EXISTS "+c.dialect.quote(w.function()))
		}
	}
	return c.runAll(ctx, append(statements, "DROP TABLE IF EXISTS "+c.dialect.quote(c.table.Log)))
}

func (c *Connector) runAll(ctx context.Context, statements []string) error {
	return c.within(ctx, func(db DB) error {
		for _, s := range statements {
			if _, err := db.ExecContext(ctx, s); err != nil {
				return fmt.Errorf("sqltable: change log %q: %w", c.table.Log, err)
			}
		}
		return nil
	})
}

// watched is a table whose changes are noted, and its column with the key of the record.
type watched struct{ log, table, key string }

func (c *Connector) watched() []watched {
	all := []watched{{c.table.Log, c.table.Name, c.table.Key.Column}}
	for _, r := range c.table.Related {
		all = append(all, watched{c.table.Log, r.Table, r.Parent})
	}
	return all
}

// trigger and function name what notes the changes of a table.
func (w watched) trigger(op string) string {
	return strings.ReplaceAll(w.log+"_"+w.table+"_"+op, ".", "_")
}

func (w watched) function() string { return w.log + "_" + strings.ReplaceAll(w.table, ".", "_") }

// logStatements makes the log and its triggers.
func (c *Connector) logStatements() []string {
	if c.dialect == SQLite {
		return c.sqliteLog()
	}
	return c.postgresLog()
}

// sqliteLog notes changes under a number that only grows. SQLite has one writer at a time, so the numbers are in the order
// of the commits.
func (c *Connector) sqliteLog() []string {
	log := c.dialect.quote(c.table.Log)
	all := []string{"CREATE TABLE IF NOT EXISTS " + log + " (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE)"}
	for _, w := range c.watched() {
		all = append(all, c.dropTriggers(w)...)
		note := func(which string) string {
			id := "CAST(" + which + "." + c.dialect.quoteOne(w.key) + " AS TEXT)"
			return fmt.Sprintf("DELETE FROM %s WHERE id = %s; INSERT INTO %s (id) VALUES (%s);", log, id, log, id)
		}
		for op, body := range map[string]string{
			"INSERT": note("NEW"),
			"UPDATE": note("OLD") + " " + note("NEW"),
			"DELETE": note("OLD"),
		} {
			all = append(all, fmt.Sprintf("CREATE TRIGGER %s AFTER %s ON %s BEGIN %s END", c.dialect.quoteOne(w.trigger(op)), op, c.dialect.quote(w.table), body))
		}
	}
	return all
}

// postgresLog notes changes under the number of their transaction: numbers of a sequence are not in the order of the
// commits, so that a reader could pass over one that commits late. What older transactions may still add is not read yet.
func (c *Connector) postgresLog() []string {
	log := c.dialect.quote(c.table.Log)
	all := []string{"CREATE TABLE IF NOT EXISTS " + log +
		" (xid xid8 NOT NULL DEFAULT pg_current_xact_id(), seq bigserial, id text NOT NULL, PRIMARY KEY (xid, seq))",
		"CREATE INDEX IF NOT EXISTS " + c.dialect.quoteOne(strings.ReplaceAll(c.table.Log, ".", "_")+"_id") + " ON " + log + " (id)"}
	for _, w := range c.watched() {
		key := c.dialect.quoteOne(w.key)
		body := fmt.Sprintf(`BEGIN
	IF TG_OP <> 'INSERT' THEN DELETE FROM %[1]s WHERE id = CAST(OLD.%[2]s AS text); INSERT INTO %[1]s (id) VALUES (CAST(OLD.%[2]s AS text)); END IF;
	IF TG_OP <> 'DELETE' THEN DELETE FROM %[1]s WHERE id = CAST(NEW.%[2]s AS text); INSERT INTO %[1]s (id) VALUES (CAST(NEW.%[2]s AS text)); END IF;
	RETURN NULL;
END`, log, key)
		all = append(all, "CREATE OR REPLACE FUNCTION "+c.dialect.quote(w.function())+"() RETURNS trigger LANGUAGE plpgsql AS $note$"+body+"$note$")
		all = append(all, c.dropTriggers(w)...)
		all = append(all, fmt.Sprintf("CREATE TRIGGER %s AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION %s()",
			c.dialect.quoteOne(w.trigger("change")), c.dialect.quote(w.table), c.dialect.quote(w.function())))
	}
	return all
}

// dropTriggers takes a table's triggers away, if they are there.
func (c *Connector) dropTriggers(w watched) []string {
	if c.dialect == Postgres {
		return []string{"DROP TRIGGER IF EXISTS " + c.dialect.quoteOne(w.trigger("change")) + " ON " + c.dialect.quote(w.table)}
	}
	var all []string
	for _, op := range []string{"INSERT", "UPDATE", "DELETE"} {
		all = append(all, "DROP TRIGGER IF EXISTS "+c.dialect.quoteOne(w.trigger(op)))
	}
	return all
}
