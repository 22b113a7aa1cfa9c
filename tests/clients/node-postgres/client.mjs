// node-postgres against a running Millrace: host and port as arguments, exit code 0 when everything is as it should be.
import assert from "node:assert/strict";
import pg from "pg";

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
await client.end();
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
