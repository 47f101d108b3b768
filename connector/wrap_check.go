package connector

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/contactsync/contactsync/contact"
)

// The most that an id, a version and a cursor may be long, in bytes.
const (
	maxID      = 1 << 10
	maxVersion = 1 << 10
	maxCursor  = 8 << 10
)

// broken returns the error of an answer that cannot be true. It is of no known outcome.
func (w *Wrapped) broken(op, format string, args ...any) error {
	return &Error{App: w.opts.App, Op: op, Err: ErrContract, Message: fmt.Sprintf(format, args...)}
}

// idFault says what keeps id from being one; "" if nothing does.
func idFault(id string) string {
	switch {
	case id == "":
		return "is empty"
	case len(id) > maxID:
		return fmt.Sprintf("is longer than %d bytes", maxID)
	case !utf8.ValidString(id):
		return "is not UTF-8"
	case strings.ContainsFunc(id, unicode.IsControl):
		return "has a control character"
	}
	return ""
}

// believe returns the time of a record or a change if it can be one: none for a year outside of 1 to 9999, which no row and
// no document can hold. One that is yet to come stays, for by an app's own times its states are put in order.
func believe(t time.Time) time.Time {
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return time.Time{}
	}
	return t
}

func (w *Wrapped) checkIdentity(op string, n int, id, version string) error {
	if fault := idFault(id); fault != "" {
		return w.broken(op, "the id of record %d of the answer %s", n+1, fault)
	}
	if len(version) > maxVersion {
		return w.broken(op, "the version of record %d of the answer is longer than %d bytes", n+1, maxVersion)
	}
	return nil
}

func (w *Wrapped) checkRecord(op string, rec *contact.Record) error {
	rec.Modified = believe(rec.Modified)
	return w.checkIdentity(op, 0, rec.ID, rec.Version)
}

func (w *Wrapped) checkPage(p Page) error {
	for i, rec := range p.Records {
		p.Records[i].Modified = believe(rec.Modified)
		if err := w.checkIdentity("changes", i, rec.ID, rec.Version); err != nil {
			return err
		}
	}
	for i, item := range p.Named {
		if err := w.checkIdentity("changes", i, item.ID, item.Version); err != nil {
			return err
		}
	}
	if len(p.Named) > 0 && w.of.Reader == nil {
		return w.broken("changes", "records are named and not told, and cannot be read")
	}
	for _, id := range p.Deleted {
		if fault := idFault(id); fault != "" {
			return w.broken("changes", "the id of a deleted record %s", fault)
		}
	}
	for _, r := range p.Rekeyed {
		if fault := idFault(r.Old) + idFault(r.New); fault != "" {
			return w.broken("changes", "an id of a re-keyed record %s", fault)
		}
	}
	return w.checkUnread("changes", p.Unread)
}

// checkPush checks what a delivery says: each change is of one kind, about a record that can be.
func (w *Wrapped) checkPush(p Push) error {
	for i, c := range p.Changes {
		p.Changes[i].At, p.Changes[i].Record.Modified = believe(c.At), believe(c.Record.Modified)
		kinds := 0
		for _, is := range []bool{c.Record.ID != "", c.Deleted != "", c.Rekeyed != Rekey{}} {
			if is {
				kinds++
			}
		}
		if kinds != 1 {
			return w.broken("receive", "change %d of the delivery is of %d kinds: a change is a record, a deletion or a new id", i+1, kinds)
		}
		for _, id := range []string{c.Record.ID, c.Deleted, c.Rekeyed.Old, c.Rekeyed.New} {
			if fault := idFault(id); id != "" && fault != "" {
				return w.broken("receive", "the id of change %d of the delivery %s", i+1, fault)
			}
		}
		if (c.Rekeyed.Old == "") != (c.Rekeyed.New == "") || len(c.Record.Version) > maxVersion {
			return w.broken("receive", "change %d of the delivery lacks an id, or its version is longer than %d bytes", i+1, maxVersion)
		}
	}
	return nil
}

func (w *Wrapped) checkListing(l Listing) error {
	for i, item := range l.Items {
		if err := w.checkIdentity("list", i, item.ID, item.Version); err != nil {
			return err
		}
	}
	return w.checkUnread("list", l.Unread)
}

func (w *Wrapped) checkUnread(op string, unread []Unread) error {
	for _, u := range unread {
		if fault := idFault(u.ID); fault != "" {
			return w.broken(op, "the id of an unread record %s", fault)
		}
	}
	return nil
}

// checkResults gives a result an error if it claims a success that cannot be: no proper id, the id of another
// record of the batch (as if results came in another order), or the same new id twice.
func (w *Wrapped) checkResults(op string, writes []Write, results []Result) {
	if Op(op) == Delete {
		return // the record of a deletion is not looked at
	}
	owner := make(map[string]int, len(writes))
	for i, write := range writes {
		if write.ID != "" {
			owner[write.ID] = i
		}
	}
	for i := range results {
		rec := results[i].Record
		if results[i].Err != nil {
			continue
		}
		results[i].Record.Modified = believe(rec.Modified)
		if err := w.checkIdentity(op, i, rec.ID, rec.Version); err != nil {
			results[i] = Result{Err: err}
			continue
		}
		if len(results[i].Wrote) > maxVersion {
			results[i] = Result{Err: w.broken(op, "the version of record %d of the answer is longer than %d bytes", i+1, maxVersion)}
			continue
		}
		if other, taken := owner[rec.ID]; taken && other != i && writes[i].ID != rec.ID {
			results[i] = Result{Err: w.broken(op, "result %d has the id of record %d of the batch", i+1, other+1)}
			continue
		}
		owner[rec.ID] = i
	}
}

// checkReads does for records that were read what checkResults does for results.
func (w *Wrapped) checkReads(op string, ids []string, results []ReadResult) {
	owner := make(map[string]int, len(ids))
	for i, id := range ids {
		owner[id] = i
	}
	for i := range results {
		rec := results[i].Record
		if results[i].Err != nil {
			continue
		}
		results[i].Record.Modified = believe(rec.Modified)
		if err := w.checkIdentity(op, i, rec.ID, rec.Version); err != nil {
			results[i] = ReadResult{Err: err}
		} else if other, asked := owner[rec.ID]; asked && other != i && ids[i] != rec.ID {
			results[i] = ReadResult{Err: w.broken(op, "result %d has the id of record %d of the batch", i+1, other+1)}
		}
	}
}
