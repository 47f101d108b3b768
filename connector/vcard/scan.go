package vcard

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/contactsync/contactsync/internal/vcard"
)

// errChanging is why a file cannot be read now.
var errChanging = errors.New("the file is being written; try again later")

// load reads a file of the book and finds its cards. It returns the text of the first one too, for most files hold no
// other. It fails with fs.ErrNotExist if there is no such file; what is wrong with its content is in the file.
func (b *book) load(ctx context.Context, name string) (*file, vcard.Text, error) {
	if !isPrintable(name) {
		return &file{name: name, err: fmt.Errorf("%q: a file name that is not UTF-8 or holds control characters; rename the file", name)}, vcard.Text{}, nil
	}
	for tries := 1; ; tries++ {
		f, text, err := b.loadOnce(ctx, name)
		switch {
		case err == nil:
			return f, text, nil
		case errors.Is(err, fs.ErrNotExist) || ctx.Err() != nil:
			return nil, vcard.Text{}, err
		case tries == 3 || !errors.Is(err, errChanging):
			return &file{name: name, stat: f.stat, racy: true, err: err}, vcard.Text{}, nil
		}
	}
}

// loadOnce is load of a file that does not change meanwhile. The file that it returns with an error has a stat only.
func (b *book) loadOnce(ctx context.Context, name string) (*file, vcard.Text, error) {
	find := finder{book: b, file: &file{name: name}}
	f, st, err := b.open(name)
	if err != nil {
		return find.file, vcard.Text{}, err
	}
	defer f.Close()
	find.file.stat = st
	if err := b.split(ctx, f, st.size, find.found); err != nil {
		return find.file, vcard.Text{}, fmt.Errorf("%s: %w", name, err)
	}
	info, err := f.Stat()
	if err != nil {
		return find.file, vcard.Text{}, err
	}
	if statOf(info) != st {
		return find.file, vcard.Text{}, fmt.Errorf("%s: %w", name, errChanging)
	}
	find.file.racy = st.racy(b.clock.Now())
	find.finish()
	return find.file, find.first, nil
}

// open opens a file of the book for reading.
func (b *book) open(name string) (*os.File, stat, error) {
	f, err := openFile(b.path(name), os.O_RDONLY, 0)
	if err != nil {
		return nil, stat{}, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: not a regular file", name)
	}
	if err != nil {
		f.Close()
		return nil, stat{}, err
	}
	return f, statOf(info), nil
}

// A pass is what it takes to go through a text once. It is used again for the next one.
type pass struct {
	splitter *vcard.Splitter
	buffer   []byte
	out      output
}

func (b *book) newPass() *pass {
	if p, ok := b.passes.Get().(*pass); ok {
		return p
	}
	return &pass{splitter: vcard.NewSplitter(nil), buffer: make([]byte, 64<<10), out: output{Writer: bufio.NewWriterSize(nil, 64<<10)}}
}

// split reads size bytes and hands out the cards in them. It takes as much memory as the largest card without its
// photos.
func (b *book) split(ctx context.Context, r io.Reader, size int64, found func(vcard.Span)) error {
	p := b.newPass()
	defer b.passes.Put(p)
	p.splitter.Reset(found)
	for left := size; left > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(p.buffer[:min(left, int64(len(p.buffer)))])
		p.splitter.Write(p.buffer[:n])
		left -= int64(n)
		switch {
		case left > 0 && err == io.EOF:
			return errChanging // it is shorter than it was
		case err != nil && err != io.EOF:
			return err
		}
	}
	return p.splitter.Close()
}

// card reads one card of an open file, and reports whether it is still as it is known.
func (b *book) card(ctx context.Context, f io.ReaderAt, c *card) (text vcard.Text, still bool) {
	size := c.end - c.start
	err := b.split(ctx, io.NewSectionReader(f, c.start, size), size, func(span vcard.Span) {
		text, still = span.Text, span.End-span.Start == size && digestOf(span) == c.digest
	})
	return text, still && err == nil
}

