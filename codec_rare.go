package contactsync

import (
	"time"

	"github.com/contactsync/contactsync/contact"
)

// What most rows of records and pairs lack, and some have: our last write to a record, what was held, what actions wrote.

// mirrorRare writes what is to be known of few records only.
func (o *object) mirrorRare(m *mirror) {
	if len(m.Untold) > 0 {
		o.any("ut", m.Untold)
	}
	if len(m.Late) > 0 {
		o.any("lt", m.Late)
	}
	o.flag("uo", m.Others)
	o.time("si", m.Since)
	o.times("un", m.Under)
	o.texts("us", m.Unseen)
}

// readRare reads a member of a mirror that few have.
func (m *mirror) readRare(d *contact.Decoder, key string) (err error) {
	switch key {
	case "ut":
		err = readRaw(d, &m.Untold)
	case "lt":
		err = readRaw(d, &m.Late)
	case "uo":
		m.Others, err = d.Bool()
	case "si":
		err = readTime(d, &m.Since)
	case "un":
		m.Under, err = readTimes(d)
	case "us":
		m.Unseen, err = readTexts(d)
	default:
		err = d.Skip() // of a newer version
	}
	return err
}

func (o *object) standing(s standing) {
	if s.Status == "" {
		return
	}
	inner := o.open("st")
	inner.text("status", s.Status)
	inner.text("reason", s.Reason)
	inner.text("message", s.Message)
	o.close(inner)
}

