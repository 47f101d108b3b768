package httpapi_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/contactsync/contactsync/connector/httpapi"
)

// A connector makes its calls by a client, and turns what is refused into the errors that a sync acts on.
func ExampleClient_Do() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/contacts/7" {
			http.Error(w, "no such contact", http.StatusNotFound)
			return
		}
		io.WriteString(w, "Ann")
	}))
	defer server.Close()
	client, err := httpapi.New(httpapi.Options{
		App:       "mycrm",
		Base:      server.URL + "/v1/",
		Authorize: httpapi.Basic("ann", "secret"),
		Policy:    httpapi.Policy{Private: true, Plain: true}, // for this server only
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, id := range []string{"7", "8/../7"} {
		path, err := httpapi.Path("contacts", id)
		if err != nil {
			fmt.Println(err)
			return
		}
		resp, err := client.Do(context.Background(), httpapi.Request{Name: "read", Method: http.MethodGet, URL: path})
		if err != nil {
			fmt.Println(err)
			return
		}
		if resp.StatusCode != http.StatusOK {
			fmt.Println(client.StatusError("read", resp))
		} else {
			text, _ := io.ReadAll(resp.Body)
			fmt.Println(string(text))
		}
		resp.Body.Close()
	}
	// Output:
	// Ann
	// mycrm: read: the app has no such record: HTTP 404 Not Found
}
