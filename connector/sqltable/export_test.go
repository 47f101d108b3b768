package sqltable

import (
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/contact"
)

// SchemaOf returns the schema without asking a database for the columns.
func SchemaOf(c connector.Connector) contact.Schema { return c.(*Connector).schema() }
