// Numbers, sizes and times as people read them at a glance.

const SI = ['', 'k', 'M', 'G', 'T'];

/** 12345 → "12.3 k"; three figures, so that a live number keeps its width, and never an exponent. */
export function short(n: number | null | undefined): string {
  if (n == null || Number.isNaN(n)) return '–';
  const sign = n < 0 ? '−' : '';
  let v = Math.abs(n);
  if (v === 0) return '0';
  if (v < 0.005) return sign + '<0.01';
  let step = 0;
  while (v >= 999.5 && step < SI.length - 1) { v /= 1000; step++; }
  const digits = v >= 99.95 || (step === 0 && Number.isInteger(v)) ? 0 : v >= 9.995 ? 1 : step > 0 || v < 1 ? 2 : 1;
  return sign + v.toFixed(digits) + (step ? ' ' + SI[step] : '');
}

/** The labels of an axis: one unit for all, and as many digits as tell the ticks apart. */
export function ticks(splits: (number | null)[]): string[] {
  let max = 0;
  let gap = Infinity;
  let before: number | null = null;
  for (const v of splits) {
    if (v === null) continue;
    max = Math.max(max, Math.abs(v));
    if (before !== null) gap = Math.min(gap, Math.abs(v - before));
    before = v;
  }
  let step = 0;
  while (max >= 1000 * 1000 ** step && step < SI.length - 1) step++;
  const unit = 1000 ** step;
  let digits = 0;
  const exact = (v: number | null): boolean => v === null || Math.abs(Number((v / unit).toFixed(digits)) - v / unit) * unit < gap * 0.02;
  while (digits < 6 && Number.isFinite(gap) && !splits.every(exact)) digits++;
  return splits.map((v) => (v === null ? '' : v === 0 ? '0' : (v < 0 ? '−' : '') + (Math.abs(v) / unit).toFixed(digits) + (step ? ' ' + SI[step] : '')));
}

export function rate(n: number | null | undefined): string {
  return n == null || Number.isNaN(n) ? '–' : short(n) + '/s';
}

export function bytes(n: number | null | undefined): string {
  if (n == null || Number.isNaN(n)) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let v = n;
  let i = 0;
  while (v >= 1000 && i < units.length - 1) { v /= 1024; i++; }
  return (i === 0 || v >= 100 ? v.toFixed(0) : v.toFixed(1)) + ' ' + units[i];
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 });
export const whole = (n: number | null | undefined): string => (n == null ? '–' : grouped.format(n));

/** Milliseconds as "640 µs", "12 ms", "3.4 s", "2 m 5 s". */
export function duration(ms: number | null | undefined): string {
  if (ms == null || Number.isNaN(ms)) return '–';
  if (ms === 0) return '0 ms';
  if (ms < 1) return (ms * 1000).toFixed(0) + ' µs';
  if (ms < 10) return ms.toFixed(1).replace(/\.0$/, '') + ' ms';
  if (ms < 1000) return ms.toFixed(0) + ' ms';
  if (ms < 60_000) return (ms / 1000).toFixed(ms < 9950 ? 2 : 1) + ' s';
  return span(ms / 1000);
}

/** Nanoseconds as "865 ns", "15.7 µs", "342 µs". */
export function nanos(ns: number | null | undefined): string {
  if (ns == null || Number.isNaN(ns)) return '–';
  if (ns < 1000) return Math.round(ns) + ' ns';
  return ns < 99_950 ? (ns / 1000).toFixed(1) + ' µs' : duration(ns / 1e6);
}

/** Seconds as the two largest units. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} m`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

const pad = (n: number): string => String(n).padStart(2, '0');

export function clock(ms: number, utc: boolean): string {
  const d = new Date(ms);
  return utc
    ? `${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}:${pad(d.getUTCSeconds())}`
    : `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The labels of an axis of time, seconds since 1970: as fine as its ticks are apart, and the day where one begins. */
export function timeLabels(splits: (number | null)[], utc: boolean): string[] {
  const found = splits.filter((s): s is number => s !== null);
  const gap = found.length > 1 ? found[1]! - found[0]! : 60;
  const digits = gap >= 1 ? 0 : Math.min(3, Math.ceil(-Math.log10(gap) - 1e-6));
  return splits.map((s) => {
    if (s === null) return '';
    const d = new Date(Math.round(s * 1000));
    const text = clock(d.getTime(), utc);
    const day = (): string => (utc ? `${MONTHS[d.getUTCMonth()]} ${d.getUTCDate()}` : `${MONTHS[d.getMonth()]} ${d.getDate()}`);
    if (gap >= 80_000) return gap > 300 * 86_400 ? String(utc ? d.getUTCFullYear() : d.getFullYear()) : day();
    if (text === '00:00:00' && gap >= 60) return day();
    if (gap >= 60) return text.slice(0, 5);
    return digits === 0 ? text : text.slice(3) + (d.getTime() % 1000 / 1000).toFixed(digits).slice(1);
  });
}

/** A timestamp of the server (ISO or PostgreSQL text) in ms since 1970; a time without a zone counts as UTC. NaN if it is none. */
export function parseTime(text: unknown): number {
  if (typeof text === 'number') return text;
  if (typeof text !== 'string' || text.length < 8) return NaN;
  let s = text.trim().replace(' ', 'T');
  if (/^\d{4}-\d\d-\d\d$/.test(s)) return Date.parse(s + 'T00:00:00Z');
  if (/[+-]\d\d$/.test(s) && s.includes('T')) s += ':00';
  if (!/(Z|[+-]\d\d:?\d\d)$/.test(s)) s += 'Z';
  return Date.parse(s.replace(/(\.\d{3})\d+/, '$1'));
}
