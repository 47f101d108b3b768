package contactsync

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// What an app cannot do ([contact.Limit]) locks values of a connection's settings. This file says which: what is offered, what
// the defaults are and what is refused all follow from its one table.

// A lock is a value that a setting cannot have, and why.
type lock struct {
	locked
	why  string
	firm bool // a connection that asks for it is refused; else it is warned
}

// Settings that are not one of the whole connection.
const (
	settingRequireKey = "match.require_key"
	settingKeys       = "match.keys"
	withoutEmail      = "without email" // a list of keys that lacks it
)

func deletionsFrom(s Side) string { return "deletions.from_" + s.String() }

// modeFrom is the mode of the rules from side s.
func modeFrom(s Side) string { return "rules.mode.from_" + s.String() }

// actionOn is what is done to records of side s by rules and marks.
func actionOn(s Side) string { return "actions.on_" + s.String() }

// onClearTo is what mappings do that write to side s alone.
func onClearTo(s Side) string { return "mappings.on_clear.to_" + s.String() }

// A locked value is a setting with a value that it cannot have.
type locked struct{ setting, value string }

// A limitedRow says what it locks that the app of side s lacks an ability. words are the reason of an app that gives none. What is
// never makes no sense without the ability, not even if the app lacks it only for now.
type limitedRow struct {
	ability      contact.Ability
	words        string
	locks, never func(s Side) []locked
}

// limited has a row for every ability.
var limited = []limitedRow{
	{contact.AbilityWrite, "%s can only be read", noTwoWay, func(s Side) []locked { return []locked{{"direction", string(awayFrom(s.Other()))}} }},
	{contact.AbilitySend, "%s can only be written to", noTwoWay, func(s Side) []locked { return []locked{{"direction", string(awayFrom(s))}} }},
	{contact.AbilityCreate, "nothing can be created in %s", func(s Side) []locked { return []locked{{modeFrom(s.Other()), string(CreateOnly)}} }, nil},
	{contact.AbilityUpdate, "nothing can be changed in %s", func(s Side) []locked {
		return []locked{{modeFrom(s.Other()), string(UpdateOnly)}, {deletionsFrom(s.Other()), string(DeletionMark)}}
	}, nil},
	{contact.AbilityDelete, "nothing can be deleted in %s", func(s Side) []locked { return []locked{{deletionsFrom(s.Other()), string(DeletionDelete)}} }, nil},
	{contact.AbilityClear, "no field of %s can be emptied", func(s Side) []locked {
		return []locked{{actionOn(s), string(ActionClear)}, {onClearTo(s), string(OnClearClear)}}
	}, nil},
	{contact.AbilityModified, "%s does not say when a contact was changed", func(Side) []locked { return []locked{{"conflict.policy", string(PolicyNewest)}} }, nil},
	{contact.AbilityDeleted, "%s does not say what was deleted", func(s Side) []locked {
		return []locked{{deletionsFrom(s), string(DeletionMark)}, {deletionsFrom(s), string(DeletionDelete)}}
	}, nil},
	{contact.AbilityNoEmail, "%s holds nobody without an email", func(Side) []locked {
		return []locked{{settingRequireKey, "false"}, {settingKeys, withoutEmail}}
	}, nil},
	{contact.AbilityRefuse, "%s cannot refuse a write to what was edited meanwhile", func(Side) []locked { return nil }, nil},
}

func noTwoWay(Side) []locked { return []locked{{"direction", string(TwoWay)}} }

// whyNot says why an app cannot do something, in its own words if it has any; "" if it can.
func whyNot(schema *contact.Schema, a contact.Ability, name string) string {
	l, lacks := schema.Limit(a)
	if !lacks || l.Why != "" {
		return l.Why
	}
	i := slices.IndexFunc(limited, func(row limitedRow) bool { return row.ability == a })
	return fmt.Sprintf(limited[i].words, name)
}

// cannotEmpty says why no field of side s can be emptied; "" if fields can.
func (cfg *config) cannotEmpty(s Side) string {
	return whyNot(cfg.schema[s], contact.AbilityClear, cfg.names[s])
}

// locks are those of the two apps of a connection.
type locks []lock

// locksOf returns what two apps lock. An app that is not chosen yet, whose schema is nil, may be any.
func locksOf(names [2]string, schemas [2]*contact.Schema) locks {
	var list locks
	for _, s := range Sides {
		if schemas[s] == nil {
			continue
		}
		for _, row := range limited {
			l, lacks := schemas[s].Limit(row.ability)
			if !lacks {
				continue
			}
			reason := whyNot(schemas[s], row.ability, names[s])
			for _, at := range row.locks(s) {
				list = append(list, lock{at, reason, !l.ForNow})
			}
			if row.never == nil {
				continue
			}
			for _, at := range row.never(s) {
				list = append(list, lock{at, reason, true})
			}
		}
	}
	return list
}

