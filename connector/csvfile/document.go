package csvfile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/contactsync/contactsync/contact"
)

// A document is a file that was read. It does not change.
type document struct {
	source    []byte // the bytes of the file
	charset   charset
	text      string // without byte order mark
	delim     byte
	header    scannedRow // what stands before it is a "sep=" line
	quoted    bool       // every heading is in quotes, and so are the cells of new rows
	columns   []column
	bearers   map[string]int // columns by the meaning that they bear
	order     []int          // of the columns by heading, for versions
	key       int            // index of the key column; -1 if there is none
	addKey    bool           // a key column is to be added by the first write
	keyField  contact.Field  // of the key column, also of one to be added; zero if there is none
	raw       bool           // no apostrophe is put before what looks like a formula
	rows      []row
	byID      map[string]int // index of the row, of several with one id the first
	uncertain int            // line of the first unreadable row that could be anybody; 0 if there is none
}

// A row is one line behind the header, or several where a quoted cell has line breaks.
type row struct {
	scannedRow
	id      string
	version [16]byte
	blank   bool  // it holds nothing, and is no record
	fault   error // why it cannot be read
}

// parse reads a file. The error names the line, not the file.
func parse(raw []byte, cfg *Config) (*document, error) {
	if len(raw) == 0 {
		return nil, errEmptyFile
	}
	cs, err := findCharset(raw, cfg.Encoding)
	if err != nil {
		return nil, err
	}
	d := &document{source: raw, charset: cs, raw: cfg.Raw}
	if d.text, err = cs.decode(raw); err != nil {
		return nil, err
	}
	if err := checkNUL(d.text); err != nil {
		return nil, err
	}
	body, err := d.findDelimiter(cfg.Delimiter)
	if err != nil {
		return nil, err
	}
	s := &scanner{text: d.text, delim: d.delim, pos: body, line: 1 + strings.Count(d.text[:body], "\n")}
	if err := d.readHeader(s, cfg); err != nil {
		return nil, err
	}
	if err := d.readRows(s); err != nil {
		return nil, err
	}
	return d, nil
}

// findDelimiter sets the delimiter, the declared one or else that of a "sep=" line or of the header, and returns
// where the header begins.
func (d *document) findDelimiter(declared string) (header int, err error) {
	delim, err := delimiterByte(declared)
	if err != nil {
		return 0, err
	}
	d.delim = delim
	line, rest, _ := strings.Cut(d.text, "\n")
	if named, ok := sepLine(strings.TrimSuffix(line, "\r")); ok {
		if delim != 0 && delim != named {
			return 0, &placeError{1, 0, "the sep= line names another delimiter than the declared one"}
		}
		d.delim = named
		return len(d.text) - len(rest), nil
	}
	if d.delim == 0 {
		d.delim = guessDelimiter(d.text)
	}
	return 0, nil
}

// sepLine returns the delimiter that a line like "sep=;" names, which Excel reads and writes, and whether the line
// is one.
func sepLine(line string) (byte, bool) {
	if len(line) != len("sep=;") || !strings.EqualFold(line[:4], "sep=") {
		return 0, false
	}
	return line[4], strings.IndexByte(",;\t|", line[4]) >= 0
}

// delimiterByte returns the delimiter of that name, 0 for "auto".
func delimiterByte(name string) (byte, error) {
	switch name {
	case "auto":
		return 0, nil
	case "comma", ",":
		return ',', nil
	case "semicolon", ";":
		return ';', nil
	case "tab", "\t":
		return '\t', nil
	case "pipe", "|":
		return '|', nil
	}
	return 0, fmt.Errorf("unknown delimiter; say comma, semicolon, tab, pipe or auto")
}

// delimiterName is the inverse of delimiterByte.
func delimiterName(b byte) string {
	return map[byte]string{',': "comma", ';': "semicolon", '\t': "tab", '|': "pipe"}[b]
}

// guessDelimiter returns the delimiter that the header has most of, outside quotes; the comma if it has none.
func guessDelimiter(text string) byte {
	counts, inQuotes := map[byte]int{}, false
	for i := 0; i < len(text) && (inQuotes || text[i] != '\n'); i++ {
		if text[i] == '"' {
			inQuotes = !inQuotes
		} else if !inQuotes {
			counts[text[i]]++
		}
	}
	best := byte(',')
	for _, b := range []byte(";\t|") {
		if counts[b] > counts[best] {
			best = b
		}
	}
	return best
}

func (d *document) readHeader(s *scanner, cfg *Config) error {
	r, err := s.row()
	if err != nil {
		return err
	}
	if r.fault != nil {
		return r.fault
	}
	d.header = r
	headings := make([]string, len(s.cells))
	d.quoted = true
	for i, c := range s.cells {
		headings[i] = strings.TrimSpace(c.text(d.text))
		d.quoted = d.quoted && c.quoted
	}
	d.addKey = cfg.AddKey && findKey(headings, cfg.Key) < 0
	all := headings
	if d.addKey {
		all = append(slices.Clip(headings), cfg.newKey())
	}
	columns, key, err := newColumns(all, cfg)
	if err != nil {
		return fmt.Errorf("line %d: %w", r.line, err)
	}
	d.columns, d.key = columns[:len(headings)], key
	if key >= 0 {
		d.keyField = columns[key].field
	}
	if d.addKey {
		d.key = -1
	}
	d.bearers = map[string]int{}
	for i, c := range d.columns {
		if c.field.Meaning != "" {
			d.bearers[c.field.Meaning] = i
		}
	}
	d.order = make([]int, len(headings))
	for i := range d.order {
		d.order[i] = i
	}
	slices.SortFunc(d.order, func(i, j int) int { return strings.Compare(headings[i], headings[j]) })
	return nil
}

