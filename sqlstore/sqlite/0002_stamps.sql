-- A stamp may be NULL, for a row without one. What may not be NULL makes SQLite keep a journal of each statement that
-- replaces rows, so that it could take back half of it: a fifth of what a write costs. A failed transaction is taken
-- back as a whole.
--
-- Holds and the inbox get the indexes of the entries that are declared.

ALTER TABLE contactsync_connection RENAME TO contactsync_connection_old;
CREATE TABLE contactsync_connection (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;
INSERT INTO contactsync_connection (id, scope, key, i0, i1, i2, stamp, body)
	SELECT id, scope, key, i0, i1, i2, nullif(stamp, x''), body FROM contactsync_connection_old;
DROP TABLE contactsync_connection_old;

ALTER TABLE contactsync_side RENAME TO contactsync_side_old;
CREATE TABLE contactsync_side (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;
INSERT INTO contactsync_side (id, scope, key, i0, i1, i2, stamp, body)
	SELECT id, scope, key, i0, i1, i2, nullif(stamp, x''), body FROM contactsync_side_old;
DROP TABLE contactsync_side_old;

ALTER TABLE contactsync_mirror RENAME TO contactsync_mirror_old;
CREATE TABLE contactsync_mirror (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;
INSERT INTO contactsync_mirror (id, scope, key, i0, i1, i2, stamp, body)
	SELECT id, scope, key, i0, i1, i2, nullif(stamp, x''), body FROM contactsync_mirror_old;
DROP TABLE contactsync_mirror_old;
CREATE INDEX contactsync_mirror_0 ON contactsync_mirror (scope, i0, key) WHERE i0 IS NOT NULL;
CREATE INDEX contactsync_mirror_1 ON contactsync_mirror (scope, i1, key) WHERE i1 IS NOT NULL;

-- Rows of this table are small and many, and only ever found by their key: it is its own index.
ALTER TABLE contactsync_key RENAME TO contactsync_key_old;
CREATE TABLE contactsync_key (
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB,
	body  BLOB,
	PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
INSERT INTO contactsync_key (scope, key, i0, i1, i2, stamp, body)
	SELECT scope, key, i0, i1, i2, nullif(stamp, x''), body FROM contactsync_key_old;
DROP TABLE contactsync_key_old;

ALTER TABLE contactsync_link RENAME TO contactsync_link_old;
CREATE TABLE contactsync_link (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;
INSERT INTO contactsync_link (id, scope, key, i0, i1, i2, stamp, body)
	SELECT id, scope, key, i0, i1, i2, nullif(stamp, x''), body FROM contactsync_link_old;
DROP TABLE contactsync_link_old;
CREATE UNIQUE INDEX contactsync_link_0 ON contactsync_link (scope, i0) WHERE i0 IS NOT NULL;
CREATE UNIQUE INDEX contactsync_link_1 ON contactsync_link (scope, i1) WHERE i1 IS NOT NULL;
CREATE INDEX contactsync_link_2 ON contactsync_link (scope, i2, key) WHERE i2 IS NOT NULL;

ALTER TABLE contactsync_intent RENAME TO contactsync_intent_old;
CREATE TABLE contactsync_intent (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;
INSERT INTO contactsync_intent (id, scope, key, i0, i1, i2, stamp, body)
	SELECT id, scope, key, i0, i1, i2, nullif(stamp, x''), body FROM contactsync_intent_old;
DROP TABLE contactsync_intent_old;

ALTER TABLE contactsync_hold RENAME TO contactsync_hold_old;
CREATE TABLE contactsync_hold (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;
INSERT INTO contactsync_hold (id, scope, key, i0, i1, i2, stamp, body)
	SELECT id, scope, key, i0, i1, i2, nullif(stamp, x''), body FROM contactsync_hold_old;
DROP TABLE contactsync_hold_old;
CREATE INDEX contactsync_hold_0 ON contactsync_hold (scope, i0, key) WHERE i0 IS NOT NULL;
CREATE INDEX contactsync_hold_1 ON contactsync_hold (scope, i1, key) WHERE i1 IS NOT NULL;
CREATE INDEX contactsync_hold_2 ON contactsync_hold (scope, i2, key) WHERE i2 IS NOT NULL;

ALTER TABLE contactsync_run RENAME TO contactsync_run_old;
CREATE TABLE contactsync_run (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;
INSERT INTO contactsync_run (id, scope, key, i0, i1, i2, stamp, body)
	SELECT id, scope, key, i0, i1, i2, nullif(stamp, x''), body FROM contactsync_run_old;
DROP TABLE contactsync_run_old;

ALTER TABLE contactsync_journal RENAME TO contactsync_journal_old;
CREATE TABLE contactsync_journal (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;
INSERT INTO contactsync_journal (id, scope, key, i0, i1, i2, stamp, body)
	SELECT id, scope, key, i0, i1, i2, nullif(stamp, x''), body FROM contactsync_journal_old;
DROP TABLE contactsync_journal_old;
CREATE INDEX contactsync_journal_0 ON contactsync_journal (scope, i0, key) WHERE i0 IS NOT NULL;
CREATE INDEX contactsync_journal_1 ON contactsync_journal (scope, i1, key) WHERE i1 IS NOT NULL;

ALTER TABLE contactsync_inbox RENAME TO contactsync_inbox_old;
CREATE TABLE contactsync_inbox (
	id    INTEGER PRIMARY KEY,
	scope INTEGER NOT NULL,
	key   BLOB NOT NULL,
	i0    BLOB,
	i1    BLOB,
	i2    BLOB,
	stamp BLOB,
	body  BLOB,
	UNIQUE (scope, key)
) STRICT;
INSERT INTO contactsync_inbox (id, scope, key, i0, i1, i2, stamp, body)
	SELECT id, scope, key, i0, i1, i2, nullif(stamp, x''), body FROM contactsync_inbox_old;
DROP TABLE contactsync_inbox_old;
CREATE INDEX contactsync_inbox_0 ON contactsync_inbox (scope, i0, key) WHERE i0 IS NOT NULL;
