package fake_test

import (
	"context"
	"errors"
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// TestFaults sends an update of four records into each fault.
func TestFaults(t *testing.T) {
	t.Parallel()
	edit := contact.Fields{"phone": contact.Text("1")}
	tests := []struct {
		name    string
		fault   fake.Fault
		quirks  fake.Quirks
		err     error // what the call fails with; nil for no error
		untyped bool  // the call fails, and says nothing about the outcome
		results []error
		written int // records
	}{
		{"crash before", fake.Fault{Kind: fake.CrashBefore}, fake.Quirks{}, fake.ErrCrash, true, nil, 0},
		{"crash after", fake.Fault{Kind: fake.CrashAfter}, fake.Quirks{}, fake.ErrCrash, true, nil, 4},
		{"lost response", fake.Fault{Kind: fake.LostResponse}, fake.Quirks{}, nil, true, nil, 4},
		{"error after", fake.Fault{Kind: fake.ErrorAfter}, fake.Quirks{}, nil, true, nil, 4},
		{"unavailable", fake.Fault{Kind: fake.Unavailable}, fake.Quirks{}, connector.ErrUnavailable, false, nil, 0},
		{"rate limited", fake.Fault{Kind: fake.RateLimited}, fake.Quirks{}, connector.ErrRateLimited, false, nil, 0},
		{"unauthorized", fake.Fault{Kind: fake.Unauthorized}, fake.Quirks{}, connector.ErrUnauthorized, false, nil, 0},
		{"partial batch", fake.Fault{Kind: fake.PartialBatch}, fake.Quirks{}, nil, true, nil, 2},
		{"invalid", fake.Fault{Kind: fake.Invalid}, fake.Quirks{}, nil, false, []error{connector.ErrInvalid, nil, nil, nil}, 3},
		{"conflict", fake.Fault{Kind: fake.Conflict, Edit: edit}, fake.Quirks{}, nil, false, []error{connector.ErrVersionConflict, nil, nil, nil}, 3},
		{"conflict without versions", fake.Fault{Kind: fake.Conflict, Edit: edit}, fake.Quirks{NoVersions: true}, nil, false, []error{nil, nil, nil, nil}, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(fake.WithQuirks(tt.quirks))
			require.NoError(t, a.Put(named("b1", "Ann"), named("b2", "Bob"), named("b3", "Cy"), named("b4", "Di")))
			tt.fault.On, tt.fault.Times = "update", 1
			require.NoError(t, a.Fail(tt.fault))
			results, err := a.Apply(t.Context(), updates("b1", "b2", "b3", "b4"))
			switch {
			case tt.err != nil:
				require.ErrorIs(t, err, tt.err)
			case tt.untyped:
				require.Error(t, err)
			default:
				require.NoError(t, err)
			}
			if tt.untyped && connector.Known(err) {
				t.Error("the error says that nothing was written")
			}
			for i, want := range tt.results {
				if !errors.Is(results[i].Err, want) {
					t.Errorf("result %d: %v, want %v", i, results[i].Err, want)
				}
			}
			if got := a.Writes().Updated; got != tt.written {
				t.Errorf("%d records written, want %d", got, tt.written)
			}
			written := 0
			for _, r := range a.Records() {
				if r.Get("first").Str() == "x" {
					written++
				}
			}
			if written != tt.written {
				t.Errorf("%d records changed, want %d", written, tt.written)
			}
			if tt.fault.Kind == fake.Conflict && a.Records()[0].Get("phone").Str() != "1" {
				t.Error("the user's edit is lost")
			}
		})
	}
}

// updates writes "x" into the first name of records, on their first version.
func updates(ids ...string) []connector.Write {
	var all []connector.Write
	for _, id := range ids {
		all = append(all, connector.Write{Op: connector.Update, ID: id, Version: "1", Patch: set("first", contact.Text("x"))})
	}
	return all
}

func TestRateLimitNamesADelay(t *testing.T) {
	t.Parallel()
	a := newApp()
	require.NoError(t, a.Fail(fake.Fault{On: "list", Kind: fake.RateLimited, Times: 1}))
	_, err := a.List(t.Context(), "")
	if d, ok := connector.RetryAfter(err); !ok || d != fake.RetryDelay {
		t.Errorf("delay %v %v", d, ok)
	}
}

