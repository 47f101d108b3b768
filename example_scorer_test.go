package contactsync_test

import (
	"context"
	"fmt"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
)

// sameNameAndCompany takes two people for one who have the same name and work at the same company.
type sameNameAndCompany struct{}

func (sameNameAndCompany) String() string { return "same name and company 1" }

// Blocks returns what most records of one person have in common and few others have: only people who share it are compared.
func (sameNameAndCompany) Blocks(p contactsync.Person) []string {
	if p.Given == "" || p.Company == "" {
		return nil
	}
	return []string{p.Given + " " + p.Company}
}

func (sameNameAndCompany) Score(x, y contactsync.Person) contactsync.Score {
	if x.Given != y.Given || x.Company != y.Company {
		return contactsync.Score{}
	}
	return contactsync.Score{Value: 0.9, Evidence: []string{"same name at the same company"}}
}

// A host that knows better what tells its people apart brings its own scorer. It is asked where no key says who is who.
func ExampleScorer() {
	ann := func(email string) contact.Fields {
		return contact.Fields{"first": contact.Text("Ann"), "company": contact.Text("Acme"), "email": contact.Text(email)}
	}
	a, b := exampleApp("a", ann("ann@acme.example")), exampleApp("b", ann("ann@home.example"))
	s := exampleSync(contactsync.Connection{ID: "a-b", Match: contactsync.Match{SuggestAbove: 0.8, Scorer: sameNameAndCompany{}}}, a, b)
	page, _, err := s.Suggestions(context.Background(), contactsync.SuggestionQuery{})
	check(err)
	for _, one := range page {
		fmt.Println(one.Names, one.IDs, one.Score)
	}
	// Output:
	// [Ann Ann] [a1 b1] 0.90: same name at the same company
}
