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
