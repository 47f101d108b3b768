package carddav_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/carddav"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/internal/e2e/servers"
	"github.com/contactsync/contactsync/memstore"
)

// A wire counts the requests that go through it, and rings at some of them.
type wire struct {
	mu     sync.Mutex
	counts map[string]int // by method; "discover" is what looks for the book, "read" what reads cards
	ring   func(puts int) // before each PUT is sent; nil means nothing
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	kind := r.Method
	if r.Body != nil && (r.Method == "PROPFIND" || r.Method == "REPORT") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		switch {
		case bytes.Contains(body, []byte("current-user-principal")):
			kind = "discover"
		case bytes.Contains(body, []byte("addressbook-multiget")):
			kind = "read"
		}
	}
	w.mu.Lock()
	w.counts[kind]++
	puts, ring := w.counts["PUT"], w.ring
	w.mu.Unlock()
	if ring != nil && r.Method == "PUT" {
		ring(puts)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// take returns what was counted, and counts anew.
func (w *wire) take() (writes, reads, others int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for kind, n := range w.counts {
		switch kind {
		case "discover":
		case "PUT", "DELETE":
			writes += n
		case "read":
			reads += n
		default:
			others += n
		}
	}
	w.counts = map[string]int{}
	return writes, reads, others
}

// A hurried clock is the machine's, but that nobody who sleeps waits.
type hurried struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *hurried) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *hurried) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
	return ctx.Err()
}

// A shelf is one side of a sync: an app's contacts, which the test sees and edits by another way than the connector's.
type shelf interface {
	// cards returns the text of each card, by file or address.
	cards(t *testing.T) map[string]string
	// put writes a card.
	put(t *testing.T, name, text string)
	// open returns a new connector, as another process would.
	open(t *testing.T) connector.Connector
	// holds reports whether it has a place for a property.
	holds(property string) bool
}

// cardShelf holds whatever cards hold.
type cardShelf struct{}

func (cardShelf) holds(string) bool { return true }

// onDisk is a shelf that is a folder of vCard files.
type onDisk struct {
	cardShelf
	dir string
}

// newOnDisk returns an empty folder.
func newOnDisk(dir string) onDisk { return onDisk{dir: dir} }

func (f onDisk) open(*testing.T) connector.Connector { return vcard.Folder(f.dir) }

func (f onDisk) put(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o644))
}

func (f onDisk) cards(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(f.dir, "*.vcf"))
	require.NoError(t, err)
	all := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all[filepath.Base(file)] = string(text)
	}
	return all
}

// online is a shelf that is an address book of a server.
type online struct {
	cardShelf
	servers.AddressBook
	*wire
	clock connector.Clock
}

func newOnline(t *testing.T, s *servers.CardDAV) online {
	t.Helper()
	return online{cardShelf{}, s.NewBook(t), &wire{counts: map[string]int{}}, &hurried{}}
}

func (o online) open(t *testing.T) connector.Connector {
	t.Helper()
	c, err := carddav.Open(carddav.Account{URL: o.URL, User: o.User, Password: o.Password, Policy: onLoopback, HTTP: &http.Client{Transport: o.wire}, Clock: o.clock})
	require.NoError(t, err)
	return c
}

func (o online) put(t *testing.T, name, text string) {
	t.Helper()
	card(t, o.AddressBook, "PUT", name, text)
}

// folded undoes the folding of lines.
var folded = strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "")

// answer is what the test reads of a multistatus.
type answer struct {
	Responses []struct {
		Href string `xml:"DAV: href"`
		Card string `xml:"propstat>prop>address-data"`
	} `xml:"DAV: response"`
}

// ask makes a call and reads the multistatus that answers it.
func (o online) ask(t *testing.T, method, body string) (a answer) {
	t.Helper()
	req, err := http.NewRequest(method, o.URL, strings.NewReader(body))
	require.NoError(t, err)
	req.SetBasicAuth(o.User, o.Password)
	req.Header.Set("Depth", "1")
	req.Header.Set("Content-Type", "application/xml")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusMultiStatus, resp.StatusCode)
	require.NoError(t, xml.NewDecoder(resp.Body).Decode(&a))
	return a
}

func (o online) cards(t *testing.T) map[string]string {
	t.Helper()
	var which strings.Builder
	for _, r := range o.ask(t, "PROPFIND", `<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>`).Responses {
		if !strings.HasSuffix(r.Href, "/") {
			which.WriteString("<D:href>" + r.Href + "</D:href>")
		}
	}
	all := map[string]string{}
	if which.Len() == 0 {
		return all
	}
	got := o.ask(t, "REPORT", `<C:addressbook-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:prop><D:getetag/><C:address-data/></D:prop>`+
		which.String()+`</C:addressbook-multiget>`)
	for _, r := range got.Responses {
		require.NotEmpty(t, r.Card, r.Href)
		all[r.Href[strings.LastIndexByte(r.Href, '/')+1:]] = r.Card
	}
	return all
}

// lines returns the unfolded lines of a card.
func lines(text string) []string {
	return strings.Split(strings.ReplaceAll(strings.TrimSpace(folded.Replace(text)), "\r\n", "\n"), "\n")
}

// valueOf returns the first value of a property of a card, "" if it has none.
func valueOf(text, property string) string {
	for _, line := range lines(text) {
		head, value, _ := strings.Cut(line, ":")
		name, _, _ := strings.Cut(head, ";")
		if strings.EqualFold(name, property) {
			return value
		}
	}
	return ""
}