func TestFaultsAreCounted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		faults []fake.Fault
		want   []bool // whether each read goes wrong
	}{
		{"times", []fake.Fault{{Times: 2}}, []bool{true, true, false}},
		{"after", []fake.Fault{{Times: 1, After: 2}}, []bool{false, false, true, false}},
		{"ended", []fake.Fault{{Times: 5}, {Times: 0}}, []bool{false}},
		{"one after the other", []fake.Fault{{Times: 1}, {Times: 1}}, []bool{true, true, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newApp()
			for _, f := range tt.faults {
				f.On, f.Kind = "read", fake.Unavailable
				require.NoError(t, a.Fail(f))
			}
			var got []bool
			for range tt.want {
				_, err := a.Read(t.Context(), nil, nil)
				got = append(got, err != nil)
				_, err = a.List(t.Context(), "")
				require.NoError(t, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestACrashLastsUntilRevived(t *testing.T) {
	t.Parallel()
	a := newApp()
	hooked := 0
	a.OnCrash(func() { hooked++; a.Records() }) // the hook may use the app
	require.NoError(t, a.Fail(fake.Fault{On: "create", Kind: fake.CrashAfter, Times: 1}))
	create := []connector.Write{{Op: connector.Create, Patch: set("first", contact.Text("Ann"))}}
	for range 2 {
		_, err := a.Apply(t.Context(), create)
		require.ErrorIs(t, err, fake.ErrCrash)
		require.ErrorContains(t, err, "crash")
	}
	_, err := a.Changes(t.Context(), connector.Query{})
	require.ErrorIs(t, err, fake.ErrCrash)
	require.NoError(t, a.Edit("b-1", contact.Fields{"first": contact.Text("Anna")}))
	a.Revive()
	_, err = a.Apply(t.Context(), create)
	require.NoError(t, err)
	if hooked != 1 || len(a.Records()) != 2 {
		t.Errorf("hook called %d times, %d records", hooked, len(a.Records()))
	}
}

func TestExpiredCursor(t *testing.T) {
	t.Parallel()
	a := newApp()
	require.NoError(t, a.Put(named("b1", "Ann")))
	_, cursor := pass(t, a, "")
	require.NoError(t, a.Fail(fake.Fault{On: "changes", Kind: fake.CursorExpired, Times: 2}))
	_, err := a.Changes(t.Context(), connector.Query{Since: cursor})
	require.ErrorIs(t, err, connector.ErrCursorExpired)
	pages, _ := pass(t, a, "")
	if !pages[0].Complete {
		t.Error("the pass after an expired cursor is not complete")
	}
}

// TestDuplicatePage: a repeated page repeats its cursor too, and only the last page of the pass is complete.
func TestDuplicatePage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault fake.Fault
		want  []string
	}{
		{"the first two", fake.Fault{Times: 2}, []string{"b1 Ann", "b1 Ann", "b1 Ann", "b2 Bob"}},
		{"the last", fake.Fault{Times: 1, After: 1}, []string{"b1 Ann", "b2 Bob", "b2 Bob"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(fake.WithQuirks(fake.Quirks{PageSize: 1}))
			require.NoError(t, a.Put(named("b1", "Ann"), named("b2", "Bob")))
			tt.fault.On, tt.fault.Kind = "changes", fake.DuplicatePage
			require.NoError(t, a.Fail(tt.fault))
			pages, cursor := pass(t, a, "")
			if diff := cmp.Diff(tt.want, told(pages)); diff != "" {
				t.Error(diff)
			}
			for i, p := range pages {
				if p.Complete != (i == len(pages)-1) {
					t.Errorf("page %d: complete is %v", i+1, p.Complete)
				}
				if i > 0 && told(pages[i : i+1])[0] == told(pages[i-1 : i])[0] && p.Next != pages[i-1].Next {
					t.Errorf("page %d is repeated with another cursor", i)
				}
			}
			if again, _ := pass(t, a, cursor); len(told(again)) != 0 {
				t.Errorf("told again: %v", told(again))
			}
		})
	}
}

func TestCallsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	a := newApp()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := a.Apply(ctx, []connector.Write{{Op: connector.Create, Patch: set("first", contact.Text("Ann"))}})
	require.ErrorIs(t, err, context.Canceled)
	if len(a.Records()) != 0 {
		t.Error("written after the context ended")
	}
}
