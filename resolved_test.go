package contactsync

import (
	"reflect"
	"testing"

	"github.com/contactsync/contactsync/contact"
	"github.com/stretchr/testify/require"
)

// TestSameSchema: whatever an app says otherwise of itself, a connection is resolved anew.
func TestSameSchema(t *testing.T) {
	schema := func() *contact.Schema {
		s := &contact.Schema{}
		fill(reflect.ValueOf(s).Elem(), 1)
		return s
	}
	require.True(t, sameSchema(schema(), schema()))
	differs := func(v func(*contact.Schema) reflect.Value) {
		for i := range v(schema()).NumField() {
			s := schema()
			v(s).Field(i).SetZero()
			require.False(t, sameSchema(schema(), s), v(s).Type().Field(i).Name)
		}
	}
	differs(func(s *contact.Schema) reflect.Value { return reflect.ValueOf(s).Elem() })
	differs(func(s *contact.Schema) reflect.Value { return reflect.ValueOf(&s.Fields[1]).Elem() })
}

// TestResolvedAnew: an app may change in place what it has said of itself.
func TestResolvedAnew(t *testing.T) {
	for _, change := range []func(*contact.Schema){
		func(*contact.Schema) {},
		func(s *contact.Schema) { s.Fields[0].ReadOnly = true },
		func(s *contact.Schema) { s.Fields[0].Options[1] = "other" },
		func(s *contact.Schema) { s.Unique[0] = "other" },
	} {
		a := &contact.Schema{Fields: []contact.Field{{Name: "stage", Options: []string{"x", "y"}}}, Unique: []string{"stage"}}
		schemas := [2]*contact.Schema{a, {}}
		var last resolved
		last.keep(&config{schema: schemas}, nil)
		before := cloneSchema(a)
		change(a)
		require.Equal(t, sameSchema(&before, a), last.recall(schemas, nil) != nil)
	}
}
