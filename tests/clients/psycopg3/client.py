#!/usr/bin/env python3
# psycopg 3 against a running Millrace: host and port as arguments, exit code 0 when everything is as it should be.
import asyncio
import datetime
import decimal
import sys
import threading
import uuid

import psycopg
from psycopg.rows import dict_row, namedtuple_row
from psycopg.types.json import Jsonb
from psycopg.types.range import Range

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


def raises(kind, run):
    try:
        run()
    except kind as e:
        return e
    raise AssertionError(f"no {kind.__name__}")


address = f"host={sys.argv[1]} port={sys.argv[2]} user=millrace dbname=millrace"
db = psycopg.connect(address, autocommit=True)


def one(sql, args=None, binary=False):
    return db.cursor(binary=binary).execute(sql, args).fetchone()[0]


VALUES = [
    ("int2", -7), ("int4", 2**31 - 1), ("int8", -2**63), ("float8", 2.5), ("bool", True), ("text", "héllo 'x' \\ \n"),
    ("numeric", decimal.Decimal("-12345678901234567890.0123")), ("numeric", decimal.Decimal("0.00")),
    ("date", datetime.date(2024, 2, 29)), ("time", datetime.time(23, 59, 59, 999999)),
    ("timestamp", datetime.datetime(2024, 2, 29, 1, 2, 3, 4)),
    ("timestamptz", datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=datetime.timezone.utc)),
    ("interval", datetime.timedelta(days=3, hours=-4, microseconds=5)),
    ("uuid", uuid.UUID("01234567-89ab-cdef-0123-456789abcdef")), ("bytea", b"\x00\x01\xff"),
    ("int4[]", [1, 2, None]), ("text[]", ["a", "b,c", None, '"']), ("numeric[]", [decimal.Decimal("1.5")]),
]


def types(binary):
    mark = "%b" if binary else "%t"
    for name, value in VALUES:
        got = one(f"select {mark}::{name}", (value,), binary)
        assert got == value, f"{name}: {got!r} is not {value!r}"
        got = one(f"select {mark}::{name}", (None,), binary)
        assert got is None, f"{name}: {got!r} is not None"
    same(one(f"select {mark}::jsonb", (Jsonb({"a": [1, None, "é"]}),), binary), {"a": [1, None, "é"]})


def rows():
    row = db.cursor(row_factory=dict_row).execute("select 1 as a, 'x' as b").fetchone()
    same(row, {"a": 1, "b": "x"})
    same(db.cursor(row_factory=namedtuple_row).execute("select 2.5::numeric(10,2) as price").fetchone().price, decimal.Decimal("2.50"))
    cursor = db.execute("select 1::int2 as a, 'x'::varchar(7) as b, 2.5::numeric(10,2) as c")
    same([(c.name, c.type_code, c.precision, c.scale, c.display_size) for c in cursor.description],
         [("a", 21, None, None, None), ("b", 1043, None, None, 7), ("c", 1700, 10, 2, None)])


def prepared():
    # By itself it prepares what comes a sixth time: the same answers before and after.
    for i in range(12):
        same(one("select %s::int + 1", (i,)), i + 1)
    same(db.execute("select %s::text", ("x",), prepare=True).fetchone(), ("x",))
    db.execute("create table py3p (id int primary key)")
    for i in range(8):
        db.execute("insert into py3p values (%s)", (i,))
    db.execute("drop table py3p")


def pipeline():
    db.execute("create table py3q (id int primary key, v text)")
    with db.pipeline():
        for i in range(50):
            db.execute("insert into py3q values (%s, %s)", (i, str(i)))
        cursor = db.execute("select count(*) from py3q")
        same(cursor.fetchone(), (50,))
    cursor = db.cursor()
    cursor.executemany("insert into py3q values (%s, %s) returning id", [(100, "a"), (101, "b")], returning=True)
    same(cursor.fetchone(), (100,))
    assert cursor.nextset()
    same(cursor.fetchone(), (101,))

    def broken():
        with db.pipeline() as p:
            db.execute("insert into py3q values (200, 'x')")
            db.execute("insert into py3q values (0, 'twice')")
            p.sync()
    raises(psycopg.errors.UniqueViolation, broken)
    same(one("select count(*) from py3q where id = 200"), 0)
    db.execute("drop table py3q")


