package davfake

import "time"

// Quirks are what a server does in its own way. The zero value is a server that does all that the RFCs say.
type Quirks struct {
	// What answers look like, and where things are.

	Layout Layout
	// Prefix is that of the namespace DAV: in answers, "" makes it the default namespace.
	Prefix string
	// RawCR: the CR of CRLF in address-data is not escaped, so that whoever reads the XML gets LF (XML 1.0 section
	// 2.11).
	RawCR bool

	// Finding the way in.

	// NoAuth: anybody may do anything.
	NoAuth bool
	// Bearer: the password is a token, sent as "Authorization: Bearer".
	Bearer bool
	// WellKnown is the status with which /.well-known/carddav redirects, 0 is 301; [None]: there is no such path.
	WellKnown int
	// OtherHost: the home set is on another host, told by an absolute href ([Server.Other]).
	OtherHost bool
	// AbsoluteHrefs: hrefs of answers have scheme and host.
	AbsoluteHrefs bool
	// Escapes is how hrefs of answers are escaped.
	Escapes Escapes

	// Lists and reports.

	// NoSync: there is no sync-collection and no sync-token.
	NoSync bool
	// NoCTag: books have no getctag.
	NoCTag bool
	// BareReports: supported-report-set lacks the report elements (RFC 3253 section 3.1.5), and names the reports at
	// once.
	BareReports bool
	// TokenPrefix begins sync tokens; "" is "http://example.com/ns/sync/". A token is to be a URI, and on some
	// servers is none.
	TokenPrefix string
	// TokenLife is for how long a token is known, on the server's clock; 0 is for ever ([Book.ExpireTokens]).
	TokenLife time.Duration
	// BadToken is how an unknown token is answered. BadTokenRestarts: it is answered as a first sync, without a word,
	// so that a client does not hear of what is gone.
	BadToken         Answer
	BadTokenRestarts bool
	// Gone is whom sync-collection also names as gone.
	Gone Gone
	// Limit is what becomes of the limit of a sync-collection.
	Limit Limit
	// SyncLimit is how many members sync-collection names at most, with 507 for the book if there are more; 0 is all.
	SyncLimit int
	// ListLimit and MultigetLimit are the same of PROPFIND and addressbook-multiget.
	ListLimit, MultigetLimit int
	// MultigetSkips: a multiget does not answer for hrefs at which there is nothing (RFC 6352 section 8.7 wants 404).
	MultigetSkips bool
	// AnyDepth: sync-collection does not look at Depth (RFC 6578 section 3.2: other than 0 is a bad request).
	AnyDepth bool
	// NoLevel: sync-collection does without sync-level.
	NoLevel bool
	// Infinite is what PROPFIND of depth infinity is answered with: 0 is a refusal, 1 is the list of depth 1.
	Infinite int
	// NoDepth is what PROPFIND without Depth means: "" is infinity, as in RFC 4918 section 9.1.
	NoDepth string
	// Query is what becomes of an addressbook-query.
	Query Query
	// QueryListsBook: a query without conditions also names the book itself, without data.
	QueryListsBook bool
	// ErrorsIn207: preconditions that fail are told in a multistatus.
	ErrorsIn207 bool
	// ConditionElements: 412 bears an element named after the condition.
	ConditionElements bool
	// ETagOnAll: answers to PROPFIND and REPORT bear an ETag, which is of no card.
	ETagOnAll bool
	// CollectionType is the getcontenttype of books, "" is none. CollectionETag: books have a getetag.
	CollectionType string
	CollectionETag bool

	// ETags and writes.

	// Weak: ETags are weak. WeakNeverMatches: and If-Match compares strongly, as RFC 9110 section 13.1.1 has it, so
	// that no condition holds.
	Weak, WeakNeverMatches bool
	// PutAnyNeverMatches: of a PUT, "If-Match: *" does not hold although there is a card.
	PutAnyNeverMatches bool
	// CountedETags: every PUT makes a new ETag, also one of the same content.
	CountedETags bool
	// ETagsChangeOnRead: reading a card changes its ETag, and it counts as changed.
	ETagsChangeOnRead bool
	// NoPutETag: the answer to a PUT bears no ETag, ever. PutETagAlways: it bears one even if the card was rewritten,
	// against RFC 6352 section 6.3.2.3.
	NoPutETag, PutETagAlways bool
	// UpdateCreated: an update is answered with 201, not 204.
	UpdateCreated bool
	// DeleteStatus is the status of a DELETE, 0 is 204.
	DeleteStatus int
	// MissingBook is the status of a PUT into no book, 0 is 409.
	MissingBook int

	// Cards.

	// Rewrite is what the server does to cards that are put, in this order.
	Rewrite []Rewrite
	// BadCard is how a card that is none is answered.
	BadCard Answer
	// Lax: cards need neither UID nor FN. AnyType: nor a content type of text/vcard. AnyBody: nor be cards.
	Lax, AnyType, AnyBody bool
	// UID is what becomes of a card whose UID another card of the book has, or that would change the UID of its own.
	UID UIDRule
	// MaxSize is max-resource-size, in bytes; 0 is none.
	MaxSize int
	// Versions are the vCard versions of supported-address-data, and of no other are cards taken; nil takes "3.0" and
	// "4.0".
	Versions []string
	// NoAddressData: supported-address-data is not told, and any version is taken. AddressDataMisnamed: what it lists
	// is called address-data (RFC 6352 section 6.2.2: address-data-type). AnyVersion: any version is taken all the
	// same.
	NoAddressData, AddressDataMisnamed, AnyVersion bool
}

