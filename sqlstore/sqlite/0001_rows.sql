-- The rows of contactsync, a table for each kind. Keys and entries are binary, so that they sort by their bytes.
-- i0 to i2 are the index entries, NULL where a row has none; only those that are declared have an index.

CREATE TABLE contactsync_scope (
	id         INTEGER PRIMARY KEY,
	owner      BLOB NOT NULL,
	connection BLOB NOT NULL,
	lease      INTEGER NOT NULL DEFAULT 0, -- number of the newest lease
	holder     BLOB NOT NULL DEFAULT x'',
	until      INTEGER,                    -- nanoseconds since 1970; NULL when the lease was released
	UNIQUE (owner, connection)
) STRICT;

CREATE TABLE contactsync_connection (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB NOT NULL,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;

CREATE TABLE contactsync_side (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB NOT NULL,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;

CREATE TABLE contactsync_mirror (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB NOT NULL,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;
CREATE INDEX contactsync_mirror_0 ON contactsync_mirror (scope, i0, key) WHERE i0 IS NOT NULL;
CREATE INDEX contactsync_mirror_1 ON contactsync_mirror (scope, i1, key) WHERE i1 IS NOT NULL;

-- Rows of this table are small and many, and only ever found by their key: it is its own index.
CREATE TABLE contactsync_key (
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB NOT NULL,
	body  BLOB,
	PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE contactsync_link (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB NOT NULL,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;
CREATE UNIQUE INDEX contactsync_link_0 ON contactsync_link (scope, i0) WHERE i0 IS NOT NULL;
CREATE UNIQUE INDEX contactsync_link_1 ON contactsync_link (scope, i1) WHERE i1 IS NOT NULL;
CREATE INDEX contactsync_link_2 ON contactsync_link (scope, i2, key) WHERE i2 IS NOT NULL;

CREATE TABLE contactsync_intent (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB NOT NULL,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;

CREATE TABLE contactsync_hold (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB NOT NULL,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;

CREATE TABLE contactsync_run (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB NOT NULL,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;

CREATE TABLE contactsync_journal (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB NOT NULL,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;
CREATE INDEX contactsync_journal_0 ON contactsync_journal (scope, i0, key) WHERE i0 IS NOT NULL;
CREATE INDEX contactsync_journal_1 ON contactsync_journal (scope, i1, key) WHERE i1 IS NOT NULL;

CREATE TABLE contactsync_inbox (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB NOT NULL,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;
