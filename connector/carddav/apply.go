package carddav

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/internal/cards"
	"github.com/contactsync/contactsync/internal/vcard"
)

// extension is how the addresses of new cards end, which some servers insist on.
const extension = ".vcf"

// A job is one write of a batch.
type job struct {
	write     connector.Write
	id        string // of the card
	uid       string
	etag      string // of the card as it was read
	text      string // of the card as it is to be; "" if it stays as it is
	joins     []string
	leaves    []string
	regrouped bool      // one of the groups was written
	modified  time.Time // of the card as it was read
	held      string    // the card as it was read; of one that is created ""
	wrote     string    // the ETag that the server gave the card
	err       error
}

// Apply carries out the writes, one card at a time: CardDAV knows no batches. Each is conditional on what it was decided
// on. Then the cards are read back, where servers may store them otherwise.
func (b *book) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	if len(writes) == 0 {
		return nil, nil
	}
	f, err := b.open(ctx)
	if err != nil {
		return nil, notSent(err)
	}
	jobs := make([]*job, len(writes))
	for i, w := range writes {
		jobs[i] = &job{write: w, id: w.ID}
	}
	switch op := writes[0].Op; op {
	case connector.Create:
		err = b.prepareCreates(ctx, f, jobs)
	case connector.Update:
		err = b.prepareUpdates(ctx, f, jobs)
	case connector.Delete:
		return b.delete(ctx, f, jobs), nil
	default:
		err = fmt.Errorf("%w: unknown operation %q", connector.ErrInvalid, op)
	}
	if err != nil {
		return nil, notSent(err)
	}
	// A new card that is not yet in its groups would look as if somebody had taken it out of them, should nobody live to put
	// it there. A group that names a card which is not there yet does no harm.
	if writes[0].Op == connector.Create {
		b.regroup(ctx, f, jobs)
	}
	each(ctx, jobs, func(j *job) error { return b.send(ctx, f, j) })
	if writes[0].Op == connector.Update {
		b.regroup(ctx, f, jobs)
	}
	return b.readBack(ctx, f, jobs), nil
}

// notSent says of an error that ended a call before it wrote that nothing was done.
func notSent(err error) error {
	if connector.Known(err) {
		return err
	}
	return &connector.Error{App: appID, Op: "apply", Err: fmt.Errorf("%w: %w", connector.ErrNotSent, err)}
}

// errLate says that a call had no time left for a write, which is soon sent by another.
var errLate error = &connector.Error{App: appID, Op: "apply", Err: connector.ErrNotSent, RetryAfter: time.Second,
	Message: "the time of the call is needed to read back what was written"}

// each does the jobs that have no error yet, in order. Once the server cannot be written to at present the others are not
// begun, and neither are they in the second half of the call's time: they fit into another call.
func each(ctx context.Context, jobs []*job, do func(*job) error) {
	var blocked error
	late := func() bool { return false }
	if deadline, ok := ctx.Deadline(); ok {
		begin := deadline.Add(-time.Until(deadline) / 2)
		late = func() bool { return !time.Now().Before(begin) }
	}
	for _, j := range jobs {
		switch {
		case j.err != nil:
		case ctx.Err() != nil:
			j.err = fmt.Errorf("%w: %w", connector.ErrNotSent, ctx.Err())
		case late():
			j.err = errLate
		case blocked != nil:
			j.err = notBegun(blocked)
		default:
			if j.err = do(j); blocks(j.err) {
				blocked = j.err
			}
		}
	}
}

// notBegun returns the error of a write that was not begun, for another ended in cause.
func notBegun(cause error) error {
	wait, _ := connector.RetryAfter(cause)
	return &connector.Error{Err: fmt.Errorf("%w: %w", connector.ErrNotSent, cause), RetryAfter: wait}
}