func (s *standing) read(d *contact.Decoder) error {
	return d.Object(func(key string) (err error) {
		switch key {
		case "status":
			s.Status, err = d.String()
		case "reason":
			s.Reason, err = d.String()
		case "message":
			s.Message, err = d.String()
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

// times writes times by name.
func (o *object) times(name string, times map[string]time.Time) {
	if len(times) == 0 {
		return
	}
	all := o.open(name)
	for _, of := range sortedKeys(times) {
		all.key(of)
		all.to = appendTime(all.to, times[of])
	}
	o.close(all)
}

func readTimes(d *contact.Decoder) (map[string]time.Time, error) {
	return readMap(d, func(t *time.Time) error { return readTime(d, t) })
}

// readMap reads an object whose members are all of one kind.
func readMap[V any](d *contact.Decoder, one func(*V) error) (map[string]V, error) {
	all := map[string]V{}
	err := d.Object(func(key string) error {
		var v V
		err := one(&v)
		all[key] = v
		return err
	})
	return all, err
}

// wrote writes our last write to a record.
func (o *object) wrote(name string, w *ownWrite) {
	if w == nil {
		return
	}
	inner := o.open(name)
	inner.key("at")
	inner.to = appendTime(inner.to, w.At)
	inner.fields("before", w.Before)
	if len(w.Earlier) > 0 {
		inner.key("earlier")
		inner.to = append(inner.to, '[')
		for i, f := range w.Earlier {
			if i > 0 {
				inner.to = append(inner.to, ',')
			}
			inner.to = f.AppendJSON(inner.to)
		}
		inner.to = append(inner.to, ']')
	}
	inner.texts("superseded", w.Superseded)
	o.close(inner)
}

func (w *ownWrite) read(d *contact.Decoder) error {
	return d.Object(func(key string) (err error) {
		switch key {
		case "at":
			err = readTime(d, &w.At)
		case "before":
			w.Before, err = d.Fields()
		case "earlier":
			err = d.Array(func() error {
				f, err := d.Fields()
				w.Earlier = append(w.Earlier, f)
				return err
			})
		case "superseded":
			w.Superseded, err = readTexts(d)
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

// record writes a whole record.
func (o *object) record(name string, r *contact.Record) {
	if r == nil {
		return
	}
	inner := o.open(name)
	inner.key("id")
	inner.to = contact.AppendString(inner.to, r.ID)
	inner.text("version", r.Version)
	inner.time("modified", r.Modified)
	inner.key("fields")
	inner.to = r.Fields.AppendJSON(inner.to)
	o.close(inner)
}

func readRecord(d *contact.Decoder, r *contact.Record) error {
	return d.Object(func(key string) (err error) {
		switch key {
		case "id":
			r.ID, err = d.String()
		case "version":
			r.Version, err = d.String()
		case "modified":
			err = readTime(d, &r.Modified)
		case "fields":
			r.Fields, err = d.Fields()
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

// rare writes what few links have.
func (o *object) rare(name string, l *link) {
	if l.Gone == [2]bool{} && len(l.Members)+len(l.Layers)+len(l.Held)+len(l.Past) == 0 {
		return
	}
	all := o.open(name)
	if l.Gone != [2]bool{} {
		all.any("gone", l.Gone)
	}
	eachOf(all, "members", l.Members, func(one *object, m member) {
		one.flag("in", m.In)
		one.flag("shown", m.Shown)
	})
	eachOf(all, "layers", l.Layers, func(one *object, y layer) {
		for _, v := range []struct {
			name string
			of   contact.Value
		}{{"under", y.Under}, {"wrote", y.Wrote}, {"goal", y.Goal}} {
			one.key(v.name)
			one.to = v.of.AppendJSON(one.to)
		}
	})
	eachOf(all, "held", l.Held, func(one *object, h *hold) {
		one.key("seen")
		one.to = h.Seen.append(one.to)
		one.text("take", string(h.Take))
		one.value("value", h.Value)
		one.time("since", h.Since)
	})
	eachOf(all, "past", l.Past, func(one *object, p *past) {
		if len(p.Had) > 0 {
			one.key("had")
			one.to = appendEach(one.to, p.Had, func(to []byte, v pastValue) []byte {
				inner := &object{to: append(to, '{'), empty: true}
				inner.key("key")
				inner.to = contact.AppendString(inner.to, v.Key)
				inner.key("at")
				return append(appendTime(inner.to, v.At), '}')
			})
		}
		if len(p.Flips) > 0 {
			one.key("flips")
			one.to = appendEach(one.to, p.Flips, appendTime)
		}
		one.flag("frozen", p.Frozen)
		one.time("since", p.Since)
	})
	o.close(all)
}

// eachOf writes a map as an object of objects.
func eachOf[V any](o *object, name string, all map[string]V, write func(*object, V)) {
	if len(all) == 0 {
		return
	}
	outer := o.open(name)
	for _, key := range sortedKeys(all) {
		one := outer.open(key)
		write(one, all[key])
		outer.close(one)
	}
	o.close(outer)
}

// readRare reads what few links have.
func (l *link) readRare(d *contact.Decoder) error {
	return d.Object(func(key string) (err error) {
		switch key {
		case "gone":
			err = readSidesOf(d, func(s Side) (err error) {
				l.Gone[s], err = d.Bool()
				return err
			})
		case "members":
			l.Members, err = readMap(d, func(m *member) error { return m.read(d) })
		case "layers":
			l.Layers, err = readMap(d, func(y *layer) error { return y.read(d) })
		case "held":
			l.Held, err = readMap(d, func(h **hold) error {
				*h = &hold{}
				return (*h).read(d)
			})
		case "past":
			l.Past, err = readMap(d, func(p **past) error {
				*p = &past{}
				return (*p).read(d)
			})
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

func (m *member) read(d *contact.Decoder) error {
	return d.Object(func(key string) (err error) {
		switch key {
		case "in":
			m.In, err = d.Bool()
		case "shown":
			m.Shown, err = d.Bool()
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

func (y *layer) read(d *contact.Decoder) error {
	return d.Object(func(key string) (err error) {
		switch key {
		case "under":
			y.Under, err = d.Value()
		case "wrote":
			y.Wrote, err = d.Value()
		case "goal":
			y.Goal, err = d.Value()
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

func (h *hold) read(d *contact.Decoder) error {
	return d.Object(func(key string) (err error) {
		switch key {
		case "seen":
			h.Seen, err = readSides(d)
		case "take":
			var text string
			text, err = d.String()
			h.Take = Take(text)
		case "value":
			h.Value, err = d.Value()
		case "since":
			err = readTime(d, &h.Since)
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

func (p *past) read(d *contact.Decoder) error {
	return d.Object(func(key string) (err error) {
		switch key {
		case "had":
			err = d.Array(func() error {
				var v pastValue
				err := v.read(d)
				p.Had = append(p.Had, v)
				return err
			})
		case "flips":
			err = d.Array(func() error {
				var t time.Time
				err := readTime(d, &t)
				p.Flips = append(p.Flips, t)
				return err
			})
		case "frozen":
			p.Frozen, err = d.Bool()
		case "since":
			err = readTime(d, &p.Since)
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

func (v *pastValue) read(d *contact.Decoder) error {
	return d.Object(func(key string) (err error) {
		switch key {
		case "key":
			v.Key, err = d.String()
		case "at":
			err = readTime(d, &v.At)
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}
