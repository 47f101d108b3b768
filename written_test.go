package contactsync

import (
	"fmt"
	"testing"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// What is known of a record that run 2 wrote to, by its journal.
func TestGather(t *testing.T) {
	t.Parallel()
	wrote := func(key string, op connector.Op, before, after, value string) entry {
		e := entry{key: key, before: before, after: after}
		e.Side, e.Op, e.IDs = B, op, [2]string{"a1", "b1"}
		if value != "" {
			e.After = contact.Fields{"first": contact.Text(value)}
		}
		return e
	}
	back := func(e entry, row string) entry { e.Back = row; return e }
	replaced := func(e entry, value string) entry {
		e.Before = contact.Fields{"first": contact.Text(value)}
		return e
	}
	refused := func(e entry) entry { e.Refused = "no"; return e }
	part := func(e entry) entry { e.Part = true; return e }
	byRule := func(e entry) entry { e.Why = map[string]Why{"first": {Rule: "r"}}; return e }
	const run2, run2b, run3, run4, run5, found = "000000002 00000001", "000000002 00000002", "000000003 00000001", "000000004 00000001", "000000005 00000001", "000000002 r000000003 00000001"
	created := wrote(run2, connector.Create, "", "1", "Ann")
	for name, row := range map[string]struct {
		entries []entry
		want    string
	}{
		"nothing":                    {[]entry{wrote(run3, connector.Update, "1", "2", "Ann")}, "nothing"},
		"created":                    {[]entry{created}, `create at "1" shows Ann`},
		"and written to by a later":  {[]entry{created, wrote(run3, connector.Update, "1", "2", "Anna")}, `create at "2" shows Anna since 3 brought [first]`},
		"by a later one for a rule":  {[]entry{created, byRule(wrote(run3, connector.Update, "1", "2", "Anna"))}, `create at "2" shows Anna since 3`},
		"which was taken back":       {[]entry{created, wrote(run3, connector.Update, "1", "2", "Anna"), back(wrote(run4, connector.Update, "2", "3", "Ann"), run3)}, `create at "3" shows Ann`},
		"which was refused":          {[]entry{created, refused(wrote(run3, connector.Update, "1", "2", "Anna"))}, `create at "1" shows Ann`},
		"edited in between":          {[]entry{created, wrote(run3, connector.Update, "2", "3", "Anna")}, `create at "1" shows Anna since 3 brought [first] broken`},
		"edited within the run":      {[]entry{created, wrote(run2b, connector.Update, "2", "3", "Anna")}, `create at "1" shows Anna broken`},
		"recovered":                  {[]entry{wrote(found, connector.Create, "", "", "Ann")}, `create at "" shows Ann`},
		"recovered, then written to": {[]entry{wrote(found, connector.Create, "", "", "Ann"), wrote(run3, connector.Update, "4", "5", "Anna")}, `create at "" shows Anna since 3 brought [first]`},
		"then recovered":             {[]entry{created, wrote(run3, connector.Update, "", "", "Anna"), wrote(run4, connector.Update, "3", "4", "Anne")}, `create at "" shows Anne since 4 brought [first]`},
		"overwritten, no versions":   {[]entry{wrote(run2, connector.Create, "", "", "Ann"), replaced(wrote(run3, connector.Update, "", "", "Anna"), "Eve")}, `create at "" shows Anna since 3 brought [first] broken`},
		"ours, no versions":          {[]entry{wrote(run2, connector.Create, "", "", "Ann"), replaced(wrote(run3, connector.Update, "", "", "Anna"), "Ann")}, `create at "" shows Anna since 3 brought [first]`},
		"taken back":                 {[]entry{created, back(wrote(run3, connector.Delete, "1", "", ""), run2)}, `create at "" shows Ann taken`},
		"updated twice":              {[]entry{wrote(run2, connector.Update, "1", "2", "Ann"), wrote(run2b, connector.Update, "2", "3", "Anna")}, `update at "3" shows Anna`},
		"deleted":                    {[]entry{wrote(run2, connector.Delete, "1", "", "")}, `delete at "" shows `},
		"deleted, restored, updated": {[]entry{wrote(run2, connector.Delete, "1", "", ""), back(wrote(run3, connector.Create, "", "1", "Ann"), run2), wrote(run5, connector.Update, "1", "2", "Anna")}, `delete at "" shows Anna since 5 brought [first] taken`},
		"to one that is part of it":  {[]entry{part(wrote(run2, connector.Update, "1", "2", "Eve"))}, "nothing"},
		"which was taken back too":   {[]entry{created, part(back(wrote(run3, connector.Update, "1", "2", "Eve"), run2))}, `create at "1" shows Ann`},
		"it came and went":           {[]entry{created, wrote(run2b, connector.Delete, "1", "", "")}, ` at "" shows Ann`},
	} {
		at := ref{B, "b1"}
		it := gather(at, map[ref][]entry{at: row.entries}, 2, false)
		got := "nothing"
		if it != nil {
			got = fmt.Sprintf("%s at %q shows %s", it.op(), it.version, it.shows["first"].Str())
			if it.since != 0 {
				got += fmt.Sprintf(" since %d", it.since)
			}
			if it.brought != nil {
				got += fmt.Sprintf(" brought %s", it.brought)
			}
			if it.broken {
				got += " broken"
			}
			if it.taken {
				got += " taken"
			}
		}
		if got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}
