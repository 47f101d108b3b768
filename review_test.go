package contactsync_test

import (
	"context"
	"encoding/json"
	"testing"

	. "github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// shaped is an app whose schema says something else.
type shaped struct {
	*fake.App
	shape func(*contact.Schema)
}

func (s shaped) Schema(ctx context.Context) (contact.Schema, error) {
	schema, err := s.App.Schema(ctx)
	s.shape(&schema)
	return schema, err
}

// TestReviewWarns: each warning alone, on an app or connection that has just that. Nothing else is warned of.
func TestReviewWarns(t *testing.T) {
	t.Parallel()
	set := func(name string, change func(*contact.Field)) func(*contact.Schema) {
		return func(s *contact.Schema) {
			for i := range s.Fields {
				if s.Fields[i].Name == name {
					change(&s.Fields[i])
				}
			}
		}
	}
	stage := func(s *contact.Schema) {
		s.Fields = append(s.Fields, contact.Field{Name: "stage", Type: contact.TypeText})
	}
	table := []Mapping{{A: []string{"company"}, B: []string{"stage"}, Transform: []Transform{ValueTable{Pairs: [][2]string{{"Acme", "x"}, {"Globex", "x"}}}}}}
	for _, row := range []struct {
		name  string
		c     Connection
		b     func(*contact.Schema)
		want  []WarningKind
		count int
	}{
		{name: "nothing"},
		{"no tombstones", Connection{}, func(s *contact.Schema) { s.Tombstones = false }, []WarningKind{WarnNoTombstones}, 0},
		{"no versions", Connection{}, func(s *contact.Schema) { s.Versions = false }, []WarningKind{WarnNoVersions}, 0},
		{"no refusals", Connection{}, func(s *contact.Schema) { *s = s.Limited(contact.Limit{Cannot: contact.AbilityRefuse}) }, []WarningKind{WarnNoRefusal}, 0},
		{"neither versions nor refusals", Connection{}, func(s *contact.Schema) {
			*s = s.Limited(contact.Limit{Cannot: contact.AbilityRefuse})
			s.Versions = false
		}, []WarningKind{WarnNoVersions}, 0},
		{"unlistable", Connection{}, func(s *contact.Schema) { s.Unlistable = true }, []WarningKind{WarnUnlistable}, 0},
		{"unlistable, and found by a key", Connection{}, func(s *contact.Schema) { s.Unlistable, s.FindBy = true, []string{"email"} }, nil, 0},
		{"no creations", Connection{}, func(s *contact.Schema) { s.NoCreate = true }, []WarningKind{WarnNoCreate}, 0},
		{"no updates", Connection{}, func(s *contact.Schema) { s.NoUpdate = true }, []WarningKind{WarnNoUpdate}, 0},
		{"no deletions, none asked for", Connection{}, func(s *contact.Schema) { s.NoDelete = true }, nil, 0},
		{"no deletions", Connection{Deletions: Deletions{FromA: DeletionDelete}}, func(s *contact.Schema) { s.NoDelete = true }, []WarningKind{WarnNoDelete}, 0},
		{"no deletions the other way", Connection{Deletions: Deletions{FromB: DeletionDelete}}, func(s *contact.Schema) { s.NoDelete = true }, nil, 0},
		{"a required field", Connection{DisableMappings: []MappingRef{{A: "first", B: "first"}}}, set("first", func(f *contact.Field) { f.Required = true }),
			[]WarningKind{WarnRequired, WarnFails}, 0},
		{"a required field that is mapped", Connection{}, set("first", func(f *contact.Field) { f.Required = true }), nil, 0},
		{"a required field that an action sets", Connection{DisableMappings: []MappingRef{{A: "first", B: "first"}}, Rules: []Rule{
			FilterRule{From: A, Filter: HasNot("labels", "x"), Actions: []Action{Set("first", text("?"))}}, FilterRule{From: B}}}, set("first", func(f *contact.Field) { f.Required = true }), nil, 0},
		{"a required field, nobody created", Connection{DisableMappings: []MappingRef{{A: "first", B: "first"}}, Rules: []Rule{FilterRule{From: A, Mode: UpdateOnly}, FilterRule{From: B}}},
			set("first", func(f *contact.Field) { f.Required = true }), nil, 0},
		{"a lossy table, and a value without entry", Connection{AddMappings: table, DisableMappings: []MappingRef{{A: "company", B: "company"}}}, stage, []WarningKind{WarnLossy, WarnFails}, 1},
		{"no key", Connection{Match: Match{Keys: []MatchKey{{Kind: KeyPhone}}, AllowKeyless: true}},
			func(s *contact.Schema) { set("phone", func(f *contact.Field) { f.Type = contact.TypeText })(s) }, []WarningKind{WarnNoKey}, 0},
		{"no rule", Connection{Rules: []Rule{FilterRule{From: B}}}, nil, []WarningKind{WarnNoFlow}, 0},
		{"no rule, one-way", Connection{Rules: []Rule{FilterRule{From: A}}, Direction: AToB}, nil, nil, 0},
		{"acts on all", Connection{Rules: []Rule{FilterRule{From: A, Actions: []Action{Add("tags", "x")}}, FilterRule{From: B}}}, nil, []WarningKind{WarnActsOnAll}, 0},
		{"acts on some", Connection{Rules: []Rule{FilterRule{From: A, Filter: HasNot("labels", "x"), Actions: []Action{Add("tags", "x")}}, FilterRule{From: B}}}, nil, nil, 0},
		{"too long", Connection{}, set("company", func(f *contact.Field) { f.MaxLength = 3 }), []WarningKind{WarnTooLong}, 2},
		{"long enough", Connection{}, set("company", func(f *contact.Field) { f.MaxLength = 10 }), nil, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a, b := fake.New("a", bookFields("labels")), fake.New("b", bookFields("tags"))
			require.NoError(t, a.Put(person("ann", "Ann", "Acme"), person("bob", "Bob", "Initech")))
			if row.b == nil {
				row.b = func(*contact.Schema) {}
			}
			row.c.ID = "a-b"
			s, err := Open(t.Context(), row.c, a, shaped{b, row.b}, memstore.New())
			require.NoError(t, err)
			review, err := s.Review(t.Context())
			require.NoError(t, err)
			var got []WarningKind
			for _, w := range review.Warnings {
				got = append(got, w.Kind)
				if w.Message == "" || w.Advice == "" {
					t.Errorf("%s says nothing: %+v", w.Kind, w)
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
			if n := len(review.Warnings); row.count > 0 && review.Warnings[n-1].Count != row.count {
				t.Errorf("%+v concerns %d", review.Warnings[n-1], review.Warnings[n-1].Count)
			}
			if len(b.Records()) > 0 {
				t.Error("the review wrote")
			}
		})
	}
}

// TestReviewOfWhatReadingTells: what an app knows of itself only once it was read is in the first review.
func TestReviewOfWhatReadingTells(t *testing.T) {
	t.Parallel()
	a, b := fake.New("a", bookFields("labels")), fake.New("b", bookFields("tags"))
	require.NoError(t, a.Put(person("ann", "Ann", "Acme")))
	app := shaped{b, func(s *contact.Schema) {
		if b.Calls()["changes"] > 0 {
			*s = s.Limited(contact.Limit{Cannot: contact.AbilityRefuse, Why: "b refuses nothing", ForNow: true})
		}
	}}
	s, err := Open(t.Context(), Connection{ID: "a-b"}, a, app, memstore.New())
	require.NoError(t, err)
	review, err := s.Review(t.Context())
	require.NoError(t, err)
	require.Len(t, review.Warnings, 1)
	require.Equal(t, Warning{Kind: WarnNoRefusal, Side: B, Message: "b refuses nothing", Advice: "sync when nobody works in it, if that matters"}, review.Warnings[0])
}

// TestReviewOfSharedEmails names those who share one.
func TestReviewOfSharedEmails(t *testing.T) {
	t.Parallel()
	a, b := fake.New("a", bookFields("labels")), fake.New("b", bookFields("tags"))
	twin := person("ann2", "Anna", "")
	twin.Fields["email"] = text("ann@example.com")
	require.NoError(t, a.Put(person("ann", "Ann", ""), twin, person("bob", "Bob", "")))
	s, err := Open(t.Context(), Connection{ID: "a-b"}, a, b, memstore.New())
	require.NoError(t, err)
	review, err := s.Review(t.Context())
	require.NoError(t, err)
	require.Len(t, review.Warnings, 1)
	require.Equal(t, []string{"ann", "ann2"}, review.Warnings[0].IDs)
	require.Equal(t, "2 contacts of a share their email with another one there; they are shown as duplicates and not linked by it", review.Warnings[0].Message)
}

// TestDraftNamesEveryFault: a draft opens with its faults, shows them, and does not sync; mended, it does.
func TestDraftNamesEveryFault(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memstore.New()
	a, b := fake.New("a", bookFields("labels")), fake.New("b", bookFields("tags"))
	c := Connection{ID: "a-b", Direction: "both", Rules: []Rule{FilterRule{From: A, Filter: Has("colour", "x")}}}
	_, err := Open(ctx, c, a, b, store)
	require.ErrorAs(t, err, new(*InvalidError), "only a draft may be wrong")
	s, err := Open(ctx, c, a, b, store, Draft())
	require.NoError(t, err)
	review, err := s.Review(ctx)
	require.NoError(t, err)
	var paths []string
	for _, f := range review.Faults {
		paths = append(paths, f.Path)
	}
	if diff := cmp.Diff([]string{"direction", "rules[0].filter.field"}, paths); diff != "" || review.Ready() || review.Forecast != nil || review.State != StateDraft {
		t.Errorf("%+v\n%s", review, diff)
	}
	for _, refused := range []func() error{
		func() error { _, err := s.Sync(ctx); return err },
		func() error { _, err := s.Preview(ctx); return err },
	} {
		require.ErrorContains(t, refused(), "colour")
		require.ErrorContains(t, refused(), "direction")
	}
	require.NoError(t, s.Configure(ctx, c, 0), "it can be saved for later as it is")
	c.Direction, c.Rules = "", nil
	require.NoError(t, s.Configure(ctx, c, s.Version()))
	require.NoError(t, s.Pause(ctx))
	require.NoError(t, s.Resume(ctx))
	status, err := s.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, StateDraft, status.State, "until the first sync")
	_, err = s.Sync(ctx)
	require.NoError(t, err)
	status, err = s.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, StateActive, status.State)
	c.Direction = "both"
	require.ErrorAs(t, s.Configure(ctx, c, s.Version()), new(*InvalidError), "what syncs has no faults")
}

