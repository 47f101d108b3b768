package tables_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/connector/sqltable"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
)

// host is a table of a layout in a database.
type host struct {
	*sql.DB
	database
	layout
	crm *sqltable.Connector
}

func newHost(t *testing.T, base database, l layout) *host {
	t.Helper()
	h := &host{DB: base.open(t), database: base, layout: l}
	createTables(t, h.DB, base.dialect, l)
	h.crm = h.in(t, h.DB)
	return h
}

// in returns the connector over another DB, such as a transaction.
func (h *host) in(t *testing.T, db sqltable.DB) *sqltable.Connector {
	t.Helper()
	c, err := sqltable.New(db, h.dialect, h.table)
	require.NoError(t, err)
	return c
}

func (h *host) exec(t *testing.T, statement string) {
	t.Helper()
	_, err := h.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}

// text returns the only value of a query, as text.
func (h *host) text(t *testing.T, query string) string {
	t.Helper()
	var s sql.NullString
	require.NoError(t, h.QueryRowContext(t.Context(), query).Scan(&s))
	return s.String
}

// create makes a record and returns its id.
func (h *host) create(t *testing.T, fields contact.Fields) string {
	t.Helper()
	return written(t, h.crm, connector.Write{Op: connector.Create, Patch: patchOf(fields)}).Record.ID
}

func patchOf(fields contact.Fields) contact.Patch {
	patch := contact.Patch{}
	for name, v := range fields {
		patch[name] = contact.Change{Set: v}
	}
	return patch
}

// written carries out a write that is to succeed.
func written(t *testing.T, c *sqltable.Connector, w connector.Write) connector.Result {
	t.Helper()
	r := attempted(t, c, w)
	require.NoError(t, r.Err)
	return r
}

// attempted carries out a write.
func attempted(t *testing.T, c *sqltable.Connector, w connector.Write) connector.Result {
	t.Helper()
	results, err := c.Apply(t.Context(), []connector.Write{w})
	require.NoError(t, err)
	require.Len(t, results, 1)
	return results[0]
}

// told returns the records of a page, those that it only names too.
func told(t *testing.T, c *sqltable.Connector, page connector.Page, fields ...string) []contact.Record {
	t.Helper()
	all := slices.Clone(page.Records)
	for _, item := range page.Named {
		results, err := c.Read(t.Context(), []string{item.ID}, fields)
		require.NoError(t, err)
		require.NoError(t, results[0].Err)
		require.Equal(t, item.Version, results[0].Record.Version)
		all = append(all, results[0].Record)
	}
	return all
}

// inEach runs a test with a layout in each database.
func inEach(t *testing.T, layout string, test func(t *testing.T, h *host)) {
	for _, name := range slices.Sorted(maps.Keys(databases)) {
		t.Run(name+"/"+layout, func(t *testing.T) { test(t, newHost(t, databases[name], layouts[layout])) })
	}
}

