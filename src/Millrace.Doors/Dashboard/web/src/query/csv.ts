// A result as a CSV file; text that a spreadsheet would take for a formula is defused.

import type { Column, Row } from '../model/contract';
import { isNumber, toText } from '../model/types';

export function toCsv(columns: Column[], rows: Row[]): string {
  const cell = (text: string, numeric: boolean): string => {
    const safe = !numeric && /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
    return /[",\r\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
  };
  const numeric = columns.map((c) => isNumber(c.type));
  const lines = [columns.map((c) => cell(c.name, false)).join(',')];
  for (const row of rows) lines.push(columns.map((_c, i) => cell(toText(row[i]), numeric[i]!)).join(','));
  return lines.join('\r\n') + '\r\n';
}

export function download(columns: Column[], rows: Row[]): void {
  const url = URL.createObjectURL(new Blob([toCsv(columns, rows)], { type: 'text/csv' }));
  const a = document.createElement('a');
  a.href = url;
  a.download = 'millrace-' + new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-') + '.csv';
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
