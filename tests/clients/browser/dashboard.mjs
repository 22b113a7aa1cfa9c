// Opens the dashboard in headless Chromium and uses it: live streams, a query kept live and plotted, the graph, an error at its place.
// Usage: node dashboard.mjs http://127.0.0.1:8086 [--query "SELECT …"] [--shots DIR]    Exit code 0 when all holds, 1 when not, 2 without a browser.

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const args = process.argv.slice(2);
const option = (name) => { const i = args.indexOf(name); return i < 0 ? null : args.splice(i, 2)[1]; };
const wantedQuery = option('--query');
const shots = option('--shots');
const base = (args[0] ?? 'http://127.0.0.1:8086').replace(/\/$/, '');
const browserPath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => p && existsSync(p));
if (!browserPath) {
  console.error('no Chromium found: apt-get install chromium, or set CHROMIUM to its path');
  process.exit(2);
}

const faults = [];
let step = 'start';
let refusals = 0; // requests we mean to be refused: the browser logs each as an error
let passed = 0;
const fault = (text) => { faults.push(`${step}: ${text}`); console.log(`  FAULT ${text}`); };

function check(holds, what, detail = '') {
  if (!holds) throw new Error(what + (detail ? ': ' + detail : ''));
  passed++;
  console.log(`  ok    ${what}${detail ? ': ' + detail : ''}`);
}

