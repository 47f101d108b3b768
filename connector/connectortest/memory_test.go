package connectortest_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// account is an app in memory that keeps every promise of a connector, but for the one that broken names.
type account struct {
	broken string
	noFeed bool

	mu      sync.Mutex
	records map[string]entry
	log     []string // the id of every change, in order
	made    int
	sent    []connector.Delivery
	calls   int
}

type entry struct {
	fields   contact.Fields
	version  int
	marker   string
	modified time.Time
}

// memory is a connector to an account.
type memory struct {
	*account
	opened int // the length of the log when it was opened
}

func newAccount(broken string, noFeed bool) *account {
	return &account{broken: broken, noFeed: noFeed, records: map[string]entry{}}
}

func (a *account) open() *memory { return &memory{account: a, opened: len(a.log)} }

const pageSize = 7

func (m *memory) Schema(context.Context) (contact.Schema, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := contact.Schema{
		Fields: []contact.Field{
			{Name: "first", Type: contact.TypeText, Required: true, MaxLength: 40},
			{Name: "last", Type: contact.TypeText},
			{Name: "email", Type: contact.TypeEmail},
			{Name: "phones", Type: contact.TypePhone, Many: true, MaxEntries: 3},
			{Name: "site", Type: contact.TypeURL},
			{Name: "age", Type: contact.TypeNumber},
			{Name: "vip", Type: contact.TypeBool},
			{Name: "birthday", Type: contact.TypeDate},
			{Name: "met", Type: contact.TypeDateTime},
			{Name: "stage", Type: contact.TypeChoice, Options: []string{"lead", "customer", "lost"}},
			{Name: "tags", Type: contact.TypeSet},
			{Name: "home", Type: contact.TypeAddress},
			{Name: "number", Type: contact.TypeNumber, ReadOnly: true},
		},
		Versions: true, Modified: true, Tombstones: !m.noFeed, Marker: true, Upsert: true, FindBy: []string{"email", "phones"}, Parallel: 2,
		Batch: contact.Batch{Create: 3, Update: 2, Delete: 2, Read: 2},
	}
	switch m.calls++; m.broken {
	case "schema: two fields of one name":
		s.Fields[1].Name = "first"
	case "schema: unknown type":
		s.Fields[1].Type = "colour"
	case "schema: required and read-only":
		s.Fields[0].ReadOnly = true
	case "schema: a limit and a promise":
		s.Limits = []contact.Limit{{Cannot: contact.AbilityDelete, Why: "memory keeps everything"}}
	case "schema: a limit without reason":
		s = s.Limited(contact.Limit{Cannot: contact.AbilityClear})
	case "schema: another one each time":
		s.Fields[1].Label = fmt.Sprint(m.calls)
	}
	return s, nil
}

func (m *memory) is(broken string) bool { return m.broken == broken }

// refuse returns the error of a call whose context has ended.
func (m *memory) refuse(ctx context.Context) error {
	if m.is("cancel: the context is ignored") {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", connector.ErrNotSent, err)
	}
	return nil
}

func (m *memory) record(id string, fields []string) contact.Record {
	e := m.records[id]
	rec := contact.Record{ID: id, Version: fmt.Sprint(e.version), Fields: contact.Fields{}}
	if m.is("fields: all are told") {
		fields = slices.Concat(fields, []string{"first", "last"})
	}
	if !m.is("create: no time") {
		rec.Modified = e.modified
	}
	for _, name := range fields {
		v := e.fields[name]
		if name == "number" {
			n, _ := strconv.ParseInt(id[1:], 10, 64)
			v = contact.Int(n)
		}
		if v.Blank() {
			if m.is("clear: empty fields are absent") {
				continue
			}
			v = contact.Empty
		}
		if m.is("fields: the first is left out") && len(fields) == 1 && name == "first" {
			continue
		}
		rec.Fields[name] = v
	}
	if m.is("versions: a new one at each read") {
		m.calls++
		rec.Version = fmt.Sprint("r", m.calls)
	}
	return rec
}

func (m *memory) ids() []string { return slices.Sorted(maps.Keys(m.records)) }

