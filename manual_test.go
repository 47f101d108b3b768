package contactsync_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	. "github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// geeks is a CRM for estate agents: leads have a first and a last name, and none can be deleted from outside.
type geeks struct{ *fake.App }

var geeksLimits = []contact.Limit{{Cannot: contact.AbilityDelete, Why: "Real Geeks has no call that deletes a lead"}}

func (g geeks) Schema(ctx context.Context) (contact.Schema, error) {
	schema, err := g.App.Schema(ctx)
	return schema.Limited(geeksLimits...), err
}

// apps returns two apps with people in them, and the catalogue that a person chooses from.
func manualApps(t *testing.T) (google *fake.App, crm geeks, shelf connector.Catalogue) {
	google = fake.New("google", []contact.Field{
		{Name: "name", Label: "Name", Type: contact.TypeText, Meaning: "name"},
		{Name: "emails", Label: "Emails", Type: contact.TypeEmail, Many: true, Meaning: "email"},
		{Name: "phones", Label: "Phones", Type: contact.TypePhone, Many: true, Meaning: "phone"},
		{Name: "company", Label: "Company", Type: contact.TypeText, Meaning: "company"},
		{Name: "notes", Label: "Notes", Type: contact.TypeText, Meaning: "notes"},
		{Name: "labels", Label: "Labels", Type: contact.TypeSet},
	})
	crm = geeks{fake.New("realgeeks", []contact.Field{
		{Name: "first_name", Label: "First name", Type: contact.TypeText, Meaning: "first"},
		{Name: "last_name", Label: "Last name", Type: contact.TypeText, Meaning: "last"},
		{Name: "email", Label: "Email", Type: contact.TypeEmail, Meaning: "email", Required: true},
		{Name: "phone", Label: "Phone", Type: contact.TypePhone, Meaning: "phone"},
		{Name: "company", Label: "Company", Type: contact.TypeText, Meaning: "company"},
		{Name: "notes", Label: "Notes", Type: contact.TypeText, Meaning: "notes", MaxLength: 20},
		{Name: "tags", Label: "Tags", Type: contact.TypeSet},
		{Name: "stage", Label: "Stage", Type: contact.TypeChoice, Options: []string{"new", "won", "lost"}},
	})}
	open := func(c connector.Connector) func(context.Context, map[string]string) (connector.Connector, error) {
		return func(context.Context, map[string]string) (connector.Connector, error) { return c, nil }
	}
	shelf = connector.NewCatalogue(
		connector.App{ID: "google", Label: "Google Contacts", Auth: "oauth2", Open: open(google)},
		connector.App{ID: "realgeeks", Label: "Real Geeks", Kinds: []string{"leads", "users"}, Auth: "token", Limits: geeksLimits, With: []string{"google", "intercom"}, Open: open(crm)},
		connector.App{ID: "intercom", Label: "Intercom", Auth: "oauth2", Open: open(nil)},
		connector.App{ID: "ledger", Label: "Ledger", With: []string{"intercom"}, Open: open(nil)},
	)
	entry := func(emails ...string) contact.Value {
		var list []contact.Entry
		for _, e := range emails {
			list = append(list, contact.Entry{Value: contact.Text(e)})
		}
		return contact.List(list...)
	}
	require.NoError(t, google.Put(
		contact.Record{ID: "g1", Fields: contact.Fields{"name": text("Ann Lee"), "emails": entry("ann@example.com")}},
		contact.Record{ID: "g2", Fields: contact.Fields{"name": text("Bob Ray"), "emails": entry("bob@example.com"), "labels": contact.Set("No_CRM")}},
		contact.Record{ID: "g3", Fields: contact.Fields{"name": text("Cy Poe"), "emails": entry("cy@example.com"), "notes": text("met at the open house in May")}},
		contact.Record{ID: "g4", Fields: contact.Fields{"name": text("Cy P."), "emails": entry("cy@example.com")}},
	))
	require.NoError(t, crm.Put(
		contact.Record{ID: "r1", Fields: contact.Fields{"first_name": text("Ann"), "last_name": text("Lee"), "email": text("ann@example.com"), "company": text("Acme")}},
		contact.Record{ID: "r2", Fields: contact.Fields{"first_name": text("Dee"), "email": text("dee@example.com"), "tags": contact.Set("GoogleContacts")}},
	))
	return google, crm, shelf
}

