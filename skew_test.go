package contactsync_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

// An engine of one version of this library, and a store that one of another version has written.

// all returns every row of a connection.
func all(t *testing.T, store contactsync.Store, scope contactsync.Scope) (rows []contactsync.Row) {
	t.Helper()
	require.NoError(t, store.View(t.Context(), scope, func(tx contactsync.ReadTx) error {
		rows = nil
		for _, table := range contactsync.Tables {
			some, err := tx.Scan(contactsync.Scan{Table: table, By: contactsync.ByKey})
			if err != nil {
				return err
			}
			rows = append(rows, some...)
		}
		return nil
	}))
	return rows
}

// put puts rows as another engine would.
func put(t *testing.T, store contactsync.Store, scope contactsync.Scope, rows ...contactsync.Row) {
	t.Helper()
	lease, err := store.Acquire(t.Context(), scope, "another", time.Now(), time.Minute)
	require.NoError(t, err)
	require.NoError(t, store.Update(t.Context(), lease, func(tx contactsync.Tx) error { return tx.Put(rows...) }))
	require.NoError(t, store.Release(t.Context(), lease))
}

// TestF67ANewerFormat: of a connection that a newer version keeps in another format nothing is read, written or sent,
// whatever is asked, and the error says what to do.
func TestF67ANewerFormat(t *testing.T) {
	t.Parallel()
	f, a := newFaulted(t), contactsync.A
	s, err := contactsync.Open(t.Context(), f.conn, f.wrapped[0], f.wrapped[1], f.store, contactsync.WithClock(f.clock), contactsync.WithConcurrency(1))
	require.NoError(t, err)
	pushing := fake.New("pushing", []contact.Field{{Name: "email", Type: contact.TypeEmail, Meaning: "email"}}, fake.WithPush("secret"), fake.WithUpsert())
	hooked, err := contactsync.Open(t.Context(), f.conn, pushing, f.wrapped[1], f.store)
	require.NoError(t, err)
	require.NoError(t, pushing.Put(contact.Record{Fields: contact.Fields{"email": contact.Text("p@example.com")}}))
	scope := contactsync.Scope{Connection: "c"}
	for _, row := range all(t, f.store, scope) {
		if row.Table == contactsync.TableConnection {
			row.Body = bytes.Replace(row.Body, []byte(`"format":1`), []byte(`"format":2`), 1)
			put(t, f.store, scope, row)
		}
	}
	f.edit(a, 0, "Edited")
	f.apps[a].Reset()
	f.apps[contactsync.B].Reset()
	before, id := all(t, f.store, scope), f.record(a, 1).ID
	asked := map[string]func(context.Context) error{
		"Open": func(ctx context.Context) error {
			_, err := contactsync.Open(ctx, f.conn, f.wrapped[0], f.wrapped[1], f.store)
			return err
		},
		"Load":    func(ctx context.Context) error { _, _, err := contactsync.Load(ctx, f.store, "", "c"); return err },
		"Sync":    func(ctx context.Context) error { _, err := s.Sync(ctx); return err },
		"Preview": func(ctx context.Context) error { _, err := s.Preview(ctx); return err },
		"Status":  func(ctx context.Context) error { _, err := s.Status(ctx); return err },
		"Records": func(ctx context.Context) error { _, _, err := s.Records(ctx, contactsync.RecordQuery{}); return err },
		"Record":  func(ctx context.Context) error { _, err := s.Record(ctx, a, id); return err },
		"History": func(ctx context.Context) error { _, _, err := s.History(ctx, contactsync.HistoryQuery{}); return err },
		"Runs":    func(ctx context.Context) error { _, _, err := s.Runs(ctx, 0, 1); return err },
		"Conflicts": func(ctx context.Context) error {
			_, _, err := s.Conflicts(ctx, contactsync.ConflictQuery{})
			return err
		},
		"Decisions":       func(ctx context.Context) error { _, err := s.Decisions(ctx); return err },
		"Explain":         func(ctx context.Context) error { _, err := s.Explain(ctx, a, id); return err },
		"Export":          func(ctx context.Context) error { _, err := s.Export(ctx, a, id); return err },
		"Confirm":         func(ctx context.Context) error { return s.Confirm(ctx) },
		"Pause":           func(ctx context.Context) error { return s.Pause(ctx) },
		"Separate":        func(ctx context.Context) error { return s.Separate(ctx, id, f.record(contactsync.B, 1).ID) },
		"Configure":       func(ctx context.Context) error { return s.Configure(ctx, f.conn, s.Version()) },
		"Rollback":        func(ctx context.Context) error { _, err := s.Rollback(ctx, 0); return err },
		"PreviewRollback": func(ctx context.Context) error { _, err := s.PreviewRollback(ctx, 0); return err },
		"Prune":           func(ctx context.Context) error { _, err := s.Prune(ctx); return err },
		"Forget":          func(ctx context.Context) error { return s.Forget(ctx, a, id) },
		"Delete":          func(ctx context.Context) error { return s.Delete(ctx) },
		"HistoryOf": func(ctx context.Context) error {
			_, _, err := s.History(ctx, contactsync.HistoryQuery{Side: a, ID: id})
			return err
		},
		"Receive": func(ctx context.Context) error {
			for _, d := range pushing.Deliveries() {
				if _, err := hooked.Receive(ctx, a, d); err != nil {
					return err
				}
			}
			return nil
		},
	}
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		ask := asked[name]
		err := ask(t.Context())
		if !errors.Is(err, contactsync.ErrNewerFormat) {
			t.Errorf("%s: got error %v, want one that is ErrNewerFormat", name, err)
			continue
		}
		require.ErrorContains(t, err, "format 2, and this version of contactsync knows 1", name)
		require.ErrorContains(t, err, "use that one in every process", name)
	}
	if diff := cmp.Diff(before, all(t, f.store, scope)); diff != "" {
		t.Errorf("rows were changed:\n%s", diff)
	}
	require.Zero(t, f.apps[a].Writes().Sum()+f.apps[contactsync.B].Writes().Sum())
	require.Empty(t, f.apps[a].Calls(), "nor is an app asked for anything")
}

