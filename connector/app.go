package connector

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An App is an app before it is opened: what a person chooses from a list.
type App struct {
	ID       string    // "vcard", "csv", "hubspot"
	Label    string    // "vCard files"
	Kinds    []string  // the kinds of records to choose from ("contacts", "leads"); none means that there is one
	Auth     string    // how an account is authorized: "" (none), "oauth2", "password", "token"
	Settings []Setting // what an endpoint of this app can or must say
	// With names the apps that it can be connected with, by id; none means any, itself with another account included.
	With []string
	// Open returns a connector for one account. It checks the settings and names the wrong one; it does not talk
	// to the app.
	Open func(ctx context.Context, settings map[string]string) (Connector, error)
}

// A Setting is one thing that an endpoint can say, such as the path of a file.
type Setting struct {
	Name     string
	Label    string // one line for people
	Required bool
	Options  []string // the values it may have; none means any
	Default  string
}

// CheckSettings returns an error that names the first setting which the app does not know, which lacks, or which
// has a value that is not among its options.
func (a App) CheckSettings(settings map[string]string) error {
	names := make([]string, 0, len(a.Settings))
	for _, s := range a.Settings {
		names = append(names, s.Name)
		v, given := settings[s.Name]
		if s.Required && v == "" {
			return fmt.Errorf("%s: setting %q is missing: %s", a.ID, s.Name, s.Label)
		}
		if given && len(s.Options) > 0 && !slices.Contains(s.Options, v) {
			return fmt.Errorf("%s: setting %q is not one of %s", a.ID, s.Name, strings.Join(s.Options, ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%s: unknown setting %q; it has %s", a.ID, name, strings.Join(names, ", "))
		}
	}
	return nil
}

// A Catalogue is the apps that a program offers, sorted by label. It is a value: there is no global registry.
type Catalogue []App

// NewCatalogue returns the catalogue of these apps. It panics if two have one id, which is a mistake of the program.
func NewCatalogue(apps ...App) Catalogue {
	c := Catalogue(slices.Clone(apps))
	slices.SortFunc(c, func(a, b App) int { return strings.Compare(a.Label, b.Label) })
	for i, a := range c {
		if _, dup := Catalogue(c[i+1:]).App(a.ID); dup {
			panic("two apps have the id " + a.ID)
		}
	}
	return c
}

// App returns the app of that id, and whether there is one.
func (c Catalogue) App(id string) (App, bool) {
	for _, a := range c {
		if a.ID == id {
			return a, true
		}
	}
	return App{}, false
}

// Partners returns the apps that can be connected with the one of that id, each of which can be with it; none if there is
// no such app.
func (c Catalogue) Partners(id string) Catalogue {
	chosen, ok := c.App(id)
	if !ok {
		return nil
	}
	takes := func(a, b App) bool { return len(a.With) == 0 || slices.Contains(a.With, b.ID) }
	var found Catalogue
	for _, a := range c {
		if takes(chosen, a) && takes(a, chosen) {
			found = append(found, a)
		}
	}
	return found
}

// Search returns the apps whose label or id contains text, without case; all for "".
func (c Catalogue) Search(text string) Catalogue {
	text = strings.ToLower(strings.TrimSpace(text))
	var found Catalogue
	for _, a := range c {
		if strings.Contains(strings.ToLower(a.Label), text) || strings.Contains(a.ID, text) {
			found = append(found, a)
		}
	}
	return found
}
