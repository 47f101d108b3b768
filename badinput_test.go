package contactsync_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
)

// Hostile and broken input that meets the engine and its configuration. What meets a parser is tested beside it; the
// whole list is in badinput_list_test.go.

// TestBadConfigurations: what cannot be meant is refused, with its place.
func TestBadConfigurations(t *testing.T) {
	t.Parallel()
	fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: "tags", Type: contact.TypeSet}, {Name: "owner", Type: contact.TypeText, ReadOnly: true}, {Name: "seen", Type: contact.TypeDateTime}, {Name: "notes", Type: contact.TypeText}}
	schema := contact.Schema{Fields: fields}
	for _, tt := range []struct{ name, json, want string }{
		{"B45 a negative guard", `"guard":{"max_deletions":-1}`, "guard.max_deletions"},
		{"B45 a guard of more than all", `"guard":{"max_deletions":"101%"}`, "guard.max_deletions"},
		{"B45 an unknown key", `"rulez":[]`, "rulez"},
		{"B45 a wrong type", `"rules":{"from":"a"}`, "rules"},
		{"B46 a length of time without unit", `"rules":[{"from":"a","filter":{"field":"seen","op":"within_last","value":"5"}}]`, "write 36h"},
		{"B46 in words", `"rules":[{"from":"a","filter":{"field":"seen","op":"within_last","value":"5 minutes"}}]`, "write 36h"},
		{"B46 a negative one", `"rules":[{"from":"a","filter":{"field":"seen","op":"within_last","value":"-5h"}}]`, "write 36h"},
		{"B48 a rule writes a field that is not there", `"rules":[{"from":"a","actions":[{"add":"x","to":"labels"}]}]`, "no field"},
		{"B48 a rule writes a read-only field", `"rules":[{"from":"a","actions":[{"set":"owner","value":"x"}]}]`, "read-only"},
		{"B48 two mappings write one field", `"mappings":[{"a":"first","b":"notes"},{"a":"email","b":"email"},{"a":"notes","b":"notes"}]`, "fight"},
		{"B48 two rules that contradict each other", `"rules":[{"from":"a","actions":[{"add":"x","to":"tags"}]},{"from":"a","actions":[{"remove":"x","from":"tags"}]}],"disable_mappings":[{"a":"tags","b":"tags"}]`, "contradicts"},
		{"B50 a template both ways", `"mappings":[{"a":["first"],"b":"notes","transform":{"template":"Dr {first}"}}]`, "no way back"},
		{"B50 a transform that cuts", `"mappings":[{"a":"first","b":"first","transform":{"truncate":10}}]`, "truncate"},
		{"B51 a pattern", `"mappings":[{"a":"first","b":"first","transform":{"pattern":"(a+)+$"}}]`, "pattern"},
		{"B51 a pattern in a filter", `"rules":[{"from":"a","filter":{"field":"first","op":"matches","value":"(?:x{1000}){1000}"}}]`, "operator"},
		{"B52 one account on both sides", `"a":{"app":"crm","account":"ann"},"b":{"app":"crm","account":"ann"}`, "same"},
		{"B52 one file on both sides", `"a":{"app":"vcard","settings":{"path":"x"}},"b":{"app":"vcard","settings":{"path":"x"}}`, "same"},
		{"B52 no match keys", `"match":{"keys":[]}`, "without any key"},
		{"B53 a document of a version to come", `"version":2`, "version"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := contactsync.ParseConnection([]byte(`{"id":"c",` + tt.json + `}`))
			if err == nil {
				err = c.Validate(schema, schema)
			}
			if bad := new(contactsync.InvalidError); !errors.As(err, &bad) || len(bad.Faults) == 0 || bad.Faults[0].Path == "" {
				t.Fatalf("got %v, want what is wrong, with its place", err)
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// bent is an app whose answers are bent.
type bent struct {
	*fake.App
	page   func(*connector.Page)
	result func(*connector.Result)
}

func (c bent) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	page, err := c.App.Changes(ctx, q)
	if err == nil && c.page != nil {
		c.page(&page)
	}
	return page, err
}

func (c bent) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	results, err := c.App.Apply(ctx, writes)
	for i := range results {
		if c.result != nil {
			c.result(&results[i])
		}
	}
	return results, err
}

func (c bent) Features() connector.Features { return connector.Features{} }

// bentWorld is two apps of which a is bent, with Ann and Bob in it.
func bentWorld(t *testing.T, policy contactsync.PolicyKind, keys []contactsync.MatchKey, quirksB fake.Quirks) (s *contactsync.Syncer, a *bent, b *fake.App, clock *stepClock) {
	clock = newStepClock()
	a = &bent{App: fake.New("a", plainFields, fake.WithClock(clock))}
	b = fake.New("b", plainFields, fake.WithClock(clock), fake.WithQuirks(quirksB))
	for _, name := range []string{"ann", "bob"} {
		require.NoError(t, a.Put(contact.Record{ID: name, Fields: contact.Fields{"first": contact.Text(name), "email": contact.Text(name + "@example.com")}}))
	}
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c", Match: contactsync.Match{Keys: keys}, Conflict: contactsync.Policy{Kind: policy}},
		a, b, memstore.New(), contactsync.WithClock(clock), contactsync.WithConcurrency(1))
	require.NoError(t, err)
	return s, a, b, clock
}

