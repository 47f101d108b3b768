// Package source is how a connector reads an app whose feed is not the one that [connector.Connector] asks for. Apps
// tell what changed in five ways. For three of them there is a piece here, whose method is the connector's own; the
// other two are the library's work already.
//
//   - The app keeps the position and gives out tokens (Google, Microsoft Graph, CardDAV): [Tokens].
//   - The app is searched by the time of the last change, to the second or finer, oldest first (HubSpot, Salesforce,
//     Pipedrive): [Watermark].
//   - The app is searched by the day, or tells the newest first (Intercom): [Newest].
//   - The app only pushes, and can never be read (Real Geeks): the connector is a [connector.Receiver], its schema says
//     Unlistable, and Changes fails with [connector.ErrNoFeed]. The library keeps each delivery before the sender is
//     told that it was taken, and a sync takes them from there: a second inbox in a connector would only lose what the
//     first has.
//   - The app says that something changed, and reading shows what (HubSpot, Intercom, Graph): a Receiver that answers
//     [connector.Push] with Hint, beside one of the pieces above. Hints get lost; polling stays the truth.
//
// An app without any feed is listed. [Roll] makes a list that is complete of pages that shift while they are read.
//
//	type crm struct {
//		source.Watermark // its Changes is the connector's
//		// ...
//	}
//
// What the pieces promise: no change is missed, whatever users do between two pages, as long as what the fields of a
// piece say of the app is true. Changes are told again rather than missed. A cursor covers what was told in the pages
// up to it and nothing else, so that a page and its cursor can be saved together; whoever lost a page asks again with
// the cursor before it. Times are the app's own, never those of this machine, but for the age of a token.
package source
