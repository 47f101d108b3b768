package contactsync_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	. "github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// limitRows are what an app may lock, and a connection that asks for it all the same. {s} is the side of the app, {t} the
// other, {to} the direction towards it and {from} the one away from it.
var limitRows = []struct {
	name    string
	ability contact.Ability
	asks    string // the connection
	fault   string // its only fault; {why} is the app's reason
	locked  string // what is locked of the settings of the whole connection
	passing bool   // it is refused even if the app cannot for now
}{
	{"both ways with an app that is only read", contact.AbilityWrite, `"direction": "two-way"`,
		`direction: "two-way" cannot be chosen: {why}; choose {from}`, "direction two-way, direction {to}, deletions.from_{t} mark, deletions.from_{t} delete", false},
	{"towards an app that is only read", contact.AbilityWrite, `"direction": "{to}"`,
		`direction: "{to}" cannot be chosen: {why}; choose {from}`, "direction two-way, direction {to}, deletions.from_{t} mark, deletions.from_{t} delete", true},
	{"both ways with an app that is only written to", contact.AbilitySend, `"direction": "two-way"`,
		`direction: "two-way" cannot be chosen: {why}; choose {to}`, "direction two-way, direction {from}", false},
	{"away from an app that is only written to", contact.AbilitySend, `"direction": "{from}"`,
		`direction: "{from}" cannot be chosen: {why}; choose {to}`, "direction two-way, direction {from}", true},
	{"nobody but newcomers where none can be created", contact.AbilityCreate, `"rules": [{"from": "{t}", "mode": "create_only"}, {"from": "{s}", "mode": "create_only"}]`,
		`rules[0].mode: "create_only" cannot be chosen: {why}; choose create_and_update or update_only`, "", false},
	{"nothing but updates where none can be changed", contact.AbilityUpdate, `"rules": [{"from": "{t}", "mode": "update_only"}, {"from": "{s}", "mode": "update_only"}]`,
		`rules[0].mode: "update_only" cannot be chosen: {why}; choose create_and_update or create_only`, "deletions.from_{t} mark", false},
	{"a mark where nothing can be changed", contact.AbilityUpdate, `"deletions": {"from_{t}": "mark", "from_{s}": "mark"}`,
		`deletions.from_{t}: "mark" cannot be chosen: {why}; choose keep or delete`, "deletions.from_{t} mark", false},
	{"a deletion where nothing can be deleted", contact.AbilityDelete, `"deletions": {"from_{t}": "delete", "from_{s}": "delete"}`,
		`deletions.from_{t}: "delete" cannot be chosen: {why}; choose keep or mark`, "deletions.from_{t} delete", false},
	{"an action that empties", contact.AbilityClear, `"rules": [{"from": "{t}", "actions": [{"clear": "notes"}]}, {"from": "{s}", "actions": [{"clear": "notes"}]}], "disable_mappings": [{"a": "notes", "b": "notes"}]`,
		`rules[0].actions[0]: "clear" cannot be chosen: {why}; take it out`, "", false},
	{"a mark that empties", contact.AbilityClear, `"deletions": {"mark": {"{s}": [{"clear": "notes"}], "{t}": [{"clear": "notes"}]}}`,
		`deletions.mark.{s}[0]: "clear" cannot be chosen: {why}; take it out`, "", false},
	{"a mapping that empties", contact.AbilityClear, `"disable_mappings": [{"a": "notes", "b": "notes"}], "add_mappings": [{"id": "n", "a": "notes", "b": "notes", "direction": "{to}", "on_clear": "clear"}]`,
		`add_mappings[0].on_clear: "clear" cannot be chosen: {why}; choose keep`, "", false},
	{"the newest of times that nobody tells", contact.AbilityModified, `"conflict": {"policy": "newest"}`,
		`conflict.policy: "newest" cannot be chosen: {why}; choose winner or ask`, "conflict.policy newest", false},
	{"the newest, for one mapping", contact.AbilityModified, `"disable_mappings": [{"a": "notes", "b": "notes"}], "add_mappings": [{"id": "n", "a": "notes", "b": "notes", "conflict": {"policy": "newest"}}]`,
		`add_mappings[0].conflict.policy: "newest" cannot be chosen: {why}; choose winner or ask`, "conflict.policy newest", false},
	{"a deletion that nobody tells", contact.AbilityDeleted, `"deletions": {"from_{s}": "delete", "from_{t}": "delete"}`,
		`deletions.from_{s}: "delete" cannot be chosen: {why}; choose keep`, "deletions.from_{s} mark, deletions.from_{s} delete", false},
	{"keyless people where an email is needed", contact.AbilityNoEmail, `"match": {"require_key": false}`,
		`match.require_key: "false" cannot be chosen: {why}; choose true`, "match.require_key false", false},
	{"keys without the email that is needed", contact.AbilityNoEmail, `"match": {"keys": ["phone"]}`,
		`match.keys: "without email" cannot be chosen: {why}; choose email`, "match.require_key false", false},
}