def transactions():
    db.execute("create table py3t (id int primary key)")
    with db.transaction():
        db.execute("insert into py3t values (1)")
        same(db.info.transaction_status.name, "INTRANS")

    def rolled_back():
        with db.transaction():
            db.execute("insert into py3t values (2)")
            raise KeyError("x")
    raises(KeyError, rolled_back)
    same(db.execute("select id from py3t").fetchall(), [(1,)])
    with db.transaction(force_rollback=True):
        db.execute("insert into py3t values (3)")
    same(one("select count(*) from py3t"), 1)
    # A block in a block is a savepoint.
    with db.transaction():
        db.execute("insert into py3t values (10)")
        raises(psycopg.errors.UniqueViolation, lambda: inner(10))
        db.execute("insert into py3t values (11)")
    same(db.execute("select id from py3t order by id").fetchall(), [(1,), (10,), (11,)])
    db.execute("drop table py3t")


def inner(value):
    with db.transaction():
        db.execute("insert into py3t values (%s)", (value,))


def copy():
    db.execute("create table py3c (id int primary key, name text, at timestamptz, v numeric, tags text[])")
    at = datetime.datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=datetime.timezone.utc)
    source = [(1, "a\tb", at, decimal.Decimal("1.50"), ["x", None]), (2, None, None, None, [])]
    with db.cursor().copy("copy py3c from stdin") as to:
        for row in source:
            to.write_row(row)
    names = ["int4", "text", "timestamptz", "numeric", "text[]"]
    with db.cursor().copy("copy py3c from stdin (format binary)") as to:
        to.set_types(names)
        for row in source:
            to.write_row((row[0] + 10, *row[1:]))
    for form in ["text", "binary"]:
        with db.cursor().copy(f"copy (select * from py3c where id < 10 order by id) to stdout (format {form})") as out:
            out.set_types(names)
            same(list(out.rows()), source)
    same(one("select count(*) from py3c a join py3c b on b.id = a.id + 10 and b.v is not distinct from a.v and b.tags = a.tags"), 2)

    def given_up():
        with db.cursor().copy("copy py3c from stdin") as to:
            to.write_row((99, "x", None, None, None))
            raise KeyError("x")
    e = raises(psycopg.errors.QueryCanceled, given_up)
    assert "KeyError" in e.diag.message_primary, e.diag.message_primary
    same(one("select count(*) from py3c where id = 99"), 0)
    db.execute("drop table py3c")


def cursors():
    with db.transaction(), db.cursor("named") as c:
        c.itersize = 3
        c.execute("select x from generate_series(%s::int, %s::int) g(x)", (1, 10))
        same([r[0] for r in c], list(range(1, 11)))
    with db.transaction(), db.cursor("bin", binary=True, scrollable=True) as c:
        c.execute("select x from generate_series(1, 5) g(x)")
        same(c.fetchmany(4), [(1,), (2,), (3,), (4,)])
        c.scroll(-2)
        same(c.fetchone(), (3,))
    same(list(db.cursor().stream("select x from generate_series(1, 4) g(x)")), [(1,), (2,), (3,), (4,)])


def errors():
    e = raises(psycopg.errors.UndefinedColumn, lambda: one("select nope from pg_class"))
    same((e.diag.sqlstate, e.diag.severity, e.diag.statement_position), ("42703", "ERROR", "8"))
    raises(psycopg.errors.UndefinedTable, lambda: one("select * from nowhere"))
    raises(psycopg.errors.SyntaxError, lambda: one("selec 1"))
    raises(psycopg.errors.DivisionByZero, lambda: one("select 1 / 0"))
    raises(psycopg.errors.NumericValueOutOfRange, lambda: one("select 2147483647 + 1"))
    raises(psycopg.errors.InvalidTextRepresentation, lambda: one("select 'x'::int"))
    raises(psycopg.errors.UndefinedFunction, lambda: one("select no_such_function(1)"))
    heard = []
    db.add_notice_handler(lambda d: heard.append((d.severity, d.sqlstate)))
    db.execute("drop table if exists py3_none")
    same(heard, [("NOTICE", "00000")])


