// The rows of a live answer: a consolidated multiset, bounded, that knows which rows changed when.

import type { Column, Row, SubscribeDelta } from '../model/contract';
import { compare, isTime } from '../model/types';
import type { Sort } from '../parts/grid';

/** Rows kept; beyond it the oldest leave and the page says so. */
export const ROWS_MAX = 10_000;

interface Entry { row: Row; count: number; key: string; changedAt: number; cells: number[] | null }

export class Multiset {
  private readonly entries = new Map<string, Entry>();
  size = 0;
  /** Rows that were left out because of the bound. */
  dropped = 0;
  /** Changes taken in since the start. */
  changes = 0;

  constructor(readonly columns: Column[], readonly key: number[] | null) {}

  clear(): void {
    this.entries.clear();
    this.size = 0;
    this.dropped = 0;
  }

  load(rows: Row[]): void {
    for (const row of rows) this.add(row, 1, 0, null);
  }

  apply(delta: SubscribeDelta, now: number): void {
    // Retractions first: with them the earlier values of a key, which the insertions are compared with.
    // A row may come and go within one delta, so weights are summed before anything is applied.
    const net = new Map<string, [number, Row]>();
    for (const [weight, row] of delta.changes) {
      this.changes += Math.abs(weight);
      const text = JSON.stringify(row);
      const sum = net.get(text);
      if (sum) sum[0] += weight; else net.set(text, [weight, row]);
    }
    let gone: Map<string, Row> | null = null;
    for (const [weight, row] of net.values()) {
      if (weight >= 0) continue;
      if (this.key) (gone ??= new Map()).set(this.keyOf(row), row);
      this.add(row, weight, now, null);
    }
    for (const [weight, row] of net.values()) {
      if (weight <= 0) continue;
      const before = this.key ? gone?.get(this.keyOf(row)) : undefined;
      this.add(row, weight, now, before ? differing(before, row) : null);
    }
  }

  private keyOf(row: Row): string {
    return JSON.stringify(this.key!.map((c) => row[c] ?? null));
  }

  private add(row: Row, weight: number, now: number, cells: number[] | null): void {
    const text = JSON.stringify(row);
    const entry = this.entries.get(text);
    if (entry) {
      entry.count += weight;
      this.size += weight;
      if (entry.count <= 0) {
        this.size -= entry.count;
        this.entries.delete(text);
      } else {
        entry.changedAt = now;
      }
      return;
    }
    if (weight < 0) return; // of a row that was left out
    const made: Entry = { row, count: weight, key: this.key ? this.keyOf(row) : text, changedAt: now, cells };
    this.entries.set(text, made);
    this.size += weight;
    while (this.entries.size > ROWS_MAX) {
      const [oldText, old] = this.entries.entries().next().value!;
      this.entries.delete(oldText);
      this.size -= old.count;
      this.dropped += old.count;
    }
  }

  /** The rows in order, each as often as it counts. */
  list(sort: Sort): { rows: Row[]; keys: string[]; changedAt: Float64Array; changedCells: (number[] | null)[] } {
    const entries = [...this.entries.values()];
    const type = this.columns[sort.column]?.type ?? 'text';
    const sign = sort.descending ? -1 : 1;
    const others = this.columns.map((_c, i) => i).filter((i) => i !== sort.column);
    entries.sort((a, b) => {
      const d = compare(a.row[sort.column], b.row[sort.column], type);
      if (d) return d * sign;
      for (const c of others) {
        const e = compare(a.row[c], b.row[c], this.columns[c]!.type);
        if (e) return e;
      }
      return 0;
    });
    const rows: Row[] = [];
    const keys: string[] = [];
    const changedCells: (number[] | null)[] = [];
    const changedAt: number[] = [];
    for (const e of entries) {
      for (let n = 0; n < e.count && rows.length < ROWS_MAX; n++) {
        rows.push(e.row);
        keys.push(n ? e.key + '#' + n : e.key);
        changedAt.push(e.changedAt);
        changedCells.push(e.cells);
      }
    }
    return { rows, keys, changedAt: Float64Array.from(changedAt), changedCells };
  }
}

function differing(before: Row, after: Row): number[] {
  const out: number[] = [];
  for (let i = 0; i < after.length; i++) if (JSON.stringify(before[i]) !== JSON.stringify(after[i])) out.push(i);
  return out;
}

/** Newest first when there is a time, else by the first column. */
export function defaultSort(columns: Column[]): Sort {
  const time = columns.findIndex((c) => isTime(c.type));
  return time >= 0 ? { column: time, descending: true } : { column: 0, descending: false };
}
