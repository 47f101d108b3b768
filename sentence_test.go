package contactsync_test

import (
	"testing"

	. "github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
)

func text(s string) contact.Value { return contact.Text(s) }

// every operator, with how a filter of it reads behind "if" or "unless".
var operatorSentences = []struct {
	filter Filter
	want   string
}{
	{Filter{}, ""},
	{Is("status", text("lead")), ", if status is lead"},
	{Filter{Field: "status", Op: OpIsNot, Value: text("lead")}, ", unless status is lead"},
	{Filter{Field: "status", Op: OpIn, List: []contact.Value{text("lead"), text("won")}}, ", if status is one of lead, won"},
	{Filter{Field: "notes", Op: OpContains, Value: text("vip")}, ", if notes contains vip"},
	{Filter{Field: "notes", Op: OpStartsWith, Value: text("vip")}, ", if notes starts with vip"},
	{Filter{Field: "email", Op: OpEndsWith, Value: text("@acme.com")}, ", if email ends with @acme.com"},
	{Filter{Field: "email", Op: OpIsKnown}, ", if email is filled"},
	{Filter{Field: "email", Op: OpIsUnknown}, ", unless email is filled"},
	{Has("labels", "VIP"), ", if labels has VIP"},
	{HasNot("labels", "No_CRM"), ", unless labels has No_CRM"},
	{Filter{Field: "labels", Op: OpHasAny, List: []contact.Value{text("VIP"), text("Lead")}}, ", if labels has one of VIP, Lead"},
	{Filter{Field: "labels", Op: OpHasAll, List: []contact.Value{text("VIP"), text("Lead")}}, ", if labels has all of VIP, Lead"},
	{Filter{Field: "age", Op: OpLess, Value: text("18")}, ", if age is less than 18"},
	{Filter{Field: "age", Op: OpGreater, Value: text("18")}, ", if age is more than 18"},
	{Filter{Field: "met", Op: OpBefore, Value: text("2026-01-31")}, ", if met is before 2026-01-31"},
	{Filter{Field: "met", Op: OpAfter, Value: text("2026-01-31")}, ", if met is after 2026-01-31"},
	{Filter{Field: "met", Op: OpWithinLast, Value: text("30d")}, ", if met lies within the last 30 days"},
	{Filter{Field: "met", Op: OpWithinLast, Value: text("1d")}, ", if met lies within the last day"},
	{Filter{Field: "met", Op: OpWithinLast, Value: text("36h")}, ", if met lies within the last 36h"},
	{Filter{All: []Filter{HasNot("labels", "No_CRM"), {Field: "email", Op: OpIsKnown}}}, ", if labels does not have No_CRM and email is filled"},
	{Filter{All: []Filter{HasNot("labels", "No_CRM")}}, ", unless labels has No_CRM"},
	{Filter{Any: []Filter{Has("labels", "VIP"), {All: []Filter{Has("labels", "Lead"), Is("status", text("open"))}}}},
		", if labels has VIP or (labels has Lead and status is open)"},
	{Filter{Not: &Filter{Any: []Filter{Has("labels", "A"), Has("labels", "B")}}}, ", unless labels has A or labels has B"},
	{Filter{All: []Filter{{Not: &Filter{Field: "notes", Op: OpContains, Value: text("x")}}, Has("labels", "A")}},
		", if not (notes contains x) and labels has A"},
}

