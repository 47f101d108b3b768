package mutants

// Canary returns the mutant that every run has to catch, of the simulator too: if nobody notices a planner that lets
// the user's newer edit be overwritten unseen, nobody is looking. It is applied by [Mutant.Overlay]:
//
//	overlay, err := mutants.Canary().Overlay(root, dir)
//	go build -overlay <overlay> ./internal/sim/...
func Canary() Mutant {
	return Mutant{
		ID:   "canary",
		Why:  "the canary: of two different edits the one of b is dropped, whatever the policy, and nobody is told",
		File: "conflict.go",
		Old: `	case f.flow[A] && f.flow[B]:
		return clash
	case f.flow[A]:
		return writeB
	case f.flow[B]:
		return writeA
	}
	return leave
}

// decideFirst`,
		New: `	case f.flow[A] && f.flow[B]:
		return settle
	case f.flow[A]:
		return writeB
	case f.flow[B]:
		return writeA
	}
	return leave
}

// decideFirst`,
		Package: ".", Run: "^TestEveryFieldState$",
	}
}
