package sim

import "slices"

// A family is a fault of the catalogue, and how it is brought about: by faults at calls, by what an app is like, or by
// steps of users and people.
type family struct {
	id    string
	words string
	kinds []injector // at a call of a sync
}

// An injector is one way in which a call goes wrong.
type injector struct {
	kind string
	on   []string
	// styles is how many ways there are; 0 is one.
	styles int
	// times is up to how many calls in a row go wrong; 0 is one.
	times int
}

var (
	feeds  = []string{"changes", "list"}
	reads  = []string{"changes", "list", "read", "find", "identity"}
	writes = []string{"create", "update", "delete", "create", "update", "write", "write"}
	stores = []string{"store.update", "store.update", "store.update", "store.acquire", "store.renew", "store.release", "store.view"}
	calls  = slices.Concat(reads, writes)
)

// families are the faults that are brought about, by F-number. Those that have no injectors are drawn as habits of apps
// (drawApp), as steps (drawStep), or as the world's shape (Draw); what fires is counted where it happens.
var families = []family{
	{"F1", "an app that cannot be reached", []injector{{kind: "unavailable", on: calls, times: 6}, {kind: "error_before", on: slices.Concat(reads, writes), times: 6}}},
	{"F2", "a listing that turns up empty", []injector{{kind: "empty", on: feeds}}},
	{"F3", "a listing that was cut off", []injector{{kind: "truncated", on: feeds}}},
	{"F4", "pages without end", []injector{{kind: "endless", on: feeds, times: 12, styles: 2}}},
	{"F5", "another page without a cursor", []injector{{kind: "no_cursor", on: feeds}}},
	{"F6", "cursors that expire", []injector{{kind: "expired", on: []string{"changes"}}}},
	{"F7", "a feed that repeats itself", []injector{{kind: "page_again", on: []string{"changes"}}, {kind: "stale", on: []string{"changes"}}}},
	{"F9", "a feed that lags behind", nil},
	{"F11", "fields that are not told for a time", nil},
	{"F12", "another account", nil},
	{"F13", "records that get another id, and merges", nil},
	{"F14", "versions that change for nothing", nil},
	{"F15", "a record that cannot be read", []injector{{kind: "unread", on: []string{"changes"}}}},
	{"F16", "garbage instead of an answer", []injector{{kind: "garbage", on: reads, times: 3}}},
	{"F20", "a record twice in one page", []injector{{kind: "double", on: []string{"changes"}}}},
	{"F21", "answers lost after the act", []injector{{kind: "lost", on: writes}}},
	{"F22", "errors after the act", []injector{{kind: "error_after", on: writes}}},
	{"F24", "values that come back otherwise", nil},
	{"F25", "apps that hold less", nil},
	{"F26", "a user who edits just before a write", []injector{{kind: "meanwhile", on: []string{"update", "update", "delete", "create"}}}},
	{"F27", "one record of a call is refused", []injector{{kind: "refused", on: writes}}},
	{"F28", "too many calls", []injector{{kind: "rate_limited", on: calls, times: 7, styles: 4}}},
	{"F29", "a quota that is used up", []injector{{kind: "quota", on: calls, times: 3}}},
	{"F30", "credentials that stop working", []injector{{kind: "unauthorized", on: calls, times: 20}}},
	{"F31", "one record of a call is forbidden", []injector{{kind: "forbidden", on: writes}}},
	{"F32", "a part of a batch", []injector{{kind: "partial", on: writes}}},
	{"F33", "an answer that is too short", []injector{{kind: "short", on: writes}, {kind: "short", on: []string{"read"}}}},
	{"F35", "an app that has the record already", nil},
	{"F36", "an automation that writes over it", nil},
	{"F38", "a connector that panics", []injector{{kind: "panic_before", on: calls}, {kind: "panic_after", on: writes}}},
	{"F42", "deliveries twice and in any order", nil},
	{"F46", "a store that fails before it commits", []injector{{kind: "error_before", on: stores}}},
	{"F47", "a store that commits and fails", []injector{{kind: "error_after", on: []string{"store.update"}}}},
	{"F49", "a disk that is full", []injector{{kind: "error_before", on: []string{"store.update"}, times: 100}}},
	{"F53", "a store restored from an old copy", nil},
	{"F55", "a store that is lost", nil},
	{"F61", "a process that dies", []injector{{kind: "crash_before", on: calls}, {kind: "crash_after", on: writes}, {kind: "crash_before", on: stores},
		{kind: "crash_after", on: []string{"store.update"}}, {kind: "crash_before", on: []string{"any"}}}},
	{"F62", "two engines at once", []injector{{kind: "meanwhile", on: slices.Concat(calls, stores, []string{"any"})}}},
	{"F68", "another configuration in the middle", []injector{{kind: "meanwhile", on: slices.Concat(calls, stores)}}},
	{"F70", "a long pause", []injector{{kind: "suspend", on: calls, styles: 3}}},
	{"F72", "engines whose clocks differ", nil},
	{"F73", "an app whose clock is wrong", nil},
	{"F74", "coarse times", nil},
	{"F75", "absurd times", nil},
	{"F83", "another direction or policy", nil},
	{"F85", "other rules", nil},
	{"F87", "rings of connections", nil},
	{"F93", "keys that several share", nil},
	{"F94", "the same person entered on both sides", nil},
	{"F96", "keys that are edited", nil},
	{"F97", "records without a key", nil},
	{"F98", "deletions and entries anew", nil},
	{"F99", "values that are typed otherwise", nil},
	{"F100", "fields that are emptied", nil},
	{"F103", "an account that is emptied, and bulk imports", nil},
	{"F105", "a run that is taken back", nil},
}

// laterFrom is the first seed that draws the later families as well. The seeds before it stay what they were when they were
// written down.
const laterFrom = 1_000_001

var later = []family{
	{"F8", "a feed that leaves a change out", []injector{{kind: "omitted", on: []string{"changes"}, times: 3}}},
	{"F10", "a listed record that is not there when it is read", []injector{{kind: "missing", on: []string{"read"}, times: 2}}},
	{"F18", "answers that never come", []injector{{kind: "hang_before", on: calls, times: 2}, {kind: "hang_after", on: writes}}},
	{"F23", "an answer, and yet nothing was stored", []injector{{kind: "unstored", on: []string{"update"}, times: 4}}},
}

// familyOf returns a family by its F-number.
func familyOf(id string) *family {
	for _, all := range [][]family{families, later} {
		if i := slices.IndexFunc(all, func(f family) bool { return f.id == id }); i >= 0 {
			return &all[i]
		}
	}
	panic("sim: there is no family " + id)
}
