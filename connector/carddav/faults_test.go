package carddav_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/apptest"
	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/contactsync/contactsync/connector/carddav"
	"github.com/contactsync/contactsync/memstore"
)

// names returns the full names in a book, sorted.
func names(b *davfake.Book) []string {
	var all []string
	for _, card := range b.Cards() {
		for _, line := range strings.Split(card, "\r\n") {
			if name, ok := strings.CutPrefix(line, "FN:"); ok {
				all = append(all, name)
			}
		}
	}
	slices.Sort(all)
	return all
}

// TestFaults: whatever goes wrong with any request, once, the syncs that follow end where one ends of which nothing went
// wrong: nobody is lost, and nobody is there twice.
func TestFaults(t *testing.T) {
	t.Parallel()
	requests := []string{"PROPFIND", "REPORT sync-collection", "REPORT addressbook-query", "REPORT addressbook-multiget", "PUT", "DELETE", "GET"}
	faults := []apptest.Fault{
		{Do: apptest.ErrorBefore, Status: 401}, {Do: apptest.ErrorBefore, Status: 403}, {Do: apptest.ErrorBefore, Status: 404},
		{Do: apptest.ErrorBefore, Status: 429, RetryAfter: "30"}, {Do: apptest.ErrorBefore, Status: 503, RetryAfter: "soon"},
		{Do: apptest.ErrorBefore, Status: 500}, {Do: apptest.ErrorBefore, Status: 507}, {Do: apptest.ErrorAfter, Status: 500},
		{Do: apptest.ErrorAfter, Status: 502}, {Do: apptest.ErrorAfter, Status: 503}, {Do: apptest.Dropped}, {Do: apptest.AnswerLost}, {Do: apptest.Truncated},
		{Do: apptest.WrongLength}, {Do: apptest.Garbage}, {Do: apptest.LoginPage},
		{Do: apptest.Redirect, Location: "https://evil.example/"}, {Do: apptest.Bomb, Size: 65 << 20},
	}
	for _, on := range requests {
		for _, f := range faults {
			for _, after := range []int{0, 1} {
				if f.Status == 403 && (on == "PUT" || on == "DELETE") {
					continue // the record has failed, until somebody changes it: TestRefusedCards
				}
				if f.Do == apptest.Bomb && (on != "REPORT addressbook-multiget" || after > 0) {
					continue // each takes a second
				}
				if after > 0 && on != "PUT" && on != "PROPFIND" {
					continue // of the others there is one in a sync
				}
				f.On, f.After = on, after
				t.Run(fmt.Sprintf("%s %s %d after %d", on, f.Do, f.Status, after), func(t *testing.T) {
					t.Parallel()
					faulty(t, f)
				})
			}
		}
	}
}

// untested is a test that a fake may complain to that was not asked what its script holds.
type untested struct{ *testing.T }

func (untested) Errorf(format string, args ...any) {}

// faulty syncs two books, one of which has a bad day.
func faulty(t *testing.T, f apptest.Fault) {
	q := davfake.Quirks{NoPutETag: true}
	servers := [2]*davfake.Server{davfake.New(t, q), davfake.New(untested{t}, q)}
	for i, s := range servers {
		for n := range 3 {
			s.Book.Put(fmt.Sprintf("p%d.vcf", n), cardOf(fmt.Sprintf("UID:u%d-%d", i, n), fmt.Sprintf("FN:P%d", i+n), fmt.Sprintf("N:;P%d;;;", i+n), fmt.Sprintf("EMAIL:p%d@example.com", i+n)))
		}
	}
	store, clock := memstore.New(), &hurried{now: apptest.Start}
	sync := func() error {
		var apps [2]connector.Connector
		for i, s := range servers {
			apps[i] = open(t, s, q, func(a *carddav.Account) {
				a.HTTP, a.Clock = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, clock
			})
		}
		doc := contactsync.Connection{ID: "faults", Deletions: contactsync.Deletions{FromA: contactsync.DeletionDelete, FromB: contactsync.DeletionDelete}}
		s, err := contactsync.Open(t.Context(), doc, apps[0], apps[1], store, contactsync.WithClock(clock), contactsync.WithConcurrency(1))
		if err != nil {
			return err
		}
		_, err = s.Sync(t.Context())
		return err
	}
	want := []string{"P0", "P1", "P2", "P3"}
	servers[1].Fail(f)
	err := sync()
	for range 3 {
		if err = sync(); err == nil && cmp.Equal(want, names(servers[0].Book)) && cmp.Equal(want, names(servers[1].Book)) {
			break
		}
		clock.Sleep(t.Context(), time.Hour)
	}
	require.NoError(t, err)
	for i, s := range servers {
		if diff := cmp.Diff(want, names(s.Book)); diff != "" {
			t.Fatalf("book %d, after a first sync (-want +got):\n%s", i, diff)
		}
	}
	servers[0].Book.Remove("p0.vcf") // P0
	servers[0].Book.Edit("p1.vcf", func(card string) string {
		return strings.NewReplacer("FN:P1", "FN:New1", "N:;P1", "N:;New1").Replace(card)
	})
	for range 3 {
		err = sync()
		clock.Sleep(t.Context(), time.Hour)
	}
	require.NoError(t, err)
	want = []string{"New1", "P2", "P3"}
	for i, s := range servers {
		if diff := cmp.Diff(want, names(s.Book)); diff != "" {
			t.Errorf("book %d, after edits (-want +got):\n%s", i, diff)
		}
	}
}

// hurried is a clock on which nobody waits.
type hurried struct {
	now time.Time
}

func (c *hurried) Now() time.Time { return c.now }

func (c *hurried) Sleep(ctx context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	return ctx.Err()
}

// TestACardThatBreaksOff: a card whose reading broke off is no card that cannot be read, but a call to make again: nobody would
// look at it until it changes.
func TestACardThatBreaksOff(t *testing.T) {
	t.Parallel()
	s := davfake.New(t, davfake.Quirks{})
	s.Book.Put("ann.vcf", cardOf("UID:u-ann", "FN:Ann"))
	reader := connector.FeaturesOf(open(t, s, davfake.Quirks{})).Reader
	s.Fail(apptest.Fault{On: "REPORT addressbook-multiget", Do: apptest.ErrorBefore, Status: 507})
	s.Fail(apptest.Fault{On: "GET", Do: apptest.Truncated})
	_, err := reader.Read(t.Context(), []string{"ann.vcf"}, []string{"name"})
	require.Error(t, err)
	results, err := reader.Read(t.Context(), []string{"ann.vcf"}, []string{"name"})
	require.NoError(t, err)
	require.NoError(t, results[0].Err)
}
