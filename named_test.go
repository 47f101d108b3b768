package contactsync_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
)

var namedFields = []contact.Field{
	{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
	{Name: "first", Type: contact.TypeText, Meaning: "first"},
	{Name: "city", Type: contact.TypeText},
}

// namedBooks returns a connection of two apps, b of which names records without telling them, with n people in each.
func namedBooks(t *testing.T, n int, b func(*fake.App) connector.Connector) (*contactsync.Syncer, [2]*fake.App) {
	t.Helper()
	clock := newStepClock()
	apps := [2]*fake.App{
		fake.New("a", namedFields, fake.WithClock(clock)),
		fake.New("b", namedFields, fake.WithClock(clock), fake.WithQuirks(fake.Quirks{NamesOnly: true, PageSize: 4, BatchSize: 3})),
	}
	for i, app := range apps {
		for p := range n {
			fields := contact.Fields{"email": contact.Text(fmt.Sprintf("p%d@example.com", n*i+p)), "city": contact.Text("Liège")}
			require.NoError(t, app.Put(contact.Record{ID: fmt.Sprintf("%c%d", 'a'+i, p), Fields: fields}))
		}
	}
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "named"}, apps[0], b(apps[1]), memstore.New(), contactsync.WithClock(clock))
	require.NoError(t, err)
	return s, apps
}

func asItIs(app *fake.App) connector.Connector { return app }

// TestNamedRecordsAreReadOnce: of a feed that names records, those are read that are not known in this version; what we
// wrote ourselves is.
func TestNamedRecordsAreReadOnce(t *testing.T) {
	t.Parallel()
	s, apps := namedBooks(t, 10, asItIs)
	_, err := s.Sync(t.Context())
	require.NoError(t, err)
	require.Len(t, apps[0].Records(), 20)
	require.Len(t, apps[1].Records(), 20)
	apps[1].Reset()
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	calls := apps[1].Calls()
	require.Zero(t, calls["read"], "the feed names what we wrote, and it is known")
	require.Zero(t, apps[1].Writes().Sum())
	require.NoError(t, apps[1].Edit("b3", contact.Fields{"first": contact.Text("Ann")}))
	apps[1].Reset()
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, apps[1].Calls()["read"])
	found := 0
	for _, rec := range apps[0].Records() {
		if rec.Get("first").Str() == "Ann" {
			found++
		}
	}
	require.Equal(t, 1, found, "the edit arrived")
}

// TestNamedRecordsAreReadForANewField: a field that a connection comes to use is read of all records, whatever version they
// are known in.
func TestNamedRecordsAreReadForANewField(t *testing.T) {
	t.Parallel()
	s, apps := namedBooks(t, 5, asItIs)
	_, err := s.Sync(t.Context())
	require.NoError(t, err)
	doc := contactsync.Connection{ID: "named", AddMappings: []contactsync.Mapping{{A: []string{"city"}, B: []string{"city"}}}}
	err = s.Configure(t.Context(), doc, s.Version())
	require.NoError(t, err)
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	want := map[string]int{"Liège": 10}
	for _, app := range apps {
		got := map[string]int{}
		for _, rec := range app.Records() {
			got[rec.Get("city").Str()]++
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("cities (-want +got):\n%s", diff)
		}
	}
}

// busy refuses to read one record for a while.
type busy struct {
	*fake.App
	refused string
}

func (c *busy) Read(ctx context.Context, ids, fields []string) ([]connector.ReadResult, error) {
	results, err := c.App.Read(ctx, ids, fields)
	for i, id := range ids {
		if id == c.refused && err == nil {
			results[i] = connector.ReadResult{Err: connector.ErrUnavailable}
		}
	}
	return results, err
}

func (c *busy) Features() connector.Features {
	f := c.App.Features()
	f.Reader = c
	return f
}

// TestNamedRecordsThatCannotBeReadNow: the feed does not name a record again, so its position stays where it was until the
// record was read.
func TestNamedRecordsThatCannotBeReadNow(t *testing.T) {
	t.Parallel()
	b := &busy{refused: "b3"}
	s, apps := namedBooks(t, 5, func(app *fake.App) connector.Connector { b.App = app; return b })
	_, err := s.Sync(t.Context())
	require.ErrorIs(t, err, connector.ErrUnavailable)
	b.refused = ""
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	require.Len(t, apps[0].Records(), 10)
}
