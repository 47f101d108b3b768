// Command contactsync keeps the contacts of two apps in sync, from a configuration file.
//
//	contactsync quickstart           # a folder to try it on
//	contactsync sync                 # what contactsync.yaml says
//
// Its exit code says how it went; see [exitDone] and the others.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
)

// The exit codes.
const (
	exitDone    = 0
	exitFailed  = 1 // a sync did not run to its end, or a file could not be read or written
	exitConfig  = 2 // the command line or the configuration is wrong
	exitHeld    = 3 // something waits for a person's consent
	exitRecords = 4 // done, but single records failed
)

// graver returns the exit code to end with after x and y: the lowest but 0.
func graver(x, y int) int {
	if x == exitDone || y == exitDone {
		return max(x, y)
	}
	return min(x, y)
}

// codedError is an error that ends the program with an exit code of its own. Without cause, everything has been
// said already.
type codedError struct {
	code  int
	cause error
}

func (e *codedError) Error() string {
	if e.cause == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.cause.Error()
}

func (e *codedError) Unwrap() error { return e.cause }

func failed(err error) error { return &codedError{exitFailed, err} }
func usage(err error) error  { return &codedError{exitConfig, err} }

// ended returns the error that ends the program with the code, without another word.
func ended(code int) error {
	if code == exitDone {
		return nil
	}
	return &codedError{code: code}
}

func main() {
	tuneCollector()
	os.Exit(execute(context.Background(), newCLI(), os.Args[1:]))
}

// execute runs one command line and returns its exit code.
func execute(ctx context.Context, c *cli, args []string) int {
	root := newRoot(c)
	defer c.end()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	var coded *codedError
	if !errors.As(err, &coded) {
		coded = &codedError{exitConfig, err}               // from cobra: an unknown command or flag, a missing argument
		c.json = c.json || slices.Contains(args, "--json") // it may have stopped before that
	}
	if coded.cause != nil {
		c.explain(coded.cause, coded.code)
	}
	return coded.code
}
