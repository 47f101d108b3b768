package connector_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// methods calls each method of a connector that has all of them.
var methods = map[string]func(context.Context, *connector.Wrapped) error{
	"schema": func(ctx context.Context, w *connector.Wrapped) error { _, err := w.Schema(ctx); return err },
	"changes": func(ctx context.Context, w *connector.Wrapped) error {
		_, err := w.Changes(ctx, connector.Query{})
		return err
	},
	"list": func(ctx context.Context, w *connector.Wrapped) error {
		_, err := w.Features().Lister.List(ctx, "")
		return err
	},
	"read": func(ctx context.Context, w *connector.Wrapped) error {
		_, err := w.Features().Reader.Read(ctx, []string{"a"}, nil)
		return err
	},
	"find": func(ctx context.Context, w *connector.Wrapped) error {
		_, err := w.Features().Finder.Find(ctx, "m", nil)
		return err
	},
	"identity": func(ctx context.Context, w *connector.Wrapped) error {
		_, err := w.Features().Identifier.Identity(ctx)
		return err
	},
	"check": func(ctx context.Context, w *connector.Wrapped) error { return w.Features().Checker.Check(ctx) },
	"kinds": func(ctx context.Context, w *connector.Wrapped) error {
		_, err := w.Features().KindLister.Kinds(ctx)
		return err
	},
	"update": func(ctx context.Context, w *connector.Wrapped) error {
		results, _ := w.Apply(ctx, updates(1))
		return results[0].Err
	},
}

// allOf returns a connector whose methods other than Schema all do the same, and end with its error.
func allOf(do func(context.Context) error) *full {
	return &full{
		scripted: scripted{
			changes: func(ctx context.Context, _ connector.Query) (connector.Page, error) { return connector.Page{}, do(ctx) },
			apply: func(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
				return echo(writes), do(ctx)
			},
		},
		list: func(ctx context.Context, _ connector.Cursor) (connector.Listing, error) {
			return connector.Listing{}, do(ctx)
		},
		read: func(ctx context.Context, ids, _ []string) ([]connector.ReadResult, error) {
			return []connector.ReadResult{{Record: contact.Record{ID: "a"}}}, do(ctx)
		},
		find: func(ctx context.Context, _ string, _ []string) (contact.Record, error) {
			return contact.Record{ID: "a"}, do(ctx)
		},
		identity: func(ctx context.Context) (string, error) { return "account", do(ctx) },
		check:    do,
		kinds:    func(ctx context.Context) ([]connector.Kind, error) { return []connector.Kind{{ID: "a"}}, do(ctx) },
	}
}

