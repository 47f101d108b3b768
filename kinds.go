package contactsync

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/contactsync/contactsync/connector"
)

// kinds returns the kinds of records that the accounts of the two apps have, where their connectors can say.
func (s *Syncer) kinds(ctx context.Context) (kinds [2][]KindChoice, err error) {
	for _, side := range Sides {
		kinds[side] = []KindChoice{}
		if s.apps[side] == nil {
			continue
		}
		lister := connector.FeaturesOf(s.apps[side]).KindLister
		if lister == nil {
			continue
		}
		list, err := lister.Kinds(ctx)
		if err != nil {
			return kinds, s.of(side, "kinds of records of", err)
		}
		for _, k := range list {
			kinds[side] = append(kinds[side], KindChoice{Kind: k.ID, Label: k.Label, ReadOnly: k.ReadOnly, InUse: k.Chosen})
		}
	}
	return kinds, nil
}

// openedKind returns the kind of records that the connector of a side is for, "" if it cannot say.
func (s *Syncer) openedKind(ctx context.Context, side Side) (string, error) {
	lister := connector.FeaturesOf(s.apps[side]).KindLister
	if lister == nil {
		return "", nil
	}
	list, err := lister.Kinds(ctx)
	if err != nil {
		return "", s.of(side, "kinds of records of", err)
	}
	if i := slices.IndexFunc(list, func(k connector.Kind) bool { return k.Chosen }); i >= 0 {
		return list[i].ID, nil
	}
	return "", nil
}

// checkKind adds to bad that an account has no records of the kind that a connection is for, or none was chosen of several,
// and reports whether that is why the schema could not be read.
func (s *Syncer) checkKind(ctx context.Context, side Side, end Endpoint, why error, bad *faults) bool {
	lister := connector.FeaturesOf(s.apps[side]).KindLister
	if lister == nil || !errors.Is(why, connector.ErrNotFound) {
		return false
	}
	kinds, err := lister.Kinds(ctx)
	if err != nil || len(kinds) == 0 {
		return false
	}
	var there []string
	for _, k := range kinds {
		there = append(there, kindInWords(k))
	}
	path, list := side.String()+".kind", strings.Join(there, ", ")
	if end.Kind == "" {
		bad.add(path, "the account has several kinds of records; choose one of: %s", list)
	} else {
		bad.add(path, "the account has no kind %q; choose one of: %s", end.Kind, list)
	}
	return true
}

// kindInWords returns what the endpoint says, with what people call it.
func kindInWords(k connector.Kind) string {
	var more []string
	if k.Label != "" && !strings.EqualFold(k.Label, k.ID) {
		more = append(more, k.Label)
	}
	if k.ReadOnly {
		more = append(more, "read-only")
	}
	if len(more) == 0 {
		return k.ID
	}
	return k.ID + " (" + strings.Join(more, ", ") + ")"
}
