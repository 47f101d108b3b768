package contactsync

import (
	"context"
	"fmt"

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

// schemas reads the schemas of the two apps. In a draft the one of an app that is not chosen yet is nil, and so is one
// that cannot be read; what is wrong with them is added to bad.
func (s *Syncer) schemas(ctx context.Context, bad *faults) (schemas [2]*contact.Schema, err error) {
	for _, side := range Sides {
		if s.apps[side] == nil {
			bad.add(side.String(), "no app is chosen for this side yet; choose one")
			continue
		}
		schema, err := s.apps[side].Schema(ctx)
		switch {
		case err == nil:
			schemas[side] = &schema
		case s.opts.draft && ctx.Err() == nil:
			bad.add(side.String(), "what fields the app has cannot be read: %v", err)
		default:
			return schemas, fmt.Errorf("schema of %s: %w", side, err)
		}
	}
	return schemas, nil
}