// TestTheManual goes through the manual's steps 2 and 4 to 8 as a screen would, by the catalogue and the verbs alone.
// (Step 1 is the host's; step 3 comes with the authorization of accounts.)
func TestTheManual(t *testing.T) {
	ctx := t.Context()
	store := memstore.New()
	google, crm, shelf := manualApps(t)
	names := func(c connector.Catalogue) (list []string) {
		for _, app := range c {
			list = append(list, app.Label)
		}
		return list
	}

	// Step 2. A new connection: two apps from a searchable list. It is a draft, which lacks its second app at first.
	require.Equal(t, []string{"Google Contacts"}, names(shelf.Search("goog")))
	c := Connection{ID: "first", A: Endpoint{App: "google"}}
	first, err := openDraft(ctx, shelf, c, store)
	require.NoError(t, err)
	review, err := first.Review(ctx)
	require.NoError(t, err)
	require.Equal(t, []Fault{{Path: "b", Message: "no app is chosen for this side yet; choose one"}}, review.Faults)
	_, err = first.Sync(ctx)
	require.ErrorContains(t, err, "no app is chosen", "a draft does not sync")
	half, err := first.Options(ctx)
	require.NoError(t, err)
	require.Len(t, half.Fields[A], 6, "a filter over the first app could be entered already")
	require.Empty(t, half.Fields[B])

	// After the first is chosen, only what can connect with it is offered; kinds are asked for only where there are several.
	require.Equal(t, []string{"Google Contacts", "Intercom", "Real Geeks"}, names(shelf.Partners("google")))
	app, _ := shelf.App("realgeeks")
	require.Equal(t, []string{"leads", "users"}, app.Kinds)
	c.B = Endpoint{App: "realgeeks", Kind: "leads"}
	require.NoError(t, first.Configure(ctx, c, first.Version())) // saved for later
	status, err := first.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, StateDraft, status.State)
	c, version, err := Load(ctx, store, "", "first") // another day, another process
	require.NoError(t, err)
	s, err := openDraft(ctx, shelf, c, store, WithVersion(version))
	require.NoError(t, err)

	// Step 4. Two-way is the default; either one-way can be had, for both apps can be written to.
	choices, err := s.Options(ctx)
	require.NoError(t, err)
	direction := setting(choices, "direction")
	require.Equal(t, "two-way", direction.Value)
	for _, v := range direction.Values {
		require.True(t, v.Can, v.Value)
	}

	// Step 5. A two-way connection starts with two rules.
	require.Equal(t, []string{
		"Contacts of google are added to and update realgeeks.",
		"Contacts of realgeeks are added to and update google."}, c.Sentences())
	require.False(t, choices.Rules[0].Undo.Can, "without a filter and an action there is nothing to undo")
	labels := choices.Fields[A][slices.IndexFunc(choices.Fields[A], func(f FieldChoice) bool { return f.Name == "labels" })]
	require.Contains(t, words(labels), "does not have")

	// A filter and an action; then the two further switches are offered.
	rule := FilterRule{From: A, Filter: HasNot("labels", "No_CRM"), Actions: []Action{Add("tags", "GoogleContacts")}}
	c.Rules = []Rule{rule, FilterRule{From: B}}
	require.NoError(t, s.Configure(ctx, c, s.Version()))
	choices, err = s.Options(ctx)
	require.NoError(t, err)
	require.Equal(t, RuleChoice{Sentence: "Contacts of google are added to and update realgeeks, unless labels has No_CRM; then tags of realgeeks gets GoogleContacts.",
		Undo: Offer{Can: true}, OtherWayAround: Offer{Can: true}, Modes: choices.Rules[1].Modes}, choices.Rules[0])
	rule.Undo, rule.OtherWayAround = UndoOwn, true
	c.Rules = []Rule{rule}

	// Step 6. One setting always exists: which app wins. Another is locked: nothing can be deleted in Real Geeks.
	require.Equal(t, "a", setting(choices, "conflict.winner").Value)
	c.Conflict.Winner = B
	locked := setting(choices, "deletions.from_a").Values[2]
	require.Equal(t, ValueChoice{"delete", Offer{Why: "Real Geeks has no call that deletes a lead"}}, locked)
	wrong := c
	wrong.Deletions.FromA = DeletionDelete
	_, err = s.Effects(ctx, wrong)
	require.ErrorContains(t, err, `deletions.from_a: "delete" cannot be chosen: Real Geeks has no call that deletes a lead; choose keep or mark`)

	// Step 7. Default mappings, a full name against first and last name among them; one is switched off, one is added.
	var defaults []string
	for _, m := range choices.Mappings {
		defaults = append(defaults, strings.Join(m.Mapping.A, "+")+" "+strings.Join(m.Mapping.B, "+"))
		require.True(t, m.InUse)
	}
	require.Equal(t, []string{"emails[primary] email", "phones[primary] phone", "company company", "notes notes", "name first_name+last_name"}, defaults)
	c.DisableMappings = []MappingRef{{A: "phones[primary]", B: "phone"}}
	c.AddMappings = []Mapping{{A: []string{"labels"}, B: []string{"tags"}, Direction: BToA}}
	require.NoError(t, s.Configure(ctx, c, s.Version()))

	// Step 8. Review and start, after warnings and suggestions. Nothing has been written.
	review, err = s.Review(ctx)
	require.NoError(t, err)
	require.True(t, review.Ready(), review.Faults)
	var warned []string
	for _, w := range review.Warnings {
		warned = append(warned, string(w.Kind)+" in "+w.Side.String())
	}
	require.Equal(t, []string{"shared_key in a", "too_long in b"}, warned)
	var foreseen []string
	for _, e := range review.Forecast.Effects {
		foreseen = append(foreseen, e.Text(c.Names()))
	}
	if diff := cmp.Diff([]string{
		"1 contact of google is found in realgeeks", "1 contact of realgeeks is found in google",
		"1 contact would be created in google", "1 contact would be created in realgeeks",
		"1 contact of google would get a value where a field is empty",
		"1 contact of realgeeks would get what a rule's action does",
		"1 contact of google would stand aside: another record of google has its key; merge them, or tell them apart",
		"1 contact of google would stand aside: no rule lets it through",
	}, foreseen); diff != "" {
		t.Error(diff)
	}
	require.Equal(t, "Cy Poe", review.Forecast.Find(EffectCreate, B).Samples[0].Name)
	require.Len(t, crm.Records(), 2)
	require.Len(t, google.Records(), 4)

	// The start, with its progress, and the status page: what was done, and who is behind each count.
	var phases []Phase
	s, err = openDraft(ctx, shelf, c, store, WithVersion(s.Version()), WithProgress(func(p Progress) {
		if len(phases) == 0 || phases[len(phases)-1] != p.Phase {
			phases = append(phases, p.Phase)
		}
	}))
	require.NoError(t, err)
	report, err := s.Sync(ctx)
	require.NoError(t, err)
	require.Equal(t, review.Forecast.Counts, report.Counts, "the review told what would happen")
	require.Equal(t, []Phase{PhasePull, PhasePush}, phases)
	status, err = s.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, StateActive, status.State)
	require.Equal(t, map[string]int{StatusInSync: 3, StatusExcluded: 1, StatusDuplicate: 1}, status.Counts)
	out, _, err := s.Records(ctx, RecordQuery{Status: StatusExcluded})
	require.NoError(t, err)
	require.Equal(t, "g2", out[0].IDs[A])
	require.Equal(t, []string{"GoogleContacts"}, lead(crm, "ann@example.com").Get("tags").Elements())

	// The manual's example. The label keeps Ann out, and undo takes the tag back.
	require.NoError(t, google.Edit("g1", contact.Fields{"labels": contact.Set("No_CRM")}))
	syncOnce(t, s)
	require.Empty(t, lead(crm, "ann@example.com").Get("tags").Elements())
	// The other way around: the tag lets her in, and the label goes.
	require.NoError(t, crm.Edit("r1", contact.Fields{"tags": contact.Set("GoogleContacts")}))
	syncOnce(t, s)
	require.NotContains(t, labelsOf(google, "g1"), "No_CRM")
	// And without the tag she gets the label.
	require.NoError(t, crm.Edit("r1", contact.Fields{"tags": contact.Empty}))
	syncOnce(t, s)
	require.Contains(t, labelsOf(google, "g1"), "No_CRM")

	// Pause; edit the configuration, having seen what that does; go on.
	require.NoError(t, s.Pause(ctx))
	_, err = s.Sync(ctx)
	require.ErrorIs(t, err, ErrPaused)
	c.Rules = []Rule{FilterRule{From: A, Actions: rule.Actions, Undo: UndoOwn}, FilterRule{From: B}}
	effects, err := s.Effects(ctx, c)
	require.NoError(t, err)
	require.Equal(t, 2, effects.Find(EffectEnter, A).Count, "Ann and Bob are let through")
	require.Equal(t, "Bob Ray", effects.Find(EffectCreate, B).Samples[0].Name)
	require.NoError(t, s.Configure(ctx, c, effects.Version))
	require.NoError(t, s.Resume(ctx))
	require.Equal(t, effects.Counts, syncOnce(t, s).Counts)
	require.Equal(t, []string{"GoogleContacts"}, lead(crm, "bob@example.com").Get("tags").Elements())
	require.Zero(t, syncOnce(t, s).Counts, "when nobody edits, nothing moves")
}

