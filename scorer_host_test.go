package contactsync_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector/fake"
	"github.com/contactsync/contactsync/contact"
	"github.com/contactsync/contactsync/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// badges is a host's scorer: a badge tells people apart, and one of which the names differ is worth a question.
type badges struct {
	version string

	mu    sync.Mutex
	asked [][2]string // ids, of the apps in order
}

func (s *badges) String() string { return "badges " + s.version }

func (s *badges) Blocks(p contactsync.Person) []string {
	if badge := p.Record.Fields["badge"].Str(); badge != "" {
		return []string{badge}
	}
	return nil
}

func (s *badges) Score(x, y contactsync.Person) contactsync.Score {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := []string{x.Record.ID, y.Record.ID}
	slices.Sort(ids)
	if pair := [2]string{ids[0], ids[1]}; !slices.Contains(s.asked, pair) {
		s.asked = append(s.asked, pair)
	}
	if x.Given != y.Given {
		return contactsync.Score{Value: 0.9, Evidence: []string{"same badge"}}
	}
	return contactsync.Score{Value: 0.99, Evidence: []string{"same badge", "same name"}}
}

// questions returns which pairs were compared since the last call.
func (s *badges) questions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, pair := range s.asked {
		all = append(all, pair[0]+" "+pair[1])
	}
	slices.Sort(all)
	s.asked = nil
	return all
}

// TestScorerOfAHost: a host's own scorer goes through syncs. It suggests, links above the threshold, is never asked about
// two of whom a key says who they are, nor again about those whom nobody has changed, and is asked anew as another version.
func TestScorerOfAHost(t *testing.T) {
	t.Parallel()
	fields := []contact.Field{{Name: "first", Type: contact.TypeText, Meaning: "first"}, {Name: "email", Type: contact.TypeEmail, Meaning: "email"},
		{Name: "badge", Type: contact.TypeText, Meaning: "other"}}
	apps := [2]*fake.App{fake.New("a", fields), fake.New("b", fields)}
	put := func(s int, id, first, email, badge string) {
		require.NoError(t, apps[s].Put(contact.Record{ID: id, Fields: contact.Fields{
			"first": contact.Text(first), "email": contact.Text(email), "badge": contact.Text(badge)}}))
	}
	for s, side := range []string{"a", "b"} {
		put(s, side+"1", "Ann", "ann@example.com", "7") // known by the email
		put(s, side+"2", "Bob", "", "8")                // alike
		put(s, side+"3", "Cy of "+side, "", "9")        // a question
		put(s, side+"4", "Dee", "", "")                 // nothing to go by
	}
	put(1, "b5", "Ann", "", "7") // has the badge of two who are linked
	scorer := &badges{version: "1"}
	doc := contactsync.Connection{ID: "c", Match: contactsync.Match{SuggestAbove: 0.8, LinkAbove: 0.95, Scorer: scorer}}
	s, err := contactsync.Open(t.Context(), doc, apps[0], apps[1], memstore.New())
	require.NoError(t, err)
	stands := func(asked ...string) {
		t.Helper()
		_, err := s.Sync(t.Context())
		require.NoError(t, err)
		if diff := cmp.Diff(asked, scorer.questions()); diff != "" {
			t.Errorf("compared (-want +got):\n%s", diff)
		}
		for id, partner := range map[string]string{"a1": "b1", "a2": "b2", "a3": "", "a4": ""} {
			r, err := s.Record(t.Context(), contactsync.A, id)
			require.NoError(t, err)
			require.Equal(t, partner, r.IDs[1], id)
		}
		page, _, err := s.Suggestions(t.Context(), contactsync.SuggestionQuery{})
		require.NoError(t, err)
		require.Len(t, page, 1)
		require.Equal(t, "[a3 b3] [Cy of a Cy of b] 0.90: same badge", fmt.Sprint(page[0].IDs, " ", page[0].Names, " ", page[0].Score))
	}
	stands("a2 b2", "a3 b3")
	stands()
	require.NoError(t, apps[0].Edit("a1", contact.Fields{"first": contact.Text("Anna")}))
	stands()
	require.NoError(t, apps[0].Edit("a3", contact.Fields{"email": contact.Text("")}))
	stands("a3 b3")

	scorer = &badges{version: "2"}
	doc.Match.Scorer = scorer
	require.NoError(t, s.Configure(t.Context(), doc, s.Version()))
	stands("a3 b3")
}
