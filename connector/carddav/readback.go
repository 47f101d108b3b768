package carddav

import (
	"context"
	"fmt"
	"strings"

	"github.com/contactsync/contactsync/connector"
)

// A server may store a card otherwise than it was sent. One that says so gives no ETag with its answer (RFC 6352 section
// 6.3.2.3); others give one and do it nevertheless. So the first cards that a server is given are read back, and one that
// gave them back as they were is believed from then on, where it gives a strong ETag.

// believed is how many cards a server has to give back as they were.
const believed = 20

// believes reports whether the server is known to store cards as they are sent.
func (b *book) believes() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.rewrote && b.kept >= believed
}

// compare notes whether the server gave a card back as it was written.
func (b *book) compare(j *job, got remote) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if sameETag(j.wrote, got.etag) && sameText(got.text, j.text) {
		b.kept++
	} else {
		b.rewrote = true
	}
}

// sameText reports whether two texts are one card. XML on the way makes other line ends of those that cards have.
func sameText(a, b string) bool {
	return withCRLF(strings.TrimSpace(a)) == withCRLF(strings.TrimSpace(b))
}

// readBack answers the jobs with the cards as the server now holds them.
func (b *book) readBack(ctx context.Context, f found, jobs []*job) []connector.Result {
	got, ids, believes := map[string]remote{}, []string(nil), b.believes()
	for _, j := range jobs {
		switch {
		case j.err != nil:
		case j.text == "" && j.held != "":
			got[j.id] = remote{etag: j.etag, modified: j.modified, text: j.held}
		case believes && ifMatch(j.wrote) != ifMatchStar:
			got[j.id] = remote{etag: j.wrote, text: j.text}
		default:
			ids = append(ids, j.id)
		}
	}
	g, err := b.knownGroups(ctx, f)
	if err == nil && len(ids) > 0 {
		var read map[string]remote
		read, err = f.fetch(ctx, ids)
		for id, r := range read {
			got[id] = r
		}
	}
	results := make([]connector.Result, len(jobs))
	for i, j := range jobs {
		held, known := got[j.id]
		switch {
		case j.err != nil:
			results[i].Err = failed(string(j.write.Op), j.id, j.err)
		case err != nil || !known:
			results[i].Record.ID = j.id // it is written; the next changes tell how
		default:
			results[i] = b.answer(j, held, g)
		}
	}
	return results
}

// answer returns the result of a job whose card is held so.
func (b *book) answer(j *job, held remote, g *groups) (result connector.Result) {
	var err error
	if result.Record, err = b.record(j.id, held, g, nil); err != nil {
		result.Err = failed(string(j.write.Op), j.id, fmt.Errorf("the server took the card, and does not give it back: %s", err))
		return result
	}
	if j.wrote == "" || j.text == "" {
		return result
	}
	b.compare(j, held)
	if held.etag != "" && !sameETag(j.wrote, held.etag) {
		result.Wrote = versionOf(j.wrote, "", nil) // it was changed since, by the server or by somebody else
	}
	return result
}
