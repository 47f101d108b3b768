package main

import (
	"strings"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/stretchr/testify/require"
)

func requireLines(t *testing.T, out string, lines ...string) {
	t.Helper()
	for _, want := range lines {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

// tagged makes a folder of cards and a CRM export, with a rule that tags all but No_CRM.
func tagged(t *testing.T) *shell {
	s := newShell(t)
	s.books(2)
	s.write("crm.csv", "record_id,name,email,tags", "c1,Given0 Family0,p0@example.com,")
	s.write(defaultConfig, strings.TrimSuffix(head, "\n"), "    rules:",
		"      - {from: a, filter: {field: labels, op: has_not, value: No_CRM}, actions: [{add: Phone, to: tags}], undo: true}",
		"      - {from: b}")
	return s
}

func TestReviewBeforeTheStart(t *testing.T) {
	t.Parallel()
	s := tagged(t)
	before := s.read("crm.csv")
	said := s.run("review")
	require.Equal(t, exitDone, said.code, said.err)
	requireLines(t, said.out, "one: never synced", "unless labels has No_CRM; then tags of csv crm.csv gets Phone; taken back when it no longer holds.",
		"know: vcard A does not say what was deleted", "1 contact of vcard A is found in csv crm.csv", "1 contact would be created in csv crm.csv",
		"p0001.vcf  Given1 Family1", "1 contact of csv crm.csv would get what a rule's action does", "(nothing) -> Phone", "next: contactsync sync one")
	require.Equal(t, before, s.read("crm.csv"), "a review writes nothing")

	type document struct {
		Connections []struct {
			Connection string
			Review     contactsync.Review
		}
		Exit int
	}
	said = s.run("review", "--json")
	got := decode[document](t, said.out)
	review := got.Connections[0].Review
	require.Equal(t, 1, review.Forecast.Counts[contactsync.B].Created)
	require.Equal(t, contactsync.StateDraft, review.State)
	require.NotNil(t, review.Faults)

	s.replace(defaultConfig, "op: has_not", "op: before")
	said = s.run("review")
	require.Equal(t, exitConfig, said.code)
	require.Contains(t, said.err, "contactsync.yaml:6:47: ")
}

// TestPlanAfterAnEdit: an edit of the file is what configures a connection; plan says what it does.
func TestPlanAfterAnEdit(t *testing.T) {
	t.Parallel()
	s := tagged(t)
	require.Equal(t, exitDone, s.run("sync").code)
	require.NotContains(t, s.run("plan").out, "the configuration has changed")
	s.replace(defaultConfig, "op: has_not, value: No_CRM", "op: has, value: VIP")
	said := s.run("plan")
	require.Equal(t, exitDone, said.code, said.err)
	requireLines(t, said.out, "the configuration has changed since the last sync; with it",
		"2 contacts of vcard A are let through to csv crm.csv no more; nothing happens to them", "p0000.vcf  Given0 Family0",
		"2 contacts of csv crm.csv would lose what a rule's action had done", "2 to update")
	require.Equal(t, exitDone, s.run("sync").code)
	require.NotContains(t, s.read("crm.csv"), "Phone")
	require.NotContains(t, s.run("plan").out, "the configuration has changed")
}

func TestOptionsAsATableAndJSON(t *testing.T) {
	t.Parallel()
	s := tagged(t)
	said := s.run("options")
	require.Equal(t, exitDone, said.code, said.err)
	requireLines(t, said.out, "fields of a vcard A", "tags       set", "has has_not has_any has_all", "undo              can be chosen",
		"not offered: the rule has no action", "* two-way", "emails[primary]", "in use")
	type document struct {
		Connections []struct{ Options contactsync.Choices }
	}
	got := decode[document](t, s.run("options", "--json").out).Connections[0].Options
	require.True(t, got.Rules[0].OtherWayAround.Can)
	require.Len(t, got.Rules, 2)
	require.NoFileExists(t, s.path("contactsync.db"))
}

func TestAppsThatGoWithAnother(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	requireLines(t, s.run("apps", "--with", "vcard").out, "vcard:", "csv:")
	said := s.run("apps", "--with", "fax")
	require.Equal(t, exitConfig, said.code)
	require.Contains(t, said.err, "the apps are")
}
