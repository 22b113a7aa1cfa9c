// The generated TypeScript client: compiled strictly together with a program that uses it rightly, and one that does not; then run against the server.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { MILLRACE_HTTP: base, WEB: web, WORK: work } = process.env;
const require = createRequire(join(web, 'package.json'));
const tag = Date.now().toString(36);
const table = 'gen_' + tag;
const endpoint = 'gen_by_shop_' + tag;
let passed = 0;
const faults = [];
const check = (holds, what, detail = '') => {
  if (holds) passed++; else faults.push(what);
  console.log(`  ${holds ? 'ok   ' : 'FAULT'} ${what}${detail ? ': ' + detail : ''}`);
};
const sql = async (query) => {
  const answer = await fetch(base + '/v1/sql', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ query }) });
  if (!answer.ok) throw new Error(query + ': ' + (await answer.text()));
};
const until = async (what, ask) => {
  for (let i = 0; i < 600; i++) {
    if (ask()) return check(true, what);
    await new Promise((r) => setTimeout(r, 50));
  }
  check(false, what);
};
const compiles = (file) => spawnSync(process.execPath, [join(web, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes',
  '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler', '--lib', 'es2022,dom,dom.iterable,dom.asynciterable', '--types', '', file], { cwd: work, encoding: 'utf8' });

await sql(`CREATE TABLE ${table} (id bigint PRIMARY KEY, shop text, amount numeric(10,2)); INSERT INTO ${table} VALUES (1, 'Graz', 12.5), (9007199254740993, 'Wien', NULL);
  CREATE ENDPOINT ${endpoint} (shop text DEFAULT NULL, n int DEFAULT 10) AS SELECT t.id, t.shop, t.amount FROM ${table} t WHERE $shop IS NULL OR t.shop = $shop ORDER BY t.id LIMIT $n;
  CREATE ENDPOINT ${endpoint}_of (shop text) AS SELECT t.id FROM ${table} t WHERE t.shop = $shop`);
try {
  writeFileSync(join(work, 'millrace.ts'), await (await fetch(base + '/v1/client.ts')).text());
  const use = (lines) => `import { Millrace } from './millrace';\nconst m = new Millrace('http://x', () => 'token');\n${lines}\n`;
  writeFileSync(join(work, 'good.ts'), use(`export const a: Promise<string | null> = m.read('${endpoint}').then((r) => r.data[0]!.amount);
export const b = m.read('${endpoint}_of', { shop: 'Graz' });
export const c = m.follow('${endpoint}', { n: 3 }, (change) => { const id: string = change.rows[0]!.id; console.log(id); });`));
  const good = compiles('good.ts');
  check(good.status === 0, 'what is right compiles', good.stdout.slice(0, 500));
  for (const [what, line] of [
    ['a missing parameter', `void m.read('${endpoint}_of');`], ['a wrong type', `void m.read('${endpoint}', { n: 'ten' });`],
    ['an unknown parameter', `void m.read('${endpoint}', { m: 1 });`], ['an unknown endpoint', `void m.read('nothing');`],
    ['a column that is not there', `void m.read('${endpoint}').then((r) => r.data[0]!.nothing);`],
  ]) {
    writeFileSync(join(work, 'bad.ts'), use(line));
    check(compiles('bad.ts').status !== 0, what + ' does not compile');
  }

  await require('esbuild').build({ entryPoints: [join(work, 'millrace.ts')], outfile: join(work, 'millrace.mjs'), format: 'esm', logLevel: 'warning' });
  const { Millrace, MillraceError } = await import(pathToFileURL(join(work, 'millrace.mjs')).href);
  const millrace = new Millrace(base + '/');
  const answer = await millrace.read(endpoint, { shop: 'Wien' });
  check(JSON.stringify(answer.data) === '[{"id":"9007199254740993","shop":"Wien","amount":null}]', 'it reads', JSON.stringify(answer.data));
  const refused = await millrace.read(endpoint, { n: -1 }).catch((e) => e);
  check(refused instanceof MillraceError && refused.status === 400, 'a refusal is told', String(refused.message));

  const seen = [];
  const enough = new AbortController();
  const following = millrace.follow(endpoint, {}, (change) => seen.push(change), { signal: enough.signal, minInterval: '10ms' });
  const now = () => JSON.stringify((seen.at(-1)?.rows ?? []).map((r) => [r.id, r.amount]).sort());
  await until('it follows from the answer as it stands', () => seen.length === 1 && seen[0].isSnapshot && seen[0].rows.length === 2);
  await sql(`UPDATE ${table} SET amount = 20 WHERE id = 1; INSERT INTO ${table} VALUES (2, 'Linz', 1); DELETE FROM ${table} WHERE shop = 'Wien'`);
  await until('to what has become of it', () => now() === '[["1","20.00"],["2","1.00"]]');
  enough.abort();
  await following;
  check(true, 'until it is enough');
} finally {
  await sql(`DROP ENDPOINT ${endpoint}, ${endpoint}_of; DROP TABLE ${table}`);
}
console.log(`${passed} passed, ${faults.length} failed, 0 skipped`);
process.exit(faults.length ? 1 : 0);
