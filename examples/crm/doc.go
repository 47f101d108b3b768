// Command crm is a CRM backend in one file: its contacts stand in a table of its own SQLite database, with their email
// addresses in another, and so does what a sync remembers. Both ways it is kept in sync with a folder of vCards. No line of
// it is a connector: package sqltable is told which column is which field.
package main
