package contactsync

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/contactsync/contactsync/contact"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// A row is written and read by hand as the tags of its struct say: a field that the hand forgets is lost, and so is one that
// a store has from a build that went by the tags.
func TestRowsAreWrittenAsTheirTagsSay(t *testing.T) {
	var life connectionRow
	var run runRow
	var side sideRow
	for _, row := range []any{&life, &run, &side} {
		fill(reflect.ValueOf(row).Elem(), 1)
	}
	life.Config, life.Defaults = json.RawMessage(`{"id":"c"}`), json.RawMessage(`[{"a":"first"}]`)
	life.Legend.Cells[0].Fields[B] = nil // a value that only one side has
	for _, c := range []struct {
		name        string
		written     any
		byTags      []byte
		hand, plain any
	}{
		{"a connection", life, asTagged(t, life), &connectionRow{}, &connectionRow{}},
		{"an empty connection", connectionRow{}, asTagged(t, connectionRow{}), &connectionRow{}, &connectionRow{}},
		{"a sync", run, asTagged(t, run), &runRow{}, &runRow{}},
		{"an empty sync", runRow{}, asTagged(t, runRow{}), &runRow{}, &runRow{}},
		{"an app", side, asTagged(t, side), &sideRow{}, &sideRow{}},
		{"an empty app", sideRow{}, asTagged(t, sideRow{}), &sideRow{}, &sideRow{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, json.Unmarshal(marshal(c.written), c.plain))
			require.NoError(t, unmarshal(Row{Body: c.byTags}, c.hand))
			want := reflect.New(reflect.TypeOf(c.written))
			want.Elem().Set(reflect.ValueOf(c.written))
			if diff := cmp.Diff(want.Interface(), c.plain, compareLife); diff != "" {
				t.Errorf("written by hand, read by the tags (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want.Interface(), c.hand, compareLife); diff != "" {
				t.Errorf("written by the tags, read by hand (-want +got):\n%s", diff)
			}
		})
	}
}

// What few rows of pairs and records have is written and read by hand as well.
func TestRarePartsAreWrittenAsTheirTagsSay(t *testing.T) {
	type rarePair struct {
		Rare struct {
			Gone    [2]bool           `json:"gone,omitzero"`
			Members map[string]member `json:"members,omitempty"`
			Layers  map[string]layer  `json:"layers,omitempty"`
			Held    map[string]*hold  `json:"held,omitempty"`
			Past    map[string]*past  `json:"past,omitempty"`
		} `json:"rare"`
		Standing standing `json:"st"`
	}
	type rareRecord struct {
		Edits    map[string]time.Time `json:"es"`
		Told     map[string]time.Time `json:"t"`
		Wrote    *ownWrite            `json:"w"`
		Doubt    *contact.Record      `json:"d"`
		Standing standing             `json:"st"`
		Bore     []keyMark            `json:"k"`
	}
	var pair, byHand rarePair
	fill(reflect.ValueOf(&pair).Elem(), 1)
	of := func(p *rarePair) *link {
		return &link{Gone: p.Rare.Gone, Members: p.Rare.Members, Layers: p.Rare.Layers, Held: p.Rare.Held, Past: p.Rare.Past, Standing: p.Standing}
	}
	require.NoError(t, json.Unmarshal(of(&pair).body(), &byHand))
	if diff := cmp.Diff(pair, byHand, compareLife); diff != "" {
		t.Errorf("a pair written by hand, read by the tags (-want +got):\n%s", diff)
	}
	var l link
	require.NoError(t, l.read(asTagged(t, pair)))
	if diff := cmp.Diff(of(&pair), &l, compareLife); diff != "" {
		t.Errorf("a pair written by the tags, read by hand (-want +got):\n%s", diff)
	}

	var record, recordByHand rareRecord
	fill(reflect.ValueOf(&record).Elem(), 1)
	want := &mirror{Edits: record.Edits, Told: record.Told, Wrote: record.Wrote, Doubt: record.Doubt, Standing: record.Standing, Bore: record.Bore}
	require.NoError(t, json.Unmarshal(want.body(), &recordByHand))
	if diff := cmp.Diff(record, recordByHand, compareLife); diff != "" {
		t.Errorf("a record written by hand, read by the tags (-want +got):\n%s", diff)
	}
	var m mirror
	require.NoError(t, m.read(asTagged(t, record)))
	if diff := cmp.Diff(want, &m, compareLife); diff != "" {
		t.Errorf("a record written by the tags, read by hand (-want +got):\n%s", diff)
	}
}

var compareLife = cmp.AllowUnexported(connectionRow{}, runRow{}, sideRow{}, legend{}, legendCell{}, naming{}, removedRow{}, link{}, mirror{}, member{}, layer{}, hold{},
	past{}, pastValue{}, ownWrite{}, keyMark{}, standing{}, contact.Value{}, matchKey{}, Person{})

func asTagged(t *testing.T, row any) []byte {
	b, err := json.Marshal(row)
	require.NoError(t, err)
	return b
}

// fill gives every field of a row a value of its own, and returns the number of the next one.
func fill(v reflect.Value, n int) int {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(int64(n), 5).UTC()))
	case v.Type() == reflect.TypeFor[Side]():
		v.Set(reflect.ValueOf(B))
	case v.Type() == reflect.TypeFor[contact.Value]():
		v.Set(reflect.ValueOf(contact.Text("v" + string(rune('a'+n)))))
	case v.Type() == reflect.TypeFor[sides]():
		v.Set(reflect.ValueOf(sides{{contact.Text("x")}, nil}))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		n = fill(v.Elem(), n)
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, key := range []string{"one", "an\"other"} {
			one := reflect.New(v.Type().Elem()).Elem()
			n = fill(one, n)
			v.SetMapIndex(reflect.ValueOf(key), one)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			n = fill(v.Field(i), n)
		}
	case v.Kind() == reflect.Array:
		for i := range v.Len() {
			n = fill(v.Index(i), n)
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			n = fill(v.Index(i), n)
		}
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.String:
		v.SetString("O'Neill \"<&>\" " + string(rune('a'+n)))
	case v.CanUint():
		v.SetUint(uint64(n))
	default:
		v.SetInt(int64(n))
	}
	return n + 1
}