// blocks reports whether the next write would fare no better than one that ended in err. That the server is away is also
// said by answers that leave open whether this one was carried out.
func blocks(err error) bool {
	for _, target := range []error{connector.ErrUnauthorized, connector.ErrUnavailable, connector.ErrRateLimited, connector.ErrQuota,
		connector.ErrNotSent} {
		if errors.Is(err, target) {
			return true
		}
	}
	switch statusIn(err) {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// prepareCreates makes the new cards. Their UID, and so their address, is made of the marker: the same create makes the
// same card.
func (b *book) prepareCreates(ctx context.Context, f found, jobs []*job) error {
	g, err := b.knownGroups(ctx, f)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		marker := j.write.Marker
		if marker == "" {
			marker = rand.Text()
		}
		j.uid = cards.UUIDOf(marker)
		j.id = j.uid + extension
		now := b.account.Clock.Now()
		j.change(cards.Change{Card: cards.New(j.uid, now), New: true, Now: now, Exists: g.exists(j.uid)})
	}
	return nil
}

// prepareUpdates reads the cards that are to be changed and makes the changes in what they hold now.
func (b *book) prepareUpdates(ctx context.Context, f found, jobs []*job) error {
	g, err := b.knownGroups(ctx, f)
	if err != nil {
		return err
	}
	ids := make([]string, len(jobs))
	for i, j := range jobs {
		ids[i] = j.id
	}
	now, err := f.fetch(ctx, ids)
	if err != nil {
		return err
	}
	touched := map[string]bool{}
	for _, j := range jobs {
		held := now[j.id]
		if j.err = held.err; j.err != nil {
			continue
		}
		if touched[j.id] {
			j.err = fmt.Errorf("%w: by another write of the same batch", connector.ErrVersionConflict)
			continue
		}
		touched[j.id] = true
		card, err := vcard.Parse(held.text, 1)
		if err == nil {
			var isGroup bool
			if j.uid, isGroup, err = cards.Identity(card); err == nil && isGroup {
				err = connector.ErrNotFound
			}
		}
		if j.err = err; err != nil {
			continue
		}
		in := g.labels(cards.KeyOfUID(j.uid))
		if v := j.write.Version; v != "" && v != versionOf(held.etag, held.text, in) {
			j.err = connector.ErrVersionConflict
			continue
		}
		j.etag, j.held, j.modified = held.etag, held.text, held.modified
		c := cards.Change{Card: card, Groups: in, Now: b.account.Clock.Now(), Exists: g.exists(j.uid)}
		if j.uid == "" { // servers want one
			c.UID = cards.UUIDOf(j.id)
		}
		j.change(c)
	}
	return nil
}

// exists returns whether a label is the name of a group card that a card of that UID can be added to.
func (g *groups) exists(uid string) func(string) bool {
	return func(label string) bool { return uid != "" && g.byLabel[cards.LabelKey(label)] != nil }
}

// change works out the text of the job's card.
func (j *job) change(c cards.Change) {
	c.Patch = j.write.Patch
	out, err := c.Write()
	if j.err = err; err != nil {
		return
	}
	if c.New || out.Text.Held != c.Card.String() {
		j.text = withCRLF(out.Text.Held)
	}
	j.joins, j.leaves = out.Joins, out.Leaves
}

// withCRLF returns a card with the line ends that vCards have, which XML makes plain line feeds of on their way here.
func withCRLF(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
}

// send writes the card of a job.
func (b *book) send(ctx context.Context, f found, j *job) error {
	if j.text == "" {
		return nil
	}
	header, value := "If-Match", ifMatch(j.etag)
	if j.write.Op == connector.Create {
		header, value = "If-None-Match", "*"
	} else if value == ifMatchStar {
		if err := f.unchanged(ctx, j.id, j.held); err != nil {
			return err
		}
	}
	etag, location, err := f.client.put(ctx, hrefOf(f.client.Base(), j.id), header, value, j.text)
	switch {
	case err == nil:
		j.wrote = etag
		if id, ok := idOf(f.client.Base(), location); ok && location != "" && j.write.Op == connector.Create {
			j.id = id // the server keeps it elsewhere
		}
		return nil
	case j.write.Op == connector.Create && errors.Is(err, connector.ErrVersionConflict):
		return nil // it is there: an earlier create with the same marker
	case errors.Is(err, connector.ErrNotFound):
		return f.missing(ctx, j, err)
	case refused(err, nsCardDAV, "no-uid-conflict"):
		return b.conflict(ctx, f, j, err)
	}
	var r *refusal
	if errors.As(err, &r) && r.status < 500 {
		for _, k := range r.error.kinds() {
			if k.name.Space == nsCardDAV {
				return &connector.Error{Err: connector.ErrInvalid, Message: "the server's condition is not met: " + k.name.Local}
			}
		}
	}
	return err
}

// missing returns the error of a write to what the server says is not there. That is not believed of a card that is: a
// server that is not itself for a moment must not have its cards taken for deleted.
func (f found) missing(ctx context.Context, j *job, cause error) error {
	unwell := &connector.Error{Err: connector.ErrUnavailable, Message: "the server says that the address book is not there"}
	if j.write.Op == connector.Create {
		return unwell
	}
	now, err := f.get(ctx, j.id)
	if err != nil || now.err == nil {
		return unwell
	}
	return cause
}

// kinds returns the conditions that an error names.
func (e *element) kinds() []*element {
	if e == nil {
		return nil
	}
	return e.kids
}

// conflict finds out which card has the UID of the one that was to be written. If it is the job's own, made by an earlier
// create and moved since, that is the job's card.
func (b *book) conflict(ctx context.Context, f found, j *job, cause error) error {
	var r *refusal
	errors.As(cause, &r)
	exists, _ := idOf(f.client.Base(), r.error.kid(nsCardDAV, "no-uid-conflict").kid(nsDAV, "href").trimmed())
	if exists == "" {
		var err error
		if exists, err = b.bearing(ctx, f, j.uid); err != nil {
			return err
		}
	}
	if exists != "" && j.write.Op == connector.Create {
		j.id, j.text = exists, ""
		return nil
	}
	return &connector.Error{RecordID: exists, Err: connector.ErrAlreadyExists, Message: "another card of the book has the same UID"}
}

// delete deletes the cards of the jobs.
func (b *book) delete(ctx context.Context, f found, jobs []*job) []connector.Result {
	each(ctx, jobs, func(j *job) error {
		if !isID(j.id) {
			return connector.ErrNotFound
		}
		if j.etag = etagIn(j.write.Version); j.write.Version != "" && ifMatch(j.etag) == ifMatchStar {
			if err := b.expect(ctx, f, j); err != nil {
				return err
			}
		}
		err := f.client.remove(ctx, hrefOf(f.client.Base(), j.id), ifMatch(j.etag))
		if errors.Is(err, connector.ErrNotFound) {
			return f.missing(ctx, j, err)
		}
		if errors.Is(err, connector.ErrVersionConflict) { // or it is not there
			if now, getErr := f.get(ctx, j.id); getErr == nil && errors.Is(now.err, connector.ErrNotFound) {
				return now.err
			}
		}
		return err
	})
	results := make([]connector.Result, len(jobs))
	for i, j := range jobs {
		results[i].Record.ID = j.id
		if j.err != nil {
			results[i].Err = failed("delete", j.id, j.err)
		}
	}
	return results
}