// TestLimits: what an app cannot do is refused with its reason, offered by no screen, and no default; on either side.
func TestLimits(t *testing.T) {
	t.Parallel()
	seen := map[contact.Ability]bool{}
	for _, row := range limitRows {
		seen[row.ability] = true
		for _, s := range Sides {
			t.Run(row.name+" in "+s.String(), func(t *testing.T) {
				t.Parallel()
				why := "Geeks cannot " + row.ability.Words()
				to, from := string(AToB), string(BToA)
				if s == A {
					to, from = from, to
				}
				fill := strings.NewReplacer("{s}", s.String(), "{t}", s.Other().String(), "{to}", to, "{from}", from, "{why}", why).Replace
				c, err := ParseConnection([]byte(`{"id": "x", ` + fill(row.asks) + `}`))
				require.NoError(t, err)
				var schemas [2]contact.Schema
				able := contact.Schema{Fields: append(bookFields("tags"), contact.Field{Name: "notes", Type: contact.TypeText, Meaning: "notes"}), Modified: true}
				schemas[s], schemas[s.Other()] = able.Limited(contact.Limit{Cannot: row.ability, Why: why}), able

				require.NoError(t, c.Validate(able, able), "without the limit it is a good connection")
				var invalid *InvalidError
				require.True(t, errors.As(c.Validate(schemas[A], schemas[B]), &invalid), "it is refused")
				require.Len(t, invalid.Faults, 1)
				require.Equal(t, fill(row.fault), invalid.Faults[0].String())

				require.NoError(t, Connection{ID: "x"}.Validate(schemas[A], schemas[B]), "the defaults fit")
				got := lockedSettings(SettingsBetween([2]string{"a", "b"}, &schemas[A], &schemas[B]), why)
				require.Equal(t, fill(row.locked), strings.Join(got, ", "))

				schemas[s] = able.Limited(contact.Limit{Cannot: row.ability, Why: why, ForNow: true})
				err = c.Validate(schemas[A], schemas[B])
				if row.passing {
					require.ErrorContains(t, err, why)
				} else {
					require.NoError(t, err, "what may change is no fault")
				}
				require.Equal(t, got, lockedSettings(SettingsBetween([2]string{"a", "b"}, &schemas[A], &schemas[B]), why), "nor is it offered")
			})
		}
	}
	require.Len(t, seen, 9, "every ability has a row")
}

// TestClearsThatOneSideTakes: a mapping that empties is refused where nothing but the app that cannot empty is written to.
func TestClearsThatOneSideTakes(t *testing.T) {
	t.Parallel()
	able := contact.Schema{Fields: []contact.Field{{Name: "email", Type: contact.TypeEmail}, {Name: "notes", Type: contact.TypeText}}}
	geeks := able.Limited(contact.Limit{Cannot: contact.AbilityClear, Why: "Geeks ignores what is blank"})
	for direction, refused := range map[Direction]bool{TwoWay: false, AToB: true, BToA: false} {
		notes := MapFields("notes", "notes")
		notes.Direction, notes.OnClear = direction, OnClearClear
		err := Connection{ID: "x", Mappings: []Mapping{MapFields("email", "email"), notes}}.Validate(able, geeks)
		if refused != (err != nil) {
			t.Errorf("%s: %v", direction, err)
		}
	}
}