def cancel():
    db.execute("create table py3s (id int primary key)")
    with psycopg.connect(address) as other:
        other.execute("declare c cursor for subscribe py3s")
        other.execute("fetch all from c with (timeout = '0s')")
        timer = threading.Timer(0.3, other.cancel)
        timer.start()
        raises(psycopg.errors.QueryCanceled, lambda: other.execute("fetch 1 from c with (timeout = '1 minute')"))
        timer.join()
        other.rollback()
        same(other.execute("select 1").fetchone(), (1,))
    db.execute("drop table py3s")


def settings():
    same(db.info.encoding, "utf-8")
    same(db.info.parameter_status("standard_conforming_strings"), "on")
    db.execute("set timezone to 'Europe/Vienna'")
    same(db.info.parameter_status("TimeZone"), "Europe/Vienna")
    same(one("select '2024-07-01 12:00:00+00'::timestamptz").isoformat(), "2024-07-01T14:00:00+02:00")
    same(one("select set_config('TimeZone', 'UTC', false)"), "UTC")
    same(one("select current_setting('timezone')"), "UTC")
    assert db.info.backend_pid > 0


def view():
    db.execute("create stream py3e (k text, v int)")
    db.execute("create materialized view py3v as select k, sum(v) as s from py3e group by k")
    with db.cursor().copy("copy py3e (k, v) from stdin") as to:
        for i in range(100):
            to.write_row((f"k{i % 2}", i))
    same(db.execute("select k, s from py3v order by k").fetchall(), [("k0", 2450), ("k1", 2500)])
    db.execute("drop materialized view py3v")
    db.execute("drop stream py3e")


def asynchronous():
    async def main():
        async with await psycopg.AsyncConnection.connect(address, autocommit=True) as other:
            cursor = await other.execute("select %s::int8 * 2", (21,))
            same(await cursor.fetchone(), (42,))
            same([row async for row in other.cursor().stream("select x from generate_series(1, 3) g(x)")], [(1,), (2,), (3,)])
    asyncio.run(main())


def following():
    # The ways in which following ends: a cancelled task, a cancel from within, a break; and what the connection is good for after that.
    db.execute("create table py3f (id int primary key, v text)")
    db.execute("insert into py3f values (1, 'a')")

    async def cancelled_task(c):
        seen, two = [], asyncio.Event()

        async def follow():
            async for row in c.cursor().stream("subscribe py3f"):
                seen.append(row[1:])
                if len(seen) == 1:
                    db.execute("insert into py3f values (2, 'b')")
                else:
                    two.set()

        task = asyncio.create_task(follow())
        await asyncio.wait_for(two.wait(), 20)
        task.cancel()
        try:
            await asyncio.wait_for(task, 20)
            raise AssertionError("the task went on")
        except asyncio.CancelledError:
            pass
        same(seen, [(1, 1, "a"), (1, 2, "b")])

    async def cancelled_within(c):
        try:
            async for _ in c.cursor().stream("subscribe py3f"):
                c.cancel()
            raise AssertionError("it was not cancelled")
        except psycopg.errors.QueryCanceled:
            pass

    async def broken_off(c):
        stream = c.cursor().stream("subscribe py3f")
        async for _ in stream:
            break
        await asyncio.wait_for(stream.aclose(), 20)

    async def by_another(c):
        async def follow():
            async for _ in c.cursor().stream("subscribe py3f"):
                same(one("select pg_cancel_backend(%s)", (c.info.backend_pid,)), True)

        try:
            await asyncio.wait_for(follow(), 20)
            raise AssertionError("it was not cancelled")
        except psycopg.errors.QueryCanceled as e:
            assert "user request" in str(e), e

    async def too_long(c):
        await c.execute("set statement_timeout = '200ms'")
        try:
            async for _ in c.cursor().stream("subscribe py3f"):
                pass
            raise AssertionError("it did not end")
        except psycopg.errors.QueryCanceled as e:
            assert "statement timeout" in str(e), e
        await c.execute("set statement_timeout = 0")

    async def main():
        async with await psycopg.AsyncConnection.connect(address, autocommit=True) as c:
            for end in [cancelled_task, cancelled_within, broken_off, by_another, too_long]:
                await end(c)
                same(await (await c.execute("select 1")).fetchone(), (1,))
    asyncio.run(main())
    db.execute("drop table py3f")


