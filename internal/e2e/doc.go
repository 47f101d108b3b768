// Package e2e tests everything together. Its scenarios, in testdata/scenarios, say by example how a sync behaves;
// the README beside them explains every key. Each is played over the real engine, the fake apps and every store,
// also with the two apps swapped and with the apps telling their records in another order:
//
//	go test ./internal/e2e -run TestScenarios                                 from the root of the repository
//	go test ./internal/e2e -run TestScenarios/a-blank-never-wins              one of them
//	go test ./internal/e2e -run TestScenarios -scenarios /path/to/my/folder   others
//
// This package is a module of its own, so that nobody who uses the library pays for the YAML and database modules
// that its tests need.
package e2e
