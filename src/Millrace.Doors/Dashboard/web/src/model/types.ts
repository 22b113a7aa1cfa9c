// What the page knows about SQL types: which are numbers, which are times, and how a value is shown and compared.

import { clock, parseTime } from './format';
import type { Value } from './contract';

const NUMBER = /^(smallint|int2?|int4|int8|integer|bigint|real|float4|float8|float|double|double precision|numeric|decimal)\b/i;
const TIME = /^(timestamp|timestamptz|date)\b/i;

export const isNumber = (type: string): boolean => NUMBER.test(type) && !type.endsWith(']');
export const isTime = (type: string): boolean => TIME.test(type) && !type.endsWith(']');
/** Times with a zone are shown in the reader's; those without have none, and are drawn as UTC. */
export const isZoned = (type: string): boolean => /^(timestamptz|timestamp with|timestamp\(\d\) with)/i.test(type);

export function toNumber(v: Value | undefined): number {
  if (typeof v === 'number') return v;
  if (typeof v === 'string' && v !== '') return Number(v);
  if (typeof v === 'boolean') return v ? 1 : 0;
  return NaN;
}

export function toText(v: Value | undefined): string {
  if (v === null || v === undefined) return '';
  if (typeof v === 'string') return v;
  if (typeof v === 'object') return JSON.stringify(v);
  return String(v);
}

/**
 * A cell's text: times lose the T and the noise behind the milliseconds, and those with a zone are told in the reader's, as plots tell them; the rest is
 * as the server said it.
 */
export function toCell(v: Value | undefined, type: string): string {
  if (v === null || v === undefined) return 'null';
  if (isTime(type) && typeof v === 'string') {
    const fraction = /\.(\d+)/.exec(v)?.[1];
    const thousandths = fraction ? '.' + fraction.slice(0, 3).padEnd(3, '0') : '';
    const at = isZoned(type) ? parseTime(v) : NaN;
    if (!Number.isNaN(at)) return local(at) + thousandths;
    return v.replace('T', ' ').replace(/\.\d+/, thousandths).replace(/(Z|\+00(:00)?)$/, '');
  }
  return toText(v);
}

/** Where the reader's clock stands, as the head of a column says it. */
export const zoneName = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'local time';

function local(ms: number): string {
  const d = new Date(ms);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${String(d.getFullYear()).padStart(4, '0')}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${clock(ms, false)}`;
}

/** Orders two values of one column; nulls last. */
export function compare(a: Value | undefined, b: Value | undefined, type: string): number {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
  if (b === null || b === undefined) return -1;
  if (isNumber(type)) {
    const d = toNumber(a) - toNumber(b);
    return d || (typeof a === 'string' && typeof b === 'string' && a.length === b.length ? (a < b ? -1 : a > b ? 1 : 0) : 0);
  }
  if (isTime(type)) {
    const d = parseTime(a) - parseTime(b);
    if (d) return d;
  }
  const s = toText(a);
  const t = toText(b);
  return s < t ? -1 : s > t ? 1 : 0;
}
