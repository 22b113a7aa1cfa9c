// The page's readers of text: statements, server-sent events, times, numbers, CSV.
// @ts-nocheck Node's test modules have no types here
import test from 'node:test';
import assert from 'node:assert/strict';
import { statements, statementAt, subscribed } from '../src/query/statements';
import { readEvents } from '../src/live/sse';
import { bytes, duration, nanos, parseTime, short, span, ticks, timeLabels } from '../src/model/format';
import { toCell } from '../src/model/types';
import { guess, toLines } from '../src/query/shape';
import { toCsv } from '../src/query/csv';

test('statements end at semicolons that are not in quotes or comments', () => {
  const sql = `SELECT ';' -- no; not here\n, ";" /* nor; here */;\nSELECT $a$ ; $a$;  ;\nSELECT 3`;
  assert.deepEqual(statements(sql).map((s) => s.text), [`SELECT ';' -- no; not here\n, ";" /* nor; here */`, 'SELECT $a$ ; $a$', 'SELECT 3']);
  for (const s of statements(sql)) assert.equal(sql.slice(s.from, s.to), s.text);
  assert.equal(statementAt(sql, 3).text.slice(0, 10), "SELECT ';'");
  assert.equal(statementAt(sql, sql.length).text, 'SELECT 3');
  assert.equal(statementAt('  ', 1), null);
  for (const open of ["SELECT 'a", 'SELECT "a', 'SELECT $$a', '/* a', '-- a', 'SELECT $a']) assert.equal(statements(open).length, 1);
});

test('SUBSCRIBE is a query to follow', () => {
  assert.deepEqual(subscribed('SUBSCRIBE TO top_bidders'), { query: 'SELECT * FROM top_bidders', shift: -1 });
  assert.deepEqual(subscribed('subscribe SELECT 1'), { query: 'SELECT 1', shift: 10 });
  assert.equal(subscribed('SELECT 1'), null);
});

async function events(parts) {
  const seen = [];
  const was = globalThis.fetch;
  globalThis.fetch = async () => new Response(new ReadableStream({
    start(c) { for (const p of parts) c.enqueue(p); c.close(); },
  }), { headers: { 'Content-Type': 'text/event-stream' } });
  await readEvents('/x', new AbortController().signal, (e) => seen.push(e));
  globalThis.fetch = was;
  return seen;
}

test('events read the same wherever the bytes are cut', async () => {
  const text = ': keep-alive\n\nevent: delta\nid: 7-1\ndata: {"a":"é€😀"}\n\r\nevent: progress\r\ndata:1\r\ndata: 2\r\n\r\n: x\ndata: last\n\n';
  const raw = new TextEncoder().encode(text);
  const whole = await events([raw]);
  assert.deepEqual(whole.map((e) => [e.event, e.data]), [['delta', '{"a":"é€😀"}'], ['progress', '1\n2'], ['message', 'last']]);
  assert.equal(whole[0].id, '7-1');
  for (let cut = 1; cut < raw.length; cut++) assert.deepEqual(await events([raw.slice(0, cut), raw.slice(cut)]), whole, `cut at ${cut}`);
  assert.deepEqual(await events([...raw].map((b) => Uint8Array.of(b))), whole);
});

test('times', () => {
  const t = Date.UTC(2026, 10, 21, 11, 40, 0, 123);
  for (const text of ['2026-11-21T11:40:00.123Z', '2026-11-21 11:40:00.123', '2026-11-21 11:40:00.123456+00', '2026-11-21 13:40:00.123+02', '2026-11-21 13:40:00.123+02:00']) assert.equal(parseTime(text), t, text);
  assert.equal(parseTime('2026-11-21'), Date.UTC(2026, 10, 21));
  assert.ok(Number.isNaN(parseTime('hello there')) && Number.isNaN(parseTime(null)));
});

