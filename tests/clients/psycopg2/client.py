#!/usr/bin/env python3
# psycopg2 against a running Millrace: host and port as arguments, exit code 0 when everything is as it should be.
import datetime
import decimal
import io
import sys

import psycopg2
import psycopg2.extras

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


db = psycopg2.connect(host=sys.argv[1], port=int(sys.argv[2]), user="millrace", dbname="millrace")


def one(sql, args=None):
    with db.cursor() as c:
        c.execute(sql, args)
        return c.fetchone()[0]


def types():
    same(one("select 1"), 1)
    same(one("select %s::text", ("héllo 'x' \\ \n",)), "héllo 'x' \\ \n")
    same(one("select %s::numeric", (decimal.Decimal("-1.50"),)), decimal.Decimal("-1.50"))
    same(one("select %s::date", (datetime.date(2024, 2, 29),)), datetime.date(2024, 2, 29))
    same(one("select %s::timestamp", (datetime.datetime(2024, 2, 29, 1, 2, 3, 4),)), datetime.datetime(2024, 2, 29, 1, 2, 3, 4))
    same(one("select '2024-02-29 01:02:03+00'::timestamptz").utctimetuple()[:6], (2024, 2, 29, 1, 2, 3))
    same(one("select %s::int[]", ([1, 2, 3],)), [1, 2, 3])
    same(one("select array['a','b,c',null]"), ["a", "b,c", None])
    same(one("select '{\"a\": [1, 2]}'::jsonb"), {"a": [1, 2]})
    same(bytes(one("select %s::bytea", (psycopg2.Binary(b"\x00\x01\xff"),))), b"\x00\x01\xff")
    same(one("select interval '1 day 2 hours'"), datetime.timedelta(days=1, hours=2))
    same(one("select null::int"), None)
    same(one("select true"), True)
    same(one("select 1.5::double precision"), 1.5)


def write_and_read():
    with db, db.cursor() as c:
        c.execute("drop table if exists pyt")
        c.execute("create table pyt (id int primary key, name text, v double precision)")
    with db, db.cursor() as c:
        c.execute("insert into pyt values (%s, %s, %s)", (1, "x", 2.5))
        same(c.rowcount, 1)
        psycopg2.extras.execute_values(c, "insert into pyt values %s", [(i, f"n{i}", None) for i in range(2, 100)])
    same(one("select count(*) from pyt"), 99)
    with db, db.cursor() as c:
        c.execute("update pyt set name = 'y' where id < 10")
        same(c.rowcount, 9)
        c.execute("delete from pyt where id >= 50 returning id")
        same(len(c.fetchall()), 50)
    same(one("select count(*) from pyt"), 49)


def rollback():
    with db.cursor() as c:
        c.execute("insert into pyt values (1000)")
    db.rollback()
    same(one("select count(*) from pyt where id = 1000"), 0)
    db.commit()


def error_leaves_the_transaction_failed():
    try:
        one("select nope from pyt")
        raise AssertionError("no error")
    except psycopg2.errors.UndefinedColumn as e:
        assert e.diag.statement_position == "8", e.diag.statement_position
    try:
        one("select 1")
        raise AssertionError("no error")
    except psycopg2.errors.InFailedSqlTransaction:
        db.rollback()
    same(one("select 1"), 1)
    db.commit()


def copy():
    with db, db.cursor() as c:
        c.copy_expert("copy pyt (id, name) from stdin", io.StringIO("2000\ta\\tb\n2001\t\\N\n"))
        same(c.rowcount, 2)
        out = io.StringIO()
        c.copy_expert("copy (select id, name from pyt where id >= 2000 order by id) to stdout with (format csv, header)", out)
        same(out.getvalue(), "id,name\n2000,a\tb\n2001,\n")
    with db.cursor() as c:
        try:
            c.copy_expert("copy pyt (id, name) from stdin with (format csv)", io.StringIO("3000,a\nx,b\n"))
            raise AssertionError("no error")
        except psycopg2.errors.InvalidTextRepresentation as e:
            same(e.diag.context, 'COPY pyt, line 2, column id: "x"')
        db.rollback()
    same(one("select count(*) from pyt where id = 3000"), 0)
    db.commit()


def view_follows():
    db.autocommit = True
    with db.cursor() as c:
        c.execute("create materialized view pyv as select count(*) as n, sum(id) as s from pyt")
        before = one("select n from pyv")
        c.execute("insert into pyt values (5000)")
        same(one("select n from pyv"), before + 1)
        c.execute("drop materialized view pyv")
        c.execute("drop table pyt")


def cursors():
    with db.cursor("named") as c:
        c.itersize = 3
        c.execute("select x from generate_series(1, 10) g(x)")
        same([r[0] for r in c], list(range(1, 11)))
    with db.cursor("both_ways", scrollable=True) as c:
        c.execute("select x from generate_series(1, 5) g(x)")
        same(c.fetchmany(4), [(1,), (2,), (3,), (4,)])
        c.scroll(-2)
        same(c.fetchone(), (3,))
        c.scroll(0, mode="absolute")
        same(c.fetchone(), (1,))
    db.commit()
    with db.cursor() as c:
        c.execute("create table pyc (id int primary key)")
        db.commit()
        c.execute("declare changes cursor for subscribe pyc")
        c.execute("fetch all from changes with (timeout = '0s')")
        same(c.fetchall(), [])
        other = psycopg2.connect(db.dsn)
        other.autocommit = True
        with other.cursor() as o:
            o.execute("insert into pyc values (7)")
        other.close()
        c.execute("fetch 10 from changes with (timeout = '1 minute')")
        same([r[1:] for r in c.fetchall()], [(1, 7)])
        c.execute("close changes")
        db.commit()
        c.execute("drop table pyc")
        db.commit()


def description():
    with db.cursor() as c:
        c.execute("select 1 as a, 'x'::text as b, 2.5::numeric(10,2) as c")
        same([(d.name, d.type_code) for d in c.description], [("a", 23), ("b", 25), ("c", 1700)])


print(f"psycopg2 {psycopg2.__version__}, server {db.get_parameter_status('server_version')}")
for name, run in [("types", types), ("write and read", write_and_read), ("rollback", rollback),
                  ("error", error_leaves_the_transaction_failed), ("copy", copy), ("description", description), ("cursors", cursors), ("view", view_follows)]:
    check(name, run)
    if db.closed:
        print("FAIL the connection is closed")
        failed += 1
        break
    if not db.autocommit:
        db.rollback()
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(1 if failed else 0)
