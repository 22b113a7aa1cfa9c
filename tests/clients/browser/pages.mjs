// Every page of the dashboard in light and dark: what axe-core finds, how it fits 390 px, and that the keyboard gets everywhere and out again.
// Usage: node pages.mjs http://127.0.0.1:8086 [--shots DIR] [--only NAME,NAME]

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arguments_, walking } from './browser.mjs';

const options = arguments_();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const tag = Date.now().toString(36);
const endpoint = 'pages_' + tag;

await walking(options, async (w) => {
  let page = await w.open();

  /** What axe-core finds on the page as it is now. */
  async function audit(name) {
    await page.evaluate(axe); // past the policy, which keeps every script out that is not the server's
    const { violations } = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags, resultTypes: ['violations'] }), TAGS);
    for (const v of violations) {
      w.fault(`${name}: ${v.impact} ${v.id}: ${v.help}; ${v.nodes.length} times, first ${v.nodes[0].target.join(' ')}: ${v.nodes[0].html.slice(0, 160)} ${(v.nodes[0].failureSummary ?? '').split('\n')[1] ?? ''}`);
    }
    if (!violations.length) w.check(true, `${name}: nothing found`);
  }

  const { objects } = await w.fetch('/v1/catalog');
  const named = (kind) => objects.find((o) => o.kind === kind && (kind !== 'view' || o.materialized !== false) && o.columns.some((c) => /int|double|numeric/.test(c.type)))?.name;
  const [stream, view] = [named('stream'), named('view')];
  await w.sql(`CREATE ENDPOINT ${endpoint} (n int DEFAULT 10, flag boolean DEFAULT NULL) AS SELECT * FROM ${view} WHERE $flag IS NULL OR $flag LIMIT $n`);
  // One that rings, with somebody who does not take its messages; this machine is refused or does not listen there.
  await w.sql(`CREATE TABLE ${endpoint} (host text PRIMARY KEY, load double precision); INSERT INTO ${endpoint} VALUES ('a', 0.97), ('b', 0.2)`);
  await w.sql(`CREATE ALERT ${endpoint}_alert ON (SELECT host, load FROM ${endpoint} WHERE load > 0.5) NOTIFY 'http://127.0.0.1:9/hook'`);
  await w.sql('CREATE TABLE IF NOT EXISTS millrace_boards (id text PRIMARY KEY, title text NOT NULL, board jsonb NOT NULL, saved_at timestamptz NOT NULL)');
  const tiles = [
    { id: 'a', title: 'A number', query: `SELECT count(*) AS n FROM ${view}`, show: 'number', wide: 1, high: 1 },
    { id: 'b', title: 'Rows', query: `SELECT * FROM ${view}`, show: 'rows', wide: 2, high: 2 },
    { id: 'c', title: 'A picture', query: `SELECT * FROM ${view}`, show: 'lines', wide: 1, high: 2 },
    { id: 'd', title: 'A fault', query: 'SELECT nothing FROM nowhere', show: 'bars', wide: 1, high: 1 },
  ];
  await w.sql(`INSERT INTO millrace_boards VALUES ('${endpoint}', 'Board ${tag}', '${JSON.stringify({ tiles })}', now())`);

  // Somebody to be seen on the page of subscriptions.
  const leave = new AbortController();
  const feed = await fetch(`${w.base}/v1/subscribe?query=${encodeURIComponent(`SELECT * FROM ${view}`)}`, { headers: { Accept: 'text/event-stream' }, signal: leave.signal });
  const reading = feed.body.pipeTo(new WritableStream()).catch(() => undefined);

  const ready = (selector) => () => page.locator(selector).first().waitFor();
  const editor = async (text) => { await w.get('editor').locator('.cm-content').waitFor(); await page.evaluate((t) => window.__millrace.setQuery(t), text); };
  const places = [
    ['overview', '#/overview', ready('[data-testid="stream-row"]')],
    ['query', '#/query', ready('.cm-content')],
    ['query-history', '#/query', async () => { await editor('SELECT 1 AS one'); await w.get('run').click(); await ready('.result')(); await page.getByRole('button', { name: 'History' }).click(); await ready('.history li')(); }],
    ['query-live', '#/query', async () => { await editor(`SELECT * FROM ${view}`); await w.get('watch').click(); await ready('[data-testid="result-plot"]')(); }],
    ['query-error', '#/query', async () => { w.refused(/\/v1\/sql/); await editor('SELECT nothing FROM nowhere'); await w.get('run').click(); await ready('[data-testid="error"]')(); }],
    ['pin', '#/query', async () => { await editor(`SELECT * FROM ${view}`); await w.get('run').click(); await w.get('pin').click(); await ready('[data-testid="pin-board"]')(); }],
    ['boards', '#/boards', ready('[data-testid="board-card"]')],
    ['board', `#/boards/${endpoint}`, async () => { await ready('.tile-problem')(); await ready('.tile-box .grid-row')(); }],
    ['board-edit', `#/boards/${endpoint}?edit=1`, async () => { await page.reload(); await ready('.tile-tools')(); }],
    ['tile', `#/boards/${endpoint}?edit=1`, async () => { await page.reload(); await w.get('tile-add').click(); await ready('[data-testid="tile-query"]')(); }],
    ['board-full', `#/boards/${endpoint}?full=1`, async () => { await page.reload(); await ready('.wall')(); await ready('.tile-box .grid-row')(); }],
    ['catalog', '#/catalog', ready('.tree li')],
    ['stream', `#/catalog/${stream}`, ready('.object .grid-row')],
    ['view', `#/catalog/${view}`, ready('.object .facts')],
    ['endpoints', '#/endpoints', ready('[data-testid="endpoint-row"]')],
    ['endpoint', `#/endpoints/${endpoint}`, async () => { await w.get('try-call').click(); await ready('[data-testid="try-grid"]')(); }],
    ['alerts', '#/alerts', ready('[data-testid="alert-row"]')],
    ['alert', `#/alerts/${endpoint}_alert`, ready('[data-testid="alert-incident"]')],
    ['api', '#/api', ready('[data-testid="operation"]')],
    ['graph', '#/graph', ready('[data-testid="graph-node"]')],
    ['graph-view', `#/graph/${view}`, ready('.node.kind-operator')],
    ['subscriptions', '#/subscriptions', ready('[data-testid="follower"]')],
    ['help', '#/overview', async () => { await ready('[data-testid="stream-row"]')(); await page.keyboard.press('?'); await ready('dialog[open]')(); }],
  ].filter(([name]) => !options.only || options.only.split(',').includes(name));

  for (const [name, hash, until] of places) {
    w.begin(name);
    for (const colorScheme of ['light', 'dark']) {
      page = await w.open({ colorScheme, reducedMotion: 'reduce' });
      await page.goto(w.base + '/' + hash);
      await w.live().catch(() => undefined);
      await until();
      await audit(colorScheme);
      await w.shot(`${name}-1280-${colorScheme}`);
      await page.setViewportSize({ width: 390, height: 844 });
      // Plots are drawn again once the page has told them of their new width.
      const widest = () => page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.querySelector('main').scrollWidth));
      await w.until('the page fits into 390 px', async () => (await widest()) <= 390).catch(() => undefined);
      const wide = await widest();
      w.check(wide <= 390, `${colorScheme}: nothing sticks out at 390 px`, `${wide} px`);
      await w.shot(`${name}-390-${colorScheme}`);
    }
  }

  w.begin('keyboard');
  page = await w.open();
  await page.goto(w.base + '/#/overview');
  await w.live();
  await page.keyboard.press('Tab');
  w.check((await page.evaluate(() => document.activeElement.textContent)) === 'Skip to content', 'the first stop skips to the content');
  await page.keyboard.press('Enter');
  w.check(await page.evaluate(() => document.activeElement.id === 'main'), 'and does');
  const titles = await page.locator('nav[aria-label="Pages"] a').allInnerTexts();
  for (const [i, title] of titles.entries()) {
    await page.evaluate(() => document.activeElement?.blur());
    await page.keyboard.press(String(i + 1));
    await w.until(`${i + 1} opens ${title}`, async () => (await page.title()) === `${title} · Millrace` && (await page.locator('main h1').count()) > 0);
    if (title === 'Query') await w.get('editor').locator('.cm-content').waitFor();
    // From the top of the page through everything, each stop seen, and out at the end.
    const stops = await page.evaluate(() => { document.activeElement?.blur(); document.querySelector('.brand').focus(); return 0; });
    let count = stops;
    for (; count < 400; count++) {
      if (await page.evaluate(() => document.activeElement?.classList.contains('editor'))) await page.keyboard.press('Escape'); // Tab indents in the editor until then
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const e = document.activeElement;
        if (!e || e === document.body || e.classList.contains('skip')) return 'out';
        const box = e.getBoundingClientRect();
        const style = getComputedStyle(e);
        const seen = style.outlineStyle !== 'none' || style.boxShadow !== 'none' || e.classList.contains('editor') || e instanceof SVGElement;
        return seen && box.width > 0 ? '' : `${e.tagName} ${e.className} ${e.textContent?.slice(0, 40)}`;
      });
      if (at === 'out') break;
      if (at) throw new Error(`${title}: the focus is not seen on ${at}`);
    }
    w.check(count < 400, `${title}: Tab goes through and out`, `${count} stops`);
  }
  leave.abort();
  await reading;
  await w.sql(`DROP ENDPOINT ${endpoint}; DROP ALERT ${endpoint}_alert; DROP TABLE ${endpoint}; DELETE FROM millrace_boards WHERE id = '${endpoint}'`);
});
