// The page's live state: the catalog, the newest statistics, and bounded histories of every rate, fed by one stream connection.

import { signal, computed } from '@preact/signals';
import { asProblem, fetchCatalog } from './api';
import { backoffMs, readEvents, sleep } from './sse';
import { Ring } from '../model/ring';
import { isLive, type Catalog, type CatalogObject, type ObjectStats, type Stats } from '../model/contract';

/** Samples kept of each number: one a second, a quarter of an hour. */
export const HISTORY = 900;

export type LinkState = 'connecting' | 'live' | 'stalled' | 'offline';
export interface Link { state: LinkState; since: number; retryAt: number; reason: string }

export const catalog = signal<Catalog | null>(null);
export const stats = signal<Stats | null>(null);
/** Grows by one with each sample taken in: what draws histories watches this. */
export const tick = signal(0);
export const link = signal<Link>({ state: 'connecting', since: Date.now(), retryAt: 0, reason: '' });
/** What a screen reader is told, politely. */
export const announcement = signal('');

export const byId = computed(() => new Map((catalog.value?.objects ?? []).map((o) => [o.id, o] as const)));
export const statsById = computed(() => new Map((stats.value?.objects ?? []).map((o) => [o.id, o] as const)));
export const streams = computed(() => objectsOf('stream', 'table'));
export const views = computed(() => objectsOf('view'));

function objectsOf(...kinds: string[]): CatalogObject[] {
  return (catalog.value?.objects ?? []).filter((o) => kinds.includes(o.kind) && isLive(o)).sort((a, b) => a.name.localeCompare(b.name));
}

/** The histories of one object. */
export class ObjectHistory {
  readonly rows = new Ring(HISTORY);
  readonly changes = new Ring(HISTORY);
  /** Seconds its watermark is behind. */
  readonly lag = new Ring(HISTORY);
}

export const times = new Ring(HISTORY);
export const ingest = new Ring(HISTORY);
export const changes = new Ring(HISTORY);
export const epochs = new Ring(HISTORY);
export const memory = new Ring(HISTORY);
export const disk = new Ring(HISTORY);
export const log = new Ring(HISTORY);
/** What views hold in memory. */
export const state = new Ring(HISTORY);
export const lag = new Ring(HISTORY);
const histories = new Map<number, ObjectHistory>();

export function history(id: number): ObjectHistory {
  let h = histories.get(id);
  if (!h) {
    h = new ObjectHistory();
    // Younger than the others: its samples are found from the newest end, so nothing has to be filled in.
    histories.set(id, h);
  }
  return h;
}

let previous: { stats: Stats; at: number; objects: Map<number, ObjectStats> } | null = null;

/** The rate between two readings of a counter; NaN when the counter went back (the server began anew). */
const rateOf = (now: number, before: number, seconds: number): number => (now < before ? NaN : (now - before) / seconds);

/** How far the furthest watermark is behind, in ms; NaN when nothing has one. */
export function worstLag(s: Stats): number {
  let worst = NaN;
  for (const o of s.objects) if (o.lagMs != null && !(o.lagMs <= worst)) worst = o.lagMs;
  return worst;
}

function take(s: Stats): void {
  const at = performance.now();
  const objects = new Map(s.objects.map((o) => [o.id, o] as const));
  const known = byId.value;
  if (previous) {
    const seconds = (at - previous.at) / 1000;
    // Readings closer than this come from a stall that was caught up; a rate over them would be noise.
    if (seconds < 0.25) return;
    times.push(Date.now() / 1000);
    ingest.push(rateOf(s.ingestRowsTotal, previous.stats.ingestRowsTotal, seconds));
    epochs.push(rateOf(s.epoch, previous.stats.epoch, seconds));
    memory.push(s.memoryBytes);
    disk.push(s.diskBytes);
    log.push(s.logBytes);
    lag.push(worstLag(s));
    let viewChanges = 0;
    let viewBytes = 0;
    for (const o of s.objects) {
      const before = previous.objects.get(o.id);
      const h = history(o.id);
      const changed = before ? rateOf(o.changesTotal, before.changesTotal, seconds) : NaN;
      h.rows.push(before ? rateOf(o.rowsTotal, before.rowsTotal, seconds) : NaN);
      h.changes.push(changed);
      h.lag.push(o.lagMs == null ? NaN : o.lagMs / 1000);
      if (known.get(o.id)?.kind !== 'view') continue;
      viewBytes += o.bytes;
      if (changed > 0) viewChanges += changed;
    }
    changes.push(viewChanges);
    state.push(viewBytes);
    for (const id of histories.keys()) if (!objects.has(id)) histories.delete(id);
  }
  previous = { stats: s, at, objects };
  stats.value = s;
  tick.value++;
  // A rename changes no number: it is found by looking now and then.
  if (catalog.value && (tick.value % 20 === 0 || objects.size !== seenObjects || s.objects.some((o) => !known.has(o.id)))) {
    seenObjects = objects.size;
    void refreshCatalog();
  }
}

