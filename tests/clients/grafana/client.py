#!/usr/bin/env python3
# Grafana's queries against a running Millrace: host and port as arguments, exit code 0 when everything is as it should be.
# Panels go out as simple queries, several statements in one and results as text; what Grafana asks of the schema is parsed under a name, described, and
# its results come in binary. That is how Grafana uses pgx: https://github.com/grafana/grafana/tree/main/pkg/tsdb/grafana-postgresql-datasource
import sys
from pathlib import Path

from psycopg import pq

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


def answer(result):
    if result.status == pq.ExecStatus.FATAL_ERROR:
        return result.error_field(pq.DiagnosticField.SQLSTATE).decode()
    return [[result.get_value(r, c) for c in range(result.nfields)] for r in range(result.ntuples)]


def types(result):
    return [result.ftype(c) for c in range(result.nfields)]


db = pq.PGconn.connect(f"host={sys.argv[1]} port={sys.argv[2]} user=millrace dbname=millrace sslmode=disable application_name=Grafana".encode())
if db.status != pq.ConnStatus.OK:
    raise SystemExit(db.error_message.decode())
prepared = 0


def simple(sql):
    return db.exec_(sql.encode())


def extended(sql, values):
    global prepared
    prepared += 1
    name = f"stmtcache_{prepared}".encode()
    result = db.prepare(name, sql.encode())
    if result.status == pq.ExecStatus.FATAL_ERROR:
        return result
    described = db.describe_prepared(name)
    same(described.nparams, len(values))
    return db.exec_prepared(name, [v.encode() for v in values], None, pq.Format.BINARY)


def send(block):
    result = extended(block.sql, block.values) if "with" in block.said or "extended" in block.said else simple(block.sql)
    got = answer(result)
    expected = block.said.get("fails")
    if expected or isinstance(got, str):
        assert got == expected, result.error_message.decode()
    return result


def assert_done(result):
    assert result.status in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.EMPTY_QUERY), result.error_message.decode()


told = {b.name: b for b in blocks(Path(__file__).parent / "queries.sql")}
for statement in statements(told["@cleanup"]):
    simple(statement)
for statement in statements(told["@setup"]):
    check(statement.split("\n")[0][:60], lambda: assert_done(simple(statement)))

# How pgx asks whether a connection lives.
check("ping", lambda: same(simple("-- ping").status, pq.ExecStatus.EMPTY_QUERY))
check("ping of older ones", lambda: same(simple(";").status, pq.ExecStatus.EMPTY_QUERY))
for block in told.values():
    if not block.name.startswith("@"):
        check(block.name, lambda: send(block))


def builder():
    # What fills the lists of the query builder: a view and a materialized view among the tables, the columns with the types that say which is a time.
    tables = [r[0] for r in answer(simple(told["the tables"].sql))]
    same([t for t in tables if t.startswith((b"bi_", b'"bi_'))], [b'"bi_By Host"', b"bi_hosts", b"bi_metrics"])
    same(answer(simple(told["the columns of a table"].sql))[:3], [[b"id", b"integer"], [b'"time"', b"timestamp with time zone"], [b"epoch", b"bigint"]])


def panel():
    # A time series: the frame is made of the types' numbers, which must be those that pgx knows.
    result = simple(told["a panel: $__timeGroupAlias, by the alias"].sql)
    same(types(result), [1700, 25, 701])
    same(answer(result), [[b"1709200800", b"a", b"20.25"], [b"1709200800", b"b", b"20.25"], [b"1709201100", b"a", None], [b"1709201400", b"b", b"50"]])
    same(types(simple(told["a panel: $__time and $__timeFilter"].sql)), [1184, 701])


def schema():
    result = send(told["schema: the columns"])
    same(answer(result)[5][:3], [b"load", b"numeric", b"numeric"])
    same([int.from_bytes(v, "big") for v in answer(result)[5][3:]], [10, 3])


check("what the query builder is filled with", builder)
check("a time series", panel)
check("the schema in binary", schema)
for statement in statements(told["@cleanup"]):
    check(statement, lambda: assert_done(simple(statement)))
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(1 if failed else 0)
