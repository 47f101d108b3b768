package davsim

import (
	"slices"
	"time"

	"github.com/contactsync/contactsync/connector/apptest/davfake"
)

// presets are the servers that people use.
var presets = map[string]func() davfake.Quirks{
	"radicale": davfake.Radicale, "xandikos": davfake.Xandikos, "davical": davfake.DAViCal, "nextcloud": davfake.Nextcloud,
	"fastmail": davfake.Fastmail, "google": davfake.Google,
	"icloud": func() davfake.Quirks { // on one host: discovery over two of them is tested elsewhere
		q := davfake.ICloud()
		q.OtherHost = false
		return q
	},
}

// single are habits that any server may have beside.
var single = map[string]func(*davfake.Quirks){
	"no_sync":       func(q *davfake.Quirks) { q.NoSync = true },
	"no_ctag":       func(q *davfake.Quirks) { q.NoSync, q.NoCTag = true, true },
	"few_changes":   func(q *davfake.Quirks) { q.SyncLimit = 2 },
	"few_cards":     func(q *davfake.Quirks) { q.MultigetLimit, q.MultigetSkips = 1, true },
	"tokens_lapse":  func(q *davfake.Quirks) { q.TokenLife = 2 * time.Hour },
	"restarts":      func(q *davfake.Quirks) { q.BadTokenRestarts = true },
	"bad_token_500": func(q *davfake.Quirks) { q.BadToken = davfake.Answer{Status: 500, Bare: true} },
	"gone_ever":     func(q *davfake.Quirks) { q.Gone = davfake.GoneEver },
	"weak":          func(q *davfake.Quirks) { q.Weak = true },
	"weak_never":    func(q *davfake.Quirks) { q.Weak, q.WeakNeverMatches = true, true },
	"counted":       func(q *davfake.Quirks) { q.CountedETags = true },
	"no_put_etag":   func(q *davfake.Quirks) { q.NoPutETag = true },
	"etag_all_the_same": func(q *davfake.Quirks) {
		q.PutETagAlways, q.Rewrite = true, append(q.Rewrite, davfake.Sort)
	},
	"rev":           func(q *davfake.Quirks) { q.Rewrite = append(q.Rewrite, davfake.AddREV) },
	"refold":        func(q *davfake.Quirks) { q.Rewrite = append(q.Rewrite, davfake.Upper, davfake.Refold) },
	"drop_x":        func(q *davfake.Quirks) { q.Rewrite = append(q.Rewrite, davfake.DropX) },
	"new_uid":       func(q *davfake.Quirks) { q.Rewrite = append(q.Rewrite, davfake.NewUID) },
	"uid_bare":      func(q *davfake.Quirks) { q.UID = davfake.UIDConflictBare },
	"query_all":     func(q *davfake.Quirks) { q.Query = davfake.QueryAll },
	"query_missing": func(q *davfake.Quirks) { q.Query = davfake.QueryMissing },
	"query_broken":  func(q *davfake.Quirks) { q.Query = davfake.QueryBroken },
	"escapes":       func(q *davfake.Quirks) { q.AbsoluteHrefs, q.Escapes = true, davfake.EscapesLower },
	"errors_207":    func(q *davfake.Quirks) { q.ErrorsIn207 = true },
	// Groups that are cards of their own, as Apple's programs and as vCard 4 make them: see [place.fill].
	"apple_groups": func(*davfake.Quirks) {},
	"kind_groups":  func(*davfake.Quirks) {},
}

// quirksOf returns the server of these habits. One that is not known is none.
func quirksOf(habits []string) (q davfake.Quirks) {
	for _, h := range habits {
		if preset := presets[h]; preset != nil {
			q = preset()
		}
	}
	for _, h := range habits {
		if change := single[h]; change != nil {
			change(&q)
		}
	}
	return q
}

// forgets reports whether a server may say nothing of a change that it has forgotten: it is found when the whole book is
// named anew, within a day.
func forgets(q davfake.Quirks) bool { return q.BadTokenRestarts }

// drops reports whether a server drops properties that groups of Apple's kind are made of.
func drops(q davfake.Quirks) bool { return slices.Contains(q.Rewrite, davfake.DropX) }
