package contactsync

import (
	"context"

	"github.com/contactsync/contactsync/contact"
)

// Draft lets [Open] take a connection that is not complete: without an app on a side (its connector is nil), or with
// faults. [Syncer.Review], [Syncer.Options] and [Syncer.Configure] work on it, and [Syncer.Sync] refuses with every
// fault until there is none. A connection that was configured and never synced has the state [StateDraft].
func Draft() Option { return func(o *options) { o.draft = true } }

// WithVersion says which version of the stored configuration the one that is opened is, as [Load] returned it. If a newer
// one is stored by the time of a sync, that fails with [ErrReconfigured]; without it the configuration that is opened is
// taken for the newest.
func WithVersion(version int64) Option { return func(o *options) { o.version = &version } }

// WithNames says how the two apps are called in what people read; by default as [Connection.Names] says.
func WithNames(a, b string) Option { return func(o *options) { o.names = &[2]string{a, b} } }

// names returns how the two apps are called.
func (s *Syncer) names(c Connection) [2]string {
	if s.opts.names != nil {
		return *s.opts.names
	}
	return c.Names()
}

// schemas reads the schemas of the two apps. The one of an app that is not chosen yet is nil, and so is one of a kind of records
// that the account does not have, and in a draft one that cannot be read; what is wrong with them is added to bad.
func (s *Syncer) schemas(ctx context.Context, c Connection, bad *faults) (schemas [2]*contact.Schema, err error) {
	for _, side := range Sides {
		if s.apps[side] == nil {
			bad.add(side.String(), "no app is chosen for this side yet; choose one")
			continue
		}
		schema, err := s.apps[side].Schema(ctx)
		switch {
		case err == nil:
			schemas[side] = &schema
		case s.checkKind(ctx, side, c.end(side), err, bad):
		case s.opts.draft && ctx.Err() == nil:
			bad.add(side.String(), "what fields the app has cannot be read: %v", err)
		default:
			return schemas, &sideError{side, s.names(c)[side], "schema of", err}
		}
	}
	return schemas, nil
}

// Options says what can be chosen for the connection: the operators and values of each field, whether each rule can be
// undone and turned round, what the apps lock, what could be mapped and by what records could be matched. It reads the
// schemas of the apps that are chosen, and works on a [Draft] that is not complete: of an account whose kind of records is
// not chosen yet it names the kinds that there are. An app that cannot be asked is an error.
func (s *Syncer) Options(ctx context.Context) (Choices, error) {
	missing, doc := &faults{}, s.document()
	schemas, err := s.schemas(ctx, doc, missing)
	if err != nil {
		return Choices{}, err
	}
	kinds, err := s.kinds(ctx)
	if err != nil {
		return Choices{}, err
	}
	for _, side := range Sides {
		if s.apps[side] != nil && schemas[side] == nil && len(kinds[side]) == 0 {
			return Choices{}, &InvalidError{Connection: doc.ID, Faults: missing.list}
		}
	}
	var inUse []Mapping
	if schemas[A] != nil && schemas[B] != nil {
		defaults, err := s.activated(ctx, doc)
		if err != nil {
			return Choices{}, err
		}
		whole, err := doc.with(defaults, schemas)
		if err != nil {
			return Choices{}, err
		}
		inUse = whole.inUse()
	}
	out := choices(&doc, s.names(doc), schemas, inUse)
	out.Kinds, out.Version = kinds, s.Version()
	return out, nil
}
