#!/usr/bin/env python3
# dbt-postgres' queries against a running Millrace: host and port as arguments, exit code 0 when everything is as it should be.
# psycopg2 as dbt uses it: BEGIN and COMMIT are sent as statements, inside of the transaction that psycopg2 has begun of itself.
import sys
from pathlib import Path

import psycopg2

sys.path.insert(0, str(Path(__file__).parent.parent))
from replay import blocks, statements  # noqa: E402

passed = 0
failed = 0


def check(name, run):
    global passed, failed
    try:
        run()
        passed += 1
        print(f"ok   {name}")
    except Exception as e:  # every failure is reported and counted
        failed += 1
        print(f"FAIL {name}: {type(e).__name__}: {e}")


def same(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def connect():
    return psycopg2.connect(host=sys.argv[1], port=int(sys.argv[2]), user="millrace", dbname="millrace", connect_timeout=10, application_name="dbt",
                            options="-c search_path=public")


def send(block):
    try:
        with db.cursor() as c:
            c.execute(block.sql)
            rows = c.fetchall() if c.description else None
    except psycopg2.Error as e:
        same(e.pgcode, block.said.get("fails"))
        db.rollback()
        return None
    assert "fails" not in block.said, "it did not fail"
    return rows


db = connect()
told = {b.name: b for b in blocks(Path(__file__).parent / "queries.sql")}


def all_of(block):
    db.autocommit = True
    with db.cursor() as c:
        for statement in statements(block):
            c.execute(statement)
    db.autocommit = False


rows = {}


def keep(block):
    rows[block.name] = send(block)


check("@cleanup before", lambda: all_of(told["@cleanup"]))
check("@setup", lambda: all_of(told["@setup"]))
for block in told.values():
    if not block.name.startswith("@"):
        check(block.name, lambda: keep(block))

check("the table made again", lambda: same([c for c, _ in rows["what the table has"]], ["ann", "bob"]))
check("the incremental table", lambda: same([r[0] for r in rows["incremental: what the table has"]], [1, 2, 3]))
check("the snapshot", lambda: same([(i, c, to is None) for i, c, _, _, to, _ in rows["a snapshot: what it has"]],
                                   [(1, "ann", True), (2, "bob", False), (2, "rob", True), (3, "ann", True)]))
check("what depends on what", lambda: same(("public", "bi_stg", "public", "bi_raw") in rows["what depends on what"], True))


def temporary():
    # What is temporary goes with its connection, and is nobody else's to build on.
    other = connect()
    other.autocommit = True
    with other.cursor() as c:
        c.execute('create temporary table "bi__dbt_tmp99" as (select id from bi_raw)')
        c.execute("select relpersistence from pg_class where relname = 'bi__dbt_tmp99'")
        same(c.fetchone(), ("t",))
        try:
            c.execute('create view "bi_v" as select id from "bi__dbt_tmp99"')
            raise AssertionError("a view over a temporary table")
        except psycopg2.errors.FeatureNotSupported:
            pass
    other.close()
    db.rollback()
    with db.cursor() as c:
        for _ in range(10_000):  # the server learns of the end of a connection in its own time
            c.execute("select count(*) from pg_class where relname = 'bi__dbt_tmp99'")
            if c.fetchone() == (0,):
                return
            db.rollback()
    raise AssertionError("the temporary table is still there")


check("a temporary table goes with its connection", temporary)
db.rollback()
check("@cleanup", lambda: all_of(told["@cleanup"]))
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(1 if failed else 0)
