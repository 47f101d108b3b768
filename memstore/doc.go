// Package memstore is a [contactsync.Store] in memory: for tests, examples, and syncs that may forget.
//
//	s, err := contactsync.Open(ctx, connection, a, b, memstore.New())
//
// Nothing survives the process. A sync that must know tomorrow what it settled today needs package sqlstore.
package memstore
