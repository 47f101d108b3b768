package main

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/spf13/cobra"
)

// appResult is one app of the catalogue, as --json shows it.
type appResult struct {
	ID           string          `json:"id"`
	Label        string          `json:"label"`
	Kinds        []string        `json:"kinds,omitempty"`
	AccountKinds bool            `json:"account_kinds,omitempty"` // each account has kinds of its own
	Auth         string          `json:"auth,omitempty"`
	Settings     []settingResult `json:"settings"`
	// Limits are what nobody can do with the app, and Locked what that locks in a connection of which it is side b.
	Limits []contact.Limit             `json:"limits,omitempty"`
	Locked []contactsync.SettingChoice `json:"locked,omitempty"`
}

type settingResult struct {
	Name     string                `json:"name"`
	Label    string                `json:"label"`
	Type     connector.SettingType `json:"type,omitempty"`
	Required bool                  `json:"required,omitempty"`
	Options  []string              `json:"options,omitempty"`
	Default  string                `json:"default,omitempty"`
	Locked   string                `json:"locked,omitempty"` // the value that it has, whatever one would like
	Why      string                `json:"why,omitempty"`    // it is locked
}

func appsCommand(c *cli) *cobra.Command {
	with := ""
	cmd := &cobra.Command{
		Use:   "apps [TEXT]",
		Short: "List the apps that can be connected, with their settings and what they lock",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			shelf := c.catalogue()
			if with != "" {
				if _, ok := shelf.App(with); !ok {
					return usage(fmt.Errorf("--with: there is no app %q; the apps are %s", with, appIDs(shelf)))
				}
				shelf = shelf.Partners(with)
			}
			c.apps(shelf, strings.Join(args, " "))
			return nil
		},
	}
	cmd.Flags().StringVar(&with, "with", "", "only those that can be connected with this app")
	return cmd
}

// apps lists the apps whose label or id contains text.
func (c *cli) apps(shelf connector.Catalogue, text string) {
	results := []appResult{}
	for _, app := range shelf.Search(text) {
		results = append(results, describe(app))
	}
	if c.json {
		c.printJSON(map[string]any{"apps": results})
		return
	}
	for _, app := range results {
		c.printApp(app)
	}
}

// describe says what is known of an app before it is opened.
func describe(app connector.App) appResult {
	one := appResult{ID: app.ID, Label: app.Label, Kinds: app.Kinds, AccountKinds: app.AccountKinds, Auth: app.Auth,
		Settings: []settingResult{}, Limits: app.Limits}
	for _, s := range app.Settings {
		one.Settings = append(one.Settings, settingResult{s.Name, s.Label, s.Type, s.Required, s.Choices(), s.Default, s.Locked, s.Why})
	}
	// Nothing but the limits is known of the app's schema: all else is as the most able app has it.
	able := contact.Schema{Fields: []contact.Field{{Name: "email", Type: contact.TypeEmail}}, Modified: true}.Limited(app.Limits...)
	for _, s := range contactsync.SettingsBetween([2]string{"a", app.Label}, nil, &able) {
		if slices.ContainsFunc(s.Values, func(v contactsync.ValueChoice) bool { return !v.Can }) {
			one.Locked = append(one.Locked, s)
		}
	}
	return one
}

func (c *cli) printApp(app appResult) {
	c.printf("%s: %s\n", c.paint(bold, app.ID), app.Label)
	var rows [][]string
	switch {
	case app.AccountKinds:
		rows = append(rows, []string{connector.KindSetting, "which of those that the account has; contactsync check lists them"})
	case len(app.Kinds) > 0:
		rows = append(rows, []string{connector.KindSetting, "the kind of records: " + strings.Join(app.Kinds, ", ")})
	}
	for _, s := range app.Settings {
		rows = append(rows, []string{s.Name, s.about()})
	}
	table(c.out, "  ", rows)
	for _, l := range app.Limits {
		c.printf("  cannot %s: %s\n", l.Cannot.Words(), l.Why)
	}
	if len(app.Locked) > 0 {
		c.printf("  in a connection of which it is b\n")
	}
	rows = nil
	for _, s := range app.Locked {
		var free []string
		for _, v := range s.Values {
			if v.Can {
				free = append(free, v.Value)
			}
		}
		rows = append(rows, []string{s.Key, "can be " + strings.Join(free, ", ")})
	}
	table(c.out, "    ", rows)
}

// about says what a setting is for and which values it may have.
func (s settingResult) about() string {
	about := s.Label
	switch {
	case s.Locked != "":
		return about + ": always " + s.Locked + ", for " + s.Why
	case s.Required:
		about += " (required)"
	}
	if len(s.Options) > 0 {
		about += ": " + strings.Join(s.Options, ", ")
	}
	if s.Default != "" {
		about += "; default " + s.Default
	}
	return about
}

func versionCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			version, goVersion := "unknown", ""
			if info, ok := debug.ReadBuildInfo(); ok {
				version, goVersion = info.Main.Version, info.GoVersion
				if version == "" || version == "(devel)" {
					version = "development"
				}
			}
			if c.json {
				c.printJSON(map[string]string{"version": version, "go": goVersion})
				return nil
			}
			c.printf("contactsync %s (%s)\n", version, goVersion)
			return nil
		},
	}
}
