// Package connector is the seam between the sync and an app: the [Connector] interface with its optional
// capabilities, the errors that the sync acts on, and the wrapper that gives every connector retries, limits,
// batches and deadlines.
//
// Three methods make a working connector; connectortest.Run checks every promise that they make. An app before it
// is opened is an [App]; a [Catalogue] lists apps and pairs them.
package connector