func synced(t *testing.T, s *contactsync.Syncer) *contactsync.Report {
	t.Helper()
	report, err := s.Sync(t.Context())
	require.NoError(t, err)
	return report
}

// TestB60SharedNumber: where a phone number is the only key, two people who share it are not taken for one.
func TestB60SharedNumber(t *testing.T) {
	t.Parallel()
	s, a, b, _ := bentWorld(t, "", []contactsync.MatchKey{{Kind: contactsync.KeyPhone}}, fake.Quirks{})
	for _, id := range []string{"ann", "bob"} {
		require.NoError(t, a.Edit(id, contact.Fields{"phone": contact.Text("+14155550100")}))
	}
	require.NoError(t, b.Put(contact.Record{ID: "b1", Fields: contact.Fields{"first": contact.Text("cy"), "phone": contact.Text("(415) 555-0100")}}))
	require.NoError(t, b.Edit("b1", contact.Fields{"phone": contact.Text("+1 415 555 0100")}))
	report := synced(t, s)
	if report.Linked > 0 || a.Writes().Sum()+b.Writes().Sum() > 0 {
		t.Errorf("linked %d, wrote %+v and %+v", report.Linked, a.Writes(), b.Writes())
	}
	if n := report.Status.Counts[contactsync.StatusDuplicate]; n != 3 {
		t.Errorf("%d duplicates, want 3: %v", n, report.Status.Reasons)
	}
}

// TestB50Lossy: upper case both ways is a declared loss: what a holds stays in its own case, and nothing moves.
func TestB50Lossy(t *testing.T) {
	t.Parallel()
	c, err := contactsync.ParseConnection([]byte(`{"id":"c","mappings":[{"a":"first","b":"first","transform":{"case":"upper"}},{"a":"email","b":"email"}]}`))
	require.NoError(t, err)
	a, b := fake.New("a", plainFields), fake.New("b", plainFields)
	require.NoError(t, a.Put(contact.Record{ID: "1", Fields: contact.Fields{"first": contact.Text("van Ann"), "email": contact.Text("ann@example.com")}}))
	s, err := contactsync.Open(t.Context(), c, a, b, memstore.New(), contactsync.WithClock(newStepClock()))
	require.NoError(t, err)
	synced(t, s)
	synced(t, s)
	if got := [2]string{a.Records()[0].Get("first").Str(), b.Records()[0].Get("first").Str()}; got != [2]string{"van Ann", "VAN ANN"} || a.Writes().Sum() > 0 || b.Writes().Sum() > 1 {
		t.Errorf("a and b hold %q after %+v and %+v", got, a.Writes(), b.Writes())
	}
}

