package csvfile

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

const appID = "csv"

// limits are what no CSV file can do.
var limits = []contact.Limit{{Cannot: contact.AbilityModified, Why: "a CSV file does not say when a row was changed"}}

// App returns the CSV file as an app to choose from a list.
func App() connector.App {
	app := connector.App{
		ID:     appID,
		Label:  "CSV file",
		Limits: slices.Clone(limits),
		Settings: []connector.Setting{
			{Name: "path", Label: "the file", Type: connector.SettingPath, Required: true},
			{Name: "key", Label: "the heading of the column that identifies a row; found by itself if it is called ID or the like"},
			{Name: "add_key", Label: "add the key column if the file has none", Type: connector.SettingYesNo, Default: "no"},
			{Name: "delimiter", Label: "what separates the cells", Options: []string{"auto", "comma", "semicolon", "tab", "pipe"}, Default: "auto"},
			{Name: "encoding", Label: "how the file writes its text", Options: []string{"auto", "utf-8", "utf-16le", "utf-16be", "windows-1252"}, Default: "auto"},
			{Name: "columns", Label: "field names by heading, where they are not the guessed ones: Heading=field, Heading=field"},
			{Name: "raw", Label: "write what looks like a formula without the protecting apostrophe", Type: connector.SettingYesNo, Default: "no"},
		},
	}
	app.Open = func(_ context.Context, settings map[string]string) (connector.Connector, error) {
		if err := app.CheckSettings(settings); err != nil {
			return nil, err
		}
		columns, err := parseColumns(settings["columns"])
		if err != nil {
			return nil, err
		}
		return New(Config{
			Path: settings["path"], Key: settings["key"], AddKey: settings["add_key"] == "yes",
			Delimiter: settings["delimiter"], Encoding: settings["encoding"],
			Columns: columns, Raw: settings["raw"] == "yes",
		})
	}
	return app
}

// parseColumns reads "Heading=field, Heading=field". A heading may hold an equals sign, not a comma.
func parseColumns(text string) (map[string]string, error) {
	columns := map[string]string{}
	if strings.TrimSpace(text) == "" {
		return columns, nil
	}
	for i, one := range strings.Split(text, ",") {
		at := strings.LastIndex(one, "=")
		if at < 0 {
			return nil, fmt.Errorf(`csv: setting "columns": entry %d is not Heading=field`, i+1)
		}
		heading := strings.TrimSpace(one[:at])
		if _, dup := columns[heading]; dup {
			return nil, fmt.Errorf(`csv: setting "columns": heading %q is there twice`, heading)
		}
		columns[heading] = strings.TrimSpace(one[at+1:])
	}
	return columns, nil
}
