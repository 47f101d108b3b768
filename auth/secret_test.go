package auth_test

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/auth"
)

func TestS14SecretsRedact(t *testing.T) {
	t.Parallel()
	const canary = "c4nary-s3cret"
	s := auth.NewSecret(canary)
	require.Equal(t, canary, s.Reveal())
	type open struct{ Token auth.Secret }
	type hidden struct{ token auth.Secret } // printers reach it by reflection alone
	type deep struct {
		list []hidden
		byID map[string]*hidden
	}
	values := map[string]any{
		"itself": s, "pointer": &s, "field": open{s}, "pointer to field": &open{s}, "unexported field": hidden{s},
		"list": []auth.Secret{s}, "map": map[string]auth.Secret{"x": s}, "deep": deep{[]hidden{{s}}, map[string]*hidden{"x": {s}}},
		"key": auth.Key{ID: "k", Secret: s}, "provider": auth.Provider{ClientSecret: s},
	}
	for name, v := range values {
		shown := map[string]string{}
		for _, verb := range strings.Split("v +v #v s q x X d T p t b o c U e f g w 10s -5q", " ") {
			shown["%"+verb] = fmt.Sprintf("%"+verb, v)
		}
		shown["Sprint"] = fmt.Sprint(v) + fmt.Sprintln(v)
		shown["Errorf"] = fmt.Errorf("x: %v", v).Error()
		shown["JSON"] = marshalled(json.Marshal(v))
		shown["XML"] = marshalled(xml.Marshal(v))
		var text, structured, encoded, templated bytes.Buffer
		debug := &slog.HandlerOptions{Level: slog.LevelDebug}
		slog.New(slog.NewTextHandler(&text, debug)).Debug("x", "v", v)
		slog.New(slog.NewJSONHandler(&structured, debug)).Debug("x", "v", v)
		_ = gob.NewEncoder(&encoded).Encode(v)
		require.NoError(t, template.Must(template.New("").Parse("{{.}}")).Execute(&templated, v))
		shown["slog text"], shown["slog JSON"], shown["gob"], shown["template"] = text.String(), structured.String(), encoded.String(), templated.String()
		for how, got := range shown {
			if strings.Contains(got, canary) || strings.Contains(got, fmt.Sprintf("%x", canary)) || strings.Contains(got, fmt.Sprintf("%X", canary)) {
				t.Errorf("%s by %s: %s", name, how, got)
			}
		}
	}
	for how, got := range map[string]string{"String": s.String(), "GoString": s.GoString(), "LogValue": s.LogValue().String(),
		"JSON": strings.Trim(marshalled(json.Marshal(s)), `"`), "text": marshalled(encoding.TextMarshaler(s).MarshalText())} {
		if got != auth.Redacted {
			t.Errorf("%s: %s", how, got)
		}
	}
	var none auth.Secret
	require.True(t, none.IsZero())
	require.Empty(t, none.Reveal())
	require.Equal(t, auth.Redacted, fmt.Sprint(none), "whether there is a secret is not told")
}

func marshalled(b []byte, err error) string {
	if err != nil {
		return err.Error()
	}
	return string(b)
}
