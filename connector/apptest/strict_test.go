package apptest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/contactsync/contactsync/connector/apptest"
	"github.com/stretchr/testify/require"
)

func TestStrictRefusal(t *testing.T) {
	t.Parallel()
	const asJSON, asForm = "application/json; charset=utf-8", "application/x-www-form-urlencoded"
	ok := func(w http.ResponseWriter, r *http.Request) {}
	routes := apptest.Routes{
		{Pattern: "GET /people", Params: []string{"after", "limit"}, Handle: ok},
		{Pattern: "PATCH /people/{id}", Headers: []string{"If-Match"}, Fields: []string{"name", "emails.value", "custom.*"}, Handle: ok},
		{Pattern: "PUT /photo", Raw: true, Handle: ok},
	}
	for _, row := range []struct {
		ask, header, kind, body string
		want                    string // in the reason; "" is served
	}{
		{ask: "GET /people?after=1&limit=2"},
		{ask: "GET /people?page=1", want: `parameter "page"`},
		{ask: "GET /people?after=1&after=2", want: `parameter "after"`},
		{ask: "GET /persons", want: "no such request"},
		{ask: "GET /people/", want: "no such request"},
		{ask: "GET //people", want: "no such request"},
		{ask: "POST /people", want: "no such request"},
		{ask: "GET /people", kind: asJSON, body: "{}", want: "takes no body"},
		{ask: "GET /people", header: "If-None-Match", want: `header "If-None-Match"`},
		{ask: "PATCH /people/7", header: "if-match", kind: asJSON, body: `{"name":"x","emails":[{"value":"a"}],"custom":{"x":{"y":1}}}`},
		{ask: "PATCH /people/7", kind: asJSON, body: `{"Name":"x"}`, want: `field "Name"`},
		{ask: "PATCH /people/7", kind: asJSON, body: `{"name":{"first":"x"}}`, want: `field "name.first"`},
		{ask: "PATCH /people/7", kind: asJSON, body: `{"emails":[{"value":"a"},{"kind":"b"}]}`, want: `field "emails.kind"`},
		{ask: "PATCH /people/7", kind: asJSON, body: `{"name":`, want: "no JSON"},
		{ask: "PATCH /people/7", kind: "text/plain", body: `{"name":1}`, want: "content type"},
		{ask: "PATCH /people/7", kind: asForm, body: `name=x`},
		{ask: "PATCH /people/7", kind: asForm, body: `name=x&nom=y`, want: `field "nom"`},
		{ask: "PUT /photo", kind: "image/png", body: "\x89PNG"},
	} {
		j := &judge{}
		s := apptest.New(j, apptest.App{Handler: routes})
		method, path, _ := strings.Cut(row.ask, " ")
		r, err := http.NewRequest(method, s.URL+path, strings.NewReader(row.body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", row.kind)
		if row.header != "" {
			r.Header.Set(row.header, "x")
		}
		answer, err := s.Client().Do(r)
		require.NoError(t, err)
		answer.Body.Close()
		refused := s.Journal().Entries()[0].Refused
		faults := j.end()
		if row.want == "" {
			if answer.StatusCode != 200 || len(faults) > 0 {
				t.Errorf("%s %s: %d %q, want it to be served", row.ask, row.body, answer.StatusCode, faults)
			}
			continue
		}
		if answer.StatusCode < 400 || len(faults) != 1 || !strings.Contains(faults[0], row.want) || !strings.Contains(refused, row.want) {
			t.Errorf("%s %s: %d %q, noted %q; want %q", row.ask, row.body, answer.StatusCode, faults, refused, row.want)
		}
	}
}
