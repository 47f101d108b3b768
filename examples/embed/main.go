package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/memstore"
)

func main() {
	dir, err := os.MkdirTemp("", "phone")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := run(context.Background(), os.Stdout, dir); err != nil {
		log.Print(err)
	}
}

// connection says how a phone and the leads are kept in sync: everybody on the phone becomes a lead, tagged Phone, but
// who is labelled No_CRM; who gets that label later loses the tag. All leads go on the phone.
var connection = contactsync.Connection{
	Owner: "customer-1",
	ID:    "phone-crm",
	Rules: []contactsync.Rule{
		contactsync.FilterRule{
			From:    contactsync.A,
			Filter:  contactsync.HasNot("labels", "No_CRM"),
			Actions: []contactsync.Action{contactsync.Add("tags", "Phone")},
			Undo:    contactsync.UndoOwn,
		},
		contactsync.FilterRule{From: contactsync.B},
	},
}

// apps are what people call the two sides.
var apps = [2]string{contactsync.A: "phone", contactsync.B: "CRM"}

// run plays a day of a phone, whose cards are in dir, and of a CRM.
func run(ctx context.Context, out io.Writer, dir string) error {
	db := NewDatabase(time.Now)
	if err := fill(dir, db); err != nil {
		return err
	}
	s, err := contactsync.Open(ctx, connection, vcard.Folder(dir), Leads{db}, memstore.New())
	if err != nil {
		return err
	}
	show(out, "Before", dir, db)
	fmt.Fprintln(out)
	plan, err := s.Preview(ctx)
	if err != nil {
		return err
	}
	showPlan(out, plan)
	if err := syncAndShow(ctx, out, "First sync", s, dir, db); err != nil {
		return err
	}

	if err := edit(dir, db); err != nil {
		return err
	}
	if err := syncAndShow(ctx, out, "Ann's number changed on the phone, Cleo's company in the CRM, and Dora got the label No_CRM", s, dir, db); err != nil {
		return err
	}
	return syncAndShow(ctx, out, "Nobody edited", s, dir, db)
}

// fill enters what both users have before the first sync.
func fill(dir string, db *Database) error {
	cards := map[string]string{
		"ann.vcf":  "N:Archer;Ann\nFN:Ann Archer\nEMAIL:ann@example.com\nTEL:+32 470 12 34 56\n",
		"bob.vcf":  "N:Baker;Bob\nFN:Bob Baker\nEMAIL:bob@example.com\nCATEGORIES:No_CRM\n",
		"dora.vcf": "N:Dean;Dora\nFN:Dora Dean\nEMAIL:dora@example.com\nCATEGORIES:Tennis\n",
	}
	for name, lines := range cards {
		card := strings.ReplaceAll("BEGIN:VCARD\nVERSION:3.0\n"+lines+"END:VCARD\n", "\n", "\r\n")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(card), 0o600); err != nil {
			return err
		}
	}
	for _, lead := range []Lead{
		{First: "Ann", Last: "Archer", Email: "Ann@Example.com", Company: "Acme", Tags: []string{"vip"}},
		{First: "Cleo", Last: "Cook", Email: "cleo@example.com", Phone: "+32 470 65 43 21"},
	} {
		if _, err := db.Insert(lead); err != nil {
			return err
		}
	}
	return nil
}

// edit is what both users do after the first sync.
func edit(dir string, db *Database) error {
	if err := replace(filepath.Join(dir, "ann.vcf"), "+32 470 12 34 56", "+32 470 99 99 99"); err != nil {
		return err
	}
	if err := replace(filepath.Join(dir, "dora.vcf"), "CATEGORIES:Tennis", "CATEGORIES:Tennis,No_CRM"); err != nil {
		return err
	}
	const cleo = 2 // she was inserted as the second
	_, err := db.Update(cleo, 0, func(lead *Lead) { lead.Company = "Cook & Co" })
	return err
}

func replace(path, from, to string) error {
	card, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.Replace(string(card), from, to, 1)), 0o600)
}

func syncAndShow(ctx context.Context, out io.Writer, title string, s *contactsync.Syncer, dir string, db *Database) error {
	report, err := s.Sync(ctx)
	if err != nil {
		return err
	}
	show(out, title, dir, db)
	for _, side := range contactsync.Sides {
		n, app := report.Counts[side], apps[side]
		fmt.Fprintf(out, "  written to %s: %d created, %d updated, %d deleted\n", app, n.Created, n.Updated, n.Deleted)
	}
	status := report.Status.Counts
	fmt.Fprintf(out, "  linked: %d; now in sync: %d, excluded: %d\n\n",
		report.Linked, status[contactsync.StatusInSync], status[contactsync.StatusExcluded])
	return nil
}

// showPlan says what a sync would do, and why.
func showPlan(out io.Writer, plan *contactsync.Plan) {
	fmt.Fprintln(out, "What a sync would do")
	for _, w := range plan.Writes {
		fmt.Fprintf(out, "  %s %s\n", w.Op, what(w))
		whole := w.Why[""] // of what has no reason of its own
		for _, field := range slices.Sorted(maps.Keys(w.After)) {
			why, own := w.Why[field]
			if !own {
				why = whole
			}
			fmt.Fprintf(out, "    %-9s %-18s %s\n", field, w.After[field], why.Because)
		}
	}
	fmt.Fprintln(out)
}

// what says which record a write is about: of a creation, the one that it is made from.
func what(w contactsync.PlannedWrite) string {
	if w.Op == "create" {
		return fmt.Sprintf("in %s, from %s of %s", apps[w.Side], w.ID, apps[w.Side.Other()])
	}
	return fmt.Sprintf("in %s, %s", apps[w.Side], w.ID)
}

// show prints what both apps hold.
func show(out io.Writer, title, dir string, db *Database) {
	fmt.Fprintln(out, title)
	for _, card := range cards(dir) {
		fmt.Fprintf(out, "  phone  %s\n", card)
	}
	leads, _ := db.ChangedAfter(0, 100)
	slices.SortFunc(leads, func(l, m Lead) int { return strings.Compare(l.First, m.First) })
	for _, l := range leads {
		fmt.Fprintf(out, "  CRM    %s\n", line(l.First+" "+l.Last, l.Email, l.Phone, l.Company, strings.Join(l.Tags, ",")))
	}
}

// cards reads the cards as they are on the disk, a line each.
func cards(dir string) []string {
	paths, _ := filepath.Glob(filepath.Join(dir, "*.vcf"))
	var all []string
	for _, path := range paths {
		card, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		values := map[string]string{}
		for _, l := range strings.Split(string(card), "\r\n") {
			name, value, _ := strings.Cut(l, ":")
			name, _, _ = strings.Cut(name, ";")
			values[name] = value
		}
		all = append(all, line(values["FN"], values["EMAIL"], values["TEL"], values["ORG"], values["CATEGORIES"]))
	}
	slices.Sort(all)
	return all
}

func line(name, email, phone, company, labels string) string {
	text := fmt.Sprintf("%-12s %-18s %-18s %-10s %s", name, email, phone, company, labels)
	return strings.TrimRight(text, " ")
}
