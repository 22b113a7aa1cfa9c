// What to draw of an answer: lines over a time column, bars over names, or one big number.

import type { Column, Row } from '../model/contract';
import { parseTime } from '../model/format';
import { isNumber, isTime, isZoned, toNumber, toText } from '../model/types';
import type { ChartData, Line } from '../parts/chart';

export type Kind = 'lines' | 'bars' | 'number' | 'none';

/** Which columns play which part; -1 is none. */
export interface Shape { kind: Kind; x: number; ys: number[]; by: number }

export const LINES_MAX = 8;
export const BARS_MAX = 40;

const ENDS = /(^|_)(end|closed|to)$/i;
const IDS = /(^|_)(id|key|pid|port|core|index|rank)$/i;
/** Names that measures tend to have: drawn before other numbers, which may be references. */
const LIKELY = /count|sum|avg|mean|max|min|total|value|price|amount|spent|volume|rate|busy|cpu|load|bytes|used|temp|lag|latency|ms$|pct|percent|bids$/i;

/** A first guess, which the reader may change. */
export function guess(columns: Column[], rows: Row[], key: number[] | null): Shape {
  const all = columns.map((_c, i) => i);
  const times = all.filter((i) => isTime(columns[i]!.type));
  const numbers = all.filter((i) => isNumber(columns[i]!.type));
  const measures = numbers.filter((i) => !IDS.test(columns[i]!.name) && !key?.includes(i));
  const x = times.find((i) => !ENDS.test(columns[i]!.name)) ?? times[0] ?? -1;
  const likely = measures.filter((i) => LIKELY.test(columns[i]!.name));
  const ys = likely.length ? likely : measures.length ? measures : numbers;
  const words = all.filter((i) => !times.includes(i) && !numbers.includes(i));
  // Words name a bar better than numbers do.
  const names = [...words, ...numbers.filter((i) => !ys.includes(i))];
  if (!ys.length) return { kind: 'none', x, ys: [], by: -1 };
  if (x >= 0) {
    // Names that repeat across times make a line each, if they are few; else every measure is a line.
    // Numbers that take many values are references, which nobody tells apart by their colour.
    const few = (i: number): boolean => { const n = distinct(rows, i, 60); return n > 1 && n <= (numbers.includes(i) ? 2 * LINES_MAX : 60); };
    const by = names.find(few) ?? -1;
    // One row of a time is no line yet.
    if (rows.length === 1 && by < 0) return { kind: 'number', x, ys: ys.slice(0, 4), by };
    return { kind: 'lines', x, ys: by >= 0 ? ys.slice(0, 1) : similar(rows, ys).slice(0, LINES_MAX), by };
  }
  if (rows.length <= 1 && !names.length) return { kind: 'number', x: -1, ys: ys.slice(0, 4), by: -1 };
  return { kind: 'bars', x: names[0] ?? all.find((i) => !ys.includes(i)) ?? ys[0]!, ys: [ys.find((i) => i !== names[0]) ?? ys[0]!], by: -1 };
}

function distinct(rows: Row[], column: number, stop: number): number {
  const seen = new Set<string>();
  for (let i = 0; i < Math.min(rows.length, 2000) && seen.size <= stop; i++) seen.add(toText(rows[i]![column]));
  return seen.size;
}

/** The measures within a factor of a thousand of the first: a count beside a price would be a flat line. */
function similar(rows: Row[], ys: number[]): number[] {
  const size = (c: number): number => {
    let max = 0;
    for (let i = 0; i < Math.min(rows.length, 500); i++) max = Math.max(max, Math.abs(toNumber(rows[i]![c]) || 0));
    return max;
  };
  const lead = size(ys[0]!);
  return ys.filter((c, i) => { const s = size(c); return i === 0 || lead === 0 || s === 0 || (s / lead < 50 && lead / s < 50); });
}

export interface LineChart { lines: Line[]; data: ChartData; left: number; utc: boolean; scatter: boolean }

/** Pivots rows into lines: by measure, or by the values of the `by` column (the largest eight). */
export function toLines(columns: Column[], rows: Row[], shape: Shape): LineChart {
  const utc = !isZoned(columns[shape.x]?.type ?? '');
  const points: { t: number; s: string; v: number[] }[] = [];
  for (const row of rows) {
    const t = parseTime(row[shape.x]) / 1000;
    if (Number.isNaN(t)) continue;
    points.push({ t, s: shape.by >= 0 ? toText(row[shape.by]) : '', v: shape.ys.map((y) => toNumber(row[y])) });
  }
  points.sort((a, b) => a.t - b.t);
  let series: string[];
  let left = 0;
  if (shape.by >= 0) {
    const weight = new Map<string, number>();
    for (const p of points) weight.set(p.s, (weight.get(p.s) ?? 0) + Math.abs(p.v[0] || 0));
    const ranked = [...weight].sort((a, b) => b[1] - a[1]).map(([s]) => s);
    left = Math.max(0, ranked.length - LINES_MAX);
    series = ranked.slice(0, LINES_MAX).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  } else {
    series = shape.ys.map((y) => columns[y]?.name ?? '');
  }
  const at = new Map(series.map((s, i) => [s, i] as const));
  const xs: number[] = [];
  const ys: (number | null | undefined)[][] = series.map(() => []);
  for (const p of points) {
    if (shape.by >= 0 && !at.has(p.s)) continue;
    if (!xs.length || xs[xs.length - 1] !== p.t) {
      xs.push(p.t);
      for (const y of ys) y.push(undefined);
    }
    const last = xs.length - 1;
    if (shape.by >= 0) {
      ys[at.get(p.s)!]![last] = finite(p.v[0]);
    } else {
      for (let i = 0; i < ys.length; i++) ys[i]![last] = finite(p.v[i]);
    }
  }
  // A bare number names no line: "core 0" does.
  const named = shape.by >= 0 && isNumber(columns[shape.by]?.type ?? '') ? columns[shape.by]!.name + ' ' : '';
  // Many names that never share a time are single events, not measurements in step.
  const scatter = shape.by >= 0 && points.length > 60 && xs.length > 0.8 * points.length;
  return { lines: series.map((s, i) => ({ key: s || '∅', label: s ? named + s : '(empty)', colorIndex: i })), data: [xs, ...ys], left, utc, scatter };
}

const finite = (v: number | undefined): number | null => (v === undefined || !Number.isFinite(v) ? null : v);

export interface Bar { label: string; value: number }

/** The first rows as bars, in the answer's order; a live answer has none, so there the largest come first. */
export function toBars(rows: Row[], shape: Shape, live: boolean): Bar[] {
  if (live) rows = [...rows].sort((a, b) => (toNumber(b[shape.ys[0]!]) || 0) - (toNumber(a[shape.ys[0]!]) || 0));
  const out: Bar[] = [];
  for (const row of rows) {
    if (out.length >= BARS_MAX) break;
    const value = toNumber(row[shape.ys[0]!]);
    if (!Number.isNaN(value)) out.push({ label: toText(row[shape.x]), value });
  }
  return out;
}