/** Asks until the answer is truthy; the page is live, so the wait is for an event and not for a time. */
async function until(what, ask, ms = 30_000) {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${ms / 1000} s`);
    await new Promise((r) => setTimeout(r, 100));
  }
}

const browser = await chromium.launch({
  executablePath: browserPath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const page = await (await browser.newContext({ viewport: { width: 1280, height: 860 } })).newPage();
await page.addInitScript(() => {
  document.addEventListener('securitypolicyviolation', (e) => console.error(`CSP violation: ${e.violatedDirective} ${e.blockedURI}`));
});
page.on('console', (m) => {
  if (m.type() !== 'error') return;
  if (refusals > 0 && /status of 4\d\d/.test(m.text()) && /\/v1\/(sql|subscribe)/.test(m.location().url)) { refusals--; return; }
  fault(`console error: ${m.text()} (${m.location().url})`);
});
page.on('pageerror', (e) => fault(`page error: ${e.stack ?? e}`));
page.on('request', (r) => { if (new URL(r.url()).origin !== new URL(base).origin && !r.url().startsWith('data:')) fault(`foreign request: ${r.url()}`); });

const byTest = (id) => page.getByTestId(id);
const shot = async (name) => { if (shots) { mkdirSync(shots, { recursive: true }); await page.screenshot({ path: join(shots, name + '.png') }); } };
async function begin(name) { step = name; console.log(name); }

/** Empties the editor and types into it, key by key, as a person would. */
async function type(text) {
  const editor = byTest('editor').locator('.cm-content');
  await editor.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('Delete');
  await page.keyboard.type(text, { delay: 5 });
  await page.keyboard.press('Escape'); // closes what completion may have opened
  check((await editor.innerText()).trim().replace(/\s+/g, ' ') === text.replace(/\s+/g, ' '), 'the editor holds what was typed', text);
}

/** The text of the grid's rows that are drawn. */
const gridText = () => byTest('result-grid').locator('.grid-row').allInnerTexts().then((t) => t.join('\n'));

/** How many pixels of the plot's canvas are painted, and in how many colours. */
const ink = () => page.evaluate(() => {
  const canvas = document.querySelector('[data-testid="result-plot"] canvas');
  if (!canvas || !canvas.width || !canvas.height) return { painted: 0, colours: 0, hash: 0 };
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const colours = new Set();
  let painted = 0;
  let hash = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] === 0) continue;
    painted++;
    colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    hash = (Math.imul(hash, 31) + i + data[i] + data[i + 1] * 3 + data[i + 2] * 7) | 0;
  }
  return { painted, colours: colours.size, hash };
});

const get = async (path) => (await fetch(base + path)).json();

/** A view that has a time and a number to draw, and whose answer is changing now. */
async function liveView() {
  const { objects } = await get('/v1/catalog');
  const before = new Map((await get('/v1/stats')).objects.map((o) => [o.id, o.changesTotal]));
  return until('a view with a time and a number that changes', async () => {
    const now = new Map((await get('/v1/stats')).objects.map((o) => [o.id, o]));
    const fits = objects.filter((o) => o.kind === 'view'
      && o.columns.some((c) => /^(timestamp|timestamptz)/i.test(c.type))
      && o.columns.some((c) => /^(int|bigint|smallint|double|real|numeric)/i.test(c.type))
      && now.get(o.id)?.changesTotal > (before.get(o.id) ?? 0));
    // The one with the fewest rows is drawn soonest.
    return fits.sort((a, b) => (now.get(a.id).rows ?? 1e12) - (now.get(b.id).rows ?? 1e12))[0] ?? null;
  }, 60_000);
}

try {
  await begin('open');
  const response = await page.goto(base + '/');
  check(response.status() === 200, 'the page answers 200');
  const policy = response.headers()['content-security-policy'] ?? '';
  check(policy.includes("default-src 'none'") && !policy.includes('unsafe'), 'it comes with a strict content security policy');
  await until('the status says live', async () => (await byTest('status').getAttribute('data-state')) === 'live');
  check(true, 'it is connected', (await byTest('status').innerText()).trim());

  await begin('overview');
  const rows = await until('streams are listed', async () => { const n = await byTest('stream-row').count(); return n > 0 && n; });
  check(rows > 0, 'streams are listed', String(rows));
  await until('views are listed', async () => (await byTest('view-row').count()) > 0);
  check(true, 'views are listed', String(await byTest('view-row').count()));
  const rates = () => byTest('stream-row').locator('td.strong').allInnerTexts();
  const moving = await until('a stream has a rate above zero', async () => (await rates()).find((t) => /[1-9]/.test(t)));
  check(true, 'a stream is live', moving + ' rows/s');
  const first = (await rates()).join();
  await until('the rates change', async () => (await rates()).join() !== first);
  check(true, 'the rates change by themselves');
  await shot('overview');

  await begin('watch');
  const view = wantedQuery ? null : await liveView();
  const query = wantedQuery ?? `SELECT * FROM ${view.name}`;
  await byTest('nav-query').click();
  await byTest('editor').locator('.cm-content').waitFor();
  await type(query);
  await byTest('watch').click();
  await until('the live answer has rows', async () => (await byTest('result-grid').count()) > 0 && (await gridText()) !== '', 60_000);
  check(true, 'a live answer shows');
  const before = await gridText();
  await until('live rows change', async () => (await gridText()) !== before, 60_000);
  check(true, 'its rows change in place');
  const drawn = await until('a plot is drawn', async () => { const i = await ink(); return i.painted > 500 && i.colours > 3 && i; });
  check(true, 'a plot is drawn', `${drawn.painted} pixels, ${drawn.colours} colours`);
  await until('the plot changes', async () => (await ink()).hash !== drawn.hash, 60_000);
  check(true, 'the plot follows');
  await shot('watch');
  await byTest('stop').click();
  await until('stop ends it', async () => (await byTest('stop').count()) === 0);
  const still = await gridText();
  await new Promise((r) => setTimeout(r, 1200));
  check((await gridText()) === still, 'after Stop nothing changes any more');

  await begin('run');
  await byTest('editor').locator('.cm-content').click();
  await page.keyboard.press('ControlOrMeta+Enter');
  await until('Run answers', async () => (await page.locator('.result h2').innerText()).startsWith('SELECT'));
  check((await gridText()) !== '', 'Ctrl-Enter runs the query', await page.locator('.result h2').innerText());

  await begin('error');
  refusals = 1;
  const broken = query.replace(/^SELECT\s+\*/i, 'SELECT no_such_column');
  await type(broken === query ? 'SELECT no_such_column FROM no_such_table' : broken);
  await byTest('run').click();
  const error = byTest('error');
  await error.waitFor();
  const text = (await error.innerText()).replace(/\s+/g, ' ');
  check(/no_such/.test(text), 'the error names what is wrong', text.slice(0, 140));
  check(Number(await error.getAttribute('data-line')) === 1 && Number(await error.getAttribute('data-column')) > 1, 'it names its place',
    `line ${await error.getAttribute('data-line')}, column ${await error.getAttribute('data-column')}`);
  const marked = byTest('editor').locator('.cm-lintRange-error');
  check((await marked.count()) === 1 && /no_such/.test(await marked.innerText()), 'the place is underlined in the editor', await marked.innerText());
  await shot('error');

  await begin('catalog');
  await byTest('nav-catalog').click();
  const named = view?.name ?? (await get('/v1/catalog')).objects.find((o) => o.kind === 'view').name;
  await page.locator('.tree').getByRole('link', { name: named }).first().click();
  await until('the object opens', async () => (await page.locator('.object h1').innerText()).includes(named));
  await until('its newest rows show', async () => (await page.locator('.object .grid-row').count()) > 0);
  check(true, 'an object shows its rows', named);
  await shot('catalog');

  await begin('graph');
  await byTest('nav-graph').click();
  await until('nodes are drawn', async () => (await byTest('graph-node').count()) > 1);
  check((await page.locator('.graph-box path.edge').count()) > 0, 'nodes and edges are drawn', `${await byTest('graph-node').count()} nodes, ${await page.locator('.graph-box path.edge').count()} edges`);
  await page.getByRole('button', { name: 'Operators', exact: true }).click();
  await until('operators are drawn', async () => (await page.locator('.node.kind-operator').count()) > 0);
  check(true, 'operators are drawn', String(await page.locator('.node.kind-operator').count()));
  await shot('graph');
} catch (error) {
  fault(error.message.split('\n')[0]);
  await shot('failed').catch(() => undefined);
} finally {
  await browser.close();
}

console.log(faults.length ? `FAILED: ${passed} checks passed, ${faults.length} fault${faults.length === 1 ? '' : 's'}` : `PASSED: ${passed} checks`);
for (const f of faults) console.log('  ' + f);
process.exit(faults.length ? 1 : 0);
