package carddav

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/internal/cards"
)

// A regrouping is what becomes of the members of one group.
type regrouping struct {
	join, leave []string // UIDs
	jobs        []*job
}

// regroup adds the cards of the jobs to the groups that they join, and takes them out of those that they leave. Each group
// card is written once. A job whose group cannot be written has an error of which the outcome is not known, for its card or
// another group was written already; one of which nothing was, or whose card is yet to be made, has one that says so.
func (b *book) regroup(ctx context.Context, f found, jobs []*job) {
	changes := map[string]*regrouping{} // by the label of the group
	note := func(j *job, label string) *regrouping {
		key := cards.LabelKey(label)
		if changes[key] == nil {
			changes[key] = &regrouping{}
		}
		if r := changes[key]; !slices.Contains(r.jobs, j) {
			r.jobs = append(r.jobs, j)
		}
		return changes[key]
	}
	for _, j := range jobs {
		if j.err != nil {
			continue
		}
		for _, label := range j.joins {
			r := note(j, label)
			r.join = append(r.join, j.uid)
		}
		for _, label := range j.leaves {
			r := note(j, label)
			r.leave = append(r.leave, j.uid)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(changes)) {
		err := b.rewriteGroup(ctx, f, key, changes[key])
		for _, j := range changes[key].jobs {
			switch {
			case j.err != nil:
			case err == nil:
				j.regrouped = true
			case connector.Known(err) && (j.write.Op == connector.Create || j.text == "" && !j.regrouped):
				j.err = &connector.Error{Err: err, Message: "the group was not written"}
			case j.write.Op == connector.Create:
				j.err = &connector.Error{Err: fmt.Errorf("%w: %w", connector.ErrNotSent, err), Message: "the group was not written"}
			default:
				j.err = &connector.Error{App: appID, Message: "the card was written, and the group was not: " + err.Error()}
			}
		}
	}
	if len(changes) > 0 {
		b.forgetGroups()
	}
}

// rewriteGroup writes a group card, once more if somebody else was quicker.
func (b *book) rewriteGroup(ctx context.Context, f found, label string, r *regrouping) error {
	for attempt := 0; ; attempt++ {
		g, err := b.knownGroups(ctx, f)
		if err != nil {
			return err
		}
		group := g.byLabel[label]
		if group == nil || group.card == nil {
			return errors.New("it is not there any more")
		}
		text, err := cards.Regroup(group.card, r.join, r.leave)
		if err != nil || text.Held == group.card.String() {
			return err
		}
		match := ifMatch(group.etag)
		if match == ifMatchStar {
			err = f.unchanged(ctx, group.id, group.card.String())
		}
		if err == nil {
			_, _, err = f.client.put(ctx, hrefOf(f.client.Base(), group.id), "If-Match", match, withCRLF(text.Held))
		}
		b.forgetGroups()
		if !errors.Is(err, connector.ErrVersionConflict) || attempt > 1 {
			return err
		}
	}
}
