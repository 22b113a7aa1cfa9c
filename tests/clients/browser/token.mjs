// A board of more tiles than a browser has connections for a host, on a server that wants a token: in Chromium, from the question for the token to a restart.
// Usage: node token.mjs PATH-OF-MILLRACE [--shots DIR]; it starts a server of its own.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arguments_, walking } from './browser.mjs';

const ADMIN = 'an-admin-token-for-this-walk';
const TILES = 14;
const options = arguments_();
const data = mkdtempSync(join(tmpdir(), 'millrace-token-'));
let server;

/** Starts the server and resolves to the address of its HTTP door. */
function start(http) {
  return new Promise((resolve, reject) => {
    server = spawn(options.program, ['serve', '--data', data, '--pg', 'off', '--http', http], { env: { ...process.env, MILLRACE_ADMIN_TOKEN: ADMIN }, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    server.stdout.on('data', (text) => { said += text; const ready = /^ready .*http=(\S+)/m.exec(said); if (ready) resolve(ready[1]); });
    server.on('exit', (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
    server.on('error', reject);
  });
}

/** Ends the server and waits for it. */
function stop() {
  return new Promise((resolve) => {
    if (!server || server.exitCode !== null) { resolve(); return; }
    server.removeAllListeners('exit');
    server.on('exit', resolve);
    server.kill('SIGTERM');
  });
}

const address = await start('127.0.0.1:0');
await walking({ ...options, base: 'http://' + address, after: async () => { await stop(); rmSync(data, { recursive: true, force: true }); } }, async (w) => {
  w.token = ADMIN;
  const tiles = Array.from({ length: TILES }, (_, i) => ({ id: 't' + i, title: 'Tile ' + i, query: `SELECT sum(x) + ${i} AS n FROM numbers`, show: 'number', wide: 1, high: 1 }));
  tiles.push({ id: 'no', title: 'Not granted', query: 'SELECT * FROM hidden', show: 'rows', wide: 1, high: 1 });
  for (const sql of ['CREATE TABLE numbers (x int)', 'CREATE TABLE hidden (x int)', 'INSERT INTO numbers VALUES (1000)',
    'CREATE TABLE millrace_boards (id text PRIMARY KEY, title text NOT NULL, board jsonb NOT NULL, saved_at timestamptz NOT NULL)',
    `INSERT INTO millrace_boards VALUES ('b', 'Many', '${JSON.stringify({ tiles })}', now())`,
    "CREATE USER viewer", 'GRANT SELECT ON numbers, millrace_boards TO viewer']) await w.sql(sql);
  const token = (await w.sql('CREATE TOKEN wall FOR viewer'))[0].rows[0][1];

  const page = await w.open();
  const sockets = [];
  const subscribed = [];
  const addresses = [];
  page.on('websocket', (s) => sockets.push(s));
  page.on('request', (r) => { addresses.push(r.url()); if (r.url().includes('/v1/subscribe')) subscribed.push(r.url()); });
  const shown = async () => (await w.get('tile').allInnerTexts()).map((t) => t.replace(/\s+/g, ' '));
  /** True when every tile shows the sum as it is now. */
  const all = async (sum) => { const s = await shown(); return tiles.slice(0, TILES).every((t, i) => s.some((text) => text.startsWith(t.title + ' ') && text.replace(/[^0-9 ]/g, '').split(' ').includes(String(sum + i)))); };

  w.begin('a token is asked for');
  for (let i = 0; i < 40; i++) w.refused(/\/v1\//);
  await page.goto(w.base + '/#/boards/b');
  await w.get('token-field').fill(token);
  w.check(sockets.length === 0, 'no connection is tried without it');
  await w.get('token-use').click();

  w.begin('one connection');
  await w.sees(`${TILES} tiles show their number`, () => all(1000));
  await w.sees('one that is not granted says so', async () => (await page.locator('.tile-problem').allInnerTexts()).find((t) => /permission denied/.test(t)));
  w.check(sockets.length === 1 && subscribed.length === 0, 'all over one WebSocket', `${sockets.length} sockets, ${subscribed.length} event streams`);
  w.check(/\/v1\/ws\?ticket=[0-9a-f]+$/.test(sockets[0].url()), 'opened by a ticket');
  w.check([...addresses, ...sockets.map((s) => s.url())].every((a) => !a.includes(token)), 'the token stands in no address');
  const used = await fetch(sockets[0].url().replace('ws:', 'http:'));
  w.check(used.status === 401, 'the ticket is used up');
  await w.sql('INSERT INTO numbers VALUES (234)');
  await w.sees('all tiles follow', () => all(1234));
  const followers = Number((await w.sql("SELECT count(*) FROM millrace.subscriptions WHERE via = 'websocket'"))[0].rows[0][0]);
  w.check(followers === TILES + 1, 'the tiles and the list of boards are followed', String(followers));
  await w.shot('token-board');

  w.begin('a restart');
  w.away = true;
  await stop();
  await w.sees('the tiles say that the connection is lost', async () => (await shown()).find((t) => t.includes('connection lost')));
  await start(address);
  await w.sql('INSERT INTO numbers VALUES (1)');
  await w.sees('with a new ticket they are back', () => all(1235));
  w.check(new Set(sockets.map((s) => s.url())).size === sockets.length, 'no ticket was shown twice', `${sockets.length} sockets`);
  w.away = false;

  w.begin('the token is dropped');
  w.away = true;
  await w.sql('DROP TOKEN wall');
  await w.sees('the page asks again by itself', async () => (await page.locator('dialog').count()) && (await page.locator('dialog').innerText()).includes('does not accept'));
});