// openDraft opens the connection with the apps that its endpoints name, as far as they are chosen.
func openDraft(ctx context.Context, shelf connector.Catalogue, c Connection, store Store, opts ...Option) (*Syncer, error) {
	var apps [2]connector.Connector
	for side, end := range [2]Endpoint{c.A, c.B} {
		app, ok := shelf.App(end.App)
		if !ok {
			continue
		}
		var err error
		if apps[side], err = app.Open(ctx, end.Settings); err != nil {
			return nil, err
		}
	}
	return Open(ctx, c, apps[A], apps[B], store, append(opts, Draft())...)
}

func setting(c Choices, key string) SettingChoice {
	return c.Settings[slices.IndexFunc(c.Settings, func(s SettingChoice) bool { return s.Key == key })]
}

func words(f FieldChoice) (list []string) {
	for _, op := range f.Operators {
		list = append(list, op.Words)
	}
	return list
}

func lead(crm geeks, email string) contact.Record {
	for _, r := range crm.Records() {
		if r.Get("email").Str() == email {
			return r
		}
	}
	return contact.Record{}
}

func labelsOf(google *fake.App, id string) []string {
	for _, r := range google.Records() {
		if r.ID == id {
			return r.Get("labels").Elements()
		}
	}
	return nil
}

func syncOnce(t *testing.T, s *Syncer) *Report {
	t.Helper()
	report, err := s.Sync(t.Context())
	require.NoError(t, err)
	return report
}
