package csvfile

// What tests of the package reach beyond its API.
var (
	ReplaceFile = replaceFile
	ErrMoved    = errMoved
	Escape      = escape
	Unescape    = unescape
)
