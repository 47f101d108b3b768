package main

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/contactsync/contactsync/connector"
	"github.com/spf13/cobra"
)

// appResult is one app of the catalogue, as --json shows it.
type appResult struct {
	ID       string          `json:"id"`
	Label    string          `json:"label"`
	Kinds    []string        `json:"kinds,omitempty"`
	Auth     string          `json:"auth,omitempty"`
	Settings []settingResult `json:"settings"`
}

type settingResult struct {
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Required bool     `json:"required,omitempty"`
	Options  []string `json:"options,omitempty"`
	Default  string   `json:"default,omitempty"`
}

func appsCommand(c *cli) *cobra.Command {
	with := ""
	cmd := &cobra.Command{
		Use:   "apps [TEXT]",
		Short: "List the apps that can be connected, with their settings",
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
		one := appResult{ID: app.ID, Label: app.Label, Kinds: app.Kinds, Auth: app.Auth, Settings: []settingResult{}}
		for _, s := range app.Settings {
			one.Settings = append(one.Settings, settingResult{s.Name, s.Label, s.Required, s.Options, s.Default})
		}
		results = append(results, one)
	}
	if c.json {
		c.printJSON(map[string]any{"apps": results})
		return
	}
	for _, app := range results {
		c.printf("%s: %s\n", c.paint(bold, app.ID), app.Label)
		var rows [][]string
		for _, s := range app.Settings {
			about := s.Label
			if s.Required {
				about += " (required)"
			}
			if len(s.Options) > 0 {
				about += ": " + strings.Join(s.Options, ", ")
			}
			if s.Default != "" {
				about += "; default " + s.Default
			}
			rows = append(rows, []string{s.Name, about})
		}
		table(c.out, "  ", rows)
	}
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
