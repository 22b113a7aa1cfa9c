// Bundles each *.test.ts beside this file and runs it on Node's own test runner: `npm test`.

import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'millrace-dashboard-'));
const files = readdirSync(here).filter((f) => f.endsWith('.test.ts'));
await build({ entryPoints: files.map((f) => join(here, f)), outdir: out, outExtension: { '.js': '.mjs' }, bundle: true, format: 'esm', platform: 'node', logLevel: 'warning' });
const ran = spawnSync(process.execPath, ['--test', ...files.map((f) => join(out, f.replace('.ts', '.mjs')))], { stdio: 'inherit' });
rmSync(out, { recursive: true, force: true });
process.exit(ran.status ?? 1);
