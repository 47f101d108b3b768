package vcard

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/internal/cards"
	"github.com/contactsync/contactsync/internal/vcard"
)

// Apply carries out the writes. When it answers, they are on the disk.
func (b *book) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, &connector.Error{App: appID, Op: "apply", Err: fmt.Errorf("%w: %w", connector.ErrNotSent, err)}
	}
	if err := b.ensure(ctx); err != nil {
		return nil, err
	}
	labels := slices.ContainsFunc(writes, func(w connector.Write) bool { _, ok := w.Patch[cards.Labels]; return ok })
	texts, err := b.fresh(ctx, b.concerned(writes), labels)
	if err != nil {
		return nil, err
	}
	b.clean()
	t := &batchWrite{book: b, texts: texts, changes: map[string]*fileChange{}, results: make([]connector.Result, len(writes)),
		jobs: make([]job, len(writes))}
	b.index.findGroups()
	for i, w := range writes {
		t.jobs[i] = job{write: w}
		t.locate(&t.jobs[i])
	}
	each(len(writes), func(i int) { t.patch(&t.jobs[i]) })
	t.collect(ctx)
	return t.results, t.commit(ctx)
}

// concerned returns the ids of the cards that are written, or are there already, and of the files that cards come into.
func (b *book) concerned(writes []connector.Write) []string {
	ids := make([]string, 0, len(writes))
	for _, w := range writes {
		if w.Op != connector.Create {
			ids = append(ids, w.ID)
			continue
		}
		uid := cards.UUIDOf(w.Marker)
		if there := b.index.bearing(cards.KeyOfUID(uid)); len(there) > 0 {
			ids = append(ids, there[0])
		} else if b.single != "" {
			ids = append(ids, b.single)
		} else if name := uid + extension; b.index.file(name) != nil {
			ids = append(ids, name)
		}
	}
	return ids
}

// A job is one write of a batch.
type job struct {
	write   connector.Write
	at      located    // the card to update or delete
	uid     string     // of the card
	exists  bool       // the card to create is there already
	text    vcard.Text // of the card as it is to be; nothing if it is to be deleted
	parsed  *vcard.Card
	changed bool
	joins   []string      // names of the groups to add it to
	leaves  []string      // names of the groups to take it out of
	file    *fileChange   // in which the card is written
	groups  []*fileChange // in which its groups are
	err     error
}

// A batchWrite carries out the writes of one call.
type batchWrite struct {
	book    *book
	texts   texts // of the cards as they were read for this batch
	jobs    []job
	changes map[string]*fileChange
	results []connector.Result
}

// locate finds the card of a job, and refuses the job if it may not be written.
func (t *batchWrite) locate(j *job) {
	x := t.book.index
	switch j.write.Op {
	case connector.Create:
		j.uid = cards.UUIDOf(j.write.Marker)
		if j.write.Marker == "" {
			j.uid = cards.UUIDOf(rand.Text())
		}
		if ids := x.bearing(cards.KeyOfUID(j.uid)); len(ids) > 0 {
			j.at, j.exists = x.find(ids[0])
			j.err = x.fault(j.at)
		}
	case connector.Update, connector.Delete:
		if j.at, j.err = t.book.locate(j.write.ID); j.err == nil {
			j.err = t.checkVersion(j)
		}
	default:
		j.err = fmt.Errorf("%w: unknown operation %q", connector.ErrInvalid, j.write.Op)
	}
}

// checkVersion refuses a write that was decided on another content of the card.
func (t *batchWrite) checkVersion(j *job) error {
	if j.write.Version == "" {
		return nil
	}
	now, _ := parseVersion(j.at.file.version(j.at.card, t.book.index.labels(j.at.card)))
	decided, ok := parseVersion(j.write.Version)
	if !ok || !decided.same(now) {
		return connector.ErrVersionConflict
	}
	return nil
}