def timeout():
    with psycopg.connect(address + " options='-c statement_timeout=200'", autocommit=True) as c:
        e = raises(psycopg.errors.QueryCanceled, lambda: c.execute("select count(*) from generate_series(1, 1000000) a(x), generate_series(1, 1000000) b(y)"))
        assert "statement timeout" in str(e), e
        same(c.execute("show statement_timeout").fetchone(), ("200",))
    with psycopg.connect(address, autocommit=True) as c:
        same(one("select pg_terminate_backend(%s)", (c.info.backend_pid,)), True)
        raises(psycopg.OperationalError, lambda: c.execute("select 1"))
    same(one("select pg_cancel_backend(%s)", (2**31 - 1,)), False)
    same(one("select pg_backend_pid()"), db.info.backend_pid)


MORE = [
    ("numeric", decimal.Decimal("NaN")), ("float8", float("nan")), ("float8", float("-inf")), ("interval", datetime.timedelta(days=-1, seconds=1)),
    ("timestamptz", datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=datetime.timezone(datetime.timedelta(hours=5, minutes=30)))),
    ("timestamptz[]", [datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=datetime.timezone.utc), None]), ("uuid[]", [uuid.UUID(int=5), None]), ("bool[]", [True, None, False]),
    ("float8[]", [1.5]), ("date[]", [datetime.date(2024, 1, 1)]), ("bytea[]", [b"a", b"\x00"]), ("interval[]", [datetime.timedelta(1)]), ("int2[]", [1, 2]), ("text[]", []),
]


def more_types():
    for mark, binary in [("%t", False), ("%b", True)]:
        for name, value in MORE:
            got = one(f"select {mark}::{name}", (value,), binary)
            assert got == value or (got != got and value != value), f"{name}: {got!r} is not {value!r}"
    same(one("select %s = any(%s)", (4, [3, 4])), True)
    same(one("select %s || 'x'", ("a",)), "ax")
    same(one("select %s + interval '1 day'", (datetime.date(2024, 1, 1),)), datetime.datetime(2024, 1, 2))
    same(one("select %s->'a'", (Jsonb({"a": [1]}),)), [1])
    same(psycopg.types.TypeInfo.fetch(db, "jsonb").oid, 3802)
    same(psycopg.types.TypeInfo.fetch(db, "hstore"), None)
    # What there is not says so.
    for sql, args in [("select %s::int4range", (Range(1, 5),)), ("select '[1,5)'::tstzrange", None), ("select '10.0.0.1'::inet", None), ("select 'Infinity'::numeric", None),
                      ("select '12:00+01'::timetz", None)]:
        raises(psycopg.errors.FeatureNotSupported, lambda: one(sql, args))


