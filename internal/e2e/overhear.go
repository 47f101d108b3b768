package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/contact"
)

// An Ear hears what a sync tells a program: its errors, its events, its progress and its reports, which a host logs and
// counts. Nothing that a user entered is to be among it. What persons are shown - records with their names, plans,
// explanations, the history, conflicts - is not told here: to show it is what it is for.
type Ear struct {
	said  []string
	known map[string]bool // values that users entered, and that are nobody's by chance
}

// NewEar returns an Ear.
func NewEar() *Ear { return &Ear{known: map[string]bool{}} }

// Hear hears something that was said to a program, an error with all that it wraps. nil says nothing.
func (e *Ear) Hear(what string, said any) {
	if said == nil {
		return
	}
	text := fmt.Sprintf("%s: %v %+v", what, said, said)
	if err, ok := said.(error); ok {
		for ; err != nil; err = errors.Unwrap(err) {
			text += fmt.Sprintf("\n%#v", err)
		}
	} else if data, err := json.Marshal(said); err == nil {
		text += "\n" + string(data)
	}
	e.said = append(e.said, text)
}

// Options makes a sync tell the Ear its events and its progress.
func (e *Ear) Options() []contactsync.Option {
	return []contactsync.Option{
		contactsync.WithObserver(func(ev contactsync.Event) {
			e.Hear("event", ev)
			if ev.Err != nil {
				e.Hear("error of an event", ev.Err)
			}
		}),
		contactsync.WithProgress(func(p contactsync.Progress) { e.Hear("progress", p) }),
	}
}

// Know notes what a record holds of its person: emails, phone numbers, addresses, dates and texts. What is short, or of
// few to choose from, proves nothing when it is heard.
func (e *Ear) Know(fields []contact.Field, r contact.Record) {
	for _, f := range fields {
		switch f.Type {
		case contact.TypeText, contact.TypeEmail, contact.TypePhone, contact.TypeURL, contact.TypeAddress, contact.TypeDate:
		default:
			continue
		}
		for _, text := range texts(r.Get(f.Name)) {
			if len(text) >= 6 {
				e.known[text] = true
			}
		}
	}
}

// texts returns all that a value says, part by part.
func texts(v contact.Value) (all []string) {
	switch v.Kind() {
	case contact.KindList:
		for _, entry := range v.Entries() {
			all = append(all, texts(entry.Value)...)
		}
	case contact.KindAddress:
		a := v.Address()
		all = append(all, a.Street, a.City, a.PostalCode)
	case contact.KindText:
		all = append(all, v.Str())
	}
	return all
}

// Leaks returns what was said that holds something known, but for what public holds as well, such as a configuration.
func (e *Ear) Leaks(public string) (leaks []string) {
	for value := range e.known {
		if strings.Contains(public, value) {
			continue
		}
		for _, text := range e.said {
			if strings.Contains(text, value) {
				leaks = append(leaks, fmt.Sprintf("%q is told in %s", value, text))
				break
			}
		}
	}
	slices.Sort(leaks)
	return leaks
}

// silent returns an error if a sync has told a program something about a person.
func (w *world) silent() error {
	config, err := json.Marshal(w.connection)
	if err != nil {
		return err
	}
	for _, app := range w.apps {
		for _, r := range app.Records() {
			config = append(config, r.ID...) // ids are told; an app may make them of anything
		}
	}
	if leaks := w.ear.Leaks(string(config)); len(leaks) > 0 {
		return fmt.Errorf("contact data is told to a program: %s", strings.Join(leaks, "\n"))
	}
	return nil
}
