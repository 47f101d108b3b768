package contactsync

import (
	"strings"
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// TestLanded: what a record holds after an update without an answer says whether the update was written, or that nobody can know. A row names what
// each field held before, what was sent, what is there now; a field that is not named was not sent.
func TestLanded(t *testing.T) {
	t.Parallel()
	cfg, schema := landedConfig(t)
	for name, row := range map[string]struct {
		fields [][4]string // name, before, sent, now
		want   trace
	}{
		"it holds what was sent":                {[][4]string{{"company", "Acme", "Bond", "Bond"}}, bears},
		"spelled otherwise":                     {[][4]string{{"company", "Acme", "Bond & Co", "bond co"}}, bears},
		"cut short":                             {[][4]string{{"company", "Acme", "Bond & Co", "Bond"}}, bears},
		"cut short, and another edit":           {[][4]string{{"company", "Acme", "Bond & Co", "Bond"}, {"first", "Ann", "Anna", "Bea"}}, silent},
		"spelled otherwise, and another edit":   {[][4]string{{"company", "Acme", "Bond & Co", "bond co"}, {"first", "Ann", "Anna", "Bea"}}, bears},
		"cut to its length, and another edit":   {[][4]string{{"notes", "Acme", "Bond", "Bon"}, {"first", "Ann", "Anna", "Bea"}}, bears},
		"emptied, as was sent":                  {[][4]string{{"company", "Acme", "", ""}}, bears},
		"it is as it was":                       {[][4]string{{"company", "Acme", "Bond", "Acme"}}, lacks},
		"it is something else":                  {[][4]string{{"company", "Acme", "Bond", "Cox"}}, silent},
		"emptied, though something was sent":    {[][4]string{{"company", "Acme", "Bond", ""}}, silent},
		"one of two is as it was":               {[][4]string{{"company", "Acme", "Bond", "Bond"}, {"first", "Ann", "Anna", "Ann"}}, lacks},
		"one of two is something else":          {[][4]string{{"company", "Acme", "Bond", "Bond"}, {"first", "Ann", "Anna", "Bea"}}, bears},
		"both are something else":               {[][4]string{{"company", "Acme", "Bond", "Cox"}, {"first", "Ann", "Anna", "Bea"}}, silent},
		"one may be cut to what it was":         {[][4]string{{"notes", "Bon", "Bond", "Bon"}, {"first", "Ann", "Anna", "Anna"}}, bears},
		"all may be cut to what it was":         {[][4]string{{"notes", "Bon", "Bond", "Bon"}}, lacks},
		"one would have begun as it does":       {[][4]string{{"company", "Bon", "Bond", "Bon"}, {"first", "Ann", "Anna", "Anna"}}, lacks},
		"another spelling of what is there":     {[][4]string{{"company", "acme", "Acme", "acme"}, {"first", "Ann", "Bea", "Bea"}}, bears},
		"a choice":                              {[][4]string{{"stage", "new", "won", "won"}}, bears},
		"a choice, and another edit":            {[][4]string{{"stage", "new", "won", "won"}, {"company", "Acme", "Bond", "Cox"}}, silent},
		"an element came":                       {[][4]string{{"tags", "x", "x y", "x y"}}, bears},
		"an element came, and another edit":     {[][4]string{{"tags", "x", "x y", "x y"}, {"company", "Acme", "Bond", "Cox"}}, silent},
		"an element is gone":                    {[][4]string{{"tags", "x y", "x", "x"}}, bears},
		"one is gone, for a user put another":   {[][4]string{{"tags", "x", "y", "z"}}, silent},
		"no element moved":                      {[][4]string{{"tags", "x", "x y", "x"}}, lacks},
		"a user put another":                    {[][4]string{{"tags", "x", "x y", "x z"}}, lacks},
		"an entry came, another was taken out":  {[][4]string{{"phones", "", "1 2", "2"}}, bears},
		"an entry came, and another edit":       {[][4]string{{"phones", "", "1", "1"}, {"company", "Acme", "Bond", "Cox"}}, bears},
		"a full list, another field has it":     {[][4]string{{"phones", "1 2", "1 2 3", "1 2"}, {"company", "Acme", "Bond", "Bond"}}, bears},
		"a full list alone":                     {[][4]string{{"phones", "1 2", "1 2 3", "1 2"}}, lacks},
		"one may be cut, of exactly its room":   {[][4]string{{"notes", "Bon", "Boa", "Bon"}, {"first", "Ann", "Anna", "Anna"}}, lacks},
		"an element that was there from first":  {[][4]string{{"tags", "x", "x y", "x"}, {"company", "Acme", "Bond", "Bond"}}, lacks},
		"the first of them is gone":             {[][4]string{{"tags", "a x", "x", "a x"}}, lacks},
		"a list without a limit, as it was":     {[][4]string{{"mails", "a@x.org", "a@x.org b@x.org", "a@x.org"}, {"company", "Acme", "Bond", "Bond"}}, lacks},
		"one is mapped no more, another has it": {[][4]string{{"former", "old", "new", "old"}, {"company", "Acme", "Bond", "Bond"}}, bears},
		"what was sent is mapped no more":       {[][4]string{{"former", "old", "new", "new"}}, lacks},
		"one is not told, another has it":       {[][4]string{{"company", "Acme", "Bond", "?"}, {"first", "Ann", "Anna", "Anna"}}, bears},
		"one is not told, another is as it was": {[][4]string{{"company", "Acme", "Bond", "?"}, {"first", "Ann", "Anna", "Ann"}}, lacks},
		"one is not told, another was edited":   {[][4]string{{"company", "Acme", "Bond", "?"}, {"first", "Ann", "Anna", "Bea"}}, silent},
		"what was sent is not told":             {[][4]string{{"company", "Acme", "Bond", "?"}}, lacks},
		"a list with room, as it was":           {[][4]string{{"phones", "1", "1 3", "1"}, {"company", "Acme", "Bond", "Bond"}}, lacks},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, sent, now := inRows(schema, row.fields)
			if got := cfg.landed(B, diff(before, sent, schema), before, now); got != row.want {
				t.Errorf("landed: %d, want %v", got, row.want)
			}
		})
	}
}

