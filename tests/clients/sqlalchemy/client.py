#!/usr/bin/env python3
# SQLAlchemy against a running Millrace: the address as argument, exit code 0 when everything is as it should be.
import datetime
import decimal
import sys

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql as pg

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


engine = sa.create_engine(f"postgresql+psycopg2://millrace@{sys.argv[1]}/millrace", future=True)


def run(*statements):
    with engine.begin() as c:
        for statement in statements:
            c.execute(sa.text(statement))


def clean():
    run("drop materialized view if exists sqla_m", "drop view if exists sqla_v", "drop table if exists sqla_people", "drop table if exists sqla_items",
        "drop stream if exists sqla_events")


def create():
    run("create table sqla_items (id int not null, part varchar(10) not null default 'x', price numeric(10,2), made timestamptz, tags text[], extra jsonb, primary key (part, id))",
        "create index sqla_items_price on sqla_items (price)",
        "create view sqla_v as select id, price * 2 as twice from sqla_items",
        "create stream sqla_events (at timestamptz, k text, v double precision)",
        "create materialized view sqla_m as select k, count(*) as n from sqla_events group by k")


def names():
    look = sa.inspect(engine)
    same(look.default_schema_name, "public")
    assert {"public", "pg_catalog", "information_schema", "millrace", "rw_catalog"} >= set(look.get_schema_names()) >= {"public"}, look.get_schema_names()
    assert "sqla_items" in look.get_table_names(), look.get_table_names()
    views = look.get_view_names()
    assert {"sqla_v", "sqla_m"} <= set(views), views
    same(look.has_table("sqla_items"), True)
    same(look.has_table("sqla_nothing"), False)
    same(look.get_view_definition("sqla_v").lower().split()[0], "select")
    same(look.get_enums(), [])


def columns():
    look = sa.inspect(engine)
    got = {c["name"]: c for c in look.get_columns("sqla_items")}
    same(list(got), ["id", "part", "price", "made", "tags", "extra"])
    same({name: str(c["type"].compile(engine.dialect)) for name, c in got.items()},
         {"id": "INTEGER", "part": "VARCHAR(10)", "price": "NUMERIC(10, 2)", "made": "TIMESTAMP WITH TIME ZONE", "tags": "TEXT[]", "extra": "JSONB"})
    same([name for name, c in got.items() if not c["nullable"]], ["id", "part"])
    assert got["part"]["default"].startswith("'x'"), got["part"]["default"]
    same({c["name"]: type(c["type"]) for c in look.get_columns("sqla_m")}, {"k": sa.TEXT, "n": sa.BIGINT})
    same([c["name"] for c in look.get_columns("sqla_events")], ["at", "k", "v"])


def keys():
    look = sa.inspect(engine)
    same(look.get_pk_constraint("sqla_items"), {"constrained_columns": ["part", "id"], "name": "sqla_items_pkey"})
    same(look.get_pk_constraint("sqla_v")["constrained_columns"], [])
    same([(i["name"], i["column_names"], i["unique"]) for i in look.get_indexes("sqla_items")], [("sqla_items_price", ["price"], False)])
    same(look.get_foreign_keys("sqla_items"), [])
    same(look.get_unique_constraints("sqla_items"), [])
    same(look.get_check_constraints("sqla_items"), [])
    same(look.get_table_comment("sqla_items"), {"text": None})


