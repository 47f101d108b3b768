package sim

import (
	"slices"
)

// has reports whether a family of faults may happen in the script.
func (s *Script) has(family string) bool { return slices.Contains(s.Families, family) }

// A drawer draws one script. Each part of it has a stream of its own.
type drawer struct {
	*Script
	seed    uint64
	world   stream
	step    stream
	fault   stream
	persons int
	fields  []string
	guest   *Guest // nil: the apps are the simulator's own
}

// Draw returns the script of a seed.
func Draw(seed uint64) *Script {
	d := &drawer{Script: &Script{Seed: seed}, seed: seed, world: newStream(seed, "world"), step: newStream(seed, "steps"), fault: newStream(seed, "faults")}
	d.drawFamilies()
	d.drawFields()
	apps := 2
	if d.world.oneIn(6) {
		apps = 3
	}
	for i := range apps {
		d.Apps = append(d.Apps, d.drawApp(newStream(seed, "app "+appName(i))))
	}
	d.Conns = append(d.Conns, d.drawConnection(newStream(seed, "connection 0"), 0, 1))
	if apps == 3 {
		d.Conns = append(d.Conns, d.drawConnection(newStream(seed, "connection 1"), 1, 2))
		if d.has("F87") {
			d.Conns = append(d.Conns, d.drawConnection(newStream(seed, "connection 2"), 2, 0))
		}
	}
	d.drawEngines()
	d.drawPace()
	if len(d.Conns) > 2 { // whoever loses their key in a ring is a stranger at each of its corners, and goes round for ever
		d.Families = slices.DeleteFunc(d.Families, func(f string) bool { return slices.Contains([]string{"F93", "F96", "F97", "F100"}, f) })
	}
	d.drawSteps()
	return d.Script
}

// drawEngines draws how many processes there are, and how their clocks go.
func (d *drawer) drawEngines() {
	d.Engines = 1
	if d.has("F62") {
		d.Engines = 2 + d.world.IntN(2)
	}
	if d.has("F72") {
		for range d.Engines {
			skew := pick(d.world, 0, 0, 3600, -3600, 7, -7, 86400)
			if d.Engines > 1 { // how long an app may lag is counted by their clocks
				skew %= 3600
			}
			d.Skew = append(d.Skew, skew)
		}
	}
}

// drawPace draws how long calls take, in which parts an engine works, and how long the world is watched at rest.
func (d *drawer) drawPace() {
	d.Latency = pick(d.world, 0, 20, 200, 900)
	d.Batch = pick(d.world, 500, 500, 1, 2, 3)
	d.Confirm = d.world.oneIn(2)
	d.Quiet = pick(d.world, 1, 1, 1, 1, 2, 2, 3, 5)
	if d.world.oneIn(100) {
		d.Quiet = 50
	}
}

// drawFamilies draws which faults there are at all: in some seeds none, in most few, so that each is seen alone and with
// any other.
func (d *drawer) drawFamilies() {
	s := newStream(d.seed, "families")
	odds := pick(s, 0, 12, 12, 6, 6, 6, 3, 2)
	drawn := families
	if d.seed >= laterFrom || d.guest != nil {
		drawn = slices.Concat(families, later)
	}
	for _, f := range drawn {
		on := odds > 0 && s.oneIn(odds)
		if on {
			d.Families = append(d.Families, f.id)
		}
	}
}

// drawFields draws the fields of the world: two to six beside the email.
func (d *drawer) drawFields() {
	d.persons = 2 + d.world.IntN(5)
	optional := []string{"first", "last", "phone", "company", "notes", "phones", "tags"}
	d.world.Shuffle(len(optional), func(i, j int) { optional[i], optional[j] = optional[j], optional[i] })
	d.fields = append([]string{"email", "first"}, optional[:1+d.world.IntN(5)]...)
	if d.world.oneIn(2) {
		d.fields = append(d.fields, "tags")
	}
	slices.Sort(d.fields)
	d.fields = slices.Compact(d.fields)
}

