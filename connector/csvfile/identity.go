package csvfile

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/contactsync/contactsync/contact"
)

// An identity is what a row is known by.
type identity struct {
	key     string // the content of its key cell
	derived string // else a digest of what tells people apart best: email, or phone and name, or ...; keyed rows have
	// it too, so that to fill in one key changes no other id
	named string // and one with the name, for rows that share their email
}

// An identifier gives the rows of a file their ids, once it has seen all of them.
type identifier struct {
	rows   []identity
	shared map[string]int // how many rows have that derived digest
}

func (ids *identifier) add(id identity) {
	if ids.shared == nil {
		ids.shared = map[string]int{}
	}
	ids.rows = append(ids.rows, id)
	if id.derived != "" {
		ids.shared[id.derived]++
	}
}

// name sets the ids of all rows. Two rows with one key are at fault, both; rows without a key that nothing tells
// apart are numbered.
func (d *document) name(ids *identifier) {
	d.byID = make(map[string]int, len(d.rows))
	for i, id := range ids.rows {
		if id.key == "" {
			continue
		}
		r := &d.rows[i]
		r.id = id.key
		if first, dup := d.byID[r.id]; dup {
			r.fault = fmt.Errorf("lines %d and %d have the same key; give one of them another, or leave it blank", d.rows[first].line, r.line)
			d.rows[first].fault = r.fault
			continue
		}
		d.byID[r.id] = i
	}
	used := map[string]int{}
	for i, id := range ids.rows {
		r := &d.rows[i]
		if id.key != "" || r.blank {
			continue
		}
		shared := ids.shared[id.derived] > 1
		if shared && r.fault != nil && d.uncertain == 0 {
			d.uncertain = r.line
		}
		r.id = d.unusedID(id, shared, used)
		d.byID[r.id] = i
	}
}

// unusedID returns the id of a row without key. used counts the rows that would have the same one.
func (d *document) unusedID(id identity, shared bool, used map[string]int) string {
	base := "row-" + id.derived
	if shared {
		base = "row-" + id.named
	}
	for {
		used[base]++
		free := base
		if n := used[base]; n > 1 {
			free = fmt.Sprintf("%s-%d", base, n)
		}
		if _, taken := d.byID[free]; !taken { // by a key that we once filled in
			return free
		}
	}
}

// identify returns what the row is known by. A row whose cells cannot be trusted is known by its key, or by the one
// email that stands in it; without that it could be anybody, which the document takes note of.
func (d *document) identify(r *row, cells []span) identity {
	key, keyed := d.keyOf(cells)
	content := hex.EncodeToString(r.version[:])
	if r.fault == nil {
		id := d.derive(content, func(meaning string) string { return d.meaning(cells, meaning) })
		id.key = key
		return id
	}
	if keyed {
		return identity{key: key}
	}
	unreadable := digest("unreadable", content)
	if email := d.findEmail(r, cells); email != "" && d.key < 0 {
		return identity{derived: digest("email", email), named: unreadable}
	}
	if d.uncertain == 0 {
		d.uncertain = r.line
	}
	return identity{derived: unreadable, named: unreadable}
}

// findEmail returns the email by which a row that cannot be read would be known: the one in its column, if the
// columns are to be trusted, or the only one in the row; "" if there is none.
func (d *document) findEmail(r *row, cells []span) string {
	if r.scannedRow.fault == nil && len(cells) == len(d.columns) {
		if email, ok := contact.EmailKey(d.meaning(cells, "email")); ok {
			return email
		}
		return ""
	}
	found := ""
	for _, c := range cells {
		email, ok := contact.EmailKey(d.unescape(c.text(d.text)))
		if ok && found != "" && email != found {
			return ""
		}
		if ok {
			found = email
		}
	}
	return found
}

// keyOf returns the content of the key cell, and whether it is there and can be trusted.
func (d *document) keyOf(cells []span) (string, bool) {
	if d.key < 0 || d.key >= len(cells) {
		return "", false
	}
	key := strings.TrimSpace(cells[d.key].text(d.text))
	if key == "" || d.cellFault(d.key, key) != "" {
		return "", false
	}
	return key, true
}

// derive returns the identity of a row without key.
func (d *document) derive(content string, get func(meaning string) string) identity {
	name := strings.Join([]string{get("first"), get("last"), get("name")}, "\x00")
	hasName := strings.Trim(name, "\x00") != ""
	if email, ok := contact.EmailKey(get("email")); ok {
		return identity{derived: digest("email", email), named: digest("email", email, name)}
	}
	id := digest("content", content)
	switch phone := get("phone"); {
	case phone != "":
		id = digest("phone", contact.PhoneDigits(phone), name)
	case hasName:
		id = digest("name", name, get("company"))
	}
	return identity{derived: id, named: id}
}

// meaning returns the normal text of the cell whose column bears the meaning.
func (d *document) meaning(cells []span, meaning string) string {
	i, ok := d.bearers[meaning]
	if !ok {
		return ""
	}
	first, _, _ := strings.Cut(d.unescape(cells[i].text(d.text)), joiner)
	return contact.NormalText(first)
}

// digest returns a short name of the parts that tells nothing about them to who does not know them.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:10])
}

// markerKey returns the key of the row that a create with this marker makes: a UUID (RFC 9562 section 5.8), and
// always the same, so that the row is found again. Without a marker it is random.
func markerKey(marker string) string {
	sum := sha256.Sum256([]byte("contactsync csv marker\x00" + marker))
	b := sum[:16]
	if marker == "" {
		rand.Read(b) // never fails
	}
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
