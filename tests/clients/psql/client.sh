#!/bin/sh
# psql against a running Millrace: host and port as arguments, exit code 0 when everything is as it should be.
set -u
passed=0
failed=0
host=$1
port=$2
ask() { psql -X -q -h "$host" -p "$port" -U millrace -d millrace -v ON_ERROR_STOP=1 -P pager=off "$@" 2>&1; }

good() { passed=$((passed + 1)); printf 'ok   %s\n' "$1"; }
bad() { failed=$((failed + 1)); printf 'FAIL %s\n' "$1"; }

# expect NAME PATTERN ARGS…: what psql prints must match the pattern.
expect() {
  name=$1; pattern=$2; shift 2
  out=$(ask "$@"); code=$?
  if [ $code -eq 0 ] && printf '%s\n' "$out" | grep -Eq -- "$pattern"; then
    good "$name"
  else
    bad "$name (exit $code, wanted: $pattern)"; printf '%s\n' "$out" | sed 's/^/     /' | head -20
  fi
}

# answers PATTERN COMMAND…: none of the commands may fail in the server, and what they print must match. psql itself ends with 1 where it finds none of a kind.
answers() {
  pattern=$1; shift
  for command in "$@"; do
    out=$(ask -c "$command")
    if ! printf '%s\n' "$out" | grep -q 'ERROR' && printf '%s\n' "$out" | grep -Eq -- "$pattern"; then
      good "$command"
    else
      bad "$command (wanted: $pattern)"; printf '%s\n' "$out" | sed 's/^/     /' | head -20
    fi
  done
}

ask -c 'drop endpoint if exists psqle' > /dev/null
ask -c 'drop materialized view if exists psqlm' -c 'drop view if exists psqlv' -c 'drop table if exists psqlt' -c 'drop stream if exists psqls' > /dev/null
expect 'create' '^$' \
  -c "create table psqlt (id int primary key, name varchar(10) not null default 'x', v numeric(10,2))" \
  -c "create stream psqls (ts timestamptz, k text, v double precision, watermark for ts as ts - interval '5 seconds')" \
  -c "create index psqlt_name on psqlt (name)" \
  -c "create view psqlv as select id, name from psqlt" \
  -c "create materialized view psqlm as select k, count(*) as n, sum(v) as total from psqls group by k" \
  -c "create endpoint psqle (n int default 5) as select id, name from psqlv limit \$n"
expect 'insert' '^$' -c "insert into psqlt values (1, 'a', 1.5), (2, 'b', null)" \
  -c "insert into psqls values (now(), 'x', 1), (now(), 'y', 2), (now(), 'x', 3)"
