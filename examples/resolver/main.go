package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// connection uses all three: the rule from a, the transform in a mapping, and the resolver for the companies alone.
func connection() contactsync.Connection {
	phone := contactsync.MapFields("phone", "phone")
	phone.Transform = []contactsync.Transform{Extension{}}
	company := contactsync.MapFields("company", "company")
	company.Conflict = &contactsync.Policy{Resolver: Fuller{}}
	return contactsync.Connection{
		ID:       "phone-crm",
		Rules:    []contactsync.Rule{Customers{Domains: []string{"acme.com", "globex.com"}}, contactsync.FilterRule{From: contactsync.B}},
		Mappings: []contactsync.Mapping{contactsync.MapFields("email", "email"), phone, company},
	}
}

func run(ctx context.Context, out io.Writer) error {
	fields := []contact.Field{
		{Name: "email", Type: contact.TypeEmail},
		{Name: "phone", Type: contact.TypePhone},
		{Name: "company", Type: contact.TypeText},
		{Name: "tags", Type: contact.TypeSet},
	}
	apps := [2]*fake.App{fake.New("phone", fields), fake.New("crm", fields)}
	err := apps[contactsync.A].Put(
		person("ann", "ann@acme.com", "+32 2 555 12 12,,34", "Acme"),
		person("bob", "bob@globex.com", "", "Globex"),
		person("cleo", "cleo@example.com", "", ""),
	)
	if err != nil {
		return err
	}
	err = apps[contactsync.B].Put(
		person("1", "ann@acme.com", "", "Acme Corporation"),
		person("2", "bob@globex.com", "+32 2 555 34 34 x 7", "Initech"),
	)
	if err != nil {
		return err
	}
	s, err := contactsync.Open(ctx, connection(), apps[contactsync.A], apps[contactsync.B], memstore.New())
	if err != nil {
		return err
	}
	if _, err := s.Sync(ctx); err != nil {
		return err
	}
	for side, name := range []string{"phone", "CRM"} {
		for _, rec := range apps[side].Records() {
			line := fmt.Sprintf("%-5s %-16s | %-19s | %-16s | %s", name,
				rec.Get("email").Str(), rec.Get("phone").Str(), rec.Get("company").Str(), strings.Join(rec.Get("tags").Elements(), ", "))
			fmt.Fprintln(out, strings.TrimRight(line, " "))
		}
	}
	open, _, err := s.Records(ctx, contactsync.RecordQuery{})
	if err != nil {
		return err
	}
	for _, r := range open {
		fmt.Fprintf(out, "%s: %s (%s)\n", r.IDs[contactsync.A], r.Status, r.Message)
	}
	return nil
}

func person(id, email, phone, company string) contact.Record {
	return contact.Record{ID: id, Fields: contact.Fields{
		"email": contact.Text(email), "phone": contact.Text(phone), "company": contact.Text(company)}}
}
