// Package connector is the seam between the sync and an app: the [Connector] interface with its optional
// capabilities, the errors that the sync acts on, and the wrapper that gives every connector retries, limits,
// batches and deadlines.
//
// # A connector
//
// Three methods make a working connector: [Connector]. Whatever else an app can do is an interface of its own, found by
// type assertion: [Lister] and [Reader] for one without a feed, [Finder] for markers, [Upserter] for external ids,
// [KeyFinder], [Receiver] for webhooks, [Identifier], [Checker]. connectortest.Run checks every promise that they make;
// docs/writing-a-connector.md writes one from the first line to the last.
//
// # Errors
//
// An error says what may be done next. Those of this package, wrapped in an [*Error] or with %w, say for certain that a
// write was not carried out, and why; after any other the outcome is unknown, and the app is looked at before anything
// is sent again.
//
// # Around it
//
// [Wrap] is what the library puts around a connector; a host has no need to. A [Limiter] is shared by all connections to
// one account. An app before it is opened is an [App]; a [Catalogue] lists apps and pairs them.
package connector