// labelled returns the cards without those that stand for groups, whose names are labels of their members.
func labelled(cards map[string]string) []string {
	var groups, all []string
	for _, text := range cards {
		if strings.Contains(text, "X-ADDRESSBOOKSERVER-KIND:group") {
			groups = append(groups, folded.Replace(text))
		} else {
			all = append(all, text)
		}
	}
	slices.Sort(groups)
	for i, text := range all {
		labels := valueOf(text, "CATEGORIES")
		for _, group := range groups {
			if strings.Contains(group, "urn:uuid:"+valueOf(text, "UID")+"\r") || strings.Contains(group, "urn:uuid:"+valueOf(text, "UID")+"\n") {
				labels += "," + valueOf(group, "FN")
			}
		}
		all[i] = with(text, "CATEGORIES", strings.Trim(labels, ","))
	}
	return all
}

// facts returns what a person would miss of a card, whatever the program that wrote it is like: names of properties with
// their values, of those that both sides have a place for.
func facts(text string, holds func(property string) bool) string {
	var found []string
	for _, line := range lines(text) {
		head, value, _ := strings.Cut(line, ":")
		name, _, _ := strings.Cut(head, ";")
		name = strings.ToUpper(name[strings.LastIndexByte(name, '.')+1:])
		switch name {
		case "FN", "N", "EMAIL", "TEL", "ADR", "ORG", "TITLE", "NOTE", "BDAY", "URL", "CATEGORIES":
			if name == "CATEGORIES" {
				labels := strings.Split(value, ",")
				slices.Sort(labels)
				value = strings.Join(slices.Compact(labels), ",")
			}
			if value = strings.Trim(value, "; "); value != "" && holds(name) {
				found = append(found, name+":"+value)
			}
		}
	}
	slices.Sort(found)
	return strings.Join(found, "\n")
}

// sameCards compares the cards of two shelves one by one.
func sameCards(t *testing.T, want int, a, b shelf) {
	t.Helper()
	of := func(s shelf) (all []string) {
		for _, text := range labelled(s.cards(t)) {
			all = append(all, facts(text, func(property string) bool { return a.holds(property) && b.holds(property) }))
		}
		slices.Sort(all)
		return all
	}
	inA, inB := of(a), of(b)
	require.Len(t, inA, want)
	if diff := cmp.Diff(inA, inB); diff != "" {
		if len(diff) > 3000 {
			diff = diff[:3000]
		}
		t.Fatalf("the two sides differ (-a +b):\n%s", diff)
	}
}

// find returns the name and the text of the card that holds a text.
func find(t *testing.T, cards map[string]string, holds string) (name, text string) {
	t.Helper()
	for name, text := range cards {
		if strings.Contains(folded.Replace(text), holds) {
			return name, text
		}
	}
	t.Fatalf("no card holds %q", holds)
	return "", ""
}

// unmapped are lines that no field of ours holds, in the spelling in which every server keeps them.
const unmapped = "X-SHOE-SIZE:43\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ==\r\nMAILER:pine\r\n"

// personCard returns the card of the nth person of a book, with some of what no field holds.
func personCard(n int) string {
	return fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:person-%[1]d\r\nFN:Ann %[1]d Example\r\nN:Example;Ann %[1]d;;;\r\n"+
		"EMAIL;TYPE=WORK:person%[1]d@example.com\r\nTEL;TYPE=CELL:+1 212 555 %04[1]d\r\nADR;TYPE=HOME:;;Main Street %[1]d;Liège;;4000;Belgium\r\n"+
		"ORG:Example %[2]d\r\nTITLE:Engineer\r\nNOTE:note of %[1]d\r\nBDAY:1985-04-12\r\nCATEGORIES:Friends\r\n"+unmapped+"END:VCARD\r\n", n, n%7)
}

// edited returns a card with another note.
func edited(text, note string) string { return with(text, "NOTE", note) }

// with returns a card with another value of a property, in its place or at the end; "" takes it away.
func with(text, property, value string) string {
	all := lines(text)
	at := slices.IndexFunc(all, func(line string) bool { return strings.HasPrefix(line, property+":") })
	switch {
	case value == "" && at >= 0:
		all = slices.Delete(all, at, at+1)
	case value == "":
	case at >= 0:
		all[at] = property + ":" + value
	default:
		all = slices.Insert(all, len(all)-1, property+":"+value)
	}
	return strings.Join(all, "\r\n") + "\r\n"
}

// A pairing is a connection of two shelves with what is known of it.
type pairing struct {
	a, b  shelf
	store contactsync.Store
	clock connector.Clock
}

func newPairing(a, b shelf) *pairing { return &pairing{a, b, memstore.New(), &hurried{}} }

// open returns a handle with new connectors, as another process would.
func (p *pairing) open(t *testing.T) *contactsync.Syncer {
	t.Helper()
	s, err := contactsync.Open(t.Context(), contactsync.Connection{ID: "books"}, p.a.open(t), p.b.open(t), p.store,
		contactsync.WithClock(p.clock), contactsync.WithConcurrency(1)) // the servers are no faster for several calls at a time
	require.NoError(t, err)
	return s
}

// sync runs a sync by new connectors.
func (p *pairing) sync(t *testing.T) *contactsync.Report {
	t.Helper()
	report, err := p.open(t).Sync(t.Context())
	require.NoError(t, err)
	return report
}
