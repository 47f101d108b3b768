// Package authtest is a strict OAuth 2 server for tests: an authorization server and an app that its tokens open, over
// [net/http/httptest]. It is written from the RFCs and shares nothing with the client that it tests.
//
// What it insists on: a code challenge of method S256 and its verifier (RFC 7636; plain and none are refused), the exact
// redirect address, but for the port of a loopback one (RFC 8252 section 7.3), a state, no parameter twice (RFC 6749
// sections 3.1 and 3.2), the client's secret, codes that are used once and soon (section 4.1.2; using one twice revokes
// what it brought), refresh tokens that are used once (RFC 9700 section 4.14.2; using one twice revokes the
// authorization), tokens in the Authorization header. It names itself in its answers (RFC 9207), and revokes (RFC 7009).
//
// What it can be told: to lose an answer after the act, to fail, to forgive a refresh token that is used again within a
// time, to hold several accounts per login, to grant other scopes than were asked for, to issue no refresh tokens or no
// end of a token. It keeps a journal of its calls.
package authtest
