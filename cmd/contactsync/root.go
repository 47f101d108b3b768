package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// cli is what the commands share: the streams, what is known of them, and the flags of every command.
type cli struct {
	in       io.Reader
	out, err io.Writer
	outTTY   bool // a person reads out
	errTTY   bool // a person watches err: progress may be drawn there
	inTTY    bool // a person can answer
	getenv   func(string) (string, bool)
	now      func() time.Time // by which progress is told now and then
	self     string           // how the program was called, for the commands that it names

	shelf  connector.Catalogue        // the apps; nil is those that the program has
	browse func(address string) error // opens a browser; nil is the machine's
	secret func() (string, error)     // reads a secret unseen; nil is from the terminal
	ends   []func()                   // what is to be closed when the program ends

	configPath string
	json       bool
	verbose    bool
}

func newCLI() *cli {
	return &cli{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		outTTY: term.IsTerminal(int(os.Stdout.Fd())),
		errTTY: term.IsTerminal(int(os.Stderr.Fd())),
		inTTY:  term.IsTerminal(int(os.Stdin.Fd())),
		getenv: os.LookupEnv,
		now:    time.Now,
		self:   calledAs(),
	}
}

// calledAs returns how a person calls this program: by "go run" it lies in a folder that is gone afterwards.
func calledAs() string {
	if path, err := os.Executable(); err == nil && strings.Contains(path, "go-build") {
		return "go run ./cmd/contactsync"
	}
	return "contactsync"
}

const defaultConfig = "contactsync.yaml"

// newRoot returns the command with all its sub-commands.
func newRoot(c *cli) *cobra.Command {
	root := &cobra.Command{
		Use:   "contactsync",
		Short: "Keep the contacts of two apps in sync, both ways",
		Long: `contactsync keeps the contacts of two apps in sync, both ways, by the rules of a configuration file.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 something waits for your consent,
4 done but single records failed. Of several connections, the gravest: 1, 2, 3, 4, 0.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	flags := root.PersistentFlags()
	flags.StringVarP(&c.configPath, "config", "c", defaultConfig, "the configuration file")
	flags.BoolVar(&c.json, "json", false, "print one JSON document instead of text")
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "print progress as lines where there is no terminal, however short the work is")
	root.AddCommand(quickstartCommand(c), validateCommand(c), optionsCommand(c), reviewCommand(c), planCommand(c), syncCommand(c), statusCommand(c),
		confirmCommand(c), pauseCommand(c), resumeCommand(c), compareCommand(c), historyCommand(c), runsCommand(c),
		explainCommand(c), rollbackCommand(c), appsCommand(c), versionCommand(c))
	root.AddCommand(recordsCommand(c), conflictsCommand(c), resolveCommand(c), linkCommand(c), separateCommand(c), createCommand(c),
		decisionsCommand(c), withdrawCommand(c), exportCommand(c), forgetCommand(c), unforgetCommand(c), pruneCommand(c), deleteCommand(c),
		suggestionsCommand(c), loginCommand(c), logoutCommand(c), accountsCommand(c), checkAccessCommand(c))
	for _, cmd := range root.Commands() {
		c.sayUsage(cmd)
	}
	return root
}

// sayUsage has a command that gets too few words or too many answer with how it is called.
func (c *cli) sayUsage(cmd *cobra.Command) {
	check := cmd.Args
	if check == nil {
		return
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if check(cmd, args) != nil {
			return fmt.Errorf("%s is called so: %s %s", cmd.Name(), c.self, cmd.Use)
		}
		return nil
	}
}

// next returns a command for the person to run, as it works from here.
func (c *cli) next(args ...string) string {
	words := append([]string{c.self}, args...)
	if c.configPath != defaultConfig {
		words = append(words, "-c", c.configPath)
	}
	for i, w := range words[1:] {
		words[i+1] = shellWord(w)
	}
	return strings.Join(words, " ")
}

// shellWord quotes a word for a shell, if it needs to be.
func shellWord(w string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+=,", r)
	}
	if w != "" && strings.IndexFunc(w, func(r rune) bool { return !plain(r) }) < 0 {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}

// untilInterrupted returns a context that ends with Ctrl-C. A second Ctrl-C ends the program at once.
func untilInterrupted(ctx context.Context) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	release := context.AfterFunc(ctx, stop)
	return ctx, func() { release(); stop() }
}

// explain prints why the program ends.
func (c *cli) explain(err error, code int) {
	if c.json {
		c.printJSON(failure{Error: err.Error(), Faults: faultsOf(err), Exit: code})
	}
	fmt.Fprintln(c.err, c.paintErr(red, "contactsync:")+" "+err.Error())
}

// failure is the JSON document of a command that failed as a whole.
type failure struct {
	Error  string    `json:"error"`
	Faults []problem `json:"faults,omitempty"`
	Exit   int       `json:"exit"`
}
