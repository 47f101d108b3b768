package rules_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/examples/rules"
	"github.com/contactsync/contactsync/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
)

// people are the records of an app as a story tells them: labels or tags by email address.
type people map[string][]string

// A story is one way in which the rules are used.
type story struct {
	name        string
	google, crm people
	then        func(t *testing.T, w *world) // what the users do after the first sync; nil is nothing
	wantGoogle  people
	wantCRM     people
}

var stories = []story{
	{
		name:       "a contact becomes a lead with the tag",
		google:     people{"ann": nil},
		wantGoogle: people{"ann": nil},
		wantCRM:    people{"ann": {"GoogleContacts"}},
	},
	{
		name:       "a contact with No_CRM stays out",
		google:     people{"ann": {"Tennis", "No_CRM"}},
		wantGoogle: people{"ann": {"Tennis", "No_CRM"}},
	},
	{
		name:       "a lead that is a contact too gets the tag beside its own ones",
		google:     people{"ann": {"Tennis"}},
		crm:        people{"ann": {"vip"}},
		wantGoogle: people{"ann": {"Tennis"}},
		wantCRM:    people{"ann": {"vip", "GoogleContacts"}},
	},
	{
		name:       "undo: who is labelled later loses the tag, and stays a lead",
		google:     people{"ann": nil},
		crm:        people{"ann": {"vip"}},
		then:       func(t *testing.T, w *world) { w.google.set(t, "ann", "No_CRM") },
		wantGoogle: people{"ann": {"No_CRM"}},
		wantCRM:    people{"ann": {"vip"}},
	},
	{
		name:   "and gets it back with the label gone",
		google: people{"ann": nil},
		then: func(t *testing.T, w *world) {
			w.google.set(t, "ann", "No_CRM")
			w.sync(t)
			w.google.set(t, "ann")
		},
		wantGoogle: people{"ann": nil},
		wantCRM:    people{"ann": {"GoogleContacts"}},
	},
	{
		name:       "other way around: a lead with the tag becomes a contact, one without does not",
		crm:        people{"ann": {"GoogleContacts"}, "bob": {"vip"}},
		wantGoogle: people{"ann": nil},
		wantCRM:    people{"ann": {"GoogleContacts"}, "bob": {"vip"}},
	},
	{
		name:       "other way around: who loses the tag is labelled",
		google:     people{"ann": {"Tennis"}},
		then:       func(t *testing.T, w *world) { w.crm.set(t, "ann") },
		wantGoogle: people{"ann": {"Tennis", "No_CRM"}},
		wantCRM:    people{"ann": nil},
	},
	{
		name:   "and the label goes when the tag comes back",
		google: people{"ann": {"Tennis"}},
		then: func(t *testing.T, w *world) {
			w.crm.set(t, "ann")
			w.sync(t)
			w.crm.set(t, "ann", "GoogleContacts")
		},
		wantGoogle: people{"ann": {"Tennis"}},
		wantCRM:    people{"ann": {"GoogleContacts"}},
	},
	{
		name:       "a first sync takes nobody's label or tag away",
		google:     people{"ann": {"No_CRM"}},
		crm:        people{"ann": {"GoogleContacts"}},
		wantGoogle: people{"ann": {"No_CRM"}},
		wantCRM:    people{"ann": {"GoogleContacts"}},
	},
	{
		name: "a contact is made once, though the CRM's answer got lost",
		then: func(t *testing.T, w *world) {
			require.NoError(t, w.crm.Fail(fake.Fault{On: "create", Kind: fake.LostResponse, Times: 1}))
			require.NoError(t, w.google.Put(w.google.record("ann", nil)))
			w.sync(t)
		},
		wantGoogle: people{"ann": nil},
		wantCRM:    people{"ann": {"GoogleContacts"}},
	},
}

// habits are what else the apps may be like.
var habits = map[string][]fake.Option{
	"plain":             nil,
	"no versions":       {fake.WithQuirks(fake.Quirks{NoVersions: true, NoModified: true})},
	"no deletions told": {fake.WithQuirks(fake.Quirks{NoTombstones: true})},
	"no feed":           {fake.WithoutFeed()},
	"one by one":        {fake.WithQuirks(fake.Quirks{PageSize: 1, BatchSize: 1}), fake.WithShuffle(3)},
}

func TestRules(t *testing.T) {
	for habit, options := range habits {
		for _, s := range stories {
			t.Run(habit+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, s.google, s.crm, options)
				w.sync(t)
				if s.then != nil {
					s.then(t, w)
					w.sync(t)
				}
				want := map[string]people{"google": s.wantGoogle, "crm": s.wantCRM}
				got := map[string]people{"google": w.google.people(), "crm": w.crm.people()}
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("people (-want +got):\n%s", diff)
				}
				w.google.Reset()
				w.crm.Reset()
				w.sync(t)
				if n := w.google.Writes().Sum() + w.crm.Writes().Sum(); n != 0 {
					t.Errorf("another sync writes %d records, though nobody has edited", n)
				}
			})
		}
	}
}

// world is two fakes and the connection between them.
type world struct {
	google, crm app
	session     *contactsync.Syncer
}

// app is a fake whose users know people by email and by the elements of one set.
type app struct {
	*fake.App
	field string // labels or tags
}

func newWorld(t *testing.T, google, crm people, options []fake.Option) *world {
	t.Helper()
	clock := &clock{now: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)}
	w := &world{google: newApp("google", "labels", clock, options), crm: newApp("crm", "tags", clock, options)}
	w.google.put(t, google)
	w.crm.put(t, crm)
	c, err := rules.Connection()
	require.NoError(t, err)
	w.session, err = contactsync.Open(t.Context(), c, w.google.App, w.crm.App, memstore.New(),
		contactsync.WithClock(clock), contactsync.WithConcurrency(1))
	require.NoError(t, err)
	return w
}

func newApp(name, set string, clock *clock, options []fake.Option) app {
	fields := []contact.Field{
		{Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: set, Type: contact.TypeSet},
	}
	return app{fake.New(name, fields, append([]fake.Option{fake.WithClock(clock)}, options...)...), set}
}

func (w *world) sync(t *testing.T) {
	t.Helper()
	_, err := w.session.Sync(t.Context())
	require.NoError(t, err)
}

// record is a person who is called after his email address.
func (a app) record(name string, elements []string) contact.Record {
	return contact.Record{ID: name, Fields: contact.Fields{"email": contact.Text(name + "@example.com"), a.field: contact.Set(elements...)}}
}

func (a app) put(t *testing.T, all people) {
	t.Helper()
	for name, elements := range all {
		require.NoError(t, a.Put(a.record(name, elements)))
	}
}

// set is a user who gives a person these labels or tags and no others.
func (a app) set(t *testing.T, name string, elements ...string) {
	t.Helper()
	for _, rec := range a.Records() {
		if rec.Get("email").Str() == name+"@example.com" {
			require.NoError(t, a.Edit(rec.ID, contact.Fields{a.field: contact.Set(elements...)}))
			return
		}
	}
	require.Fail(t, "no such person", name)
}

// people returns what the app holds.
func (a app) people() people {
	all := people{}
	for _, rec := range a.Records() {
		name := strings.TrimSuffix(rec.Get("email").Str(), "@example.com")
		if _, twice := all[name]; twice {
			name += " once more"
		}
		all[name] = rec.Get(a.field).Elements()
	}
	return all
}

// clock stands still, and moves on by what is slept.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	return ctx.Err()
}
