package contactsync

import (
	"encoding/json"

	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// The rows of writes, before and after they are made. Those that were made are read by hand as well, for a rollback reads
// as many as a sync has written; notes of batches are few, and encoding/json reads them by the tags of their structs.

func (n *intentRow) row() Row { return Row{Table: TableIntent, Key: n.key, Body: n.body()} }

// body returns the row body of a batch that is about to be sent.
func (n *intentRow) body() []byte {
	o := &object{to: append(make([]byte, 0, len(n.Writes)*intentRoom), '{'), empty: true} // it is long, and stays where it is written
	o.text("side", n.Side.String())
	o.text("op", string(n.Op))
	o.key("run")
	o.number(n.Run)
	o.time("at", n.At)
	o.key("writes")
	o.to = append(o.to, '[')
	for i := range n.Writes {
		if i > 0 {
			o.to = append(o.to, ',')
		}
		o.to = n.Writes[i].append(o.to)
	}
	return append(o.to, "]}"...)
}

// intentRoom is how long an intent may be expected to be: as long as a person's fields, twice.
const intentRoom = 2 << 10

// append writes one intent.
func (n *intent) append(to []byte) []byte {
	o := &object{to: append(to, '{'), empty: true}
	o.text("id", n.ID)
	o.text("link", n.Link)
	o.patch(n.Patch)
	o.fields("before", n.Before)
	o.settle(n.Settle)
	o.text("marker", n.Marker)
	o.texts("clears", n.Clears)
	o.why(n.Why)
	o.texts("kept", n.Kept)
	o.texts("moved", n.Moved)
	o.int("since", n.Since)
	o.text("back", n.Back)
	o.flag("clean", n.Clean)
	o.flag("part", n.Part)
	o.text("partner", n.Partner)
	o.fields("had", n.Had)
	return append(o.to, '}')
}

func (o *object) patch(p contact.Patch) {
	if len(p) == 0 {
		return
	}
	all := o.open("patch")
	for _, name := range sortedKeys(p) {
		c := p[name]
		one := all.open(name)
		one.value("set", c.Set)
		if len(c.Add) > 0 {
			one.any("add", c.Add)
		}
		if len(c.Remove) > 0 {
			one.any("remove", c.Remove)
		}
		all.close(one)
	}
	o.close(all)
}

// settle writes what the arrival of a write settles. Whole mappings are written by hand; elements, memberships and
// layers are few.
func (o *object) settle(all []settlement) {
	if len(all) == 0 {
		return
	}
	o.key("settle")
	o.to = append(o.to, '[')
	for i := range all {
		if i > 0 {
			o.to = append(o.to, ',')
		}
		st := &all[i]
		if st.Mapping == "" || st.Element != "" {
			o.to = append(o.to, marshal(st)...)
			continue
		}
		one := &object{to: append(o.to, '{'), empty: true}
		one.text("mapping", st.Mapping)
		one.key("val")
		one.to = st.Val.append(one.to)
		one.flag("both", st.Both)
		one.flag("forget", st.Forget)
		o.close(one)
	}
	o.to = append(o.to, ']')
}

func (o *object) why(why map[string]Why) {
	if len(why) == 0 {
		return
	}
	all := o.open("why")
	for _, field := range sortedKeys(why) {
		w := why[field]
		one := all.open(field)
		one.text("mapping", w.Mapping)
		one.text("rule", w.Rule)
		one.text("because", w.Because)
		one.flag("undone", w.Undone)
		one.value("lost", w.Lost)
		all.close(one)
	}
	o.close(all)
}

// row is the journal row of that key.
func (j *journalRow) row(key string) Row {
	return Row{Table: TableJournal, Key: key, Index: [Indexes]string{j.IDs[A], j.IDs[B]}, Stamp: j.stamp, Body: j.body()}
}

func (j *journalRow) body() []byte {
	o := newObject()
	o.time("at", j.At)
	o.text("side", j.Side.String())
	o.text("op", string(j.Op))
	o.key("ids")
	o.to = append(contact.AppendString(append(o.to, '['), j.IDs[A]), ',')
	o.to = append(contact.AppendString(o.to, j.IDs[B]), ']')
	o.fields("before", j.Before)
	o.fields("after", j.After)
	o.why(j.Why)
	o.texts("altered", j.Altered)
	o.text("refused", j.Refused)
	o.flag("found", j.Found)
	o.text("decision", string(j.Decision))
	o.flag("foreseen", j.Foreseen)
	if j.Was != nil {
		o.key("was")
		o.to = append(o.to, j.Was...)
	}
	o.text("back", j.Back)
	o.flag("part", j.Part)
	return o.end()
}

func parseJournal(row Row) (j journalRow, err error) {
	if err := j.read(row.Body); err != nil {
		return j, unreadable(row, err)
	}
	return j, nil
}

// read fills the row from its body.
func (j *journalRow) read(body []byte) error {
	d := contact.NewDecoder(string(body))
	return d.Object(func(key string) (err error) {
		var text string
		switch key {
		case "at":
			err = readTime(d, &j.At)
		case "side":
			if text, err = d.String(); text == B.String() {
				j.Side = B
			}
		case "op":
			text, err = d.String()
			j.Op = connector.Op(text)
		case "ids":
			err = j.readIDs(d)
		case "before":
			j.Before, err = d.Fields()
		case "after":
			j.After, err = d.Fields()
		case "why":
			j.Why, err = readWhy(d)
		case "altered":
			j.Altered, err = readTexts(d)
		case "refused":
			j.Refused, err = d.String()
		case "found":
			j.Found, err = d.Bool()
		case "decision":
			text, err = d.String()
			j.Decision = Decided(text)
		case "foreseen":
			j.Foreseen, err = d.Bool()
		case "was":
			text, err = d.Raw()
			j.Was = json.RawMessage(text)
		case "back":
			j.Back, err = d.String()
		case "part":
			j.Part, err = d.Bool()
		default:
			err = d.Skip() // of a newer version
		}
		return err
	})
}

func (j *journalRow) readIDs(d *contact.Decoder) error {
	n := 0
	return d.Array(func() error {
		id, err := d.String()
		if n < len(j.IDs) {
			j.IDs[n] = id
		}
		n++
		return err
	})
}

func readWhy(d *contact.Decoder) (map[string]Why, error) {
	all := map[string]Why{}
	err := d.Object(func(field string) error {
		var w Why
		err := d.Object(func(key string) (err error) {
			switch key {
			case "mapping":
				w.Mapping, err = d.String()
			case "rule":
				w.Rule, err = d.String()
			case "because":
				w.Because, err = d.String()
			case "undone":
				w.Undone, err = d.Bool()
			case "lost":
				w.Lost, err = d.Value()
			default:
				err = d.Skip()
			}
			return err
		})
		all[field] = w
		return err
	})
	return all, err
}