// patch works out the text of a job's card.
func (t *batchWrite) patch(j *job) {
	if j.err != nil || j.exists || j.write.Op == connector.Delete {
		return
	}
	x := t.book.index
	c := cards.Change{Patch: j.write.Patch, Now: t.book.clock.Now(), New: j.write.Op == connector.Create}
	if c.New {
		c.Card = cards.New(j.uid, c.Now)
	} else {
		if c.Card, j.err = t.texts.parse(j.at); j.err != nil {
			return
		}
		c.Groups = x.labels(j.at.card)
		if j.uid = j.at.card.uid; j.at.card.noUID {
			c.UID = j.uid
		} else if j.uid, _, j.err = cards.Identity(c.Card); j.err != nil {
			return
		}
	}
	c.Exists = func(label string) bool {
		if len(x.groups) == 0 || j.uid == "" {
			return false
		}
		_, ok := x.groups[cards.LabelKey(label)]
		return ok
	}
	var out cards.Outcome
	if out, j.err = c.Write(); j.err != nil {
		return
	}
	j.text, j.parsed, j.joins, j.leaves = out.Text, out.Card, out.Joins, out.Leaves
	j.changed = c.New || j.text.Held != c.Card.String()
}

// collect gathers what the jobs do to files: first to the group cards, then to the cards of the jobs.
func (t *batchWrite) collect(ctx context.Context) {
	touched := map[spot]bool{}
	groups := map[spot]*regrouping{}
	for i := range t.jobs {
		j := &t.jobs[i]
		switch {
		case j.err == nil && ctx.Err() != nil:
			j.err = fmt.Errorf("%w: %w", connector.ErrNotSent, ctx.Err())
		case j.err == nil && j.at.card != nil && touched[j.at.spot()]:
			j.err = fmt.Errorf("%w: by another write of the same batch", connector.ErrVersionConflict)
		}
		if j.err == nil && !j.exists {
			if j.at.card != nil {
				touched[j.at.spot()] = true
			}
			t.addGroups(j, groups)
		}
	}
	for _, r := range groups {
		t.regroup(r)
	}
	for i := range t.jobs {
		switch j := &t.jobs[i]; {
		case j.err != nil || j.exists:
		case j.write.Op == connector.Create:
			t.create(j)
		case j.changed || j.write.Op == connector.Delete:
			j.file = t.change(j.at.file.name)
			j.file.replace(j.at, j.text)
		}
	}
}

// create adds the card of a job to the book: as a file of its own, or to the one file.
func (t *batchWrite) create(j *job) {
	name := t.book.single
	if name == "" {
		name = j.uid + extension
	}
	j.file = t.change(name)
	j.file.added = append(j.file.added, j.text)
}

// change returns what is to become of a file.
func (t *batchWrite) change(name string) *fileChange {
	c := t.changes[name]
	if c == nil {
		c = &fileChange{name: name, file: t.book.index.file(name)}
		t.changes[name] = c
	}
	return c
}

// A regrouping is what becomes of the members of one group card.
type regrouping struct {
	at          located
	join, leave []string
	jobs        []*job
}

// addGroups notes the groups that a job's card is to be added to and taken out of.
func (t *batchWrite) addGroups(j *job, groups map[spot]*regrouping) {
	note := func(name string) *regrouping {
		at := t.book.index.groups[cards.LabelKey(name)]
		r := groups[at.spot()]
		if r == nil {
			r = &regrouping{at: at}
			groups[at.spot()] = r
		}
		if !slices.Contains(r.jobs, j) {
			r.jobs = append(r.jobs, j)
		}
		return r
	}
	for _, name := range j.joins {
		r := note(name)
		r.join = append(r.join, j.uid)
	}
	for _, name := range j.leaves {
		r := note(name)
		r.leave = append(r.leave, j.uid)
	}
}

// regroup changes a group card.
func (t *batchWrite) regroup(r *regrouping) {
	var changed vcard.Text
	parsed, err := t.texts.parse(r.at)
	if err == nil {
		if changed, err = cards.Regroup(parsed, r.join, r.leave); err != nil {
			err = place(r.at.file.name, err)
		}
	}
	for _, j := range r.jobs {
		if err != nil {
			j.err = err
		}
	}
	if err != nil || changed.Held == parsed.String() {
		return
	}
	change := t.change(r.at.file.name)
	change.replace(r.at, changed)
	for _, j := range r.jobs {
		j.groups = append(j.groups, change)
	}
}
