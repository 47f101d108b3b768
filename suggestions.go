package contactsync

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// A Suggestion is a question to a person: whether two records, one of each app, are one person. [Syncer.Link],
// [Syncer.Move] and [Syncer.Separate] answer it; unanswered, it changes nothing.
type Suggestion struct {
	Kind  SuggestionKind `json:"kind"`
	IDs   [2]string      `json:"ids"`
	Names [2]string      `json:"names"`          // what the two are called; "" if one has no name, or is gone
	Score Score          `json:"score,omitzero"` // with the evidence in words; its value is of two that are alike
	Side  Side           `json:"side"`           // of a merge: the app in which a record is left over
	Into  string         `json:"into,omitempty"` // of a merge: the record of that app to merge it into; "" if that is gone
}

// SuggestionKind is why something is suggested.
type SuggestionKind string

// The kinds of suggestions.
const (
	// SuggestLink is two records that are alike and have no partner, or none but a copy that we made of them. To link
	// them leaves their copies over, as a merge does.
	SuggestLink SuggestionKind = holdSuggestion
	// SuggestMerge is a record whose partner became one with another record of its app: the same merge is proposed,
	// and never done. It is answered by doing it in the app, or by Separate: then both are kept.
	SuggestMerge SuggestionKind = holdMerge
)

// Text says in words what is suggested, why, and what to do. It holds ids and no contact data.
func (s Suggestion) Text() string {
	if s.Kind == SuggestLink {
		return fmt.Sprintf("%s in a and %s in b look like one person (%s); link them, or separate them for good", s.IDs[A], s.IDs[B], s.Score)
	}
	left, kept := s.IDs[s.Side], s.IDs[s.Side.Other()]
	text := fmt.Sprintf("what %s in %s was linked with became one with %s in %s", left, s.Side, kept, s.Side.Other())
	if s.Into == "" {
		return text + ", which is gone or has no partner; delete it there, or separate the two to keep it"
	}
	return fmt.Sprintf("%s; merge %s into %s in %s, or separate %s and %s to keep both", text, left, s.Into, s.Side, s.IDs[A], s.IDs[B])
}

// SuggestionQuery asks for suggestions.
type SuggestionQuery struct {
	Kind  SuggestionKind // "" means all
	After string         // the cursor that the page before ended with
	Limit int            // how many to look at; 0 means 100
}

// Suggestions returns what is suggested, a page at a time, and the cursor of the next page, "" if there is none: first
// what merges left over, then who is alike, the likeliest first. What a person has answered since the last sync is left
// out, so that a page may be short.
func (s *Syncer) Suggestions(ctx context.Context, q SuggestionQuery) (page []Suggestion, next string, err error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	scan := Scan{Table: TableHold, By: proposalOrder, Limit: q.Limit}
	if q.Kind != "" {
		scan.Prefix = string(q.Kind) + " "
	}
	if q.After != "" {
		entry, key, _ := strings.Cut(q.After, "\x00")
		scan.After = &Row{Key: key}
		scan.After.Index[proposalOrder] = entry
	}
	err = s.look(ctx, func(tx ReadTx, life *connectionRow) error {
		next = ""
		rows, err := tx.Scan(scan)
		if err != nil {
			return err
		}
		if len(rows) == q.Limit {
			last := rows[len(rows)-1]
			next = last.Index[proposalOrder] + "\x00" + last.Key
		}
		page, err = suggestionsOf(tx, rows, &life.Legend)
		return err
	})
	return page, next, err
}

// suggestionsOf returns the suggestions of rows, without those that a person has answered.
func suggestionsOf(tx ReadTx, rows []Row, names *legend) (page []Suggestion, err error) {
	for _, row := range rows {
		h := holdRow{key: row.Key}
		if err := unmarshal(row, &h); err != nil {
			return nil, err
		}
		answers, err := tx.Get(TableHold, h.answers()...)
		if err != nil {
			return nil, err
		}
		if len(answers) > 0 {
			continue
		}
		s := h.suggestion()
		if s.Kind == SuggestMerge {
			if s.Into, err = partnerOf(tx, ref{h.Side.Other(), h.IDs[h.Side.Other()]}); err != nil {
				return nil, err
			}
		}
		page = append(page, s)
	}
	return page, nameSuggestions(tx, page, names)
}

