package davfake_test

import (
	"fmt"
	"strings"

	"github.com/contactsync/contactsync/connector/apptest/davfake"
)

// noTest stands for the *testing.T that a test has and an example has not.
type noTest struct{}

func (noTest) Helper()                           {}
func (noTest) Cleanup(func())                    {}
func (noTest) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// A server with the habits of each that people use. A test of a client runs against all of them.
func Example() {
	var t noTest
	for _, row := range []struct {
		name   string
		quirks davfake.Quirks
	}{
		{"Radicale", davfake.Radicale()}, {"Xandikos", davfake.Xandikos()}, {"DAViCal", davfake.DAViCal()}, {"Nextcloud", davfake.Nextcloud()},
		{"iCloud", davfake.ICloud()}, {"Fastmail", davfake.Fastmail()}, {"Google", davfake.Google()}, {"as the RFCs say", davfake.Quirks{}},
	} {
		s := davfake.New(t, row.quirks)
		s.Book.Put("vip.vcf", davfake.AppleGroup("g1", "VIP", "u1"))
		fmt.Printf("%-15s %s\n", row.name, s.Book.Path)
		if s.Other != nil {
			s.Other.Close()
		}
		s.Close()
	}
	fmt.Print(strings.ReplaceAll(davfake.KindGroup("g1", "VIP", "u1"), "\r", ""))
	// Output:
	// Radicale        /ann/contacts/
	// Xandikos        /ann/contacts/addressbook/
	// DAViCal         /caldav.php/ann/book/
	// Nextcloud       /remote.php/dav/addressbooks/users/ann/contacts/
	// iCloud          /1234567/carddavhome/card/
	// Fastmail        /dav/addressbooks/user/ann@example.com/Default/
	// Google          /carddav/v1/principals/ann@example.com/lists/default/
	// as the RFCs say /addressbooks/ann/contacts/
	// BEGIN:VCARD
	// VERSION:4.0
	// UID:g1
	// FN:VIP
	// N:VIP;;;;
	// KIND:group
	// MEMBER:urn:uuid:u1
	// END:VCARD
}
