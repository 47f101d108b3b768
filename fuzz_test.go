package contactsync_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/stretchr/testify/require"
)

// FuzzParseSpan: a length of time is never negative, and is told so that it is read again.
func FuzzParseSpan(f *testing.F) {
	for _, seed := range []string{"30d", "36h", "5", "5 minutes", "-1h", "1ns", "99999999999d", "1h30m", "2540400h", "", "d", "+3d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := contactsync.ParseSpan(text)
		if err != nil {
			return
		}
		if again, err := contactsync.ParseSpan(d.String()); d < 0 || err != nil || again != d {
			t.Errorf("%q is %s, and that is %s (%v)", text, d, again, err)
		}
	})
}

// FuzzRule: a filter, an action and a record of a hostile hand are refused with their place, or carried out.
func FuzzRule(f *testing.F) {
	for _, seed := range [][3]string{
		{`{"field":"first","op":"contains","value":"a"}`, `{"add":"x","to":"tags"}`, `{"first":"Ann","email":"a@example.com"}`},
		{`{"not":{"any":[{"field":"tags","op":"has_any","value":["t1"]},{"field":"born","op":"within_last","value":"30d"}]}}`, `{"set":"x","to":"notes"}`, `{"tags":["t1"],"born":"--0229"}`},
		{`{"all":[]}`, `{"clear":"notes"}`, `{"phones":[{"value":"1","type":"work","primary":true}]}`},
		{`{"field":"n","op":"less","value":1e999999}`, `{"remove":"t1","from":"tags"}`, `{"n":9007199254740993}`},
		{`{"field":"phones[type=work]","op":"is_known"}`, `{"set":null,"to":"n"}`, `{"home":{"city":"x"}}`},
		{strings.Repeat(`{"not":`, 100) + `{"field":"n","op":"is_known"}` + strings.Repeat(`}`, 100), `{"add":"","to":""}`, `{}`},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: "phones", Type: contact.TypePhone, Many: true, Meaning: "phone"}, {Name: "tags", Type: contact.TypeSet}, {Name: "notes", Type: contact.TypeText},
		{Name: "n", Type: contact.TypeNumber}, {Name: "born", Type: contact.TypeDate}, {Name: "home", Type: contact.TypeAddress}, {Name: "ok", Type: contact.TypeBool}}
	f.Fuzz(func(t *testing.T, filter, action, record string) {
		c, err := contactsync.ParseConnection(fmt.Appendf(nil, `{"id":"c","rules":[{"from":"a","filter":%s,"actions":[%s],"undo":true},{"from":"b"}],"disable_mappings":[{"a":"tags","b":"tags"}]}`, filter, action))
		if err != nil {
			return
		}
		a, b := fake.New("a", fields), fake.New("b", fields)
		s, err := contactsync.Open(t.Context(), c, a, b, memstore.New(), contactsync.WithClock(newStepClock()), contactsync.WithConcurrency(1))
		if err != nil {
			if bad := new(contactsync.InvalidError); !errors.As(err, &bad) || len(bad.Faults) == 0 {
				t.Errorf("refused with %v", err)
			}
			return
		}
		rec, err := contact.ParseFields([]byte(record))
		if err != nil || a.Put(contact.Record{ID: "1", Fields: rec}) != nil {
			return
		}
		for range 3 {
			if _, err := s.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			a.Reset()
			b.Reset()
		}
		if _, err := s.Sync(t.Context()); err != nil || a.Writes().Sum()+b.Writes().Sum() > 0 {
			t.Errorf("not quiet: %v, %+v, %+v", err, a.Writes(), b.Writes())
		}
		_, err = s.Explain(t.Context(), contactsync.A, "1")
		require.NoError(t, err)
	})
}

