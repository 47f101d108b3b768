package contactsync

import (
	"encoding/base64"
	"encoding/json"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// The rows of a connection as a whole are few, but they are read and written several times in every sync, and looked at
// whenever somebody asks how it stands: of a sync that finds nothing new they are most of the work.

// body returns the connection's row body.
func (row connectionRow) body() []byte {
	o := newObject()
	o.int("format", int64(row.Format)) // before what another format may have otherwise
	o.raw("config", row.Config)
	o.flag("resolver", row.Resolver)
	o.key("version")
	o.number(row.Version)
	o.text("worked", row.Worked)
	o.text("index", row.Index)
	o.raw("defaults", row.Defaults)
	o.key("state")
	o.to = contact.AppendString(o.to, string(row.State))
	o.key("runs")
	o.number(row.Runs)
	o.counts("totals", row.Totals)
	if len(row.Waiting) > 0 {
		o.any("waiting", row.Waiting)
	}
	if len(row.Unauthorized) > 0 {
		o.any("unauthorized", row.Unauthorized)
	}
	o.time("checked", row.Checked)
	if len(row.Removed) > 0 {
		o.any("removed", row.Removed)
	}
	o.int("wrote", row.Wrote)
	o.int("keep", row.Keep)
	o.text("secret", base64.StdEncoding.EncodeToString(row.Secret))
	o.legend("legend", &row.Legend)
	return o.end()
}

// read fills the row from its body.
func (row *connectionRow) read(body []byte) error {
	d := contact.NewDecoder(string(body))
	return d.Object(func(key string) (err error) {
		var text string
		switch key {
		case "format":
			if err = readInt(d, &row.Format); err == nil {
				err = row.legible()
			}
		case "config":
			text, err = d.Raw()
			row.Config = json.RawMessage(text)
		case "resolver":
			row.Resolver, err = d.Bool()
		case "version":
			row.Version, err = d.Int()
		case "worked":
			row.Worked, err = d.String()
		case "index":
			row.Index, err = d.String()
		case "defaults":
			text, err = d.Raw()
			row.Defaults = json.RawMessage(text)
		case "state":
			text, err = d.String()
			row.State = State(text)
		case "runs":
			row.Runs, err = d.Int()
		case "totals":
			err = readCounts(d, &row.Totals)
		case "waiting":
			err = readRaw(d, &row.Waiting)
		case "unauthorized":
			err = readRaw(d, &row.Unauthorized)
		case "checked":
			err = readTime(d, &row.Checked)
		case "removed":
			err = readRaw(d, &row.Removed)
		case "wrote":
			row.Wrote, err = d.Int()
		case "keep":
			row.Keep, err = d.Int()
		case "secret":
			if text, err = d.String(); err == nil {
				row.Secret, err = base64.StdEncoding.DecodeString(text)
			}
		case "legend":
			err = row.Legend.read(d)
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

// body returns the row body of a sync.
func (row runRow) body() []byte {
	o := newObject()
	o.time("started", row.Started)
	o.time("ended", row.Ended)
	o.counts("counts", row.Counts)
	o.int("deletes", int64(row.Deletes))
	o.int("clears", int64(row.Clears))
	if len(row.Waiting) > 0 {
		o.any("waiting", row.Waiting)
	}
	o.text("error", row.Error)
	o.int("unread", int64(row.Unread))
	o.int("restless", int64(row.Restless))
	o.int("linked", int64(row.Linked))
	o.int("took", row.Took)
	o.int("taken", row.Taken)
	o.flag("pruned", row.Pruned)
	o.flag("shadow", row.Shadow)
	if row.Foreseen != [2]Counts{} {
		o.counts("foreseen", row.Foreseen)
	}
	o.int("recovered", row.Recovered)
	o.text("phase", string(row.Phase))
	o.int("done", int64(row.Done))
	o.int("total", int64(row.Total))
	o.time("heard", row.Heard)
	return o.end()
}

// read fills the row from its body.
func (row *runRow) read(body []byte) error {
	d := contact.NewDecoder(string(body))
	return d.Object(func(key string) (err error) {
		var text string
		switch key {
		case "started":
			err = readTime(d, &row.Started)
		case "ended":
			err = readTime(d, &row.Ended)
		case "counts":
			err = readCounts(d, &row.Counts)
		case "deletes":
			err = readInt(d, &row.Deletes)
		case "clears":
			err = readInt(d, &row.Clears)
		case "waiting":
			err = readRaw(d, &row.Waiting)
		case "error":
			row.Error, err = d.String()
		case "unread":
			err = readInt(d, &row.Unread)
		case "restless":
			err = readInt(d, &row.Restless)
		case "linked":
			err = readInt(d, &row.Linked)
		case "took":
			row.Took, err = d.Int()
		case "taken":
			row.Taken, err = d.Int()
		case "pruned":
			row.Pruned, err = d.Bool()
		case "shadow":
			row.Shadow, err = d.Bool()
		case "foreseen":
			err = readCounts(d, &row.Foreseen)
		case "recovered":
			row.Recovered, err = d.Int()
		case "phase":
			text, err = d.String()
			row.Phase = Phase(text)
		case "done":
			err = readInt(d, &row.Done)
		case "total":
			err = readInt(d, &row.Total)
		case "heard":
			err = readTime(d, &row.Heard)
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

// body returns the row body of an app as a whole.
func (row sideRow) body() []byte {
	o := newObject()
	o.text("cursor", string(row.Cursor))
	o.texts("fields", row.Fields)
	o.flag("passing", row.Passing)
	o.flag("midway", row.Midway)
	o.flag("proves", row.Proves)
	o.flag("complete", row.Complete)
	o.text("identity", row.Identity)
	if len(row.Hidden) > 0 {
		o.any("hidden", row.Hidden)
	}
	return o.end()
}

// read fills the row from its body.
func (row *sideRow) read(body []byte) error {
	d := contact.NewDecoder(string(body))
	return d.Object(func(key string) (err error) {
		var text string
		switch key {
		case "cursor":
			text, err = d.String()
			row.Cursor = connector.Cursor(text)
		case "fields":
			row.Fields, err = readTexts(d)
		case "passing":
			row.Passing, err = d.Bool()
		case "midway":
			row.Midway, err = d.Bool()
		case "proves":
			row.Proves, err = d.Bool()
		case "complete":
			row.Complete, err = d.Bool()
		case "identity":
			row.Identity, err = d.String()
		case "hidden":
			row.Hidden, err = readMap(d, func(n *int64) (err error) { *n, err = d.Int(); return err })
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

// counts writes what was written on each side.
func (o *object) counts(name string, counts [2]Counts) {
	o.key(name)
	o.to = append(o.to, '[')
	for _, s := range Sides {
		if s == B {
			o.to = append(o.to, ',')
		}
		one := &object{to: append(o.to, '{'), empty: true}
		for _, n := range []struct {
			name string
			of   int
		}{{"created", counts[s].Created}, {"updated", counts[s].Updated}, {"deleted", counts[s].Deleted}} {
			one.key(n.name)
			one.number(int64(n.of))
		}
		o.close(one)
	}
	o.to = append(o.to, ']')
}

func readCounts(d *contact.Decoder, into *[2]Counts) error {
	return readSidesOf(d, func(s Side) error {
		return d.Object(func(key string) error {
			switch key {
			case "created":
				return readInt(d, &into[s].Created)
			case "updated":
				return readInt(d, &into[s].Updated)
			case "deleted":
				return readInt(d, &into[s].Deleted)
			}
			return d.Skip() // of a newer version
		})
	})
}

// legend writes a legend that is not empty.
func (o *object) legend(name string, l *legend) {
	if l.Cells == nil && l.Keys == nil && l.Names[A].empty() && l.Names[B].empty() {
		return
	}
	all := o.open(name)
	if len(l.Cells) > 0 {
		all.key("cells")
		all.to = appendEach(all.to, l.Cells, func(to []byte, c legendCell) []byte {
			one := &object{to: append(to, '{'), empty: true}
			one.key("mapping")
			one.to = contact.AppendString(one.to, c.Mapping)
			one.key("fields")
			one.to = appendEach(one.to, c.Fields[:], appendTexts)
			one.flag("list", c.List)
			return append(one.to, '}')
		})
	}
	all.key("names")
	all.to = appendEach(all.to, l.Names[:], func(to []byte, n naming) []byte {
		one := &object{to: append(to, '{'), empty: true}
		one.texts("name", n.Name)
		one.texts("key", n.Key)
		return append(one.to, '}')
	})
	all.texts("keys", l.Keys)
	o.close(all)
}

func (n *naming) empty() bool { return n.Name == nil && n.Key == nil }

// read fills the legend.
func (l *legend) read(d *contact.Decoder) error {
	return d.Object(func(key string) (err error) {
		switch key {
		case "cells":
			err = d.Array(func() error {
				var c legendCell
				err := c.read(d)
				l.Cells = append(l.Cells, c)
				return err
			})
		case "names":
			err = readSidesOf(d, func(s Side) error { return l.Names[s].read(d) })
		case "keys":
			l.Keys, err = readTexts(d)
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

func (c *legendCell) read(d *contact.Decoder) error {
	return d.Object(func(key string) (err error) {
		switch key {
		case "mapping":
			c.Mapping, err = d.String()
		case "fields":
			err = readSidesOf(d, func(s Side) (err error) {
				c.Fields[s], err = readTexts(d)
				return err
			})
		case "list":
			c.List, err = d.Bool()
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

func (n *naming) read(d *contact.Decoder) error {
	return d.Object(func(key string) (err error) {
		switch key {
		case "name":
			n.Name, err = readTexts(d)
		case "key":
			n.Key, err = readTexts(d)
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}
