# What Grafana's PostgreSQL data source sends, from its source (public/app/plugins/datasource/grafana-postgresql-datasource and
# pkg/tsdb/grafana-postgresql-datasource), its macros expanded. How a block is written: tests/clients/replay.md.
-- @setup
create table bi_metrics (id int primary key, time timestamptz, epoch bigint, host text, cpu double precision, load numeric(10,3), ok boolean, note varchar(20));
insert into bi_metrics values
  (1, '2024-02-29 10:00:07+00', 1709200807, 'a', 10.5, 1.250, true, 'one'), (2, '2024-02-29 10:01:00+00', 1709200860, 'b', 20.25, 2.5, false, null),
  (3, '2024-02-29 10:04:59.999+00', 1709201099, 'a', 30, null, true, 'it''s'), (4, '2024-02-29 10:05:00+00', 1709201100, 'a', null, 4, null, ''),
  (5, '2024-02-29 10:11:00+00', 1709201460, 'b', 50, 5, true, 'five'), (6, '2024-02-29 12:00:00+00', 1709208000, 'c', 60, 6, false, 'six');
create view "bi_By Host" as select host, count(*) as n, max(time) as "last Seen" from bi_metrics group by host;
create materialized view bi_hosts as select host, avg(cpu) as cpu from bi_metrics group by host
;
-- the version
SELECT current_setting('server_version_num')::int/100 as version
;
-- whether TimescaleDB is there
SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'
;
-- the schemas
-- differs: the schema millrace is there
SELECT schema_name AS "name"
    FROM information_schema.schemata
    WHERE schema_name NOT IN ('information_schema',
                              'pg_catalog',
                              'pg_toast',
                              '_timescaledb_cache',
                              '_timescaledb_catalog',
                              '_timescaledb_internal',
                              '_timescaledb_config',
                              'timescaledb_information',
                              'timescaledb_experimental')
    ORDER BY schema_name
;
-- the tables of a schema
-- differs: materialized views are in it too, so that the query builder offers them
SELECT quote_ident(table_name) AS "table"
      FROM information_schema.tables
      WHERE quote_ident(table_schema) = 'public'
      ORDER BY 1
;
-- the tables
-- differs: the views of the schema millrace, and materialized views
SELECT
    CASE WHEN 
          quote_ident(table_schema) IN (
          SELECT
            CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
          FROM
            generate_series(
              array_lower(string_to_array(current_setting('search_path'),','),1),
              array_upper(string_to_array(current_setting('search_path'),','),1)
            ) as i,
            string_to_array(current_setting('search_path'),',') s
          )
      THEN quote_ident(table_name)
      ELSE quote_ident(table_schema) || '.' || quote_ident(table_name)
    END AS "table"
    FROM information_schema.tables
    WHERE quote_ident(table_schema) NOT IN ('information_schema',
                             'pg_catalog',
                             '_timescaledb_cache',
                             '_timescaledb_catalog',
                             '_timescaledb_internal',
                             '_timescaledb_config',
                             'timescaledb_information',
                             'timescaledb_experimental')
    ORDER BY CASE WHEN 
          quote_ident(table_schema) IN (
          SELECT
            CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
          FROM
            generate_series(
              array_lower(string_to_array(current_setting('search_path'),','),1),
              array_upper(string_to_array(current_setting('search_path'),','),1)
            ) as i,
            string_to_array(current_setting('search_path'),',') s
          ) THEN 0 ELSE 1 END, 1
;
-- the columns of a table
SELECT quote_ident(column_name) AS "column", data_type AS "type"
    FROM information_schema.columns
    WHERE
      CASE WHEN array_length(parse_ident('bi_metrics'),1) = 2
        THEN quote_ident(table_schema) = (parse_ident('bi_metrics'))[1]
          AND quote_ident(table_name) = (parse_ident('bi_metrics'))[2]
        ELSE quote_ident(table_name) = 'bi_metrics'
          AND 
          quote_ident(table_schema) IN (
          SELECT
            CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
          FROM
            generate_series(
              array_lower(string_to_array(current_setting('search_path'),','),1),
              array_upper(string_to_array(current_setting('search_path'),','),1)
            ) as i,
            string_to_array(current_setting('search_path'),',') s
          )
      END
;
-- the columns of a view with a schema and a quoted name
SELECT quote_ident(column_name) AS "column", data_type AS "type"
    FROM information_schema.columns
    WHERE
      CASE WHEN array_length(parse_ident('public."bi_By Host"'),1) = 2
        THEN quote_ident(table_schema) = (parse_ident('public."bi_By Host"'))[1]
          AND quote_ident(table_name) = (parse_ident('public."bi_By Host"'))[2]
        ELSE quote_ident(table_name) = 'public."bi_By Host"'
          AND 
          quote_ident(table_schema) IN (
          SELECT
            CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
          FROM
            generate_series(
              array_lower(string_to_array(current_setting('search_path'),','),1),
              array_upper(string_to_array(current_setting('search_path'),','),1)
            ) as i,
            string_to_array(current_setting('search_path'),',') s
          )
      END
;
-- schema: the schemas
-- differs: the schema millrace is there
-- extended:
SELECT schema_name FROM information_schema.schemata
		 WHERE schema_name NOT LIKE 'pg_%' AND schema_name != 'information_schema'
		 ORDER BY schema_name
