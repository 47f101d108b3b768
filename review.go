package contactsync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Review is all that a person looks at before a connection starts: what must be mended, what to know, and what would
// happen.
type Review struct {
	State    State     `json:"state"`
	Rules    []string  `json:"rules"`    // the connection in sentences
	Faults   []Fault   `json:"faults"`   // what must be mended before it can sync
	Warnings []Warning `json:"warnings"` // what to know
	Forecast *Forecast `json:"forecast"` // what the sync would do; nil while there are faults
}

// Ready reports whether the connection can sync.
func (r *Review) Ready() bool { return len(r.Faults) == 0 }

// Review says what a person should see before the connection starts. It reads both apps, as a sync does, and writes to
// none; what it reads is kept, nothing is settled, linked, held or counted. Of a [Draft] that is not complete it says
// what is missing. The error is for what kept it from looking: an app that cannot be read, another sync that runs.
func (s *Syncer) Review(ctx context.Context) (*Review, error) {
	doc := s.document()
	out := &Review{Rules: doc.sentences(s.names(doc)), Faults: []Fault{}, Warnings: []Warning{}}
	err := s.leased(ctx, func(ctx context.Context, r *run) error { return r.review(ctx, out) })
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		out.Faults = invalid.Faults
		out.Warnings = append(out.Warnings, s.draftWarnings(ctx, doc)...)
		err = nil
	}
	if err != nil {
		return nil, err
	}
	out.State = StateDraft
	if doc.ID != "" {
		status, err := s.Status(ctx)
		if err != nil {
			return nil, err
		}
		out.State = status.State
	}
	return out, nil
}

// draftWarnings says of the apps that are chosen what they cannot do.
func (s *Syncer) draftWarnings(ctx context.Context, doc Connection) (list []Warning) {
	schemas, err := s.schemas(ctx, doc, &faults{})
	if err != nil {
		return nil
	}
	for _, side := range Sides {
		if schemas[side] != nil {
			list = append(list, appWarnings(side, s.names(doc)[side], schemas[side])...)
		}
	}
	return list
}

// review fills in the warnings and the forecast.
func (r *run) review(ctx context.Context, out *Review) error {
	f := newForecaster(r.cfg)
	if err := r.pullAndPlan(ctx, f.watch()); err != nil {
		return err
	}
	out.Forecast = f.forecast(r)
	schemas, err := r.schemas(ctx, r.doc, &faults{})
	if err != nil {
		return err
	}
	r.cfg.schema = schemas // an app may know more of itself once it was read
	out.Warnings = append(out.Warnings, r.cfg.warnings()...)
	shared, err := r.sharedKeys()
	out.Warnings = slices.Concat(out.Warnings, shared, f.warnings())
	return err
}

// sharedKeys warns of keys that several records of one app bear: nobody is linked or created by them.
func (r *run) sharedKeys() ([]Warning, error) {
	var list []Warning
	for _, s := range Sides {
		for i, k := range r.cfg.keys {
			var ids []string // a record may be there twice
			err := r.view(func(tx ReadTx) error {
				ids = nil
				rows, err := tx.Scan(Scan{Table: TableKey, By: ByKey, Prefix: keyEntries(i, "")[s], KeysOnly: true})
				for _, row := range rows {
					if bearers := bearersOf(row); len(bearers) > 1 {
						for _, b := range bearers {
							ids = append(ids, b.id)
						}
					}
				}
				return err
			})
			if err != nil {
				return nil, err
			}
			if len(ids) == 0 {
				continue
			}
			slices.Sort(ids)
			ids = slices.Compact(ids)
			list = append(list, Warning{Kind: WarnSharedKey, Side: s, Count: len(ids), IDs: ids[:min(len(ids), samplesKept)],
				Message: fmt.Sprintf("%d contacts of %s share their %s with another one there; they are shown as duplicates and not linked by it", len(ids), r.cfg.names[s], k.words(s)),
				Advice:  "merge them there, or link them by hand"})
		}
	}
	return list, nil
}

// words says what a key is, for people.
func (k MatchKey) words(s Side) string {
	if k.Kind == "" {
		return [2]string{k.A, k.B}[s]
	}
	return strings.ReplaceAll(k.Kind, "_", " and ")
}

// warnings says what of the forecast a person should look at first: values that are too long, and records that would fail.
func (f *forecaster) warnings() []Warning {
	var list []Warning
	for _, s := range Sides {
		for _, field := range f.cfg.schema[s].Fields {
			if n := f.tooLong[[2]string{s.String(), field.Name}]; n > 0 {
				list = append(list, Warning{Kind: WarnTooLong, Side: s, Field: field.Name, Count: n,
					Message: fmt.Sprintf("%d values are longer than the %d characters that %s of %s takes; the app may cut or refuse them", n, field.MaxLength, field.Name, f.cfg.names[s]),
					Advice:  "shorten them, or map the field one-way"})
			}
		}
	}
	for _, s := range Sides {
		for _, reason := range []string{ReasonInvalid, ReasonRequired} {
			e := f.found[effectKey{EffectOut, s, StatusFailed + " " + reason}]
			if e == nil {
				continue
			}
			w := Warning{Kind: WarnFails, Side: s, Count: e.Count, Advice: "mend what it says, in the app or in the configuration"}
			for _, sample := range e.Samples {
				w.IDs = append(w.IDs, sample.ID)
			}
			w.Message = fmt.Sprintf("%d contacts of %s would fail, the first because: %s", e.Count, f.cfg.names[s], e.Samples[0].Message)
			list = append(list, w)
		}
	}
	return list
}
