package connector

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Setting is one thing that an endpoint can say, such as the path of a file.
type Setting struct {
	Name     string
	Label    string      // one line for people
	Type     SettingType // "" is any text
	Required bool
	Options  []string // the values it may have; none means any of its type
	Default  string
	// Locked is the value that the setting has, whatever one would like, and Why says why, in a clause for people. It need
	// not be given, and nothing else may be.
	Locked, Why string
	Account     bool // it says whose account it is, such as a name; it is entered at login, and kept with the account
	Secret      bool // a password or key: it is entered at login, typed unseen, kept sealed, and stands in no file
}

// SettingType says what a setting is, for whoever asks a person for it.
type SettingType string

// The types of settings.
const (
	SettingText   SettingType = ""
	SettingPath   SettingType = "path"   // of a file or folder; one that is relative is so to where it is written
	SettingURL    SettingType = "url"    // an address
	SettingYesNo  SettingType = "yes_no" // "yes" or "no"
	SettingNumber SettingType = "number" // a whole number
)

// Choices returns the values that the setting may have; none means any of its type.
func (s Setting) Choices() []string {
	switch {
	case s.Locked != "":
		return []string{s.Locked}
	case len(s.Options) == 0 && s.Type == SettingYesNo:
		return []string{"yes", "no"}
	}
	return s.Options
}

// Check returns an error that says what a value should be, if the setting may not have it.
func (s Setting) Check(value string) error {
	choices := s.Choices()
	switch {
	case s.Locked != "" && value != s.Locked:
		return fmt.Errorf("is always %s: %s; take it out", s.Locked, s.Why)
	case len(choices) > 0 && !slices.Contains(choices, value):
		return fmt.Errorf("is not one of %s", strings.Join(choices, ", "))
	case s.Type == SettingNumber:
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return errors.New("is not a whole number")
		}
	}
	return nil
}

// Login returns the settings that are entered to log in: what says whose account it is, what is secret, and what the app
// cannot be asked without. None if the app has no accounts, or is authorized in a browser.
func (a App) Login() []Setting {
	if a.Auth != AuthPassword && a.Auth != AuthToken {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(a.Settings), func(s Setting) bool { return !s.Required && !s.Account && !s.Secret })
}

// CheckSettings returns an error that names the first setting which the app does not know, which lacks, or which
// has a value that it may not have. A setting that is there and blank is as good as left out, unless it has few values.
func (a App) CheckSettings(settings map[string]string) error {
	all := a.WithKind()
	names := make([]string, 0, len(all))
	for _, s := range all {
		names = append(names, s.Name)
		v, given := settings[s.Name]
		if s.Required && s.Locked == "" && v == "" {
			return fmt.Errorf("%s: setting %q is missing: %s", a.ID, s.Name, s.Label)
		}
		if given && (v != "" || len(s.Choices()) > 0) {
			if err := s.Check(v); err != nil {
				return fmt.Errorf("%s: setting %q %w", a.ID, s.Name, err)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%s: unknown setting %q; it has %s", a.ID, name, strings.Join(names, ", "))
		}
	}
	return nil
}
