-- The few blocks that too many records share are counted, and found among very many keys.
CREATE INDEX contactsync_key_0 ON contactsync_key (scope, i0, key) WHERE i0 IS NOT NULL;
