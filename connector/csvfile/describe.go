package csvfile

import (
	"context"
	"fmt"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// A Description is how a file was understood, for a person to check before a sync writes to it.
type Description struct {
	Delimiter string // "comma", "semicolon", "tab", "pipe"
	Encoding  string // "utf-8", "utf-16le", "utf-16be", "windows-1252"
	Key       string // heading of the key column; "" means that ids are derived from the rows
	Rows      int    // rows that can be read
	Unread    int    // rows that cannot
	Columns   []ColumnDescription
}

// A ColumnDescription is what became of one column.
type ColumnDescription struct {
	Heading   string
	Field     contact.Field
	Separator string // of a set: ":::", ";" or ","
}

// Describe returns how the file is understood as it is now.
func (c *Connector) Describe(ctx context.Context) (Description, error) {
	d, err := c.load(ctx)
	if err != nil {
		return Description{}, err
	}
	about := Description{Delimiter: delimiterName(d.delim), Encoding: d.charset.name}
	if d.key >= 0 {
		about.Key = d.columns[d.key].heading
	}
	for i := range d.rows {
		switch {
		case d.rows[i].fault != nil:
			about.Unread++
		case !d.rows[i].blank:
			about.Rows++
		}
	}
	for _, col := range d.columns {
		if col.field.Name == "" {
			continue
		}
		cd := ColumnDescription{Heading: col.heading, Field: col.field}
		if col.field.Type == contact.TypeSet {
			cd.Separator = col.sep.mark()
		}
		about.Columns = append(about.Columns, cd)
	}
	return about, nil
}

// String returns the description in lines: how the file is cut and written, what identifies a row, and each column
// with its field.
func (a Description) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "delimiter %s, encoding %s, rows: %d", a.Delimiter, a.Encoding, a.Rows)
	if a.Unread > 0 {
		fmt.Fprintf(&b, ", and %d that cannot be read", a.Unread)
	}
	if a.Key != "" {
		fmt.Fprintf(&b, "\nrows are identified by column %q", a.Key)
	} else {
		b.WriteString("\nno key column: rows are identified by their email, or else by phone and name")
	}
	for _, c := range a.Columns {
		fmt.Fprintf(&b, "\n%q is %s (%s)", c.Heading, c.Field.Name, c.Field.Type)
		if c.Separator != "" {
			fmt.Fprintf(&b, ", separated by %q", c.Separator)
		}
	}
	return b.String()
}
