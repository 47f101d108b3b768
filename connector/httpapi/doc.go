// Package httpapi is the ground that connectors to apps in a network stand on: a [Client] for the calls to one account,
// which brings the timeouts, caps and checks that talking to a stranger wants, and turns what goes wrong into the errors
// of package connector.
//
//	client, err := httpapi.New(httpapi.Options{
//		App:       "mycrm",
//		Base:      "https://api.example.com/v1/",
//		Authorize: httpapi.Bearer(token),
//	})
//	resp, err := client.Do(ctx, httpapi.Request{Name: "list contacts", Method: "GET", URL: "contacts?limit=100"})
//	if err != nil {
//		return err // connector.ErrNotSent, or the outcome is unknown
//	}
//	defer resp.Body.Close()
//	if resp.StatusCode != http.StatusOK {
//		return client.StatusError("list contacts", resp)
//	}
//
// Retries are not made here: [connector.Wrap] makes them, by the errors. What a server may be talked to is said by a
// [Policy]: by default public addresses by https alone, which an address typed by a stranger is best held to.
package httpapi
