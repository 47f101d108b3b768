// Package apptest is a kit for fake servers: what the fake of an app over HTTP needs beside the app itself, so that a
// connector is tested over a real socket, without an account and at the worst moment. A fake is an [http.Handler] that
// does what the app's documentation says; [New] serves it and adds
//
//   - a [Clock] that only tests move,
//   - a script of faults ([Server.Fail], [Fault]): errors before and after the act, lost and cut answers, limits,
//   - a journal of what was asked ([Server.Journal]), without secrets,
//   - strict refusal ([Refuse], [Routes]): a request that the app does not know fails the test,
//   - users who act between two pages ([Server.Between]) and an index that lags ([Index]),
//   - webhooks with real signatures, twice and out of order ([Webhook]).
//
// A fake is written from the app's documentation, never from the connector that it judges, and shares no type with it.
// Package davfake is one that is built so.
//
//	crm := apptest.New(t, apptest.App{Handler: apptest.Routes{
//		{Pattern: "GET /v1/people", Params: []string{"after", "limit"}, Handle: listPeople},
//		{Pattern: "PATCH /v1/people/{id}", Fields: []string{"name", "email"}, Handle: changePerson},
//	}})
//	crm.Fail(apptest.Fault{On: "PATCH", Do: apptest.AnswerLost})
//	// ... sync over crm.URL ...
//	got := crm.Journal().Counts()
package apptest