// TestBrought: what a record shows of an update that was sent to another one, which then became part of it. A row names what each
// field of the other one held before, what was sent there, what the record itself held, and what it holds now.
func TestBrought(t *testing.T) {
	t.Parallel()
	cfg, schema := landedConfig(t)
	for name, row := range map[string]struct {
		fields [][5]string // name, before, sent, had, now
		want   bool
	}{
		"it took what was sent":               {[][5]string{{"company", "Acme", "Bond", "", "Bond"}}, true},
		"it kept its own":                     {[][5]string{{"company", "Acme", "Bond", "Cox", "Cox"}}, false},
		"it had what was sent":                {[][5]string{{"company", "Acme", "Bond", "Bond", "Bond"}}, false},
		"it took a part of what was sent":     {[][5]string{{"company", "Acme", "Bond & Co", "", "Bond"}}, false},
		"it took what was there before":       {[][5]string{{"company", "Acme", "Bond", "", "Acme"}}, false},
		"one field tells, another does not":   {[][5]string{{"company", "Acme", "Bond", "Cox", "Cox"}, {"first", "", "Ann", "", "Ann"}}, true},
		"it took an entry that was sent":      {[][5]string{{"phones", "1", "1 2", "3", "3 1 2"}}, true},
		"it had one of two that were sent":    {[][5]string{{"phones", "", "1 2", "1", "1 2"}}, true},
		"it had all that were sent":           {[][5]string{{"phones", "1", "1 2", "2", "2 1"}}, false},
		"it took what was there by itself":    {[][5]string{{"phones", "1", "1 2", "3", "3 1"}}, false},
		"what was taken out it never had":     {[][5]string{{"phones", "1 2", "1", "3", "3 1"}}, false},
		"a tag, which anybody may have added": {[][5]string{{"tags", "", "x", "", "x"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, sent, had, now := contact.Fields{}, contact.Fields{}, contact.Fields{}, contact.Fields{}
			for _, f := range row.fields {
				field, _ := schema.Field(f[0])
				before[f[0]], sent[f[0]], had[f[0]], now[f[0]] = inRow(field, f[1]), inRow(field, f[2]), inRow(field, f[3]), inRow(field, f[4])
			}
			if got := cfg.brought(B, diff(before, sent, schema), before, had, now); got != row.want {
				t.Errorf("brought: %v, want %v", got, row.want)
			}
		})
	}
}

// TestFirstCall: what of an update the app may have carried out although it did not come to what it keeps apart, which are tags and
// phones here.
func TestFirstCall(t *testing.T) {
	t.Parallel()
	cfg, schema := landedConfig(t)
	for i := range schema.Fields {
		schema.Fields[i].Apart = schema.Fields[i].Name == "tags" || schema.Fields[i].Name == "phones"
	}
	for name, row := range map[string]struct {
		fields [][4]string // name, before, sent, now
		want   []string
	}{
		"all is there":                      {[][4]string{{"company", "Acme", "Bond", "Bond"}, {"tags", "", "x", "x"}}, []string{"company", "tags"}},
		"what is apart is as it was":        {[][4]string{{"company", "Acme", "Bond", "Bond"}, {"tags", "", "x", ""}}, []string{"company"}},
		"what is apart is something else":   {[][4]string{{"company", "Acme", "Bond", "Bond"}, {"tags", "y", "x", "z"}}, []string{"company", "tags"}},
		"the record is as it was":           {[][4]string{{"company", "Acme", "Bond", "Acme"}, {"tags", "", "x", "x"}}, []string{"company", "tags"}},
		"one of two that are apart":         {[][4]string{{"company", "Acme", "Bond", "Bond"}, {"tags", "", "x", "x"}, {"phones", "", "1", ""}}, []string{"company", "tags"}},
		"all that was sent is apart":        {[][4]string{{"tags", "", "x", ""}}, []string{"tags"}},
		"both that were sent are apart":     {[][4]string{{"tags", "", "x", ""}, {"phones", "", "1", ""}}, []string{"phones", "tags"}},
		"of the record one is as it was":    {[][4]string{{"company", "Acme", "Bond", "Bond"}, {"first", "Ann", "Anna", "Ann"}, {"tags", "", "x", "x"}}, []string{"company", "first", "tags"}},
		"what is apart is as it would stay": {[][4]string{{"company", "Acme", "Bond", "Bond"}, {"phones", "1 2", "1 2 3", "1 2"}}, []string{"company", "phones"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, sent, now := inRows(schema, row.fields)
			patch := diff(before, sent, schema)
			require.Equal(t, row.want, cfg.firstCall(B, patch, before, now).Names())
			require.Len(t, patch, len(row.fields), "what is noted stays as it is")
		})
	}
}

// TestNarrow: what is noted of an update of which a part was not carried out, of the rest.
func TestNarrow(t *testing.T) {
	t.Parallel()
	cfg := between(t, Connection{Mappings: []Mapping{MapFields("stage", "stage"), MapFields("email", "email"), MapFields("tags", "tags")}}, tagged(), tagged())
	of := func(mapping string) settlement { return settlement{Mapping: mapping} }
	layer := func(field string) settlement { return settlement{Target: B.String() + " " + field + "\x00x"} }
	p := &pendingIntent{intentRow: &intentRow{Side: B}, intent: &intent{
		Patch:  contact.Patch{"stage": contact.Change{Set: contact.Text("2")}, "tags": contact.Change{Set: contact.Empty}},
		Before: contact.Fields{"stage": contact.Text("1"), "tags": contact.Set("x")},
		Settle: []settlement{of("stage:stage"), of("tags:tags"), of("gone"), layer("stage"), layer("tags")},
		Clears: []string{"stage:stage", "tags:tags", "gone"},
		Why:    map[string]Why{"stage": {}, "tags": {}},
	}}
	p.narrow(cfg, contact.Patch{"stage": p.Patch["stage"]})
	require.Equal(t, []string{"stage"}, p.Patch.Names())
	require.Equal(t, []string{"stage"}, p.Before.Names())
	require.Equal(t, []settlement{of("stage:stage"), of("gone"), layer("stage")}, p.Settle)
	require.Equal(t, []string{"stage:stage", "gone"}, p.Clears)
	require.Equal(t, map[string]Why{"stage": {}}, p.Why)
}

// landedConfig is a connection between two apps of one schema.
func landedConfig(t *testing.T) (*config, *contact.Schema) {
	t.Helper()
	schema := &contact.Schema{Fields: []contact.Field{{Name: "company", Type: contact.TypeText}, {Name: "first", Type: contact.TypeText}, {Name: "notes", Type: contact.TypeText, MaxLength: 3},
		{Name: "stage", Type: contact.TypeChoice}, {Name: "former", Type: contact.TypeText}, {Name: "tags", Type: contact.TypeSet},
		{Name: "phones", Type: contact.TypePhone, Many: true, MaxEntries: 2}, {Name: "mails", Type: contact.TypeEmail, Many: true}}}
	cfg, bad := compile(&Connection{ID: "c", Match: Match{Keys: []MatchKey{{Kind: KeyNameCompany}}}}, [2]*contact.Schema{schema, schema})
	require.Empty(t, bad)
	for _, f := range schema.Fields {
		if f.Name != "former" { // it is mapped no more
			cfg.used[B] = append(cfg.used[B], f.Name)
		}
	}
	return cfg, schema
}

// inRows returns what the fields of a row held before, what was sent, and what they hold now.
func inRows(schema *contact.Schema, rows [][4]string) (before, sent, now contact.Fields) {
	before, sent, now = contact.Fields{}, contact.Fields{}, contact.Fields{}
	for _, row := range rows {
		field, _ := schema.Field(row[0])
		before[row[0]], sent[row[0]], now[row[0]] = inRow(field, row[1]), inRow(field, row[2]), inRow(field, row[3])
	}
	return before, sent, now
}

// inRow returns a value as a row of the table writes it: elements stand between spaces, and what is not told is "?".
func inRow(f contact.Field, text string) contact.Value {
	words := strings.Fields(text)
	switch {
	case text == "?": // it is not told
		return contact.Value{}
	case text == "":
		return contact.Empty
	case f.Type == contact.TypeSet:
		return contact.Set(words...)
	case f.Many:
		entries := make([]contact.Entry, len(words))
		for i, word := range words {
			entries[i].Value = contact.Text(word)
		}
		return contact.List(entries...)
	}
	return contact.Text(text)
}

// TestLandedEntry: an entry that was sent with another type than it had shows by that type.
func TestLandedEntry(t *testing.T) {
	t.Parallel()
	f := contact.Field{Name: "phones", Type: contact.TypePhone, Many: true}
	entry := func(kind string) contact.Value {
		return contact.List(contact.Entry{Value: contact.Text("+32470000001"), Type: kind})
	}
	sent := contact.Change{Add: entry("work").Entries()}
	for now, want := range map[string]trace{"work": bears, "home": lacks, "mobile": lacks} {
		require.Equal(t, want, traceElements(f, sent, entry("home"), entry(now)), now)
	}
	require.Equal(t, lacks, traceElements(f, sent, entry("work"), entry("work")), "it was there before")
}

// TestLooksLike: what is no text looks like nothing.
func TestLooksLike(t *testing.T) {
	t.Parallel()
	require.True(t, looksLike(contact.Text("Bond & Co"), contact.Text("BOND")))
	require.False(t, looksLike(contact.Text("1"), contact.Bool(true)))
	require.False(t, looksLike(contact.Bool(true), contact.Text("")))
	require.False(t, looksLike(contact.Bool(true), contact.Text("t")))
	require.False(t, looksLike(contact.Text("true"), contact.Bool(true)))
	require.False(t, looksLike(contact.Text("x"), contact.Empty))
}
