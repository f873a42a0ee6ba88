-- From schema 1: forgetting, redacting, the small store beside the ledger, and bodies as differences.
INSERT INTO meta (key, value) VALUES ('revision', 0);
CREATE TABLE forgotten (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE redacted (claim BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE shelf (shelf TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (shelf, key)) WITHOUT ROWID;
CREATE TABLE differences (
    claims    BLOB    PRIMARY KEY,
    base      BLOB    NOT NULL,
    depth     INTEGER NOT NULL,
    differing INTEGER NOT NULL,
    whole     INTEGER NOT NULL
) WITHOUT ROWID;