// A visit is what a batch wants of one file: that what is known of it is what is on the disk, and the texts of cards.
type visit struct {
	name    string
	cards   []located
	unknown bool // there is an id in the batch that is not known to be in the file

	texts []vcard.Text // of the cards
	fresh *file        // what is on the disk, if it is something else
	err   error        // there is no such file
}

// texts are what the cards of a batch say.
type texts map[spot]vcard.Text

// fresh holds what is known of the files that have cards of these ids against the disk, takes into the index what is
// otherwise, and returns the texts of the cards; with groups, of all group cards too.
func (b *book) fresh(ctx context.Context, ids []string, groups bool) (texts, error) {
	if err := b.ensure(ctx); err != nil {
		return nil, err
	}
	out := make(texts, len(ids))
	visits := b.visits(ids, groups, nil)
	for range 2 { // again for the cards of files that turned out to be otherwise
		each(len(visits), func(i int) { visits[i].pay(ctx, b) })
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := b.takeAll(visits, out); err != nil {
			return nil, err
		}
		visits = b.visits(ids, groups, out)
	}
	return out, nil
}

// visits returns what is to be read for the cards of these ids: every file of theirs, or, given the texts that are
// there, what is missing.
func (b *book) visits(ids []string, groups bool, have texts) []*visit {
	var visits []*visit
	byName := make(map[string]*visit, len(ids))
	of := func(name string) *visit {
		v := byName[name]
		if v == nil {
			v = &visit{name: name}
			byName[name] = v
			visits = append(visits, v)
		}
		return v
	}
	want := func(l located) {
		if _, ok := have[l.spot()]; !ok && l.card.err == nil {
			v := of(l.file.name)
			v.cards = append(v.cards, l)
		}
	}
	for _, id := range ids {
		if l, ok := b.index.find(id); ok {
			want(l)
		} else if name := b.fileOf(id); have == nil && b.isOurs(name) {
			of(name).unknown = true
		}
	}
	if groups {
		b.index.findGroups()
		for _, l := range b.index.groups {
			want(l)
		}
	}
	return visits
}

// pay reads what is wanted of the file. As long as its stat is what it was, a card that has the bytes that it had is
// still the card; else the whole file is read anew.
func (v *visit) pay(ctx context.Context, b *book) {
	if v.known(ctx, b) {
		return
	}
	v.texts = v.texts[:0]
	var first vcard.Text
	if v.fresh, first, v.err = b.load(ctx, v.name); v.err == nil && len(v.fresh.cards) == 1 {
		v.texts = append(v.texts, first)
	}
}

// known reads the cards, and reports whether the file is as it is known.
func (v *visit) known(ctx context.Context, b *book) bool {
	known := b.index.file(v.name)
	if known == nil || known.err != nil {
		return false
	}
	f, st, err := b.open(v.name)
	if err != nil {
		return false
	}
	defer f.Close()
	if known.stat != st || (v.unknown || len(v.cards) == 0) && !known.isStill(st) {
		return false
	}
	for _, l := range v.cards {
		text, still := b.card(ctx, f, l.card)
		if !still {
			return false
		}
		v.texts = append(v.texts, text)
	}
	return true
}

// takeAll takes into the index what was read otherwise than it was known, and gathers the texts.
func (b *book) takeAll(visits []*visit, out texts) error {
	for _, v := range visits {
		cards := v.cards
		switch {
		case v.err != nil:
			if err := b.gone(); err != nil {
				return err
			}
			b.index.drop(v.name) // there is no such file
			continue
		case v.fresh != nil:
			b.take(v.fresh)
			cards = nil
			for _, c := range v.fresh.cards {
				cards = append(cards, located{v.fresh, c})
			}
		}
		for i, text := range v.texts {
			out[cards[i].spot()] = text
		}
	}
	return nil
}
