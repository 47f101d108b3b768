package contactsync

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// alwaysAlike is a scorer for whom everybody who shares a stage is alike to this degree.
type alwaysAlike struct {
	value    float64
	doubtful bool
}

func (s alwaysAlike) Blocks(p Person) []string {
	if v := p.Record.Fields["stage"]; !v.Blank() {
		return []string{v.Str()}
	}
	return nil
}

func (s alwaysAlike) Score(Person, Person) Score { return Score{Value: s.value, Doubtful: s.doubtful} }
func (s alwaysAlike) String() string             { return "always alike" }

// TestLikeliest: whom the engine links although no key says so: the one who is alike enough, and about whom there is no doubt.
func TestLikeliest(t *testing.T) {
	t.Parallel()
	pairUp := func(d *shelf, b string) {
		d.links[ref{B, b}] = &link{ID: [2]string{"a9", b}, Copy: [2]bool{true, false}}
	}
	for _, tt := range []struct {
		name   string
		scorer alwaysAlike
		above  float64
		change func(*shelf)
		link   bool
	}{
		{"alike enough", alwaysAlike{value: 0.9}, 0.8, nil, true},
		{"just alike enough", alwaysAlike{value: 0.8}, 0.8, nil, true},
		{"just alike enough to be suggested", alwaysAlike{value: 0.5}, 0.5, nil, true},
		{"not alike enough", alwaysAlike{value: 0.7}, 0.8, nil, false},
		{"not even to be suggested", alwaysAlike{value: 0.4}, 0.3, nil, false},
		{"doubtful", alwaysAlike{value: 0.9, doubtful: true}, 0.8, nil, false},
		{"nobody asked for it", alwaysAlike{value: 1}, 0, nil, false},
		{"two are alike", alwaysAlike{value: 0.9}, 0.8, func(d *shelf) {
			d.put(&mirror{side: B, id: "b2", Fields: spelled(d.cfg.schema[B], "email=z@x.org stage=x")})
		}, false},
		{"two of its own are alike", alwaysAlike{value: 0.9}, 0.8, func(d *shelf) {
			d.put(&mirror{side: A, id: "a2", Fields: spelled(d.cfg.schema[A], "email=z@x.org stage=x")})
		}, false},
		{"the other one is a copy of ours", alwaysAlike{value: 0.9}, 0.8, func(d *shelf) { pairUp(d, "b1") }, false},
		{"a write to it is open", alwaysAlike{value: 0.9}, 0.8, func(d *shelf) { d.sent = map[ref]bool{{A, "a1"}: true} }, false},
		{"a write to the other is open", alwaysAlike{value: 0.9}, 0.8, func(d *shelf) { d.sent = map[ref]bool{{B, "b1"}: true} }, false},
		{"somebody here bears the key of the other", alwaysAlike{value: 0.9}, 0.8, func(d *shelf) {
			d.put(&mirror{side: A, id: "a2", Fields: spelled(d.cfg.schema[A], "email=y@x.org")})
			d.put(&mirror{side: A, id: "a3", Fields: spelled(d.cfg.schema[A], "email=y@x.org")})
		}, false},
		{"a person keeps them apart", alwaysAlike{value: 0.9}, 0.8, func(d *shelf) { d.apart = map[[2]string]bool{{"a1", "b1"}: true} }, false},
		{"the other side was not read to its end", alwaysAlike{value: 0.9}, 0.8, func(d *shelf) { d.partly[B] = true }, false},
	} {
		cfg := between(t, Connection{Mappings: []Mapping{MapFields("email", "email")}, Match: Match{SuggestAbove: 0.5, LinkAbove: 0.8, Scorer: tt.scorer}}, tagged(), tagged())
		cfg.Match.LinkAbove = tt.above
		d := two(cfg, "email=x@x.org stage=x", "email=y@x.org stage=x")
		if tt.change != nil {
			tt.change(d)
		}
		c := cfg.likeliest(d, d.mirrors[ref{A, "a1"}], stateNow)
		require.Equal(t, tt.link, c != nil, tt.name)
		if c != nil {
			m := (&planner{cfg: cfg, dir: d, now: stateNow}).decide(ref{A, "a1"})
			require.Equal(t, linkedAlike, m.link.How, tt.name)
			require.Equal(t, [2]string{"a1", "b1"}, m.link.ID, tt.name)
			require.True(t, m.made && m.writes != nil, tt.name)
		}
	}
}

// TestLetsEither: one of two has to be let in by a rule, or to be linked where that is sticky.
func TestLetsEither(t *testing.T) {
	t.Parallel()
	rules := []Rule{FilterRule{From: A, Filter: Has("labels", "in")}, FilterRule{From: B, Filter: Has("labels", "in")}}
	for _, tt := range []struct {
		name   string
		scope  Scoping
		a, b   string
		linked bool // a's, with somebody else
		want   bool
	}{
		{"neither", ScopeRule, "", "", false, false}, {"a's", ScopeRule, "labels=in", "", false, true}, {"b's", ScopeRule, "", "labels=in", false, true},
		{"neither, though linked", ScopeRule, "", "", true, false}, {"neither, sticky", ScopeSticky, "", "", false, false},
		{"neither, sticky, and linked", ScopeSticky, "", "", true, true}, {"b's, sticky", ScopeSticky, "", "labels=in", false, true},
	} {
		cfg := between(t, Connection{Scope: tt.scope, Mappings: []Mapping{MapFields("email", "email")}, Rules: rules}, tagged(), tagged())
		d := two(cfg, tt.a, tt.b)
		if tt.linked {
			d.link(&link{key: "1", ID: [2]string{"a1", "b9"}})
		}
		require.Equal(t, tt.want, cfg.letsEither(d, d.record(ref{A, "a1"}), d.record(ref{B, "b1"}), stateNow), tt.name)
	}
}
