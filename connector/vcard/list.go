package vcard

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// extension is how the names of vCard files end.
const extension = ".vcf"

// isCardFile reports whether a file of that name belongs to the book: no dot file, no temporary file.
func isCardFile(name string) bool {
	return len(name) > len(extension) && name[0] != '.' && strings.EqualFold(name[len(name)-len(extension):], extension)
}

// A found file is what the folder says of one.
type found struct {
	name string
	stat stat
	err  error // the stat cannot be told
	skip bool  // it is no file
}

// ensure makes sure that the book was listed once by this process: which cards share a UID, and which are in a
// group, is known of all files only.
func (b *book) ensure(ctx context.Context) error {
	if b.index != nil {
		return ctx.Err()
	}
	return b.refresh(ctx, nil)
}

// refresh brings the index up to what is on the disk. known returns the version that the caller has of an id, ""
// if it has none; nil means that it knows none.
func (b *book) refresh(ctx context.Context, known func(id string) string) error {
	there, err := b.scan(ctx)
	if err != nil {
		return err
	}
	x := b.index
	if x == nil {
		x = newIndex()
	} else {
		x.keepOnly(there)
	}
	var unsure []string
	for _, f := range there {
		there, still := x.has(f.name, f.stat)
		switch {
		case f.err == nil && still:
		case f.err == nil && !there && known != nil && b.single == "" && x.putKnown(fileOfVersion(f.name, f.stat, known(f.name))):
		default:
			unsure = append(unsure, f.name)
		}
	}
	if b.single != "" {
		known = nil
	}
	before := b.index
	b.index = x
	for some := range slices.Chunk(unsure, 2*batch) { // so that little is held of them at a time
		if err := b.reload(ctx, some, known); err != nil {
			b.index = before
			return err
		}
	}
	return nil
}

// keepOnly drops the files that are no longer there.
func (x *index) keepOnly(there []found) {
	names := make(map[string]bool, len(there))
	for _, f := range there {
		names[f.name] = true
	}
	for name := range x.names {
		if !names[name] {
			x.drop(name)
		}
	}
}

// putKnown takes in a file that is known by its version, and reports whether there is one.
func (x *index) putKnown(f *file) bool {
	if f != nil {
		x.put(f)
	}
	return f != nil
}

// keepKnown gives the cards of a file that was just read the ids by which the caller knows them.
func (f *file) keepKnown(known func(id string) string) {
	if len(f.cards) == 0 {
		return
	}
	old := &file{name: f.name}
	if v, ok := parseVersion(known(f.name)); ok && !f.alone {
		old.cards = append(old.cards, &card{id: f.name, key: v.uid})
	}
	if c := f.cards[0]; f.alone && c.key != 0 && known(f.name) == "" {
		if id := f.name + "#" + c.uid; known(id) != "" {
			old.cards = append(old.cards, &card{id: id, key: c.key})
		}
	}
	f.keepIDs(old)
}

// scan returns the files of the book, sorted by name, and notes temporary files that a crash left behind.
func (b *book) scan(ctx context.Context) ([]found, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if b.single != "" {
		return b.scanSingle()
	}
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return nil, b.unavailable("list", err)
	}
	b.leftovers = b.leftovers[:0]
	kept := entries[:0]
	for _, e := range entries {
		switch name := e.Name(); {
		case isTemp(name):
			b.leftovers = append(b.leftovers, name)
		case isCardFile(name) && !e.IsDir():
			kept = append(kept, e)
		}
	}
	all := make([]found, len(kept))
	eachOn(4, len(kept), func(i int) {
		if i%256 == 0 && ctx.Err() != nil {
			return
		}
		all[i] = b.look(kept[i])
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	there := all[:0]
	for _, f := range all {
		if !f.skip {
			there = append(there, f)
		}
	}
	return there, nil
}

// look returns what the folder says of one entry. A link is what it points to.
func (b *book) look(e fs.DirEntry) found {
	f := found{name: e.Name()}
	info, err := e.Info()
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		info, err = os.Stat(b.path(f.name))
		f.err = err
		f.skip = err == nil && info.IsDir()
		if err != nil {
			return f
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.skip = true // it went while the folder was read
	case err != nil:
		f.err = err
	default:
		f.stat = statOf(info)
	}
	return f
}

// scanSingle looks at the one file. A book that is not there yet is empty; one that was there is missed.
func (b *book) scanSingle() ([]found, error) {
	if err := b.gone(); err != nil {
		return nil, err
	}
	info, err := os.Stat(b.path(b.single))
	switch {
	case errors.Is(err, fs.ErrNotExist) && (b.index == nil || b.index.files[b.single] == nil):
		return nil, nil
	case err != nil:
		return nil, b.unavailable("list", errors.New("the file "+b.single+" is not there any more; put it back"))
	}
	return []found{{name: b.single, stat: statOf(info)}}, nil
}
