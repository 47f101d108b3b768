package davfake

import "time"

// The presets. Radicale, Xandikos and DAViCal were recorded (testdata); of the others it is known what their users and
// makers wrote, and the paths of Fastmail, iCloud and Google are from memory.

// Radicale is Radicale 3.1.8: it stores another card than it was sent and tells an ETag all the same, and leaves limits
// alone.
func Radicale() Quirks {
	return Quirks{
		Layout: Layout{Root: "/", Principal: "/{user}/", Home: "/{user}/"},
		RawCR:  true, Escapes: EscapesQuoted, PutAnyNeverMatches: true,
		TokenPrefix: "http://radicale.org/ns/sync/", TokenLife: 30 * 24 * time.Hour,
		Gone: GoneEver, Limit: LimitIgnored, AnyDepth: true, NoLevel: true, Infinite: 1, NoDepth: "0",
		CollectionType: "text/vcard", CollectionETag: true, NoAddressData: true, AnyType: true,
		PutETagAlways: true, Rewrite: []Rewrite{Sort, Cut, Refold}, UpdateCreated: true, DeleteStatus: 200,
		BadCard: Answer{Status: 400, Bare: true}, UID: UIDConflictBare,
	}
}

// Xandikos is Xandikos 0.2.8: it takes nearly any card as it is, has no idea of UIDs, tells what failed in a
// multistatus and answers 500 to a token that it does not know.
func Xandikos() Quirks {
	return Quirks{
		Layout: Layout{Root: "/", Principal: "/{user}/", Home: "/{user}/contacts/", Book: "addressbook"},
		Prefix: "ns0", RawCR: true, Escapes: EscapesQuoted, NoAuth: true, WellKnown: 302,
		TokenPrefix: "e70425917f61-", BareReports: true,
		BadToken: Answer{Status: 500, Bare: true}, Limit: LimitIgnored, AnyDepth: true, Infinite: 1,
		Query: QueryBroken, QueryListsBook: true, ErrorsIn207: true,
		CollectionType: "httpd/unix-directory", CollectionETag: true, AddressDataMisnamed: true,
		Lax: true, AnyType: true, AnyVersion: true, BadCard: Answer{Status: 207}, UID: UIDShared, MissingBook: 404,
	}
}

// DAViCal is DAViCal 1.1.12: it takes whatever it is sent, tells no ETag of it, has no words for a token that it does
// not know, and is silent about what a multiget does not find. Well-known is left to the web server before it.
func DAViCal() Quirks {
	return Quirks{
		Layout: Layout{Root: "/caldav.php/", Principal: "/caldav.php/{user}/", Home: "/caldav.php/{user}/", Book: "book"},
		RawCR:  true, Escapes: EscapesQuoted, WellKnown: None, TokenPrefix: "data:,", BadTokenRestarts: true, Gone: GoneSince,
		Limit: LimitIgnored, MultigetSkips: true, AnyDepth: true, NoLevel: true, Infinite: 1, NoDepth: "0",
		ConditionElements: true, ETagOnAll: true, CollectionType: "httpd/unix-directory", CountedETags: true, NoPutETag: true,
		Rewrite: []Rewrite{Upper, Unescape, Refold, AddREV}, Lax: true, AnyType: true, AnyBody: true, UID: UIDShared,
		MaxSize: 6_550_000, Versions: []string{"3.0"}, AddressDataMisnamed: true, AnyVersion: true,
	}
}

// Nextcloud is Nextcloud, and what else is built on SabreDAV: weak on nothing, strict about UIDs within a book,
// labels as CATEGORIES.
func Nextcloud() Quirks {
	return Quirks{
		Layout: Layout{Root: "/remote.php/dav/", Principal: "/remote.php/dav/principals/users/{user}/",
			Home: "/remote.php/dav/addressbooks/users/{user}/"},
		Prefix: "d", TokenPrefix: "http://sabre.io/ns/sync/", Infinite: 1, MaxSize: 10_000_000,
	}
}

// ICloud is iCloud: discovery leads to another host, hrefs are absolute, cards are of version 3.0 and groups are
// cards of Apple's kind ([AppleGroup]).
func ICloud() Quirks {
	return Quirks{
		Layout: Layout{User: "ann@example.com", Principal: "/1234567/principal/",
			Home: "/1234567/carddavhome/", Book: "card"},
		OtherHost: true, AbsoluteHrefs: true, Versions: []string{"3.0"}, CountedETags: true, SyncLimit: 200,
		Rewrite: []Rewrite{AddREV},
	}
}

// Fastmail is Fastmail, and what else is built on Cyrus: it refuses a limit that it would have to keep.
func Fastmail() Quirks {
	return Quirks{
		Layout: Layout{User: "ann@example.com", Root: "/dav/", Principal: "/dav/principals/user/{user}/",
			Home: "/dav/addressbooks/user/{user}/", Book: "Default"},
		Prefix: "D", Escapes: EscapesLower, Limit: LimitRefused, CountedETags: true,
	}
}

// Google is Google's CardDAV: a bearer token, version 3.0, cards are rewritten, get another UID and no ETag in the
// answer.
func Google() Quirks {
	return Quirks{
		Layout: Layout{User: "ann@example.com", Root: "/carddav/v1/principals/{user}/lists/",
			Principal: "/carddav/v1/principals/{user}/", Home: "/carddav/v1/principals/{user}/lists/", Book: "default"},
		Prefix: "d", Bearer: true, Escapes: EscapesLower, Versions: []string{"3.0"}, CountedETags: true, NoPutETag: true,
		Rewrite: []Rewrite{DropX, NewUID, AddREV, Refold}, SyncLimit: 100,
	}
}
