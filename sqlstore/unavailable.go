package sqlstore

// An UnavailableError says that the database could not be reached, or went away. What was committed before is kept, and a
// sync that fails with it is not lost: the next one goes on from there.
type UnavailableError struct {
	// Unknown says that the database went away while it was committing: it may or may not have. Otherwise nothing of the
	// transaction was committed.
	Unknown bool
	// Err is what the driver said.
	Err error
}

// Error says what was committed, what to do, and what the driver said.
func (e *UnavailableError) Error() string {
	what := "nothing of this step was committed"
	if e.Unknown {
		what = "whether this step was committed is not known"
	}
	return "the database cannot be reached, or went away; " + what + "; try again when it is back, nothing is lost: " + e.Err.Error()
}

// Unwrap returns what the driver said.
func (e *UnavailableError) Unwrap() error { return e.Err }
