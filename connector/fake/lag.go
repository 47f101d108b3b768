package fake

import "time"

// lag is how the feed and listings show a record while they do not show it as it is: the state that is shown, and
// the later ones, which become visible one after the other.
type lag struct {
	shown *record // nil: not shown at all
	later []state
}

// state is what a record becomes for the feed when a sync begins, and not before a time.
type state struct {
	sync   int
	at     time.Time
	record *record // nil: gone
}

// BeginSync tells the app that a sync begins. It is what [Quirks].StaleReads counts.
func (a *App) BeginSync() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.syncs++
	a.catchUp()
}

// catchUp lets the feed and listings show what they may show by now.
func (a *App) catchUp() {
	if len(a.lags) == 0 {
		return
	}
	now := a.clock.Now()
	for _, id := range a.ids() {
		l := a.lags[id]
		if l == nil {
			continue
		}
		caughtUp := false
		for len(l.later) > 0 && l.later[0].sync <= a.syncs && !l.later[0].at.After(now) {
			l.shown, l.later = l.later[0].record, l.later[1:]
			caughtUp = true
		}
		if len(l.later) == 0 {
			delete(a.lags, id)
		}
		if caughtUp {
			a.note(event{id: id})
		}
	}
}

// lagBehind makes the feed lag behind a write of the connector: before is what the record was, nil if it is new.
func (a *App) lagBehind(id string, before *record) {
	if a.quirks.StaleReads == 0 && a.quirks.Lag == 0 {
		return
	}
	l := a.lags[id]
	if l == nil {
		l = &lag{shown: before}
		a.lags[id] = l
	}
	s := state{at: a.clock.Now().Add(a.quirks.Lag), record: a.records[id]}
	if a.quirks.StaleReads > 0 {
		s.sync = a.syncs + a.quirks.StaleReads + 1
	}
	l.later = append(l.later, s)
}

// entered notes that a user changed a record, which was before. The feed shows at once what users do, unless it lags for
// a time.
func (a *App) entered(id string, before *record) {
	if a.quirks.Lag == 0 {
		delete(a.lags, id)
		return
	}
	a.lagBehind(id, before)
}

// view returns the record as the feed and listings show it, nil if they show none; lagging says that this is not
// what the app holds.
func (a *App) view(id string) (r *record, lagging bool) {
	if l := a.lags[id]; l != nil {
		return l.shown, true
	}
	return a.records[id], false
}
