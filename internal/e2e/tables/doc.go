// Package tables tests connector/sqltable on real databases, whose drivers the library itself does not require.
package tables
