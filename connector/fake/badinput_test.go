package fake_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
)

// TestB84Signatures: a delivery whose signature does not fit its very bytes is not taken.
func TestB84Signatures(t *testing.T) {
	t.Parallel()
	app := fake.New("a", []contact.Field{{Name: "first", Type: contact.TypeText}}, fake.WithPush("secret"))
	require.NoError(t, app.Put(contact.Record{ID: "1", Fields: contact.Fields{"first": contact.Text("x")}}))
	d := app.Deliveries()[0]
	good := d.Header.Get(fake.SignatureHeader)
	raw, err := hex.DecodeString(good)
	require.NoError(t, err)
	for name, change := range map[string]func(*connector.Delivery){
		"absent": func(d *connector.Delivery) { d.Header.Del(fake.SignatureHeader) },
		"empty":  func(d *connector.Delivery) { d.Header.Set(fake.SignatureHeader, "") },
		"in base64": func(d *connector.Delivery) {
			d.Header.Set(fake.SignatureHeader, base64.StdEncoding.EncodeToString(raw))
		},
		"one digit off":       func(d *connector.Delivery) { d.Header.Set(fake.SignatureHeader, "0"+good[1:]+"0") },
		"second of two":       func(d *connector.Delivery) { d.Header[fake.SignatureHeader] = []string{strings.Repeat("0", 64), good} },
		"a body written anew": func(d *connector.Delivery) { d.Body = bytes.ReplaceAll(d.Body, []byte(`,`), []byte(`, `)) },
		"another body":        func(d *connector.Delivery) { d.Body = []byte("{}") },
		"a body of 5 MiB":     func(d *connector.Delivery) { d.Body = make([]byte, 5<<20) },
		"no header at all":    func(d *connector.Delivery) { d.Header = nil },
	} {
		bad := d
		bad.Header = http.Header{fake.SignatureHeader: {good}}
		change(&bad)
		if _, err := app.Receive(t.Context(), bad); err == nil {
			t.Errorf("a signature that is %s was taken", name)
		} else {
			require.ErrorIs(t, err, connector.ErrSignature, name)
			require.NotContains(t, err.Error(), "secret:", name)
		}
	}
	_, err = app.Receive(t.Context(), d)
	require.NoError(t, err)
}
