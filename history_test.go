package contactsync_test

import (
	"fmt"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// told is an entry of the history in one line.
func told(e contactsync.HistoryEntry) string {
	if e.Decision != "" {
		who := "a person"
		if e.TakesBack != 0 {
			who = fmt.Sprintf("the rollback of %d", e.TakesBack)
		}
		return fmt.Sprintf("%d %s %s", e.Run, who, e.Reason("").Because)
	}
	text := fmt.Sprintf("%d %s %s", e.Run, e.Op, e.ID())
	for _, name := range e.After.Names() {
		if v := e.Before[name]; name == "company" || name == "first" && !v.Blank() {
			text += fmt.Sprintf(" %s %q->%q (%s)", name, v.Str(), e.After[name].Str(), e.Reason(name).Because)
		}
	}
	if lost := e.Reason("first").Lost; !lost.Absent() {
		text += " lost " + lost.Str()
	}
	switch {
	case e.Refused != "":
		text += " refused"
	case e.Recovered:
		text += " recovered"
	case e.TakesBack != 0:
		text += fmt.Sprintf(" takes back %d", e.TakesBack)
	}
	return text
}

func TestHistory(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	a, b := exampleApp("a", examplePerson("ann", "Acme"), examplePerson("bob", "")), exampleApp("b")
	require.NoError(t, b.Put(contact.Record{ID: "b9", Fields: contact.Fields{"email": contact.Text("bob@example.com")}}))
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "history"}, a, b, memstore.New(), contactsync.WithClock(newStepClock()))
	require.NoError(t, err)
	sync := func() {
		_, err := s.Sync(ctx)
		require.NoError(t, err)
	}
	sync()
	require.NoError(t, a.Edit("a1", contact.Fields{"company": contact.Text("Initech"), "first": contact.Text("Anna")}))
	require.NoError(t, b.Edit("b-1", contact.Fields{"first": contact.Text("Annie")}))
	sync()
	require.NoError(t, a.Edit("a2", contact.Fields{"company": contact.Text("Globex")}))
	require.NoError(t, b.Fail(fake.Fault{On: "update", Kind: fake.LostResponse, Times: 1}))
	sync()
	sync()
	require.NoError(t, b.Edit("b9", contact.Fields{"company": contact.Text("Umbrella")}))
	sync()
	_, err = s.Rollback(ctx, 2)
	require.NoError(t, err)
	require.NoError(t, s.Resume(ctx))

	whole := []string{
		`6 update b-1 company "Initech"->"Acme" (run 2 is taken back) first "Anna"->"Annie" (run 2 is taken back) takes back 2`,
		`5 update a2 company "Globex"->"Umbrella" (b changed)`,
		`3 update b9 company ""->"Globex" (a changed) recovered`,
		`2 update b-1 company "Acme"->"Initech" (a changed) first "Annie"->"Anna" (both changed: a wins) lost Annie`,
		`1 create b-1 company ""->"Acme" (created from a)`,
		`1 update b9`,
	}
	for name, row := range map[string]struct {
		q    contactsync.HistoryQuery
		want []string
	}{
		"the connection":              {contactsync.HistoryQuery{}, append([]string{"6 a person resumed the connection", "6 the rollback of 2 paused the connection"}, whole...)},
		"a run":                       {contactsync.HistoryQuery{Run: 2}, whole[3:4]},
		"what was recovered of a run": {contactsync.HistoryQuery{Run: 3}, whole[2:3]},
		"a run without writes":        {contactsync.HistoryQuery{Run: 4}, nil},
		"a record":                    {contactsync.HistoryQuery{Side: contactsync.B, ID: "b-1"}, []string{whole[0], whole[3], whole[4]}},
		"of both halves of its pair":  {contactsync.HistoryQuery{Side: contactsync.A, ID: "a2"}, []string{whole[1], whole[2], whole[5]}},
	} {
		for _, limit := range []int{0, 1, 2, 6} { // however small the pages are
			row.q.Limit, row.q.After = limit, ""
			var got []string
			for range 10 {
				page, next, err := s.History(ctx, row.q)
				require.NoError(t, err)
				for _, e := range page {
					got = append(got, told(e))
				}
				if row.q.After = next; next == "" {
					break
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("%s, pages of %d: %s", name, limit, diff)
			}
		}
	}
	for _, q := range []contactsync.HistoryQuery{{Run: 7}, {Run: -1}, {ID: "a9"}} {
		_, _, err := s.History(ctx, q)
		require.ErrorIs(t, err, contactsync.ErrNotKnown)
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	a, b := exampleApp("a", examplePerson("ann", "Acme")), exampleApp("b")
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "runs"}, a, b, memstore.New(), contactsync.WithClock(newStepClock()))
	require.NoError(t, err)
	_, err = s.Sync(ctx)
	require.NoError(t, err)
	require.NoError(t, a.Fail(fake.Fault{On: "changes", Kind: fake.Unauthorized, Times: 1}))
	_, err = s.Sync(ctx)
	require.Error(t, err)
	_, err = s.Rollback(ctx, 0)
	require.NoError(t, err)

	var got []string
	for before := int64(0); ; {
		page, next, err := s.Runs(ctx, before, 2)
		require.NoError(t, err)
		for _, r := range page {
			got = append(got, fmt.Sprintf("%d %d+%d %q took %d taken %d", r.Run, r.Counts[0].Sum(), r.Counts[1].Sum(), r.Error, r.TookBack, r.TakenBack))
		}
		if before = next; next == 0 {
			break
		}
	}
	want := []string{
		`3 0+1 "" took 1 taken 0`,
		`2 0+0 "the sync did not run to its end" took 0 taken 0`,
		`1 0+1 "" took 0 taken 3`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, _, err = s.Runs(ctx, 9, 0)
	require.ErrorIs(t, err, contactsync.ErrNotKnown)
}

