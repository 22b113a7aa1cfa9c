// The worksheet's state, which outlives the visit to its page: the text, what runs, and what came back.

import { signal } from '@preact/signals';
import { asProblem, runSql } from '../live/api';
import { Painter } from '../live/frame';
import { announcement, refreshCatalog } from '../live/store';
import type { Problem, SqlResult } from '../model/contract';
import { loadDraft, remember, saveDraft } from './history';
import { Subscription } from './subscription';

export type Outcome =
  | { type: 'none' }
  | { type: 'results'; results: SqlResult[]; query: string; wallMs: number }
  | { type: 'live'; sub: Subscription }
  | { type: 'problem'; problem: Problem; offset: number; line: number; column: number };

export const text = signal(loadDraft());
export const running = signal<{ since: number; cut: AbortController } | null>(null);
export const outcome = signal<Outcome>({ type: 'none' });
/** Grows when the live answer has changed and should be drawn. */
export const liveTick = signal(0);
export const maxRows = signal(1000);
/** A text put in from elsewhere (a link, the catalog, a test), and what to do with it once the editor is there. */
export const incoming = signal<{ text: string; then: 'nothing' | 'run' | 'watch' } | null>(null);

let draftTimer = 0;

export function setText(value: string): void {
  text.value = value;
  clearTimeout(draftTimer);
  draftTimer = window.setTimeout(() => saveDraft(value), 300);
}

const painter = new Painter(() => { liveTick.value++; }, 60);

/** To be called when a live answer has changed: it is drawn with the next frames. */
export const redraw = (): void => painter.mark();

/** Ends what runs or follows; false if nothing did. */
export function stop(): boolean {
  if (running.value) {
    running.value.cut.abort();
    running.value = null;
    return true;
  }
  const o = outcome.value;
  if (o.type === 'live' && o.sub.state !== 'stopped' && o.sub.state !== 'failed') {
    o.sub.stop();
    liveTick.value++;
    announcement.value = 'Stopped';
    return true;
  }
  return false;
}

export async function run(query: string, offset: number): Promise<void> {
  stop();
  if (!query.trim()) return;
  const cut = new AbortController();
  const began = performance.now();
  running.value = { since: began, cut };
  try {
    const results = await runSql(query, maxRows.value, cut.signal);
    const wallMs = performance.now() - began;
    outcome.value = { type: 'results', results, query, wallMs };
    const rows = results.reduce((n, r) => n + (r.rows?.length ?? 0), 0);
    remember({ text: query, at: Date.now(), ms: results.reduce((n, r) => n + (r.elapsedMs ?? 0), 0), rows, ok: true, live: false });
    announcement.value = `${results.length === 1 ? results[0]!.command : results.length + ' results'}, ${rows} rows`;
    if (results.some((r) => !/^(SELECT|SHOW|EXPLAIN|DESCRIBE)/i.test(r.command))) void refreshCatalog();
  } catch (error) {
    if (cut.signal.aborted) return;
    fail(asProblem(error), query, offset);
    remember({ text: query, at: Date.now(), ms: null, rows: null, ok: false, live: false });
  } finally {
    if (running.value?.cut === cut) running.value = null;
  }
}

export function watch(query: string, offset: number): void {
  stop();
  if (!query.trim()) return;
  let started = false;
  const sub: Subscription = new Subscription(query, () => {
    if (sub.problem) {
      // An error before the first answer is the query's; one after it ends what was being shown, which stays to be read.
      if (outcome.value.type === 'live' && outcome.value.sub === sub && !started) {
        fail(sub.problem, query, offset);
        remember({ text: query, at: Date.now(), ms: null, rows: null, ok: false, live: true });
      }
    } else if (sub.state === 'live' && !started) {
      started = true;
      announcement.value = `Watching, ${sub.set?.size ?? 0} rows`;
      remember({ text: query, at: Date.now(), ms: null, rows: sub.set?.size ?? null, ok: true, live: true });
    }
    painter.mark();
  });
  outcome.value = { type: 'live', sub };
  liveTick.value++;
}

function fail(problem: Problem, query: string, offset: number): void {
  let line = problem.line ?? 0;
  let column = problem.column ?? 0;
  if (problem.position !== undefined && problem.position >= 0) {
    // The place in the editor, not in what was sent of it.
    const before = text.value.slice(0, offset + Math.min(problem.position, query.length));
    line = before.split('\n').length;
    column = before.length - before.lastIndexOf('\n');
  }
  outcome.value = { type: 'problem', problem, offset, line, column };
  announcement.value = 'Error: ' + (problem.detail || problem.title);
}
