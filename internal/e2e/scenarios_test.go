package e2e_test

import (
	"errors"
	"flag"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/internal/e2e"
	"github.com/contactsync/contactsync/internal/e2e/stores"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

const ownFolder = "testdata/scenarios"

var (
	folder      = flag.String("scenarios", ownFolder, "the folder of the scenarios to play, absolute or relative to internal/e2e")
	allVariants = flag.Bool("all", false, "play every variant over PostgreSQL, too")
)

// notSwapped are the scenarios with a transform that goes from a to b only.
func notSwapped() []string {
	return []string{
		"types-convert-where-the-meaning-is-kept", "a-date-in-the-words-of-the-other-app", "a-number-as-text",
		"yes-and-no-in-the-words-of-the-other-app", "lower-case-for-the-other-app", "upper-case-for-the-other-app",
		"space-around-a-value-is-trimmed", "a-prefix-is-added-and-taken-off",
		"a-template-makes-one-text-of-several-fields", "a-template-both-ways-is-refused", "a-constant-for-everybody",
		"transforms-in-a-chain", "a-chain-that-can-be-turned-round",
	}
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	scenarios, err := e2e.ReadFolder(*folder)
	require.NoError(t, err)
	kinds := stores.Kinds(t)
	for n, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			playEverywhere(t, kinds, s, n)
		})
	}
	t.Logf("%d scenarios", len(scenarios))
}

// playEverywhere plays a scenario over every store, in every variant; over PostgreSQL only one in ten in those that are not
// plain. -all plays all.
// Played plainly, it leaves the same rows in all stores, byte for byte, unless markers or the secret of forgetting are drawn at
// random in it.
func playEverywhere(t *testing.T, kinds map[string]func(testing.TB) contactsync.Store, s *e2e.Scenario, n int) {
	var left rowsByStore
	t.Cleanup(func() { left.wantSame(t) })
	for _, store := range stores.Names {
		for i, v := range e2e.Variants() {
			if _, err := s.Swapped(); v.Swapped && errors.Is(err, e2e.ErrOneWay) {
				t.Logf("not swapped: %v", err)
				continue
			}
			if i > 0 && store == stores.Postgres && n%10 > 0 && !*allVariants {
				continue
			}
			t.Run(store+"/"+v.Name, func(t *testing.T) {
				t.Parallel()
				opened := kinds[store](t)
				if err := e2e.Play(t.Context(), s, opened, v); err != nil {
					t.Error(err)
				}
				if i == 0 && !slices.Contains(drawn, filepath.Base(s.File)) {
					left.note(t, store, opened)
				}
			})
		}
	}
}

// drawn are the files of scenarios in which something is drawn at random and kept.
var drawn = []string{"70-faults.yaml", "71-faults-more.yaml", "72-external-ids.yaml", "86-forget.yaml"}

// rowsByStore is what a scenario left in each store.
type rowsByStore struct {
	mu   sync.Mutex
	rows map[string][]contactsync.Row
}

func (l *rowsByStore) note(t *testing.T, name string, store contactsync.Store) {
	t.Helper()
	rows := rowsOf(t, store, contactsync.Scope{Owner: "scenarios", Connection: "scenario"})
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rows == nil {
		l.rows = map[string][]contactsync.Row{}
	}
	l.rows[name] = rows
}

func (l *rowsByStore) wantSame(t *testing.T) {
	want, ok := l.rows[stores.Memory]
	if !ok || t.Failed() {
		return
	}
	for name, got := range l.rows {
		if !reflect.DeepEqual(want, got) { // many times faster than cmp, which is for people
			t.Errorf("%s has other rows than memory (-memory +%s):\n%s", name, name, cmp.Diff(want, got))
		}
	}
}

// rowsOf returns all rows of a connection.
func rowsOf(t *testing.T, store contactsync.Store, scope contactsync.Scope) (rows []contactsync.Row) {
	t.Helper()
	require.NoError(t, store.View(t.Context(), scope, func(tx contactsync.ReadTx) error {
		for _, table := range contactsync.Tables {
			more, err := tx.Scan(contactsync.Scan{Table: table, By: contactsync.ByKey})
			if err != nil {
				return err
			}
			rows = append(rows, more...)
		}
		return nil
	}))
	return rows
}

// TestWhatIsNotSwapped holds the list of scenarios without a mirror image, so that none falls out of sight.
func TestWhatIsNotSwapped(t *testing.T) {
	t.Parallel()
	scenarios, err := e2e.ReadFolder(ownFolder)
	require.NoError(t, err)
	var unswapped []string
	for _, s := range scenarios {
		if _, err := s.Swapped(); err != nil {
			require.ErrorIs(t, err, e2e.ErrOneWay)
			unswapped = append(unswapped, s.Name)
		}
	}
	if diff := cmp.Diff(notSwapped(), unswapped); diff != "" {
		t.Errorf("not swapped: %s", diff)
	}
}

// TestScenariosAreThere counts the scenarios of each file, so that a reader that stops half-way is noticed.
func TestScenariosAreThere(t *testing.T) {
	t.Parallel()
	scenarios, err := e2e.ReadFolder(ownFolder)
	require.NoError(t, err)
	got := map[string]int{}
	for _, s := range scenarios {
		got[filepath.Base(s.File)]++
	}
	want := map[string]int{
		"10-first-match.yaml":       14,
		"11-matching.yaml":          31,
		"20-changes.yaml":           13,
		"21-conflicts.yaml":         30,
		"30-lists.yaml":             6,
		"31-lists-more.yaml":        17,
		"40-rules.yaml":             22,
		"41-filters.yaml":           43,
		"42-actions.yaml":           37,
		"43-scopes-and-modes.yaml":  13,
		"50-deletions.yaml":         9,
		"51-deletions-more.yaml":    48,
		"52-mass-changes.yaml":      7,
		"53-halts-and-consent.yaml": 9,
		"54-merges.yaml":            25,
		"12-suggestions.yaml":       18,
		"60-mappings.yaml":          11,
		"61-transforms.yaml":        26,
		"70-faults.yaml":            18,
		"71-faults-more.yaml":       78,
		"72-external-ids.yaml":      19,
		"73-webhooks.yaml":          24,
		"80-lifecycle.yaml":         6,
		"81-lifecycle-more.yaml":    23,
		"82-rollback.yaml":          47,
		"83-explanations.yaml":      8,
		"84-configuring.yaml":       11,
		"85-the-manual.yaml":        2,
		"85-people.yaml":            25,
		"86-forget.yaml":            19,
		"87-status.yaml":            2,
		"88-shadow.yaml":            3,
		"89-limits.yaml":            12,
		"90-details.yaml":           18,
		"91-more-details.yaml":      33,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
