#!/usr/bin/env python3
# asyncpg against a running Millrace: host and port as arguments, exit code 0 when everything is as it should be. It asks for binary forms alone, and for the types behind arrays.
import asyncio
import datetime
import decimal
import io
import json
import sys
import uuid

import asyncpg

host, port = sys.argv[1], int(sys.argv[2])
passed = 0
failed = 0


def same(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


async def check(name, run):
    global passed, failed
    try:
        await asyncio.wait_for(run, 60)
        passed += 1
        print(f"ok   {name}")
    except Exception as e:  # every failure is reported and counted
        failed += 1
        print(f"FAIL {name}: {type(e).__name__}: {e}")


def connect():
    return asyncpg.connect(host=host, port=port, user="millrace", database="millrace")


COLUMNS = """id int PRIMARY KEY, big bigint, small smallint, name text, code varchar(10), d double precision, r real, n numeric(12,2), day date,
  at timestamp, seen timestamptz, wakes time, span interval, u uuid, doc jsonb, raw bytea, yes boolean, ints int[], texts text[], nums numeric[], times timestamptz[]"""
UTC = datetime.timezone.utc
ROW = (1, 2**40, -3, "héllo 𝄞", "abc", 1.5, 2.5, decimal.Decimal("12.34"), datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 1, 2, 3, 4),
       datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC), datetime.time(1, 2, 3), datetime.timedelta(days=3, seconds=5), uuid.UUID(int=5), '{"a": 1}',
       b"\x00\xff", True, [1, None, 3], ["x", None, "ü,\"y"], [decimal.Decimal("1.50"), None], [datetime.datetime(2024, 1, 1, tzinfo=UTC)])


async def types(c):
    await c.execute(f"DROP TABLE IF EXISTS apg; CREATE TABLE apg ({COLUMNS})")
    places = ", ".join(f"${i + 1}" for i in range(len(ROW)))
    await c.execute(f"INSERT INTO apg VALUES ({places})", *ROW)
    same(tuple(await c.fetchrow("SELECT * FROM apg WHERE id = $1", 1)), ROW)
    await c.execute(f"INSERT INTO apg VALUES ({places})", 2, *[None] * (len(ROW) - 1))
    same(tuple(await c.fetchrow("SELECT * FROM apg WHERE id = $1", 2)), (2,) + (None,) * (len(ROW) - 1))


async def described(c):
    statement = await c.prepare("SELECT $1::int[] || $2::int AS x, $3::text AS t, id, name FROM apg")
    same([t.name for t in statement.get_parameters()], ["int4[]", "int4", "text"])
    same([(a.name, a.type.name) for a in statement.get_attributes()], [("x", "int4[]"), ("t", "text"), ("id", "int4"), ("name", "text")])
    same([r["x"] for r in await statement.fetch([1, 2], 3, "q")], [[1, 2, 3]] * 2)


async def codecs(c):
    await c.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
    same(await c.fetchval("SELECT doc FROM apg WHERE id = 1"), {"a": 1})
    await c.execute("UPDATE apg SET doc = $1 WHERE id = 1", {"b": [1, None, "ü"]})
    same(await c.fetchval("SELECT doc -> 'b' ->> 2 FROM apg WHERE id = 1"), "ü")
    same(await c.fetchval("SELECT array_agg(doc) FROM apg WHERE id = 1"), [{"b": [1, None, "ü"]}])
    await c.reset_type_codec("jsonb", schema="pg_catalog")


async def rows(c):
    same(await c.fetchval("SELECT (1, 'x'::text, NULL::int)"), (1, "x", None))
    same(await c.fetchval("SELECT ARRAY[(1, 2), (3, 4)]"), [(1, 2), (3, 4)])
    same([r["id"] for r in await c.fetch("SELECT id FROM apg WHERE id = ANY($1::int[]) ORDER BY id", [2, 1, 7])], [1, 2])


