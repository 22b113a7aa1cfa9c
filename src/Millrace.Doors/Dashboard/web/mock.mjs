// A stand-in for the server with lively data, to develop and test the page without an engine: `node mock.mjs [port]`.

import { createServer } from 'node:http';
import { readFileSync, existsSync } from 'node:fs';
import { dirname, join, extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const port = Number(process.argv[2] ?? 8187);
const started = Date.now();
const TS = 'timestamptz';
const col = (s) => s.split(',').map((c) => { const [name, ...t] = c.trim().split(' '); return { name, type: t.join(' '), nullable: name !== 'id' }; });

const S = (id, name, columns, rate, eventTime = 'at') => ({ id, name, kind: 'stream', columns: col(columns), rate, eventTime, appendOnly: true, dependsOn: [], primaryKey: [],
  definition: `CREATE STREAM ${name} (\n  ${columns.split(',').map((c) => c.trim()).join(',\n  ')},\n  WATERMARK FOR ${eventTime} AS ${eventTime} - INTERVAL '2 seconds'\n)` });
const V = (id, name, columns, dependsOn, rate, definition, primaryKey = []) => ({ id, name, kind: 'view', columns: col(columns), rate, eventTime: /window_start/.test(columns) ? 'window_start' : /^at /.test(columns) ? 'at' : null,
  appendOnly: false, dependsOn, primaryKey, definition: `CREATE MATERIALIZED VIEW ${name} AS\n${definition}` });

const objects = [
  S(1, 'person', 'id bigint, name text, email_address text, city text, state text, date_time timestamptz', 200, 'date_time'),
  S(2, 'auction', 'id bigint, item_name text, initial_bid bigint, reserve bigint, date_time timestamptz, expires timestamptz, seller bigint, category bigint', 600, 'date_time'),
  S(3, 'bid', 'auction bigint, bidder bigint, price bigint, channel text, url text, date_time timestamptz', 9200, 'date_time'),
  S(10, 'cpu', 'at timestamptz, host text, core integer, busy double precision, iowait double precision', 40),
  S(11, 'memory', 'at timestamptz, host text, used_bytes bigint, free_bytes bigint, cached_bytes bigint', 10),
  S(12, 'network', 'at timestamptz, host text, device text, rx_bytes bigint, tx_bytes bigint', 30),
  S(13, 'process', 'at timestamptz, host text, pid integer, name text, cpu double precision, rss_bytes bigint', 200),
  { id: 14, name: 'category', kind: 'table', columns: col('id bigint, title text, fee numeric'), rate: 0.4, eventTime: null, appendOnly: false, dependsOn: [], primaryKey: ['id'],
    definition: 'CREATE TABLE category (\n  id bigint PRIMARY KEY,\n  title text NOT NULL,\n  fee numeric\n)' },
  V(20, 'cpu_by_core', 'window_start timestamptz, window_end timestamptz, core integer, busy double precision', [10], 24,
    "SELECT window_start, window_end, core, avg(busy) AS busy\nFROM TUMBLE(cpu, at, INTERVAL '1 second')\nGROUP BY window_start, window_end, core", ['window_start', 'core']),
  V(21, 'bids_per_second', 'window_start timestamptz, bids bigint, volume numeric', [3], 8,
    "SELECT window_start, count(*) AS bids, sum(price) AS volume\nFROM TUMBLE(bid, date_time, INTERVAL '1 second')\nGROUP BY window_start", ['window_start']),
  V(22, 'top_bidders', 'bidder bigint, name text, bids bigint, spent numeric', [3, 1], 410,
    'SELECT b.bidder, p.name, count(*) AS bids, sum(b.price) AS spent\nFROM bid b JOIN person p ON p.id = b.bidder\nGROUP BY b.bidder, p.name\nORDER BY spent DESC\nLIMIT 10', ['bidder']),
  V(23, 'hot_auctions', 'window_start timestamptz, auction bigint, bids bigint', [3], 95,
    "-- the auction with the most bids in each 10 s, every 2 s\nSELECT window_start, auction, count(*) AS bids\nFROM HOP(bid, date_time, INTERVAL '2 seconds', INTERVAL '10 seconds')\nGROUP BY window_start, auction", ['window_start', 'auction']),
  V(24, 'bidder_sessions', 'bidder bigint, window_start timestamptz, window_end timestamptz, bids bigint', [3], 160,
    "SELECT bidder, window_start, window_end, count(*) AS bids\nFROM SESSION(bid, date_time, INTERVAL '5 seconds', bidder)\nGROUP BY bidder, window_start, window_end"),
  V(25, 'winning_bids', 'auction bigint, item_name text, price bigint, category text', [3, 2, 14], 730,
    'SELECT a.id AS auction, a.item_name, max(b.price) AS price, c.title AS category\nFROM auction a\nJOIN bid b ON b.auction = a.id\nJOIN category c ON c.id = a.category\nGROUP BY a.id, a.item_name, c.title', ['auction']),
  V(26, 'price_by_category', 'category text, auctions bigint, mean_price numeric, highest bigint', [25], 52,
    'SELECT category, count(*) AS auctions, avg(price) AS mean_price, max(price) AS highest\nFROM winning_bids\nGROUP BY category', ['category']),
  V(27, 'busy_processes', 'at timestamptz, pid integer, name text, cpu double precision', [13], 3, 'SELECT at, pid, name, cpu\nFROM process\nWHERE cpu > 0.5'),
  { id: 30, name: 'bid_by_auction', kind: 'index', columns: col('auction bigint'), rate: 0, eventTime: null, appendOnly: false, dependsOn: [3], primaryKey: [], definition: 'CREATE INDEX bid_by_auction ON bid (auction)' },
].map((o) => ({ schema: 'public', ...o }));

const noise = (id, t) => 1 + 0.22 * Math.sin(t / 9 + id) + 0.12 * Math.sin(t / 2.3 + id * 3) + 0.1 * (Math.random() - 0.5);
const counters = new Map(objects.map((o) => [o.id, { rows: o.rate * 4000, changes: o.rate * 4000 }]));
let epoch = 41200;
let ingest = 1.2e7;
setInterval(() => {
  const t = (Date.now() - started) / 1000;
  epoch += 96 + Math.round(Math.random() * 8);
  for (const o of objects) {
    const n = o.rate * Math.max(0, noise(o.id, t));
    const c = counters.get(o.id);
    c.changes += n;
    c.rows += o.kind === 'view' ? n * 2.4 : n;
    if (o.kind !== 'view') ingest += n;
  }
}, 1000);

function stats() {
  const up = (Date.now() - started) / 1000;
  return {
    epoch, uptimeSeconds: up + 1240, memoryBytes: 312e6 + 18e6 * Math.sin(up / 20), diskBytes: 1.41e9 + up * 640e3, logBytes: 1.2e9 + up * 610e3, ingestRowsTotal: Math.round(ingest),
    subscriptions: 1 + Math.floor(subscribers), connections: 4,
    objects: objects.filter((o) => o.kind !== 'index').map((o) => {
      const c = counters.get(o.id);
      const held = { 20: 480, 21: 3600, 22: 10, 23: 8123, 24: 40211, 25: 24012, 26: 12, 27: 412, 14: 12 }[o.id];
      return { id: o.id, rowsTotal: Math.round(c.rows), rows: held ?? Math.round(c.rows), bytes: Math.round((held ?? c.rows) * 61), changesTotal: Math.round(c.changes),
        watermark: o.eventTime ? new Date(Date.now() - 2000).toISOString() : null, lagMs: o.eventTime ? Math.round(o.kind === 'view' ? 1900 + 300 * Math.random() : 90 + 40 * Math.random() + (o.id === 3 ? 180 : 0)) : null };
    }),
  };
}

const operatorSpecs = {
  20: [['Window', 'TUMBLE 1 s on at', 21], ['Aggregate', 'group by window, core: avg(busy)', 88]],
  21: [['Window', 'TUMBLE 1 s on date_time', 18], ['Aggregate', 'group by window: count, sum(price)', 34]],
  22: [['Join', 'bid.bidder = person.id', 26000], ['Aggregate', 'group by bidder, name', 140], ['TopN', '10 by spent desc', 95]],
  23: [['Window', 'HOP 2 s of 10 s', 120], ['Aggregate', 'group by window, auction: count', 210]],
  24: [['Session', 'gap 5 s by bidder', 640], ['Aggregate', 'count', 60]],
  25: [['Join', 'bid.auction = auction.id', 8600], ['Join', 'auction.category = category.id', 95], ['Aggregate', 'max(price)', 180]],
  26: [['Aggregate', 'group by category', 75]],
  27: [['Filter', 'cpu > 0.5', 9]],
};
function graph() {
  const operators = [];
  const edges = [];
  for (const [view, list] of Object.entries(operatorSpecs)) {
    const o = objects.find((x) => x.id === Number(view));
    list.forEach(([name, detail, ns], i) => {
      const input = o.dependsOn.reduce((n, d) => n + counters.get(d).changes, 0);
      const rowsIn = Math.round(i === 0 ? input : input / (2 + i));
      operators.push({ id: `${view}.${i}`, object: o.id, name, detail, rowsIn, rowsOut: Math.round(rowsIn / 2), stateRows: 400 * (i + 1) * list.length, stateBytes: 52000 * (i + 1) * list.length, nsPerRow: ns });
      if (i > 0) edges.push({ from: `${view}.${i - 1}`, to: `${view}.${i}`, rows: Math.round(rowsIn) });
    });
    o.dependsOn.forEach((d, i) => edges.push({ from: 'object:' + d, to: `${view}.${Math.min(i ? i - 1 : 0, list.length - 1)}`, rows: Math.round(counters.get(d).changes) }));
    edges.push({ from: `${view}.${list.length - 1}`, to: 'object:' + view, rows: Math.round(counters.get(o.id).changes) });
  }
  return { objects: objects.filter((o) => o.kind !== 'index').map((o) => o.id), operators, edges };
}

const NAMES = ['Ada Brandt', 'Björn Dahl', 'Chiara Ferri', 'Dmitri Volkov', 'Elif Kaya', 'Femi Adeyemi', 'Grace Liu', 'Hana Suzuki', 'Ivo Petrov', 'Jana Novák', 'Kofi Mensah', 'Lena Vogel'];
const CATS = ['Books', 'Coins', 'Clocks', 'Maps', 'Pottery', 'Radios', 'Stamps', 'Textiles', 'Tools', 'Toys', 'Vinyl', 'Watches'];
const PROCS = ['millrace', 'postgres', 'chromium', 'dotnet', 'node', 'systemd', 'sshd', 'containerd'];
const pick = (list) => list[Math.floor(Math.random() * list.length)];
const int = (n) => Math.floor(Math.random() * n);
const iso = (t) => new Date(t).toISOString();
function value(c, o, t, i) {
  if (/^(at|date_time|window_start)$/.test(c.name)) return iso(o.kind === 'view' ? Math.floor(t / 1000) * 1000 : t);
  if (c.name === 'window_end' || c.name === 'expires') return iso(Math.floor(t / 1000) * 1000 + 1000);
  if (c.name === 'host') return 'build-01';
  if (c.name === 'core') return i % 4;
  if (c.name === 'name') return o.name === 'process' || o.name === 'busy_processes' ? pick(PROCS) : NAMES[i % 12];
  if (c.name === 'category' && c.type === 'text' || c.name === 'title') return CATS[i % 12];
  if (c.name === 'item_name') return pick(CATS).toLowerCase() + ' lot ' + int(900);
  if (c.name === 'channel') return pick(['web', 'app', 'partner', 'phone']);
  if (c.name === 'url') return 'https://auction.example/item/' + int(9e5) + '?ref=' + int(99);
  if (c.name === 'device') return pick(['eth0', 'lo', 'wg0']);
  if (c.name === 'city') return pick(['Lisbon', 'Oslo', 'Turin', 'Kyoto']);
  if (c.name === 'state') return Math.random() < 0.3 ? null : pick(['PT', 'NO', 'IT', 'JP']);
  if (c.name === 'email_address') return NAMES[i % 12].toLowerCase().replace(' ', '.') + '@example.org';
  if (/bigint|numeric/.test(c.type)) return String(c.name.includes('bytes') ? 2e9 + int(4e8) : /id|auction|bidder|seller/.test(c.name) ? 1000 + int(9000) : 100 + int(20000));
  if (/int/.test(c.type)) return int(30000);
  if (/double/.test(c.type)) return +(0.35 + 0.3 * Math.sin(t / 4000 + (i % 4)) + 0.08 * Math.random()).toFixed(4);
  return 'x' + int(99);
}
const rowsOf = (o, n, stepMs) => Array.from({ length: n }, (_, i) => o.columns.map((c) => value(c, o, Date.now() - Math.floor(i / (o.name === 'cpu_by_core' ? 4 : 1)) * stepMs, i)));

function problem(query, position, detail, hint, sqlstate) {
  const before = query.slice(0, position);
  return { type: 'about:blank', title: 'The statement is not valid', detail, status: 400, sqlstate, position, line: before.split('\n').length, column: position - before.lastIndexOf('\n'), hint };
}
function find(query) {
  const bad = /\bselec\b|\bform\b|\bgruop\b/i.exec(query);
  if (bad) return { problem: problem(query, bad.index, `syntax error at or near "${bad[0]}"`, `Did you mean "${{ selec: 'SELECT', form: 'FROM', gruop: 'GROUP' }[bad[0].toLowerCase()]}"?`, '42601') };
  const m = /\bfrom\s+(?:tumble\(|hop\(|session\()?\s*"?(\w+)/i.exec(query);
  if (!m) return { object: null };
  const object = objects.find((o) => o.name === m[1].toLowerCase());
  if (!object) return { problem: problem(query, m.index + m[0].length - m[1].length, `relation "${m[1]}" does not exist`, 'Did you mean "bid"?', '42P01') };
  const nope = /\bno_?such\w*/.exec(query);
  if (nope) return { problem: problem(query, nope.index, `column "${nope[0]}" does not exist`, `${object.name} has ${object.columns.map((c) => c.name).join(', ')}.`, '42703') };
  return { object };
}

let subscribers = 0;
const SECURITY = { 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer', 'X-Frame-Options': 'DENY',
  'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" };
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.txt': 'text/plain; charset=utf-8' };

const server = createServer((req, res) => {
  const url = new URL(req.url, 'http://x');
  const json = (body, status = 200, type = 'application/json') => { res.writeHead(status, { 'Content-Type': type }); res.end(JSON.stringify(body)); };
  const events = () => { res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }); return (event, data, id) => res.write(`event: ${event}\n${id ? `id: ${id}\n` : ''}data: ${JSON.stringify(data)}\n\n`); };
  if (url.pathname === '/v1/catalog') return json({ epoch, objects: objects.map(({ rate, ...o }) => o) });
  if (url.pathname === '/v1/stats') return json(stats());
  if (url.pathname === '/v1/graph') return json(graph());
  if (url.pathname === '/v1/stats/stream') {
    const send = events();
    send('stats', stats());
    const timer = setInterval(() => send('stats', stats()), 1000);
    req.on('close', () => clearInterval(timer));
    return;
  }
  if (url.pathname === '/v1/sql' && req.method === 'POST') {
    if (req.headers['content-type'] !== 'application/json') return json({ title: 'Unsupported media type', status: 415 }, 415, 'application/problem+json');
    let body = '';
    req.on('data', (d) => { body += d; });
    req.on('end', () => {
      const { query, maxRows } = JSON.parse(body);
      const results = [];
      for (const part of query.split(';').filter((s) => s.trim())) {
        const f = find(query);
        if (f.problem) return json(f.problem, 400, 'application/problem+json');
        if (!f.object) {
          if (!/^\s*select/i.test(part)) { results.push({ command: part.trim().split(/\s+/).slice(0, 3).join(' ').toUpperCase(), columns: [], rows: [], elapsedMs: 1.4, notices: ['mock: nothing was done'] }); continue; }
          results.push({ command: 'SELECT 1', columns: [{ name: 'answer', type: 'integer' }], rows: [[42]], truncated: false, elapsedMs: 0.2, notices: [] });
          continue;
        }
        if (/count\(\*\)/i.test(part) && !/group/i.test(part)) { results.push({ command: 'SELECT 1', columns: [{ name: 'count', type: 'bigint' }], rows: [[String(Math.round(counters.get(f.object.id).rows))]], elapsedMs: 3.1, notices: [] }); continue; }
        const n = Math.min(maxRows, Number(/limit\s+(\d+)/i.exec(part)?.[1] ?? (f.object.kind === 'stream' ? 5000 : 60)));
        const rows = f.object.id === 22 || f.object.id === 26 ? rowsOf(f.object, Math.min(n, f.object.id === 22 ? 10 : 12), 0) : rowsOf(f.object, n, f.object.kind === 'view' ? 1000 : 37);
        results.push({ command: 'SELECT ' + rows.length, columns: f.object.columns, rows, truncated: rows.length === maxRows, elapsedMs: 0.8 + rows.length / 400, notices: [] });
      }
      json({ results });
    });
    return;
  }
  if (url.pathname === '/v1/subscribe') {
    const query = url.searchParams.get('query') ?? '';
    const f = find(query);
    if (f.problem) return json(f.problem, 400, 'application/problem+json');
    subscribers++;
    const send = events();
    let n = 0;
    const id = () => `${epoch}-${n++}`;
    if (!f.object || /count\(\*\)/i.test(query)) {
      let row = [String(Math.round(f.object ? counters.get(f.object.id).rows : 1))];
      send('schema', { columns: [{ name: 'count', type: 'bigint' }], key: null, epoch }, id());
      send('snapshot', { epoch, rows: [row], last: true }, id());
      const timer = setInterval(() => { const next = [String(Number(row[0]) + 60 + int(90))]; send('delta', { epoch, changes: [[-1, row], [1, next]] }, id()); row = next; }, 120);
      req.on('close', () => { clearInterval(timer); subscribers--; });
      return;
    }
    const o = f.object;
    const key = o.primaryKey.length ? o.primaryKey.map((k) => o.columns.findIndex((c) => c.name === k)) : null;
    let rows = rowsOf(o, o.id === 22 ? 10 : o.id === 26 ? 12 : o.kind === 'stream' ? 200 : 120, 1000);
    send('schema', { columns: o.columns, key, epoch }, id());
    send('snapshot', { epoch, rows: rows.slice(0, 50) }, id());
    send('snapshot', { epoch, rows: rows.slice(50), last: true }, id());
    const timer = setInterval(() => {
      const changes = [];
      if (!o.eventTime) {
        for (let k = 0; k < 3; k++) {
          const i = int(rows.length);
          const next = rows[i].map((v, c) => (key?.includes(c) || o.columns[c].type === 'text' ? v : typeof v === 'string' && /^\d+$/.test(v) ? String(Number(v) + int(400)) : v));
          changes.push([-1, rows[i]], [1, next]);
          rows[i] = next;
        }
      } else {
        for (const row of rowsOf(o, o.name === 'cpu_by_core' ? 4 : o.kind === 'stream' ? Number(process.env.BURST ?? 25) : 2, 0)) { changes.push([1, row]); rows.push(row); }
        while (rows.length > 900) changes.push([-1, rows.shift()]);
      }
      epoch++;
      send('delta', { epoch, changes }, id());
    }, o.kind === 'stream' || !o.eventTime ? 150 : 1000);
    req.on('close', () => { clearInterval(timer); subscribers--; });
    return;
  }
  const path = url.pathname === '/' ? '/index.html' : url.pathname;
  const file = join(dist, path);
  if (!file.startsWith(dist) || !existsSync(file) || path.endsWith('/')) { res.writeHead(404, SECURITY); res.end('not found'); return; }
  res.writeHead(200, { ...SECURITY, 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' });
  res.end(readFileSync(file));
});
server.listen(port, '127.0.0.1', () => console.log(`mock on http://127.0.0.1:${port}`));
process.on('SIGTERM', () => process.exit(0));
