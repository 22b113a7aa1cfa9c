// The order a query asks for, read off its text: a live answer is a set of rows, and the grid puts it in order.

import type { Column } from '../model/contract';
import type { Sort } from '../parts/grid';

/** Strings, quoted names and comments; then what may matter. */
const TOKEN = /'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"]|"")*"|[A-Za-z_][\w$]*|\d+|\S/g;

/** The first column of the outermost ORDER BY, if the answer has it; null when it asks for none, or for an expression. */
export function orderOf(query: string, columns: Column[]): Sort | null {
  const tokens = (query.match(TOKEN) ?? []).filter((t) => !t.startsWith('--') && !t.startsWith('/*'));
  let depth = 0;
  let found = -1;
  for (let i = 0; i < tokens.length; i++) {
    const t = tokens[i]!;
    if (t === '(') depth++;
    else if (t === ')') depth--;
    else if (depth === 0 && /^order$/i.test(t) && /^by$/i.test(tokens[i + 1] ?? '')) found = i + 2;
  }
  if (found < 0) return null;
  let at = found;
  while (tokens[at + 1] === '.') at += 2; // v.total is the column total
  const word = tokens[at];
  if (word === undefined) return null;
  const name = word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word.toLowerCase();
  const column = /^\d+$/.test(word) ? Number(word) - 1 : columns.findIndex((c) => c.name === name);
  const next = tokens[at + 1]?.toLowerCase();
  const ends = next === undefined || [',', ';', 'asc', 'desc', 'nulls', 'limit', 'offset', 'fetch'].includes(next);
  return column >= 0 && column < columns.length && ends ? { column, descending: next === 'desc' } : null;
}
