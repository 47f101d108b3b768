// Package auth keeps the accounts that connections log in with: OAuth 2 authorizations, API keys and passwords, sealed
// at rest, renewed in time, revoked when they are no longer wanted.
//
//	accounts, err := auth.New(auth.Config{
//		Store:     auth.NewMemory(), // or authsql
//		Sealer:    ring,             // a KeyRing, or your KMS
//		Providers: []auth.Provider{{App: crm.App(), ClientID: id, ClientSecret: secret}},
//	})
//	handler, err := accounts.Handler(auth.HandlerConfig{URL: "https://app.example.com/accounts", Session: session})
//	mux.Handle("/accounts/", handler)
//	...
//	crm, err := accounts.Open(ctx, owner, accountID, nil) // a connector for contactsync.Open
//
// An account belongs to an owner, an opaque text, and no call crosses owners. It is known by an id that is made of its
// app's own stable name for it: who authorizes the same account again renews it, and its connections go on. One
// authorization may hold several accounts, such as the sites of a login; they share its tokens.
//
// # Renewal
//
// A token is renewed five minutes before it ends, or when the app refuses it, by one process at a time, and the new one
// is saved before it is used. Where the app says that the authorization is over, the account is in the state
// [NeedsAuthorization], and every call ends in [connector.ErrUnauthorized], until a person authorizes it again.
//
// # At rest
//
// Tokens, passwords and verifiers are sealed by a [Sealer], bound to the row and column that they stand in. Everything
// else of a row - labels, states, times - is plain. In memory a secret is a [Secret], which no printer, logger or
// encoder shows.
package auth
