package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/sqltable"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/sqlstore"
	_ "modernc.org/sqlite" // the driver of the CRM's database
)

// schema is what the CRM's migrations have made, long before anybody thought of a sync.
const schema = `
CREATE TABLE contacts (
	id INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL,
	first_name TEXT, last_name TEXT NOT NULL, company TEXT, born DATE,
	credit_limit INTEGER NOT NULL DEFAULT 100 -- the sync has no business here
);
CREATE TABLE contact_emails (contact_id INTEGER NOT NULL REFERENCES contacts(id), address TEXT NOT NULL, kind TEXT, main BOOLEAN NOT NULL DEFAULT 0);
INSERT INTO contacts (tenant, first_name, last_name, company, credit_limit) VALUES
	('acme', 'Ann', 'Archer', 'Archer Ltd', 5000), ('acme', 'Bob', 'Baker', NULL, 250), ('rival', 'Eve', 'Else', NULL, 1);
INSERT INTO contact_emails VALUES (1, 'ann@example.com', 'work', 1), (2, 'bob@example.com', 'home', 1), (3, 'eve@example.com', 'home', 1);
`

// contacts says which of it is a contact: of one tenant, with a log so that a sync reads only what changed.
var contacts = sqltable.Table{
	Name:  "contacts",
	Key:   sqltable.Key{Column: "id", Type: sqltable.IntegerKey},
	Where: map[string]string{"tenant": "acme"},
	Log:   "contacts_log",
	Columns: []sqltable.Column{
		{Name: "first_name", Field: contact.Field{Name: "first", Type: contact.TypeText, Meaning: "first"}},
		{Name: "last_name", Field: contact.Field{Name: "last", Type: contact.TypeText, Meaning: "last"}, NotNull: true},
		{Name: "company", Field: contact.Field{Name: "company", Type: contact.TypeText, Meaning: "company"}},
		{Name: "born", Field: contact.Field{Name: "birthday", Type: contact.TypeDate, Meaning: "birthday"}},
	},
	Related: []sqltable.Related{{Table: "contact_emails", Parent: "contact_id", Value: "address", Type: "kind", Primary: "main",
		Field: contact.Field{Name: "emails", Type: contact.TypeEmail, Many: true, Meaning: "email"}}},
}

func main() {
	dir, err := os.MkdirTemp("", "crm")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := run(context.Background(), os.Stdout, dir); err != nil {
		log.Print(err)
	}
}

// run plays a day of a CRM, whose database is in dir, and of a phone, whose cards are in a folder there.
func run(ctx context.Context, out io.Writer, dir string) (err error) {
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(dir, "crm.db")))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return err
	}
	crm, err := sqltable.New(db, sqltable.SQLite, contacts)
	if err != nil {
		return err
	}
	if err := crm.CreateLog(ctx); err != nil { // once, in a migration
		return err
	}
	store, err := sqlstore.Open(ctx, db, sqlstore.SQLite{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	phone := filepath.Join(dir, "phone")
	if err := os.Mkdir(phone, 0o700); err != nil {
		return err
	}
	if err := card(phone, "ann", "N:Archer;Ann;;;\nEMAIL:ann@example.com\nBDAY:1985-04-12\nX-RING:loud\n"); err != nil {
		return err
	}
	if err := card(phone, "cleo", "N:Cook;Cleo;;;\nEMAIL;TYPE=home:cleo@example.com\n"); err != nil {
		return err
	}
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "phone-crm"}, vcard.Folder(phone), crm, store, contactsync.WithNames("phone", "CRM"))
	if err != nil {
		return err
	}
	if err := syncAndShow(ctx, out, "First sync", s, db, phone); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, `UPDATE contact_emails SET address = 'ann@archer.example' WHERE address = 'ann@example.com'`); err != nil {
		return err
	}
	if err := card(phone, "cleo", "N:Cook;Cleo;;;\nEMAIL;TYPE=home:cleo@example.com\nORG:Cook & Co\n"); err != nil {
		return err
	}
	return syncAndShow(ctx, out, "Ann has another address in the CRM, Cleo a company on the phone", s, db, phone)
}

// card writes a vCard.
func card(folder, name, lines string) error {
	text := "BEGIN:VCARD\nVERSION:3.0\nUID:" + name + "\n" + lines + "END:VCARD\n"
	return os.WriteFile(filepath.Join(folder, name+".vcf"), []byte(strings.ReplaceAll(text, "\n", "\r\n")), 0o600)
}

// syncAndShow syncs, and prints what was done and what both hold then.
func syncAndShow(ctx context.Context, out io.Writer, title string, s *contactsync.Syncer, db *sql.DB, phone string) error {
	report, err := s.Sync(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %v\n", title, report.Counts)
	const all = `SELECT c.tenant, c.first_name, c.last_name, COALESCE(c.company, '-'), COALESCE(c.born, '-'), c.credit_limit, e.address
		FROM contacts c LEFT JOIN contact_emails e ON e.contact_id = c.id ORDER BY c.id`
	rows, err := db.QueryContext(ctx, all)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var tenant, first, last, company, born, credit, email string
		if err := rows.Scan(&tenant, &first, &last, &company, &born, &credit, &email); err != nil {
			return err
		}
		fmt.Fprintf(out, "  CRM    %-5s  %-4s %-6s  %-10s  %-10s  credit %-4s  %s\n", tenant, first, last, company, strings.TrimSuffix(born, "T00:00:00Z"), credit, email)
	}
	for _, name := range []string{"ann", "cleo"} {
		text, err := os.ReadFile(filepath.Join(phone, name+".vcf"))
		if err != nil {
			return err
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\r\n")
		fmt.Fprintf(out, "  phone  %s\n", strings.Join(lines[3:len(lines)-1], "  "))
	}
	fmt.Fprintln(out)
	return rows.Err()
}
