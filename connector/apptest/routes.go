package apptest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A Route is one kind of request that an app knows, and all that it knows of it.
type Route struct {
	Pattern string   // "PATCH /v1/people/{id}", as [http.ServeMux] has it
	Params  []string // query parameters; any other is refused, and one that is given twice
	Headers []string // headers that the app acts by, beside those that change nothing
	// Fields are what a body of JSON or of a form may hold, dotted: "name", "person.emails.value". Elements of a list
	// have the name of their list; "properties.*" is whatever is below. nil means that there is no body.
	Fields []string
	// Raw leaves the body to Handle, whatever it is.
	Raw    bool
	Handle http.HandlerFunc
}

// Routes is an [http.Handler] that serves its routes and refuses all else: a path, method, parameter, header or field
// that no route names fails the test ([Refuse]).
type Routes []Route

// ServeHTTP serves a request by its route.
func (rs Routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mux := http.NewServeMux()
	for _, route := range rs {
		mux.Handle(route.Pattern, &route)
	}
	if h, _ := mux.Handler(r); h != nil {
		if _, ok := h.(*Route); ok {
			mux.ServeHTTP(w, r)
			return
		}
	}
	Refuse(w, r, http.StatusNotFound, "the app knows no such request")
}

// ServeHTTP refuses what the route does not know, and serves the rest.
func (route *Route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if name := UnknownParam(r, route.Params...); name != "" {
		Refuse(w, r, http.StatusBadRequest, "the parameter %q is unknown or given twice", name)
		return
	}
	if name := UnknownHeader(r, route.Headers...); name != "" {
		Refuse(w, r, http.StatusBadRequest, "the app does not know the header %q", name)
		return
	}
	if !route.Raw {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = unknownField(r.Header.Get("Content-Type"), body, route.Fields)
		}
		if err != nil {
			Refuse(w, r, http.StatusBadRequest, "%v", err)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	route.Handle(w, r)
}

// unknownField returns what is wrong with a body: one where there is to be none, one that cannot be read, or a field
// that is not known.
func unknownField(contentType string, body []byte, known []string) error {
	if len(body) == 0 {
		return nil
	}
	if known == nil {
		return fmt.Errorf("the request takes no body")
	}
	kind, _, _ := mime.ParseMediaType(contentType)
	var found []string
	switch {
	case kind == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return fmt.Errorf("the form cannot be read")
		}
		for name := range form {
			found = append(found, name)
		}
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			return fmt.Errorf("the body is no JSON")
		}
		found = paths("", v)
	default:
		return fmt.Errorf("the content type is %q, want JSON or a form", kind)
	}
	slices.Sort(found)
	for _, name := range found {
		if !slices.ContainsFunc(known, func(k string) bool { return covers(k, name) }) {
			return fmt.Errorf("the field %q is unknown", name)
		}
	}
	return nil
}

// paths returns the dotted names of all fields of a value.
func paths(prefix string, v any) (all []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			name = strings.TrimPrefix(prefix+"."+name, ".")
			all = append(append(all, name), paths(name, inner)...)
		}
	case []any:
		for _, inner := range v {
			all = append(all, paths(prefix, inner)...)
		}
	}
	return all
}

// covers reports whether a known field is name, above it, or says that anything below it is known.
func covers(known, name string) bool {
	above, any := strings.CutSuffix(known, ".*")
	return known == name || strings.HasPrefix(known, name+".") ||
		any && (name == above || strings.HasPrefix(name, above+"."))
}
