package csvfile

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// A Config says which file, and what the file does not tell by itself. Only Path is needed.
type Config struct {
	Path string
	// Key is the heading of the column that identifies a row; "" means to look for one ("Record ID", "ID", ...).
	Key string
	// AddKey says that the first write adds the column Key ("ID" if that is "") to a file that has no key column.
	AddKey bool
	// Delimiter is "comma", "semicolon", "tab", "pipe", or "auto" or "" to go by the header.
	Delimiter string
	// Encoding is "utf-8", "utf-16le", "utf-16be", "windows-1252", or "auto" or "" to go by the byte order mark,
	// and by UTF-8 without one.
	Encoding string
	// Columns names the field of a column, by the column's heading. A name that is a meaning ("email") gives the
	// field that meaning; "email_2" makes it an email.
	Columns map[string]string
	// Raw says that no apostrophe is written before, nor taken from, what a spreadsheet would take for a formula:
	// for files that only machines read.
	Raw bool
}

// sortedColumns returns the headings that Columns names, in order.
func (cfg *Config) sortedColumns() []string { return slices.Sorted(maps.Keys(cfg.Columns)) }

// newKey returns the heading of a key column that is to be added.
func (cfg *Config) newKey() string {
	if cfg.Key == "" {
		return "ID"
	}
	return cfg.Key
}

// A Connector reads and writes the rows of one file. It is made by [File] or [New].
type Connector struct {
	cfg     Config
	writing sync.Mutex // held by Apply

	mu  sync.Mutex
	doc *document // the file as it was parsed last
}

// Connector has no feed: it lists and reads.
var (
	_ connector.Connector = (*Connector)(nil)
	_ connector.Lister    = (*Connector)(nil)
	_ connector.Reader    = (*Connector)(nil)
	_ connector.Finder    = (*Connector)(nil)
	_ connector.Checker   = (*Connector)(nil)
)

// File returns a connector for the CSV file at path, which is opened when it is used.
func File(path string) *Connector {
	return &Connector{cfg: Config{Path: path, Delimiter: "auto", Encoding: "auto"}}
}

// New returns a connector for the file that cfg describes. The error says what is wrong with cfg; the file is not
// looked at yet.
func New(cfg Config) (*Connector, error) {
	if cfg.Path == "" {
		return nil, errors.New("csv: the path of the file is missing")
	}
	if cfg.Delimiter == "" {
		cfg.Delimiter = "auto"
	}
	if cfg.Encoding == "" {
		cfg.Encoding = "auto"
	}
	if _, err := delimiterByte(cfg.Delimiter); err != nil {
		return nil, fmt.Errorf("csv: %w", err)
	}
	if _, ok := newCharset(cfg.Encoding); !ok && cfg.Encoding != "auto" {
		return nil, errors.New("csv: unknown encoding; say utf-8, utf-16le, utf-16be, windows-1252 or auto")
	}
	cfg.Columns = maps.Clone(cfg.Columns)
	seen := map[string]bool{}
	for _, heading := range cfg.sortedColumns() {
		name := cfg.Columns[heading]
		if name == "" || strings.ContainsAny(name, "[].=, \t") {
			return nil, fmt.Errorf("csv: column %q: %q is no field name; use letters, digits and _", heading, name)
		}
		if seen[name] {
			return nil, fmt.Errorf("csv: two columns are declared to be field %q", name)
		}
		seen[name] = true
	}
	return &Connector{cfg: cfg}, nil
}

// Schema describes the columns of the file as it is now.
func (c *Connector) Schema(ctx context.Context) (contact.Schema, error) {
	d, err := c.load(ctx)
	if err != nil {
		return contact.Schema{}, err
	}
	const batch = 10_000
	s := contact.Schema{
		Versions: true,
		Marker:   d.key >= 0 || d.addKey,
		Batch:    contact.Batch{Create: batch, Update: batch, Delete: batch, Read: batch},
		Parallel: 1,
	}
	for _, col := range d.columns {
		if col.field.Name != "" {
			s.Fields = append(s.Fields, col.field)
		}
	}
	if d.addKey {
		s.Fields = append(s.Fields, d.keyField)
	}
	return s.Limited(limits...), nil
}

// Changes fails with [connector.ErrNoFeed]: a file does not tell what changed.
func (c *Connector) Changes(context.Context, connector.Query) (connector.Page, error) {
	return connector.Page{}, connector.ErrNoFeed
}

// List names all rows in one page.
func (c *Connector) List(ctx context.Context, _ connector.Cursor) (connector.Listing, error) {
	d, err := c.load(ctx)
	if err != nil {
		return connector.Listing{}, err
	}
	listing := connector.Listing{Complete: true, Items: make([]connector.Item, 0, len(d.rows))}
	for i := range d.rows {
		switch r := &d.rows[i]; {
		case r.blank || d.byID[r.id] != i: // or another row with the same key, which is named with the first
		case r.fault != nil:
			listing.Unread = append(listing.Unread, connector.Unread{ID: r.id, Err: c.inFile(r.fault)})
		default:
			listing.Items = append(listing.Items, connector.Item{ID: r.id, Version: hex.EncodeToString(r.version[:])})
		}
	}
	return listing, nil
}

