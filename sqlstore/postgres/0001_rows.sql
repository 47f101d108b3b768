-- The rows of contactsync, a table for each kind. Keys and entries are bytea, so that they sort by their bytes and hold all of
-- them. i0 to i2 are the index entries, NULL where a row has none; only those that are declared have an index.
--
-- These names are in the schema that the transaction's search_path begins with.

CREATE TABLE contactsync_scope (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	owner      bytea NOT NULL,
	connection bytea NOT NULL,
	lease      bigint NOT NULL DEFAULT 0, -- number of the newest lease
	holder     bytea NOT NULL DEFAULT '',
	until      bigint,                    -- nanoseconds since 1970; NULL when the lease was released
	UNIQUE (owner, connection)
);

CREATE TABLE contactsync_connection (
	scope bigint NOT NULL,
	key   bytea NOT NULL,
	i0    bytea,
	i1    bytea,
	i2    bytea,
	stamp bytea,
	body  bytea,
	PRIMARY KEY (scope, key)
);

CREATE TABLE contactsync_side (
	scope bigint NOT NULL,
	key   bytea NOT NULL,
	i0    bytea,
	i1    bytea,
	i2    bytea,
	stamp bytea,
	body  bytea,
	PRIMARY KEY (scope, key)
);

CREATE TABLE contactsync_mirror (
	scope bigint NOT NULL,
	key   bytea NOT NULL,
	i0    bytea,
	i1    bytea,
	i2    bytea,
	stamp bytea,
	body  bytea,
	PRIMARY KEY (scope, key)
);
CREATE INDEX contactsync_mirror_0 ON contactsync_mirror (scope, i0, key) WHERE i0 IS NOT NULL;
CREATE INDEX contactsync_mirror_1 ON contactsync_mirror (scope, i1, key) WHERE i1 IS NOT NULL;

CREATE TABLE contactsync_key (
	scope bigint NOT NULL,
	key   bytea NOT NULL,
	i0    bytea,
	i1    bytea,
	i2    bytea,
	stamp bytea,
	body  bytea,
	PRIMARY KEY (scope, key)
);

CREATE TABLE contactsync_link (
	scope bigint NOT NULL,
	key   bytea NOT NULL,
	i0    bytea,
	i1    bytea,
	i2    bytea,
	stamp bytea,
	body  bytea,
	PRIMARY KEY (scope, key)
);
CREATE UNIQUE INDEX contactsync_link_0 ON contactsync_link (scope, i0) WHERE i0 IS NOT NULL;
CREATE UNIQUE INDEX contactsync_link_1 ON contactsync_link (scope, i1) WHERE i1 IS NOT NULL;
CREATE INDEX contactsync_link_2 ON contactsync_link (scope, i2, key) WHERE i2 IS NOT NULL;

CREATE TABLE contactsync_intent (
	scope bigint NOT NULL,
	key   bytea NOT NULL,
	i0    bytea,
	i1    bytea,
	i2    bytea,
	stamp bytea,
	body  bytea,
	PRIMARY KEY (scope, key)
);

CREATE TABLE contactsync_hold (
	scope bigint NOT NULL,
	key   bytea NOT NULL,
	i0    bytea,
	i1    bytea,
	i2    bytea,
	stamp bytea,
	body  bytea,
	PRIMARY KEY (scope, key)
);
CREATE INDEX contactsync_hold_0 ON contactsync_hold (scope, i0, key) WHERE i0 IS NOT NULL;
CREATE INDEX contactsync_hold_1 ON contactsync_hold (scope, i1, key) WHERE i1 IS NOT NULL;
CREATE INDEX contactsync_hold_2 ON contactsync_hold (scope, i2, key) WHERE i2 IS NOT NULL;

CREATE TABLE contactsync_run (
	scope bigint NOT NULL,
	key   bytea NOT NULL,
	i0    bytea,
	i1    bytea,
	i2    bytea,
	stamp bytea,
	body  bytea,
	PRIMARY KEY (scope, key)
);

CREATE TABLE contactsync_journal (
	scope bigint NOT NULL,
	key   bytea NOT NULL,
	i0    bytea,
	i1    bytea,
	i2    bytea,
	stamp bytea,
	body  bytea,
	PRIMARY KEY (scope, key)
);
CREATE INDEX contactsync_journal_0 ON contactsync_journal (scope, i0, key) WHERE i0 IS NOT NULL;
CREATE INDEX contactsync_journal_1 ON contactsync_journal (scope, i1, key) WHERE i1 IS NOT NULL;

CREATE TABLE contactsync_inbox (
	scope bigint NOT NULL,
	key   bytea NOT NULL,
	i0    bytea,
	i1    bytea,
	i2    bytea,
	stamp bytea,
	body  bytea,
	PRIMARY KEY (scope, key)
);
CREATE INDEX contactsync_inbox_0 ON contactsync_inbox (scope, i0, key) WHERE i0 IS NOT NULL;
