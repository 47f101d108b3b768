// Embed is a CRM backend in small that keeps its leads in sync with people's address books.
//
//	go run ./examples/embed
//
// database.go is the host: a table of leads behind a mutex, which stands for its database, and knows nothing of
// contactsync but for one column. connector.go is what the host adds: the three methods of a connector over that table,
// and two capabilities that are worth having. main.go opens a connection between the leads and a folder of vCards, shows
// what a sync would do and why, syncs, lets both users edit, and syncs again. The tests hold that the connector keeps
// every promise of connectortest, and that the output is what it is.
//
// In a real backend a sqlstore.Store over the host's own database takes the place of the store in memory, each customer
// is the Owner of his connections, and a scheduler calls Sync.
package main