// answers are the keys of the decisions that answer a proposal.
func (h *holdRow) answers() []string {
	keys := []string{pairKey(holdLink, h.IDs), pairKey(holdSeparated, h.IDs)}
	if h.Kind == holdMerge {
		keys = append(keys, createKey(h.Side, h.IDs[h.Side]))
	}
	return keys
}

// nameSuggestions gives suggestions the names of their records.
func nameSuggestions(tx ReadTx, page []Suggestion, names *legend) error {
	var refs []ref
	for _, one := range page {
		refs = append(refs, ref{A, one.IDs[A]}, ref{B, one.IDs[B]})
	}
	known, err := getMirrors(tx, refs)
	for i := range page {
		for _, s := range Sides {
			if m := known[ref{s, page[i].IDs[s]}]; m != nil {
				page[i].Names[s] = names.Names[s].name(m.Fields)
			}
		}
	}
	return err
}

// partnerOf returns the id of the record that one is linked with, "" if there is none.
func partnerOf(tx ReadTx, r ref) (string, error) {
	rows, err := tx.Find(TableLink, int(r.side), r.id)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	partner := rows[0].Index[r.side.Other()]
	gone, err := tx.Get(TableMirror, recordKey(ref{r.side.Other(), partner}))
	if err != nil || len(gone) == 0 {
		return "", err
	}
	var m mirror
	if err := m.read(gone[0].Body); err != nil || !m.alive() {
		return "", err
	}
	return partner, nil
}

// suggestedAbout adds what is suggested about the records of a page, the likeliest first.
func suggestedAbout(tx ReadTx, page []RecordStatus, names *legend) error {
	of := map[ref]*RecordStatus{}
	var ids [2][]string
	for i := range page {
		rec := &page[i]
		for _, s := range Sides {
			if rec.IDs[s] != "" {
				ids[s] = append(ids[s], rec.IDs[s])
				of[ref{s, rec.IDs[s]}] = rec
			}
		}
	}
	for _, s := range Sides {
		if len(ids[s]) == 0 {
			continue
		}
		rows, err := tx.Find(TableHold, int(s), ids[s]...)
		if err != nil {
			return err
		}
		slices.SortStableFunc(rows, func(x, y Row) int { return cmp.Compare(x.Index[proposalOrder], y.Index[proposalOrder]) })
		found, err := suggestionsOf(tx, rows, names)
		if err != nil {
			return err
		}
		for _, one := range found {
			rec := of[ref{s, one.IDs[s]}]
			rec.Suggestions = append(rec.Suggestions, one)
		}
	}
	return nil
}

// countSuggestions counts what is suggested, by kind.
func countSuggestions(tx ReadTx) (map[SuggestionKind]int, error) {
	var counts map[SuggestionKind]int
	for _, kind := range []SuggestionKind{SuggestLink, SuggestMerge} {
		n, err := tx.Count(Scan{Table: TableHold, By: proposalOrder, Prefix: string(kind) + " "})
		if err != nil {
			return nil, err
		}
		if n > 0 && counts == nil {
			counts = map[SuggestionKind]int{}
		}
		if n > 0 {
			counts[kind] = n
		}
	}
	return counts, nil
}

// suggestion returns a proposal as a person sees it, without Into.
func (h holdRow) suggestion() Suggestion {
	s := Suggestion{Kind: SuggestionKind(h.Kind), IDs: h.IDs, Side: h.Side, Score: Score{Value: h.Score, Evidence: h.Evidence, Doubtful: h.Doubtful}}
	if s.Kind == SuggestMerge {
		s.Score.Evidence = []string{"the partner of the one became part of the other"}
	}
	return s
}
