package sim

import (
	"context"
	"slices"
)

// Shrink returns a smaller script of which fails still says that it fails for the same reason: fewer steps, then fewer
// faults, then a simpler world. It tries at most so many scripts.
func Shrink(ctx context.Context, s *Script, tries int, fails func(*Script) bool) *Script {
	best := s
	try := func(smaller *Script) bool {
		if tries--; tries < 0 || ctx.Err() != nil || !fails(smaller) {
			return false
		}
		best = smaller
		return true
	}
	for again := true; again && tries > 0; {
		again = dropSteps(best, &best, try)
		again = dropFaults(&best, try) || again
		again = simplify(&best, try) || again
	}
	return best
}

// dropSteps leaves out runs of steps, long ones first.
func dropSteps(s *Script, best **Script, try func(*Script) bool) (any bool) {
	for n := max(len(s.Steps)/2, 1); n >= 1; n /= 2 {
		for i := len((*best).Steps) - n; i >= 0; i -= n {
			smaller := **best
			smaller.Steps = slices.Delete(slices.Clone(smaller.Steps), i, min(i+n, len(smaller.Steps)))
			any = try(&smaller) || any
		}
	}
	return any
}

// dropFaults leaves out what goes wrong in single syncs.
func dropFaults(best **Script, try func(*Script) bool) (any bool) {
	for i := range (*best).Steps {
		for j := len((*best).Steps[i].Faults) - 1; j >= 0; j-- {
			smaller := **best
			smaller.Steps = slices.Clone(smaller.Steps)
			smaller.Steps[i].Faults = slices.Delete(slices.Clone(smaller.Steps[i].Faults), j, j+1)
			any = try(&smaller) || any
		}
	}
	return any
}

// simplify makes the apps and connections plainer, one thing at a time.
func simplify(best **Script, try func(*Script) bool) (any bool) {
	change := func(f func(*Script) bool) {
		smaller := **best
		smaller.Apps, smaller.Conns = slices.Clone(smaller.Apps), slices.Clone(smaller.Conns)
		if f(&smaller) {
			any = try(&smaller) || any
		}
	}
	change(func(s *Script) bool { ok := s.Quiet > 1; s.Quiet = 1; return ok })
	change(func(s *Script) bool { ok := s.Confirm; s.Confirm = false; return ok })
	change(func(s *Script) bool { ok := s.Batch != 500; s.Batch = 500; return ok })
	change(func(s *Script) bool { ok := s.Latency != 0; s.Latency = 0; return ok })
	change(func(s *Script) bool { ok := len(s.Skew) > 0; s.Skew = nil; return ok })
	change(func(s *Script) bool { ok := len(s.Conns) > 1; s.Conns = s.Conns[:1]; return ok })
	for i := range (*best).Apps {
		if (*best).Apps[i].Guest {
			continue
		}
		for _, plainer := range plainerApps {
			change(func(s *Script) bool { return plainer(&s.Apps[i]) })
		}
	}
	for i := range (*best).Conns {
		for _, plainer := range plainerConnections {
			change(func(s *Script) bool { return i < len(s.Conns) && plainer(&s.Conns[i]) })
		}
	}
	return any
}

// off sets a habit to its zero value and reports whether it was another one.
func off[T comparable](v *T) bool {
	var zero T
	was := *v
	*v = zero
	return was != zero
}

var plainerApps = []func(*App) bool{
	func(a *App) bool { return off(&a.NoVersions) }, func(a *App) bool { return off(&a.NoModified) }, func(a *App) bool { return off(&a.NoTombs) },
	func(a *App) bool { return off(&a.NoFeed) }, func(a *App) bool { return off(&a.Bare) }, func(a *App) bool { return off(&a.Markers) },
	func(a *App) bool { return off(&a.Push) }, func(a *App) bool { return !a.Push && off(&a.Upsert) }, func(a *App) bool { return off(&a.FindBy) },
	func(a *App) bool { return off(&a.Unique) }, func(a *App) bool { return off(&a.ReuseIDs) }, func(a *App) bool { return off(&a.Page) },
	func(a *App) bool { return off(&a.Batch) }, func(a *App) bool { return off(&a.Lag) }, func(a *App) bool { return off(&a.Granularity) },
	func(a *App) bool { return off(&a.Skew) }, func(a *App) bool { return off(&a.Poison) }, func(a *App) bool { return off(&a.Shuffle) },
	func(a *App) bool { return off(&a.Fidget) }, func(a *App) bool { return off(&a.CursorLife) }, func(a *App) bool { return off(&a.Automate) },
	func(a *App) bool { return off(&a.Required) },
	func(a *App) bool { ok := len(a.Normalize) > 0; a.Normalize = nil; return ok },
	func(a *App) bool { ok := len(a.MaxLength) > 0; a.MaxLength = nil; return ok },
	func(a *App) bool { ok := len(a.MaxEntries) > 0; a.MaxEntries = nil; return ok },
}

var plainerConnections = []func(*Connection) bool{
	func(c *Connection) bool { return off(&c.Direction) }, func(c *Connection) bool { return off(&c.Conflict) }, func(c *Connection) bool { return off(&c.Deletions) },
	func(c *Connection) bool { return off(&c.Scope) }, func(c *Connection) bool { return off(&c.Keyless) }, func(c *Connection) bool { return off(&c.NoTags) },
	func(c *Connection) bool { return off(&c.OneWay) }, func(c *Connection) bool { return off(&c.KeepClear) }, func(c *Connection) bool { return off(&c.Group) },
	func(c *Connection) bool { return off(&c.MaxDeletes) }, func(c *Connection) bool { return off(&c.MaxClears) }, func(c *Connection) bool { return off(&c.MaxCreates) },
	func(c *Connection) bool { return off(&c.Suggest) },
	func(c *Connection) bool { ok := c.Keys != nil; c.Keys = nil; return ok },
	func(c *Connection) bool { ok := c.Rules != nil; c.Rules = nil; return ok },
}
