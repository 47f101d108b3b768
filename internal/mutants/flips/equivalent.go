package main

import (
	_ "embed"
	"fmt"
	"strings"
)

// equivalents are the flips after which the program does the same, each followed by the reason.
//
//go:embed equivalent.txt
var equivalents string

// readEquivalents returns the reasons by the sites' keys. One whose site is no more is an error, for nobody would
// notice that it stopped being true.
func readEquivalents(sites []*Site) (map[string]string, error) {
	known := map[string]bool{}
	for _, s := range sites {
		known[s.Key()] = true
	}
	all, key := map[string]string{}, ""
	for i, line := range strings.Split(equivalents, "\n") {
		bad := func(what string) error { return fmt.Errorf("equivalent.txt:%d: %s", i+1, what) }
		switch reason, isReason := strings.CutPrefix(line, "\t"); {
		case line == "" || strings.HasPrefix(line, "//"):
		case isReason && key == "":
			return nil, bad("a reason without a flip")
		case isReason:
			all[key], key = reason, ""
		case key != "":
			return nil, bad("the flip before it has no reason")
		case !known[line]:
			return nil, bad("there is no such flip any more: " + line)
		case all[line] != "":
			return nil, bad("declared twice: " + line)
		default:
			key = line
		}
	}
	if key != "" {
		return nil, fmt.Errorf("equivalent.txt: the last flip has no reason")
	}
	return all, nil
}
