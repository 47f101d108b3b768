package csvfile

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/contactsync/contactsync/connector"
)

// An edit is what a batch of writes makes of a document.
type edit struct {
	doc     *document
	changed map[int]string // new content of rows, by index
	gone    map[int]bool
	added   []addedRow
	byKey   map[string]int // index among the added rows
	results []connector.Result
	rows    []int // per write, index of its row in the new document; -1 for none
}

// An addedRow is the content of a new row, and its key if the row has a key.
type addedRow struct{ content, key string }

// newEdit works out what becomes of the document. Writes that cannot be carried out have their error.
func newEdit(d *document, writes []connector.Write) *edit {
	e := &edit{
		doc: d, changed: map[int]string{}, gone: map[int]bool{}, byKey: map[string]int{},
		results: make([]connector.Result, len(writes)), rows: make([]int, len(writes)),
	}
	for i, w := range writes {
		var err error
		e.rows[i] = -1
		switch w.Op {
		case connector.Create:
			e.rows[i], err = e.create(w)
		case connector.Update:
			e.rows[i], err = e.update(w)
		case connector.Delete:
			err = e.remove(w)
		default:
			err = invalid(w, "", fmt.Sprintf("unknown operation %q", w.Op))
		}
		e.results[i].Err = err
	}
	return e
}

// empty reports whether the edit changes nothing.
func (e *edit) empty() bool { return len(e.changed)+len(e.gone)+len(e.added) == 0 }

// create adds a row, or finds the one that an earlier create with the same marker added.
func (e *edit) create(w connector.Write) (int, error) {
	d := e.doc
	key := ""
	if d.key >= 0 || d.addKey {
		key = markerKey(w.Marker)
		if i, ok := d.byID[key]; ok {
			if fault := d.rows[i].fault; fault != nil {
				return -1, invalid(w, "", fault.Error())
			}
			return i, nil
		}
		if i, ok := e.byKey[key]; ok {
			return len(d.rows) + i, nil
		}
	}
	blank := strings.Repeat(string(d.delim), len(d.columns)-1)
	if d.quoted {
		blank = strings.TrimSuffix(strings.Repeat(`""`+string(d.delim), len(d.columns)), string(d.delim))
	}
	content, err := e.rewrite(blank, w, key)
	if err != nil {
		return -1, err
	}
	e.byKey[key] = len(e.added)
	e.added = append(e.added, addedRow{content, key})
	return len(d.rows) + len(e.added) - 1, nil
}

// update changes the cells of a row. A row without key gets its id as key, so that it keeps it.
func (e *edit) update(w connector.Write) (int, error) {
	i, err := e.find(w)
	if err != nil {
		return -1, err
	}
	content, err := e.rewrite(e.content(i), w, e.doc.rows[i].id)
	if err != nil {
		return -1, err
	}
	if content != e.content(i) {
		e.changed[i] = content
	}
	return i, nil
}

func (e *edit) remove(w connector.Write) error {
	i, err := e.find(w)
	if err != nil {
		return err
	}
	e.gone[i] = true
	return nil
}

// find returns the index of the row that the write is about, if it is the version that the write was decided on.
func (e *edit) find(w connector.Write) (int, error) {
	d := e.doc
	i, ok := d.byID[w.ID]
	if !ok || e.gone[i] {
		if err := d.missing(); err != nil {
			return 0, invalid(w, "", err.Error())
		}
		return 0, writeError(w, connector.ErrNotFound)
	}
	if fault := d.rows[i].fault; fault != nil {
		return 0, invalid(w, "", fault.Error())
	}
	src := e.content(i)
	version := d.version(src, d.cellsOf(src))
	if w.Version != "" && w.Version != hex.EncodeToString(version[:]) {
		return 0, writeError(w, connector.ErrVersionConflict)
	}
	return i, nil
}

// content returns the content of a row as the batch leaves it so far.
func (e *edit) content(i int) string {
	if s, ok := e.changed[i]; ok {
		return s
	}
	return e.doc.content(&e.doc.rows[i])
}