let seenObjects = -1;
let refreshing = false;

export async function refreshCatalog(): Promise<void> {
  if (refreshing) return;
  refreshing = true;
  try {
    const found = await fetchCatalog();
    // The same catalog again would only make every page draw itself anew.
    if (!catalog.value || JSON.stringify(found.objects) !== JSON.stringify(catalog.value.objects)) catalog.value = found;
  } catch (error) {
    if (!catalog.value) link.value = { ...link.value, reason: asProblem(error).title };
  } finally {
    refreshing = false;
  }
}

let wake: AbortController | null = null;

/** Ends the wait before the next attempt. */
export function retryNow(): void {
  wake?.abort();
}

function setLink(state: LinkState, more: Partial<Link> = {}): void {
  if (state !== link.value.state) {
    announcement.value = { connecting: 'Connecting', live: 'Connected, live', stalled: 'No news from the server', offline: 'Disconnected' }[state];
  }
  link.value = { state, since: state === link.value.state ? link.value.since : Date.now(), retryAt: 0, reason: '', ...more };
}

/** A browser gives a host six connections: a page nobody looks at gives its own back after a minute. */
const HIDDEN_MS = 60_000;

function visible(): Promise<void> {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const look = (): void => {
      if (document.hidden) return;
      document.removeEventListener('visibilitychange', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
  });
}

/** Follows the statistics for as long as the page lives and is looked at. */
export async function follow(): Promise<never> {
  let attempt = 0;
  for (;;) {
    await visible();
    const cut = new AbortController();
    let hiddenSince = 0;
    let alive = performance.now();
    // The stream says something each second: silence for 4 s is a stall, for 15 s a dead connection behind an open socket.
    const watchdog = setInterval(() => {
      const silent = performance.now() - alive;
      hiddenSince = document.hidden ? hiddenSince || performance.now() : 0;
      if (hiddenSince && performance.now() - hiddenSince > HIDDEN_MS) cut.abort();
      if (silent > 15_000 && !document.hidden) cut.abort();
      else if (silent > 4_000 && link.value.state === 'live') setLink('stalled');
    }, 1000);
    let reason = 'The server closed the stream';
    try {
      void refreshCatalog();
      await readEvents('/v1/stats/stream', cut.signal, (e) => {
        if (e.event !== 'stats') return;
        alive = performance.now();
        attempt = 0;
        if (link.value.state !== 'live') setLink('live');
        take(JSON.parse(e.data) as Stats);
      });
    } catch (error) {
      reason = cut.signal.aborted ? 'No answer for 15 s' : asProblem(error).title;
    } finally {
      clearInterval(watchdog);
    }
    // A gap in the histories says "we did not see", which is not the same as zero.
    if (previous) {
      for (const r of [ingest, changes, epochs, memory, disk, log, state, lag]) r.push(NaN);
      for (const h of histories.values()) { h.rows.push(NaN); h.changes.push(NaN); h.lag.push(NaN); }
      times.push(Date.now() / 1000);
      previous = null;
      tick.value++;
    }
    if (hiddenSince && cut.signal.aborted) {
      setLink('connecting');
      continue;
    }
    const wait = backoffMs(attempt++);
    setLink('offline', { retryAt: Date.now() + wait, reason });
    wake = new AbortController();
    await sleep(wait, wake.signal).catch(() => undefined);
    if (link.value.state === 'offline') link.value = { ...link.value, retryAt: 0 };
  }
}