expect 'select from a view kept up to date' 'x \|[ ]*2 \|[ ]*4' -c 'select * from psqlm order by k'
expect '\d' 'public \| psqlm +\| materialized view' -c '\d'
expect '\d table' '"psqlt_pkey" PRIMARY KEY, btree \(id\)' -c '\d psqlt'
expect '\d column types' 'v +\| numeric\(10,2\)' -c '\d psqlt'
expect '\d index' 'btree, for table "public.psqlt"' -c '\d psqlt_name'
expect '\d stream' 'ts +\| timestamp with time zone' -c '\d psqls'
expect '\d view' 'View "public.psqlv"' -c '\d psqlv'
expect '\d+ materialized view' 'SELECT k, count\(\*\) AS n' -c '\pset format unaligned' -c '\d+ psqlm'
expect '\dS system relation' 'relname +\| text' -c '\dS pg_class'
expect '\dt' 'psqlt' -c '\dt'
expect '\dt+' 'permanent' -c '\dt+'
answers 'psqlt .*bytes' '\d+' '\dt+'
answers 'psqlv .*bytes' '\dv+' '\dtvmsE+'
answers 'psqlm .*bytes' '\dm+'
answers 'psqlt_name .*btree.*bytes' '\di+'
answers 'name .*extended' '\d+ psqlt' '\d+ psqlv' '\d+ psqlt_name'
answers 'ts .*timestamp with time zone' '\d+ psqls'
answers 'SELECT id, name FROM psqlt' '\d+ psqlv'
answers 'millrace .*[0-9] (bytes|kB|MB)' '\l+' '\db+'
answers 'connected to database "millrace" as user' '\conninfo'
answers 'public .*millrace' '\dn+'
answers 'Superuser' '\du+' '\dg' '\dg+'
answers 'psqlt .*table' '\z' '\z psqlt' '\dp psqlt'
answers 'immutable' '\df+ initcap'
answers 'agg|window' '\dfa sum' '\dfw rank'
answers 'CREATE OR REPLACE FUNCTION pg_catalog.initcap\(text\)' '\sf initcap' '\sf+ initcap'
answers 'CREATE OR REPLACE FUNCTION pg_catalog.abs\(integer\)' '\sf abs(integer)'
answers 'pg_catalog +\| text' '\dT text' '\dT+ text'
answers 'btree' '\dA' '\dA+'
answers 'pg_default' '\db'
answers 'TimeZone|timezone' '\dconfig timezone' '\dconfig+ timezone'
# Of what there is none the list is empty, as in a PostgreSQL that does not use it. All in one session; where they fail, one by one, to say which.
nothing='\df \dft \dT \dT+ \dx \dD \dD+ \do \do+ \dC \dC+ \dO \dO+ \des \des+ \dew \dew+ \deu \deu+ \det \det+ \dRp \dRs \dRs+ \dAc \dAf \dAo \dAp \dF \dFd '
nothing=$nothing'\dFd+ \dFp \dFt \dFt+ \dc \dc+ \dd \ddp \dP \dP+ \dX \dy \dy+ \dl \dl+ \ds \ds+ \dE \drds'
set --
for command in $nothing; do set -- "$@" -c "$command"; done
out=$(ask "$@")
if [ "$(printf '%s\n' "$out" | grep -c '^(0 rows)$')" -eq $(($# / 2)) ]; then
  good "empty lists: $nothing"
else
  for command in $nothing; do answers '\(0 rows\)' "$command"; done
fi
answers '\(0 rows\)' '\dfn nothing'
# And these, asked quietly, say nothing.
answers '^$' '\dx+' '\dRp+' '\dF+' '\dFp+' '\d nothing' '\d psqle'
out=$(ask -c '\sf abs'); case $out in *'more than one function named "abs"'*) good '\sf of several';; *) bad "\\sf of several: $out";; esac
out=$(ask -c '\sf sum(integer)'); case $out in *'"sum" is an aggregate function'*) good '\sf of an aggregate';; *) bad "\\sf of an aggregate: $out";; esac
out=$(ask -c '\sf nothing'); case $out in *'function "nothing" does not exist'*) good '\sf of nothing';; *) bad "\\sf of nothing: $out";; esac
expect '\dv' 'psqlv' -c '\dv'
expect '\dm' 'psqlm' -c '\dm'
expect '\di' 'psqlt_pkey' -c '\di'
expect '\dn' 'public' -c '\dn'
expect '\l' 'millrace' -c '\l'
expect '\du' 'Superuser' -c '\du'
expect '\df' 'abs +\| numeric' -c '\df abs'
expect '\da' 'sum +\| numeric' -c '\da sum'
expect '\dp' 'psqlt' -c '\dp'
expect '\dT' '0 rows' -c '\dT'
expect '\dx' '0 rows' -c '\dx'
expect '\sv' 'CREATE OR REPLACE VIEW public.psqlv' -c '\sv psqlv'
expect '\dconfig' 'timezone' -c '\dconfig *'
expect 'completion of table names' 'psqlt' -c "SELECT c.relname, NULL::pg_catalog.text FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'S', 'v', 'm', 'f', 'p') AND (c.relname) LIKE 'psqlt%' AND pg_catalog.pg_table_is_visible(c.oid) AND c.relnamespace <> (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog')
UNION ALL
SELECT NULL::pg_catalog.text, n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname LIKE 'psqlt%' AND n.nspname NOT LIKE E'pg\\\\_%'
LIMIT 1000"
expect 'completion of column names' 'name' -c "SELECT a.attname, NULL::pg_catalog.text FROM pg_catalog.pg_attribute a, pg_catalog.pg_class c WHERE c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped AND (a.attname) LIKE 'n%' AND c.relname = 'psqlt' AND pg_catalog.pg_table_is_visible(c.oid) LIMIT 1000"
expect 'completion of settings' 'timezone' -c "SELECT pg_catalog.lower(name) FROM pg_catalog.pg_settings WHERE context IN ('user', 'superuser') AND pg_catalog.lower(name) LIKE pg_catalog.lower('time%') LIMIT 1000"
printf '3,c,9.99\n4,"d ""q""",\n' > "${TMPDIR:-/tmp}/psql_client.$$.csv"
expect '\copy in' '^$' -c "\\copy psqlt from '${TMPDIR:-/tmp}/psql_client.$$.csv' csv"
rm -f "${TMPDIR:-/tmp}/psql_client.$$.csv"
expect '\copy out' '4,"d ""q""",' -c '\copy psqlt to stdout csv'
expect 'a transaction' '^ *4$' -c 'begin' -c "insert into psqlt values (9, 'z', 1)" -c 'rollback' -c 'select count(*) from psqlt'
expect 'variables' '^ *1$' -v id=1 -c "select 1"
# SUBSCRIBE prints each change as it happens, until Ctrl-C (on a terminal: psql holds back what goes into a pipe).
if command -v script >/dev/null 2>&1; then
  (sleep 2; ask -c "insert into psqls values (now(), 'later', 5)" >/dev/null; sleep 2) &
  out=$(timeout -s INT 4 script -qec "psql -X -q -h $host -p $port -U millrace -d millrace -c 'subscribe psqlm'" /dev/null 2>&1 </dev/null | tr -d '\r')
  wait
  if printf '%s\n' "$out" | grep -Eq '^[0-9]+.1.x.2.4$' && printf '%s\n' "$out" | grep -Eq '^[0-9]+.1.later.1.5$'; then
    good 'subscribe'
  else
    bad "subscribe: $out"
  fi
fi
expect 'drop' '^$' -c 'drop endpoint psqle' -c 'drop materialized view psqlm' -c 'drop view psqlv' -c 'drop table psqlt' -c 'drop stream psqls'

# An error names its place: psql draws the caret itself.
out=$(ask -c 'select nope from pg_class'); code=$?
if [ $code -ne 0 ] && printf '%s\n' "$out" | grep -q 'LINE 1: select nope from pg_class'; then good 'error position'; else bad "error position: $out"; fi

# COPY and SELECT in one call.
out=$(psql -X -q -A -t -h "$host" -p "$port" -U millrace -d millrace -c 'copy (select 1) to stdout' -c 'select 2' 2>&1)
if [ "$out" = "1
2" ]; then good 'copy to stdout'; else bad "copy to stdout: $out"; fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
