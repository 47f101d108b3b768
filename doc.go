// Package contactsync keeps the contacts of two apps in sync, both ways and for good.
//
// A [Connection] says how: which way values flow, which records the rules let through and what else happens to them,
// which field goes with which, who wins a conflict, what a deletion does. [Open] resolves it against the two apps'
// schemas and returns a [Syncer], whose methods are the verbs: [Syncer.Preview] says what a sync would do and why,
// [Syncer.Sync] does it, [Syncer.Status], [Syncer.Records] and [Syncer.Record] say how every contact stands, and
// [Syncer.Confirm], [Syncer.Resolve], [Syncer.Link] and [Syncer.Separate] are what a person decides.
//
//	s, err := contactsync.Open(ctx, contactsync.Connection{ID: "phone-crm"}, phone, crm, memstore.New())
//	if err != nil {
//		return err // every fault of the configuration at once, each with its place
//	}
//	report, err := s.Sync(ctx)
//
// An app is a [connector.Connector]; package connector/fake has one in memory, to test rules against. What is known
// between two syncs is in a [Store]; memstore keeps it in memory, sqlstore in a SQL database.
//
// Each side is compared with its own last settled value, never with the other side: what an app cannot hold, cuts short
// or spells otherwise is no edit. What a sync writes was noted before it was sent, so that a crash at any moment loses
// nothing and creates nothing twice. Nothing is deleted or emptied on a guess: what goes beyond the guards waits for a
// person's consent.
package contactsync
