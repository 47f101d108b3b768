package main

import "github.com/spf13/cobra"

func quickstartCommand(c *cli) *cobra.Command { return &cobra.Command{Use: "quickstart"} }
func validateCommand(c *cli) *cobra.Command   { return &cobra.Command{Use: "validate"} }
