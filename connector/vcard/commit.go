package vcard

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/cards"
)

// Temporary files are named so: they begin with a dot, so that nobody takes them for cards.
const (
	tempPrefix = ".contactsync-"
	tempSuffix = ".tmp"
)

func isTemp(name string) bool {
	return strings.HasPrefix(name, tempPrefix) && strings.HasSuffix(name, tempSuffix)
}

// abandoned is how old a temporary file must be to be taken for one that a crash left behind, and not for one of
// another process that is writing right now.
const abandoned = 10 * time.Second

// clean removes the temporary files that a crash left behind.
func (b *book) clean() {
	for _, name := range b.leftovers {
		if info, err := os.Lstat(b.path(name)); err == nil && b.clock.Now().Sub(info.ModTime()) > abandoned {
			_ = os.Remove(b.path(name)) // it is in nobody's way; the next listing names it again
		}
	}
	b.leftovers = nil
}

// commit writes the changed files: first all temporary ones, flushed to the disk together, then puts them in place
// one by one where nobody has changed the file meanwhile, then flushes the folder.
func (t *batchWrite) commit(ctx context.Context) error {
	changes := make([]*fileChange, 0, len(t.changes))
	for _, name := range slices.Sorted(maps.Keys(t.changes)) {
		changes = append(changes, t.changes[name])
	}
	eachOn(16, len(changes), func(i int) { t.book.prepare(ctx, changes[i]) })
	folders := map[string]bool{}
	for _, c := range changes {
		if c.err == nil {
			c.err = t.book.place(ctx, c)
		}
		if c.done {
			folders[filepath.Dir(c.target)] = true
		} else if c.temp != "" {
			_ = os.Remove(c.temp) // the reason is in c.err; what is left is cleaned next time
		}
	}
	for folder := range folders {
		if err := syncFolder(folder); err != nil {
			return fmt.Errorf("%s: the writes may not be on the disk: %w", appID, err)
		}
	}
	t.answer(changes)
	return nil
}

// prepare writes the new text of a file into a temporary one beside it, and flushes it to the disk.
func (b *book) prepare(ctx context.Context, c *fileChange) {
	c.target = b.path(c.name)
	mode := fs.FileMode(0o666)
	if c.file != nil {
		if target, err := filepath.EvalSymlinks(c.target); err == nil {
			c.target = target
		}
		if info, err := os.Stat(c.target); err == nil {
			mode = info.Mode().Perm()
		}
	}
	if c.empties() {
		return
	}
	if err := b.writeTemp(ctx, c, mode); err != nil && !errors.Is(err, connector.ErrVersionConflict) {
		c.err = fmt.Errorf("%w: nothing was written: %w", connector.ErrUnavailable, err)
	} else {
		c.err = err
	}
}

func (b *book) writeTemp(ctx context.Context, c *fileChange, mode fs.FileMode) (err error) {
	var old io.ReaderAt
	if c.file != nil {
		f, st, err := b.open(c.name)
		if err != nil || st != c.file.stat {
			return fmt.Errorf("%w: %w", connector.ErrVersionConflict, cmp.Or(err, errChanging))
		}
		defer f.Close()
		old = until{ctx, f}
	}
	name := filepath.Join(filepath.Dir(c.target), tempPrefix+rand.Text()+tempSuffix)
	f, err := openFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	c.temp = name
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := b.fill(f, c, old); err != nil {
		return err
	}
	if c.file != nil {
		if err := f.Chmod(mode); err != nil {
			return err
		}
	}
	// The file is dated back by a little, so that an edit by another program right after gets another time.
	past := b.clock.Now().Add(-settled)
	if err := os.Chtimes(name, time.Time{}, past); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	c.made.stat = statOf(info)
	c.made.racy = c.made.stat.racy(b.clock.Now())
	return nil
}

// fill writes the new text of a file into f, and finds out what that holds.
func (b *book) fill(f *os.File, c *fileChange, old io.ReaderAt) error {
	p := b.newPass()
	defer b.passes.Put(p)
	find := finder{book: b, file: &file{name: c.name}}
	p.splitter.Reset(find.found)
	p.out.through = through{file: f, splitter: p.splitter}
	p.out.Reset(&p.out.through)
	if err := c.write(&p.out, old); err != nil {
		return err
	}
	p.splitter.Close()
	find.finish()
	c.made = find.file
	return nil
}

// place puts the temporary file in the place of the file, if that is still as it was read. Between the last look and
// the renaming lie microseconds in which an edit by another program would be lost.
func (b *book) place(ctx context.Context, c *fileChange) error {
	if err := b.unchanged(ctx, c); err != nil {
		return err
	}
	var err error
	if c.temp == "" {
		err = os.Remove(c.target)
	} else {
		err = rename(c.temp, c.target)
	}
	c.done = err == nil
	return err
}

// unchanged fails with [connector.ErrVersionConflict] if a file is not as it was read.
func (b *book) unchanged(ctx context.Context, c *fileChange) error {
	info, err := os.Stat(c.target)
	switch {
	case c.file == nil && errors.Is(err, fs.ErrNotExist):
		return nil
	case c.file == nil && err == nil:
		return &connector.Error{App: appID, RecordID: c.name, Err: connector.ErrAlreadyExists}
	case err != nil:
		return fmt.Errorf("%w: %w", connector.ErrVersionConflict, err)
	case c.file == nil || statOf(info) != c.file.stat:
		return connector.ErrVersionConflict
	}
	if c.file.racy && !c.file.sure {
		if f, _, err := b.load(ctx, c.name); err != nil || f.stat != c.file.stat || !sameCards(f, c.file) {
			return connector.ErrVersionConflict
		}
	}
	return nil
}

// answer takes the new files into the index and answers each job with its record as it now is.
func (t *batchWrite) answer(changes []*fileChange) {
	b := t.book
	for _, c := range changes {
		switch {
		case c.done && c.made != nil:
			b.index.put(c.made)
		case c.done:
			b.index.drop(c.name)
		}
	}
	b.index.findGroups()
	each(len(t.jobs), func(i int) {
		j := &t.jobs[i]
		var err error
		if t.results[i].Record, err = t.outcome(j); err != nil {
			t.results[i].Err = b.failed(string(j.write.Op), j.write.ID, err)
		}
	})
}

// outcome returns the record of a job, or why its write was not carried out.
func (t *batchWrite) outcome(j *job) (rec contact.Record, err error) {
	if j.err != nil {
		return rec, known(j.err)
	}
	for _, c := range append(j.groups, j.file) {
		if c != nil && c.err != nil {
			return rec, c.err
		}
	}
	if j.write.Op == connector.Delete {
		return contact.Record{ID: j.write.ID}, nil
	}
	id := j.write.ID
	if j.write.Op == connector.Create {
		if ids := t.book.index.bearing(cards.KeyOfUID(j.uid)); len(ids) > 0 {
			id = ids[0]
		}
	}
	l, err := t.book.locate(id)
	if err != nil {
		return rec, err
	}
	parsed := j.parsed
	if parsed == nil { // it was there already
		if parsed, err = t.texts.parse(l); err != nil {
			return rec, err
		}
	}
	return t.book.record(l, parsed, nil)
}

// known returns err as one that says for certain that nothing was written: a card that cannot be read is one that
// cannot be changed.
func known(err error) error {
	if connector.Known(err) {
		return err
	}
	return fmt.Errorf("%w: %w", connector.ErrInvalid, err)
}

// syncFolder flushes the names in a folder to the disk.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