// lockedSettings returns the values that are not offered, each of which has to say why. No value that is locked is set.
func lockedSettings(settings []SettingChoice, why string) (locked []string) {
	for _, set := range settings {
		free := 0
		for _, v := range set.Values {
			switch {
			case v.Can:
				free++
				continue
			case v.Why != why:
				locked = append(locked, "it says "+v.Why)
			case v.Value == set.Value:
				locked = append(locked, "it is set")
			}
			locked = append(locked, set.Key+" "+v.Value)
		}
		if (set.Locked != "") != (free == 1) {
			locked = append(locked, fmt.Sprintf("%s is locked: %q", set.Key, set.Locked))
		}
	}
	return locked
}

// TestLimitsOfBothApps: two apps that leave nothing to choose are told of at once, with both reasons.
func TestLimitsOfBothApps(t *testing.T) {
	t.Parallel()
	able := contact.Schema{Fields: bookFields("tags")}
	a := able.Limited(contact.Limit{Cannot: contact.AbilityWrite, Why: "Ledger is printed"})
	b := able.Limited(contact.Limit{Cannot: contact.AbilityWrite, Why: "Directory is another's"})
	require.EqualError(t, Connection{ID: "x"}.Validate(a, b),
		"connection \"x\" is not valid:\n  direction: \"two-way\" cannot be chosen: Ledger is printed; Directory is another's; choose another app")
}

// TestLimitsInOptions: the rest of a screen follows the limits too: what actions can do, what a rule may be limited to, which key
// has to be there, and what the app says of itself.
func TestLimitsInOptions(t *testing.T) {
	t.Parallel()
	limits := []contact.Limit{{Cannot: contact.AbilityClear, Why: "Geeks ignores what is blank"}, {Cannot: contact.AbilityCreate, Why: "Geeks takes no newcomers"},
		{Cannot: contact.AbilityNoEmail, Why: "Geeks knows people by their email"}}
	b := shaped{fake.New("b", bookFields("tags")), func(s *contact.Schema) { *s = s.Limited(limits...) }}
	s, err := Open(t.Context(), Connection{ID: "x"}, fake.New("a", bookFields("labels")), b, memstore.New())
	require.NoError(t, err)
	got, err := s.Options(t.Context())
	require.NoError(t, err)
	if diff := cmp.Diff([2][]contact.Limit{nil, limits}, got.Limits); diff != "" {
		t.Error(diff)
	}
	for _, side := range Sides {
		for _, f := range got.Fields[side] {
			for _, action := range f.Actions {
				require.False(t, side == B && action == ActionClear, f.Name)
			}
		}
	}
	require.Equal(t, Offer{Why: "Geeks takes no newcomers"}, got.Rules[0].Modes[2].Offer, "from a")
	require.Equal(t, Offer{Can: true}, got.Rules[1].Modes[2].Offer, "from b")
	require.Equal(t, "Geeks knows people by their email", got.Keys[0].Locked)
	require.Empty(t, got.Keys[1].Locked)

	review, err := s.Review(t.Context())
	require.NoError(t, err)
	var said []string
	for _, w := range review.Warnings {
		said = append(said, w.Message)
	}
	require.Contains(t, said, "Geeks takes no newcomers")
}

// TestAMappingThatCannotEmpty keeps what is there instead, by default.
func TestAMappingThatCannotEmpty(t *testing.T) {
	t.Parallel()
	a, b := fake.New("a", bookFields("labels")), fake.New("b", bookFields("tags"))
	require.NoError(t, a.Put(person("ann", "Ann", "Acme")))
	cannot := shaped{b, func(s *contact.Schema) {
		*s = s.Limited(contact.Limit{Cannot: contact.AbilityClear, Why: "Geeks ignores what is blank"})
	}}
	s, err := Open(t.Context(), Connection{ID: "x", Direction: AToB}, a, cannot, memstore.New())
	require.NoError(t, err)
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	require.NoError(t, a.Edit("ann", contact.Fields{"company": contact.Empty}))
	_, err = s.Sync(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Acme", b.Records()[0].Get("company").Str())
	require.Equal(t, 0, b.Writes().Updated, "the app is not asked for what it cannot do")
}
