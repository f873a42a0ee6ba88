-- From schema 1: forgetting, redacting, and the small store beside the ledger.
INSERT INTO meta (key, value) VALUES ('revision', 0);
CREATE TABLE forgotten (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE redacted (claim BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE shelf (shelf TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (shelf, key)) WITHOUT ROWID;
