package auth_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/auth/authtest"
	"github.com/contactsync/contactsync/connector"
)

var here = auth.Place{Owner: "o", Row: "r", Column: "c"}

func TestS10SealedForOnePlace(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	ring := newRing(t, "k1", "k2")
	plain := []byte("token")
	sealed, err := ring.Seal(ctx, plain, here)
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "token")
	opened, err := ring.Open(ctx, sealed, here)
	require.NoError(t, err)
	require.Equal(t, plain, opened)

	for name, at := range map[string]auth.Place{
		"another tenant": {Owner: "p", Row: "r", Column: "c"}, "another row": {Owner: "o", Row: "s", Column: "c"},
		"another column": {Owner: "o", Row: "r", Column: "d"}, "shifted": {Owner: "or", Row: "", Column: "c"}, "nowhere": {},
	} {
		if _, err := ring.Open(ctx, sealed, at); !errors.Is(err, auth.ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range sealed { // every bit counts, the key's name included
		spoilt := bytes.Clone(sealed)
		spoilt[i] ^= 1
		if got, err := ring.Open(ctx, spoilt, here); err == nil {
			t.Errorf("byte %d: opens as %q", i, got)
		}
		if _, err := ring.Open(ctx, sealed[:i], here); err == nil {
			t.Errorf("cut at %d: opens", i)
		}
	}
	if _, err := newRing(t, "k3").Open(ctx, sealed, here); !errors.Is(err, auth.ErrSealed) || !strings.Contains(err.Error(), "k1") {
		t.Errorf("without its key: %v", err)
	}
	impostor, err := auth.NewKey("k1") // another key of that name
	require.NoError(t, err)
	other, err := auth.NewKeyRing(impostor)
	require.NoError(t, err)
	_, err = other.Open(ctx, sealed, here)
	require.ErrorIs(t, err, auth.ErrSealed)
}

// What is sealed in the rows of one tenant does not open in those of another, nor in another column.
func TestS10RowsAreNotExchangeable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	id := w.login()[0].ID
	for _, kind := range []auth.Kind{auth.KindAccount, auth.KindGrant} {
		rows, err := w.store.List(t.Context(), owner, kind)
		require.NoError(t, err)
		rows[0].Owner, rows[0].Version = "tenant-2", 0
		_, err = w.store.Put(t.Context(), rows[0])
		require.NoError(t, err)
	}
	c, err := w.accounts.Open(t.Context(), "tenant-2", id, nil)
	require.NoError(t, err)
	_, err = c.Schema(t.Context())
	require.ErrorIs(t, err, auth.ErrSealed)
	require.ErrorIs(t, err, connector.ErrUnauthorized, "the request was not sent, and is not sent again")
}

func TestS11Rotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	id := w.login()[0].ID
	use := func(a *auth.Accounts) {
		t.Helper()
		w.clock.pass(50 * time.Minute)
		require.NoError(t, w.call(a, id))
	}
	use(w.process(newRing(t, "k1")))       // one key
	use(w.process(newRing(t, "k1", "k2"))) // added
	promoted := w.process(newRing(t, "k2", "k1"))
	flow := w.begin(aStart()) // a login that is under way meanwhile
	n, err := promoted.Reseal(t.Context(), owner)
	require.NoError(t, err)
	require.Equal(t, 2, n) // the authorization and the login
	n, err = promoted.Reseal(t.Context(), owner)
	require.NoError(t, err)
	require.Zero(t, n)
	w.accounts = w.process(newRing(t, "k2")) // the old one is retired
	require.NoError(t, w.call(w.accounts, id))
	result, err := w.accounts.Finish(t.Context(), anAnswer(flow))
	require.NoError(t, err)
	require.Equal(t, id, result.Accounts[0].ID)
	use(w.accounts)

	late := w.process(newRing(t, "k4")) // the key was taken away too early: nothing opens, and nothing is lost
	require.ErrorIs(t, w.call(late, id), auth.ErrSealed)
	require.Equal(t, auth.Authorized, w.state(id))
	require.NoError(t, w.call(w.accounts, id))
}

func TestS11ResealOnUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{Keep: true})
	id := w.login()[0].ID
	w.clock.pass(2 * 60 * time.Minute)
	require.NoError(t, w.call(w.process(newRing(t, "k2", "k1")), id)) // a renewal seals all of the row anew
	require.NoError(t, w.call(w.process(newRing(t, "k2")), id))
	w.clock.pass(2 * 60 * time.Minute)
	require.NoError(t, w.call(w.process(newRing(t, "k2")), id))
}