func TestFeatures(t *testing.T) {
	t.Parallel()
	w := connector.Wrap(&scripted{}, connector.WrapOptions{})
	if diff := cmp.Diff(connector.Features{}, w.Features()); diff != "" {
		t.Errorf("of a connector without (-want +got):\n%s", diff)
	}
	calls := 0
	all := connector.Wrap(allOf(func(context.Context) error { calls++; return nil }), connector.WrapOptions{Clock: newClock()})
	for _, c := range []*connector.Wrapped{all, connector.Wrap(all, connector.WrapOptions{Clock: newClock()})} {
		calls = 0
		for name, call := range methods {
			if err := call(t.Context(), c); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if calls != len(methods)-1 {
			t.Errorf("%d calls, want %d", calls, len(methods)-1)
		}
	}
}

func TestF38Panic(t *testing.T) {
	t.Parallel()
	for name, call := range methods {
		t.Run(name, func(t *testing.T) {
			for _, abandon := range []time.Duration{0, time.Minute} {
				calls := 0
				c := allOf(func(context.Context) error { calls++; panic("ann@example.com") })
				w := connector.Wrap(c, connector.WrapOptions{Clock: newClock(), App: "crm", Abandon: abandon})
				if name == "schema" {
					w = connector.Wrap(noSchema{c}, connector.WrapOptions{Clock: newClock(), App: "crm", Abandon: abandon})
				}
				err := call(t.Context(), w)
				require.ErrorIs(t, err, connector.ErrPanic)
				if connector.Known(err) {
					t.Errorf("the outcome counts as known: %v", err)
				}
				if text := err.Error(); !strings.HasPrefix(text, "crm: "+name+": ") || !strings.Contains(text, "wrap_call_test.go:") || strings.Contains(text, "ann") {
					t.Errorf("the message lacks the app, the method or the place, or tells data: %s", text)
				}
				if name == "schema" && !strings.Contains(err.Error(), "slice bounds out of range") {
					t.Errorf("the message lacks the words of the runtime: %v", err)
				}
				if calls > 1 {
					t.Errorf("%d calls, want one", calls)
				}
			}
		})
	}
}

// noSchema is a connector whose schema panics.
type noSchema struct{ connector.Connector }

func (noSchema) Schema(context.Context) (contact.Schema, error) {
	var fields []contact.Field
	return contact.Schema{Fields: fields[3:]}, nil
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	never := func() time.Time { return time.Time{} }
	in := func(d time.Duration) func() time.Time { return func() time.Time { return noon.Add(d) } }
	tests := map[string]struct {
		timeout  time.Duration
		deadline func() time.Time
		want     time.Duration // that the connector sees; 0 means that it is not called
		wantErr  string
	}{
		"two minutes":                    {0, nil, 2 * time.Minute, ""},
		"as said":                        {time.Hour, nil, time.Hour, ""},
		"no deadline":                    {0, never, 2 * time.Minute, ""},
		"the deadline is far":            {0, in(time.Hour), 2 * time.Minute, ""},
		"the deadline is near":           {0, in(time.Minute), time.Minute, ""},
		"the deadline is now":            {0, in(0), 0, "notsent+deadline"},
		"the deadline has passed by far": {0, in(-time.Hour), 0, "notsent+deadline"},
	}
	for name, tt := range tests {
		for method, call := range methods {
			if method == "schema" {
				continue // it is scripted without a look at its context
			}
			want, wantErr := tt.want, tt.wantErr
			if method != "create" && method != "update" && method != "delete" { // what only reads is not bound by it
				want, wantErr = max(tt.timeout, 2*time.Minute), ""
			}
			t.Run(name+"/"+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var got time.Duration
					c := allOf(func(ctx context.Context) error {
						end, _ := ctx.Deadline()
						got = time.Until(end)
						return nil
					})
					w := connector.Wrap(c, connector.WrapOptions{Clock: newClock(), Timeout: tt.timeout, Deadline: tt.deadline})
					if diff := cmp.Diff(wantErr, names(call(t.Context(), w))); diff != "" {
						t.Errorf("error (-want +got):\n%s", diff)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("time left (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// A wait may outlast the deadline: what comes before the next attempt renews it, or keeps the attempt from being made.
func TestWaitBeyondTheDeadline(t *testing.T) {
	t.Parallel()
	clock := newClock()
	end, renewed := noon.Add(time.Second), 0
	limited := &connector.Error{Err: connector.ErrRateLimited, RetryAfter: time.Minute}
	calls := 0
	c := allOf(func(context.Context) error {
		if calls++; calls == 1 {
			return limited
		}
		return nil
	})
	w := connector.Wrap(c, connector.WrapOptions{Clock: clock,
		Deadline: func() time.Time { return end },
		Before: func(context.Context) error {
			renewed++
			end = clock.Now().Add(time.Second)
			return nil
		}})
	if err := methods["update"](t.Context(), w); err != nil {
		t.Errorf("the wait was not made: %v", err)
	}
	if calls != 2 || renewed != 2 {
		t.Errorf("%d calls and %d renewals, want 2 of each", calls, renewed)
	}
}

// A call that hangs ends with its deadline; one that reads is made again.
func TestF18Hang(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		calls int
		took  time.Duration
	}{
		"changes": {5, 5*2*time.Minute + (1+2+4+8)*time.Second},
		"update":  {1, 2 * time.Minute},
	}
	for method, tt := range tests {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls, began := 0, time.Now()
				w := connector.Wrap(allOf(func(ctx context.Context) error {
					calls++
					<-ctx.Done()
					return ctx.Err()
				}), connector.WrapOptions{Jitter: most})
				err := methods[method](t.Context(), w)
				if diff := cmp.Diff("deadline", names(err)); diff != "" || connector.Known(err) {
					t.Errorf("error %v, known %t (-want +got):\n%s", err, connector.Known(err), diff)
				}
				if diff := cmp.Diff(tt.calls, calls); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.took, time.Since(began)); diff != "" {
					t.Errorf("time (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestF40Abandon(t *testing.T) {
	t.Parallel()
	for method, call := range methods {
		if method == "schema" {
			continue
		}
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release, began := make(chan struct{}), time.Now()
				w := connector.Wrap(allOf(func(context.Context) error { <-release; return nil }),
					connector.WrapOptions{Abandon: 5 * time.Second, App: "crm"})
				err := call(t.Context(), w)
				if diff := cmp.Diff("contract", names(err)); diff != "" || connector.Known(err) {
					t.Errorf("error %v, known %t (-want +got):\n%s", err, connector.Known(err), diff)
				}
				if diff := cmp.Diff(2*time.Minute+5*time.Second, time.Since(began)); diff != "" {
					t.Errorf("time (-want +got):\n%s", diff)
				}
				close(release)
				synctest.Wait() // the goroutine that was left behind ends with its call
			})
		})
	}
	t.Run("a call that ends late is waited for", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := connector.Wrap(allOf(func(ctx context.Context) error {
				<-ctx.Done()
				time.Sleep(4 * time.Second)
				return nil
			}), connector.WrapOptions{Abandon: 5 * time.Second})
			if err := methods["update"](t.Context(), w); err != nil {
				t.Errorf("error %v", err)
			}
		})
	})
}

func TestF39Contract(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("v", 1025)
	page := func(p connector.Page) *full {
		return &full{scripted: scripted{changes: func(context.Context, connector.Query) (connector.Page, error) { return p, nil }}}
	}
	record := func(id, version string) []contact.Record {
		return []contact.Record{{ID: "a"}, {ID: id, Version: version}}
	}
	listing := func(l connector.Listing) *full {
		return &full{list: func(context.Context, connector.Cursor) (connector.Listing, error) { return l, nil }}
	}
	result := func(r connector.Result) *full {
		return &full{scripted: scripted{apply: func(context.Context, []connector.Write) ([]connector.Result, error) {
			return []connector.Result{r}, nil
		}}}
	}
	tests := map[string]struct {
		c      *full
		method string
		broken bool
	}{
		"a good page": {page(connector.Page{
			Records: record("ü/b c.vcf", long[:1024]), Deleted: []string{"c"}, Rekeyed: []connector.Rekey{{Old: "d", New: "e"}},
			Unread: []connector.Unread{{ID: "f", Err: errors.New("half a card")}},
		}), "changes", false},
		"a record without id":          {page(connector.Page{Records: record("", "")}), "changes", true},
		"an id with a line break":      {page(connector.Page{Records: record("a\nb", "")}), "changes", true},
		"an id that is not UTF-8":      {page(connector.Page{Records: record("a\xff", "")}), "changes", true},
		"an id that is too long":       {page(connector.Page{Records: record(long, "")}), "changes", true},
		"B83 a version too long":       {page(connector.Page{Records: record("b", long)}), "changes", true},
		"a deletion without id":        {page(connector.Page{Deleted: []string{""}}), "changes", true},
		"a re-key without the old id":  {page(connector.Page{Rekeyed: []connector.Rekey{{New: "a"}}}), "changes", true},
		"a re-key without the new id":  {page(connector.Page{Rekeyed: []connector.Rekey{{Old: "a"}}}), "changes", true},
		"an unread record without id":  {page(connector.Page{Unread: []connector.Unread{{}}}), "changes", true},
		"a good listing":               {listing(connector.Listing{Items: []connector.Item{{ID: "a", Version: "1"}}}), "list", false},
		"a listed record without id":   {listing(connector.Listing{Items: []connector.Item{{Version: "1"}}}), "list", true},
		"a listed version too long":    {listing(connector.Listing{Items: []connector.Item{{ID: "a", Version: long}}}), "list", true},
		"an unread one without id":     {listing(connector.Listing{Unread: []connector.Unread{{}}}), "list", true},
		"a good result":                {result(connector.Result{Record: contact.Record{ID: "r0"}}), "update", false},
		"a result without id":          {result(connector.Result{}), "update", true},
		"a written version too long":   {result(connector.Result{Record: contact.Record{ID: "r0"}, Wrote: long}), "update", true},
		"the version of a result too":  {result(connector.Result{Record: contact.Record{ID: "r0", Version: long}}), "update", true},
		"an account without a name":    {&full{identity: func(context.Context) (string, error) { return "", nil }}, "identity", true},
		"a found record without an id": {&full{find: func(context.Context, string, []string) (contact.Record, error) { return contact.Record{}, nil }}, "find", true},
		"a read record without an id": {&full{read: func(context.Context, []string, []string) ([]connector.ReadResult, error) {
			return make([]connector.ReadResult, 1), nil
		}}, "read", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			err := methods[tt.method](t.Context(), connector.Wrap(tt.c, connector.WrapOptions{Clock: clock, App: "crm"}))
			if tt.method == "read" && err == nil {
				results, _ := connector.Wrap(tt.c, connector.WrapOptions{App: "crm"}).Features().Reader.Read(t.Context(), []string{"a"}, nil)
				err = results[0].Err
			}
			if errors.Is(err, connector.ErrContract) != tt.broken || !tt.broken && err != nil {
				t.Fatalf("error %v, want broken %t", err, tt.broken)
			}
			if tt.broken && (!strings.HasPrefix(err.Error(), "crm: "+tt.method) || connector.Known(err)) {
				t.Errorf("the error does not name app and method, or counts as known: %v", err)
			}
			if len(clock.slept) > 0 {
				t.Errorf("the call was made again")
			}
		})
	}
}

