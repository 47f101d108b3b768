package sqlstore

import "github.com/contactsync/contactsync"

// putLinks inserts or replaces links. Their entries 0 and 1 are unique, and the rows of one Put may exchange them: so
// links whose unique entries change are deleted first. The others keep theirs, and are replaced without a look at these
// indexes; most writes of links are such.
func (tx *tx) putLinks(links []contactsync.Row) error {
	links, at := latest(links)
	keys := make([]string, len(links))
	for i := range links {
		keys[i] = links[i].Key
	}
	known, err := tx.in(keysColumns, contactsync.TableLink, contactsync.ByKey, keys)
	if err != nil {
		return err
	}
	var moved []string
	for i := range known {
		if link := &links[at[known[i].Key]]; known[i].Index[0] != link.Index[0] || known[i].Index[1] != link.Index[1] {
			moved = append(moved, link.Key)
		}
	}
	if err := tx.delete(contactsync.TableLink, moved); err != nil {
		return err
	}
	return tx.insert(contactsync.TableLink, links)
}

// latest returns rows of which no two have the same key, and where each key is: of a key that is there twice, the last row
// holds.
func latest(rows []contactsync.Row) ([]contactsync.Row, map[string]int) {
	at := make(map[string]int, len(rows))
	for i := range rows {
		at[rows[i].Key] = i
	}
	if len(at) == len(rows) {
		return rows, at
	}
	var last []contactsync.Row
	for i, row := range rows {
		if at[row.Key] == i {
			at[row.Key] = len(last)
			last = append(last, row)
		}
	}
	return last, at
}
