// Package mutants breaks the library on purpose, one small way at a time, and asks whether the tests notice.
//
// A [Mutant] is a fault that somebody made in another tool, or a guard that is taken away. It is applied by an overlay
// of the compiler, so the tree is never edited, and the test that is named beside it must fail. All of them:
//
//	go test ./internal/mutants -run TestMutants -tenth all -timeout 60m
//
// The command internal/mutants/flips asks the same of every comparison of the files that decide, and the command
// internal/mutants/cover which of their statements no test comes by.
package mutants
