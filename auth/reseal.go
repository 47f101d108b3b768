package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Reseal seals anew what an owner's rows have sealed with another key than the [Sealer] seals with now, and returns how
// many rows that were. Afterwards the older keys can be taken away. Syncs and logins may go on meanwhile.
func (a *Accounts) Reseal(ctx context.Context, owner string) (rows int, err error) {
	for _, kind := range []Kind{KindGrant, KindFlow} {
		list, err := a.store.List(ctx, owner, kind)
		if err != nil {
			return rows, err
		}
		for _, row := range list {
			n, err := a.resealOne(ctx, row)
			if rows += n; err != nil {
				return rows, err
			}
		}
	}
	return rows, nil
}

// resealOne seals the row anew if it has to be, and returns how many rows that makes.
func (a *Accounts) resealOne(ctx context.Context, row Row) (int, error) {
	for range casTries {
		stale, err := a.resealBody(ctx, &row)
		if err != nil || !stale {
			return 0, err
		}
		if _, err = a.store.Put(ctx, row); err == nil {
			return 1, nil
		} else if !errors.Is(err, ErrChanged) {
			return 0, err
		}
		row, err = a.store.Get(ctx, row.Owner, row.Kind, row.ID)
		if errors.Is(err, ErrNotFound) {
			return 0, nil
		} else if err != nil {
			return 0, err
		}
	}
	return 0, ErrChanged
}

// resealBody seals anew what is stale in a row's body, and leaves all else in it as it is.
func (a *Accounts) resealBody(ctx context.Context, row *Row) (stale bool, err error) {
	var body map[string]json.RawMessage
	var sealed map[string][]byte
	if err := json.Unmarshal([]byte(row.Body), &body); err != nil {
		return false, fmt.Errorf("row %s: %w", row.ID, err)
	}
	if len(body["sealed"]) == 0 {
		return false, nil
	}
	if err := json.Unmarshal(body["sealed"], &sealed); err != nil {
		return false, fmt.Errorf("row %s: %w", row.ID, err)
	}
	if stale, err = a.resealColumns(ctx, sealed, row.Owner, row.ID); err != nil || !stale {
		return false, err
	}
	if body["sealed"], err = json.Marshal(sealed); err != nil {
		return false, err
	}
	text, err := json.Marshal(body)
	row.Body = string(text)
	return true, err
}

// resealColumns seals anew those columns of a row that are stale, and reports whether there were any.
func (a *Accounts) resealColumns(ctx context.Context, sealed map[string][]byte, owner, row string) (stale bool, err error) {
	for column, value := range sealed {
		if !a.sealer.Stale(value) {
			continue
		}
		at := Place{owner, row, column}
		plain, err := a.sealer.Open(ctx, value, at)
		if err != nil {
			return stale, fmt.Errorf("open %s: %w", column, err)
		}
		if sealed[column], err = a.sealer.Seal(ctx, plain, at); err != nil {
			return stale, fmt.Errorf("seal %s: %w", column, err)
		}
		stale = true
	}
	return stale, nil
}
