# What Metabase's PostgreSQL driver sends besides what the JDBC driver asks of the catalog by itself: from its source (metabase.driver.postgres,
# metabase.driver.sql-jdbc, metabase.driver.sql), as HoneySQL renders it. How a block is written: tests/clients/replay.md.
-- @setup
create table bi_people (id int primary key, name text not null, email varchar(40), plan text default 'free', born date, seen timestamptz, at timestamp, wakes time,
  score double precision, balance numeric(10,2), active boolean, extra jsonb, u uuid);
create table "bi_Visit log" (id bigint primary key, person_id int, "When" timestamptz, pages int);
create index bi_visit_person on "bi_Visit log" (person_id);
insert into bi_people values
  (1, 'Ann', 'ann@example.com', 'pro', '1990-03-04', '2024-02-29 10:00:00+00', '2024-02-29 10:00:00', '06:30:15', 1.5, 10.25, true, '{"city": "Wien", "n": 3, "deep": {"a": true}}', '01234567-89ab-cdef-0123-456789abcdef'),
  (2, 'Bob', null, 'free', null, '2024-03-31 23:30:00+00', '2024-03-31 23:30:00', '23:59:59', -2, null, false, '{"city": "Graz", "n": 4.5}', null),
  (3, 'Cy "the" O''Hara', 'cy@example.com', 'free', '2001-12-31', null, null, null, null, 0, null, null, null);
