package main

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed harness.txt
var harnessBody string

// harness returns a test file of the package that serves the units which setup makes.
func harness(pkg string, imports []string, setup string) string {
	all := append([]string{"bufio", "fmt", "os", "reflect", "strconv", "strings", "syscall", "testing", "time", "unsafe", module}, imports...)
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n\nimport (\n", pkg)
	for _, path := range all {
		fmt.Fprintf(&b, "\t%q\n", path)
	}
	fmt.Fprintf(&b, ")\n\n%s\n%s", harnessBody, setup)
	return b.String()
}

const module = "github.com/contactsync/contactsync"

// rootHarness serves the tests of the root package, whose own TestMain calls it.
func rootHarness() string {
	return harness("contactsync_test", nil, `
func flipMain(m *testing.M) {
	var units []flipUnit
	tests := flipOnly(m, func(t *testing.T) { flipServe(t, units) })
	for _, test := range tests {
		units = append(units, flipUnit{test.Name, test.F})
	}
}
`)
}

// e2eHarness serves the scenarios, over the store in memory.
func e2eHarness() string {
	return harness("e2e_test", []string{"errors", module + "/internal/e2e", module + "/memstore"}, `
func TestMain(m *testing.M) {
	flipOnly(m, func(t *testing.T) {
		scenarios, err := e2e.ReadFolder("testdata/scenarios")
		if err != nil {
			t.Fatal(err)
		}
		var units []flipUnit
		for _, s := range scenarios {
			units = append(units, flipUnit{s.Name, func(t *testing.T) {
				for _, v := range e2e.Variants()[:3] {
					if _, err := s.Swapped(); v.Swapped && errors.Is(err, e2e.ErrOneWay) {
						continue
					}
					if err := e2e.Play(t.Context(), s, memstore.New(), v); err != nil {
						t.Fatal(err)
					}
				}
			}})
		}
		flipServe(t, units)
	})
	os.Exit(m.Run())
}
`)
}