func TestF39TwoRecordsOfOneID(t *testing.T) {
	t.Parallel()
	c := &scripted{
		schema: contact.Schema{Batch: contact.Batch{Create: 3, Delete: 3}},
		apply: func(_ context.Context, writes []connector.Write) ([]connector.Result, error) {
			results := echo(writes)
			results[2].Record.ID = results[0].Record.ID
			return results, nil
		},
	}
	w := connector.Wrap(c, connector.WrapOptions{})
	results, _ := w.Apply(t.Context(), creates(3))
	if diff := cmp.Diff([]string{"ok", "ok", "contract"}, outcome(results)); diff != "" {
		t.Errorf("creates (-want +got):\n%s", diff)
	}
	deletes := updates(3)
	for i := range deletes {
		deletes[i].Op = connector.Delete
	}
	results, _ = w.Apply(t.Context(), deletes)
	if diff := cmp.Diff([]string{"ok", "ok", "ok"}, outcome(results)); diff != "" {
		t.Errorf("deletions, whose records are not looked at (-want +got):\n%s", diff)
	}
}

// What the sync acts on passes the wrapper as it is.
func TestF16F34F35ErrorsPass(t *testing.T) {
	t.Parallel()
	login := errors.New("expected JSON, got text/html")
	exists := &connector.Error{Err: connector.ErrAlreadyExists, RecordID: "c7"}
	for name, err := range map[string]error{"not found": connector.ErrNotFound, "exists": exists, "login page": login} {
		w := connector.Wrap(allOf(func(context.Context) error { return err }), connector.WrapOptions{Clock: newClock()})
		for _, method := range []string{"changes", "update"} {
			if got := methods[method](t.Context(), w); got != err { //nolint:errorlint // the very same
				t.Errorf("%s of %s: got %v", method, name, got)
			}
		}
	}
}

// Without a schema there is no telling how many writes a call takes.
func TestApplyWithoutSchema(t *testing.T) {
	t.Parallel()
	w := connector.Wrap(noSchema{&scripted{}}, connector.WrapOptions{Clock: newClock()})
	results, err := w.Apply(t.Context(), updates(2))
	require.NoError(t, err)
	if diff := cmp.Diff([]string{"notsent+panic", "notsent+panic"}, outcome(results)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
