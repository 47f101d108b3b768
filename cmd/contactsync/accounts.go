package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/auth"
	"github.com/contactsync/contactsync/connector"
	"github.com/spf13/cobra"
)

func accountsCommand(c *cli) *cobra.Command {
	reseal := false
	cmd := &cobra.Command{
		Use:   "accounts",
		Short: "List the accounts that are logged in, with their state",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.listAccounts(cmd.Context(), reseal)
		},
	}
	cmd.Flags().BoolVar(&reseal, "reseal", false, "seal their secrets anew with the first key")
	return cmd
}

func (c *cli) listAccounts(ctx context.Context, reseal bool) error {
	file, err := c.configOrNone()
	if err != nil {
		return err
	}
	store, there, err := file.vaultStore(ctx, false)
	if err != nil {
		return failed(err)
	}
	if !there {
		return c.showAccounts(accountsResult{Accounts: []auth.Account{}})
	}
	accounts, err := file.accounts(ctx, false)
	if errors.Is(err, auth.ErrNoKey) && !reseal { // to list them needs none
		accounts, err = auth.New(auth.Config{Store: store, Sealer: &auth.KeyRing{}})
	}
	if err != nil {
		return failed(err)
	}
	out := accountsResult{}
	if reseal {
		n, err := accounts.Reseal(ctx, owner)
		if err != nil {
			return failed(err)
		}
		out.Resealed = &n
	}
	if out.Accounts, err = accounts.List(ctx, owner); err != nil {
		return failed(err)
	}
	return c.showAccounts(out)
}

// showAccounts shows the accounts, and with --json their document.
func (c *cli) showAccounts(out accountsResult) error {
	if c.json {
		c.printJSON(out)
		return nil
	}
	if out.Resealed != nil {
		c.printf("sealed anew: %s\n", count(*out.Resealed, "account", "accounts"))
	}
	if len(out.Accounts) == 0 {
		c.printf("no account is logged in; next: %s\n", c.next("login", "APP"))
	}
	var rows [][]string
	for _, account := range out.Accounts {
		state := strings.ReplaceAll(string(account.State), "_", " ")
		if account.Reason != "" {
			state += ": " + account.Reason
		}
		rows = append(rows, []string{account.ID, printable(account.Label), state})
	}
	table(c.out, "", rows)
	return nil
}

func logoutCommand(c *cli) *cobra.Command {
	force := false
	cmd := &cobra.Command{
		Use:   "logout ACCOUNT",
		Short: "Revoke an account's tokens at its app, and erase them",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			return c.logout(ctx, args[0], force)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "erase them even if the app cannot be reached to revoke them")
	return cmd
}

func (c *cli) logout(ctx context.Context, name string, force bool) error {
	file, err := c.configOrNone()
	if err != nil {
		return err
	}
	accounts, err := file.accounts(ctx, false)
	if err != nil {
		return failed(err)
	}
	account, err := findAccount(ctx, accounts, name)
	if err != nil {
		return usage(fmt.Errorf("%s: %w; there are those that %s shows", printable(name), err, c.next("accounts")))
	}
	err = accounts.Disconnect(ctx, owner, account.ID)
	if errors.Is(err, connector.ErrUnavailable) && force {
		err = accounts.Erase(ctx, owner, account.ID)
	}
	if err != nil {
		return failed(err)
	}
	if c.json {
		c.printJSON(accountsResult{Accounts: []auth.Account{account}})
		return nil
	}
	c.printf("logged out of %s %s\n", account.App, printable(account.Label))
	for _, conn := range file.connections {
		for _, s := range contactsync.Sides {
			if used := conn.end(s).Account; used == account.ID || used == account.Label {
				c.printf("  connection %s uses it as %s, and will not sync\n", conn.doc.ID, s)
			}
		}
	}
	return nil
}