// Changes answers cursors of two forms: "all,<records told>,<position in the log>" and "log,<position>".
func (m *memory) Changes(ctx context.Context, q connector.Query) (connector.Page, error) {
	if err := m.refuse(ctx); err != nil {
		return connector.Page{}, err
	}
	if m.is("leaks: a goroutine for each call") {
		go func() { time.Sleep(30 * time.Second) }()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.noFeed {
		return connector.Page{}, connector.ErrNoFeed
	}
	if q.Since == "" {
		return m.all(q, 0, len(m.log)), nil
	}
	parts := strings.Split(string(q.Since), ",")
	at, err := strconv.Atoi(parts[len(parts)-1])
	if err != nil {
		if m.is("cursor: garbage is the end of the feed") {
			return connector.Page{Next: "log," + connector.Cursor(fmt.Sprint(len(m.log)))}, nil
		}
		return connector.Page{}, connector.ErrCursorExpired
	}
	if m.is("reopen: cursors live in the process") && m.opened > 0 && at <= m.opened {
		return connector.Page{}, connector.ErrCursorExpired
	}
	if parts[0] == "all" {
		told, _ := strconv.Atoi(parts[1])
		return m.all(q, told, at), nil
	}
	return m.since(q, at), nil
}

func (m *memory) all(q connector.Query, told, at int) connector.Page {
	var page connector.Page
	ids := m.ids()
	end := min(told+pageSize, len(ids))
	for _, id := range ids[told:end] {
		page.Records = append(page.Records, m.record(id, q.Fields))
	}
	if m.is("feed: the first record is left out") && told == 0 && len(ids) > 0 {
		page.Records = page.Records[1:]
	}
	page.More = end < len(ids)
	if m.is("pages: only the first") {
		page.More = false
	}
	page.Next = connector.Cursor(fmt.Sprintf("log,%d", at))
	page.Complete = !page.More && !m.is("feed: never complete")
	if page.More {
		page.Next = connector.Cursor(fmt.Sprintf("all,%d,%d", end, at))
		if m.is("pages: the cursor repeats") {
			page.Next = "all,7,0"
		}
		if m.is("pages: a resumed pass skips") {
			page.Next = connector.Cursor(fmt.Sprintf("all,%d,%d", end+1, at))
		}
	}
	return page
}

func (m *memory) since(q connector.Query, at int) connector.Page {
	var page connector.Page
	if m.is("quiet: everything again") {
		at = 0
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(m.log[at:]))) {
		if _, ok := m.records[id]; ok {
			page.Records = append(page.Records, m.record(id, q.Fields))
		} else if !m.is("removal: no tombstones") {
			page.Deleted = append(page.Deleted, id)
		}
	}
	page.Next = connector.Cursor(fmt.Sprintf("log,%d", len(m.log)))
	return page
}