// rewrite returns the content of a row after the write; key is for a blank key cell. The bytes of cells that do not
// change are copied.
func (e *edit) rewrite(src string, w connector.Write, key string) (string, error) {
	d := e.doc
	cells := d.cellsOf(src)
	news, err := e.newCells(src, cells, w)
	if err != nil {
		return "", err
	}
	if d.key >= 0 && (len(news) > 0 || w.Op == connector.Create) && strings.TrimSpace(cells[d.key].text(src)) == "" {
		news[d.key] = key
	}
	var out []byte
	blank := true
	for i, c := range cells {
		if i > 0 {
			out = append(out, d.delim)
		}
		begin := len(out)
		text, changed := news[i]
		if changed {
			out = appendCell(out, text, c.quoted || text != d.unescape(text))
		} else {
			text = c.text(src)
			out = append(out, src[c.start:c.end]...)
		}
		if len(out)-begin > maxCell {
			return "", invalid(w, d.columns[i].field.Name, fmt.Sprintf("longer than %d KiB", maxCell>>10))
		}
		blank = blank && strings.TrimSpace(text) == ""
	}
	if blank && !d.addKey {
		return "", invalid(w, "", "the row would be blank")
	}
	return string(out), nil
}

// newCells returns what the cells that the patch changes are to say, by column.
func (e *edit) newCells(src string, cells []span, w connector.Write) (map[int]string, error) {
	news := map[int]string{}
	for _, name := range w.Patch.Names() {
		i := e.doc.columnOf(name)
		if i < 0 {
			return nil, invalid(w, name, "the file has no such column")
		}
		f := e.doc.columns[i].field
		if f.ReadOnly {
			return nil, invalid(w, name, "the key of a row never changes")
		}
		old := cells[i].text(src)
		text, err := e.doc.cell(i, old, w.Patch[name].Apply(e.doc.value(i, old), f))
		if err != nil {
			return nil, invalid(w, name, err.Error())
		}
		if text != old {
			news[i] = text
		}
	}
	return news, nil
}

// text returns the new text of the file. Rows that are not touched keep their bytes, the file its line ends and the
// newline behind its last row, or the lack of it.
func (e *edit) text(keyHeading string) string {
	d := e.doc
	var b strings.Builder
	b.Grow(len(d.text) + 256*len(e.added))
	b.WriteString(d.text[:d.header.start])
	eol := d.text[d.header.end:d.header.next]
	if eol == "" {
		eol = "\r\n"
	}
	pending := "" // the line end of the row before
	put := func(content, end string) {
		if b.WriteString(pending); end == "" {
			end = eol
		}
		b.WriteString(content)
		pending = end
	}
	put(e.withKey(d.text[d.header.start:d.header.end], keyHeading), eol)
	for i := range d.rows {
		if r := &d.rows[i]; !e.gone[i] {
			put(e.withKeyOf(r, e.content(i)), d.text[r.end:r.next])
		}
	}
	for _, a := range e.added {
		put(e.withKey(a.content, a.key), eol)
	}
	if strings.HasSuffix(d.text, "\n") {
		b.WriteString(pending)
	}
	return b.String()
}

// withKey appends a key to a line if the file gets a key column.
func (e *edit) withKey(line, key string) string {
	if !e.doc.addKey {
		return line
	}
	return string(appendCell(append([]byte(line), e.doc.delim), key, e.doc.quoted))
}

// withKeyOf appends the key of an existing row. A row that cannot be read keeps its wrong number of cells.
func (e *edit) withKeyOf(r *row, content string) string {
	if r.blank && content == "" {
		return content
	}
	if r.blank || r.fault != nil {
		return e.withKey(content, "")
	}
	return e.withKey(content, r.id)
}

// columnOf returns the index of the column of that field, -1 if there is none.
func (d *document) columnOf(field string) int {
	for i := range d.columns {
		if d.columns[i].field.Name == field {
			return i
		}
	}
	return -1
}

// missing returns nil if an id that no row has is certainly not in the file, and an error if it may be the id of a
// row that cannot be read.
func (d *document) missing() error {
	if d.uncertain == 0 {
		return nil
	}
	return fmt.Errorf("no row has this id, but line %d cannot be read and may be it; mend that line first", d.uncertain)
}

// writeError says which write failed.
func writeError(w connector.Write, err error) error {
	return &connector.Error{App: appID, Op: string(w.Op), RecordID: w.ID, Err: err}
}

// invalid is the error of a write that the file cannot take.
func invalid(w connector.Write, field, message string) error {
	return &connector.Error{App: appID, Op: string(w.Op), RecordID: w.ID, Field: field, Err: connector.ErrInvalid, Message: message}
}