def reflected():
    meta = sa.MetaData()
    meta.reflect(engine, views=True, only=lambda name, _: name.startswith("sqla_"))
    assert {"sqla_items", "sqla_v", "sqla_m"} <= set(meta.tables), list(meta.tables)
    items = meta.tables["sqla_items"]
    same([c.name for c in items.primary_key], ["part", "id"])
    with engine.begin() as c:
        c.execute(items.insert(), [{"id": i, "price": decimal.Decimal(i) / 4, "tags": ["a", None], "extra": {"n": i}} for i in range(1, 6)])
        made = datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=datetime.timezone.utc)
        same(c.execute(items.update().where(items.c.id == 2).values(made=made)).rowcount, 1)
        same(c.execute(items.delete().where(items.c.id == 5).returning(items.c.id)).fetchall(), [(5,)])
    with engine.connect() as c:
        rows = c.execute(sa.select(items).where(items.c.price.between(0.5, 0.75)).order_by(items.c.id.desc())).mappings().all()
        same([(r["id"], r["part"], r["price"], r["made"], r["tags"], r["extra"]) for r in rows],
             [(3, "x", decimal.Decimal("0.75"), None, ["a", None], {"n": 3}), (2, "x", decimal.Decimal("0.50"), made, ["a", None], {"n": 2})])
        view = meta.tables["sqla_v"]
        same(c.execute(sa.select(sa.func.sum(view.c.twice), sa.func.count()).select_from(view)).one(), (decimal.Decimal("5.00"), 4))
        both = sa.select(items.c.id, view.c.twice).join(view, view.c.id == items.c.id).where(items.c.id.in_([1, 4])).order_by(items.c.id)
        same(c.execute(both).all(), [(1, decimal.Decimal("0.50")), (4, decimal.Decimal("2.00"))])
        ranked = sa.select(items.c.id, sa.func.row_number().over(order_by=items.c.price.desc()).label("r")).cte("ranked")
        same(c.execute(sa.select(ranked.c.id).where(ranked.c.r == 1)).scalar_one(), 4)
        case = sa.case((items.c.price > 0.5, "dear"), else_="cheap").label("kind")
        same(c.execute(sa.select(case, sa.func.count()).group_by(case).order_by(case)).all(), [("cheap", 2), ("dear", 2)])
        same(c.execute(sa.select(sa.cast(items.c.extra["n"].astext, sa.Integer)).order_by(items.c.id).limit(1).offset(1)).scalar_one(), 2)
        same(c.execute(sa.select(sa.exists().where(items.c.id == 4))).scalar_one(), True)
    with engine.begin() as c:
        again = pg.insert(items).values(id=1, part="x", price=9)
        c.execute(again.on_conflict_do_update(index_elements=["part", "id"], set_={"price": again.excluded.price}))
        same(c.execute(sa.select(items.c.price).where(items.c.id == 1)).scalar_one(), decimal.Decimal("9.00"))


def server_side_cursor():
    with engine.connect().execution_options(stream_results=True, max_row_buffer=10) as c:
        same(sum(r[0] for r in c.execute(sa.text("select x from generate_series(1, 1000) g(x)"))), 500500)
        parts = c.execute(sa.text("select x from generate_series(1, 25) g(x)")).partitions(10)
        same([len(p) for p in parts], [10, 10, 5])


def mapped():
    base = orm.declarative_base()

    class Person(base):
        __tablename__ = "sqla_people"
        id = sa.Column(sa.Integer, primary_key=True, autoincrement=False)
        name = sa.Column(sa.String(20), nullable=False)
        born = sa.Column(sa.Date)
        score = sa.Column(sa.Float)

    base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        session.add_all([Person(id=i, name=f"n{i}", born=datetime.date(2000, 1, i), score=i / 2) for i in range(1, 4)])
        session.commit()
        person = session.get(Person, 2)
        person.name = "changed"
        session.delete(session.get(Person, 3))
        session.flush()
        same(session.execute(sa.select(Person.name).order_by(Person.id)).scalars().all(), ["n1", "changed"])
        with session.begin_nested() as savepoint:
            session.add(Person(id=9, name="never"))
            session.flush()
            savepoint.rollback()
        session.commit()
        same(session.query(Person).filter(Person.born >= datetime.date(2000, 1, 2)).count(), 1)
        session.add(Person(id=1, name="twice"))
        try:
            session.commit()
            raise AssertionError("no error")
        except sa.exc.IntegrityError:
            session.rollback()
    base.metadata.drop_all(engine)
    same(sa.inspect(engine).has_table("sqla_people"), False)


def isolation():
    with engine.connect() as c:
        same(c.get_isolation_level() in ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"), True)
        same(c.default_isolation_level, c.get_isolation_level())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        same(c.execute(sa.text("select :a + 1"), {"a": 1}).scalar_one(), 2)


def materialized():
    run("insert into sqla_events (k, v) values ('a', 1), ('a', 2), ('b', 3)")
    table = sa.Table("sqla_m", sa.MetaData(), autoload_with=engine)
    with engine.connect() as c:
        same(c.execute(sa.select(table).order_by(table.c.k)).all(), [("a", 2), ("b", 1)])


clean()
print(f"SQLAlchemy {sa.__version__}")
for name, what in [("create", create), ("names", names), ("columns", columns), ("keys and indexes", keys), ("reflection and core", reflected),
                   ("server side cursor", server_side_cursor), ("mapped classes", mapped), ("isolation", isolation), ("materialized view", materialized), ("drop", clean)]:
    check(name, what)
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(1 if failed else 0)