func (m *memory) List(ctx context.Context, since connector.Cursor) (connector.Listing, error) {
	if err := m.refuse(ctx); err != nil {
		return connector.Listing{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	told, _ := strconv.Atoi(string(since))
	ids := m.ids()
	end := min(told+pageSize, len(ids))
	l := connector.Listing{More: end < len(ids), Next: connector.Cursor(fmt.Sprint(end))}
	for _, id := range ids[told:end] {
		rec := m.record(id, nil)
		if m.is("listing: no versions") {
			rec.Version = ""
		}
		l.Items = append(l.Items, connector.Item{ID: id, Version: rec.Version})
	}
	l.Complete = !l.More && !m.is("listing: never complete")
	return l, nil
}

func (m *memory) Read(ctx context.Context, ids, fields []string) ([]connector.ReadResult, error) {
	if err := m.refuse(ctx); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	results := make([]connector.ReadResult, len(ids))
	for i, id := range ids {
		if _, ok := m.records[id]; ok {
			results[i].Record = m.record(id, fields)
		} else if !m.is("read: an unknown id is an empty record") {
			results[i].Err = connector.ErrNotFound
		}
	}
	if m.is("read: another order") {
		slices.Reverse(results)
	}
	return results, nil
}

func (m *memory) Find(_ context.Context, marker string, fields []string) (contact.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range m.ids() {
		if m.records[id].marker == marker || m.is("marker: the first record") {
			return m.record(id, fields), nil
		}
	}
	return contact.Record{}, connector.ErrNotFound
}

func (m *memory) Identity(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.is("identity: another name each time") {
		m.calls++
		return fmt.Sprint("account ", m.calls), nil
	}
	return "account", nil
}

func (m *memory) Apply(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	if err := m.refuse(ctx); err != nil {
		return nil, err
	}
	if m.is("create: a panic") {
		panic("no")
	}
	schema, _ := m.Schema(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	results := make([]connector.Result, len(writes))
	for i, w := range writes {
		id, err := m.write(w, &schema)
		if results[i].Err = err; err == nil && w.Op != connector.Delete {
			results[i].Record = m.record(id, []string{"first", "last"})
		}
	}
	switch {
	case m.is("invalid: the batch fails with the bad record") && slices.ContainsFunc(results, func(r connector.Result) bool { return r.Err != nil }):
		return nil, connector.ErrInvalid
	case m.is("create: results in another order"):
		slices.Reverse(results)
	case m.is("create: a result is missing"):
		results = results[1:]
	case m.is("create: no id"):
		results[0].Record.ID = ""
	case m.is("create: the answer is not what is held"):
		results[0].Record.Fields["first"] = contact.Text("somebody else")
	}
	return results, nil
}

func (m *memory) write(w connector.Write, schema *contact.Schema) (id string, err error) {
	old, exists := m.records[w.ID]
	switch {
	case w.Op == connector.Create:
	case !exists && w.Op == connector.Delete && m.is("delete: twice is no error"):
		return w.ID, nil
	case !exists && m.is("unknown: an update makes the record"):
	case !exists:
		return "", connector.ErrNotFound
	case w.Version != "" && w.Version != fmt.Sprint(old.version) && !m.is("conditional: any version will do"):
		return "", connector.ErrVersionConflict
	}
	if w.Op == connector.Delete {
		if !m.is("delete: nothing happens") {
			m.drop(w.ID)
		}
		return w.ID, nil
	}
	fields := m.patched(old.fields, w.Patch, schema)
	if fields.Clone()["first"].Blank() || len([]rune(fields["first"].Str())) > 40 {
		if !m.is("invalid: it is taken") {
			return "", &connector.Error{Err: connector.ErrInvalid, Field: "first"}
		}
	}
	if id = w.ID; w.Op == connector.Create {
		n := m.made
		if m.is("concurrency: creates are lost") {
			m.mu.Unlock()
			time.Sleep(time.Millisecond)
			m.mu.Lock()
		}
		m.made = n + 1
		id, old.marker = fmt.Sprintf("r%03d", m.made), w.Marker
	}
	m.put(id, fields, old)
	return id, nil
}

func (m *memory) patched(old contact.Fields, patch contact.Patch, schema *contact.Schema) contact.Fields {
	fields := patch.Apply(old, schema)
	switch {
	case m.is("update: the rest is cleared"):
		for name := range fields {
			if _, named := patch[name]; !named && name != "first" {
				delete(fields, name)
			}
		}
	case m.is("elements: the list is replaced"):
		for name, c := range patch {
			if len(c.Add) > 0 {
				fields[name] = contact.Change{Add: c.Add}.Apply(contact.Empty, contact.Field{Type: map[string]contact.Type{"tags": contact.TypeSet}[name]})
			}
		}
	case m.is("clear: nothing happens"):
		for name, c := range patch {
			if c.Set.Blank() && !c.Set.Absent() {
				fields[name] = old[name]
			}
		}
	case m.is("create: text loses its accents"):
		fields["last"] = contact.Text(strings.ToValidUTF8(strings.Map(ascii, fields["last"].Str()), ""))
	case m.is("create: addresses are not kept"):
		delete(fields, "home")
	case m.is("length: cut at 30"):
		if r := []rune(fields["first"].Str()); len(r) > 30 {
			fields["first"] = contact.Text(string(r[:30]))
		}
	}
	return fields
}

func ascii(r rune) rune {
	if r < 128 {
		return r
	}
	return -1
}

func (a *account) put(id string, fields contact.Fields, old entry) {
	old.fields, old.modified = fields, time.Now()
	a.deliver()
	if old.version == 0 || a.broken != "versions: an update keeps it" {
		old.version++
	}
	a.records[id] = old
	a.log = append(a.log, id)
	if a.broken == "versions: all change together" {
		for other, e := range a.records {
			e.version++
			a.records[other] = e
		}
	}
	if a.broken == "update: a neighbour is changed too" && len(a.records) > 1 {
		for other, e := range a.records {
			e.fields = e.fields.Clone()
			e.fields["last"] = fields["last"]
			a.records[other] = e
		}
	}
}

func (a *account) drop(id string) {
	delete(a.records, id)
	a.log = append(a.log, id)
}

// edit and remove are the hands of the app's users.
func (a *account) edit(id string, fields contact.Fields) {
	a.mu.Lock()
	defer a.mu.Unlock()
	old := a.records[id]
	all := old.fields.Clone()
	maps.Copy(all, fields)
	if a.broken == "edit: the feed does not show it" {
		old.fields = all
		a.records[id] = old
		return
	}
	a.put(id, all, old)
}

func (a *account) remove(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.broken == "removal: still told" {
		return
	}
	a.drop(id)
}

// Upsert does what Apply does, but for a record that is there under the marker.
func (m *memory) Upsert(ctx context.Context, writes []connector.Write) ([]connector.Result, error) {
	results := make([]connector.Result, len(writes))
	for i, w := range writes {
		found := m.marked(w.Marker)
		if found != "" && !m.is("upsert: a second record") {
			w.Op, w.ID = connector.Update, found
		}
		if m.is("upsert: the rest is cleared") && found != "" {
			for _, name := range []string{"last", "email", "site"} {
				if _, named := w.Patch[name]; !named {
					w.Patch[name] = contact.Change{Set: contact.Empty}
				}
			}
		}
		got, err := m.Apply(ctx, []connector.Write{w})
		if err != nil {
			return nil, err
		}
		results[i] = got[0]
		results[i].Found = found != "" && !m.is("upsert: it is never found")
	}
	return results, nil
}

func (m *memory) marked(marker string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range m.ids() {
		if m.records[id].marker == marker {
			return id
		}
	}
	return ""
}

func (m *memory) FindBy(_ context.Context, field string, value contact.Value, fields []string) ([]contact.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []contact.Record
	for _, id := range m.ids() {
		v := m.records[id].fields[field]
		holds := v.Equal(value)
		for _, e := range v.Entries() {
			holds = holds || e.Value.Equal(value)
		}
		if holds && !m.is("key: nobody") || m.is("key: everybody") {
			found = append(found, m.record(id, fields))
		}
	}
	if len(found) == 0 && m.is("key: none is an error") {
		return nil, connector.ErrNotFound
	}
	return found, nil
}

const signature = "X-Signature"

// deliver sends a hint that something has changed.
func (a *account) deliver() {
	body := []byte("changed")
	a.sent = append(a.sent, connector.Delivery{Method: "POST", Body: body, Header: http.Header{signature: {sign(body)}}})
}

func sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte("secret"))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func (a *account) deliveries() []connector.Delivery {
	a.mu.Lock()
	defer a.mu.Unlock()
	sent := a.sent
	a.sent = nil
	return sent
}

func (m *memory) Receive(_ context.Context, d connector.Delivery) (connector.Push, error) {
	if sign(d.Body) != d.Header.Get(signature) && !m.is("webhook: whatever comes is taken") {
		return connector.Push{}, connector.ErrSignature
	}
	return connector.Push{ID: "1", Hint: !m.is("webhook: nothing is told")}, nil
}

// Kinds says that the account has two kinds of records.
func (m *memory) Kinds(ctx context.Context) ([]connector.Kind, error) {
	kinds := []connector.Kind{{ID: "people", Chosen: true}, {ID: "companies"}}
	switch m.broken {
	case "schema: two kinds of one id":
		kinds[1].ID = "people"
	case "schema: no kind is chosen":
		kinds[0].Chosen = false
	}
	return kinds, m.refuse(ctx)
}
