package e2e

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ErrOneWay says that a scenario has no mirror image: one of its transforms goes from a to b only.
var ErrOneWay = errors.New("cannot be swapped")

// Swapped returns the scenario with the two apps in each other's place: what happened to a happens to b, and the
// winner, the rules, the mappings and the deletions are turned round with them. It fails with ErrOneWay if a
// mapping cannot be turned round.
func (s *Scenario) Swapped() (*Scenario, error) {
	out := *s
	out.swapped = !s.swapped
	out.Apps[0], out.Apps[1] = s.Apps[1], s.Apps[0]
	if _, err := out.document(nil); err != nil {
		return nil, err
	}
	out.Steps = slices.Clone(s.Steps)
	for i, step := range s.Steps {
		if c, ok := step.does.(configureStep); ok {
			if _, err := out.document(c); err != nil {
				return nil, err
			}
		}
		out.Steps[i].does = step.does.swapped()
	}
	return &out, nil
}

// swapConnection returns the mirror image of a whole connection.
func swapConnection(doc map[string]any) (map[string]any, error) {
	out := swapKeys(doc, "a", "b") // the endpoints
	swapText(out, "direction")
	if rules, ok := out["rules"].([]any); ok {
		out["rules"] = each(rules, func(rule map[string]any) map[string]any {
			rule = maps.Clone(rule)
			swapText(rule, "from")
			return rule
		})
	}
	if policy, ok := out["conflict"].(map[string]any); ok {
		out["conflict"] = swapPolicy(policy)
	}
	if deletions, ok := out["deletions"].(map[string]any); ok {
		deletions = swapKeys(deletions, "from_a", "from_b")
		if mark, ok := deletions["mark"].(map[string]any); ok {
			deletions["mark"] = swapKeys(mark, "a", "b")
		}
		out["deletions"] = deletions
	}
	if match, ok := out["match"].(map[string]any); ok {
		match = maps.Clone(match)
		if keys, ok := match["keys"].([]any); ok {
			match["keys"] = each(keys, func(key map[string]any) map[string]any { return swapKeys(key, "a", "b") })
		}
		out["match"] = match
	}
	if refs, ok := out["disable_mappings"].([]any); ok {
		out["disable_mappings"] = each(refs, func(ref map[string]any) map[string]any { return swapKeys(ref, "a", "b") })
	}
	for _, key := range []string{"mappings", "add_mappings"} {
		mappings, ok := out[key].([]any)
		if !ok {
			continue
		}
		var err error
		out[key] = each(mappings, func(m map[string]any) map[string]any {
			swapped, e := swapMapping(m)
			err = errors.Join(err, e)
			return swapped
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// each returns the list with its objects changed and all else as it was.
func each(list []any, change func(map[string]any) map[string]any) []any {
	out := slices.Clone(list)
	for i, element := range list {
		if object, ok := element.(map[string]any); ok {
			out[i] = change(object)
		}
	}
	return out
}

// swapMapping returns the mirror image of a mapping.
func swapMapping(m map[string]any) (map[string]any, error) {
	out := swapKeys(m, "a", "b")
	swapText(out, "direction")
	if values, ok := out["default"].(map[string]any); ok {
		out["default"] = swapKeys(values, "a", "b")
	}
	if policy, ok := out["conflict"].(map[string]any); ok {
		out["conflict"] = swapPolicy(policy)
	}
	switch t := out["transform"].(type) {
	case nil:
	case string:
		if t != "split_name" { // which knows by the fields which side has the parts
			return nil, fmt.Errorf("%w: transform %q", ErrOneWay, t)
		}
	case map[string]any:
		table, ok := t["map"].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%w: transform %q", ErrOneWay, strings.Join(slices.Sorted(maps.Keys(t)), ", "))
		}
		inverted := map[string]any{}
		for from, to := range table {
			inverted[fmt.Sprint(to)] = from
		}
		if len(inverted) != len(table) {
			return nil, fmt.Errorf("%w: two values of a table become one", ErrOneWay)
		}
		out["transform"] = map[string]any{"map": inverted}
	default:
		return nil, fmt.Errorf("%w: a chain of transforms", ErrOneWay)
	}
	return out, nil
}

// swapPolicy returns the mirror image of a policy. Where no winner is named it is a, so the mirror image names b.
func swapPolicy(policy map[string]any) map[string]any {
	out := maps.Clone(policy)
	if out["winner"] == nil {
		out["winner"] = "a"
	}
	swapText(out, "winner")
	return out
}

// swapKeys returns a copy of the object in which two keys have each other's value.
func swapKeys(object map[string]any, a, b string) map[string]any {
	out := maps.Clone(object)
	delete(out, a)
	delete(out, b)
	if v, ok := object[a]; ok {
		out[b] = v
	}
	if v, ok := object[b]; ok {
		out[a] = v
	}
	return out
}

// swapText turns a word that names a side or a direction round, in place.
func swapText(object map[string]any, key string) {
	turned := map[any]string{"a": "b", "b": "a", "a-to-b": "b-to-a", "b-to-a": "a-to-b"}
	if word, ok := object[key].(string); ok && turned[word] != "" {
		object[key] = turned[word]
	}
}
