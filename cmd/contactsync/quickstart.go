package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

//go:embed quickstart
var quickstartFiles embed.FS

const quickstartDir = "contactsync-quickstart"

func quickstartCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "quickstart [DIR]",
		Short: "Make a folder to try a sync in: an address book, a CRM's export and a configuration; and sync them",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := untilInterrupted(cmd.Context())
			defer stop()
			dir := quickstartDir
			if len(args) > 0 {
				dir = args[0]
			}
			return c.quickstart(ctx, dir)
		},
	}
}

// quickstartResult is the JSON document of quickstart.
type quickstartResult struct {
	Folder string                `json:"folder"`
	Files  []string              `json:"files"`
	Made   bool                  `json:"made"` // false: it was there already, and nothing was touched
	Sync   *document[syncResult] `json:"sync,omitempty"`
}

// quickstart makes the folder and syncs it for the first time. A folder that it made before stays as it is.
func (c *cli) quickstart(ctx context.Context, dir string) error {
	c.configPath = filepath.Join(dir, defaultConfig)
	result := quickstartResult{Folder: dir}
	there, err := os.ReadDir(dir)
	switch {
	case err == nil && len(there) > 0:
		return c.quickstartAgain(result)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return failed(fmt.Errorf("quickstart: %w", err))
	}
	result.Made = true
	if result.Files, err = writeQuickstart(dir); err != nil {
		return failed(fmt.Errorf("quickstart: %w", err))
	}
	if !c.json {
		c.printf("Made in %s: an address book (phone/), a CRM's export (crm.csv) and a configuration that says how\n"+
			"they are kept in sync (contactsync.yaml; worth reading). Now the first sync:\n\n", folderWords(dir))
	}
	s := &syncRun{cli: c, yes: true}
	doc, err := s.round(ctx)
	if err != nil {
		return err
	}
	if c.json {
		result.Sync = &doc
		c.printJSON(result)
		return ended(doc.Exit)
	}
	c.printf("\nWhat you can try next:\n")
	c.printNext()
	return ended(doc.Exit)
}

// quickstartAgain says what is there.
func (c *cli) quickstartAgain(result quickstartResult) error {
	ours, err := quickstartFiles.ReadFile("quickstart/" + defaultConfig)
	if err != nil {
		return failed(err)
	}
	mark, _, _ := strings.Cut(string(ours), "\n")
	config, err := os.ReadFile(c.configPath)
	if err != nil || !strings.HasPrefix(string(config), mark) {
		return usage(fmt.Errorf("%s holds other files, and stays as it is; name a new folder: %s quickstart DIR", result.Folder, c.self))
	}
	entries, err := os.ReadDir(result.Folder)
	if err != nil {
		return failed(err)
	}
	for _, e := range entries {
		result.Files = append(result.Files, e.Name())
	}
	if c.json {
		c.printJSON(result)
		return nil
	}
	c.printf("The example in %s is there already, and stays as it is. It holds %s.\nWhat you can try:\n", folderWords(result.Folder), strings.Join(result.Files, ", "))
	c.printNext()
	return nil
}

// folderWords names a folder in a sentence.
func folderWords(dir string) string {
	if dir == "." {
		return "this folder"
	}
	return dir
}

// writeQuickstart writes the files, the configuration last: a folder without it is not taken for a finished one.
// It never replaces a file.
func writeQuickstart(dir string) ([]string, error) {
	var names []string
	err := fs.WalkDir(quickstartFiles, "quickstart", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != defaultConfig {
			names = append(names, strings.TrimPrefix(path, "quickstart/"))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	names = append(names, defaultConfig)
	for _, name := range names {
		text, err := quickstartFiles.ReadFile("quickstart/" + name)
		if err != nil {
			return nil, err
		}
		if err := writeNew(filepath.Join(dir, filepath.FromSlash(name)), text); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// writeNew writes a file that must not be there yet.
func writeNew(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// printNext says what to try.
func (c *cli) printNext() {
	dir := filepath.Dir(c.configPath)
	c.printf(`  1. Edit both sides: in %s change the job title of Chidi Okafor;
     in %s change the line TITLE.
     Look at what would be written and why, then do it; both edits are on both sides:
       %s
       %s
  2. Add the tag Phone to Jonas Berg in crm.csv (Newsletter becomes Newsletter;Phone): he comes to the phone.
     Take it from Lena Vogel: her card gets the label No_CRM.
  3. Put No_CRM into the CATEGORIES of a friend, such as Hana Tanaka: she loses the tag Phone in the CRM, and her
     edits stay apart until the label goes.
  4. Empty %s but for its first line, and sync: the sync halts and asks, and deletes nobody.
     (Keep a copy to put back.)
  5. See how it stands, who is excluded and why, and which field goes with which:
       %s
       %s --status excluded
       %s
`, filepath.Join(dir, "crm.csv"), filepath.Join(dir, "phone", "ana-nunez.vcf"), c.next("plan"), c.next("sync"),
		filepath.Join(dir, "crm.csv"), c.next("status"), c.next("records"), c.next("validate"))
}
