package main

import (
	"errors"
	"strconv"
)

// runNumber is a run as a person names it, in a flag or an argument.
type runNumber int64

// Set takes what a person typed.
func (n *runNumber) Set(text string) error {
	number, err := strconv.ParseInt(text, 10, 64) // not as pflag has it, which takes 010 for 8
	if err != nil || number < 1 {
		return errors.New("a run is named by its number, from 1 on; runs lists them")
	}
	*n = runNumber(number)
	return nil
}

// String returns the number.
func (n *runNumber) String() string { return strconv.FormatInt(int64(*n), 10) }

// Type names it in the help.
func (n *runNumber) Type() string { return "run" }
