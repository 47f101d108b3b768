package vcard

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/contactsync/contactsync/connector"
)

const appID = "vcard"

// App returns the app "vcard": files of contacts on this machine.
func App() connector.App {
	app := connector.App{
		ID:    appID,
		Label: "vCard files",
		Settings: []connector.Setting{
			{Name: "path", Label: "a folder of .vcf files, or one .vcf file with many cards", Type: connector.SettingPath, Required: true},
		},
	}
	app.Open = func(_ context.Context, settings map[string]string) (connector.Connector, error) {
		if err := app.CheckSettings(settings); err != nil {
			return nil, err
		}
		return open(settings["path"])
	}
	return app
}

// open returns a connector for a path: one file if it is one, or is not there and ends in .vcf; else a folder.
func open(path string) (connector.Connector, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return Folder(path), nil
	case err == nil || strings.EqualFold(filepath.Ext(path), extension):
		return File(path), nil
	}
	return nil, &connector.Error{App: appID, Op: "open", Err: connector.ErrUnavailable,
		Message: fmt.Sprintf("there is no folder %s; create it, or correct the path", path)}
}

// An Option changes how a connector works.
type Option func(*book)

// WithClock makes the connector take the time from clock instead of the machine: for REV, and to tell how old a
// file is.
func WithClock(clock connector.Clock) Option { return func(b *book) { b.clock = clock } }

// Folder returns a connector for the .vcf files of a folder, which must exist. Sub-folders and files whose names
// begin with a dot are not looked at. A file may hold one card or many.
//
// The fields are name (FN), first, last, middle, prefix, suffix (N), nickname, emails, phones, addresses, company and
// department (ORG), title, role, notes (all NOTE lines), birthday, anniversary, urls, labels and uid. Labels are
// CATEGORIES and the names of the group cards that name the card as a member; a label that is the name of a group
// card is added and removed there.
//
// FN is what every card must have. It is written as it is given; where a patch changes parts of the name and not the
// name, and FN was composed of these parts, it is composed anew; where nothing is left it is made of company, email,
// nickname or phone number. REV, if a card has one, is set by each update.
func Folder(path string, opts ...Option) connector.Connector {
	return newBook(path, "", opts)
}

// File returns a connector for one file with any number of cards. A file that does not exist is an empty book, and
// the first card makes it; its folder must exist. See [Folder] for the fields.
func File(path string, opts ...Option) connector.Connector {
	return newBook(filepath.Dir(path), filepath.Base(path), opts)
}

func newBook(dir, single string, opts []Option) *book {
	b := &book{dir: filepath.Clean(dir), single: single, clock: connector.SystemClock{}}
	for _, opt := range opts {
		opt(b)
	}
	return b
}
