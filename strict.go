package contactsync

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// ParseConnection reads a connection in its JSON form. It refuses keys that it does not know, keys that are there
// twice, values that do not fit, and data behind the document: the error is an [*InvalidError] with the place of every
// such fault, and the connection holds the rest of the document, so that it can be looked at as well; or the error says at
// which byte the JSON ends to be JSON. Whether the connection fits its apps is for [Open] to say.
func ParseConnection(data []byte) (Connection, error) {
	var c Connection
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if err := checkSyntax(data); err != nil {
		return c, fmt.Errorf("connection: %w", err)
	}
	bad := &faults{}
	data = checkValue(data, reflect.TypeFor[Connection](), "", bad, 0)
	if data == nil { // it is no object
		return c, &InvalidError{Faults: bad.list}
	}
	if err := json.Unmarshal(data, &c); err != nil || len(bad.list) == 0 {
		return c, err
	}
	return c, &InvalidError{Connection: c.ID, Faults: bad.list}
}

// formOf returns the struct whose fields are the keys of a type's JSON form, nil if any key will do.
func formOf(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case nil, reflect.TypeFor[contact.Value]():
		return nil
	case reflect.TypeFor[Connection]():
		return reflect.TypeFor[rawConnection]()
	case reflect.TypeFor[Match]():
		return reflect.TypeFor[matchJSON]()
	case reflect.TypeFor[MatchKey]():
		return reflect.TypeFor[fieldsJSON]()
	case reflect.TypeFor[MappingRef]():
		return reflect.TypeFor[sidesJSON]()
	case reflect.TypeFor[FilterRule]():
		return reflect.TypeFor[ruleJSON]()
	case reflect.TypeFor[Filter]():
		return reflect.TypeFor[filterJSON]()
	case reflect.TypeFor[Action]():
		return reflect.TypeFor[actionJSON]()
	case reflect.TypeFor[Mapping]():
		return reflect.TypeFor[mappingJSON]()
	case reflect.TypeFor[transforms](), reflect.TypeFor[oneTransform]():
		return reflect.TypeFor[transformJSON]()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// elementOf returns the type of the elements of a JSON array that is to fill t, nil if there is no saying.
func elementOf(t reflect.Type) reflect.Type {
	switch {
	case t == nil, t == reflect.TypeFor[json.RawMessage]():
		return nil
	case t == reflect.TypeFor[transforms]():
		return reflect.TypeFor[oneTransform]()
	case t.Kind() == reflect.Slice:
		return t.Elem()
	}
	return nil
}

const maxDepth = 64

// checkSyntax says at which byte the data ends to be one JSON document.
func checkSyntax(data []byte) error {
	d := contact.NewDecoder(string(data))
	if err := d.Skip(); err != nil && !strings.Contains(err.Error(), "twice") { // that is told with its place
		return err
	} else if err != nil {
		return nil
	}
	return d.End()
}

// checkValue adds everything that stands against reading a JSON value into a t: keys that t does not have or that are
// there twice, and values that do not fit, each with its place. encoding/json would let some pass and stop at the first
// of the others. It returns what can be read: without the keys that are wrong, and with null for such elements of lists, so
// that the others keep their places; nil if nothing of the value can.
func checkValue(data json.RawMessage, t reflect.Type, path string, bad *faults, depth int) json.RawMessage {
	before := len(bad.list)
	if depth > maxDepth {
		bad.add(path, "nested more than %d deep", maxDepth)
		return nil
	}
	switch data = bytes.TrimSpace(data); {
	case bytes.HasPrefix(data, []byte("{")):
		data = checkObject(data, t, path, bad, depth)
	case bytes.HasPrefix(data, []byte("[")):
		var list []json.RawMessage
		if json.Unmarshal(data, &list) == nil {
			for i, one := range list {
				list[i] = checkValue(one, elementOf(t), fmt.Sprintf("%s[%d]", path, i), bad, depth+1)
			}
			data, _ = json.Marshal(list) // of nil it makes null
		}
	}
	if t == nil {
		return data
	}
	err := json.Unmarshal(data, reflect.New(t).Interface())
	if err == nil {
		return data
	}
	if len(bad.list) == before { // every part of it fits, so it is wrong itself
		addFault(err, path, bad)
	}
	return nil
}

// addFault adds an error of encoding/json, or of one of the types above, with its place.
func addFault(err error, path string, bad *faults) {
	var own *faultError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &own):
		bad.add(strings.Trim(path+"."+own.Path, "."), "%s", own.Message)
	case errors.As(err, &wrong):
		bad.add(path, "it cannot be a %s", strings.Fields(wrong.Value)[0])
	default:
		bad.add(path, "%v", err)
	}
}

// checkObject checks the keys of an object and their values, and returns the object of those that can be read.
func checkObject(data []byte, t reflect.Type, path string, bad *faults, depth int) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(data))
	_, _ = d.Token()
	seen := map[string]bool{}
	out := newObject()
	for d.More() {
		token, err := d.Token()
		key, ok := token.(string)
		var value json.RawMessage
		if err != nil || !ok || d.Decode(&value) != nil {
			return nil
		}
		at := strings.TrimPrefix(path+"."+key, ".")
		if seen[key] {
			bad.add(at, "the key is there twice")
			continue
		}
		seen[key] = true
		of, known := keyType(t, key)
		if !known {
			bad.add(at, "there is no such key; there are %s", strings.Join(keyNames(t), ", "))
			continue
		}
		if value = checkValue(value, of, at, bad, depth+1); value != nil {
			out.key(key)
			out.to = append(out.to, value...)
		}
	}
	return out.end()
}

// keyType returns the type of a key's value, and whether there is such a key.
func keyType(t reflect.Type, key string) (reflect.Type, bool) {
	form := formOf(t)
	if form == nil {
		return nil, true
	}
	for _, f := range reflect.VisibleFields(form) {
		if name, ok := keyName(f); ok && name == key {
			return f.Type, true
		}
	}
	return nil, false
}

func keyName(f reflect.StructField) (string, bool) {
	tag, ok := f.Tag.Lookup("json")
	name, _, _ := strings.Cut(tag, ",")
	return name, ok && name != "-" && name != ""
}

func keyNames(t reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(formOf(t)) {
		if name, ok := keyName(f); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
