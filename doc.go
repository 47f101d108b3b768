// Package contactsync keeps the contacts of two apps in sync, both ways and for good.
//
// A [Connection] says how: which way values flow, which records the rules let through and what else happens to them,
// which field goes with which, who wins a conflict, what a deletion does. [Open] resolves it against the two apps'
// schemas and returns a [Syncer], whose methods are the verbs.
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
//
// # The verbs
//
// To sync: [Syncer.Preview] says what would happen and why, [Syncer.Sync] does it, [Syncer.Pause] and [Syncer.Resume]
// stop and go on, [Syncer.Receive] takes what an app's webhook delivers.
//
// To configure: [Syncer.Review] says what to know before the start, [Syncer.Options] what can be chosen,
// [Syncer.Effects] what another configuration would do; [Syncer.Configure] stores it, and [Load] finds it again.
// [Syncer.Connection] is the one that the handle works with, [Syncer.Version] which of the stored ones that is.
//
// To see: [Syncer.Status] counts, [Syncer.Records] and [Syncer.Record] say how every contact stands and what to do,
// [Syncer.History] and [Syncer.Runs] what was written, [Syncer.Explain] and [Syncer.ExplainField] why,
// [Syncer.Compare] what another tool did beside a connection in shadow mode.
//
// To decide: [Syncer.Confirm] consents to what a guard holds, [Syncer.Conflicts] and [Syncer.Resolve] end conflicts,
// [Syncer.Suggestions] asks who is one person, [Syncer.Link], [Syncer.Move], [Syncer.Separate] and [Syncer.Create]
// answer; [Syncer.Decisions] lists what was decided and holds, [Syncer.Withdraw] takes it back.
// [Syncer.PreviewRollback] and [Syncer.Rollback] take back a whole run.
//
// To erase: [Syncer.Export] shows and [Syncer.Forget] erases a person, whom [Syncer.Unforget] lets sync again;
// [Syncer.Prune] erases old history, [Syncer.Delete] the connection.
//
// A [Fleet] says which of many connections is to be synced next.
//
// Decisions and questions need no lease and never wait for a running sync; see docs/embedding.md. The book in docs
// begins with docs/concepts.md.
package contactsync