// kept is a connection as some version of this library left it, with what its apps held.
type kept struct {
	Connection json.RawMessage
	Now        time.Time
	Apps       [2][]contact.Record
	Rows       []contactsync.Row
	Standing   []contactsync.RecordStatus
	History    int
}

// keptFields are the fields of both apps of what is kept.
var keptFields = []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"},
	{Name: "phone", Type: contact.TypePhone, Meaning: "phone"}, {Name: "tags", Type: contact.TypeSet, Meaning: "tags"}}

// TestF67StatesOfVersionsBefore: what each version before has left is read as it was: the same standing of everybody, the same
// history; a sync writes nothing but what a user changed since.
func TestF67StatesOfVersionsBefore(t *testing.T) {
	t.Parallel()
	const file = "testdata/states/format-1.json"
	if _, err := os.Stat(file); *update && err != nil { // what a version left is kept as it is
		data, err := json.MarshalIndent(leave(t), "", " ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, append(data, '\n'), 0o644))
	}
	files, err := filepath.Glob("testdata/states/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			var k kept
			require.NoError(t, json.Unmarshal(data, &k))
			takeUp(t, &k)
		})
	}
}

// standing returns how everybody stands.
func standing(t *testing.T, s *contactsync.Syncer) (all []contactsync.RecordStatus) {
	t.Helper()
	for _, status := range []string{contactsync.StatusInSync, ""} {
		page, _, err := s.Records(t.Context(), contactsync.RecordQuery{Status: status, Limit: 100})
		require.NoError(t, err)
		all = append(all, page...)
	}
	return all
}

// takeUp goes on where a version before has stopped.
func takeUp(t *testing.T, k *kept) {
	conn, err := contactsync.ParseConnection(k.Connection)
	require.NoError(t, err)
	clock, store, scope := newStopClock(), memstore.New(), contactsync.Scope{Connection: conn.ID}
	_ = clock.Sleep(t.Context(), k.Now.Sub(clock.Now())+time.Hour)
	put(t, store, scope, k.Rows...)
	var apps [2]*fake.App
	for side := range apps {
		apps[side] = fake.New(contactsync.Sides[side].String(), keptFields, fake.WithClock(clock))
		require.NoError(t, apps[side].Put(k.Apps[side]...))
	}
	s, err := contactsync.Open(t.Context(), conn, apps[0], apps[1], store, contactsync.WithClock(clock), contactsync.WithConcurrency(1))
	require.NoError(t, err)
	if diff := cmp.Diff(k.Standing, standing(t, s)); diff != "" {
		t.Errorf("how everybody stands (-then +now):\n%s", diff)
	}
	history, _, err := s.History(t.Context(), contactsync.HistoryQuery{Limit: 100})
	require.NoError(t, err)
	require.Len(t, history, k.History)
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	require.Zero(t, apps[0].Writes().Sum()+apps[1].Writes().Sum(), "nobody has edited anything")
	linked := k.Standing[0].IDs
	require.NoError(t, apps[0].Edit(linked[0], contact.Fields{"first": contact.Text("Edited")}))
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	require.Equal(t, fake.Writes{Updated: 1}, apps[1].Writes())
	r, _ := apps[1].Record(linked[1])
	require.Equal(t, "Edited", r.Get("first").Str())
	require.Zero(t, apps[0].Writes().Sum())
}

