package contact

import "slices"

// A Limit is something that an app cannot do, and why. What follows from it for a connection - which settings are locked,
// what its defaults are - is the library's to know.
type Limit struct {
	Cannot Ability `json:"cannot"`
	// Why is for people, in a clause that names the app: "Real Geeks has no call that deletes a lead".
	Why string `json:"why,omitempty"`
	// ForNow says that it is not the app's nature: a matter of the account's rights or of a setting, which may change under
	// a connection that runs. Such a limit is offered and warned of; one without it refuses a connection that asks for more.
	ForNow bool `json:"for_now,omitempty"`
}

// Ability is something that most apps can do.
type Ability string

// The abilities.
const (
	AbilityWrite    Ability = "write"    // take anything from another app: create, update and delete
	AbilityCreate   Ability = "create"   // create records
	AbilityUpdate   Ability = "update"   // change records
	AbilityDelete   Ability = "delete"   // delete records
	AbilityClear    Ability = "clear"    // empty a field
	AbilitySend     Ability = "send"     // give anything to another app; what cannot is only written to
	AbilityModified Ability = "modified" // tell when a record was last changed
	AbilityDeleted  Ability = "deleted"  // tell that a record was deleted, by tombstones or by what a complete reading lacks
	AbilityNoEmail  Ability = "no_email" // hold a record without an email
	AbilityRefuse   Ability = "refuse"   // refuse a write to a record that was edited since it was read
)

// Words says the ability after "cannot", as "delete records"; "" if it is none of this package.
func (a Ability) Words() string {
	switch a {
	case AbilityWrite:
		return "be written to"
	case AbilityCreate, AbilityUpdate, AbilityDelete:
		return string(a) + " records"
	case AbilityClear:
		return "empty a field"
	case AbilitySend:
		return "be read into another app"
	case AbilityModified:
		return "say when a record was changed"
	case AbilityDeleted:
		return "say what was deleted"
	case AbilityNoEmail:
		return "hold a record without an email"
	case AbilityRefuse:
		return "refuse a write to a record that was edited since it was read"
	}
	return ""
}

// covers reports whether who lacks a lacks b.
func (a Ability) covers(b Ability) bool {
	return a == b || a == AbilityWrite && (b == AbilityCreate || b == AbilityUpdate || b == AbilityDelete)
}

// Limited returns the schema of an app that has these limits as well: what says the same in the schema is set, and Limits says
// why. So an app says what it cannot do once, for its description and for the schemas of its connectors.
func (s Schema) Limited(limits ...Limit) Schema {
	s.Limits = slices.Clip(s.Limits)
	for _, l := range limits {
		if !slices.Contains(s.Limits, l) {
			s.Limits = append(s.Limits, l)
		}
		s.NoCreate = s.NoCreate || l.Cannot.covers(AbilityCreate)
		s.NoUpdate = s.NoUpdate || l.Cannot.covers(AbilityUpdate)
		s.NoDelete = s.NoDelete || l.Cannot.covers(AbilityDelete)
		switch l.Cannot {
		case AbilityModified:
			s.Modified = false
		case AbilityDeleted:
			s.Tombstones = false
		case AbilityNoEmail:
			s.Fields = slices.Clone(s.Fields)
			if i := slices.IndexFunc(s.Fields, isEmail); i >= 0 {
				s.Fields[i].Required = true
			}
		}
	}
	return s
}

// Limit returns what keeps the app from doing something, and whether anything does. Where the schema only says that it
// cannot, there is no Why, and it is ForNow.
func (s *Schema) Limit(a Ability) (Limit, bool) {
	found, lacks := Limit{Cannot: a, ForNow: true}, s.lacks(a)
	for _, l := range s.Limits {
		if l.Cannot.covers(a) && (!lacks || found.ForNow) {
			found, lacks = l, true
		}
	}
	return found, lacks
}

// lacks reports whether the schema itself says that the app cannot do something.
func (s *Schema) lacks(a Ability) bool {
	switch a {
	case AbilityWrite:
		return s.NoCreate && s.NoUpdate || !slices.ContainsFunc(s.Fields, func(f Field) bool { return !f.ReadOnly })
	case AbilityCreate:
		return s.NoCreate
	case AbilityUpdate:
		return s.NoUpdate
	case AbilityDelete:
		return s.NoDelete
	case AbilityModified:
		return !s.Modified
	case AbilityRefuse:
		return !s.Versions
	case AbilityNoEmail:
		return slices.ContainsFunc(s.Fields, func(f Field) bool { return isEmail(f) && f.Required })
	}
	return false
}

func isEmail(f Field) bool { return f.Type == TypeEmail && !f.ReadOnly }
