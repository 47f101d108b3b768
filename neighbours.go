package contactsync

import "slices"

// Who shares a key with a record depends on it: whether they are linked, created or duplicates. They are decided anew
// when its keys or its link change.

// neighbours makes every unlinked record that shares one of the keys due, on either side; and a pair that waits
// for what becomes of a half that is gone. Of many changes among those who share a key only the first walks over them.
func (b *book) neighbours(of ref, keys []matchKey) {
	for _, k := range keys {
		for _, s := range Sides {
			if b.run.firstRead[s] {
				continue // all of them are due
			}
			entry := k.entry[s]
			if but, done := b.roused[entry]; done {
				b.rouse(but, of)
				b.roused[entry] = ref{}
				continue
			}
			b.roused[entry] = of
			for _, at := range b.bearersOf(entry) {
				b.rouse(at, of)
			}
		}
	}
}

// rouse makes a neighbour of a record due, unless it has a partner.
func (b *book) rouse(at, of ref) {
	if at == of || b.record(at) == nil {
		return
	}
	if l := b.linkOf(at); l == nil || l.Gone != [2]bool{} {
		b.touch(at)
	}
}

// kin makes the unlinked neighbours of both records of a pair due.
func (b *book) kin(l *link) {
	for _, s := range Sides {
		if m := b.mirrorOf(ref{s, l.ID[s]}); m != nil {
			b.neighbours(m.ref(), slices.Concat(m.keys, b.cfg.keysLost(m)))
		}
	}
}
