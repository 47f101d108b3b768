package memstore

import (
	"cmp"
	"iter"
	"math/rand/v2"

	"github.com/contactsync/contactsync"
)

// A place is where a row stands in a tree: by its index entry, then by its key. In the tree of all rows the
// entry is "".
type place struct{ entry, key string }

func (p place) compare(q place) int {
	if c := cmp.Compare(p.entry, q.entry); c != 0 {
		return c
	}
	return cmp.Compare(p.key, q.key)
}

// next is the first place behind p: no text sorts between a key and the key with a NUL appended.
func (p place) next() place { return place{p.entry, p.key + "\x00"} }

// A node is a tree of rows; nil is the empty one. It is a treap: ordered by place, and balanced because every
// node has a random rank that is not below its children's.
//
// A tree never changes under who reads it: an edit copies the nodes on its way down. So a root is a snapshot,
// and a transaction is undone by forgetting its roots.
type node struct {
	at          place
	row         *contactsync.Row // never changed, so the trees of a table share it
	rank        uint32
	edit        *edit
	left, right *node
}

// An edit is one transaction's changes. The nodes it made are its own until it ends, to be changed in place.
type edit struct{ _ byte } // not empty: pointers to empty structs may be equal

// get returns the row at a place, or nil.
func (n *node) get(at place) *contactsync.Row {
	for n != nil {
		switch c := at.compare(n.at); {
		case c < 0:
			n = n.left
		case c > 0:
			n = n.right
		default:
			return n.row
		}
	}
	return nil
}

// from yields the nodes at and behind a place, in order.
func (n *node) from(at place) iter.Seq[*node] {
	return func(yield func(*node) bool) { n.ascend(at, yield) }
}

func (n *node) ascend(at place, yield func(*node) bool) bool {
	if n == nil {
		return true
	}
	if n.at.compare(at) >= 0 && (!n.left.ascend(at, yield) || !yield(n)) {
		return false
	}
	return n.right.ascend(at, yield)
}

// own returns n if this edit made it, else a copy that it may change.
func (e *edit) own(n *node) *node {
	if n.edit == e {
		return n
	}
	c := *n
	c.edit = e
	return &c
}

// put returns the tree n with the row at a place.
func (e *edit) put(n *node, at place, row *contactsync.Row) *node {
	if n == nil {
		return &node{at: at, row: row, rank: rand.Uint32(), edit: e}
	}
	n = e.own(n)
	switch c := at.compare(n.at); {
	case c < 0:
		n.left = e.put(n.left, at, row)
		if l := n.left; l.rank > n.rank {
			n.left, l.right = l.right, n
			return l
		}
	case c > 0:
		n.right = e.put(n.right, at, row)
		if r := n.right; r.rank > n.rank {
			n.right, r.left = r.left, n
			return r
		}
	default:
		n.at, n.row = at, row
	}
	return n
}

// remove returns the tree n without the row at a place, which must be there.
func (e *edit) remove(n *node, at place) *node {
	c := at.compare(n.at)
	if c == 0 {
		return e.join(n.left, n.right)
	}
	n = e.own(n)
	if c < 0 {
		n.left = e.remove(n.left, at)
	} else {
		n.right = e.remove(n.right, at)
	}
	return n
}

// join returns one tree of two, all of l standing before all of r.
func (e *edit) join(l, r *node) *node {
	switch {
	case l == nil:
		return r
	case r == nil:
		return l
	case l.rank > r.rank:
		l = e.own(l)
		l.right = e.join(l.right, r)
		return l
	default:
		r = e.own(r)
		r.left = e.join(l, r.left)
		return r
	}
}