// of returns what keeps a setting from a value, and whether anything does. Of two reasons, both are told.
func (l locks) of(setting, value string) (lock, bool) {
	found := lock{locked: locked{setting, value}}
	var reasons []string
	for _, one := range l {
		if one.locked != found.locked {
			continue
		}
		found.firm = found.firm || one.firm
		if !slices.Contains(reasons, one.why) {
			reasons = append(reasons, one.why)
		}
	}
	found.why = strings.Join(reasons, "; ")
	return found, len(reasons) > 0
}

// offers returns the values of a setting, each with what locks it.
func (l locks) offers(setting string) []ValueChoice {
	var list []ValueChoice
	for _, value := range settingValues[setting] {
		one, locked := l.of(setting, value)
		list = append(list, ValueChoice{value, Offer{Can: !locked, Why: one.why}})
	}
	return list
}

// free returns the values of a setting that nothing locks; the first is its default.
func (l locks) free(setting string) []string {
	return slices.DeleteFunc(slices.Clone(settingValues[setting]), func(value string) bool {
		_, locked := l.of(setting, value)
		return locked
	})
}

// settingValues are the values of each setting that has few, the default first.
var settingValues = map[string][]string{
	"direction":       {string(TwoWay), string(AToB), string(BToA)},
	"scope":           {string(ScopeRule), string(ScopePair), string(ScopeSticky)},
	"conflict.policy": {string(PolicyWinner), string(PolicyNewest), string(PolicyAsk)},
	"conflict.winner": {A.String(), B.String()},
	settingRequireKey: {"true", "false"},
	settingKeys:       {KeyEmail},
	deletionsFrom(A):  deletionPolicies,
	deletionsFrom(B):  deletionPolicies,
	modeFrom(A):       ruleModes,
	modeFrom(B):       ruleModes,
	actionOn(A):       actionKinds,
	actionOn(B):       actionKinds,
	onClearTo(A):      onClears,
	onClearTo(B):      onClears,
}

var (
	deletionPolicies = []string{string(DeletionKeep), string(DeletionMark), string(DeletionDelete)}
	ruleModes        = []string{string(CreateAndUpdate), string(UpdateOnly), string(CreateOnly)}
	actionKinds      = []string{string(ActionAdd), string(ActionRemove), string(ActionSet), string(ActionClear)}
	onClears         = []string{string(OnClearClear), string(OnClearKeep)}
)

// A stated value is one that a connection gives to a setting which apps may lock. "" is the default, and never locked.
type stated struct {
	path string
	locked
}

// settings are those of the whole connection that have few values, as they are stated.
func (c *Connection) settings() []locked {
	return []locked{{"direction", string(c.Direction)}, {"scope", string(c.Scope)}, {"conflict.policy", string(c.Conflict.Kind)},
		{"conflict.winner", c.Conflict.Winner.String()}, {deletionsFrom(A), string(c.Deletions.FromA)}, {deletionsFrom(B), string(c.Deletions.FromB)},
		{settingRequireKey, strconv.FormatBool(!c.Match.AllowKeyless)}}
}

// stated returns all that a connection states and that apps may lock.
func (cfg *config) stated() (list []stated) {
	add := func(path, setting, value string) { list = append(list, stated{path, locked{setting, value}}) }
	for _, s := range cfg.settings() {
		add(s.setting, s.setting, s.value)
	}
	if cfg.Direction == "" { // no default could be found
		add("direction", "direction", string(TwoWay))
	}
	if keys := cfg.Match.Keys; keys != nil && !slices.Contains(keys, MatchKey{Kind: KeyEmail}) {
		add(settingKeys, settingKeys, withoutEmail)
	}
	for i, r := range cfg.Connection.rules() {
		path := fmt.Sprintf("rules[%d]", i)
		if f, ok := r.(FilterRule); ok {
			add(path+".mode", modeFrom(f.From), string(f.Mode))
		}
		for j, a := range r.Effects() {
			add(fmt.Sprintf("%s.actions[%d]", path, j), actionOn(r.Side().Other()), string(a.Kind))
		}
	}
	for _, s := range Sides {
		for i, a := range cfg.Deletions.Mark.on(s) {
			add(fmt.Sprintf("deletions.mark.%s[%d]", s, i), actionOn(s), string(a.Kind))
		}
	}
	for _, m := range cfg.mappings {
		if m.policy != &cfg.Conflict {
			add(m.path+".conflict.policy", "conflict.policy", string(m.policy.Kind))
		}
		for _, s := range Sides {
			if m.flow[s.Other()] && !m.flow[s] {
				add(m.path+".on_clear", onClearTo(s), string(m.onClear))
			}
		}
	}
	return list
}

// checkLocks adds what a connection asks for and its apps lock.
func (cfg *config) checkLocks(bad *faults) {
	apps := locksOf(cfg.names, cfg.schema)
	for _, s := range cfg.stated() {
		one, there := apps.of(s.setting, s.value)
		if !there || !one.firm {
			continue
		}
		advice, free := "choose another app", apps.free(s.setting)
		switch {
		case s.setting == actionOn(A) || s.setting == actionOn(B):
			advice = "take it out"
		case len(free) > 0:
			advice = "choose " + strings.Join(free, " or ")
		}
		bad.add(s.path, "%q cannot be chosen: %s; %s", s.value, one.why, advice)
	}
}