// leave makes a connection in which much has happened: pairs, one in conflict, one let in by a rule whose tag was put on, one
// whose partner was deleted, one that a person separated, a duplicate, one left out, and a creation without an answer.
func leave(t *testing.T) *kept {
	clock, store := newStopClock(), memstore.New()
	conn := contactsync.Connection{ID: "kept", Conflict: contactsync.Policy{Kind: contactsync.PolicyAsk},
		Mappings: []contactsync.Mapping{contactsync.MapFields("first", "first"), contactsync.MapFields("email", "email"), contactsync.MapFields("phone", "phone")},
		Rules: []contactsync.Rule{
			contactsync.FilterRule{ID: "in", From: contactsync.A, Filter: contactsync.HasNot("tags", "private"), Actions: []contactsync.Action{contactsync.Add("tags", "synced")}, Undo: contactsync.UndoOwn},
			contactsync.FilterRule{ID: "back", From: contactsync.B},
		}}
	var apps [2]*fake.App
	for side := range apps {
		apps[side] = fake.New(contactsync.Sides[side].String(), keptFields, fake.WithClock(clock))
	}
	person := func(side contactsync.Side, id, first, email, tag string) {
		f := contact.Fields{"first": contact.Text(first), "email": contact.Text(email)}
		if tag != "" {
			f["tags"] = contact.Set(tag)
		}
		require.NoError(t, apps[side].Put(contact.Record{ID: id, Fields: f}))
	}
	s, err := contactsync.Open(t.Context(), conn, apps[0], apps[1], store, contactsync.WithClock(clock), contactsync.WithConcurrency(1))
	require.NoError(t, err)
	sync := func() {
		_ = clock.Sleep(t.Context(), time.Hour)
		_, err := s.Sync(t.Context())
		require.NoError(t, err)
	}
	for i, name := range []string{"Ann", "Bea", "Cleo", "Dan", "Eve", "Fay"} {
		person(contactsync.A, fmt.Sprint("a", i), name, fmt.Sprintf("p%d@example.com", i), "")
	}
	person(contactsync.A, "secret", "Gus", "g@example.com", "private")
	person(contactsync.A, "twin1", "Hal", "h@example.com", "")
	person(contactsync.A, "twin2", "Ian", "h@example.com", "")
	person(contactsync.B, "b1", "Jo", "j@example.com", "")
	sync()
	id := func(side contactsync.Side, email string) string {
		for _, r := range apps[side].Records() {
			if r.Get("email").Str() == email {
				return r.ID
			}
		}
		t.Fatal("there is no ", email)
		return ""
	}
	require.NoError(t, apps[0].Edit("a1", contact.Fields{"first": contact.Text("Bea of a")}))
	require.NoError(t, apps[1].Edit(id(contactsync.B, "p1@example.com"), contact.Fields{"first": contact.Text("Bea of b")}))
	require.NoError(t, apps[0].Remove("a2"))
	require.NoError(t, s.Separate(t.Context(), "a3", id(contactsync.B, "p3@example.com")))
	require.NoError(t, apps[0].Edit("a4", contact.Fields{"tags": contact.Set("private")}))
	sync()
	person(contactsync.A, "a9", "Kim", "k@example.com", "")
	require.NoError(t, apps[1].Fail(fake.Fault{On: "create", Kind: fake.ErrorAfter, Times: 1}))
	sync()
	k := &kept{Now: clock.Now(), Rows: all(t, store, contactsync.Scope{Connection: "kept"})}
	k.Connection, err = json.Marshal(conn)
	require.NoError(t, err)
	for side := range apps {
		k.Apps[side] = apps[side].Records()
	}
	history, _, err := s.History(t.Context(), contactsync.HistoryQuery{Limit: 100})
	require.NoError(t, err)
	k.Standing, k.History = standing(t, s), len(history)
	return k
}
