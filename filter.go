package contactsync

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/contactsync/contactsync/contact"
	"golang.org/x/text/cases"
)

// Truth is three-valued: what a rule says of a record of which not everything was read.
type Truth uint8

// The truths, in the order in which all takes the least of them and any the greatest.
const (
	No Truth = iota
	Unknown
	Yes
)

func truthOf(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// A Filter is a condition on one field, or filters joined by All, Any or Not. The zero Filter lets everything
// through.
type Filter struct {
	Field string
	Op    Operator
	Value contact.Value   // what the operator compares with
	List  []contact.Value // of in, has_any and has_all

	All []Filter // every one holds
	Any []Filter // at least one holds
	Not *Filter  // it does not hold
}

// equality is by what values of an app's fields are the same: their type and the connection's region. nil knows
// neither, and compares text without case.
type equality struct {
	schema *contact.Schema
	region string
}

// Operator is how a condition compares.
type Operator string

// The operators. Text compares without case.
const (
	OpIs         Operator = "is"
	OpIsNot      Operator = "is_not"
	OpIn         Operator = "in"       // one of a list of values
	OpContains   Operator = "contains" // of a list, one entry does; of an address, one part
	OpStartsWith Operator = "starts_with"
	OpEndsWith   Operator = "ends_with"
	OpIsKnown    Operator = "is_known"   // it is filled; takes no value
	OpIsUnknown  Operator = "is_unknown" // it is empty; takes no value
	OpHas        Operator = "has"        // a set or list has the element
	OpHasNot     Operator = "has_not"
	OpHasAny     Operator = "has_any" // one of a list of elements
	OpHasAll     Operator = "has_all" // all of them
	OpLess       Operator = "less"    // a number is
	OpGreater    Operator = "greater"
	OpBefore     Operator = "before" // a date or time is, in the connection's time zone
	OpAfter      Operator = "after"
	OpWithinLast Operator = "within_last" // a date or time lies in the last 36h, 90m, 30d ([ParseSpan])
)

// Has returns the condition that a set or list field has the element.
func Has(field, element string) Filter {
	return Filter{Field: field, Op: OpHas, Value: contact.Text(element)}
}

// HasNot returns the condition that a set or list field does not have the element.
func HasNot(field, element string) Filter {
	return Filter{Field: field, Op: OpHasNot, Value: contact.Text(element)}
}

// Is returns the condition that a field has the value.
func Is(field string, value contact.Value) Filter {
	return Filter{Field: field, Op: OpIs, Value: value}
}

// zero reports whether the filter lets everything through.
func (f *Filter) zero() bool {
	return f.Op == "" && f.Field == "" && f.All == nil && f.Any == nil && f.Not == nil
}

// condition returns the one condition that the filter is, nil if it is none or several.
func (f *Filter) condition() *Filter {
	switch {
	case f.Op != "":
		return f
	case len(f.All) == 1:
		return f.All[0].condition()
	case len(f.Any) == 1:
		return f.Any[0].condition()
	}
	return nil
}

// fieldNames adds the names of the fields that the filter looks at.
func (f *Filter) fieldNames(add func(string)) {
	if f.Op != "" {
		add(f.Field)
	}
	for i := range f.All {
		f.All[i].fieldNames(add)
	}
	for i := range f.Any {
		f.Any[i].fieldNames(add)
	}
	if f.Not != nil {
		f.Not.fieldNames(add)
	}
}

// eval says whether the filter holds of a record, at now in the connection's time zone. A condition over a field
// that was not read is unknown; all, any and not carry that through by three-valued logic.
func (f *Filter) eval(fields contact.Fields, now time.Time, eq *equality) Truth {
	switch {
	case f.Op != "":
		return f.test(fields[f.Field], now, eq)
	case f.Not != nil:
		return Yes - f.Not.eval(fields, now, eq)
	case f.Any != nil:
		result := No
		for i := range f.Any {
			result = max(result, f.Any[i].eval(fields, now, eq))
		}
		return result
	}
	result := Yes
	for i := range f.All {
		result = min(result, f.All[i].eval(fields, now, eq))
	}
	return result
}

// until returns when the filter may next say something else of the record though nobody edits it; zero is never.
func (f *Filter) until(fields contact.Fields, now time.Time) (next time.Time) {
	if f.Op == OpWithinLast {
		at, err := timeOf(fields[f.Field], now.Location())
		d, errD := ParseSpan(f.Value.Str())
		if err != nil || errD != nil {
			return next
		}
		return earliest(now, at, at.Add(d+1))
	}
	for i := range f.All {
		next = earliest(now, next, f.All[i].until(fields, now))
	}
	for i := range f.Any {
		next = earliest(now, next, f.Any[i].until(fields, now))
	}
	if f.Not != nil {
		next = earliest(now, next, f.Not.until(fields, now))
	}
	return next
}

// earliest returns the first of the times that comes after now, zero if none does.
func earliest(now time.Time, times ...time.Time) (first time.Time) {
	for _, t := range times {
		if t.After(now) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

// test says whether one condition holds of a value.
func (f *Filter) test(v contact.Value, now time.Time, eq *equality) Truth {
	if v.Absent() {
		return Unknown
	}
	switch f.Op {
	case OpIsKnown:
		return truthOf(!v.Blank())
	case OpIsUnknown:
		return truthOf(v.Blank())
	case OpIsNot:
		return truthOf(!f.equal(v, f.Value, eq))
	case OpIs:
		return truthOf(f.equal(v, f.Value, eq))
	case OpIn:
		return truthOf(slices.ContainsFunc(f.List, func(w contact.Value) bool { return f.equal(v, w, eq) }))
	case OpHas:
		return truthOf(f.equal(v, f.Value, eq))
	case OpHasNot:
		return truthOf(!f.equal(v, f.Value, eq))
	case OpHasAny:
		return truthOf(slices.ContainsFunc(f.List, func(w contact.Value) bool { return f.equal(v, w, eq) }))
	case OpHasAll:
		return truthOf(!slices.ContainsFunc(f.List, func(w contact.Value) bool { return !f.equal(v, w, eq) }))
	case OpContains, OpStartsWith, OpEndsWith:
		return truthOf(slices.ContainsFunc(texts(v), func(s string) bool { return f.testText(s) }))
	case OpLess, OpGreater:
		return f.testNumber(v)
	}
	return f.testTime(v, now)
}

func (f *Filter) testText(s string) bool {
	s, part := fold(s), fold(f.Value.Str())
	switch f.Op {
	case OpContains:
		return strings.Contains(s, part)
	case OpStartsWith:
		return strings.HasPrefix(s, part)
	}
	return strings.HasSuffix(s, part)
}

func (f *Filter) testNumber(v contact.Value) Truth {
	x, okX := new(big.Rat).SetString(boundedNumber(v.Str()))
	y, okY := new(big.Rat).SetString(boundedNumber(f.Value.Str()))
	if !okX || !okY {
		return No
	}
	if f.Op == OpLess {
		return truthOf(x.Cmp(y) < 0)
	}
	return truthOf(x.Cmp(y) > 0)
}

// boundedNumber returns "" for a literal whose exponent would take ages to work out.
func boundedNumber(literal string) string {
	if _, exponent, ok := strings.Cut(strings.ToLower(literal), "e"); ok {
		if n, err := strconv.Atoi(exponent); err != nil || n > 1000 || n < -1000 {
			return ""
		}
	}
	return literal
}

func (f *Filter) testTime(v contact.Value, now time.Time) Truth {
	at, err := timeOf(v, now.Location())
	if err != nil {
		return No
	}
	if f.Op == OpWithinLast {
		d, err := ParseSpan(f.Value.Str())
		return truthOf(err == nil && !at.After(now) && !at.Before(now.Add(-d)))
	}
	bound, err := timeOf(f.Value, now.Location())
	if err != nil {
		return No
	}
	if f.Op == OpBefore {
		return truthOf(at.Before(bound))
	}
	return truthOf(at.After(bound))
}

// equal reports whether the value, or one element of it, is w: numbers by value, emails, phones and dates by what they
// mean, all else without case.
func (f *Filter) equal(v, w contact.Value, eq *equality) bool {
	if v.Kind() == contact.KindNumber {
		x, okX := new(big.Rat).SetString(boundedNumber(v.Str()))
		y, okY := new(big.Rat).SetString(boundedNumber(w.Str()))
		return okX && okY && x.Cmp(y) == 0
	}
	key := func(s string) string { return fold(s) }
	if eq != nil {
		field, _ := eq.schema.Field(f.Field)
		switch field.Type {
		case contact.TypeEmail, contact.TypePhone, contact.TypeDate, contact.TypeDateTime:
			key = func(s string) string { return field.EntryKey(contact.Entry{Value: contact.Text(s)}, eq.region) }
		}
	}
	want := key(w.Str())
	return slices.ContainsFunc(texts(v), func(s string) bool { return key(s) == want })
}

// texts returns the scalar texts that a value is made of.
func texts(v contact.Value) []string {
	switch v.Kind() {
	case contact.KindEmpty:
		return nil
	case contact.KindSet:
		return v.Elements()
	case contact.KindAddress:
		return []string{v.String()}
	case contact.KindList:
		var all []string
		for _, e := range v.Entries() {
			all = append(all, texts(e.Value)...)
		}
		return all
	}
	return []string{v.Str()}
}

// fold returns the text as filters compare it: normal form, no surrounding space, no case.
func fold(s string) string { return cases.Fold().String(contact.NormalText(s)) }

// timeOf reads a date or a datetime; a date is the beginning of that day in loc.
func timeOf(v contact.Value, loc *time.Location) (time.Time, error) {
	s := strings.TrimSpace(v.Str())
	if t, err := time.ParseInLocation("2006-01-02", s, loc); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, s)
}

// ParseSpan reads a length of time: a Go duration ("36h", "90m") or whole days ("30d").
func ParseSpan(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 100_000 {
			return 0, fmt.Errorf("%q is not a number of days", text)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a length of time; write 36h, 90m or 30d", text)
	}
	return d, nil
}

// check adds what is wrong with the filter on records of this schema.
func (f *Filter) check(schema *contact.Schema, path string, bad *faults) {
	forms := 0
	for _, used := range []bool{f.Op != "" || f.Field != "", f.All != nil, f.Any != nil, f.Not != nil} {
		if used {
			forms++
		}
	}
	if forms > 1 {
		bad.add(path, "a filter is one condition, or one of all, any and not")
		return
	}
	for i := range f.All {
		f.All[i].check(schema, fmt.Sprintf("%s.all[%d]", path, i), bad)
	}
	for i := range f.Any {
		f.Any[i].check(schema, fmt.Sprintf("%s.any[%d]", path, i), bad)
	}
	if f.Not != nil {
		f.Not.check(schema, path+".not", bad)
	}
	if f.Op != "" || f.Field != "" {
		f.checkCondition(schema, path, bad)
	}
}

// operatorFits says which fields an operator takes.
func operatorFits(op Operator, f contact.Field) (fits, known bool) {
	many := f.Many || f.Type == contact.TypeSet
	switch op {
	case OpIsKnown, OpIsUnknown:
		return true, true
	case OpIs, OpIsNot, OpIn:
		return !many && f.Type != contact.TypeAddress, true
	case OpContains, OpStartsWith, OpEndsWith:
		return textual(f.Type) || f.Type == contact.TypeAddress && op == OpContains, true
	case OpHas, OpHasNot, OpHasAny, OpHasAll:
		return many, true
	case OpLess, OpGreater:
		return f.Type == contact.TypeNumber && !many, true
	case OpBefore, OpAfter, OpWithinLast:
		return (f.Type == contact.TypeDate || f.Type == contact.TypeDateTime) && !many, true
	}
	return false, false
}

// textual reports whether a type is text to its reader.
func textual(t contact.Type) bool {
	switch t {
	case contact.TypeText, contact.TypeEmail, contact.TypePhone, contact.TypeURL, contact.TypeChoice:
		return true
	}
	return false
}

func (f *Filter) checkCondition(schema *contact.Schema, path string, bad *faults) {
	field, ok := schema.Field(f.Field)
	if !ok {
		bad.add(path+".field", "there is no field %q; there are %s", f.Field, fieldList(schema))
		return
	}
	fits, known := operatorFits(f.Op, field)
	if !known {
		bad.add(path+".op", "there is no operator %q", f.Op)
		return
	}
	if !fits {
		bad.add(path+".op", "%s does not work on %s, which is %s", f.Op, f.Field, describe(field))
		return
	}
	f.checkValue(field, path+".value", bad)
}

// checkValue adds what is wrong with what the operator compares with.
func (f *Filter) checkValue(field contact.Field, path string, bad *faults) {
	switch f.Op {
	case OpIsKnown, OpIsUnknown:
		if !f.Value.Absent() || f.List != nil {
			bad.add(path, "%s takes no value", f.Op)
		}
		return
	case OpIn, OpHasAny, OpHasAll:
		if len(f.List) == 0 {
			bad.add(path, "%s takes a list of values", f.Op)
		}
		for _, v := range f.List {
			f.checkOption(field, v, path, bad)
		}
		return
	}
	if f.Value.Blank() || f.List != nil {
		bad.add(path, "%s takes one value", f.Op)
		return
	}
	switch f.Op {
	case OpWithinLast:
		if _, err := ParseSpan(f.Value.Str()); err != nil {
			bad.add(path, "%v", err)
		}
	case OpBefore, OpAfter:
		if _, err := timeOf(f.Value, time.UTC); err != nil {
			bad.add(path, "write a date (2026-01-31) or a time in RFC 3339 form")
		}
	case OpLess, OpGreater:
		if _, err := contact.Number(f.Value.Str()); err != nil {
			bad.add(path, "%s takes a number", f.Op)
		}
	case OpIs, OpIsNot, OpHas, OpHasNot:
		f.checkOption(field, f.Value, path, bad)
	}
}

// checkOption adds a fault for a value that the field can never have.
func (f *Filter) checkOption(field contact.Field, v contact.Value, path string, bad *faults) {
	if field.Type == contact.TypeBool {
		if _, err := strconv.ParseBool(v.Str()); err != nil {
			bad.add(path, "%s is yes or no; write true or false", f.Field)
		}
	}
	if len(field.Options) > 0 && !slices.ContainsFunc(field.Options, func(o string) bool { return fold(o) == fold(v.Str()) }) {
		bad.add(path, "%q is not one of the options of %s: %s", v.Str(), f.Field, strings.Join(field.Options, ", "))
	}
}

// describe says the type of a field in words.
func describe(f contact.Field) string {
	if f.Many {
		return "a list of " + string(f.Type)
	}
	return string(f.Type)
}

// fieldList names the fields of a schema for a person.
func fieldList(s *contact.Schema) string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}
