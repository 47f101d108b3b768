// Package connectortest is what every connector passes. A connector's own test is one call:
//
//	func TestConnector(t *testing.T) {
//		connectortest.Run(t, connectortest.Suite{
//			New: func(t *testing.T) connector.Connector { return myapp.Open(newAccount(t)) },
//			Unsupported: map[string]string{
//				"marker":  "the app stores no text of ours",
//				"upsert":  "the app takes no id of ours",
//				"key":     "the feed tells all",
//				"webhook": "the app sends nothing",
//				"edit":    "the test has no other hand in the app",
//				"removal": "the test has no other hand in the app",
//				"reopen":  "the account is in memory",
//			},
//		})
//	}
//
// What a connector cannot do is declared with the reason, never silently left out: a part that neither passes nor
// is declared fails, and so does one that is declared and passes.
package connectortest
