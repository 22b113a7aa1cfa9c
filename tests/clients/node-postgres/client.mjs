// node-postgres against a running Millrace: host and port as arguments, exit code 0 when everything is as it should be.
import assert from "node:assert/strict";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import Cursor from "pg-cursor";
import QueryStream from "pg-query-stream";

const options = { host: process.argv[2], port: Number(process.argv[3]), user: "millrace", database: "millrace" };
const client = new pg.Client(options);
await client.connect();
let passed = 0;
let failed = 0;

async function check(name, run) {
  try {
    await run();
    passed++;
    console.log("ok   " + name);
  } catch (e) {
    failed++;
    console.log("FAIL " + name + ": " + e.message);
  }
}

await check("types", async () => {
  const r = await client.query(
    "select 1::int as i, 2::bigint as b, 1.5::double precision as d, 'x'::text as t, true as y, null::int as n, array[1,2] as a, '{\"k\":1}'::jsonb as j");
  assert.deepEqual(r.rows, [{ i: 1, b: "2", d: 1.5, t: "x", y: true, n: null, a: [1, 2], j: { k: 1 } }]);
  assert.deepEqual(r.fields.map(f => f.dataTypeID), [23, 20, 701, 25, 16, 23, 1007, 3802]);
});
await check("parameters", async () => {
  const at = new Date("2024-02-29T01:02:03.004Z");
  const r = await client.query("select $1::int + 1 as i, $2::text as t, $3::timestamptz as at, $4::int[] as a, $5::bytea as y", [
    41, "héllo", at, [1, null, 3], Buffer.from([0, 1, 255])]);
  assert.deepEqual(r.rows, [{ i: 42, t: "héllo", at, a: [1, null, 3], y: Buffer.from([0, 1, 255]) }]);
});
await check("named statement", async () => {
  for (let i = 0; i < 3; i++) {
    assert.equal((await client.query({ name: "add", text: "select $1::int + $2::int as s", values: [i, 1] })).rows[0].s, i + 1);
  }
});
await check("write and read", async () => {
  await client.query("drop table if exists nodet");
  await client.query("create table nodet (id int primary key, name text)");
  assert.equal((await client.query("insert into nodet values ($1, $2), ($3, $4)", [1, "a", 2, null])).rowCount, 2);
  assert.deepEqual((await client.query("select * from nodet order by id")).rows, [{ id: 1, name: "a" }, { id: 2, name: null }]);
});
await check("transaction", async () => {
  await client.query("begin");
  await client.query("insert into nodet values (3, 'c')");
  await client.query("rollback");
  assert.equal((await client.query("select count(*) as n from nodet")).rows[0].n, "2");
});
await check("error", async () => {
  await assert.rejects(client.query("selec 1"), e => e.code === "42601" && e.position === "1");
  await assert.rejects(client.query("insert into nodet values (1, 'again')"), e => e.code === "23505");
  await assert.rejects(client.query("select $1::int", ["x"]), e => e.code === "22P02");
});
await check("several statements", async () => {
  const results = await client.query("select 1 as a; select 2 as b");
  assert.deepEqual(results.map(r => r.rows[0]), [{ a: 1 }, { b: 2 }]);
});
await check("subscribe", async () => {
  await client.query("create materialized view nodev as select count(*) as n from nodet");
  const other = new pg.Client(options);
  await other.connect();
  other.on("error", () => {});
  const seen = [];
  const feed = new pg.Query("subscribe nodev");
  const three = new Promise((resolve, reject) => {
    feed.on("row", row => { seen.push([row.weight, row.n]); if (seen.length === 3) resolve(); });
    feed.on("error", reject);
    setTimeout(() => reject(new Error("no change within 10 s: " + JSON.stringify(seen))), 10000).unref();
  });
  feed.on("row", async () => { if (seen.length === 1) await client.query("insert into nodet values (10, 'x')"); });
  other.query(feed);
  await three;
  assert.deepEqual(seen.sort(), [["-1", "2"], ["1", "2"], ["1", "3"]]);
  other.connection.stream.destroy();
  await client.query("drop materialized view nodev");
  await client.query("drop table nodet");
});
await check("pool", async () => {
  const pool = new pg.Pool(options);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.query("select $1::int as i", [i])));
  assert.deepEqual(answers.map(a => a.rows[0].i), Array.from({ length: 20 }, (_, i) => i));
  await pool.end();
});
await check("cursor", async () => {
  const numbers = client.query(new Cursor("select x, x::text as t from generate_series(1, $1::int) g(x)", [10]));
  assert.deepEqual(await numbers.read(2), [{ x: 1, t: "1" }, { x: 2, t: "2" }]);
  assert.equal((await numbers.read(100)).length, 8);
  assert.equal((await numbers.read(100)).length, 0);
  await numbers.close();
  const left = client.query(new Cursor("select x from generate_series(1, 1000) g(x)"));
  await left.read(1);
  await left.close();
  await assert.rejects(client.query(new Cursor("select 1/0")).read(1), e => e.code === "22012");
  const arrays = client.query(new Cursor("select 1 as a, 2 as a", [], { rowMode: "array" }));
  assert.deepEqual(await arrays.read(1), [[1, 2]]);
  await arrays.close();
});
await check("query stream", async () => {
  let n = 0;
  for await (const row of client.query(new QueryStream("select x from generate_series(0, $1::int) g(x)", [4999], { batchSize: 100 }))) assert.equal(row.x, n++);
  assert.equal(n, 5000);
  for await (const row of client.query(new QueryStream("select x from generate_series(0, 100000) g(x)"))) if (row.x === 10) break;
  assert.equal((await client.query("select 1 as a")).rows[0].a, 1);
});
await check("subscribe as a query stream, left by a break", async () => {
  await client.query("drop table if exists nodef");
  await client.query("create table nodef (id int primary key)");
  await client.query("insert into nodef values (1)");
  const other = new pg.Client(options);
  await other.connect();
  const seen = [];
  for await (const row of other.query(new QueryStream("subscribe nodef", [], { batchSize: 1 }))) {
    seen.push([row.weight, row.id]);
    if (seen.length === 2) break;
    await client.query("insert into nodef values (2)");
  }
  assert.deepEqual(seen, [["1", 1], ["1", 2]]);
  assert.equal((await other.query("select count(*)::int as n from nodef")).rows[0].n, 2);
  await other.end();
  await client.query("drop table nodef");
});
await check("copy streams", async () => {
  await client.query("drop table if exists nodec");
  await client.query("create table nodec (id int primary key, name text, at timestamptz, v numeric, j jsonb, tags text[])");
  const lines = Array.from({ length: 10000 }, (_, i) => `${i}\tn${i}\t2024-02-29 01:02:03+00\t${i}.50\t{"a": ${i}}\t{a,NULL}\n`);
  const into = client.query(copyFrom("copy nodec from stdin"));
  await pipeline(Readable.from(lines), into);
  assert.equal(into.rowCount, 10000);
  let text = "";
  const out = client.query(copyTo("copy (select id, name, v from nodec where id < 3 order by id) to stdout with (format csv, header)"));
  await pipeline(out, new Writable({ write(chunk, _, done) { text += chunk; done(); } }));
  assert.equal(text, "id,name,v\n0,n0,0.50\n1,n1,1.50\n2,n2,2.50\n");
  assert.equal(out.rowCount, 3);
  const parts = [];
  await pipeline(client.query(copyTo("copy (select * from nodec order by id) to stdout (format binary)")), new Writable({ write(chunk, _, done) { parts.push(chunk); done(); } }));
  await client.query("truncate nodec");
  await pipeline(Readable.from([Buffer.concat(parts)]), client.query(copyFrom("copy nodec from stdin (format binary)")));
  assert.deepEqual((await client.query("select count(*)::int as n, sum((j->>'a')::int)::int as s from nodec")).rows, [{ n: 10000, s: 49995000 }]);
  await assert.rejects(pipeline(Readable.from(["x\ty\n"]), client.query(copyFrom("copy nodec (id, name) from stdin"))), e => e.code === "22P02");
  await assert.rejects(pipeline(new Readable({ read() { this.destroy(new Error("given up")); } }), client.query(copyFrom("copy nodec (id, name) from stdin"))), /given up/);
  await assert.rejects(pipeline(client.query(copyTo("copy nowhere to stdout")), new Writable({ write(_, __, done) { done(); } })), e => e.code === "42P01");
  assert.equal((await client.query("select 1 as a")).rows[0].a, 1);
  await client.query("drop table nodec");
});
await check("cancel by pg_cancel_backend, statement_timeout", async () => {
  const slow = "select count(*) from generate_series(1, 1000000) a(x), generate_series(1, 1000000) b(y)";
  const other = new pg.Client(options);
  await other.connect();
  const ended = assert.rejects(other.query(slow), e => e.code === "57014" && /user request/.test(e.message));
  // Asked for until it has begun: a cancel that comes before is for nobody.
  let over = false;
  ended.then(() => over = true, () => over = true);
  while (!over) {
    assert.deepEqual((await client.query("select pg_cancel_backend($1) as told", [other.processID])).rows, [{ told: true }]);
    await new Promise(resolve => setImmediate(resolve));
  }
  await ended;
  assert.equal((await other.query("select pg_backend_pid() as p")).rows[0].p, other.processID);
  await other.end();
  const timed = new pg.Client({ ...options, statement_timeout: 200 });
  await timed.connect();
  await assert.rejects(timed.query(slow), e => e.code === "57014" && /statement timeout/.test(e.message));
  assert.equal((await timed.query("select 1 as a")).rows[0].a, 1);
  await timed.end();
});
await check("type parsers", async () => {
  const types = { getTypeParser: (oid, format) => oid === 20 ? BigInt : oid === 1700 ? Number : oid === 1082 ? (v => v) : pg.types.getTypeParser(oid, format) };
  const { rows } = await client.query({
    text: "select 5::bigint as b, 1.5::numeric as n, date '2024-02-29' as d, array[1.5, null]::numeric[] as a, interval '1 year 2 days 03:04:05.5' as i, '\\x00ff'::bytea as y,"
      + " array['2024-02-29 01:02:03+00'::timestamptz] as z, '{\"a\": [1]}'::json as j, 'NaN'::float8 as f, array[true, null] as o, array['{\"a\":1}'::jsonb] as k", types });
  assert.deepEqual({ ...rows[0], i: { ...rows[0].i } }, {
    b: 5n, n: 1.5, d: "2024-02-29", a: [1.5, null], i: { years: 1, days: 2, hours: 3, minutes: 4, seconds: 5, milliseconds: 500 }, y: Buffer.from([0, 255]),
    z: [new Date("2024-02-29T01:02:03Z")], j: { a: [1] }, f: NaN, o: [true, null], k: [{ a: 1 }] });
  const binary = await client.query({ text: "select 5::bigint as b, 1.5::float8 as d, 7 as i, true as y, 'x'::text as t, '\\x00ff'::bytea as q, array[1,2]::int4[] as a", binary: true, values: [] });
  assert.deepEqual(binary.rows, [{ b: "5", d: 1.5, i: 7, y: true, t: "x", q: Buffer.from([0, 255]), a: [1, 2] }]);
  assert.deepEqual((await client.query({ text: "select 1 as a, 2 as a", rowMode: "array" })).rows, [[1, 2]]);
});
await client.end();
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
