package connector_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/contactsync/contactsync/connector"
)

func TestCheckSettings(t *testing.T) {
	t.Parallel()
	app := connector.App{ID: "csv", Settings: []connector.Setting{
		{Name: "path", Label: "path of the file", Required: true},
		{Name: "separator", Options: []string{",", ";"}},
	}}
	tests := map[string]struct {
		settings map[string]string
		want     string // the error
	}{
		"all":               {map[string]string{"path": "a.csv", "separator": ";"}, ""},
		"what is required":  {map[string]string{"path": "a.csv"}, ""},
		"nothing":           {nil, `csv: setting "path" is missing: path of the file`},
		"required, but ''":  {map[string]string{"path": ""}, `csv: setting "path" is missing: path of the file`},
		"not an option":     {map[string]string{"path": "a.csv", "separator": "|"}, `csv: setting "separator" is not one of ,, ;`},
		"not known":         {map[string]string{"path": "a.csv", "pth": "b.csv"}, `csv: unknown setting "pth"; it has path, separator`},
		"the first unknown": {map[string]string{"path": "a.csv", "z": "", "b": ""}, `csv: unknown setting "b"; it has path, separator`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := app.CheckSettings(tt.settings); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	apps := []connector.App{{ID: "vcard", Label: "vCard files"}, {ID: "csv", Label: "CSV file"}, {ID: "crm", Label: "My CRM"}}
	c := connector.NewCatalogue(apps...)
	tests := map[string][]string{
		"":      {"csv", "crm", "vcard"}, // sorted by label
		"file":  {"csv", "vcard"},
		" FILE": {"csv", "vcard"},
		"crm":   {"crm"},
		"xyz":   nil,
	}
	for text, want := range tests {
		var got []string
		for _, app := range c.Search(text) {
			got = append(got, app.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("search for %q (-want +got):\n%s", text, diff)
		}
	}
	if app, ok := c.App("crm"); !ok || app.Label != "My CRM" {
		t.Errorf("App: %q, %t", app.Label, ok)
	}
	if _, ok := c.App("CRM"); ok {
		t.Error("App finds an id that is not there")
	}
	if apps[0].ID != "vcard" {
		t.Error("the argument was sorted")
	}
	defer func() {
		if recover() == nil {
			t.Error("two apps of one id are taken")
		}
	}()
	connector.NewCatalogue(apps[0], apps[0])
}

func TestLogin(t *testing.T) {
	t.Parallel()
	settings := []connector.Setting{{Name: "url", Required: true}, {Name: "user", Account: true}, {Name: "key", Secret: true}, {Name: "book"}}
	tests := map[string][]string{
		"":                     nil,
		connector.AuthOAuth2:   nil,
		connector.AuthPassword: {"url", "user", "key"},
		connector.AuthToken:    {"url", "user", "key"},
	}
	for auth, want := range tests {
		var got []string
		for _, s := range (connector.App{Auth: auth, Settings: settings}).Login() {
			got = append(got, s.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("auth %q (-want +got):\n%s", auth, diff)
		}
	}
	if settings[0].Name != "url" || len(settings) != 4 {
		t.Error("the settings were changed")
	}
}