async def copies(c):
    records = [(i,) + ROW[1:] for i in range(100, 1100)]
    same(await c.copy_records_to_table("apg", records=records), "COPY 1000")
    same(tuple(await c.fetchrow("SELECT * FROM apg WHERE id = 555")), (555,) + ROW[1:])
    out = io.BytesIO()
    same(await c.copy_from_query("SELECT id, name FROM apg WHERE id < $1 ORDER BY id", 3, output=out, format="csv"), "COPY 2")
    same(out.getvalue().decode(), "1,héllo 𝄞\n2,\n")
    back = io.BytesIO()
    await c.copy_from_query("SELECT id + 5000, name FROM apg WHERE id >= 100", output=back, format="binary")
    back.seek(0)
    same(await c.copy_to_table("apg", source=back, columns=["id", "name"], format="binary"), "COPY 1000")


async def cursors(c):
    async with c.transaction():
        same(sum([r["id"] async for r in c.cursor("SELECT id FROM apg WHERE id BETWEEN $1 AND 1099", 100, prefetch=7)]), sum(range(100, 1100)))
        cursor = await c.cursor("SELECT id FROM apg ORDER BY id")
        same([r["id"] for r in await cursor.fetch(2)], [1, 2])
        await cursor.forward(998)
        same((await cursor.fetchrow())["id"], 1098)


async def transactions(c):
    try:
        async with c.transaction():
            await c.execute("INSERT INTO apg (id) VALUES (9000)")
            try:
                async with c.transaction():
                    await c.execute("INSERT INTO apg (id) VALUES (9001)")
                    raise ValueError
            except ValueError:
                pass
            same(await c.fetchval("SELECT count(*) FROM apg WHERE id >= 9000"), 1)
            raise ValueError
    except ValueError:
        pass
    same(await c.fetchval("SELECT count(*) FROM apg WHERE id >= 9000"), 0)


async def errors(c):
    try:
        await c.execute("INSERT INTO apg (id) VALUES (1)")
        raise AssertionError("no error")
    except asyncpg.UniqueViolationError as e:
        same((e.sqlstate, e.table_name, e.constraint_name), ("23505", "apg", "apg_pkey"))
    try:
        await c.fetch("SELECT nope FROM apg")
        raise AssertionError("no error")
    except asyncpg.UndefinedColumnError as e:
        same(e.position, "8")


async def many(c):
    await c.executemany("INSERT INTO apg (id, name) VALUES ($1, $2)", [(i, str(i)) for i in range(20000, 20500)])
    same(await c.fetchval("SELECT count(*) FROM apg WHERE id >= 20000"), 500)


async def late(c):
    forever = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 1000000) b"
    try:
        await c.fetch(forever, timeout=0.3)
        raise AssertionError("no error")
    except asyncio.TimeoutError:
        pass
    task = asyncio.ensure_future(c.fetch(forever))
    await asyncio.sleep(0.2)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    same(await c.fetchval("SELECT 1"), 1)


async def pooled(c):
    async with asyncpg.create_pool(host=host, port=port, user="millrace", database="millrace", min_size=2, max_size=5) as pool:
        same(sum(await asyncio.gather(*[pool.fetchval("SELECT $1::int * 2", i) for i in range(50)])), 2450)


async def followed(c):
    await c.execute("CREATE MATERIALIZED VIEW apg_counts AS SELECT id % 2 AS half, count(*) AS n FROM apg GROUP BY id % 2")
    other = await connect()
    async with c.transaction():
        await c.execute("DECLARE follow CURSOR FOR SUBSCRIBE apg_counts WITH (snapshot = false)")
        await other.execute("DELETE FROM apg WHERE id = 20000")
        rows = await c.fetch("FETCH 2 FROM follow WITH (timeout = '10s')")
        same(len(rows), 2)
    await other.close()
    await c.execute("DROP MATERIALIZED VIEW apg_counts; DROP TABLE apg")


async def main():
    c = await connect()
    for test in [types, described, codecs, rows, copies, cursors, transactions, errors, many, late, pooled, followed]:
        await check(test.__name__, test(c))
    await check("reset", c.reset())
    await check("close", c.close())


asyncio.run(main())
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(1 if failed else 0)
