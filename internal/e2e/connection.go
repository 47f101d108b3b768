package e2e

import (
	"encoding/json"
	"maps"

	"github.com/contactsync/contactsync"
)

// The owner and id of every scenario's connection.
const (
	owner        = "scenarios"
	connectionID = "scenario"
)

// defaults is the connection of a scenario that says nothing of it. The mappings are left to the library, which
// finds the fields that both apps have by their meaning.
func defaults() map[string]any {
	return map[string]any{
		"owner":     owner,
		"id":        connectionID,
		"direction": "two-way",
		"rules":     []any{map[string]any{"from": "a"}, map[string]any{"from": "b"}},
		"match":     map[string]any{"keys": []any{"email"}, "require_key": true},
		"conflict":  map[string]any{"policy": "winner", "winner": "a"},
		"deletions": map[string]any{"from_a": "keep", "from_b": "keep"},
	}
}

// document returns the connection of the scenario, with these top-level keys of its own replaced, over the defaults.
func (s *Scenario) document(changes map[string]any) (map[string]any, error) {
	own := maps.Clone(s.Connection)
	if own == nil {
		own = map[string]any{}
	}
	maps.Copy(own, changes)
	doc := merge(defaults(), own)
	if s.swapped {
		return swapConnection(doc)
	}
	return doc, nil
}

// ConnectionJSON returns the scenario's connection in the library's JSON form, with these top-level keys of its own
// replaced; nil for none.
func (s *Scenario) ConnectionJSON(changes map[string]any) ([]byte, error) {
	doc, err := s.document(changes)
	if err != nil {
		return nil, err
	}
	return json.Marshal(doc)
}

// parse returns the connection of that document.
func (s *Scenario) parse(changes map[string]any) (contactsync.Connection, error) {
	data, err := s.ConnectionJSON(changes)
	if err != nil {
		return contactsync.Connection{}, err
	}
	return contactsync.ParseConnection(data)
}

// merge returns base with what over says: objects merge, everything else replaces.
func merge(base, over map[string]any) map[string]any {
	out := maps.Clone(base)
	for key, v := range over {
		below, isObject := out[key].(map[string]any)
		above, too := v.(map[string]any)
		if isObject && too {
			out[key] = merge(below, above)
		} else {
			out[key] = v
		}
	}
	return out
}