insert into "bi_Visit log" values (1, 1, '2024-01-01 00:00:00+00', 3), (2, 1, '2024-01-08 12:00:00+00', 4), (3, 2, '2024-02-29 23:59:59+00', 1), (4, null, '2024-03-01 08:00:00+00', 9);
create view bi_active as select id, name from bi_people where active;
create materialized view bi_plans as select plan, count(*) as n from bi_people group by plan
;
-- whether the connection works
SELECT 1
;
-- the time zone of the server
show timezone;
;
-- the time zone of the session
SET SESSION TIMEZONE TO 'UTC';
;
-- the types that are enumerations
SELECT nspname, typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.oid IN (SELECT DISTINCT enumtypid FROM pg_enum e)
;
-- the tables
-- with: 0 | ^pg_ | information_schema | public
SELECT "n"."nspname" AS "schema", "c"."relname" AS "name", CASE "c"."relkind" WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'v' THEN 'VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE NULL END AS "type", "d"."description" AS "description" FROM "pg_catalog"."pg_class" AS "c" INNER JOIN "pg_catalog"."pg_namespace" AS "n" ON "c"."relnamespace" = "n"."oid" LEFT JOIN "pg_catalog"."pg_description" AS "d" ON ("c"."oid" = "d"."objoid") AND ("d"."objsubid" = ?) AND ("d"."classoid" = 'pg_class'::regclass) LEFT JOIN "pg_stat_user_tables" AS "stat" ON ("n"."nspname" = "stat"."schemaname") AND ("c"."relname" = "stat"."relname") WHERE ("c"."relnamespace" = "n"."oid") AND ("n"."nspname" !~ ?) AND ("n"."nspname" <> ?) AND c.relkind in ('r', 'p', 'v', 'f', 'm') AND ("n"."nspname" IN (?)) ORDER BY "type" ASC, "schema" ASC, "name" ASC
;
-- how many rows the tables have
-- differs: PostgreSQL counts for itself, later
SELECT "stat"."n_live_tup" AS "estimated_row_count" FROM "pg_stat_user_tables" AS "stat" WHERE "stat"."relname" = 'bi_people'
;
-- what the user may do
-- differs: the views of the schema millrace
with table_privileges as (
 select
   NULL as role,
   t.schemaname as schema,
   t.objectname as table,
   pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"',  'update') as update,
   pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"',  'select') as select,
   pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"',  'insert') as insert,
   pg_catalog.has_table_privilege(     current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"',  'delete') as delete
 from (
   select schemaname, tablename as objectname from pg_catalog.pg_tables
   union
   select schemaname, viewname as objectname from pg_catalog.pg_views
   union
   select schemaname, matviewname as objectname from pg_catalog.pg_matviews
 ) t
 where t.schemaname !~ '^pg_'
   and t.schemaname <> 'information_schema'
   and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage')
)
select t.*
from table_privileges t
;
-- whether a table can be read
SELECT TRUE AS "_" FROM "public"."bi_Visit log" WHERE 1 <> 1 LIMIT 0
;
-- the columns
-- differs: the columns of materialized views come twice, alike: information_schema has them too, so that other tools find them
-- with: public | public
SELECT "c"."column_name" AS "name", CASE WHEN "c"."udt_schema" IN ('public', 'pg_catalog') THEN FORMAT('%s', "c"."udt_name") ELSE FORMAT('"%s"."%s"', "c"."udt_schema", "c"."udt_name") END AS "database-type", "c"."ordinal_position" - 1 AS "database-position", "c"."table_schema" AS "table-schema", "c"."table_name" AS "table-name", "pk"."column_name" IS NOT NULL AS "pk?", COL_DESCRIPTION(CAST(CAST(FORMAT('%I.%I', CAST("c"."table_schema" AS TEXT), CAST("c"."table_name" AS TEXT)) AS REGCLASS) AS OID), "c"."ordinal_position") AS "field-comment", (("column_default" IS NULL) OR (LOWER("column_default") = 'null')) AND ("is_nullable" = 'NO') AND NOT ((("column_default" IS NOT NULL) AND ("column_default" LIKE '%nextval(%')) OR ("is_identity" <> 'NO')) AS "database-required", (("column_default" IS NOT NULL) AND ("column_default" LIKE '%nextval(%')) OR ("is_identity" <> 'NO') AS "database-is-auto-increment" FROM "information_schema"."columns" AS "c" LEFT JOIN (SELECT "tc"."table_schema", "tc"."table_name", "kc"."column_name" FROM "information_schema"."table_constraints" AS "tc" INNER JOIN "information_schema"."key_column_usage" AS "kc" ON ("tc"."constraint_name" = "kc"."constraint_name") AND ("tc"."table_schema" = "kc"."table_schema") AND ("tc"."table_name" = "kc"."table_name") WHERE "tc"."constraint_type" = 'PRIMARY KEY') AS "pk" ON ("c"."table_schema" = "pk"."table_schema") AND ("c"."table_name" = "pk"."table_name") AND ("c"."column_name" = "pk"."column_name") WHERE c.table_schema !~ '^information_schema|catalog_history|pg_' AND ("c"."table_schema" IN (?)) UNION ALL SELECT "pa"."attname" AS "name", CASE WHEN "ptn"."nspname" IN ('public', 'pg_catalog') THEN FORMAT('%s', "pt"."typname") ELSE FORMAT('"%s"."%s"', "ptn"."nspname", "pt"."typname") END AS "database-type", "pa"."attnum" - 1 AS "database-position", "pn"."nspname" AS "table-schema", "pc"."relname" AS "table-name", FALSE AS "pk?", NULL AS "field-comment", FALSE AS "database-required", FALSE AS "database-is-auto-increment" FROM "pg_catalog"."pg_class" AS "pc" INNER JOIN "pg_catalog"."pg_namespace" AS "pn" ON "pn"."oid" = "pc"."relnamespace" INNER JOIN "pg_catalog"."pg_attribute" AS "pa" ON "pa"."attrelid" = "pc"."oid" INNER JOIN "pg_catalog"."pg_type" AS "pt" ON "pt"."oid" = "pa"."atttypid" INNER JOIN "pg_catalog"."pg_namespace" AS "ptn" ON "ptn"."oid" = "pt"."typnamespace" WHERE ("pc"."relkind" = 'm') AND ("pa"."attnum" >= 1) AND ("pn"."nspname" IN (?)) ORDER BY "table-schema" ASC, "table-name" ASC, "database-position" ASC
;
-- the foreign keys
-- with: public
SELECT "fk_ns"."nspname" AS "fk-table-schema", "fk_table"."relname" AS "fk-table-name", "fk_column"."attname" AS "fk-column-name", "pk_ns"."nspname" AS "pk-table-schema", "pk_table"."relname" AS "pk-table-name", "pk_column"."attname" AS "pk-column-name" FROM "pg_constraint" AS "c" INNER JOIN "pg_class" AS "fk_table" ON "c"."conrelid" = "fk_table"."oid" INNER JOIN "pg_namespace" AS "fk_ns" ON "c"."connamespace" = "fk_ns"."oid" INNER JOIN "pg_attribute" AS "fk_column" ON "c"."conrelid" = "fk_column"."attrelid" INNER JOIN "pg_class" AS "pk_table" ON "c"."confrelid" = "pk_table"."oid" INNER JOIN "pg_namespace" AS "pk_ns" ON "pk_table"."relnamespace" = "pk_ns"."oid" INNER JOIN "pg_attribute" AS "pk_column" ON "c"."confrelid" = "pk_column"."attrelid" WHERE fk_ns.nspname !~ '^information_schema|catalog_history|pg_' AND ("c"."contype" = 'f'::char) AND ("fk_column"."attnum" = ANY(c.conkey)) AND ("pk_column"."attnum" = ANY(c.confkey)) AND ("fk_ns"."nspname" IN (?)) ORDER BY "fk-table-schema" ASC, "fk-table-name" ASC
;
-- the indexes
-- with: public
SELECT "tmp"."table-schema", "tmp"."table-name", TRIM(BOTH '"' FROM PG_CATALOG.PG_GET_INDEXDEF("tmp"."ci_oid", "tmp"."pos", FALSE)) AS "field-name" FROM (SELECT "n"."nspname" AS "table-schema", "ct"."relname" AS "table-name", "ci"."oid" AS "ci_oid", (INFORMATION_SCHEMA._PG_EXPANDARRAY("i"."indkey")).n AS "pos" FROM "pg_catalog"."pg_class" AS "ct" INNER JOIN "pg_catalog"."pg_namespace" AS "n" ON "ct"."relnamespace" = "n"."oid" INNER JOIN "pg_catalog"."pg_index" AS "i" ON "ct"."oid" = "i"."indrelid" INNER JOIN "pg_catalog"."pg_class" AS "ci" ON "ci"."oid" = "i"."indexrelid" WHERE (PG_CATALOG.PG_GET_EXPR("i"."indpred", "i"."indrelid") IS NULL) AND n.nspname !~ '^information_schema|catalog_history|pg_' AND ("n"."nspname" IN (?))) AS "tmp" WHERE "tmp"."pos" = 1 ORDER BY 1, 2, 3
;
-- the fingerprint of fields: a sample, texts cut
SELECT "source"."id" AS "id", "source"."substring71" AS "substring71", "source"."seen" AS "seen", "source"."score" AS "score" FROM (SELECT "public"."bi_people"."id" AS "id", SUBSTRING("public"."bi_people"."name", 1, 1234) AS "substring71", "public"."bi_people"."seen" AS "seen", "public"."bi_people"."score" AS "score" FROM "public"."bi_people" ORDER BY "public"."bi_people"."id" ASC) AS "source" LIMIT 10000
;
-- the values of a field
SELECT "public"."bi_people"."plan" AS "plan" FROM "public"."bi_people" GROUP BY "public"."bi_people"."plan" ORDER BY "public"."bi_people"."plan" ASC LIMIT 1001
;
-- the keys of a JSON column: a sample
SELECT "public"."bi_people"."id" AS "id", CASE WHEN LENGTH(CAST("public"."bi_people"."extra" AS TEXT)) < 200000 THEN "public"."bi_people"."extra" ELSE NULL END AS "extra" FROM "public"."bi_people" ORDER BY "public"."bi_people"."id" LIMIT 500
;
-- a question: the rows of a table
SELECT "public"."bi_people"."id" AS "id", "public"."bi_people"."name" AS "name", "public"."bi_people"."email" AS "email", "public"."bi_people"."born" AS "born", "public"."bi_people"."seen" AS "seen", "public"."bi_people"."wakes" AS "wakes", "public"."bi_people"."balance" AS "balance", "public"."bi_people"."active" AS "active", "public"."bi_people"."u" AS "u" FROM "public"."bi_people" ORDER BY "public"."bi_people"."id" ASC LIMIT 2000
;
-- a question: filters
-- with: %o'h% | 1 | 2024-02-01
SELECT COUNT(*) AS "count" FROM "public"."bi_people" WHERE (LOWER("public"."bi_people"."name") LIKE ?) OR (("public"."bi_people"."id" = ?) AND ("public"."bi_people"."seen" >= CAST(? AS timestamptz)) AND ("public"."bi_people"."email" IS NOT NULL) AND (("public"."bi_people"."email" <> '') OR ("public"."bi_people"."email" IS NULL)))
;
-- a question: by month
SELECT CAST(DATE_TRUNC('month', "public"."bi_people"."born") AS date) AS "born", COUNT(*) AS "count", SUM("public"."bi_people"."balance") AS "sum", AVG("public"."bi_people"."score") AS "avg" FROM "public"."bi_people" GROUP BY CAST(DATE_TRUNC('month', "public"."bi_people"."born") AS date) ORDER BY CAST(DATE_TRUNC('month', "public"."bi_people"."born") AS date) ASC
;
-- a question: by day, week from Sunday, quarter and year
SELECT CAST("public"."bi_Visit log"."When" AS date) AS "day", (DATE_TRUNC('week', ("public"."bi_Visit log"."When" + INTERVAL '1 day')) + INTERVAL '-1 day') AS "week", DATE_TRUNC('quarter', "public"."bi_Visit log"."When") AS "quarter", DATE_TRUNC('year', "public"."bi_Visit log"."When") AS "year", COUNT(*) AS "count" FROM "public"."bi_Visit log" GROUP BY CAST("public"."bi_Visit log"."When" AS date), (DATE_TRUNC('week', ("public"."bi_Visit log"."When" + INTERVAL '1 day')) + INTERVAL '-1 day'), DATE_TRUNC('quarter', "public"."bi_Visit log"."When"), DATE_TRUNC('year', "public"."bi_Visit log"."When") ORDER BY 1 ASC
;
-- a question: by the hour of the day and the like
SELECT CAST(EXTRACT(hour FROM "public"."bi_Visit log"."When") AS integer) AS "hour", CAST(EXTRACT(doy FROM "public"."bi_Visit log"."When") AS integer) AS "doy", CAST(EXTRACT(month FROM "public"."bi_Visit log"."When") AS integer) AS "month", CAST(EXTRACT(quarter FROM "public"."bi_Visit log"."When") AS integer) AS "quarter", CAST(EXTRACT(week FROM "public"."bi_Visit log"."When") AS integer) AS "week", CASE WHEN MOD((CAST(EXTRACT(dow FROM "public"."bi_Visit log"."When") AS integer) + 1), 7) = 0 THEN 7 ELSE MOD((CAST(EXTRACT(dow FROM "public"."bi_Visit log"."When") AS integer) + 1), 7) END AS "dow", SUM("public"."bi_Visit log"."pages") AS "sum" FROM "public"."bi_Visit log" GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 2 ASC
;
-- a question: a time of the day in minutes
SELECT MAKE_TIME(EXTRACT(hour FROM "public"."bi_people"."wakes")::integer, EXTRACT(minute FROM "public"."bi_people"."wakes")::integer, 0.0) AS "wakes", COUNT(*) AS "count" FROM "public"."bi_people" GROUP BY MAKE_TIME(EXTRACT(hour FROM "public"."bi_people"."wakes")::integer, EXTRACT(minute FROM "public"."bi_people"."wakes")::integer, 0.0) ORDER BY 1 ASC
;
-- a question: a relative date
SELECT COUNT(*) AS "count" FROM "public"."bi_Visit log" WHERE ("public"."bi_Visit log"."When" >= CAST(CAST((NOW() + INTERVAL '-30 day') AS date) AS timestamptz)) AND ("public"."bi_Visit log"."When" < CAST(CAST((NOW() + INTERVAL '1 day') AS date) AS timestamptz))
;
-- a question: bins of numbers
SELECT FLOOR((("public"."bi_Visit log"."pages" - 0.0) / 2.5)) * 2.5 + 0.0 AS "pages", COUNT(*) AS "count" FROM "public"."bi_Visit log" GROUP BY FLOOR((("public"."bi_Visit log"."pages" - 0.0) / 2.5)) * 2.5 + 0.0 ORDER BY 1 ASC
;
-- a question: a join
SELECT "People"."plan" AS "People__plan", COUNT(distinct "public"."bi_Visit log"."id") AS "count", SUM("public"."bi_Visit log"."pages") AS "sum" FROM "public"."bi_Visit log" LEFT JOIN "public"."bi_people" AS "People" ON "public"."bi_Visit log"."person_id" = "People"."id" GROUP BY "People"."plan" ORDER BY "sum" DESC, "People"."plan" ASC
;
-- a question: a question of a question
SELECT "source"."plan" AS "plan", "source"."count" AS "count", CAST("source"."count" AS DOUBLE PRECISION) / NULLIF(2, 0) AS "half" FROM (SELECT "public"."bi_people"."plan" AS "plan", COUNT(*) AS "count" FROM "public"."bi_people" GROUP BY "public"."bi_people"."plan" ORDER BY "public"."bi_people"."plan" ASC) AS "source" WHERE "source"."count" > 1 ORDER BY 1 LIMIT 1048575
;
-- a question: a column of JSON unfolded
SELECT ("public"."bi_people"."extra"#>> array['city']::text[])::text AS "extra → city", COUNT(*) AS "count" FROM "public"."bi_people" GROUP BY "extra → city" ORDER BY "extra → city" ASC
;
-- a question: a number of JSON unfolded
SELECT SUM(("public"."bi_people"."extra"#>> array['n']::text[])::decimal) AS "sum", (COUNT(*) FILTER (WHERE ("public"."bi_people"."extra"#>> array['deep', 'a']::text[])::boolean)) AS "a" FROM "public"."bi_people"
;
-- a question: statistics
SELECT PERCENTILE_CONT(0.5) within group (order by "public"."bi_Visit log"."pages") AS "median", PERCENTILE_CONT(0.9) within group (order by "public"."bi_Visit log"."pages") AS "p90", STDDEV_POP("public"."bi_Visit log"."pages") AS "stddev", VAR_POP("public"."bi_Visit log"."pages") AS "var", SUM(CASE WHEN "public"."bi_Visit log"."pages" > 3 THEN 1 ELSE 0.0 END) / CAST(COUNT(*) AS DOUBLE PRECISION) AS "share" FROM "public"."bi_Visit log"
;
-- a question: expressions on texts
SELECT SUBSTRING("name" FROM '[A-Z]+') AS "first", CASE WHEN 1 < 1 THEN '' ELSE SPLIT_PART("email", '@', 1) END AS "user", CONCAT("name", ' ', "email") AS "c", REGEXP_REPLACE("name", 'n+', 'N') AS "r", COALESCE("email", '-') AS "e", LENGTH("name") AS "l", CAST("id" AS TEXT) AS "t" FROM bi_people ORDER BY id
;
-- a question: expressions on times
SELECT TIMEZONE('Europe/Vienna', "seen") AS "local", TIMEZONE('Asia/Tokyo', TIMEZONE('UTC', "at")) AS "tokyo", CAST(EXTRACT(year FROM AGE(DATE_TRUNC('day', "seen"), DATE_TRUNC('day', CAST("born" AS timestamptz)))) AS integer) AS "years", CAST("seen" AS date) - CAST("born" AS date) AS "days", CAST(TRUNC(EXTRACT(epoch FROM "seen") - EXTRACT(epoch FROM CAST("at" AS timestamptz))) AS integer) AS "seconds", ("at" + INTERVAL '3 month') AS "later", CAST(("born" + INTERVAL '1 day') AS date) AS "next", TO_TIMESTAMP(1709200807) AS "unix" FROM bi_people ORDER BY id
;
-- a question: windows
SELECT "plan", "count", SUM("count") OVER (ORDER BY "plan" ASC ROWS UNBOUNDED PRECEDING) AS "running", LAG("count", 1) OVER (ORDER BY "plan" ASC) AS "before" FROM (SELECT plan, COUNT(*) AS "count" FROM bi_people GROUP BY plan) AS "source" ORDER BY "plan" ASC
;
-- a native question, as Metabase sends it
-- Metabase:: userID: 1 queryType: native queryHash: 0123abcd
SELECT * FROM bi_active
;
-- a materialized view
SELECT "public"."bi_plans"."plan" AS "plan", "public"."bi_plans"."n" AS "n" FROM "public"."bi_plans" ORDER BY 1 LIMIT 2000
;
-- a role
SET ROLE NONE;
;
-- a model that is kept: the schema
CREATE SCHEMA IF NOT EXISTS "metabase_cache_1";
;
-- an upload: the table
CREATE TABLE "public"."bi_upload" ("_mb_row_id" bigint NOT NULL, "name" varchar(255), "n" bigint, "at" timestamp with time zone, PRIMARY KEY ("_mb_row_id"))
;
-- an upload: a table that numbers its rows
CREATE TABLE "public"."bi_upload2" ("_mb_row_id" BIGSERIAL, "name" varchar(255), PRIMARY KEY ("_mb_row_id"))
;
-- an upload: more columns
ALTER TABLE "public"."bi_upload" ADD COLUMN "more" text
;
-- an upload: gone
DROP TABLE "public"."bi_upload"
;
-- an upload: rows that are numbered
INSERT INTO "public"."bi_upload2" ("name") VALUES ('one'), ('two')
;
-- an upload: those too are gone
DROP TABLE "public"."bi_upload2"
;
-- an error in a question
-- fails: 42703
SELECT "public"."bi_people"."nothing" FROM "public"."bi_people"
;
-- @cleanup
drop table if exists bi_upload;
drop table if exists bi_upload2;
drop materialized view if exists bi_plans;
drop view if exists bi_active;
drop table if exists bi_people;
drop table if exists "bi_Visit log";
drop schema if exists metabase_cache_1
;
