// Opens the dashboard over a database that lives, in headless Chromium: live streams, a query kept live and plotted, the graph, an error at its place.
// Usage: node dashboard.mjs http://127.0.0.1:8086 [--query "SELECT …"] [--shots DIR]    Exit code 0 when all holds, 1 when not, 2 without a browser.

import { arguments_, walking } from './browser.mjs';

const options = arguments_();

await walking(options, async (w) => {
  const page = await w.open();
  const plot = '[data-testid="result-plot"]';

  /** A view that has a time and a number to draw, and whose answer is changing now. */
  async function liveView() {
    const { objects } = await w.fetch('/v1/catalog');
    const before = new Map((await w.fetch('/v1/stats')).objects.map((o) => [o.id, o.changesTotal]));
    return w.until('a view with a time and a number that changes', async () => {
      const now = new Map((await w.fetch('/v1/stats')).objects.map((o) => [o.id, o]));
      const fits = objects.filter((o) => o.kind === 'view'
        && o.columns.some((c) => /^(timestamp|timestamptz)/i.test(c.type))
        && o.columns.some((c) => /^(int|bigint|smallint|double|real|numeric)/i.test(c.type))
        && now.get(o.id)?.changesTotal > (before.get(o.id) ?? 0));
      // The one with the fewest rows is drawn soonest.
      return fits.sort((a, b) => (now.get(a.id).rows ?? 1e12) - (now.get(b.id).rows ?? 1e12))[0] ?? null;
    });
  }

  w.begin('open');
  const response = await page.goto(w.base + '/');
  w.check(response.status() === 200, 'the page answers 200');
  const policy = response.headers()['content-security-policy'] ?? '';
  w.check(policy.includes("default-src 'none'") && !policy.includes('unsafe'), 'it comes with a strict content security policy');
  await w.live();
  w.check(true, 'it is connected', (await w.get('status').innerText()).trim());

  w.begin('overview');
  await w.sees('streams are listed', () => w.get('stream-row').count());
  await w.sees('views are listed', () => w.get('view-row').count());
  const rates = () => w.get('stream-row').locator('td.strong').allInnerTexts();
  await w.sees('a stream is live', async () => (await rates()).find((t) => /[1-9]/.test(t)));
  const first = (await rates()).join();
  await w.sees('the rates change by themselves', async () => (await rates()).join() !== first);
  await w.shot('overview');

  w.begin('watch');
  const view = options.query ? null : await liveView();
  const query = options.query ?? `SELECT * FROM ${view.name}`;
  await w.get('nav-query').click();
  await w.get('editor').locator('.cm-content').waitFor();
  await w.type(query);
  await w.get('watch').click();
  await w.sees('a live answer shows', async () => (await w.get('result-grid').count()) > 0 && (await w.gridText()) !== '');
  const before = await w.gridText();
  await w.sees('its rows change in place', async () => (await w.gridText()) !== before);
  const drawn = await w.until('a plot is drawn', async () => { const i = await w.ink(plot); return i.painted > 500 && i.colours > 3 && i; });
  w.check(true, 'a plot is drawn', `${drawn.painted} pixels, ${drawn.colours} colours`);
  await w.sees('the plot follows', async () => (await w.ink(plot)).hash !== drawn.hash);
  await w.shot('watch');
  const ended = page.waitForEvent('requestfailed', (r) => r.url().includes('/v1/subscribe'));
  await w.get('stop').click();
  await ended;
  w.check(true, 'Stop ends the connection');
  await w.sees('and says so', async () => (await w.get('stop').count()) === 0 && (await page.locator('.result .pill').innerText()) === 'stopped');

  w.begin('run');
  await w.get('editor').locator('.cm-content').click();
  await page.keyboard.press('ControlOrMeta+Enter');
  await w.sees('Ctrl-Enter runs the query', async () => { const t = await page.locator('.result h2').innerText(); return t.startsWith('SELECT') && t; });
  w.check((await w.gridText()) !== '', 'and shows its rows');

  w.begin('completion');
  const offered = async (text) => {
    const editor = w.get('editor').locator('.cm-content');
    await editor.click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.press('Delete');
    await page.keyboard.type(text);
    const list = w.get('editor').locator('.cm-completionLabel');
    await w.until(`something is offered for "${text}"`, () => list.count());
    return list.allInnerTexts();
  };
  await w.sees('functions are offered, from the database', async () => (await offered('SELECT time_bu')).includes('time_bucket') && 'time_bucket');
  await w.sees('its words, and not those of others', async () => { const words = await offered('CREATE ENDPO'); return words.includes('ENDPOINT') && words.join(' '); });
  await page.keyboard.press('Escape');

  w.begin('error');
  w.refused(/\/v1\/sql/);
  const broken = query.replace(/^SELECT\s+\*/i, 'SELECT no_such_column');
  await w.type(broken === query ? 'SELECT no_such_column FROM no_such_table' : broken);
  await w.get('run').click();
  const error = w.get('error');
  await error.waitFor();
  const text = (await error.innerText()).replace(/\s+/g, ' ');
  w.check(/no_such/.test(text), 'the error names what is wrong', text.slice(0, 140));
  w.check(Number(await error.getAttribute('data-line')) === 1 && Number(await error.getAttribute('data-column')) > 1, 'it names its place',
    `line ${await error.getAttribute('data-line')}, column ${await error.getAttribute('data-column')}`);
  await w.sees('the place is underlined in the editor', async () => { const t = await w.get('editor').locator('.cm-lintRange-error').innerText(); return /no_such/.test(t) && t; });
  await w.shot('error');

  w.begin('catalog');
  await w.get('nav-catalog').click();
  const named = view?.name ?? (await w.fetch('/v1/catalog')).objects.find((o) => o.kind === 'view').name;
  await page.locator('.tree').getByRole('link', { name: named }).first().click();
  await w.until('the object opens', async () => (await page.locator('.object h1').innerText()).includes(named));
  await w.sees('an object shows its rows', async () => (await page.locator('.object .grid-row').count()) > 0);
  await w.shot('catalog');

  w.begin('graph');
  await w.get('nav-graph').click();
  await w.until('nodes are drawn', async () => (await w.get('graph-node').count()) > 1);
  w.check((await page.locator('.graph-box path.edge').count()) > 0, 'nodes and edges are drawn', `${await w.get('graph-node').count()} nodes, ${await page.locator('.graph-box path.edge').count()} edges`);
  await page.getByRole('button', { name: 'Operators', exact: true }).click();
  await w.sees('operators are drawn', () => page.locator('.node.kind-operator').count());
  await w.shot('graph');
});