// drawApp draws what an app is like. What is a fault of the catalogue depends on its family.
func (d *drawer) drawApp(s stream) App {
	a := App{Fields: append([]string{"serial"}, d.fields...)}
	a.Markers = s.oneIn(3)
	a.Upsert = s.oneIn(5)
	a.FindBy = s.oneIn(6)
	a.Page = pick(s, 0, 0, 1, 2, 3)
	a.Batch = pick(s, 0, 0, 1, 2)
	a.Shuffle = s.oneIn(3)
	if s.oneIn(2) {
		a.NoVersions = s.oneIn(3)
		a.NoModified = s.oneIn(4)
		a.NoTombs = s.oneIn(4)
		a.NoFeed = s.oneIn(5)
		a.Bare = !a.NoFeed && !a.Upsert && s.oneIn(6)
	}
	if a.Bare {
		a.Markers, a.FindBy = false, false
	}
	on := func(family string) bool { return d.has(family) && s.oneIn(2) }
	if on("F42") { // nothing else would ever tell what became of a create without an answer
		a.Push, a.Upsert, a.NoFeed, a.Bare, a.NoTombs, a.NoVersions = true, true, false, false, false, false
	}
	if on("F9") && !a.Push {
		a.Lag = pick(s, 5, 60, 600)
	}
	if on("F6") {
		a.CursorLife = pick(s, 1, 30, 600)
	}
	a.Fidget = on("F14")
	if on("F36") {
		a.Automate = 1 + s.IntN(3)
	}
	if on("F73") {
		a.Skew = pick(s, 86400, -86400, 120, -3600)
	}
	if on("F74") {
		a.Granularity = pick(s, 1, 1000, 60_000)
	}
	a.Poison = on("F75") && !a.Push // of deliveries the time of the change counts, and the connector answers for it
	a.Unique = on("F35")
	if on("F10") && !a.Push && !a.Upsert { // only what is listed and then read can be missing
		a.NoFeed, a.Bare = true, false
	}
	if on("F24") {
		a.Normalize = map[string]string{pick(s, "first", "last", "notes", "company"): pick(s, "lower", "upper", "title", "trim")}
		if s.oneIn(2) {
			a.Normalize["phone"] = pick(s, "digits", "spaces")
		}
	}
	if on("F25") {
		d.lossy(s, &a)
	}
	return a
}

// lossy takes from an app what it cannot hold.
func (d *drawer) lossy(s stream, a *App) {
	switch s.IntN(4) {
	case 0:
		field := pick(s, d.fields...)
		if field != "email" {
			a.Fields = slices.DeleteFunc(slices.Clone(a.Fields), func(f string) bool { return f == field })
		}
	case 1:
		a.MaxLength = map[string]int{pick(s, "first", "last", "notes", "company"): 3 + s.IntN(3)}
	case 2:
		a.MaxEntries = map[string]int{"phones": 1 + s.IntN(2)}
	case 3:
		a.Required = pick(s, "first", "email")
	}
}

// drawConnection draws what a connection is asked to do.
func (d *drawer) drawConnection(s stream, a, b int) Connection {
	c := Connection{Apps: [2]int{a, b}}
	tags := slices.Contains(d.Apps[a].Fields, "tags") && slices.Contains(d.Apps[b].Fields, "tags")
	if s.oneIn(4) {
		c.Direction = pick(s, "a_to_b", "b_to_a")
	}
	c.Conflict = pick(s, "", "", "b", "newest", "ask")
	for i := range c.Deletions {
		choices := []string{"", "", "delete", "delete"}
		if tags {
			choices = append(choices, "mark")
		}
		c.Deletions[i] = pick(s, choices...)
	}
	if s.oneIn(4) {
		c.Keys = pick(s, []string{"email", "phone"}, []string{"phone"}, []string{"phone", "email"})
		if !slices.Contains(d.Apps[a].Fields, "phone") || !slices.Contains(d.Apps[b].Fields, "phone") {
			c.Keys = nil
		}
	}
	c.Keyless = s.oneIn(4) && !d.has("F87") // in a ring what is copied and never matched goes round for ever
	if tags && s.oneIn(2) {
		d.drawRules(s, &c)
	}
	if s.oneIn(5) {
		c.OneWay = pick(s, d.fields...)
		if c.OneWay == "email" || c.OneWay == "phone" { // copies without their key are strangers
			c.OneWay = ""
		}
	}
	if s.oneIn(5) {
		c.KeepClear = pick(s, d.fields...)
	}
	c.Group = s.oneIn(6) && c.OneWay != "first" && c.OneWay != "last"
	if s.oneIn(6) {
		c.MaxDeletes, c.MaxClears, c.MaxCreates = s.IntN(3), s.IntN(3), s.IntN(4)
	}
	c.Suggest = s.oneIn(10)
	return c
}

// drawRules draws rules that look at tags.
func (d *drawer) drawRules(s stream, c *Connection) {
	c.Scope = pick(s, "", "", "pair", "sticky")
	c.NoTags = s.oneIn(2)
	c.Rules = []Rule{}
	for side := range 2 {
		if s.oneIn(6) {
			continue // nothing is let through from this side
		}
		r := Rule{From: side, Mode: pick(s, "", "", "", "update_only", "create_only")}
		switch s.IntN(4) {
		case 0:
			r.Has = "t1"
		case 1, 2:
			r.Not = "t1"
		}
		if c.NoTags && s.oneIn(2) {
			r.Add = "t2"
			r.Undo = pick(s, "", "own", "all")
			r.Turn = r.Has+r.Not != "" && r.Mode == "" && s.oneIn(2) && side == 0
		}
		c.Rules = append(c.Rules, r)
	}
}