func (d *document) readRows(s *scanner) error {
	var ids identifier
	for s.pos < len(s.text) {
		if len(d.rows) == maxRows {
			return &placeError{s.line, 0, fmt.Sprintf("more than %d rows", maxRows)}
		}
		r, err := s.row()
		if err != nil {
			return err
		}
		if err := d.addRow(r, s.cells, &ids); err != nil {
			return err
		}
	}
	d.name(&ids)
	return nil
}

// addRow takes in a row that was scanned.
func (d *document) addRow(scanned scannedRow, cells []span, ids *identifier) error {
	r := row{scannedRow: scanned, blank: true}
	for _, c := range cells {
		r.blank = r.blank && strings.TrimSpace(c.text(d.text)) == ""
	}
	if r.blank {
		d.rows = append(d.rows, r)
		ids.add(identity{})
		return nil
	}
	switch {
	case scanned.fault != nil:
		r.fault = scanned.fault
	case len(cells) != len(d.columns):
		r.fault = &placeError{r.line, 0, fmt.Sprintf("the row has %d cells, the header has %d", len(cells), len(d.columns))}
	default:
		if err := d.checkCells(r.line, cells); err != nil {
			return err
		}
		if fault := d.findFault(r.line, cells); fault != nil {
			r.fault = fault
		}
		for i := range d.columns {
			if d.columns[i].field.Type == contact.TypeSet {
				d.columns[i].sep.note(cells[i].text(d.text))
			}
		}
	}
	r.version = d.version(d.text, cells)
	d.rows = append(d.rows, r)
	ids.add(d.identify(&r, cells))
	return nil
}

// checkCells refuses the file if a column without heading holds something.
func (d *document) checkCells(line int, cells []span) error {
	for i, c := range cells {
		if d.columns[i].heading == "" && strings.TrimSpace(c.text(d.text)) != "" {
			return &placeError{line, i + 1, "the column has no heading; give it one"}
		}
	}
	return nil
}

// findFault returns what makes a row unfit to be read although its form is right.
func (d *document) findFault(line int, cells []span) error {
	for i, c := range cells {
		text := c.text(d.text)
		if message := d.cellFault(i, text); message != "" {
			return &placeError{line, i + 1, fmt.Sprintf("%s: %s", d.columns[i].heading, message)}
		}
	}
	return nil
}

// cellFault returns what is wrong with a cell by which rows are known, "" for nothing. Other cells are checked when
// their field is asked for, so that what nobody syncs disturbs nobody.
func (d *document) cellFault(column int, text string) string {
	const maxKey = 1 << 10
	isKey := column == d.key
	if isKey && len(text) > maxKey {
		return fmt.Sprintf("the key is longer than %d bytes", maxKey)
	}
	if isKey && strings.ContainsFunc(text, unicode.IsControl) {
		return "a line break, tab or control character in the key"
	}
	if (isKey || d.columns[column].field.Type == contact.TypePhone) && isSpreadsheetNumber(text) {
		return "looks like a spreadsheet number; its digits are lost, enter it again as text"
	}
	return ""
}

// version returns a digest of what the row says, but for its key. It does not depend on the quoting, the order of
// the columns, or on columns in which the row has nothing.
func (d *document) version(src string, cells []span) [16]byte {
	said := make([]byte, 0, 512)
	for _, i := range d.order {
		if i >= len(cells) || i == d.key {
			continue
		}
		if text := cells[i].text(src); text != "" {
			said = append(append(said, d.columns[i].heading...), 0)
			said = append(append(said, text...), 0)
		}
	}
	sum := sha256.Sum256(said)
	return [16]byte(sum[:16])
}

// cellsOf returns the cells of a row that stands alone in src, as spans of it.
func (d *document) cellsOf(src string) []span {
	s := scanner{text: src, delim: d.delim, line: 1}
	if _, err := s.row(); err != nil {
		return nil // not so: it was scanned before
	}
	return s.cells
}

// content returns the text of a row without its line end.
func (d *document) content(r *row) string { return d.text[r.start:r.end] }

// record returns the record of a row with the wanted fields; nil wants all, as far as they can be read. It fails if
// a wanted field holds what no field of its type can mean.
func (d *document) record(r *row, wanted []string) (contact.Record, error) {
	src := d.content(r)
	cells := d.cellsOf(src)
	rec := contact.Record{ID: r.id, Version: hex.EncodeToString(r.version[:]), Fields: contact.Fields{}}
	for i, c := range cells {
		f := d.columns[i].field
		if i == d.key || f.Name == "" || !isWanted(f.Name, wanted) {
			continue
		}
		v := d.value(i, c.text(src))
		if v.Absent() {
			continue
		}
		if err := f.Check(v); err == nil {
			rec.Fields[f.Name] = v
		} else if wanted != nil {
			return rec, &placeError{r.line, i + 1, err.Error()}
		}
	}
	if key := d.keyField.Name; key != "" && isWanted(key, wanted) {
		rec.Fields[key] = contact.Text(r.id) // also while the cell is still blank
	}
	return rec, nil
}

func isWanted(field string, wanted []string) bool {
	return wanted == nil || slices.Contains(wanted, field)
}
