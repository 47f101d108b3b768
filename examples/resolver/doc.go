// Resolver shows the three decisions that a host can write in Go: a [contactsync.Resolver] that ends conflicts by looking
// at the two values (resolver.go), a [contactsync.Transform] that a mapping uses both ways (transform.go), and a
// [contactsync.Rule] that asks what the host knows (rule.go).
//
//	go run ./examples/resolver
//
// All three are pure functions: they are asked as often as the sync likes, in a preview too, and must say the same each
// time. What they depend on, such as the list of customers, is fixed when the connection is opened; Configure brings
// another.
package main
