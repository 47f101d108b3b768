package auth

// LimitDataKeys makes the limit of a ring's data keys one that a test reaches.
func LimitDataKeys(r *KeyRing, values uint64) { r.limit = values }