// FuzzPlaces: the cursors and names that a page or a script hands back, of other connections or made up, are taken for
// what they are not at worst. They ask for no more than there is.
func FuzzPlaces(f *testing.F) {
	for _, seed := range []string{"", "000000001 00000002", "1", "9223372036854775808", "-1", "0\x00\x00aua1", "1\x00pending\x00", "7\x00\x00", "\xff", "000000001 p00000000", "999999999 z", strings.Repeat("9", 8192)} {
		f.Add(seed)
	}
	w, err := newCrashWorld(f.Context(), crashScripts["conflicts-asked"].history())
	require.NoError(f, err)
	require.NoError(f, w.prelude(f.Context()))
	require.NoError(f, w.syncOnce(f.Context(), time.Minute, noMishap))
	f.Fuzz(func(t *testing.T, text string) {
		ctx, s := t.Context(), w.syncer
		page, next, err := s.Records(ctx, contactsync.RecordQuery{After: text, Limit: 2})
		inBounds(t, len(page) <= 2, next, err)
		history, next, err := s.History(ctx, contactsync.HistoryQuery{After: text, Limit: 2})
		inBounds(t, len(history) <= 2, next, err)
		run := int64(len(text) - 2)
		history, next, err = s.History(ctx, contactsync.HistoryQuery{Run: run, After: text, Limit: 2})
		inBounds(t, len(history) <= 2, next, err)
		conflicts, next, err := s.Conflicts(ctx, contactsync.ConflictQuery{After: text, Limit: 2})
		inBounds(t, len(conflicts) <= 4, next, err)
		suggestions, next, err := s.Suggestions(ctx, contactsync.SuggestionQuery{After: text, Limit: 2})
		inBounds(t, len(suggestions) <= 2, next, err)
		runs, _, err := s.Runs(ctx, run, 2)
		inBounds(t, len(runs) <= 2, "", err)
		_, err = s.Record(ctx, contactsync.A, text)
		inBounds(t, true, "", err)
		_, err = s.ExplainField(ctx, contactsync.A, "ua1", text)
		_ = err // there is no such field
		_, err = s.PreviewRollback(ctx, run)
		inBounds(t, true, "", err)
	})
}

// inBounds: a page is no longer than was asked for, and the error is one of those that are said.
func inBounds(t *testing.T, short bool, next string, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, contactsync.ErrNotKnown) {
		t.Errorf("failed with %v", err)
	}
	if !short || len(next) > 8192 {
		t.Errorf("a page that is too long, or its cursor is: %d bytes", len(next))
	}
}

// FuzzReceive: no delivery is taken that is not signed, and of a signed one nothing is taken that makes no sense.
func FuzzReceive(f *testing.F) {
	for _, seed := range []string{`{"id":"a-1","changes":[{"record":{"id":"1","fields":{"first":"Ann"}}}]}`, `{"changes":[{"deleted":"1"},{"rekeyed":{"Old":"1","New":"2"}}]}`,
		`{"changes":[{}]}`, `[]`, `{"id":"x","hint":true}`, `{"changes":[{"at":"9999-12-31T23:59:59Z","record":{"id":"","fields":null}}]}`, `{"changes":[{"record":{"id":"1"},"deleted":"1"}]}`} {
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, forged bool) {
		app := fake.New("a", plainFields, fake.WithPush("secret"), fake.WithUpsert())
		s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "c"}, app, fake.New("b", plainFields), memstore.New(), contactsync.WithClock(newStepClock()))
		require.NoError(t, err)
		require.NoError(t, app.Put(contact.Record{ID: "0", Fields: contact.Fields{"first": contact.Text("x")}}))
		d := app.Deliveries()[0]
		d.Body = body
		if !forged {
			mac := hmac.New(sha256.New, []byte("secret"))
			mac.Write(body)
			d.Header.Set(fake.SignatureHeader, hex.EncodeToString(mac.Sum(nil)))
		}
		_, err = s.Receive(t.Context(), contactsync.A, d)
		if forged && err == nil {
			t.Error("a forged delivery was taken")
		}
		if _, err := s.Sync(t.Context()); err != nil {
			t.Errorf("a sync after it failed: %v", err)
		}
		if _, err := json.Marshal(app.Records()); err != nil {
			t.Error(err)
		}
	})
}
