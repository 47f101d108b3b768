package contactsync_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
)

// TestLinearInput: of input of twice the length no parser takes more than two and a half times the memory, counted by what
// it allocates, which no wall clock and no other test has a say in. It is not parallel, for all allocations count. Those of
// vCards and CSV are beside them.
func TestLinearInput(t *testing.T) {
	spent := func(do func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	many := func(n int, format string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(parts, ",")
	}
	for name, parse := range map[string]func(n int){
		"rules": func(n int) {
			_, _ = contactsync.ParseConnection([]byte(`{"id":"c","rules":[` + many(n, `{"id":"r%d","from":"a"}`) + `]}`))
		},
		"conditions": func(n int) {
			_, _ = contactsync.ParseConnection([]byte(`{"id":"c","rules":[{"from":"a","filter":{"all":[` + many(n, `{"field":"f%d","op":"is_known"}`) + `]}}]}`))
		},
		"faults":      func(n int) { _, _ = contactsync.ParseConnection([]byte(`{"id":"c",` + many(n, `"k%d":1`) + `}`)) },
		"nesting":     func(n int) { _, _ = contactsync.ParseConnection([]byte(strings.Repeat(`{"not":`, n))) },
		"fields":      func(n int) { _, _ = contact.ParseFields([]byte(`{` + many(n, `"f%d":"x"`) + `}`)) },
		"one text":    func(n int) { _, _ = contact.ParseFields([]byte(`{"f":"` + strings.Repeat(`\u00e9`, n) + `"}`)) },
		"a list":      func(n int) { _, _ = contact.ParseFields([]byte(`{"f":[` + many(n, `{"value":"%d"}`) + `]}`)) },
		"marks":       func(n int) { contact.NormalText("e" + strings.Repeat("\u0301", n)) },
		"an email":    func(n int) { contact.EmailKey(strings.Repeat("\u00e9", n) + "@example.com") },
		"its domain":  func(n int) { contact.EmailKey("a@" + strings.Repeat("x.", n) + "example.com") },
		"brackets":    func(n int) { contact.EmailKey(strings.Repeat("<", n) + "a@example.com" + strings.Repeat(">", n)) },
		"a phone":     func(n int) { contact.PhoneKey("+"+strings.Repeat("9 ", n), "BE") },
		"a selector":  func(n int) { _, _ = contact.ParseSelector(strings.Repeat("a[type=x]", n)) },
		"a length":    func(n int) { _, _ = contactsync.ParseSpan(strings.Repeat("1h", n)) },
		"a span of d": func(n int) { _, _ = contactsync.ParseSpan(strings.Repeat("1", n) + "d") },
	} {
		const n = 4000
		parse(n) // what is set up once is not counted
		one, two := spent(func() { parse(n) }), spent(func() { parse(2 * n) })
		if two > one*5/2+16<<10 {
			t.Errorf("%s: %d bytes for %d, %d for twice as many", name, one, n, two)
		}
	}
}