// TestChoices: what can be chosen depends on the fields, the rules and what the apps can do.
func TestChoices(t *testing.T) {
	t.Parallel()
	fields := []contact.Field{
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"}, {Name: "stage", Type: contact.TypeChoice, Options: []string{"new", "won"}},
		{Name: "vip", Type: contact.TypeBool}, {Name: "age", Type: contact.TypeNumber}, {Name: "met", Type: contact.TypeDate, Required: true},
		{Name: "tags", Type: contact.TypeSet}, {Name: "home", Type: contact.TypeAddress, ReadOnly: true}, {Name: "code", Type: contact.TypeText, Meaning: "external_id"},
	}
	readOnly := func(s *contact.Schema) { s.NoCreate, s.NoUpdate, s.NoDelete, s.Modified = true, true, true, false }
	c := Connection{ID: "a-b", Rules: []Rule{
		FilterRule{From: A}, goRule{FilterRule{}},
		FilterRule{From: A, Filter: Has("tags", "x")},
		FilterRule{From: A, Actions: []Action{Add("tags", "y")}},
		FilterRule{From: A, Filter: Filter{Field: "age", Op: OpLess, Value: text("9")}, Actions: []Action{Add("tags", "y")}},
		FilterRule{From: A, Filter: Is("stage", text("won")), Actions: []Action{Add("tags", "y")}},
	}}
	s, err := Open(t.Context(), c, fake.New("a", fields), shaped{fake.New("b", fields), readOnly}, memstore.New(), Draft())
	require.NoError(t, err)
	got, err := s.Options(t.Context())
	require.NoError(t, err)

	ops, acts := map[string][]Operator{}, map[string][]ActionKind{}
	for _, f := range got.Fields[A] {
		acts[f.Name] = f.Actions
		for _, op := range f.Operators {
			ops[f.Name] = append(ops[f.Name], op.Op)
		}
	}
	known := []Operator{OpIsKnown, OpIsUnknown}
	if diff := cmp.Diff(map[string][]Operator{
		"email": append([]Operator{OpIs, OpIsNot, OpIn, OpContains, OpStartsWith, OpEndsWith}, known...),
		"code":  append([]Operator{OpIs, OpIsNot, OpIn, OpContains, OpStartsWith, OpEndsWith}, known...),
		"stage": append([]Operator{OpIs, OpIsNot, OpIn, OpContains, OpStartsWith, OpEndsWith}, known...),
		"vip":   append([]Operator{OpIs, OpIsNot, OpIn}, known...), "age": append([]Operator{OpIs, OpIsNot, OpIn, OpLess, OpGreater}, known...),
		"met":  append([]Operator{OpIs, OpIsNot, OpIn, OpBefore, OpAfter, OpWithinLast}, known...),
		"tags": append([]Operator{OpHas, OpHasNot, OpHasAny, OpHasAll}, known...), "home": append([]Operator{OpContains}, known...),
	}, ops); diff != "" {
		t.Error("operators:", diff)
	}
	single := []ActionKind{ActionSet, ActionClear}
	if diff := cmp.Diff(map[string][]ActionKind{"email": single, "code": single, "stage": single, "vip": single, "age": single, "met": {ActionSet},
		"tags": {ActionAdd, ActionRemove, ActionSet, ActionClear}, "home": {}}, acts); diff != "" {
		t.Error("actions:", diff)
	}
	require.Equal(t, []string{"new", "won"}, got.Fields[A][1].Operators[0].Values)
	require.Equal(t, []string{"true", "false"}, got.Fields[A][2].Operators[0].Values)

	var can [][2]bool
	for _, r := range got.Rules {
		can = append(can, [2]bool{r.Undo.Can, r.OtherWayAround.Can})
		if !r.Undo.Can && r.Undo.Why == "" || !r.OtherWayAround.Can && r.OtherWayAround.Why == "" {
			t.Errorf("nobody says why not: %+v", r)
		}
	}
	if diff := cmp.Diff([][2]bool{{false, false}, {false, false}, {false, false}, {false, false}, {true, false}, {true, true}}, can); diff != "" {
		t.Error("undo and other way around:", diff)
	}

	locked := map[string][]string{}
	for _, set := range got.Settings {
		for _, v := range set.Values {
			if !v.Can {
				locked[set.Key] = append(locked[set.Key], v.Value)
			}
		}
	}
	if diff := cmp.Diff(map[string][]string{"direction": {"two-way", "a-to-b"}, "conflict.policy": {"newest"}, "deletions.from_a": {"mark", "delete"}}, locked); diff != "" {
		t.Error("locked:", diff)
	}
	if diff := cmp.Diff([]KeyChoice{{Key: MatchKey{Kind: KeyEmail}, InUse: true}, {Key: MatchKey{A: "code", B: "code"}}}, got.Keys); diff != "" {
		t.Error("keys:", diff)
	}
	_, err = json.Marshal(got)
	require.NoError(t, err)
}

// TestChoicesOfferWhatAnAppGained: a field that an app gains after the first sync is offered, and never mapped by itself.
func TestChoicesOfferWhatAnAppGained(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	gained := func(s *contact.Schema) {
		s.Fields = append(s.Fields, contact.Field{Name: "site", Type: contact.TypeURL, Meaning: "website"})
	}
	c := Connection{ID: "a-b"}
	_, a, b := opened(t, c, store)
	s, err := Open(t.Context(), c, shaped{a, gained}, shaped{b, gained}, store)
	require.NoError(t, err)
	got, err := s.Options(t.Context())
	require.NoError(t, err)
	offered := map[string]bool{}
	for _, m := range got.Mappings {
		offered[m.Mapping.A[0]] = m.InUse
	}
	if diff := cmp.Diff(map[string]bool{"first": true, "email": true, "phone": true, "company": true, "site": false}, offered); diff != "" {
		t.Error(diff)
	}
}
