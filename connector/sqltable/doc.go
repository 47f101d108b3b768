// Package sqltable makes a table of a host's own database an app: the CRM itself. It works over database/sql with the driver
// that the host brings, on PostgreSQL and SQLite, in the host's own pool or in a transaction of the host.
//
//	crm, err := sqltable.New(db, sqltable.Postgres, sqltable.Table{
//		Name: "contacts",
//		Key:  sqltable.Key{Column: "id", Type: sqltable.IntegerKey},
//		Columns: []sqltable.Column{
//			{Name: "first_name", Field: contact.Field{Name: "first", Type: contact.TypeText, Meaning: "first"}},
//			{Name: "email", Field: contact.Field{Name: "email", Type: contact.TypeEmail, Meaning: "email"}},
//		},
//	})
//
// Only the named columns are read and written, identifiers are quoted, values are bound. A batch of writes is one
// transaction; a record that the database refuses fails alone.
//
// # What changed
//
// Without more, all rows are listed at each sync, each with a version made of its content: nothing is missed, and the host
// need not change anything. A version column makes that cheaper. With a change log ([Connector.CreateLog]), a table that
// triggers fill, a sync reads only what changed since the last one.
package sqltable
