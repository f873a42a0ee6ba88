-- From schema 1: bodies as differences. All that are there stay whole. New columns, and no new table, so that the rights
-- of the servers' role go on.
ALTER TABLE bodies ADD COLUMN base BIGINT, ADD COLUMN depth INTEGER, ADD COLUMN differing BIGINT, ADD COLUMN whole BIGINT;
