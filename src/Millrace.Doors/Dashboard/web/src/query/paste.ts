// What kind of rows a pasted text holds, and a line to begin with for those who have none.

import type { Column } from '../model/contract';
import { isNumber, isTime } from '../model/types';

export type PasteFormat = 'json' | 'ndjson' | 'csv';

export function sniff(text: string): PasteFormat {
  const t = text.trim();
  if (t.startsWith('[')) return 'json';
  if (!t.startsWith('{')) return 'csv';
  // One object on many lines is JSON; an object a line is NDJSON, one line of it too.
  const line = t.split('\n', 1)[0]!.trim();
  try {
    JSON.parse(line);
    return 'ndjson';
  } catch {
    return 'json';
  }
}

/** A row of the table's shape, as CSV. */
export function template(columns: Column[]): string {
  const value = (c: Column): string => (isTime(c.type) ? '2026-01-01T12:00:00Z' : isNumber(c.type) ? '1' : c.type === 'boolean' ? 'true' : 'text');
  return columns.map((c) => c.name).join(',') + '\n' + columns.map(value).join(',');
}