// Read returns the rows with these ids.
func (c *Connector) Read(ctx context.Context, ids, fields []string) ([]connector.ReadResult, error) {
	d, err := c.load(ctx)
	if err != nil {
		return nil, err
	}
	results := make([]connector.ReadResult, len(ids))
	if fields == nil {
		fields = []string{}
	}
	for i, id := range ids {
		at, ok := d.byID[id]
		switch {
		case !ok:
			results[i].Err = connector.ErrNotFound
			if err := d.missing(); err != nil {
				results[i].Err = c.inFile(err)
			}
		case d.rows[at].fault != nil:
			results[i].Err = c.inFile(d.rows[at].fault)
		default:
			rec, err := d.record(&d.rows[at], fields)
			if err != nil {
				err = c.inFile(err)
			}
			results[i] = connector.ReadResult{Record: rec, Err: err}
		}
	}
	return results, nil
}

// Find returns the row that a create with this marker made. Only a file with a key column keeps markers.
func (c *Connector) Find(ctx context.Context, marker string, fields []string) (contact.Record, error) {
	d, err := c.load(ctx)
	if err != nil {
		return contact.Record{}, err
	}
	if d.key < 0 && !d.addKey {
		return contact.Record{}, c.inFile(errors.New("without a key column no row can be found by its marker"))
	}
	results, err := c.Read(ctx, []string{markerKey(marker)}, fields)
	if err != nil {
		return contact.Record{}, err
	}
	return results[0].Record, results[0].Err
}

// Check returns nil if the file can be read, and could be written.
func (c *Connector) Check(ctx context.Context) error {
	if _, err := c.load(ctx); err != nil {
		return err
	}
	target, err := filepath.EvalSymlinks(c.cfg.Path)
	if err != nil {
		return c.fileError("check", err)
	}
	if _, err := writableMode(target); err != nil {
		return c.fileError("check", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*.tmp")
	if err != nil {
		return c.fileError("check", err)
	}
	return errors.Join(tmp.Close(), os.Remove(tmp.Name()))
}

// Apply carries out the writes and replaces the file once. If another program changes the file meanwhile, it begins
// again with what the file holds then.
func (c *Connector) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	const tries, pause = 200, 10 * time.Millisecond
	for range tries {
		results, err := c.tryApply(ctx, writes)
		if !errors.Is(err, errMoved) {
			return results, err
		}
		if err := (connector.SystemClock{}).Sleep(ctx, pause); err != nil {
			return nil, notSent(err)
		}
	}
	return nil, &connector.Error{App: appID, Op: "apply", Err: connector.ErrUnavailable,
		Message: c.cfg.Path + " keeps being changed by another program"}
}

func (c *Connector) tryApply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	d, err := c.load(ctx)
	if err != nil {
		return nil, notSent(err)
	}
	e := newEdit(d, writes)
	after := d
	if !e.empty() {
		if after, err = c.commit(e); err != nil {
			return nil, err
		}
	}
	for i, at := range e.rows { // a batch that deletes does nothing else, so these rows have not moved
		if e.results[i].Err == nil && at >= 0 {
			e.results[i].Record, _ = after.record(&after.rows[at], nil) // with nil no field is demanded
		}
	}
	return e.results, nil
}

// commit writes the edited file and returns it as it is now. The new text is parsed before it is written: what
// could not be read back is not written.
func (c *Connector) commit(e *edit) (*document, error) {
	content, ok := e.doc.charset.encode(e.text(c.cfg.newKey()))
	if !ok {
		return nil, notSent(fmt.Errorf("the new rows cannot be written in %s", e.doc.charset.name))
	}
	after, err := parse(content, &c.cfg)
	if err == nil && len(after.rows) != len(e.doc.rows)-len(e.gone)+len(e.added) {
		err = errors.New("the new rows could not be read back")
	}
	if err != nil {
		return nil, notSent(c.inFile(err))
	}
	done, err := replaceFile(c.cfg.Path, e.doc.source, content)
	switch {
	case errors.Is(err, errMoved):
		return nil, err
	case err != nil && !done:
		return nil, notSent(c.fileError("apply", err))
	case err != nil:
		return nil, c.fileError("apply", err)
	}
	c.mu.Lock()
	c.doc = after
	c.mu.Unlock()
	return after, nil
}

// load returns the file as it is now. It always reads the bytes, for no time stamp is fine enough to tell that a file
// is still the same, and parses them if they differ from the last time.
func (c *Connector) load(ctx context.Context) (*document, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	raw, err := readFile(c.cfg.Path)
	if err != nil {
		return nil, c.fileError("read", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.doc != nil && bytes.Equal(c.doc.source, raw) {
		return c.doc, nil
	}
	d, err := parse(raw, &c.cfg)
	if err != nil {
		return nil, c.inFile(err)
	}
	c.doc = d
	return d, nil
}

// inFile puts the path before an error of the file's content.
func (c *Connector) inFile(err error) error { return fmt.Errorf("%s: %w", c.cfg.Path, err) }

// notSent says that nothing was written.
func notSent(err error) error {
	if connector.Known(err) {
		return err
	}
	return fmt.Errorf("%w: %w", connector.ErrNotSent, err)
}

// fileError types an error of the file system, which names the path itself.
func (c *Connector) fileError(op string, err error) error {
	e := &connector.Error{App: appID, Op: op, Err: err}
	switch {
	case errors.Is(err, errMoved):
		e.Err = fmt.Errorf("%w: %w", connector.ErrUnavailable, err)
	case errors.Is(err, fs.ErrNotExist):
		e.Err = connector.ErrUnavailable
		e.Message = fmt.Sprintf("there is no file %s; create it, or correct the path", c.cfg.Path)
	case errors.Is(err, fs.ErrPermission):
		e.Err = connector.ErrForbidden
		e.Message = err.Error()
	}
	return e
}
