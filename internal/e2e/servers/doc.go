// Package servers starts the servers that tests run against: each on this machine alone, with data in a folder of its
// own, as an ordinary user, and stopped when the test process ends, however it ends.
//
// A server that is not installed is left out, and the test says so ([Required] makes it fail instead). .ci/servers
// installs what is missing.
package servers
