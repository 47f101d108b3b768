package sim

import (
	"slices"

	"github.com/contactsync/contactsync/contact"
)

// notForGuests are faults that need an app of the simulator's own, or another configuration than the guest's.
var notForGuests = []string{"F15", "F23", "F25", "F35", "F42", "F68", "F83", "F85", "F87"}

// Draw returns the script of a seed for a guest.
func (g *Guest) Draw(seed uint64) *Script {
	d := &drawer{Script: &Script{Seed: seed}, seed: seed, world: newStream(seed, "world"), step: newStream(seed, "steps"), fault: newStream(seed, "faults"), guest: g}
	d.drawFamilies()
	d.Families = slices.DeleteFunc(d.Families, func(f string) bool { return slices.Contains(notForGuests, f) })
	d.persons, d.fields = 2+d.world.IntN(5), fieldNames(g.schemas[0].Fields)
	for side := range g.Hosts {
		d.Apps = append(d.Apps, g.drawApp(d, side))
	}
	d.Conns = []Connection{{Apps: [2]int{0, 1}}}
	d.drawEngines()
	d.drawPace()
	d.drawSteps()
	return d.Script
}

// drawApp draws what an app of the simulator's own is like, or says what a guest's is.
func (g *Guest) drawApp(d *drawer, side int) App {
	schema := g.schemas[side]
	names := fieldNames(schema.Fields)
	if g.Hosts[side].New != nil {
		return App{Fields: names, Guest: true, NoVersions: !schema.Versions, NoModified: !schema.Modified, NoTombs: !schema.Tombstones}
	}
	d.fields = names
	a := d.drawApp(newStream(d.seed, "app "+appName(side)))
	a.Fields, a.Required = names, ""
	a.FindBy = a.FindBy && slices.Contains(names, "email")
	return a
}

// fieldNames returns the names of fields.
func fieldNames(fields []contact.Field) (names []string) {
	for _, f := range fields {
		names = append(names, f.Name)
	}
	return names
}

// ofGuest makes a step one that can be done with a guest's apps, which have fields of their own.
func (d *drawer) ofGuest(st Step) Step {
	var names []string
	for _, f := range d.guest.schemas[st.App].Fields {
		if !f.ReadOnly && !d.guest.keyed[st.App][f.Name] {
			names = append(names, f.Name)
		}
	}
	if len(names) > 0 {
		st.Field = pick(d.step, names...)
	}
	onlyOwn := []string{"hide", "unhide", "account", "rekey", "merge", "touch"}
	if d.Apps[st.App].Guest && slices.Contains(onlyOwn, st.Do) {
		st.Do = "edit"
	}
	return st
}