// That another record took a half of a pair over is told, though nothing was written.
func TestHistoryOfATakeOver(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	a, b := exampleApp("a", examplePerson("ann", "Acme")), exampleApp("b", examplePerson("ann", "Acme"))
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "over"}, a, b, memstore.New())
	require.NoError(t, err)
	sync := func() {
		_, err := s.Sync(ctx)
		require.NoError(t, err)
	}
	sync()
	require.NoError(t, a.Remove("a1"))
	require.NoError(t, a.Put(contact.Record{ID: "a9", Fields: examplePerson("ann", "Acme")}))
	sync()
	page, _, err := s.History(ctx, contactsync.HistoryQuery{})
	require.NoError(t, err)
	require.Len(t, page, 1)
	require.Equal(t, "2 a link [a9 b1] it took the place of a record that is gone",
		fmt.Sprintf("%d %s %s %v %s", page[0].Run, page[0].Side, page[0].Op, page[0].IDs, page[0].Reason("").Because))
	_, err = s.Rollback(ctx, 0)
	require.ErrorIs(t, err, contactsync.ErrNothingWritten)
	back, err := s.Rollback(ctx, 2)
	require.NoError(t, err)
	require.Equal(t, 1, back.Unlinked)
}

// TestHistoryBeforeTheFirstSync: what a person decided before anything was synced is in the history, too.
func TestHistoryBeforeTheFirstSync(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "history"}, exampleApp("a", examplePerson("ann", "Acme")), exampleApp("b"), memstore.New(), contactsync.WithClock(newStepClock()))
	require.NoError(t, err)
	require.NoError(t, s.Pause(ctx))
	require.NoError(t, s.Resume(ctx))
	_, err = s.Sync(ctx)
	require.NoError(t, err)
	want := []string{`1 create b-1 company ""->"Acme" (created from a)`, "0 a person resumed the connection", "0 a person paused the connection"}
	for limit := range 4 { // 0 is a hundred
		var got []string
		for q := (contactsync.HistoryQuery{Limit: limit}); ; {
			page, next, err := s.History(ctx, q)
			require.NoError(t, err)
			for _, e := range page {
				got = append(got, told(e))
			}
			if q.After = next; next == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d at a time (-want +got):\n%s", limit, diff)
		}
	}
}

// TestHistoryOfAFieldThatTheAppDoesNotTell: what was sent is in the history, and is settled, though the answer leaves it out.
func TestHistoryOfAFieldThatTheAppDoesNotTell(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	a, b := exampleApp("a", examplePerson("ann", "Acme")), exampleApp("b", examplePerson("bob", "Globex"))
	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "history"}, a, b, memstore.New(), contactsync.WithClock(newStepClock()))
	require.NoError(t, err)
	sync := func() {
		t.Helper()
		_, err := s.Sync(ctx)
		require.NoError(t, err)
	}
	sync()
	require.NoError(t, b.Hide("company"))
	for _, company := range []string{"Initech", "", "Acme"} {
		v := contact.Text(company)
		if company == "" {
			v = contact.Empty
		}
		require.NoError(t, a.Edit("a1", contact.Fields{"company": v}))
		sync()
		if got, _ := b.Record("b-1"); got.Get("company").Str() != company {
			t.Errorf("b holds %q, want %q", got.Get("company").Str(), company)
		}
		page, _, err := s.History(ctx, contactsync.HistoryQuery{Limit: 1})
		require.NoError(t, err)
		if got := page[0].After["company"]; got.Str() != company || got.Absent() {
			t.Errorf("the history tells %v, want %q", got, company)
		}
	}
	require.NoError(t, a.Put(contact.Record{Fields: examplePerson("cy", "Umbrella")}))
	sync()
	page, _, err := s.History(ctx, contactsync.HistoryQuery{Limit: 1})
	require.NoError(t, err)
	if got := page[0].After["company"]; page[0].Op != "create" || got.Str() != "Umbrella" {
		t.Errorf("the history of a creation tells %v: %+v", got, page[0])
	}
	require.NoError(t, a.Put(contact.Record{Fields: examplePerson("dee", "Hooli")}))
	require.NoError(t, b.Fail(fake.Fault{On: "create", Kind: fake.LostResponse, Times: 1}))
	sync() // nobody answers
	sync()
	page, _, err = s.History(ctx, contactsync.HistoryQuery{Side: contactsync.B, ID: "b-3"})
	require.NoError(t, err)
	if got := page[0].After["company"]; !page[0].Recovered || got.Str() != "Hooli" {
		t.Errorf("the history of a creation that was found tells %v: %+v", got, page[0])
	}
	require.NoError(t, b.Unhide("company"))
	a.Reset()
	b.Reset()
	sync()
	if n := a.Writes().Sum() + b.Writes().Sum(); n > 0 {
		t.Errorf("%d writes once the field is told again", n)
	}
}
