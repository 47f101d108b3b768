-- When each connection is to be synced next, of those that a fleet has. at is in nanoseconds since 1970, NULL only within the
-- transaction that makes the entry.
CREATE TABLE contactsync_queue (
	owner      bytea NOT NULL,
	connection bytea NOT NULL,
	at         bigint,
	body       bytea,
	PRIMARY KEY (owner, connection)
);
CREATE INDEX contactsync_queue_at ON contactsync_queue (at, owner, connection);
