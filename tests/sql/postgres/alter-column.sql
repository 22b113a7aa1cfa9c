# ALTER TABLE … ALTER COLUMN, and columns added with defaults that are of the moment.
-- made
CREATE TABLE t (id int PRIMARY KEY, v int, w text NOT NULL DEFAULT 'w'); INSERT INTO t VALUES (1, 1, 'a'), (2, NULL, 'b')
;
-- a default
ALTER TABLE t ALTER COLUMN v SET DEFAULT 7; INSERT INTO t (id) VALUES (3); SELECT * FROM t ORDER BY id
;
-- another
ALTER TABLE t ALTER v SET DEFAULT 3 * 3, ALTER COLUMN w SET DEFAULT upper('x'); INSERT INTO t (id) VALUES (4); SELECT * FROM t WHERE id = 4
;
-- none
ALTER TABLE t ALTER COLUMN v DROP DEFAULT, ALTER COLUMN w DROP DEFAULT; INSERT INTO t (id, w) VALUES (5, 'e'); SELECT * FROM t WHERE id = 5
;
-- none, and NOT NULL
INSERT INTO t (id) VALUES (6)
;
-- nulls may come
ALTER TABLE t ALTER COLUMN w DROP NOT NULL; INSERT INTO t (id) VALUES (6); SELECT * FROM t WHERE id = 6
;
-- nulls are there
ALTER TABLE t ALTER COLUMN v SET NOT NULL
;
-- no more
UPDATE t SET v = 0 WHERE v IS NULL; ALTER TABLE t ALTER COLUMN v SET NOT NULL; SELECT is_nullable FROM information_schema.columns WHERE table_name = 't' AND column_name = 'v'
;
-- refused now
INSERT INTO t (id, v) VALUES (7, NULL)
;
-- a key stays
ALTER TABLE t ALTER COLUMN id DROP NOT NULL
;
-- no such column
ALTER TABLE t ALTER COLUMN nope SET DEFAULT 1
;
-- of another type
ALTER TABLE t ALTER COLUMN v SET DEFAULT 'x'
;
-- told
ALTER TABLE t ALTER COLUMN v SET DEFAULT 12; SELECT column_name, column_default FROM information_schema.columns WHERE table_name = 't' ORDER BY 1
;
-- a default of the moment
ALTER TABLE t ADD COLUMN made timestamptz DEFAULT now(); SELECT count(*), count(DISTINCT made) = 1, min(made) > now() - INTERVAL '1 minute' FROM t
;
-- and later rows
INSERT INTO t (id) VALUES (20); SELECT made > (SELECT min(made) FROM t) FROM t WHERE id = 20
;
-- its default stays
SELECT column_default FROM information_schema.columns WHERE table_name = 't' AND column_name = 'made'
;
-- not null
ALTER TABLE t ADD COLUMN IF NOT EXISTS day date NOT NULL DEFAULT current_date; SELECT count(*) FROM t WHERE day >= current_date - 1
;
-- a user
ALTER TABLE t ADD COLUMN who text DEFAULT current_user; SELECT DISTINCT who FROM t
;
-- without a key
CREATE TABLE k (a int); INSERT INTO k VALUES (1), (2); ALTER TABLE k ADD COLUMN made timestamptz DEFAULT now()
;
-- and a row that comes later
INSERT INTO k VALUES (3)
;
-- of two moments
SELECT count(*), count(DISTINCT made) FROM k
;
-- wider
CREATE TABLE y (id int PRIMARY KEY, v int DEFAULT 3, s varchar(3), d text); INSERT INTO y VALUES (1, 10, 'abc', '1.50'), (2, NULL, 'x', '2'); CREATE INDEX ON y (v)
;
-- bigint
ALTER TABLE y ALTER COLUMN v TYPE bigint; INSERT INTO y (id, v) VALUES (3, 5000000000); SELECT id, v, pg_typeof(v)::text FROM y ORDER BY id
;
-- by its index
SELECT id FROM y WHERE v = 5000000000
;
-- the key
ALTER TABLE y ALTER COLUMN id TYPE bigint; INSERT INTO y (id) VALUES (6000000000); SELECT id, v FROM y ORDER BY id
;
-- text
ALTER TABLE y ALTER s TYPE text; UPDATE y SET s = 'longer than three' WHERE id = 2; SELECT s FROM y ORDER BY id
;
-- not by itself
ALTER TABLE y ALTER COLUMN d TYPE numeric
;
-- with a cast
ALTER TABLE y ALTER COLUMN d SET DATA TYPE numeric USING d::numeric; SELECT id, d + 1 FROM y ORDER BY id
;
-- what does not convert
INSERT INTO y (id, s) VALUES (9, '12'), (10, 'twelve')
;
-- and is said so
ALTER TABLE y ALTER COLUMN s TYPE int USING s::int
;
-- as it was
SELECT s, pg_typeof(s)::text FROM y WHERE id = 9
;
-- of other columns
ALTER TABLE y ALTER COLUMN s TYPE int USING length(s) + id::int % 2; SELECT id, s FROM y WHERE id < 100 ORDER BY id
;
-- too narrow
ALTER TABLE y ALTER COLUMN v TYPE smallint
;
-- shorter, with a default that does not fit
ALTER TABLE y ALTER COLUMN v SET DEFAULT 7; ALTER TABLE y ALTER COLUMN v TYPE text; INSERT INTO y (id) VALUES (11); SELECT v, pg_typeof(v)::text FROM y WHERE id IN (1, 11) ORDER BY id
;