// None stands for a status of what is not there.
const None = -1

// A Layout says where things are. "{user}" stands for the user's name; paths end with a slash.
type Layout struct {
	User      string // "" is "ann"
	Root      string // where well-known leads to; "" is "/"
	Principal string // "" is "/principals/{user}/"
	Home      string // "" is "/addressbooks/{user}/"
	Book      string // name of the first book; "" is "contacts"
}

// An Answer is how a precondition that failed is told. The zero Answer is 403 with its element.
type Answer struct {
	Status int  // 0 is 403; 207 puts the element into a response for the request's href
	Bare   bool // without the element
}

// Escapes is how an href is escaped (RFC 3986 section 2).
type Escapes string

// The ways to escape an href. All of them mean the same path.
const (
	EscapesNeeded Escapes = ""       // what must be: "a%20b@c.vcf"
	EscapesQuoted Escapes = "quoted" // all but unreserved characters: "a%20b%40c.vcf"
	EscapesLower  Escapes = "lower"  // in lower-case hex, and dots as well: "a%20b%40c%2evcf"
)

// Gone is who is named as gone beside those whom the token's state had.
type Gone string

// The ways to name who is gone.
const (
	GoneKnown Gone = ""      // nobody
	GoneSince Gone = "since" // also who came and went since the token
	GoneEver  Gone = "ever"  // also in a first sync, who was ever there
)

// Limit is what becomes of a client's limit.
type Limit string

// The ways to treat a limit.
const (
	LimitKept    Limit = ""        // the answer is cut, with 507 for the book
	LimitIgnored Limit = "ignored" // all is told
	LimitRefused Limit = "refused" // 403 with number-of-matches-within-limits if there is more
)

// Query is what becomes of an addressbook-query.
type Query string

// The ways to answer a query.
const (
	QueryKept    Query = ""        // its filter holds, but for conditions on parameters, which are refused
	QueryAll     Query = "all"     // everything is found, whatever the filter
	QueryMissing Query = "missing" // there is no such report
	QueryBroken  Query = "broken"  // 500 as soon as there is a condition
)

// UIDRule is what becomes of a UID conflict (RFC 6352 section 6.3.2.1).
type UIDRule string

// The ways to treat a UID conflict.
const (
	UIDConflict     UIDRule = ""       // 409 no-uid-conflict, with the href of the other card
	UIDConflictBare UIDRule = "bare"   // without the href
	UIDShared       UIDRule = "shared" // it is stored
)

// Rewrite is what a server does to a card.
type Rewrite string

// The ways to rewrite a card.
const (
	DropX    Rewrite = "drop_x"   // properties that begin with X- are lost
	Refold   Rewrite = "refold"   // lines are folded elsewhere
	Upper    Rewrite = "upper"    // names of properties, groups and parameters in upper case, no needless quotes
	Sort     Rewrite = "sort"     // VERSION, PRODID and UID first, the others by name; names as Upper, but for groups; TYPE=A,B
	Unescape Rewrite = "unescape" // escaped semicolons of N, ORG, ADR and all escapes of CATEGORIES lose their backslash
	Cut      Rewrite = "cut"      // NOTE and NICKNAME end at a comma that is not escaped
	AddREV   Rewrite = "rev"      // REV is set to the time of the server's clock
	NewUID   Rewrite = "uid"      // UID is replaced
)
