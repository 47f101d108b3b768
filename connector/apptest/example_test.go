package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/contactsync/contactsync/connector/apptest"
)

// noTest stands for the *testing.T that a test has and an example has not.
type noTest struct{}

func (noTest) Helper()                           {}
func (noTest) Cleanup(func())                    {}
func (noTest) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// put is a connector that cannot do much.
func put(url, body string) (status int, err error) {
	r, err := http.NewRequest("PUT", url, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

// The fake of a CRM in a few lines. It knows one request and refuses all others, loses an answer, and its search lags.
func Example() {
	var t noTest
	clock := apptest.NewClock(apptest.Start)
	people := apptest.Index[string]{Clock: clock, Lag: time.Minute}
	crm := apptest.New(t, apptest.App{Clock: clock, Handler: apptest.Routes{
		{Pattern: "PUT /people/{id}", Fields: []string{"name"}, Handle: func(w http.ResponseWriter, r *http.Request) {
			var body struct{ Name string }
			_ = json.NewDecoder(r.Body).Decode(&body)
			people.Put(r.PathValue("id"), body.Name)
		}},
	}})
	defer crm.Close()

	crm.Fail(apptest.Fault{On: "PUT", Do: apptest.AnswerLost})
	_, err := put(crm.URL+"/people/7", `{"name":"Ann"}`)
	fmt.Println("no answer:", err != nil, "- done all the same:", people.All(), "- found:", people.Search())
	clock.Advance(time.Minute)
	fmt.Println("found a minute later:", people.Search())

	status, _ := put(crm.URL+"/people/7", `{"nom":"Ann"}`)
	fmt.Println(status, crm.Journal().Counts())
	// Output:
	// no answer: true - done all the same: [Ann] - found: []
	// found a minute later: [Ann]
	// PUT /people/7: the field "nom" is unknown
	// 400 map[PUT:2]
}

// Deliveries of a webhook as the app signs them, and what a receiver must refuse.
func ExampleWebhook() {
	hook := apptest.Webhook{
		URL:       "https://host.example/hooks/crm",
		Signature: apptest.Signature{Secret: "s3cret", Header: "X-Signature", Timestamp: "X-Time"},
		Clock:     apptest.NewClock(apptest.Start),
	}
	first, second := hook.Delivery([]byte(`{"id":1}`)), hook.Delivery([]byte(`{"id":2}`))
	fmt.Println(first.Header.Get("X-Time"), len(first.Header.Get("X-Signature")))
	for _, d := range apptest.Storm(3, first, second) { // twice and out of order
		fmt.Println(string(d.Body))
	}
	fmt.Println(len(hook.Forgeries([]byte(`{"id":1}`))), "forgeries")
	// Output:
	// 1767323045000 64
	// {"id":2}
	// {"id":2}
	// {"id":2}
	// {"id":1}
	// 8 forgeries
}
