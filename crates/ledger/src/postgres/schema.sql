-- Runs once, in the first schema of the connection's search path. Texts that are sorted are sorted by their bytes.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);

-- One row: the number of the last statement. Who appends or changes anything holds its lock until the end of the
-- transaction, so that numbers become visible in their order and without gaps.
CREATE TABLE counter (single BOOLEAN PRIMARY KEY DEFAULT true CHECK (single), last BIGINT NOT NULL);
INSERT INTO counter (last) VALUES (0);

-- One row a statement. `number` is its position: 1, 2, 3, … without gaps. Rows are never changed, and removed
-- by compaction alone.
-- All columns but `number`, `id`, `claim_count` and `body` repeat what `header` says, for the indexes.
CREATE TABLE statements (
    number      BIGINT PRIMARY KEY,
    id          BYTEA  NOT NULL UNIQUE,
    slot        BYTEA  NOT NULL, -- SHA-256 of author, line feed and scope: together they are too long for an index
    author      TEXT   COLLATE "C" NOT NULL,
    scope       TEXT   COLLATE "C" NOT NULL,
    op          BYTEA  NOT NULL,
    time        BIGINT NOT NULL, -- milliseconds since 1970
    source_at   BIGINT NOT NULL, -- the source's date, at most `time`
    rules       BIGINT NOT NULL,
    claims      BYTEA  NOT NULL,
    claim_count BIGINT NOT NULL,
    word        TEXT   COLLATE "C", -- type of fact of a person's word
    header      TEXT   NOT NULL, -- canonical form
    body        BIGINT NOT NULL
);
CREATE INDEX statements_slot ON statements (slot, source_at, rules, time, id);
CREATE INDEX statements_repeats ON statements (slot, claims);
CREATE INDEX statements_claims ON statements (claims);
CREATE INDEX statements_body ON statements (body);
CREATE INDEX statements_author ON statements (author, number);
CREATE INDEX statements_scope ON statements (scope);
CREATE INDEX statements_op ON statements (op);
CREATE INDEX statements_time ON statements (time);
CREATE INDEX statements_withdrawn ON statements (number) WHERE word = 'withdrawn';

CREATE TABLE replaces (replaced BYTEA NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (replaced, number));

-- The claims of one `claims` hash: one zstd stream, cut into parts, of newline-separated canonical claims, or, of a
-- redacted claim, the 64 digits of its hash. Where the first part has a `base`, the stream is the difference to that body
-- (difference.rs); then it says how many such stand on the whole body under them, the compressed bytes of these together,
-- and of the whole one.
-- A body has a number of its own, so that two who write the same claims at once don't wait for each other; the one who is
-- later removes what it wrote. `edition` is raised with every change, so that a reader notices one between two parts.
CREATE TABLE bodies (
    body      BIGINT  NOT NULL,
    part      INTEGER NOT NULL,
    edition   BIGINT  NOT NULL DEFAULT 0,
    bytes     BYTEA   NOT NULL,
    base      BIGINT,
    depth     INTEGER,
    differing BIGINT,
    whole     BIGINT,
    PRIMARY KEY (body, part)
);
ALTER TABLE bodies ALTER COLUMN bytes SET STORAGE EXTERNAL;
-- Each value is the first of as many numbers for bodies as the increment says.
CREATE SEQUENCE body_numbers INCREMENT BY 1024;

-- When a machine last said anything about a scope, in milliseconds since 1970.
CREATE TABLE heard (
    slot   BYTEA PRIMARY KEY,
    author TEXT   COLLATE "C" NOT NULL,
    scope  TEXT   COLLATE "C" NOT NULL,
    time   BIGINT NOT NULL
);

-- UTF-8 as bytes: they are sorted so, may be of any length and may hold what TEXT may not. `hash` is the SHA-256 of the
-- row's canonical form.
CREATE TABLE people (hash BYTEA PRIMARY KEY, id BYTEA NOT NULL, name BYTEA NOT NULL, address BYTEA NOT NULL);

-- Who was forgotten: their rows in the directory are blank for ever.
CREATE TABLE forgotten (id TEXT COLLATE "C" PRIMARY KEY);

-- Claims of which only the hash is left.
CREATE TABLE redacted (claim BYTEA PRIMARY KEY);

-- Accounts, sessions, tokens, settings: what never leaves the database but with a backup.
CREATE TABLE shelf (
    shelf TEXT COLLATE "C" NOT NULL,
    key   TEXT COLLATE "C" NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (shelf, key)
);

-- Estates whose ledgers were merged into this one, with their keys in hexadecimal digits.
CREATE TABLE estates (id TEXT COLLATE "C" NOT NULL, key TEXT COLLATE "C" NOT NULL, PRIMARY KEY (id, key));
