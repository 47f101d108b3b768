package auth

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// grant is an authorization: the body of a row of KindGrant, with the row that it was read from.
type grant struct {
	App        string    `json:"app"`
	State      State     `json:"state"`
	Reason     string    `json:"reason,omitempty"`
	ReadOnly   bool      `json:"read_only,omitempty"`
	Scopes     []string  `json:"scopes,omitempty"`
	Extra      []string  `json:"extra,omitempty"`
	Missing    []string  `json:"missing,omitempty"`
	Authorized time.Time `json:"authorized"`
	// Serial counts the access tokens, so that who was refused with one sees that there is another by now.
	Serial  int64     `json:"serial,omitempty"`
	Issued  time.Time `json:"issued,omitzero"`  // of the access token
	Expires time.Time `json:"expires,omitzero"` // zero if the app names no end
	Lease   *lease    `json:"lease,omitempty"`  // who renews it
	// Sealed are tokens or credentials, by the name of the column.
	Sealed map[string][]byte `json:"sealed,omitempty"`

	row Row
}

// lease says that a process is about to renew the tokens.
type lease struct {
	Holder string    `json:"holder"`
	Until  time.Time `json:"until"`
}

// The columns of tokens. Those of credentials are called as the setting, behind a prefix.
const (
	columnAccess  = "access"
	columnRefresh = "refresh"
	columnSetting = "setting:"
)

// newID returns a random name of a row.
func newID() string {
	raw := make([]byte, 10)
	_, _ = rand.Read(raw) // never fails
	return short(raw)
}

// newGrant returns an authorization that is not stored yet.
func (a *Accounts) newGrant(owner, app string) *grant {
	return &grant{App: app, State: Authorized, Authorized: a.clock.Now(), Sealed: map[string][]byte{},
		row: Row{Owner: owner, Kind: KindGrant, ID: newID()}}
}

// grant returns the stored authorization of that id.
func (a *Accounts) grant(ctx context.Context, owner, id string) (*grant, error) {
	row, err := a.store.Get(ctx, owner, KindGrant, id)
	if err != nil {
		return nil, err
	}
	return grantOf(row)
}

func grantOf(row Row) (*grant, error) {
	g := &grant{row: row}
	if err := json.Unmarshal([]byte(row.Body), g); err != nil {
		return nil, fmt.Errorf("authorization %s: its row cannot be read: %w", row.ID, err)
	}
	if g.Sealed == nil {
		g.Sealed = map[string][]byte{}
	}
	return g, nil
}

// put stores the authorization if nobody has changed it since it was read.
func (a *Accounts) put(ctx context.Context, g *grant) error {
	text, err := json.Marshal(g)
	if err != nil {
		return err
	}
	row := g.row
	row.Body = string(text)
	version, err := a.store.Put(ctx, row)
	if err != nil {
		return err
	}
	row.Version = version
	g.row = row
	return nil
}

// change reads the authorization, changes it and puts it, again if somebody else changed it meanwhile. fn returns false
// to leave it as it is.
func (a *Accounts) change(ctx context.Context, owner, id string, fn func(*grant) bool) error {
	for range casTries {
		g, err := a.grant(ctx, owner, id)
		if err != nil || !fn(g) {
			return err
		}
		if err = a.put(ctx, g); !errors.Is(err, ErrChanged) {
			return err
		}
	}
	return ErrChanged
}

// seal puts a secret into a column; none takes the column away.
func (a *Accounts) seal(ctx context.Context, g *grant, column string, s Secret) error {
	if s.IsZero() {
		delete(g.Sealed, column)
		return nil
	}
	sealed, err := a.sealer.Seal(ctx, []byte(s.Reveal()), g.place(column))
	if err != nil {
		return fmt.Errorf("seal %s: %w", column, err)
	}
	g.Sealed[column] = sealed
	return nil
}

// unseal returns the secret of a column; none if there is no such column.
func (a *Accounts) unseal(ctx context.Context, g *grant, column string) (Secret, error) {
	sealed, ok := g.Sealed[column]
	if !ok {
		return Secret{}, nil
	}
	plain, err := a.sealer.Open(ctx, sealed, g.place(column))
	if err != nil {
		return Secret{}, fmt.Errorf("open %s: %w", column, err)
	}
	return NewSecret(string(plain)), nil
}

func (g *grant) place(column string) Place { return Place{g.row.Owner, g.row.ID, column} }

// drop removes an authorization that no account has any more.
func (a *Accounts) drop(ctx context.Context, owner, id string) error {
	if ids, err := a.bearers(ctx, owner, id); err != nil || len(ids) > 0 {
		return err
	}
	for range casTries {
		row, err := a.store.Get(ctx, owner, KindGrant, id)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err = a.store.Delete(ctx, row); !errors.Is(err, ErrChanged) {
			return err
		}
	}
	return ErrChanged
}