def copy_types():
    columns = "id int primary key, a text[], j jsonb, u uuid, n numeric, i interval, ts timestamptz, b bytea, o bool, d date"
    db.execute(f"create table py3y ({columns})")
    row = (["a", None, 'x,"y'], Jsonb({"k": [1]}), uuid.UUID(int=7), decimal.Decimal("NaN"), datetime.timedelta(days=2, seconds=5),
           datetime.datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=datetime.timezone.utc), b"\x00\xff", True, datetime.date(2024, 2, 29))
    names = ["int4", "text[]", "jsonb", "uuid", "numeric", "interval", "timestamptz", "bytea", "bool", "date"]
    with db.cursor().copy("copy py3y from stdin") as to:
        to.write_row((1, *row))
    with db.cursor().copy("copy py3y from stdin (format binary)") as to:
        to.set_types(names)
        to.write_row((2, *row))
    for form in ["text", "binary"]:
        with db.cursor().copy(f"copy (select * from py3y order by id) to stdout (format {form})") as out:
            out.set_types(names)
            rows = list(out.rows())
        # NaN is not equal to itself: the texts are compared.
        plain = [{"k": [1]} if isinstance(v, Jsonb) else v for v in row]
        same([str([bytes(v) if isinstance(v, memoryview) else v for v in r[1:]]) for r in rows], [str(plain)] * 2)
    # Blocks are cut anywhere.
    for form in ["text", "csv", "binary"]:
        with db.cursor().copy(f"copy (select * from py3y order by id) to stdout (format {form})") as out:
            data = b"".join(bytes(part) for part in out)
        db.execute("truncate py3y")
        with db.cursor().copy(f"copy py3y from stdin (format {form})") as to:
            for at in range(0, len(data), 7):
                to.write(data[at:at + 7])
        with db.cursor().copy(f"copy (select * from py3y order by id) to stdout (format {form})") as out:
            same(b"".join(bytes(part) for part in out), data)

    def wrong():
        with db.cursor().copy("copy py3y (id, o) from stdin") as to:
            to.write_row((9, "zz"))
    e = raises(psycopg.errors.InvalidTextRepresentation, wrong)
    same(e.diag.context, 'COPY py3y, line 1, column o: "zz"')

    async def main():
        async with await psycopg.AsyncConnection.connect(address, autocommit=True) as c:
            async with c.cursor().copy("copy py3y (id, o) from stdin") as to:
                for i in range(1000):
                    await to.write_row((100 + i, True))
            async with c.cursor().copy("copy py3y to stdout") as out:
                same(sum([1 async for _ in out]), 1002)
    asyncio.run(main())
    db.execute("drop table py3y")


def more_cursors():
    with psycopg.ServerCursor(db, "kept", withhold=True) as c:
        c.execute("select x from generate_series(1, 10) g(x)")
        same(len(c.fetchall()), 10)
    with psycopg.ServerCursor(db, "back", scrollable=True, withhold=True) as c:
        c.execute("select x from generate_series(1, 10) g(x)")
        c.scroll(5, mode="absolute")
        same(c.fetchone(), (6,))
    same(psycopg.ClientCursor(db).execute("select %s, %s, %s", (1, "it's", [1, None])).fetchone(), (1, "it's", [1, None]))
    with psycopg.connect(address, autocommit=True) as c:
        c.prepare_threshold = 0
        c.prepared_max = 2
        for i in range(5):
            same(c.execute(f"select %s::int + {i}", (i,)).fetchone(), (2 * i,))
        same(c.execute("select count(*) <= 3 from pg_prepared_statements").fetchone(), (True,))
        c.prepare_threshold = None
        same(c.execute("select %s::int", (1,)).fetchone(), (1,))
    with db.pipeline() as p:
        first, second = db.execute("select 1"), db.execute("select 2")
        p.sync()
        third = db.execute("select 3")
        same([first.fetchone(), second.fetchone(), third.fetchone()], [(1,), (2,), (3,)])
    with psycopg.connect(address) as c:
        c.read_only = True
        c.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        raises(psycopg.errors.ReadOnlySqlTransaction, lambda: c.execute("create table py3n (id int)"))
        c.rollback()


print(f"psycopg {psycopg.__version__} ({psycopg.pq.__impl__}), server {db.info.server_version}")
for leftover in ["table py3p", "table py3q", "table py3t", "table py3c", "table py3s", "table py3f", "table py3y", "materialized view py3v", "stream py3e"]:
    db.execute(f"drop {leftover.rsplit(' ', 1)[0]} if exists {leftover.rsplit(' ', 1)[1]}")
for name, run in [("types as text", lambda: types(False)), ("types in binary", lambda: types(True)), ("rows", rows), ("prepared", prepared),
                  ("pipeline", pipeline), ("transactions", transactions), ("copy", copy), ("cursors", cursors), ("errors and notices", errors),
                  ("cancel", cancel), ("following", following), ("timeout", timeout), ("more types", more_types), ("copy of types", copy_types),
                  ("more cursors", more_cursors), ("settings", settings), ("view", view), ("asynchronous", asynchronous)]:
    check(name, run)
    if db.closed:
        print("FAIL the connection is closed")
        failed += 1
        break
    if db.info.transaction_status.name != "IDLE":
        db.rollback()
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(1 if failed else 0)
