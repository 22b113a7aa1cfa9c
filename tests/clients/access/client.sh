# Users, tokens and TLS as their tools see them: the executable as argument, exit code 0 when everything is as it should be.
set -u
millrace=$1
passed=0
failed=0
work=$(mktemp -d)
server=
unset PGPASSWORD PGUSER MILLRACE_ADMIN_TOKEN MILLRACE_PASSWORD MILLRACE_USER MILLRACE_PG MILLRACE_HTTP
finish() { [ -n "$server" ] && kill -TERM "$server" 2>/dev/null && wait "$server"; rm -rf "$work"; }
trap finish EXIT

good() { passed=$((passed + 1)); printf 'ok   %s\n' "$1"; }
bad() { failed=$((failed + 1)); printf 'FAIL %s: wanted %s, got: %s\n' "$1" "$2" "$3"; }
# expect NAME PATTERN OUTPUT
expect() { if printf '%s\n' "$3" | grep -Eq -- "$2"; then good "$1"; else bad "$@"; fi; }

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=localhost \
  -addext 'subjectAltName=IP:127.0.0.1,DNS:localhost' 2>/dev/null

start() {
  "$millrace" serve --data "$work/data" --pg 127.0.0.1:0 --http 127.0.0.1:0 "$@" >"$work/out" 2>"$work/err" </dev/null &
  server=$!
  for _ in $(seq 300); do grep -q '^ready ' "$work/out" && break; kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
  ready=$(grep -m1 '^ready ' "$work/out")
  pg=${ready##*pg=127.0.0.1:}; pg=${pg%% *}
  http=${ready##*http=}; http=${http%% *}
}
stop() { kill -TERM "$server"; wait "$server"; server=; }

expect 'beyond loopback nobody could log in: refused' 'CREATE USER name SUPERUSER' "$(timeout 30 "$millrace" serve --data "$work/data" --pg 0.0.0.0:0 --http off 2>&1; echo "code $?")"
start
expect 'without users everybody is trusted' '^1$' "$(psql -XAtq -h 127.0.0.1 -p "$pg" -U anybody -d millrace -c 'SELECT 1' 2>&1)"
made=$(psql -XAtq -h 127.0.0.1 -p "$pg" -U millrace -d millrace 2>&1 <<SQL
CREATE TABLE t (x int); CREATE TABLE hidden (x int); INSERT INTO t VALUES (7);
CREATE USER ada SUPERUSER PASSWORD 'first-secret';
CREATE USER shop PASSWORD 'second secret';
GRANT SELECT ON t TO shop;
CREATE ENDPOINT e AS SELECT * FROM t;
GRANT SELECT ON ENDPOINT e TO shop;
CREATE TOKEN web FOR shop;
SQL
)
token=$(printf '%s\n' "$made" | sed -n 's/^web|//p')
expect 'a token is told once' '^mr_' "$token"
stop
start --tls-cert "$work/cert.pem" --tls-key "$work/key.pem"
ask() { user=$1; password=$2; mode=$3; shift 3; PGPASSWORD=$password psql -XAtq "host=127.0.0.1 port=$pg user=$user dbname=millrace sslmode=$mode sslrootcert=$work/cert.pem" "$@" 2>&1; }
for mode in disable prefer require verify-full; do
  expect "psql, sslmode=$mode" '^7$' "$(ask shop 'second secret' $mode -c 'SELECT x FROM t')"
  expect "psql, sslmode=$mode, wrong password" 'password authentication failed for user "shop"' "$(ask shop wrong $mode -c 'SELECT x FROM t')"
done
expect 'psql says that the connection is encrypted' 'SSL connection \(protocol: TLSv1.3' "$(ask ada first-secret require -c '\conninfo')"
expect 'no password, no session' 'no password supplied' "$(psql -XAtqw -h 127.0.0.1 -p "$pg" -U shop -d millrace -c 'SELECT 1' 2>&1)"
expect 'an unknown user looks like a wrong password' 'password authentication failed for user "nobody"' "$(ask nobody x require -c 'SELECT 1')"
expect 'what is not granted' 'permission denied for relation hidden' "$(ask shop 'second secret' require -c 'SELECT * FROM hidden')"
expect 'definitions are for superusers' 'must be superuser' "$(ask shop 'second secret' require -c 'CREATE TABLE mine (x int)')"
expect '\du' '^shop\|' "$(ask ada first-secret require -c '\du')"
expect 'the password can be changed' '^1$' "$(ask ada first-secret require -c "ALTER USER shop PASSWORD 'third'" -c 'SELECT 1')"
expect 'and the old one is over' 'password authentication failed' "$(ask shop 'second secret' require -c 'SELECT 1')"
expect 'passwords are told to be SCRAM' 'scram-sha-256' "$(ask ada first-secret require -c 'SHOW password_encryption')"
expect 'millrace sql with a password' '7' "$(MILLRACE_PASSWORD=third "$millrace" sql "shop@127.0.0.1:$pg" -c 'SELECT x FROM t' 2>&1)"
expect 'millrace sql without' 'MILLRACE_PASSWORD' "$("$millrace" sql "shop@127.0.0.1:$pg" -c 'SELECT x FROM t' 2>&1 </dev/null)"
for python in /usr/bin/python3 python3; do
  "$python" -c 'import psycopg2' 2>/dev/null || continue
  expect 'psycopg2' '^7$' "$("$python" -c "
import psycopg2
c = psycopg2.connect(host='127.0.0.1', port=$pg, user='shop', password='third', dbname='millrace', sslmode='verify-full', sslrootcert='$work/cert.pem')
k = c.cursor(); k.execute('SELECT x FROM t'); print(k.fetchone()[0])" 2>&1)"
  break
done
web() { curl -s --cacert "$work/cert.pem" -w '%{http_code}' "$@"; }
expect 'curl without a token' '401$' "$(web "https://$http/v1/endpoints/e")"
expect 'curl with a token' '"x":7.*200$' "$(web -H "Authorization: Bearer $token" "https://$http/v1/endpoints/e" | tr -d '\n')"
expect 'curl with user and password' '"x":7.*200$' "$(web -u shop:third "https://$http/v1/endpoints/e" | tr -d '\n')"
expect 'curl may not read the rest' '403$' "$(web -u shop:third --json '{"query":"SELECT * FROM hidden"}' "https://$http/v1/sql")"
expect 'line protocol with a token' '204$' "$(ask ada first-secret require -c 'GRANT INSERT ON ALL TABLES TO shop' >/dev/null; web -H "Authorization: Token $token" --data-binary 'cpu,h=a idle=1' "https://$http/api/v2/write")"
if grep -E -q 'secret|third|mr_' "$work/err" "$work/out"; then bad 'no secret is logged' 'none' "$(cat "$work/err")"; else good 'no secret is logged'; fi
expect 'failures are logged' 'a log-in from 127.0.0.1 failed' "$(cat "$work/err")"
stop
if grep -r -q -e 'second secret' -e 'first-secret' -e "$token" "$work/data"; then bad 'no secret is on disk' 'none' 'one'; else good 'no secret is on disk'; fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
