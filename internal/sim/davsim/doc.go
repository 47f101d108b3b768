// Package davsim plays the histories of package sim with an address book on a CardDAV server as one of the apps. The server
// is davfake, its users and their programs write cards, and processes reach it by the connector carddav over HTTP, without
// a network: each request is handed to the server, at the world's time. What goes wrong is drawn for the calls of the
// connector as in any other history, and for single requests.
//
//	go test ./internal/sim/davsim -run TestSeeds -dav-seeds 5000 -dav-seed 1
//
// Cards are written and read here in a way of its own, so that what the connector makes of a card is judged by somebody
// else. What the judge has to know of a card: a record has a name, or is named after its nickname, which is where the
// serial number is; the email of the world is its only EMAIL, and tags are its categories and the groups that name it.
package davsim