;
-- schema: the tables
-- with: public
SELECT table_name FROM information_schema.tables
		 WHERE table_schema = $1 AND table_type IN ('BASE TABLE', 'VIEW')
		 ORDER BY table_name
;
-- schema: the columns
-- with: public | bi_metrics
SELECT column_name, data_type, udt_name, numeric_precision, numeric_scale
		 FROM information_schema.columns
		 WHERE table_schema = $1 AND table_name = $2
		 ORDER BY ordinal_position
;
-- schema: the values of columns
-- extended:
SELECT 'host' AS col_name, "host"::text AS val FROM (SELECT DISTINCT "host" FROM "public"."bi_metrics" WHERE "host" IS NOT NULL ORDER BY "host" LIMIT 100) sub_0 UNION ALL SELECT 'cpu' AS col_name, "cpu"::text AS val FROM (SELECT DISTINCT "cpu" FROM "public"."bi_metrics" WHERE "cpu" IS NOT NULL ORDER BY "cpu" LIMIT 100) sub_1
;
-- a variable
SELECT DISTINCT host FROM bi_metrics WHERE host IN ('a','b') ORDER BY 1
;
-- a variable with texts and values
SELECT host AS __text, id AS __value FROM bi_metrics WHERE time BETWEEN '2024-02-29T10:00:00Z' AND '2024-02-29T11:00:00Z' ORDER BY id
;
-- a panel: $__time and $__timeFilter
SELECT time AS "time", cpu FROM bi_metrics WHERE time BETWEEN '2024-02-29T10:00:00Z' AND '2024-02-29T10:30:00.5Z' ORDER BY 1
;
-- a panel: $__timeEpoch
SELECT extract(epoch from time) as "time", cpu FROM bi_metrics WHERE time >= '2024-02-29T10:00:00Z' AND time <= '2024-02-29T11:00:00Z' ORDER BY time
;
-- a panel: $__timeGroupAlias, by the alias
SELECT floor(extract(epoch from time)/300)*300 AS "time", host AS metric, avg(cpu) AS cpu FROM bi_metrics WHERE time BETWEEN '2024-02-29T10:00:00Z' AND '2024-02-29T11:00:00Z' GROUP BY 1, metric ORDER BY 1, 2
;
-- a panel: $__timeGroup in a window
SELECT
  floor(extract(epoch from time)/300)*300 AS "time",
  sum(sum(load)) OVER (PARTITION BY host ORDER BY floor(extract(epoch from time)/300)*300) AS load,
  host
FROM bi_metrics
WHERE time BETWEEN '2024-02-29T10:00:00Z' AND '2024-02-29T11:00:00Z'
GROUP BY floor(extract(epoch from time)/300)*300, host
ORDER BY time, host
;
-- a panel: $__timeGroupAlias with the switch TimescaleDB
-- differs: PostgreSQL has no time_bucket of its own
SELECT time_bucket('300.000s',time) AS "time", avg(cpu) AS cpu FROM bi_metrics WHERE time BETWEEN '2024-02-29T10:00:00Z' AND '2024-02-29T11:00:00Z' GROUP BY 1 ORDER BY 1
;
-- a panel: an interval of less than a second
SELECT floor(extract(epoch from time)/0.5)*0.5 AS "time", count(*) AS n FROM bi_metrics GROUP BY time ORDER BY time
;
-- a panel: a column of whole seconds, $__unixEpochFilter and $__unixEpochGroupAlias
SELECT floor((epoch)/60)*60 AS "time", max(cpu) FROM bi_metrics WHERE epoch >= 1709200800 AND epoch <= 1709204400 GROUP BY 1 ORDER BY 1
;
-- a panel: $__unixEpochNanoFilter
SELECT epoch * 1000000000 AS "time", cpu FROM bi_metrics WHERE epoch * 1000000000 >= 1709200800000000000 AND epoch * 1000000000 <= 1709204400000000000 ORDER BY 1
;
-- a panel of the query builder
SELECT AVG(cpu) AS "cpu average", host FROM bi_metrics WHERE (load >= 1 AND host LIKE '%a%') GROUP BY host ORDER BY host ASC LIMIT 50 
;
-- a panel of the query builder over a view
SELECT n, "last Seen" AS "time" FROM public."bi_By Host" ORDER BY n DESC, "last Seen" LIMIT 50 
;
-- a panel over a materialized view
SELECT host, cpu FROM bi_hosts ORDER BY host
;
-- logs
SELECT time, note AS content, CASE WHEN ok THEN 'info' ELSE 'error' END AS level FROM bi_metrics WHERE note ILIKE '%i%' ORDER BY time DESC LIMIT 1000
;
-- annotations
SELECT extract(epoch from time) AS time, extract(epoch from time + interval '5 minutes') AS timeend, note AS text, host || ',' || id AS tags FROM bi_metrics WHERE time BETWEEN '2024-02-29T10:00:00Z' AND '2024-02-29T11:00:00Z' ORDER BY id
;
-- an error in a panel
-- fails: 42703
SELECT nothing FROM bi_metrics
;
-- an error in a panel: syntax
-- fails: 42601
SELECT FROM WHERE
;
-- several statements in a panel
SELECT 1 AS a; SELECT 2 AS a
;
-- @cleanup
drop materialized view if exists bi_hosts;
drop view if exists "bi_By Host";
drop table if exists bi_metrics
;
