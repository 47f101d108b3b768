package contactsync_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// The operations of a plan may be carried out in any order: apps answer when they like, and what is not answered is done
// later. Small plans are carried out in all of them, and all must end alike.

// smallPlan is what users do between two syncs, and the writes that follow from it.
type smallPlan struct {
	name   string
	unique bool // no two records of an app may have one first name
	edit   func(t *testing.T, a, b *fake.App)
	writes []string
}

func somebody(i int, more contact.Fields) contact.Fields {
	fields := contact.Fields{"first": contact.Text(fmt.Sprintf("P%d", i)), "email": contact.Text(fmt.Sprintf("p%d@example.com", i))}
	for name, v := range more {
		fields[name] = v
	}
	return fields
}

func firstName(text string) contact.Fields { return contact.Fields{"first": contact.Text(text)} }

func emailOf(i int) contact.Fields {
	return contact.Fields{"email": contact.Text(fmt.Sprintf("p%d@example.com", i))}
}

var smallPlans = []smallPlan{
	{name: "every operation, on both sides", edit: func(t *testing.T, a, b *fake.App) {
		require.NoError(t, a.Edit("a0", firstName("Q")))
		require.NoError(t, b.Edit("b1", firstName("R")))
		require.NoError(t, a.Put(contact.Record{ID: "a7", Fields: somebody(7, nil)}))
		require.NoError(t, b.Put(contact.Record{ID: "b8", Fields: somebody(8, nil)}))
		require.NoError(t, a.Remove("a2"))
		require.NoError(t, b.Remove("b3"))
	}, writes: []string{"update a", "update b", "create a", "create b", "delete a", "delete b"}},
	{name: "both sides of two pairs", edit: func(t *testing.T, a, b *fake.App) {
		for i := range 2 {
			require.NoError(t, a.Edit(fmt.Sprintf("a%d", i), contact.Fields{"first": contact.Text("Q"), "tags": contact.Set("x")}))
			require.NoError(t, b.Edit(fmt.Sprintf("b%d", i), contact.Fields{"tags": contact.Set("y")}))
		}
	}, writes: []string{"update a", "update a", "update b", "update b"}},
	{name: "emails that change places", edit: func(t *testing.T, a, _ *fake.App) {
		require.NoError(t, a.Edit("a0", emailOf(1)))
		require.NoError(t, a.Edit("a1", emailOf(2)))
		require.NoError(t, a.Edit("a2", emailOf(0)))
	}, writes: []string{"update b", "update b", "update b"}},
	{name: "a name that is handed on in an app where no two have one", unique: true, edit: func(t *testing.T, a, _ *fake.App) {
		require.NoError(t, a.Edit("a0", firstName("Q")))
		require.NoError(t, a.Edit("a1", firstName("P0")))
		require.NoError(t, a.Put(contact.Record{ID: "a7", Fields: somebody(7, firstName("P1"))}))
	}, writes: []string{"update b", "update b", "create b"}},
	{name: "the email of somebody who is deleted", edit: func(t *testing.T, a, b *fake.App) {
		require.NoError(t, a.Remove("a0"))
		require.NoError(t, a.Edit("a1", emailOf(8)))
		require.NoError(t, b.Edit("b2", firstName("Q")))
		require.NoError(t, a.Put(contact.Record{ID: "a7", Fields: somebody(1, nil)})) // it follows once the email is free
		require.NoError(t, b.Put(contact.Record{ID: "b9", Fields: somebody(9, nil)}))
	}, writes: []string{"update a", "update b", "create a", "delete b"}},
	{name: "many creations", edit: func(t *testing.T, a, b *fake.App) {
		for i := range 3 {
			require.NoError(t, a.Put(contact.Record{ID: fmt.Sprintf("a%d", 10+i), Fields: somebody(10+i, contact.Fields{"tags": contact.Set("x")})}))
		}
		for i := range 2 {
			require.NoError(t, b.Put(contact.Record{ID: fmt.Sprintf("b%d", 20+i), Fields: somebody(20+i, nil)}))
		}
	}, writes: []string{"create a", "create a", "create b", "create b", "create b"}},
	{name: "only deletions", edit: func(t *testing.T, a, b *fake.App) {
		require.NoError(t, a.Remove("a0", "a1"))
		require.NoError(t, b.Remove("b2", "b3"))
	}, writes: []string{"delete a", "delete a", "delete b", "delete b"}},
}

// play carries the plan out in one order, and returns what both apps hold at the end and how it stands.
func (p smallPlan) play(t *testing.T, order []int) string {
	fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: "tags", Type: contact.TypeSet, Meaning: "tags"}}
	quirks := fake.Quirks{}
	if p.unique {
		quirks.Unique = []string{"first"}
	}
	var apps [2]*fake.App
	for _, s := range contactsync.Sides {
		apps[s] = fake.New(s.String(), fields, fake.WithQuirks(quirks))
		for i := range 4 {
			require.NoError(t, apps[s].Put(contact.Record{ID: fmt.Sprintf("%s%d", s, i), Fields: somebody(i, nil)}))
		}
	}
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "orders", Guard: contactsync.Guard{MaxDeletions: contactsync.AtMost(10)},
		Rules: []contactsync.Rule{contactsync.FilterRule{From: contactsync.A, Actions: []contactsync.Action{contactsync.Add("tags", "fromA")}},
			contactsync.FilterRule{From: contactsync.B}},
		Deletions: contactsync.Deletions{FromA: contactsync.DeletionDelete, FromB: contactsync.DeletionDelete},
	}, apps[0], apps[1], memstore.New(), contactsync.WithClock(newStopClock()), contactsync.WithConcurrency(1))
	require.NoError(t, err)
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	p.edit(t, apps[0], apps[1])
	require.NoError(t, s.SyncInOrder(t.Context(), func(writes []string) []int {
		require.Equal(t, p.writes, writes)
		return order
	}))
	for range 2 { // what an order leaves for later
		_, err = s.Sync(t.Context())
		require.NoError(t, err)
	}
	before := [2]fake.Writes{apps[0].Writes(), apps[1].Writes()}
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	if after := [2]fake.Writes{apps[0].Writes(), apps[1].Writes()}; after != before {
		t.Errorf("it does not come to rest: %+v, then %+v", before, after)
	}
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	var all []string
	for i, app := range apps {
		for _, r := range app.Records() {
			all = append(all, fmt.Sprint(contactsync.Side(i), r.Fields))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n") + fmt.Sprintf("\n%+v", status.Counts)
}

// permutations calls each with every order of n things.
func permutations(n int, each func([]int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var rest func(int)
	rest = func(k int) {
		if k == n {
			each(slices.Clone(order))
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			rest(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	rest(0)
}

// TestAllOrders: every order of the operations of a plan ends in one state.
func TestAllOrders(t *testing.T) {
	t.Parallel()
	for _, p := range smallPlans {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			if (contactsync.RaceDetector || testing.Short()) && len(p.writes) > 5 {
				t.Skip("720 syncs, one after the other: the race detector finds nothing there, and takes a minute")
			}
			want, n := "", 0
			permutations(len(p.writes), func(order []int) {
				if t.Failed() {
					return
				}
				got := p.play(t, order)
				if n++; n == 1 {
					want = got
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("order %v of %v ends otherwise:\n%s", order, p.writes, diff)
				}
			})
			t.Logf("%d orders", n)
		})
	}
}