test('numbers', () => {
  assert.deepEqual([0, 7, 7.25, 67.91, 999, 1234, 99949, 12_345_678, -1500].map(short), ['0', '7', '7.3', '67.9', '999', '1.23 k', '99.9 k', '12.3 M', '−1.50 k']);
  assert.equal(short(NaN), '–');
  assert.deepEqual(ticks([0, 2500, 5000, 7500]), ['0', '2.5 k', '5.0 k', '7.5 k']);
  assert.deepEqual(ticks([36_967_000, 36_967_500]), ['36.9670 M', '36.9675 M']);
  assert.deepEqual(ticks([0, 0.2, 0.4]), ['0', '0.2', '0.4']);
  assert.deepEqual([532, 1536, 3e9].map(bytes), ['532 B', '1.5 KiB', '2.8 GiB']);
  assert.deepEqual([0.4, 3, 250, 1970, 125_000].map(duration), ['400 µs', '3 ms', '250 ms', '1.97 s', '2 m 5 s']);
  assert.equal(span(90061), '1 d 1 h');
});

test('an axis of time tells its ticks apart', () => {
  const noon = Date.UTC(2026, 10, 27, 12) / 1000;
  const every = (gap, n = 3, from = noon) => timeLabels(Array.from({ length: n }, (_, i) => from + i * gap), true);
  assert.deepEqual(every(10), ['12:00:00', '12:00:10', '12:00:20']);
  assert.deepEqual(every(0.5), ['00:00.0', '00:00.5', '00:01.0']);
  assert.deepEqual(every(0.02), ['00:00.00', '00:00.02', '00:00.04']);
  assert.deepEqual(every(0.001), ['00:00.000', '00:00.001', '00:00.002']);
  assert.deepEqual(every(6 * 3600), ['12:00', '18:00', 'Nov 28']);
  assert.deepEqual(every(86_400, 2, noon - 12 * 3600), ['Nov 27', 'Nov 28']);
  assert.deepEqual(every(366 * 86_400, 2), ['2026', '2027']);
  assert.deepEqual(timeLabels([noon, null], true), ['12:00', '']);
});

test('times in cells stand below one another, in the zone of the reader', () => {
  assert.equal(toCell('2026-11-27T07:23:41.97', 'timestamp without time zone'), '2026-11-27 07:23:41.970');
  assert.equal(toCell('2026-11-27T07:23:41.970123', 'timestamp'), '2026-11-27 07:23:41.970');
  assert.equal(toCell('2026-11-27T07:23:41', 'timestamp'), '2026-11-27 07:23:41');
  assert.equal(toCell('2026-11-27', 'date'), '2026-11-27');
  const was = process.env.TZ;
  process.env.TZ = 'Europe/Vienna';
  assert.equal(toCell('2026-11-27T07:23:41.5Z', 'timestamp with time zone'), '2026-11-27 08:23:41.500');
  process.env.TZ = was ?? 'UTC';
});

test('short times', () => {
  assert.deepEqual([0.4, 865, 15_700, 341_553, 2.5e6].map(nanos), ['0 ns', '865 ns', '15.7 µs', '342 µs', '2.5 ms']);
});

test('what is drawn of an answer at first', () => {
  const c = (name, type) => ({ name, type });
  const columns = [c('at', 'timestamp'), c('bidder', 'bigint'), c('price', 'bigint')];
  const rows = (bidders) => Array.from({ length: 200 }, (_, i) => [`2026-11-27T07:00:${String(i % 60).padStart(2, '0')}`, String(i % bidders), '5']);
  assert.equal(guess(columns, rows(47), null).by, -1, 'a line for each of many numbers');
  const few = guess(columns, rows(11), null);
  assert.deepEqual([few.kind, few.by], ['lines', 1]);
  assert.deepEqual(toLines(columns, rows(3), few).lines.map((l) => l.label), ['bidder 0', 'bidder 1', 'bidder 2']);
  assert.equal(guess(columns, rows(3).slice(0, 1), null).kind, 'number');
});

test('CSV quotes what it must and defuses formulas', () => {
  const csv = toCsv([{ name: 'a', type: 'text' }, { name: 'n', type: 'numeric' }], [['=1+1', '-5'], ['x,"y"\nz', null], ['@sum', '2']]);
  assert.equal(csv, 'a,n\r\n\'=1+1,-5\r\n"x,""y""\nz",\r\n\'@sum,2\r\n');
});
