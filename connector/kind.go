package connector

import "context"

// KindSetting is the setting that says for which kind of records an app is opened, as the endpoint of a connection does. An app
// that has kinds has it, and does not name it.
const KindSetting = "kind"

// A Kind is one kind of records that an account has: leads, an address book.
type Kind struct {
	ID       string `json:"id"`                  // what [KindSetting] says; unique in the account
	Label    string `json:"label,omitempty"`     // what people call it; the setting may say this as well if no other is called so
	ReadOnly bool   `json:"read_only,omitempty"` // the account may not write there
	Chosen   bool   `json:"chosen,omitempty"`    // the connector is for this one
}

// KindLister is a connector that names the kinds of records that its account has. It does so whatever kind it was opened for,
// also for none and for one that is not there; then its other methods fail with [ErrNotFound]. For another kind the app opens
// another connector.
type KindLister interface {
	// Kinds returns them in an order for people, those that cannot be written among them.
	Kinds(ctx context.Context) ([]Kind, error)
}

// WithKind returns the settings of the app, and [KindSetting] among them if it has kinds.
func (a App) WithKind() []Setting {
	if len(a.Kinds) == 0 && !a.AccountKinds {
		return a.Settings
	}
	return append(a.Settings[:len(a.Settings):len(a.Settings)], Setting{Name: KindSetting, Label: "the kind of records", Options: a.Kinds})
}
