-- Tables whose rows no statement's hash covers have one more column, `sum` (sums.rs): meta, heard, people, forgotten, redacted,
-- shelf, estates.
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- One row a statement. `number` is its position: 1, 2, 3, … without gaps.
-- All columns but `number`, `id` and `claim_count` repeat what `header` says, for the indexes.
CREATE TABLE statements (
    number      INTEGER PRIMARY KEY,
    id          BLOB    NOT NULL UNIQUE,
    author      TEXT    NOT NULL,
    scope       TEXT    NOT NULL,
    op          BLOB    NOT NULL,
    time        INTEGER NOT NULL, -- milliseconds since 1970
    source_at   INTEGER NOT NULL, -- the source's date, at most `time`
    rules       INTEGER NOT NULL,
    claims      BLOB    NOT NULL,
    claim_count INTEGER NOT NULL,
    word        TEXT,             -- type of fact of a person's word
    header      TEXT    NOT NULL  -- canonical form
);
CREATE INDEX statements_slot ON statements (author, scope, source_at, rules, time, id);
CREATE INDEX statements_claims ON statements (author, scope, claims);
CREATE INDEX statements_scope ON statements (scope);
CREATE INDEX statements_op ON statements (op);
CREATE INDEX statements_time ON statements (time);
CREATE INDEX statements_withdrawn ON statements (number) WHERE word = 'withdrawn';

CREATE TABLE replaces (replaced BLOB NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (replaced, number)) WITHOUT ROWID;

-- The claims of one `claims` hash: one zstd stream, cut into parts, of newline-separated canonical claims, or, of a
-- redacted claim, the 64 digits of its hash. Where `differences` has a row, the stream is the difference to another one.
CREATE TABLE bodies (claims BLOB NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (claims, part));

-- Bodies that are stored as the difference to another one (difference.rs): how many such stand on the whole one under
-- them, the compressed bytes of these together, and of the whole one.
CREATE TABLE differences (
    claims    BLOB    PRIMARY KEY,
    base      BLOB    NOT NULL,
    depth     INTEGER NOT NULL,
    differing INTEGER NOT NULL,
    whole     INTEGER NOT NULL
) WITHOUT ROWID;

-- When a machine last said anything about a scope, in milliseconds since 1970.
CREATE TABLE heard (author TEXT NOT NULL, scope TEXT NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (author, scope)) WITHOUT ROWID;

CREATE TABLE people (id TEXT NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL, PRIMARY KEY (id, name, address)) WITHOUT ROWID;

-- Who was forgotten: their rows in the directory are blank for ever.
CREATE TABLE forgotten (id TEXT PRIMARY KEY) WITHOUT ROWID;

-- Claims of which only the hash is left.
CREATE TABLE redacted (claim BLOB PRIMARY KEY) WITHOUT ROWID;

-- Accounts, sessions, tokens, settings: what never leaves this file but with a backup.
CREATE TABLE shelf (shelf TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (shelf, key)) WITHOUT ROWID;

-- Estates whose ledgers were merged into this one.
CREATE TABLE estates (id TEXT NOT NULL, key BLOB NOT NULL, PRIMARY KEY (id, key)) WITHOUT ROWID;