// TestB74Cut: what an app cuts short, in the middle of a letter with its mark, is settled as it came back and named as
// altered; the other side keeps all of it.
func TestB74Cut(t *testing.T) {
	t.Parallel()
	clock := newStepClock()
	short := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first", MaxLength: 4}, plainFields[4]}
	a, b := fake.New("a", plainFields, fake.WithClock(clock)), fake.New("b", short, fake.WithClock(clock))
	name := "Zoe\u0301 \U0001F468\u200D\U0001F469\u200D\U0001F467"
	require.NoError(t, a.Put(contact.Record{ID: "1", Fields: contact.Fields{"first": contact.Text(name), "email": contact.Text("zoe@example.com")}}))
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, a, b, memstore.New(), contactsync.WithClock(clock))
	require.NoError(t, err)
	synced(t, s)
	history, _, err := s.History(t.Context(), contactsync.HistoryQuery{})
	require.NoError(t, err)
	if altered := fmt.Sprintf("%+v", history); len(history) != 1 || !strings.Contains(altered, "Zoe\u0301") {
		t.Errorf("the history does not say what became of it: %s", altered)
	}
	a.Reset()
	b.Reset()
	synced(t, s)
	if got := a.Records()[0].Get("first").Str(); got != name || a.Writes().Sum()+b.Writes().Sum() > 0 {
		t.Errorf("a holds %q; then %+v and %+v were written", got, a.Writes(), b.Writes())
	}
}

// TestB79DeletedUnknown: a deletion of a record that nobody knows is nothing; of one that is changed and deleted in the same
// page nothing is created, and what was created of it before stays as the policy says.
func TestB79DeletedUnknown(t *testing.T) {
	t.Parallel()
	s, a, b, _ := bentWorld(t, "", nil, fake.Quirks{})
	a.page = func(p *connector.Page) {
		p.Deleted = append(p.Deleted, "nobody", "nobody")
		p.Rekeyed = append(p.Rekeyed, connector.Rekey{Old: "no one", New: "nobody"})
	}
	synced(t, s)
	if n := len(b.Records()); n != 2 {
		t.Errorf("%d people in b, want 2", n)
	}
	require.NoError(t, a.Edit("ann", contact.Fields{"notes": contact.Text("x")}))
	a.page = func(p *connector.Page) { p.Deleted = append(p.Deleted, "ann") } // it is among the changed ones as well
	synced(t, s)
	a.page = nil
	synced(t, s)
	if n := len(b.Records()); n != 2 {
		t.Errorf("%d people in b, want 2", n)
	}
}

// TestB87Times: a time that cannot be is none, and one that is yet to come wins no longer than others do.
func TestB87Times(t *testing.T) {
	t.Parallel()
	const unknown, late = "from a", "from b, later" // where one side tells no time, the winner is a
	for name, tt := range map[string]struct {
		at   time.Time
		want string
	}{
		"2^62 milliseconds": {time.UnixMilli(1 << 62), unknown}, "year 0": {time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), unknown}, "before it": {time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), unknown},
		"the last second of 9999": {time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), late}, "of the first year": {time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), late}, "1970": {time.Unix(0, 0), late},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, a, b, clock := bentWorld(t, contactsync.PolicyNewest, nil, fake.Quirks{})
			a.page = func(p *connector.Page) {
				for i := range p.Records {
					p.Records[i].Modified = tt.at
				}
			}
			a.result = func(r *connector.Result) { r.Record.Modified = tt.at }
			synced(t, s)
			require.NoError(t, a.Edit("ann", contact.Fields{"first": contact.Text("Anna")}))
			synced(t, s)
			require.NoError(t, a.Edit("ann", contact.Fields{"notes": contact.Text(unknown)}))
			_, err := s.Preview(t.Context()) // it reads a's edit before b's is made
			require.NoError(t, err)
			clock.now = clock.now.Add(time.Hour)
			for _, r := range b.Records() {
				require.NoError(t, b.Edit(r.ID, contact.Fields{"notes": contact.Text(late)}))
			}
			synced(t, s)
			synced(t, s)
			for _, app := range []*fake.App{a.App, b} {
				if got := app.Records()[0].Get("notes").Str(); got != tt.want {
					t.Errorf("the notes are %q, want %q", got, tt.want)
				}
			}
		})
	}
}
