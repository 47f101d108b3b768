package vcard

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/internal/cards"
	"github.com/contactsync/contactsync/internal/vcard"
)

// A book is a connector for a folder of vCard files, or for one file. One call at a time works on it.
type book struct {
	dir    string // the folder
	single string // the name of the one file; "" if the book is the folder
	clock  connector.Clock

	mu        sync.Mutex
	index     *index   // nil until the book was listed once
	leftovers []string // temporary files of a write that was cut off, as last listed
	passes    sync.Pool
}

var (
	_ connector.Lister      = (*book)(nil)
	_ connector.KnownLister = (*book)(nil)
	_ connector.Reader      = (*book)(nil)
	_ connector.Finder      = (*book)(nil)
	_ connector.Checker     = (*book)(nil)
)

// Schema returns the fields of a card. See [Folder].
func (b *book) Schema(context.Context) (contact.Schema, error) { return schema(), nil }

// Changes fails with [connector.ErrNoFeed]: files have no feed. They are listed, and read where their version shows
// a change.
func (b *book) Changes(context.Context, connector.Query) (connector.Page, error) {
	return connector.Page{}, &connector.Error{App: appID, Op: "changes", Err: connector.ErrNoFeed}
}

// Check returns nil if the folder is there and can be written into.
func (b *book) Check(context.Context) error {
	f, err := os.CreateTemp(b.dir, tempPrefix+"check*"+tempSuffix)
	if err != nil {
		return b.unavailable("check", err)
	}
	name := f.Name()
	return errors.Join(f.Close(), os.Remove(name))
}

// List names every card with its version, on one page. Files that are as they were when they were last read are not
// opened.
func (b *book) List(ctx context.Context, _ connector.Cursor) (connector.Listing, error) {
	return b.ListKnown(ctx, "", nil)
}

// ListKnown is List for a caller that knows versions from before: a file whose stat is the one that its version
// tells is not opened, even by a process that never read it.
func (b *book) ListKnown(ctx context.Context, _ connector.Cursor, known func(id string) string) (connector.Listing, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.refresh(ctx, known); err != nil {
		return connector.Listing{}, err
	}
	x := b.index
	listing := connector.Listing{Items: make([]connector.Item, 0, len(x.plain)+len(x.at)), Complete: true}
	for f := range x.all {
		if f.err != nil {
			listing.Unread = append(listing.Unread, connector.Unread{ID: printable(f.name), Err: f.err})
		}
		for _, c := range f.cards {
			l := located{f, c}
			if c.group == nil && len(f.cards) > 1 {
				if first, _ := x.find(c.id); first.spot() != l.spot() {
					continue // another card of the file has its id, and is reported
				}
			}
			if err := x.fault(l); err != nil {
				listing.Unread = append(listing.Unread, connector.Unread{ID: c.id, Err: err})
			} else if c.group == nil {
				item := connector.Item{ID: c.id, Version: f.version(c, x.labels(c))}
				if known != nil && known(c.id) == item.Version {
					item.Version = known(c.id) // of two that are the same, one is kept
				}
				listing.Items = append(listing.Items, item)
			}
		}
	}
	slices.SortFunc(listing.Items, func(a, b connector.Item) int { return strings.Compare(a.ID, b.ID) })
	slices.SortStableFunc(listing.Unread, func(a, b connector.Unread) int { return strings.Compare(a.ID, b.ID) })
	return listing, nil
}

// printable returns the name of a file as an id, quoted if it cannot be one.
func printable(name string) string {
	if isPrintable(name) {
		return name
	}
	return strconv.QuoteToASCII(name)
}

// Read returns the cards of these ids.
func (b *book) Read(ctx context.Context, ids []string, fields []string) ([]connector.ReadResult, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	texts, err := b.fresh(ctx, ids, false)
	if err != nil {
		return nil, err
	}
	b.index.findGroups()
	want := cards.WantedOf(fields)
	results := make([]connector.ReadResult, len(ids))
	each(len(ids), func(i int) {
		l, err := b.locate(ids[i])
		var parsed *vcard.Card
		if err == nil {
			parsed, err = texts.parse(l)
		}
		if err == nil {
			results[i].Record, err = b.record(l, parsed, want)
		}
		if err != nil {
			results[i].Err = b.failed("read", ids[i], err)
		}
	})
	return results, ctx.Err()
}

// Find returns the card that was created with the marker: its UID is made of it.
func (b *book) Find(ctx context.Context, marker string, fields []string) (contact.Record, error) {
	uid := cards.UUIDOf(marker)
	b.mu.Lock()
	err := b.ensure(ctx)
	if err == nil {
		_, err = b.fresh(ctx, []string{uid + extension}, false)
	}
	var ids []string
	if err == nil {
		ids = slices.Clone(b.index.bearing(cards.KeyOfUID(uid)))
	}
	b.mu.Unlock()
	if err != nil {
		return contact.Record{}, err
	}
	if len(ids) == 0 {
		return contact.Record{}, &connector.Error{App: appID, Op: "find", Err: connector.ErrNotFound}
	}
	results, err := b.Read(ctx, ids[:1], fields)
	if err != nil {
		return contact.Record{}, err
	}
	return results[0].Record, results[0].Err
}