// TestNothingElseIsTouched: columns that are not named, rows of another tenant, and what a related row holds besides.
func TestNothingElseIsTouched(t *testing.T) {
	inEach(t, "versions of the content", func(t *testing.T, h *host) {
		id := h.create(t, contact.Fields{"first": contact.Text("Ann"), "emails": contact.List(
			contact.Entry{Value: contact.Text("a@example.com"), Type: "work"}, contact.Entry{Value: contact.Text("b@example.com"), Primary: true})})
		h.exec(t, "UPDATE contacts SET note = 'the host''s'")
		h.exec(t, "UPDATE emails SET verified = 'yes' WHERE address = 'a@example.com'")
		written(t, h.crm, connector.Write{Op: connector.Update, ID: id, Patch: contact.Patch{"first": {Set: contact.Text("Anna")}, "emails": {
			Add: []contact.Entry{{Value: contact.Text("c@example.com")}}, Remove: []contact.Entry{{Value: contact.Text("b@example.com")}}}}})
		require.Equal(t, "the host's", h.text(t, "SELECT note FROM contacts"))
		require.Equal(t, "yes", h.text(t, "SELECT verified FROM emails WHERE address = 'a@example.com'"))
		require.Equal(t, "work", h.text(t, "SELECT kind FROM emails WHERE address = 'a@example.com'"))
		require.Equal(t, "2", h.text(t, "SELECT COUNT(*) FROM emails"))
		require.Equal(t, "Anna", h.text(t, "SELECT first_name FROM contacts"))
	})
	inEach(t, "a version that is counted", func(t *testing.T, h *host) {
		require.ErrorIs(t, attempted(t, h.crm, connector.Write{Op: connector.Delete, ID: "foreign"}).Err, connector.ErrNotFound)
		require.ErrorIs(t, attempted(t, h.crm, connector.Write{Op: connector.Update, ID: "foreign", Patch: patchOf(contact.Fields{"first": contact.Text("x")})}).Err, connector.ErrNotFound)
		require.Equal(t, "mine", h.text(t, "SELECT tenant FROM contacts WHERE id = '"+h.create(t, contact.Fields{"last": contact.Text("Mine")})+"'"))
		listing, err := h.crm.List(t.Context(), "")
		require.NoError(t, err)
		require.Len(t, listing.Items, 1)
	})
}