func TestSentenceOfFilters(t *testing.T) {
	t.Parallel()
	for _, row := range operatorSentences {
		want := "Contacts of phone are added to and update crm" + row.want + "."
		if diff := cmp.Diff(want, FilterRule{Filter: row.filter}.Sentence([2]string{"phone", "crm"})); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSentenceOfRules(t *testing.T) {
	t.Parallel()
	noCRM := HasNot("labels", "No_CRM")
	always := Add("tags", "Phone")
	always.Always = true
	never := Remove("tags", "Old")
	never.Always = true
	for _, row := range []struct {
		rule FilterRule
		want string
	}{
		{FilterRule{From: B}, "Contacts of crm are added to and update phone."},
		{FilterRule{Mode: CreateAndUpdate}, "Contacts of phone are added to and update crm."},
		{FilterRule{Mode: UpdateOnly}, "Contacts of phone update crm and are never added to it."},
		{FilterRule{Mode: CreateOnly}, "Contacts of phone are added to crm once and left alone from then on."},
		{FilterRule{Disabled: true}, "Switched off: Contacts of phone are added to and update crm."},
		{FilterRule{Filter: noCRM, Actions: []Action{Add("tags", "Phone")}, Undo: UndoOwn},
			"Contacts of phone are added to and update crm, unless labels has No_CRM; then tags of crm gets Phone; taken back when it no longer holds."},
		{FilterRule{Filter: noCRM, Actions: []Action{Add("tags", "Phone")}, Undo: UndoAll},
			"Contacts of phone are added to and update crm, unless labels has No_CRM; then tags of crm gets Phone; where it does not hold that is taken away, whoever did it."},
		{FilterRule{Actions: []Action{Remove("tags", "Cold"), Set("source", text("phone")), Clear("owner")}},
			"Contacts of phone are added to and update crm; then tags of crm loses Cold and source of crm becomes phone and owner of crm is emptied."},
		{FilterRule{Actions: []Action{always, never}},
			"Contacts of phone are added to and update crm; then tags of crm always has Phone and tags of crm never has Old."},
		{FilterRule{Filter: noCRM, Actions: []Action{Add("tags", "Phone")}, OtherWayAround: true},
			"Contacts of phone are added to and update crm, unless labels has No_CRM; then tags of crm gets Phone; and the other way around: labels of phone loses No_CRM where that holds in crm, and gets it where it no longer does."},
		{FilterRule{Filter: Has("labels", "Lead"), Actions: []Action{Add("tags", "Lead")}, OtherWayAround: true},
			"Contacts of phone are added to and update crm, if labels has Lead; then tags of crm gets Lead; and the other way around: labels of phone gets Lead where that holds in crm, and loses it where it no longer does."},
		{FilterRule{Filter: Is("status", text("lead")), Actions: []Action{Add("tags", "Lead")}, OtherWayAround: true},
			"Contacts of phone are added to and update crm, if status is lead; then tags of crm gets Lead; and the other way around: status of phone becomes lead where that holds in crm, and is that no more where it no longer does."},
	} {
		if diff := cmp.Diff(row.want, row.rule.Sentence([2]string{"phone", "crm"})); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSentencesOfConnections(t *testing.T) {
	t.Parallel()
	two := []string{"Contacts of a are added to and update b.", "Contacts of b are added to and update a."}
	for _, row := range []struct {
		c    Connection
		want []string
	}{
		{Connection{}, two},
		{Connection{Rules: []Rule{}}, nil},
		{Connection{Scope: ScopeRule, Direction: TwoWay}, two},
		{Connection{Rules: []Rule{}, Scope: ScopePair}, []string{"Two linked contacts sync both ways while any rule lets one of them through."}},
		{Connection{Rules: []Rule{}, Scope: ScopeSticky}, []string{"Who has once got in stays in: the filters only decide who gets in."}},
		{Connection{Rules: []Rule{}, Direction: AToB, A: Endpoint{App: "google"}, B: Endpoint{App: "crm", Account: "ana"}},
			[]string{"Nothing flows from crm (ana) to google."}},
		{Connection{Rules: []Rule{}, Direction: BToA, A: Endpoint{App: "csv"}, B: Endpoint{App: "csv"}}, []string{"Nothing flows from csv a to csv b."}},
	} {
		if diff := cmp.Diff(row.want, row.c.Sentences()); diff != "" {
			t.Error(diff)
		}
	}
}
