package auth

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"github.com/contactsync/contactsync/connector"
)

const (
	refreshMargin = 5 * time.Minute  // a token is renewed this long before it ends, or in the last half of a short life
	leaseTime     = 30 * time.Second // longer than a call to the server and the saving take together
	leasePoll     = 100 * time.Millisecond
	saveTries     = 3
)

// bearer returns an access token that is good now, and its serial number. refused is the number of one that the app has
// just refused, 0 for none: then another one is got, if it can be.
//
// One process at a time renews an authorization: in this one the others wait for a channel, elsewhere for the lease in
// the row. The rotated refresh token is saved before anybody uses the new access token.
func (a *Accounts) bearer(ctx context.Context, owner, id string, refused int64) (Secret, int64, error) {
	for {
		g, err := a.grant(ctx, owner, id)
		if err != nil {
			return Secret{}, 0, err
		}
		now := a.clock.Now()
		_, renewable := g.Sealed[columnRefresh]
		switch {
		case g.State != Authorized:
			return Secret{}, 0, g.unauthorized()
		case g.Serial != refused && (g.fresh(now) || !renewable && g.valid(now)):
			return a.access(ctx, g)
		case !renewable:
			return Secret{}, 0, a.over(ctx, g, "its token has ended or is refused, and cannot be renewed: log in again")
		}
		f, first := a.flights.join(owner + "\x00" + id)
		if first {
			f.err = a.renew(ctx, g, refused)
			a.flights.end(owner+"\x00"+id, f)
		} else if g.Serial != refused && g.valid(now) { // who renews it does so ahead of time
			return a.access(ctx, g)
		} else if err := wait(ctx, f.ended); err != nil {
			return Secret{}, 0, err
		}
		switch {
		case errors.Is(f.err, errTaken) && g.Serial != refused && g.valid(now):
			return a.access(ctx, g)
		case errors.Is(f.err, errTaken):
			if err := a.clock.Sleep(ctx, leasePoll+rand.N(leasePoll)); err != nil {
				return Secret{}, 0, err
			}
		case f.err != nil:
			return Secret{}, 0, f.err
		}
	}
}

func wait(ctx context.Context, ended <-chan struct{}) error {
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// valid reports whether the access token has not ended.
func (g *grant) valid(now time.Time) bool { return g.Expires.IsZero() || now.Before(g.Expires) }

// fresh reports whether it need not be renewed yet.
func (g *grant) fresh(now time.Time) bool {
	margin := min(refreshMargin, g.Expires.Sub(g.Issued)/2)
	return g.Expires.IsZero() || now.Before(g.Expires.Add(-margin))
}

func (a *Accounts) access(ctx context.Context, g *grant) (Secret, int64, error) {
	s, err := a.unseal(ctx, g, columnAccess)
	return s, g.Serial, err
}

// unauthorized returns the error of an authorization that is over.
func (g *grant) unauthorized() error {
	return &connector.Error{App: g.App, Op: "authorize", Err: connector.ErrUnauthorized, Message: g.Reason}
}

// over notes that a person has to log in again, unless somebody did or the token was renewed meanwhile.
func (a *Accounts) over(ctx context.Context, g *grant, reason string) error {
	err := a.change(context.WithoutCancel(ctx), g.row.Owner, g.row.ID, func(now *grant) bool {
		if now.Serial != g.Serial || now.State != Authorized {
			return false
		}
		now.State, now.Reason, now.Lease = NeedsAuthorization, reason, nil
		return true
	})
	g.Reason = reason
	return errors.Join(g.unauthorized(), err)
}

// errTaken says that another process renews the authorization.
var errTaken = errors.New("another process renews the authorization")

// renew takes the lease, gets new tokens and saves them. It returns nil where somebody else has done so.
//
// Whoever asked may go away meanwhile: it goes on, for at most the time of the lease, because a refresh token that is
// used up must not be lost with him.
func (a *Accounts) renew(ctx context.Context, seen *grant, refused int64) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTime)
	defer cancel()
	g, err := a.grant(ctx, seen.row.Owner, seen.row.ID)
	if err != nil {
		return err
	}
	now := a.clock.Now()
	if g.State != Authorized || g.Serial != refused && g.fresh(now) {
		return nil
	}
	if g.Lease != nil && now.Before(g.Lease.Until) {
		return errTaken
	}
	p, err := a.provider(g.App)
	if err != nil {
		return err
	}
	old, err := a.unseal(ctx, g, columnRefresh)
	if err != nil {
		return err
	}
	g.Lease = &lease{a.holder + newID(), now.Add(leaseTime)}
	if err := a.put(ctx, g); errors.Is(err, ErrChanged) {
		return errTaken
	} else if err != nil {
		return err
	}
	got, err := a.token(ctx, p, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {old.Reveal()}})
	if err != nil {
		return a.notRenewed(ctx, g, err)
	}
	return a.saveRenewed(ctx, g, got)
}

// saveRenewed stores the new tokens, before anybody uses them. Where a person has logged in again meanwhile, those of
// that login stay.
func (a *Accounts) saveRenewed(ctx context.Context, g *grant, got answer) error {
	var err error
	for try := range saveTries {
		if try > 0 {
			_ = a.clock.Sleep(ctx, time.Duration(try)*leasePoll)
		}
		var fault error
		err = a.change(ctx, g.row.Owner, g.row.ID, func(now *grant) bool {
			if now.Serial != g.Serial || now.State == Disconnecting {
				return false
			}
			fault = a.take(ctx, now, got)
			return fault == nil
		})
		if err = errors.Join(fault, err); err == nil || errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return &connector.Error{App: g.App, Op: "authorize", Err: fmt.Errorf("%w: %w", connector.ErrNotSent, err),
		Message: "the new token could not be saved, and is not used"}
}

// take puts the tokens of an answer into an authorization, which they make good.
func (a *Accounts) take(ctx context.Context, g *grant, got answer) error {
	now := a.clock.Now()
	g.Serial++
	g.State, g.Reason, g.Lease = Authorized, "", nil
	g.Issued, g.Expires = now, time.Time{}
	if got.lifetime > 0 {
		g.Expires = now.Add(got.lifetime)
	}
	if err := a.seal(ctx, g, columnAccess, got.access); err != nil {
		return err
	}
	if got.refresh.IsZero() { // it is not rotated; what it may be is sealed with the newest key all the same
		_, err := a.resealColumns(ctx, g.Sealed, g.row.Owner, g.row.ID)
		return err
	}
	return a.seal(ctx, g, columnRefresh, got.refresh)
}

// notRenewed gives the lease back after a call that brought no tokens, and returns what to do. nil is: look again.
func (a *Accounts) notRenewed(ctx context.Context, g *grant, cause error) error {
	var r *refusal
	if errors.As(cause, &r) && (r.code == "invalid_grant" || r.code == "interaction_required") {
		// The token may have been renewed by a process whose lease lapsed while it waited for its answer: look once more.
		now, err := a.grant(ctx, g.row.Owner, g.row.ID)
		if err != nil || now.Serial != g.Serial {
			return err
		}
		return a.over(ctx, g, "the app says that the authorization is over: log in again")
	}
	err := a.change(ctx, g.row.Owner, g.row.ID, func(now *grant) bool {
		if now.Lease == nil || now.Lease.Holder != g.Lease.Holder {
			return false
		}
		now.Lease = nil
		return true
	})
	if err != nil {
		return fmt.Errorf("give the lease back: %w", errors.Join(err, explain(g.App, cause)))
	}
	return explain(g.App, cause)
}