// TestHostileText: values are bound, and come back as they are.
func TestHostileText(t *testing.T) {
	inEach(t, "versions of the content", func(t *testing.T, h *host) {
		for _, text := range []string{`'; DROP TABLE contacts; --`, `$1 ? :x %s {{.}}`, "ünï ￿ 👩‍👩‍👧", `"\`} {
			r := written(t, h.crm, connector.Write{Op: connector.Create, Patch: patchOf(contact.Fields{"last": contact.Text(text), "tags": contact.Set(text)})})
			require.Equal(t, text, r.Record.Get("last").Str())
			require.Equal(t, []string{text}, r.Record.Get("tags").Elements())
		}
	})
}

// TestEditedMeanwhile: a write that was decided on a state that is no more is refused, whatever the version is made of.
func TestEditedMeanwhile(t *testing.T) {
	for name, edit := range map[string]string{
		"versions of the content":   `UPDATE contacts SET "last name" = 'Else'`,
		"a version that is counted": `UPDATE contacts SET "last name" = 'Else', "v?" = "v?" + 1 WHERE tenant = 'mine'`,
		"a change log":              `UPDATE contacts SET "last name" = 'Else'`,
	} {
		inEach(t, name, func(t *testing.T, h *host) {
			r := written(t, h.crm, connector.Write{Op: connector.Create, Patch: patchOf(contact.Fields{"last": contact.Text("Ann")})}).Record
			h.exec(t, edit)
			for _, op := range []connector.Op{connector.Update, connector.Delete} {
				got := attempted(t, h.crm, connector.Write{Op: op, ID: r.ID, Version: r.Version, Patch: patchOf(contact.Fields{"last": contact.Text("Ours")})})
				require.ErrorIs(t, got.Err, connector.ErrVersionConflict, op)
			}
			require.Equal(t, "Else", h.text(t, `SELECT "last name" FROM contacts WHERE "last name" = 'Else'`))
		})
	}
}

// TestARefusalTellsNoValue: a row that the database refuses fails alone, and what it holds is in no error.
func TestARefusalTellsNoValue(t *testing.T) {
	inEach(t, "a change log", func(t *testing.T, h *host) {
		results, err := h.crm.Apply(t.Context(), []connector.Write{
			{Op: connector.Create, Marker: "m1", Patch: patchOf(contact.Fields{"last": contact.Text("One")})},
			{Op: connector.Create, Marker: "m1", Patch: patchOf(contact.Fields{"last": contact.Text("Secret")})},
			{Op: connector.Create, Marker: "m2", Patch: patchOf(contact.Fields{"first": contact.Text(fmt.Sprintf("%050d", 7))})},
			{Op: connector.Create, Marker: "m3", Patch: patchOf(contact.Fields{"last": contact.Text("Three")})},
		})
		require.NoError(t, err)
		require.NoError(t, results[0].Err)
		require.NoError(t, results[3].Err)
		for _, r := range results[1:3] {
			require.ErrorIs(t, r.Err, connector.ErrInvalid)
			require.NotContains(t, r.Err.Error(), "m1")
			require.NotContains(t, r.Err.Error(), "Secret")
			require.NotContains(t, r.Err.Error(), "0007")
		}
		require.Equal(t, "2", h.text(t, "SELECT COUNT(*) FROM contacts"))
	})
}

// TestInAHostsTransaction: nothing is there before the host commits, and all is gone if it does not.
func TestInAHostsTransaction(t *testing.T) {
	inEach(t, "versions of the content", func(t *testing.T, h *host) {
		tx, err := h.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		in := h.in(t, tx)
		written(t, in, connector.Write{Op: connector.Create, Patch: patchOf(contact.Fields{"first": contact.Text("Ann")})})
		refusal := attempted(t, in, connector.Write{Op: connector.Create, Patch: patchOf(contact.Fields{"first": contact.Text(fmt.Sprintf("%050d", 7))})})
		require.ErrorIs(t, refusal.Err, connector.ErrInvalid)
		written(t, in, connector.Write{Op: connector.Create, Patch: patchOf(contact.Fields{"first": contact.Text("Bob")})})
		require.NoError(t, tx.Rollback())
		require.Equal(t, "0", h.text(t, "SELECT COUNT(*) FROM contacts"))
	})
}

// TestTheLogMissesNoLateCommit: a transaction that began first commits last. What it changed is read after that, though the
// log has been read meanwhile.
func TestTheLogMissesNoLateCommit(t *testing.T) {
	h := newHost(t, databases["postgres"], layouts["a change log"])
	feed := func(since connector.Cursor) (ids []string, next connector.Cursor) {
		for {
			page, err := h.crm.Changes(t.Context(), connector.Query{Since: since, Fields: []string{"last"}})
			require.NoError(t, err)
			for _, r := range told(t, h.crm, page, "last") {
				ids = append(ids, r.Get("last").Str())
			}
			since = page.Next
			if !page.More {
				return ids, since
			}
		}
	}
	_, cursor := feed("")
	first, err := h.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = first.ExecContext(t.Context(), `INSERT INTO contacts ("last name") VALUES ('late')`)
	require.NoError(t, err)
	h.exec(t, `INSERT INTO contacts ("last name") VALUES ('early')`)
	seen, cursor := feed(cursor)
	require.NotContains(t, seen, "late")
	require.NoError(t, first.Commit())
	rest, cursor := feed(cursor)
	require.ElementsMatch(t, []string{"early", "late"}, append(seen, rest...))
	rest, _ = feed(cursor)
	require.Empty(t, rest)
}

// TestTwoWays syncs each layout with an app, both ways: first, unchanged, and after edits on both sides.
func TestTwoWays(t *testing.T) {
	for name, l := range layouts {
		inEach(t, name, func(t *testing.T, h *host) {
			emails := "emails"
			if l.table.Related == nil {
				emails = "email"
			}
			phone := fake.New("phone", []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "last", Type: contact.TypeText, Meaning: "last"},
				{Name: "tags", Type: contact.TypeSet, Meaning: "tags"}, {Name: "email", Type: contact.TypeEmail, Many: true, Meaning: "email"}})
			for i := range 12 {
				fields := contact.Fields{"last": contact.Text(fmt.Sprintf("P%d", i)), "tags": contact.Set("t")}
				address := fmt.Sprintf("p%d@example.com", i)
				if i%2 == 0 {
					fields["email"] = contact.List(contact.Entry{Value: contact.Text(address)})
					require.NoError(t, phone.Put(contact.Record{Fields: fields}))
					continue
				}
				fields[emails] = contact.Text(address)
				if emails == "emails" {
					fields[emails] = contact.List(contact.Entry{Value: contact.Text(address)})
				}
				h.create(t, fields)
			}
			s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c", Deletions: contactsync.Deletions{FromB: contactsync.DeletionDelete}}, phone, h.crm, memstore.New())
			require.NoError(t, err, name)
			sync := func() *contactsync.Report {
				t.Helper()
				report, err := s.Sync(t.Context())
				require.NoError(t, err)
				require.Zero(t, report.Unread)
				return report
			}
			sync()
			require.Len(t, phone.Records(), 12)
			require.Equal(t, contactsync.Counts{}, sync().Counts[contactsync.B], "unchanged")

			edited := phone.Records()[0]
			require.NoError(t, phone.Edit(edited.ID, contact.Fields{"last": contact.Text("From the phone")}))
			h.exec(t, `UPDATE contacts SET first_name = 'From the table' WHERE "last name" = 'P3'`)
			if l.table.CountVersion {
				h.exec(t, `UPDATE contacts SET "v?" = "v?" + 1 WHERE "last name" = 'P3'`)
			}
			sync()
			require.Equal(t, "1", h.text(t, `SELECT COUNT(*) FROM contacts WHERE "last name" = 'From the phone'`))
			require.True(t, slices.ContainsFunc(phone.Records(), func(r contact.Record) bool {
				return r.Get("last").Str() == "P3" && r.Get("first").Str() == "From the table"
			}))
			report := sync()
			require.Equal(t, [2]contactsync.Counts{}, report.Counts, "unchanged again")
		})
	}
}

// TestPutBack: a user who puts a row back as it was before our write is heard, though its content, and a version that is made
// of it, is one of before.
func TestPutBack(t *testing.T) {
	for name := range layouts {
		inEach(t, name, func(t *testing.T, h *host) {
			phone := fake.New("phone", []contact.Field{{Name: "last", Type: contact.TypeText, Meaning: "last"}, {Name: "email", Type: contact.TypeEmail, Many: true, Meaning: "email"}})
			address := contact.Text("ann@example.com")
			require.NoError(t, phone.Put(contact.Record{ID: "ann", Fields: contact.Fields{"last": contact.Text("Ann"), "email": contact.List(contact.Entry{Value: address})}}))
			s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, phone, h.crm, memstore.New())
			require.NoError(t, err)
			sync := func() {
				t.Helper()
				_, err := s.Sync(t.Context())
				require.NoError(t, err)
			}
			sync()
			require.NoError(t, phone.Edit("ann", contact.Fields{"last": contact.Text("Bob")}))
			sync()
			require.Equal(t, "1", h.text(t, `SELECT COUNT(*) FROM contacts WHERE "last name" = 'Bob'`))
			count := ""
			if h.table.CountVersion {
				count = `, "v?" = "v?" + 1`
			}
			h.exec(t, `UPDATE contacts SET "last name" = 'Ann'`+count+` WHERE "last name" = 'Bob'`)
			sync()
			require.Equal(t, "Ann", phone.Records()[0].Get("last").Str())
		})
	}
}

// TestTwoAtOnce: the host changes a row in a transaction that is still open when our write reads it. The write waits, and is
// refused.
func TestTwoAtOnce(t *testing.T) {
	h := newHost(t, databases["postgres"], layouts["versions of the content"])
	r := written(t, h.crm, connector.Write{Op: connector.Create, Patch: patchOf(contact.Fields{"last": contact.Text("Ann")})}).Record
	tx, err := h.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), `UPDATE contacts SET "last name" = 'the host'`)
	require.NoError(t, err)
	done := make(chan error)
	go func() {
		results, err := h.crm.Apply(context.Background(), []connector.Write{{Op: connector.Update, ID: r.ID, Version: r.Version, Patch: patchOf(contact.Fields{"last": contact.Text("ours")})}})
		if err == nil {
			err = results[0].Err
		}
		done <- err
	}()
	require.Eventually(t, func() bool {
		return h.text(t, "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()") == "1"
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, tx.Commit())
	require.ErrorIs(t, <-done, connector.ErrVersionConflict)
	require.Equal(t, "the host", h.text(t, `SELECT "last name" FROM contacts`))
}

// TestTheLogWatchesRelatedTables: what the host does to the entries of a list is a change of its record, also when it moves
// one to another record. A row that is marked as deleted is gone, and back when the mark is taken away.
func TestTheLogWatchesRelatedTables(t *testing.T) {
	inEach(t, "a change log", func(t *testing.T, h *host) {
		ann, bob := h.create(t, contact.Fields{"last": contact.Text("Ann")}), h.create(t, contact.Fields{"last": contact.Text("Bob")})
		var cursor connector.Cursor
		changed := func() (all []string) {
			t.Helper()
			for {
				page, err := h.crm.Changes(t.Context(), connector.Query{Since: cursor, Fields: []string{"last", "emails"}})
				require.NoError(t, err)
				for _, r := range told(t, h.crm, page, "last", "emails") {
					all = append(all, fmt.Sprint(r.Get("last").Str(), len(r.Get("emails").Entries())))
				}
				for _, id := range page.Deleted {
					all = append(all, "no "+id)
				}
				if cursor = page.Next; !page.More {
					return all
				}
			}
		}
		require.ElementsMatch(t, []string{"Ann0", "Bob0"}, changed())
		for _, step := range []struct {
			statement string
			want      []string
		}{
			{"INSERT INTO emails (contact_id, address, main) VALUES (" + ann + ", 'a@example.com', TRUE)", []string{"Ann1"}},
			{"UPDATE emails SET contact_id = " + bob, []string{"Ann0", "Bob1"}},
			{"DELETE FROM emails", []string{"Bob0"}},
			{"UPDATE contacts SET gone = '2026-01-01T00:00:00Z' WHERE id = " + bob, []string{"no " + bob}},
			{"UPDATE contacts SET gone = NULL WHERE id = " + bob, []string{"Bob0"}},
			{"DELETE FROM contacts WHERE id = " + ann, []string{"no " + ann}},
			{"UPDATE contacts SET first_name = first_name", []string{"Bob0"}},
		} {
			h.exec(t, step.statement)
			require.ElementsMatch(t, step.want, changed(), step.statement)
			require.Empty(t, changed(), step.statement)
		}
		require.NoError(t, h.crm.DropLog(t.Context()))
		h.exec(t, "UPDATE contacts SET first_name = 'no trigger is left'")
	})
}

// TestColumnsThatAreNotThere: a column or table that the database does not have is said before anything is read or written.
func TestColumnsThatAreNotThere(t *testing.T) {
	for name, change := range map[string]func(*sqltable.Table){
		"table":    func(t *sqltable.Table) { t.Name = "nope" },
		"key":      func(t *sqltable.Table) { t.Key.Column = "nope" },
		"column":   func(t *sqltable.Table) { t.Columns[0].Name = "nope" },
		"version":  func(t *sqltable.Table) { t.Version = "nope" },
		"modified": func(t *sqltable.Table) { t.Modified = "nope" },
		"deleted":  func(t *sqltable.Table) { t.Deleted = "nope" },
		"marker":   func(t *sqltable.Table) { t.Marker = "nope" },
		"where":    func(t *sqltable.Table) { t.Where = map[string]string{"nope": "1"} },
		"related":  func(t *sqltable.Table) { t.Related[0].Table = "nope" },
		"parent":   func(t *sqltable.Table) { t.Related[0].Parent = "nope" },
		"value":    func(t *sqltable.Table) { t.Related[0].Value = "nope" },
		"type":     func(t *sqltable.Table) { t.Related[0].Type = "nope" },
		"primary":  func(t *sqltable.Table) { t.Related[0].Primary = "nope" },
	} {
		inEach(t, "a change log", func(t *testing.T, h *host) {
			table := h.table
			table.Columns, table.Related = slices.Clone(table.Columns), slices.Clone(table.Related)
			change(&table)
			c, err := sqltable.New(h.DB, h.dialect, table)
			require.NoError(t, err)
			_, err = c.Schema(t.Context())
			require.ErrorContains(t, err, "nope", name)
		})
	}
}