// parse reads a card.
func (t texts) parse(l located) (*vcard.Card, error) {
	text, ok := t[l.spot()]
	if !ok {
		return nil, place(l.file.name, fmt.Errorf("%w: %w", connector.ErrUnavailable, errChanging))
	}
	parsed, err := text.Parse(l.card.line)
	if err != nil {
		return nil, place(l.file.name, err)
	}
	return parsed, nil
}

// record returns the record of a card.
func (b *book) record(l located, parsed *vcard.Card, want cards.Wanted) (contact.Record, error) {
	groups := b.index.labels(l.card)
	read, err := cards.Read(parsed, want, groups)
	if err != nil {
		return contact.Record{}, place(l.file.name, err)
	}
	if b.index.unreadable != nil {
		delete(read, cards.Labels)
	}
	return contact.Record{
		ID:       l.card.id,
		Version:  l.file.version(l.card, groups),
		Modified: modified(l.file, parsed),
		Fields:   read,
	}, nil
}

// modified returns when a card was last changed: its REV if it shares its file and has one, else the file's time.
func modified(f *file, parsed *vcard.Card) time.Time {
	if rev := cards.Revised(parsed); !f.alone && !rev.IsZero() {
		return rev
	}
	return time.Unix(0, f.stat.mtime).UTC()
}

// locate returns where the card of an id is.
func (b *book) locate(id string) (located, error) {
	l, ok := b.index.find(id)
	if ok {
		return l, b.index.fault(l)
	}
	f := b.index.file(b.fileOf(id))
	switch {
	case f == nil:
		return l, connector.ErrNotFound
	case f.err != nil:
		return l, f.err
	case f.lost != nil:
		return l, f.lost // the card may be the one that cannot be told
	}
	return l, connector.ErrNotFound
}

// fileOf returns the name of the file that a card of that id is or was in.
func (b *book) fileOf(id string) string {
	if b.single != "" {
		return b.single
	}
	if l, ok := b.index.find(id); ok {
		return l.file.name
	}
	if name, err := strconv.Unquote(id); err == nil {
		return name // see printable
	}
	for i := 0; i < len(id); i++ {
		if id[i] == '#' && strings.HasSuffix(strings.ToLower(id[:i]), extension) && b.index.file(id[:i]) != nil {
			return id[:i]
		}
	}
	return id
}

// isOurs reports whether a file of that name can be of the book.
func (b *book) isOurs(name string) bool {
	return name == b.single || isCardFile(name) && name == filepath.Base(name)
}

// reload reads files whole and takes them into the index, under the ids by which the caller knows their cards.
func (b *book) reload(ctx context.Context, names []string, known func(id string) string) error {
	visits := make([]*visit, len(names))
	each(len(names), func(i int) {
		visits[i] = &visit{name: names[i]}
		if ctx.Err() == nil {
			visits[i].fresh, _, visits[i].err = b.load(ctx, names[i])
		}
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, v := range visits {
		if known != nil && v.fresh != nil {
			v.fresh.keepKnown(known)
		}
	}
	return b.takeAll(visits, nil)
}

// take takes a file into the index that was just read. While its content and stat are what they were, so are its
// versions.
func (b *book) take(f *file) {
	old := b.index.file(f.name)
	if old != nil && old.stat == f.stat && old.racy && old.err == nil && f.err == nil && sameCards(old, f) {
		f.racy, f.sure = true, !f.racy
	}
	b.index.put(f)
}

func sameCards(a, b *file) bool {
	return slices.EqualFunc(a.cards, b.cards, func(x, y *card) bool { return x.digest == y.digest && x.start == y.start })
}

// gone returns why the book as a whole is not there, nil if it is.
func (b *book) gone() error {
	if _, err := os.Stat(b.dir); err != nil {
		return b.unavailable("", err)
	}
	return nil
}

func (b *book) unavailable(op string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("the folder %s is not there; create it, or correct the path", b.dir)
	}
	return &connector.Error{App: appID, Op: op, Err: fmt.Errorf("%w: %w", connector.ErrUnavailable, err)}
}

// failed returns the error of one record.
func (b *book) failed(op, id string, err error) error {
	var typed *connector.Error
	if errors.As(err, &typed) {
		named := *typed
		named.App, named.Op = appID, op
		if named.RecordID == "" {
			named.RecordID = id
		}
		return &named
	}
	return &connector.Error{App: appID, Op: op, RecordID: id, Err: err}
}

func (b *book) path(name string) string { return b.dir + string(filepath.Separator) + name }

// each calls do for every number below n, on all cores if that is worth it, and returns when all calls have.
func each(n int, do func(i int)) { eachOn(runtime.GOMAXPROCS(0), n, do) }

func eachOn(workers, n int, do func(i int)) {
	workers = min(workers, n/8+1)
	if workers <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	group.Wait()
}
