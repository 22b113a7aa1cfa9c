// A newcomer's walk in headless Chromium: makes a stream, pastes rows, writes a view, sees it live, pins it to a
// board, publishes an endpoint, calls it, and reads an error.
// Usage: node walk.mjs http://127.0.0.1:8086 [--shots DIR]

import { arguments_, walking } from './browser.mjs';

const options = arguments_();
// Names of its own, so that the walk can be taken again over the same data.
const tag = Date.now().toString(36);
const stream = 'walk_' + tag;
const view = 'walk_sum_' + tag;
const endpoint = 'walk_top_' + tag;
const board = 'Walk ' + tag;

await walking(options, async (w) => {
  const page = await w.open();

  w.begin('a stream');
  await page.goto(w.base + '/#/query');
  await w.get('editor').locator('.cm-content').waitFor();
  await w.type(`CREATE STREAM ${stream} (shop text, amount int, at timestamptz)`);
  await w.get('run').click();
  await w.sees('the stream is made', async () => (await page.locator('.answer').innerText()).includes('CREATE STREAM'));

  w.begin('rows');
  await page.goto(`${w.base}/#/catalog/${stream}`);
  await w.get('rows-text').fill('shop,amount,at\nGraz,12,2026-01-01T10:00:00Z\nWien,30,2026-01-01T10:00:01Z\nGraz,8,2026-01-01T10:00:02Z\n');
  await w.get('rows-send').click();
  await w.sees('pasted rows are added', async () => (await w.get('rows-answer').innerText()).startsWith('3 added') && '3 added');
  await w.sees('and show as the newest rows', async () => (await page.locator('.object .grid-row').count()) === 3);
  w.refused(/\/v1\/streams\//);
  await w.get('rows-text').fill('{"shop":"Linz","amuont":1}');
  await w.get('rows-send').click();
  await w.sees('a misspelt field is named', async () => (await w.get('rows-problem').count()) && (await w.get('rows-problem').innerText()).includes('amuont') && (await w.get('rows-problem').innerText()));
  await w.shot('rows');

  w.begin('a view');
  await w.get('nav-query').click();
  await w.get('editor').locator('.cm-content').waitFor();
  await w.type(`CREATE MATERIALIZED VIEW ${view} AS SELECT shop, count(*) AS sales, sum(amount) AS total FROM ${stream} GROUP BY shop`);
  await w.get('run').click();
  await w.sees('the view is made', async () => (await page.locator('.answer').innerText()).includes('CREATE MATERIALIZED VIEW'));

  w.begin('its page');
  await w.sql(`CREATE MATERIALIZED VIEW ${view}_none AS SELECT shop FROM ${stream} WHERE amount > 1000000`);
  await page.goto(`${w.base}/#/catalog/${view}_none`);
  await w.sees('an empty view says why it is', async () => { const t = await page.locator('.object > .notice').innerText().catch(() => ''); return t.includes('amount > 1000000') && t; });
  await w.shot('empty');
  await page.goto(`${w.base}/#/catalog/${view}`);
  await w.sees('a view shows its plan', async () => { const t = await page.locator('pre.plan').innerText().catch(() => ''); return t.includes(stream) && t.includes('rows') && t.split('\n')[0]; });
  await w.shot('view');
  await w.get('nav-query').click();
  await w.get('editor').locator('.cm-content').waitFor();

  w.begin('live');
  await w.type(`SELECT * FROM ${view}`);
  await w.get('watch').click();
  await w.sees('the view shows its rows', async () => { const t = await w.gridText().catch(() => ''); return t.includes('Graz') && t.includes('20') && t; });
  await w.sees('as bars too', async () => (await w.ink('[data-testid="result-plot"]')).painted > 500);
  const before = await w.ink('[data-testid="result-plot"]');
  await w.sql(`INSERT INTO ${stream} VALUES ('Wien', 70, '2026-01-01T10:00:03Z'), ('Linz', 55, '2026-01-01T10:00:04Z')`);
  await w.sees('a row written elsewhere changes the answer in place', async () => { const t = await w.gridText(); return t.includes('100') && t.includes('Linz') && t; });
  await w.sees('and the plot', async () => (await w.ink('[data-testid="result-plot"]')).hash !== before.hash);
  await w.shot('live');

  w.begin('a board');
  await w.get('pin').click();
  await w.until('the boards are read', async () => (await w.get('pin-new').count()) + (await w.get('pin-board').count()));
  if (await w.get('pin-board').count()) await w.get('pin-board').selectOption('');
  await w.get('pin-new').fill(board);
  await w.get('pin-title').fill('Total by shop');
  await w.get('pin-save').click();
  await w.get('pin-open').click();
  const tiles = w.get('tile');
  await w.sees('the tile is on the board', async () => (await tiles.count()) === 1 && (await tiles.innerText()).includes('Total by shop') && 'Total by shop');
  await w.sees('drawn as bars', async () => (await w.ink('[data-testid="tile-body"]')).painted > 500);
  const bars = await w.ink('[data-testid="tile-body"]');
  await w.sql(`INSERT INTO ${stream} VALUES ('Wien', 500, '2026-01-01T10:00:06Z')`);
  await w.sees('and live', async () => (await w.ink('[data-testid="tile-body"]')).hash !== bars.hash);
  await page.keyboard.press('e');
  await w.get('tile-add').click();
  await w.get('tile-query').fill(`SELECT sum(total) AS total FROM ${view}`);
  await w.get('tile-title').fill('All of it');
  await page.locator('dialog').getByRole('button', { name: 'Number', exact: true }).click();
  await w.get('tile-done').click();
  await w.sees('a second tile shows a number', async () => (await tiles.count()) === 2 && (await tiles.last().innerText()).includes('675') && '675');
  await tiles.last().focus();
  await page.keyboard.press('ArrowLeft');
  await w.sees('an arrow key moves it to the front', async () => (await tiles.first().innerText()).startsWith('All of it'));
  await w.sees('and it keeps the focus', async () => page.evaluate(() => document.activeElement?.getAttribute('aria-label')).then((t) => t === 'All of it'));
  await page.keyboard.press('Shift+ArrowRight');
  await w.sees('with Shift it grows', async () => ((await tiles.first().getAttribute('class')).includes('w2')));
  await w.until('it is saved', async () => (await w.get('board').getAttribute('data-saving')) === 'saved');
  const kept = (await w.sql(`SELECT board FROM millrace_boards WHERE title = '${board}'`))[0].rows[0][0].tiles;
  w.check(kept.length === 2 && kept[0].title === 'All of it' && kept[0].wide === 2, 'the row in the database says so', kept.map((t) => t.title).join(', '));
  await w.shot('board-edit');
  await page.keyboard.press('e');
  await w.get('board-full').click();
  await w.sees('full screen it stands alone', async () => (await page.locator('.side').count()) === 0 && (await tiles.count()) === 2);
  await w.shot('board-full');
  await w.get('board-leave').click();
  await w.until('the frame is back', async () => (await page.locator('.side').count()) === 1);
  const other = (await w.sql(`UPDATE millrace_boards SET title = '${board} 2' WHERE title = '${board}' RETURNING id`))[0].rows[0][0];
  await w.sees('what another hand saves shows at once', async () => (await page.locator('h1').innerText()) === board + ' 2');
  await page.setViewportSize({ width: 390, height: 844 });
  w.check(await page.evaluate(() => document.documentElement.scrollWidth <= 390), 'it fits a phone');
  await w.shot('board-phone');
  await page.setViewportSize({ width: 1280, height: 860 });
  await w.get('board-edit').click();
  await w.get('board-delete').click();
  await w.get('board-delete-yes').click();
  await w.sees('deleted it is gone', async () => (await w.sql(`SELECT count(*) FROM millrace_boards WHERE id = '${other}'`))[0].rows[0][0] === '0');
  await w.get('nav-query').click();
  await w.get('editor').locator('.cm-content').waitFor();
  await w.until('the answer was followed on meanwhile', () => w.get('stop').count());
  await w.get('stop').click();

  w.begin('an endpoint');
  await w.type(`CREATE ENDPOINT ${endpoint} (n int DEFAULT 10, shop text DEFAULT NULL) AS SELECT v.shop, v.total FROM ${view} v WHERE $shop IS NULL OR v.shop = $shop ORDER BY v.total DESC LIMIT $n`);
  await w.get('run').click();
  await w.sees('it is published', async () => (await page.locator('.answer').innerText()).includes('CREATE ENDPOINT'));
  await w.get('nav-endpoints').click();
  await w.get('endpoint-row').filter({ hasText: endpoint }).getByRole('link').click();
  await w.get('param-n').fill('2');
  await w.sees('the address follows the form', async () => (await w.get('try-address').innerText()) === `/v1/endpoints/${endpoint}?n=2` && '?n=2');
  await w.get('try-call').click();
  await w.sees('calling it gives rows', async () => (await w.get('try-grid').count()) && (await w.gridText('try-grid')).includes('Wien') && (await w.gridText('try-grid')));
  await w.sees('as many as were asked for', async () => (await w.get('try-grid').locator('.grid-row').count()) === 2);
  await page.getByRole('button', { name: 'CSV', exact: true }).click();
  await w.get('try-call').click();
  await w.sees('or CSV', async () => (await w.get('try-text').count()) && (await w.get('try-text').innerText()).startsWith('shop,total') && (await w.get('try-text').innerText()));
  w.check((await (await fetch(w.base + (await w.get('try-address').innerText()))).text()).startsWith('shop,total'), 'the address shown answers the same to anybody');
  w.refused(/\/v1\/endpoints\//);
  await w.get('param-n').fill('ten');
  await w.get('try-call').click();
  await w.sees('a bad value is told at its field', async () => (await page.locator('.param.faulty').count()) === 1 && (await page.locator('.param.faulty').innerText()));
  await w.shot('endpoint-error');
  await w.get('param-n').fill('');
  await w.get('param-shop').fill('Graz');
  await w.get('try-live').click();
  await w.sees('followed live it shows its rows', async () => (await w.get('result-grid').count()) && (await w.gridText()).includes('20') && (await w.gridText()));
  await w.sql(`INSERT INTO ${stream} VALUES ('Graz', 13, '2026-01-01T10:00:05Z')`);
  await w.sees('and they change', async () => (await w.gridText()).includes('33') && (await w.gridText()));
  await w.sees('in place, by key', async () => (await w.get('result-grid').locator('.grid-row').count()) === 1);
  await w.shot('endpoint-live');
  await w.get('try-stop').click();

  w.begin('the description');
  await page.goto(w.base + '/#/api/' + endpoint);
  const operation = w.get('operation').filter({ hasText: endpoint });
  await operation.getByText('What may be said of every endpoint').click();
  await operation.getByText('text/event-stream').click();
  await w.sees('with what may be said of a feed, and its events', async () => { const t = await operation.innerText(); return t.includes('min_interval') && t.includes('Last-Event-ID') && t.includes('auth_expired') && 'min_interval, Last-Event-ID, auth_expired'; });
  await w.sees('the endpoint is described', async () => (await operation.count()) === 1 && (await operation.innerText()).includes('integer'));

  w.begin('an error');
  await w.get('nav-query').click();
  await w.get('editor').locator('.cm-content').waitFor();
  w.refused(/\/v1\/sql/);
  await w.type(`SELECT shop, totl FROM ${view}`);
  await w.get('run').click();
  const error = w.get('error');
  await error.waitFor();
  w.check(/totl/.test(await error.innerText()), 'it names what is wrong', (await error.innerText()).replace(/\s+/g, ' ').slice(0, 120));
  w.check((await error.getAttribute('data-line')) === '1' && (await error.getAttribute('data-column')) === '14', 'and its place', 'line 1, column 14');
  await w.sees('which is underlined', async () => (await w.get('editor').locator('.cm-lintRange-error').innerText()) === 'totl');
  await w.shot('error');

  w.begin('a token');
  // No server here wants one: the door answers 401 until the request carries it.
  const guarded = await w.open();
  await guarded.route('**/v1/**', (route) => route.request().headers().authorization === 'Bearer s3cret'
    ? route.continue()
    : route.fulfill({ status: 401, contentType: 'application/problem+json', body: '{"title":"A token is needed","status":401}' }));
  for (let i = 0; i < 40; i++) w.refused(/\/v1\//);
  await guarded.goto(w.base + '/#/catalog');
  await w.get('token-field').fill('wrong');
  await w.get('token-use').click();
  await w.sees('a wrong token is told', async () => (await guarded.locator('dialog').count()) && (await guarded.locator('dialog').innerText()).includes('does not accept'));
  await w.get('token-field').fill('s3cret');
  await w.get('token-use').click();
  await w.live();
  await w.sees('with the right one the page fills', async () => (await guarded.locator('.tree').getByRole('link', { name: stream }).count()) === 1);
  w.check((await guarded.evaluate(() => Object.keys(localStorage).filter((k) => localStorage[k].includes('s3cret')).length)) === 0, 'the token is kept for the tab only');

  await w.sql(`DROP ENDPOINT ${endpoint}; DROP MATERIALIZED VIEW ${view}_none; DROP MATERIALIZED VIEW ${view}; DROP STREAM ${stream}`);
});
