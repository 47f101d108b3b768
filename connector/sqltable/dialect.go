package sqltable

import (
	"errors"
	"strconv"
	"strings"
)

// A Dialect is the SQL of one database.
type Dialect string

// The dialects: PostgreSQL from 13, SQLite from 3.35.
const (
	Postgres Dialect = "postgres"
	SQLite   Dialect = "sqlite"
)

// quote writes a name as an identifier; a dot separates a schema from a table.
func (d Dialect) quote(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		parts[i] = d.quoteOne(p)
	}
	return strings.Join(parts, ".")
}

// quoteOne writes a name of one part, such as a column's, as an identifier. In double quotes SQLite takes a column that is not
// there for a text (https://www.sqlite.org/quirks.html, section 8), which would then be read as a contact's.
func (d Dialect) quoteOne(name string) string {
	mark := `"`
	if d == SQLite {
		mark = "`"
	}
	return mark + strings.ReplaceAll(name, mark, mark+mark) + mark
}

// statement is SQL with the values that are bound to it.
type statement struct {
	dialect Dialect
	sql     strings.Builder
	args    []any
}

// add writes SQL, in which each ? stands for the next value.
func (s *statement) add(sql string, args ...any) *statement {
	for _, c := range sql {
		if c != '?' {
			s.sql.WriteRune(c)
			continue
		}
		s.args = append(s.args, args[0])
		args = args[1:]
		if s.dialect == Postgres {
			s.sql.WriteString("$" + strconv.Itoa(len(s.args)))
		} else {
			s.sql.WriteString("?")
		}
	}
	return s
}

// name writes an identifier, in which a question mark stands for itself.
func (s *statement) name(quoted string) *statement {
	s.sql.WriteString(quoted)
	return s
}

// list writes values in brackets, separated by commas.
func (s *statement) list(values []string) *statement {
	s.add("(")
	for i, v := range values {
		if i > 0 {
			s.add(", ")
		}
		s.add("?", v)
	}
	return s.add(")")
}

// asText is a column's value as text, whatever its type.
func (d Dialect) asText(column string) string { return "CAST(" + column + " AS TEXT)" }

// refusal is how a database refuses a statement.
type refusal int

const (
	unknownRefusal refusal = iota
	constraint             // the row does not fit
	busy                   // another transaction is in the way; nothing was done
	denied                 // the account may not do this
)

// refused tells how the database refused, by the codes that drivers give: PostgreSQL's five characters, SQLite's number.
func refused(err error) refusal {
	var pg interface{ SQLState() string }
	if errors.As(err, &pg) {
		switch code := pg.SQLState(); {
		case strings.HasPrefix(code, "22"), strings.HasPrefix(code, "23"): // data exception, integrity constraint violation
			return constraint
		case strings.HasPrefix(code, "40"), code == "55P03": // rollback, lock not available
			return busy
		case code == "42501": // insufficient privilege
			return denied
		}
		return unknownRefusal
	}
	var lite interface{ Code() int }
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case 19, 20: // constraint, mismatch
			return constraint
		case 5, 6: // busy, locked
			return busy
		case 8, 23: // read-only, not authorized
			return denied
		}
	}
	return unknownRefusal
}
