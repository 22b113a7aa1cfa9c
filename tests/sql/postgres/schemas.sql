# Several schemas: names with one and without, the search path, what the catalog says of them.
-- made
CREATE SCHEMA sales
;
-- made twice
CREATE SCHEMA sales
;
-- unless there
CREATE SCHEMA IF NOT EXISTS sales
;
-- of the system
CREATE SCHEMA pg_mine
;
-- tables of one name
CREATE TABLE sales.t (id int PRIMARY KEY, v text); CREATE TABLE t (id int PRIMARY KEY, w int)
;
-- rows
INSERT INTO sales.t VALUES (1, 'a'), (2, 'b'); INSERT INTO t VALUES (7, 70)
;
-- both
SELECT a.id, a.v, b.w FROM sales.t a, public.t b ORDER BY 1
;
-- columns with table and schema
SELECT sales.t.v, t.id FROM sales.t WHERE t.id = 1
;
-- a table of another schema
SELECT public.t.v FROM sales.t
;
-- no such schema
SELECT * FROM nowhere.t
;
-- nothing is made in it
CREATE TABLE nowhere.t (a int)
;
-- views over them
CREATE VIEW sales.both AS SELECT a.id, a.v, b.w FROM sales.t a, t b
;
-- read
SELECT * FROM sales.both ORDER BY id
;
-- the path before
SELECT current_schema(), current_schemas(false), current_schemas(true)
;
-- another path
SET search_path TO sales
;
-- the path
SELECT current_schema(), current_schemas(false)
;
-- shown
SHOW search_path
;
-- along it
SELECT * FROM t ORDER BY id
;
-- qualified where that is needed
SELECT 't'::regclass::text, 'public.t'::regclass::text, to_regclass('sales.t') IS NULL, to_regclass('nowhere.t') IS NULL, pg_table_is_visible('public.t'::regclass)
;
-- a view made along it
CREATE VIEW counted AS SELECT v, (SELECT max(id) FROM t) AS newest FROM t
;
-- an index
CREATE INDEX by_v ON t (v)
;
-- changes
UPDATE t SET v = 'z' WHERE id = 2 RETURNING t.id, t.v; DELETE FROM t WHERE id = 1 RETURNING *
;
-- an alias
UPDATE sales.t AS x SET v = x.v || '!' WHERE x.id = 2 RETURNING x.v
;
-- inserts with conflicts
INSERT INTO t AS n VALUES (2, 'y') ON CONFLICT (id) DO UPDATE SET v = excluded.v || n.v RETURNING *
;
-- a merge of rows that are there
INSERT INTO sales.t SELECT id + 10, w::text FROM public.t
;
-- dropped along it
CREATE TABLE short (a int); DROP TABLE short
;
-- gone
SELECT * FROM short
;
-- no schema at all
SET search_path TO ''
;
-- not found
SELECT * FROM t
;
-- nowhere to go
CREATE TABLE x (a int)
;
-- no schema
SELECT current_schema(), current_schemas(false)
;
-- one that is not there
SET search_path TO nowhere, public
;
-- passed over
SELECT current_schema(), current_schemas(false)
;
-- back
RESET search_path
;
-- the view goes on meaning what it meant
SELECT * FROM sales.counted ORDER BY v
;
-- not here
SELECT * FROM counted
;
-- the other first
SET search_path TO public, sales
;
-- first of the path
SELECT * FROM t; SELECT count(*) FROM counted
;
-- ambiguous to nobody
SELECT 't'::regclass::text, 'counted'::regclass::text, 'sales.t'::regclass::text
;
-- schemas
SELECT nspname FROM pg_namespace WHERE nspname IN ('public', 'sales', 'nowhere') ORDER BY 1
;
-- schemata
SELECT schema_name FROM information_schema.schemata WHERE schema_name IN ('public', 'sales') ORDER BY 1
;
-- relations
SELECT n.nspname, c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'sales') ORDER BY 1, 2
;
-- tables
SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('public', 'sales') ORDER BY 1, 2
;
-- columns
SELECT table_schema, column_name FROM information_schema.columns WHERE table_name = 't' ORDER BY 1, 2
;
-- indexes
SELECT schemaname, tablename, indexname FROM pg_indexes WHERE schemaname = 'sales' ORDER BY 3
;
-- keys
SELECT constraint_schema, table_name, constraint_name FROM information_schema.table_constraints WHERE constraint_type = 'PRIMARY KEY' AND table_schema IN ('public', 'sales') ORDER BY 1
;
-- moved
CREATE SCHEMA archive; CREATE TABLE old (id int PRIMARY KEY, x int); CREATE INDEX by_x ON old (x); INSERT INTO old VALUES (1, 2); ALTER TABLE old SET SCHEMA archive
;
-- there
SELECT * FROM archive.old; SELECT schemaname, indexname FROM pg_indexes WHERE tablename = 'old' ORDER BY 2
;
-- not here any more
SELECT * FROM old
;
-- moved nowhere
ALTER TABLE archive.old SET SCHEMA nowhere
;
-- renamed in its schema
ALTER TABLE archive.old RENAME TO older; SELECT * FROM archive.older
;
-- a name that is taken in another schema
CREATE TABLE archive.t (a int); ALTER TABLE archive.older RENAME TO t
;
-- temporary tables come first
CREATE TEMPORARY TABLE counted (n int); INSERT INTO counted VALUES (5); SELECT * FROM counted; DROP TABLE counted
;
-- comments
COMMENT ON TABLE sales.t IS 'sold'; COMMENT ON COLUMN sales.t.v IS 'what'; SELECT obj_description('sales.t'::regclass), col_description('sales.t'::regclass, 2)
;
-- full
DROP SCHEMA sales
;
-- with all that is in it
DROP SCHEMA archive CASCADE
;
-- gone with it
SELECT * FROM archive.t
;
-- twice
DROP SCHEMA archive
;
-- unless gone
DROP SCHEMA IF EXISTS archive
;
-- everything
DROP SCHEMA sales CASCADE; SELECT count(*) FROM pg_class WHERE relname IN ('both', 'counted', 'by_v')
;
-- what is left
SELECT * FROM t
;
