package davfake_test

import (
	"strings"
	"testing"

	"github.com/contactsync/contactsync/connector/apptest/davfake"
	"github.com/google/go-cmp/cmp"
)

// rfc is what the script is to be answered by a server that follows the RFCs, with the section that says so.
const rfc = `
options: 200 addressbook true
without credentials: 401 challenge true
well-known: 301 location true
principal: 207
  outside [200 current-user-principal]
home set: 207
  outside [200 addressbook-home-set]
home: 207 book in it true
book: 207
  . [200 current-user-privilege-set displayname getctag resourcetype=addressbook,collection supported-address-data supported-report-set sync-token] [404 max-resource-size no-such]
create: 201 etag strong
create again: 412
update: 204 etag strong
update on an old etag: 412
update without condition: 204 etag strong
update of nothing: 412
a uid that is taken: 409
  error no-uid-conflict+href
no uid: 403
  error valid-address-data
no name: 403
  error valid-address-data
no card: 403
  error valid-address-data
an empty body: 403
  error valid-address-data
another content type: 403
  error supported-address-data
in no book: 409
a group of vCard 4: 201 etag strong
to change the uid of: 201 etag strong
another uid: 409
  error no-uid-conflict+href
read: 200 etag strong text/vcard as it was sent true holds what is unknown true under the etag of the put true
  | BEGIN:VCARD
  | VERSION:3.0
  | N:Anna;;;;
  | FN:Anna
  | TEL;TYPE=HOME;TYPE=VOICE:+1 808 555 0100
  | UID:u-a
  | x-keep:me
  | NOTE:a long note\, a long note\, a long note\, a long note\, a long note\, a long note\, a long note\, a long note\, a long note\, a long note\, end
  | item1.EMAIL;type=INTERNET;type=pref:ann@example.com
  | item1.X-ABLabel:_$!<Work>!$_
  | ADR;TYPE="home":;;1 Main St;Town;;;
  | CATEGORIES:a\;b,c\\d,e\,f
  | ORG:A\;B\, C;D\\E
  | TITLE:a\;b\\c\, d
  | NICKNAME:x\,y,z
  | PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=
  | END:VCARD
read nothing: 404
read the group: 200 kind true member true
sync from nothing: 207
  a.vcf [200 getetag=strong]
  group.vcf [200 getetag=strong]
  with a sync-token
sync, nothing new: 207
  with a sync-token
the same once more: 204 etag strong
sync after the same once more: 207
  with a sync-token
another: 201 etag strong
sync after another: 207
  b.vcf [200 getetag=strong]
  with a sync-token
sync after it went: 207
  b.vcf 404
  with a sync-token
sync from before it came: 207
  with a sync-token
sync with a bad token: 403
  error valid-sync-token
sync, one at most: 207
  . 507 error number-of-matches-within-limits
  a.vcf [200 getetag=strong]
  with a sync-token
sync of depth 1: 400
sync without a level: 400
multiget: 207
  a.vcf [200 address-data getetag=strong]
  none.vcf 404
query of all: 207
  a.vcf [200 address-data getetag=strong]
  group.vcf [200 address-data getetag=strong]
query by name: 207
  a.vcf [200 address-data getetag=strong]
query that finds none: 207
no such report: 403
  error supported-report
no xml: 400
list: 207
  . [200 resourcetype=addressbook,collection] [404 getcontenttype getetag]
  a.vcf [200 getcontenttype=text/vcard getetag=strong resourcetype=none]
  group.vcf [200 getcontenttype=text/vcard getetag=strong resourcetype=none]
list without end: 403
  error propfind-finite-depth
list without depth: 403
  error propfind-finite-depth
delete on an old etag: 412
delete: 204
delete again: 404
delete again on an etag: 404
an odd name: 201
is listed: 207 as a%20b@%C3%A9+.vcf
multiget of a name 1 escaped: 207 finds 1
multiget of a name 2 escaped in lower case: 207 finds 1
multiget of a name 3 escaped more: 207 finds 1
multiget of a name 4 with its host: 207 finds 1
update on any, If-Match: 204
update on any, If-None-Match: 412
head: 200 etag strong of 0 bytes
update on the etag, weakened: 412
delete any, If-Match: 204
an empty propfind: 207 displayname true
`

// TestZeroQuirksFollowTheRFCs: RFC 4918 sections 9.1, 9.6, 16; RFC 6352 sections 6.3.2, 8.6, 8.7; RFC 6578 section 3;
// RFC 6764 section 5; RFC 9110 section 13.1.
func TestZeroQuirksFollowTheRFCs(t *testing.T) {
	t.Parallel()
	j := &judged{T: t}
	s := davfake.New(j, davfake.Quirks{})
	p := &probe{t: t, client: s.Client(), base: s.URL, book: s.Book.Path, user: s.User, password: davfake.Password}
	got := p.run()
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(rfc), "\n"), got); diff != "" {
		t.Errorf("(-RFC +fake):\n%s", diff)
	}
	var noted []string
	for _, e := range s.Journal().Entries() {
		if e.Refused != "" {
			noted = append(noted, e.Refused)
		}
	}
	want := []string{`a card of content type "text/plain"`, "a card is put into a book, under a name", `sync-collection of depth "1", must be 0`,
		`sync-collection without sync-token, or with sync-level ""`, "the book does not name the report no-such", "the body is no XML",
		"PROPFIND without Depth: that is infinity"}
	if diff := cmp.Diff(want, noted); diff != "" || len(j.faults) != len(want) {
		t.Errorf("noted as a client's mistakes, %d of them (-want +got):\n%s", len(j.faults), diff)
	}
}