func TestS12Nonces(t *testing.T) {
	t.Parallel()
	ring := newRing(t, "k1")
	auth.LimitDataKeys(ring, 300_000)
	const n = 1_000_000
	nonces, dataKeys := make(map[[12]byte]struct{}, n), map[string]int{}
	header := 2 + len("k1")
	for range n {
		sealed, err := ring.Seal(context.Background(), []byte("x"), here)
		if err != nil {
			t.Fatal(err)
		}
		dataKeys[string(sealed[header:header+60])]++ // the wrapped data key, with its own nonce
		nonces[[12]byte(sealed[header+60:])] = struct{}{}
	}
	require.Len(t, nonces, n, "a nonce came twice")
	require.Len(t, dataKeys, 4, "the limit of a data key forces a new one")
	for _, used := range dataKeys {
		require.LessOrEqual(t, used, 300_000)
	}
}

func TestS13FailClosed(t *testing.T) {
	t.Parallel()
	_, err := auth.NewKeyRing()
	require.ErrorIs(t, err, auth.ErrNoKey)
	for name, sealer := range map[string]auth.Sealer{"none": nil, "a nil ring": (*auth.KeyRing)(nil)} {
		_, err = auth.New(auth.Config{Store: auth.NewMemory(), Sealer: sealer})
		require.ErrorIs(t, err, auth.ErrNoKey, name)
	}
	empty := &auth.KeyRing{}
	_, err = empty.Seal(t.Context(), []byte("x"), here)
	require.ErrorIs(t, err, auth.ErrNoKey)

	// A sealer that fails stores nothing, in no column.
	w := newWorld(t, authtest.Options{})
	w.accounts = w.process(empty)
	_, err = w.accounts.Begin(t.Context(), aStart())
	require.ErrorIs(t, err, auth.ErrNoKey)
	require.Empty(t, w.dump(owner))
}

func TestS13NoPlainTextIsStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Options{})
	w.begin(aStart())
	w.clock.pass(1)
	w.login()
	dump := w.dump(owner)
	secrets := w.server.Secrets()
	for _, call := range w.server.Calls("/token") {
		secrets = append(secrets, call.Form.Get("code_verifier"))
	}
	for _, call := range w.server.Calls("/authorize") {
		secrets = append(secrets, call.Form.Get("state"))
	}
	require.Greater(t, len(secrets), 5)
	for _, secret := range append(secrets, session) {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), fmt.Sprintf("%x", secret)} {
			require.NotContains(t, dump, form)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	k, err := auth.NewKey("2026a")
	require.NoError(t, err)
	l, err := auth.NewKey("2026b")
	require.NoError(t, err)
	keys, err := auth.ParseKeys("# made in may\n" + k.Reveal() + ",\n " + l.Reveal() + "\n")
	require.NoError(t, err)
	require.Len(t, keys, 2)
	require.Equal(t, []string{k.Reveal(), l.Reveal()}, []string{keys[0].Reveal(), keys[1].Reveal()})
	_, err = auth.NewKeyRing(k, k)
	require.ErrorContains(t, err, "2026a")

	short := base64.StdEncoding.EncodeToString([]byte("0123456789abcdef"))
	for _, text := range []string{"", "# nothing", "2026a", "2026a:", "2026a:%%%", "2026a:" + short, "UPPER:" + strings.TrimPrefix(k.Reveal(), "2026a:"),
		":" + strings.TrimPrefix(k.Reveal(), "2026a:")} {
		_, err := auth.ParseKeys(text)
		if err == nil || strings.Contains(err.Error(), short) || text != "" && strings.Contains(err.Error(), strings.TrimPrefix(k.Reveal(), "2026a:")) {
			t.Errorf("%q: %v", text, err)
		}
	}
	_, err = auth.NewKey("Not A Name")
	require.Error(t, err)

	file := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(file, []byte(k.Reveal()), 0o644))
	_, err = auth.KeysFromFile(file)
	require.ErrorContains(t, err, "can be read by others")
	require.NoError(t, os.Chmod(file, 0o600))
	keys, err = auth.KeysFromFile(file)
	require.NoError(t, err)
	require.Equal(t, k.Reveal(), keys[0].Reveal())
	_, err = auth.KeysFromEnv("CONTACTSYNC_NO_SUCH_VARIABLE")
	require.ErrorIs(t, err, auth.ErrNoKey)
}

func FuzzOpenSealed(f *testing.F) {
	ring, err := auth.NewKeyRing(must(auth.NewKey("k1")))
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := ring.Seal(context.Background(), []byte("x"), here)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	f.Add([]byte{1, 255})
	f.Add(sealed[:len(sealed)-1])
	f.Fuzz(func(t *testing.T, data []byte) {
		if plain, err := ring.Open(context.Background(), data, here); err == nil && !bytes.Equal(data, sealed) {
			t.Errorf("opens as %q", plain)
		}
		ring.Stale(data)
	})
}

func must(k auth.Key, err error) auth.Key {
	if err != nil {
		panic(err)
	}
	return k
}
