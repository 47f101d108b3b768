package main

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
)

// geeks is a CRM as the manual knows one: leads that nobody can delete or empty, and one thing that is always so.
func geeks() connector.App {
	limits := []contact.Limit{
		{Cannot: contact.AbilityDelete, Why: "Real Geeks has no call that deletes a lead"},
		{Cannot: contact.AbilityClear, Why: "Real Geeks ignores what is blank"},
		{Cannot: contact.AbilityModified, Why: "Real Geeks tells no time of a change"},
	}
	app := connector.App{ID: "realgeeks", Label: "Real Geeks", Kinds: []string{"leads", "users"}, Auth: connector.AuthToken, Limits: limits,
		Settings: []connector.Setting{
			{Name: "site", Label: "the site", Required: true},
			{Name: "source", Label: "what new leads come from", Default: "contactsync"},
			{Name: "notify", Label: "mail the agent", Type: connector.SettingYesNo, Locked: "no", Why: "an agent is mailed of new leads only"},
		}}
	app.Open = func(_ context.Context, settings map[string]string) (connector.Connector, error) {
		if err := app.CheckSettings(settings); err != nil {
			return nil, err
		}
		return fake.New("realgeeks", []contact.Field{{Name: "name", Type: contact.TypeText, Meaning: "name"},
			{Name: "email", Type: contact.TypeEmail, Meaning: "email"}}, fake.WithLimits(limits...)), nil
	}
	return app
}

// TestAppsTellWhatTheyLock: before an account is there, a person sees what an app wants and what it cannot do.
func TestAppsTellWhatTheyLock(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.cli.shelf = connector.NewCatalogue(append(catalogue(), geeks())...)
	got := s.run("apps", "realgeeks")
	require.Equal(t, exitDone, got.code, got.err)
	want := `realgeeks: Real Geeks
  kind    the kind of records: leads, users
  site    the site (required)
  source  what new leads come from; default contactsync
  notify  mail the agent: always no, for an agent is mailed of new leads only
  cannot delete records: Real Geeks has no call that deletes a lead
  cannot empty a field: Real Geeks ignores what is blank
  cannot say when a record was changed: Real Geeks tells no time of a change
  in a connection of which it is b
    conflict.policy   can be winner, ask
    deletions.from_a  can be keep, mark
`
	if diff := cmp.Diff(want, got.out); diff != "" {
		t.Error(diff)
	}
	var doc struct {
		Apps []struct {
			Kinds    []string        `json:"kinds"`
			Settings []settingResult `json:"settings"`
			Limits   []contact.Limit `json:"limits"`
			Locked   []struct {
				Key    string `json:"key"`
				Values []struct {
					Value, Why string
					Can        bool
				} `json:"values"`
			} `json:"locked"`
		} `json:"apps"`
	}
	require.NoError(t, json.Unmarshal([]byte(s.run("apps", "realgeeks", "--json").out), &doc))
	require.Equal(t, []string{"leads", "users"}, doc.Apps[0].Kinds)
	require.Equal(t, settingResult{Name: "notify", Label: "mail the agent", Type: "yes_no", Options: []string{"no"}, Locked: "no",
		Why: "an agent is mailed of new leads only"}, doc.Apps[0].Settings[2])
	require.Equal(t, geeks().Limits, doc.Apps[0].Limits)
	require.Equal(t, "deletions.from_a", doc.Apps[0].Locked[1].Key)
	require.Equal(t, "Real Geeks has no call that deletes a lead", doc.Apps[0].Locked[1].Values[2].Why)
}

// TestWhatAnAppLocksIsRefused: the file is told where, what, why and what to do.
func TestWhatAnAppLocksIsRefused(t *testing.T) {
	t.Parallel()
	for rest, want := range map[string]string{
		"site: one":               "",
		"site: one, kind: leads":  "",
		"site: one, notify: no":   "",
		"site: one, kind: houses": `4:42: connections[0].b.kind: app realgeeks has no kind "houses"; choose one of leads, users`,
		"site: one, notify: yes":  "4:44: connections[0].b.notify: notify is always no: an agent is mailed of new leads only; take it out",
		"kind: leads":             "connections[0].b.site: site is missing: the site",
	} {
		s := newShell(t)
		s.cli.shelf = connector.NewCatalogue(append(catalogue(), geeks())...)
		s.mkdir("phone")
		s.write(defaultConfig, "connections:", "  - name: x\n    a: {app: vcard, path: phone}\n    b: {app: realgeeks, "+rest+"}")
		got := s.run("options")
		if want == "" {
			require.Equal(t, exitDone, got.code, got.err)
			require.Contains(t, got.out, "Real Geeks has no call that deletes a lead")
			continue
		}
		require.Equal(t, exitConfig, got.code, got.out)
		require.Contains(t, got.err, want)
	}
	s := newShell(t)
	s.cli.shelf = connector.NewCatalogue(append(catalogue(), geeks())...)
	s.mkdir("phone")
	s.write(defaultConfig, "connections:", "  - name: x", "    a: {app: vcard, path: phone, kind: friends}", "    b: {app: realgeeks, site: one}")
	require.Contains(t, s.run("validate").err, "connections[0].a.kind: app vcard has one kind of records; take kind out")
	s.write(defaultConfig, "connections:", "  - name: x", "    a: {app: vcard, path: phone}", "    b: {app: realgeeks, site: one}",
		"    deletions: {from_a: delete, from_b: keep}")
	require.Contains(t, s.run("validate").err,
		`connections[0].deletions.from_a: "delete" cannot be chosen: Real Geeks has no call that deletes a lead; choose keep or mark`)
}

// TestAddressBooksAreKinds: check lists the address books of an account, a configuration names one, and options shows which.
func TestAddressBooksAreKinds(t *testing.T) {
	t.Parallel()
	server := davfake.New(t, davfake.Nextcloud())
	server.AddBook("work", "Colleagues").Put("will.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:will\r\nFN:Will\r\nN:;Will;;;\r\nEMAIL:will@example.com\r\nEND:VCARD\r\n")
	server.AddBook("shared", "Company").SetReadOnly(true)
	s := newShell(t)
	s.mkdir("phone")
	s.env["DAV_PASSWORD"] = davfake.Password
	config := func(kind string) {
		s.write(defaultConfig, "connections:", "  - name: book", "    a: {app: vcard, path: phone}",
			`    b: {app: carddav, url: "`+server.URL+`", username: ann, password: "${DAV_PASSWORD}"`+kind+"}")
	}
	config("")
	got := s.run("check")
	require.Equal(t, exitFailed, got.code)
	requireLines(t, got.out, "    kind: work      Colleagues", "    kind: shared    Company, read-only", "    kind: contacts  Contacts")

	config(", kind: wrok")
	got = s.run("validate")
	require.Equal(t, exitConfig, got.code)
	require.Contains(t, got.err, `connections[0].b.kind: the account has no kind "wrok"; choose one of: work (Colleagues), shared (Company, read-only), contacts`)

	config(", kind: Colleagues")
	require.Contains(t, s.run("check").out, "* kind: work")
	require.Contains(t, s.run("options").out, "* kind: work")
	got = s.run("sync", "--yes")
	require.Equal(t, exitDone, got.code, got.err)
	require.Len(t, s.files("phone"), 1)

	config(", kind: shared")
	got = s.run("options")
	require.Equal(t, exitDone, got.code, got.err)
	require.Contains(t, got.out, "the account may only read the address book shared")
	require.Contains(t, got.out, "* b-to-a")
}
