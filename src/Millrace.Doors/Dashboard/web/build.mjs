// Bundles the dashboard into ../dist: hashed files, each also as gzip and brotli, and the licenses of what is inside.
// `node build.mjs` builds; `--report` also prints what each package costs.

import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const web = dirname(fileURLToPath(import.meta.url));
const dist = join(web, '..', 'dist');
const fresh = dist + '.new';
// As every current browser takes it: all there is, and what the first page needs. The editor, the graph and most pages load when first opened.
const BROTLI_MAX = 240_000;
const FIRST_MAX = 75_000;

const check = spawnSync(process.execPath, [join(web, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', web], { stdio: 'inherit' });
if (check.status !== 0) process.exit(1);

rmSync(fresh, { recursive: true, force: true });
mkdirSync(join(fresh, 'assets'), { recursive: true });

// lang-sql defines eight dialects whose arguments concatenate strings, which keeps the bundler from dropping the seven we do not use.
const oneDialect = {
  name: 'one-dialect',
  setup(b) {
    b.onLoad({ filter: /@codemirror\/lang-sql\/dist\/index\.js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const contents = source.replace(/= \/\*@__PURE__\*\/SQLDialect\.define\((\{\n[\s\S]*?\n\})\);/g, '= /*@__PURE__*/(() => SQLDialect.define($1))();');
      return { contents, loader: 'js' };
    });
  },
};

const result = await build({
  plugins: [oneDialect],
  absWorkingDir: web,
  entryPoints: { app: 'src/main.tsx', style: 'src/style.css' },
  outdir: join(fresh, 'assets'),
  bundle: true,
  splitting: true,
  format: 'esm',
  target: ['es2022'],
  minify: true,
  metafile: true,
  legalComments: 'none',
  charset: 'utf8',
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  logLevel: 'warning',
});

const outputs = Object.entries(result.metafile.outputs);
const nameOf = (entry) => {
  const found = outputs.find(([, o]) => o.entryPoint === entry);
  if (!found) throw new Error('no output for ' + entry);
  return found[0].split('/').pop();
};
const html = readFileSync(join(web, 'index.html'), 'utf8').replace('{{css}}', nameOf('src/style.css')).replace('{{js}}', nameOf('src/main.tsx'));
writeFileSync(join(fresh, 'index.html'), html);
writeFileSync(join(fresh, 'assets/favicon.svg'), readFileSync(join(web, 'favicon.svg')));

// Every package that has a byte in the output, with its license as it ships it.
const packages = new Map();
for (const [, o] of outputs) {
  for (const [input, { bytesInOutput }] of Object.entries(o.inputs)) {
    const m = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (m && bytesInOutput > 0) packages.set(m[1], (packages.get(m[1]) ?? 0) + bytesInOutput);
  }
}
// Dagre's bundle carries others inside it and names them in files of its own.
const notices = [];
for (const name of [...packages.keys()].sort()) {
  const folder = join(web, 'node_modules', name);
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
  if (!file) throw new Error(`${name} ships no license file`);
  const inner = join(folder, 'dist', 'dagre.esm.js.LEGAL.txt');
  notices.push(`${'='.repeat(78)}\n${about.name} ${about.version} (${about.license})\n${'='.repeat(78)}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
    + (existsSync(inner) ? '\n' + readFileSync(inner, 'utf8').trim() + '\n' : ''));
}
writeFileSync(join(fresh, 'assets/THIRD-PARTY.txt'), 'The dashboard of Millrace contains the following software.\n\n' + notices.join('\n'));

let total = 0;
let totalBrotli = 0;
let first = 0;
// The style, the script and whatever it imports before it runs.
const early = new Set([basename(nameOf('src/style.css'))]);
const take = (file) => {
  if (early.has(basename(file))) return;
  early.add(basename(file));
  for (const i of result.metafile.outputs[file].imports) if (i.kind === 'import-statement') take(i.path);
};
take(outputs.find(([, o]) => o.entryPoint === 'src/main.tsx')[0]);
const list = [];
const walk = (folder) => {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) { walk(path); continue; }
    const raw = readFileSync(path);
    const gz = gzipSync(raw, { level: 9 });
    writeFileSync(path + '.gz', gz);
    const br = brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length } });
    writeFileSync(path + '.br', br);
    if (!path.endsWith('.txt')) { total += gz.length; totalBrotli += br.length; }
    if (early.has(entry.name)) first += br.length;
    list.push([relative(fresh, path), raw.length, gz.length]);
  }
};
walk(fresh);

rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);

if (process.argv.includes('--report')) {
  for (const [path, raw, gz] of list) console.log(`${String(raw).padStart(8)} ${String(gz).padStart(7)} gz  ${path}`);
  for (const [name, bytes] of [...packages].sort((a, b) => b[1] - a[1])) console.log(`${String(bytes).padStart(8)}  ${name}`);
}
console.log(`dashboard: ${list.length} files, ${(total / 1000).toFixed(0)} kB gzipped, ${(totalBrotli / 1000).toFixed(0)} kB as brotli, ${(first / 1000).toFixed(0)} kB for the first page`);
if (totalBrotli > BROTLI_MAX || first > FIRST_MAX) {
  console.error(`dashboard: over its budget of ${BROTLI_MAX / 1000} kB in all and ${FIRST_MAX / 1000} kB for the first page, as brotli`);
  process.exit(1);
}
