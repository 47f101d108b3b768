package contactsync_test

import (
	"slices"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// receiving returns a connection of which side b is set up so, with one person in b.
func receiving(t *testing.T, options ...fake.Option) (*contactsync.Syncer, *memstore.Store, [2]*fake.App) {
	t.Helper()
	clock := newStepClock()
	apps := [2]*fake.App{
		fake.New("a", plainFields, fake.WithClock(clock)),
		fake.New("b", plainFields, append(options, fake.WithClock(clock))...),
	}
	store := memstore.New()
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, apps[0], apps[1], store, contactsync.WithClock(clock))
	require.NoError(t, err)
	require.NoError(t, apps[1].Put(contact.Record{ID: "b1", Fields: contact.Fields{"email": contact.Text("ann@example.com")}}))
	return s, store, apps
}

// TestReceive: a host is told whether a sync is worth running.
func TestReceive(t *testing.T) {
	t.Parallel()
	pushes := []fake.Option{fake.WithPush("secret"), fake.WithUpsert()}
	tests := []struct {
		name    string
		options []fake.Option
		side    contactsync.Side
		change  func(*connector.Delivery)
		before  int // times that it was received before
		synced  bool
		want    contactsync.Receipt
		fails   error
	}{
		{name: "a change", options: pushes, side: contactsync.B, want: contactsync.Receipt{Changes: 1, Sync: true}},
		{name: "a change that waits already", options: pushes, side: contactsync.B, before: 1},
		{name: "a change that was taken", options: pushes, side: contactsync.B, before: 1, synced: true, want: contactsync.Receipt{Changes: 1, Sync: true}},
		{name: "a hint", options: []fake.Option{fake.WithHints("secret")}, side: contactsync.B, want: contactsync.Receipt{Sync: true}},
		{name: "a hint that comes twice", options: []fake.Option{fake.WithHints("secret")}, side: contactsync.B, before: 1, want: contactsync.Receipt{Sync: true}},
		{name: "another signature", options: pushes, side: contactsync.B, fails: connector.ErrSignature,
			change: func(d *connector.Delivery) { d.Header = nil }},
		{name: "of another app", options: pushes, side: contactsync.A, fails: connector.ErrSignature},
		{name: "too large", options: pushes, side: contactsync.B, fails: connector.ErrInvalid,
			change: func(d *connector.Delivery) { d.Body = make([]byte, 2<<20) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, store, apps := receiving(t, tt.options...)
			d := apps[1].Deliveries()[0]
			for range tt.before {
				_, err := s.Receive(t.Context(), tt.side, d)
				require.NoError(t, err)
			}
			if tt.synced {
				_, err := s.Sync(t.Context())
				require.NoError(t, err)
				require.Zero(t, waiting(t, store))
			}
			if tt.change != nil {
				tt.change(&d)
			}
			got, err := s.Receive(t.Context(), tt.side, d)
			require.ErrorIs(t, err, tt.fails)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if tt.fails != nil && waiting(t, store) > 0 {
				t.Error("something was stored of a delivery that was refused")
			}
			report, err := s.Sync(t.Context())
			require.NoError(t, err)
			if tt.synced && report.Counts != ([2]contactsync.Counts{}) {
				t.Errorf("a delivery that was taken long ago led to writes: %+v", report.Counts)
			}
		})
	}
}

// waiting returns how many deliveries wait for a sync.
func waiting(t *testing.T, store contactsync.Store) (n int) {
	t.Helper()
	err := store.View(t.Context(), contactsync.Scope{Connection: "c"}, func(tx contactsync.ReadTx) (err error) {
		n, err = tx.Count(contactsync.Scan{Table: contactsync.TableInbox, By: contactsync.ByKey, Prefix: "b "})
		return err
	})
	require.NoError(t, err)
	return n
}

func TestReceiveWithoutWebhooks(t *testing.T) {
	t.Parallel()
	bare := bareApp{fake.New("a", plainFields)}
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, bare, bare, memstore.New())
	require.NoError(t, err)
	_, err = s.Receive(t.Context(), contactsync.A, connector.Delivery{})
	require.ErrorIs(t, err, contactsync.ErrNoWebhooks)
	s, err = contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, nil, nil, memstore.New())
	require.NoError(t, err)
	_, err = s.Receive(t.Context(), contactsync.A, connector.Delivery{})
	require.ErrorIs(t, err, contactsync.ErrReadOnly)
}

// TestInboxIsBounded: whoever never syncs does not fill the disk, and after a sync there is room again.
func TestInboxIsBounded(t *testing.T) {
	t.Parallel()
	s, store, apps := receiving(t, fake.WithPush("secret"), fake.WithUpsert())
	var err error
	taken := 0
	for i := 0; err == nil; i++ {
		require.NoError(t, apps[1].Edit("b1", contact.Fields{"first": contact.Int(int64(i))}))
		for _, d := range apps[1].Deliveries() {
			if _, err = s.Receive(t.Context(), contactsync.B, d); err == nil {
				taken++
			}
		}
		require.Less(t, i, 20_000)
	}
	require.ErrorIs(t, err, contactsync.ErrInboxFull)
	require.Equal(t, taken, waiting(t, store))
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	require.Zero(t, waiting(t, store))
	require.NoError(t, apps[1].Edit("b1", contact.Fields{"first": contact.Text("Ann")}))
	for _, d := range apps[1].Deliveries() {
		_, err = s.Receive(t.Context(), contactsync.B, d)
		require.NoError(t, err)
	}
}

// TestDeliveriesAroundANewID: in whatever order it is delivered what an app tells of a record that gets another id, of which it hides
// a field then, and whenever the sync comes: all of it arrives, and nobody twice.
func TestDeliveriesAroundANewID(t *testing.T) {
	t.Parallel()
	permutations(5, func(order []int) {
		for cut := range 6 { // a sync after so many of them
			s, _, apps := receiving(t, fake.WithPush("secret"), fake.WithUpsert())
			b := apps[1]
			require.NoError(t, b.Edit("b1", contact.Fields{"first": contact.Text("Ann"), "notes": contact.Text("at Initech")}))
			require.NoError(t, b.Hide("notes"))
			require.NoError(t, b.Rekey("b1", "b9"))
			require.NoError(t, b.Edit("b9", contact.Fields{"first": contact.Text("Anna")}))
			sent := b.Deliveries()
			require.Len(t, sent, len(order))
			for n, i := range slices.Concat(order, []int{0, 1, 2}) {
				if n == cut {
					_, err := s.Sync(t.Context())
					require.NoError(t, err)
				}
				_, err := s.Receive(t.Context(), contactsync.B, sent[i])
				require.NoError(t, err)
			}
			_, err := s.Sync(t.Context())
			require.NoError(t, err)
			want := []contact.Fields{{"email": contact.Text("ann@example.com"), "first": contact.Text("Anna"), "notes": contact.Text("at Initech")}}
			for side, app := range apps {
				var got []contact.Fields
				for _, rec := range app.Records() {
					got = append(got, rec.Fields)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("order %v, a sync after %d: %s: %s", order, cut, contactsync.Sides[side], diff)
				}
			}
		}
	})
}
