package auth_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/auth/authtest"
	"github.com/contactsync/contactsync/connector"
)

// wantRefreshes compares how often the server has renewed tokens, and how often it refused to.
func (w *world) wantRefreshes(granted, refused int) {
	w.t.Helper()
	g, r := w.server.Refreshes()
	if g != granted || len(r) != refused {
		w.t.Errorf("%d refreshes, %v refused; want %d and %d", g, r, granted, refused)
	}
}

// Three processes over one store, as far as one process can play them; internal/e2e has three real ones.
func TestS6RefreshOneFlight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	id := w.login()[0].ID
	w.clock.pass(2 * time.Hour)
	w.clock.still = true // or those who wait would wait for the end of the lease in no time
	processes := []*auth.Accounts{w.accounts, w.process(newRing(t, "k1")), w.process(newRing(t, "k1"))}
	var all sync.WaitGroup
	for i := range 51 {
		all.Go(func() {
			if err := w.call(processes[i%3], id); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.wantRefreshes(1, 0)
	require.Equal(t, auth.Authorized, w.state(id))
}

// spy is a store that a test looks into.
type spy struct {
	auth.Store
	put func(auth.Row) error // before a row is stored
	get func()               // before a row is read
}

func (s *spy) Get(ctx context.Context, owner string, kind auth.Kind, id string) (auth.Row, error) {
	if s.get != nil {
		s.get()
	}
	return s.Store.Get(ctx, owner, kind, id)
}

func (s *spy) Put(ctx context.Context, row auth.Row) (int64, error) {
	if s.put != nil {
		if err := s.put(row); err != nil {
			return 0, err
		}
	}
	return s.Store.Put(ctx, row)
}

func TestS6RotatedTokenIsSavedBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	s := &spy{Store: w.store}
	w.store = s
	w.accounts = w.process(newRing(t, "k1"))
	id := w.login()[0].ID
	w.clock.pass(2 * time.Hour)
	calls, saves := len(w.server.Calls("/me")), 0
	s.put = func(row auth.Row) error {
		if granted, _ := w.server.Refreshes(); row.Kind == auth.KindGrant && granted == 1 {
			if saves++; saves == 1 {
				return errors.New("the disk is full for a moment")
			}
			require.Len(t, w.server.Calls("/me"), calls, "the token was used before it was saved")
		}
		return nil
	}
	require.NoError(t, w.call(w.accounts, id))
	require.Equal(t, 2, saves)
	w.wantRefreshes(1, 0)

	// One that cannot be saved is not used.
	w.clock.pass(2 * time.Hour)
	calls = len(w.server.Calls("/me"))
	s.put = func(auth.Row) error {
		if granted, _ := w.server.Refreshes(); granted == 2 {
			return errors.New("the disk is full")
		}
		return nil
	}
	require.ErrorIs(t, w.call(w.accounts, id), connector.ErrNotSent)
	require.Len(t, w.server.Calls("/me"), calls)
}

// A process that dies between the answer and the saving leaves an old token: a strict server refuses it, and the person
// is asked, once.
func TestS6CrashAfterTheReply(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		grace time.Duration
		want  auth.State
	}{
		"strict":       {0, auth.NeedsAuthorization},
		"within grace": {time.Minute, auth.Authorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, authtest.Options{Grace: row.grace})
			id := w.login()[0].ID
			w.clock.pass(2 * time.Hour)
			store := w.store
			w.store = &spy{Store: store, put: func(r auth.Row) error {
				if granted, _ := w.server.Refreshes(); granted == 1 {
					return errors.New("the process is dead")
				}
				return nil
			}}
			dead := w.process(newRing(t, "k1"))
			require.Error(t, w.call(dead, id))
			w.store = store // the next process finds what the dead one left: its lease, and the old token
			err := w.call(w.process(newRing(t, "k1")), id)
			require.Equal(t, row.want, w.state(id))
			if row.want == auth.Authorized {
				require.NoError(t, err)
				w.wantRefreshes(2, 0)
				return
			}
			require.ErrorIs(t, err, connector.ErrUnauthorized)
			for range 3 { // never a loop
				require.ErrorIs(t, w.call(w.accounts, id), connector.ErrUnauthorized)
			}
			w.wantRefreshes(1, 1)
		})
	}
}

// An answer that is lost after the act: a strict server refuses the old token the next time; within the grace it forgives.
func TestS6AnswerLost(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		grace time.Duration
		want  auth.State
	}{"strict": {0, auth.NeedsAuthorization}, "within grace": {time.Minute, auth.Authorized}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, authtest.Options{Grace: row.grace})
			id := w.login()[0].ID
			w.clock.pass(2 * time.Hour)
			w.server.Fails("/token", authtest.Lost)
			err := w.call(w.accounts, id)
			require.ErrorIs(t, err, connector.ErrNotSent, "the app itself was not called")
			require.Equal(t, auth.Authorized, w.state(id))
			err = w.call(w.accounts, id)
			require.Equal(t, row.want == auth.Authorized, err == nil, "%v", err)
			require.Equal(t, row.want, w.state(id))
		})
	}
}

