#!/usr/bin/env bash
# A disk that is really full: a server on a small tmpfs is written to until there is no room, killed, started again, and given room. Needs root, for the mount. Test T16.
set -euo pipefail
program=${1:?usage: full-disk.sh MILLRACE [MiB]}
size=${2:-64}
port=18986
root=$(mktemp -d)
disk=$root/disk
server=0
failed=0
mkdir "$disk"
mount -t tmpfs -o "size=${size}m" tmpfs "$disk"
finish() {
  [ "$server" = 0 ] || kill -9 "$server" 2>/dev/null || true
  wait 2>/dev/null || true
  umount "$disk"
  rm -rf "$root"
}
trap finish EXIT

start() {
  "$program" serve --data "$disk/data" --http "127.0.0.1:$port" --pg off >"$root/out" 2>"$root/err" &
  server=$!
  for _ in $(seq 300); do
    grep -q '^ready' "$root/out" && return
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  echo "the server did not start:"; cat "$root/err"; exit 1
}
stop() { kill "-$1" "$server"; wait "$server" 2>/dev/null || true; server=0; }
sql() { curl -sS -XPOST -H 'content-type: application/json' -d "{\"query\":\"$1\"}" "http://127.0.0.1:$port/v1/sql"; }
rows() { sql 'SELECT count(*) FROM m' | grep -o '"rows":\[\["[0-9]*' | grep -o '[0-9]*$' || echo none; }
# 2,000 rows of text that does not compress; prints the answer's status.
write() {
  python3 - "$1" <<'PY' | curl -sS -o "$root/answer" -w '%{http_code}' --data-binary @- "http://127.0.0.1:$port/write?db=x&precision=ns"
import random, sys
r = random.Random(int(sys.argv[1]))
print("\n".join(f'm,host=h{i % 50} v={r.random()},t="{r.getrandbits(400):x}" {1767225600000000000 + (int(sys.argv[1]) * 2000 + i) * 1000000}' for i in range(2000)))
PY
}
expect() { # WHAT FOUND WANTED
  if [ "$2" = "$3" ]; then echo "ok   $1"; else echo "FAIL $1: $2 instead of $3"; failed=$((failed + 1)); fi
}

start
fallocate -l $((size / 4))M "$disk/ballast"
batch=0
while status=$(write "$batch") && [ "$status" = 204 ]; do batch=$((batch + 1)); done
acknowledged=$((batch * 2000))
echo "     $acknowledged rows until the disk was full: $status $(head -c 200 "$root/answer")"
expect "the error says that the disk is full" "$(grep -ci 'no space\|disk is full\|no room' "$root/answer")" 1
expect "every acknowledged row is read, no other" "$(rows)" "$acknowledged"
expect "a second write is refused as well" "$([ "$(write "$batch")" != 204 ] && echo refused)" refused
expect "and nothing of it is there" "$(rows)" "$acknowledged"
stop 9
start
expect "after kill -9 the server starts on the full disk with every row" "$(rows)" "$acknowledged"
rm "$disk/ballast"
expect "with room again, writes go on" "$(write "$batch")" 204
expect "and are read" "$(rows)" "$((acknowledged + 2000))"
stop TERM
start
expect "they are there after a restart" "$(rows)" "$((acknowledged + 2000))"
stop TERM
expect "the folder is sound" "$("$program" check "$disk/data" | grep -ci sound)" 1
[ "$failed" = 0 ] && echo "a disk that is really full: 1 passed, 0 failed" || { echo "a disk that is really full: 0 passed, 1 failed"; exit 1; }