// A process is slow to save its new token, and its lease lapses. The next one is refused with the old token, and that is
// not believed before the row was read again.
func TestS6ReadAgainOnInvalidGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{Reuse: true})
	id := w.login()[0].ID
	w.clock.pass(2 * time.Hour)
	store := w.store
	answered, goOn, saved := make(chan struct{}), make(chan struct{}), make(chan struct{})
	hold := sync.OnceFunc(func() { close(answered); <-goOn })
	w.store = &spy{Store: store, put: func(auth.Row) error {
		if granted, _ := w.server.Refreshes(); granted == 1 {
			hold()
		}
		return nil
	}}
	slow := w.process(newRing(t, "k1"))
	go func() {
		defer close(saved)
		if err := w.call(slow, id); err != nil {
			t.Error(err)
		}
	}()
	<-answered
	w.clock.pass(time.Minute)
	release := sync.OnceFunc(func() { close(goOn); <-saved })
	w.store = &spy{Store: store, get: func() {
		if _, refused := w.server.Refreshes(); len(refused) == 1 {
			release()
		}
	}}
	require.NoError(t, w.call(w.process(newRing(t, "k1")), id))
	require.Equal(t, auth.Authorized, w.state(id))
	w.wantRefreshes(1, 1)
}

// A process is slow to save its new token, and its lease lapses. Where the server forgives the old one, the next process
// renews again, and what it has saved stands: the slow one's tokens are older.
func TestS6LateSaverDoesNotOverwrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{Grace: 5 * time.Minute})
	id := w.login()[0].ID
	w.clock.pass(2 * time.Hour)
	store := w.store
	answered, goOn, saved := make(chan struct{}), make(chan struct{}), make(chan struct{})
	hold := sync.OnceFunc(func() { close(answered); <-goOn })
	w.store = &spy{Store: store, put: func(auth.Row) error {
		if granted, _ := w.server.Refreshes(); granted == 1 {
			hold()
		}
		return nil
	}}
	slow := w.process(newRing(t, "k1"))
	go func() {
		defer close(saved)
		if err := w.call(slow, id); err != nil {
			t.Error(err)
		}
	}()
	<-answered
	w.clock.pass(time.Minute)
	require.NoError(t, w.call(w.accounts, id))
	close(goOn)
	<-saved
	w.wantRefreshes(2, 0)
	w.clock.pass(2 * time.Hour) // longer than the grace: the newest token alone is good
	require.NoError(t, w.call(w.accounts, id))
	w.wantRefreshes(3, 0)
}

func TestRefreshAheadOfTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{Access: 30 * time.Minute})
	id := w.login()[0].ID
	w.clock.pass(24 * time.Minute)
	require.NoError(t, w.call(w.accounts, id))
	w.wantRefreshes(0, 0)
	w.clock.pass(2 * time.Minute) // four are left
	require.NoError(t, w.call(w.accounts, id))
	w.wantRefreshes(1, 0)

	short := newWorld(t, authtest.Options{Access: 4 * time.Minute}) // shorter than the margin
	id = short.login()[0].ID
	for range 3 {
		require.NoError(t, short.call(short.accounts, id))
	}
	short.wantRefreshes(0, 0)
	short.clock.pass(3 * time.Minute)
	require.NoError(t, short.call(short.accounts, id))
	short.wantRefreshes(1, 0)
}

func TestRefreshOnRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{NoEnd: true})
	id := w.login()[0].ID
	w.server.EndAccess()
	require.NoError(t, w.call(w.accounts, id))
	w.wantRefreshes(1, 0)
	w.server.RevokeAll()
	before := len(w.server.Calls("/me"))
	require.ErrorIs(t, w.call(w.accounts, id), connector.ErrUnauthorized)
	require.Equal(t, auth.NeedsAuthorization, w.state(id))
	require.Len(t, w.server.Calls("/me"), before+1, "one call, and no second one without a token")
	w.wantRefreshes(1, 1)
}

func TestTokenThatCannotBeRenewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{Static: true})
	id := w.login()[0].ID
	w.clock.pass(1000 * time.Hour)
	require.NoError(t, w.call(w.accounts, id))
	w.server.RevokeAll()
	require.ErrorIs(t, w.call(w.accounts, id), connector.ErrUnauthorized)
	require.Equal(t, auth.NeedsAuthorization, w.state(id))
}

func TestTokenThatIsNotRotated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{Keep: true})
	id := w.login()[0].ID
	for n := range 3 {
		w.clock.pass(2 * time.Hour)
		require.NoError(t, w.call(w.accounts, id))
		w.wantRefreshes(n+1, 0)
	}
}

// What the server's trouble is must not end an account.
func TestRefreshWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	id := w.login()[0].ID
	w.clock.pass(2 * time.Hour)
	for _, fault := range []authtest.Fault{authtest.Broken, authtest.Unreachable} {
		w.server.Fails("/token", fault)
		err := w.call(w.accounts, id)
		require.ErrorIs(t, err, connector.ErrNotSent)
		if errors.Is(err, connector.ErrUnauthorized) {
			t.Errorf("%s: %v", fault, err)
		}
	}
	require.NoError(t, w.call(w.accounts, id))
	w.wantRefreshes(1, 0)
}

// Who asked may go away: what was begun is saved.
func TestRefreshOutlivesWhoAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	s := &spy{Store: w.store}
	w.store = s
	w.accounts = w.process(newRing(t, "k1"))
	id := w.login()[0].ID
	w.clock.pass(2 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	s.put = func(auth.Row) error {
		if granted, _ := w.server.Refreshes(); granted == 1 {
			cancel() // before the new token is saved
		}
		return nil
	}
	c, err := w.accounts.Open(ctx, owner, id, nil)
	require.NoError(t, err)
	_, err = c.Schema(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, w.call(w.accounts, id))
	w.wantRefreshes(1, 0)
}
