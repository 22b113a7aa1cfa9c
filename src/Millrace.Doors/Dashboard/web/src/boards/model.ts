// What a board is: tiles in order, each a query and how its live answer is shown. Kept as rows of a table in the database itself.

import type { Column, Value } from '../model/contract';
import type { Sort } from '../parts/grid';
import type { Kind, Shape } from '../query/shape';

export type Show = 'rows' | 'lines' | 'bars' | 'number';
export const SHOWS: readonly (readonly [Show, string])[] = [['lines', 'Lines'], ['bars', 'Bars'], ['number', 'Number'], ['rows', 'Rows']];

/** Columns by name, so that a tile outlives a change of what its query selects. */
export interface Parts { x?: string; ys?: string[]; by?: string }

export interface Tile {
  id: string;
  title: string;
  query: string;
  show: Show;
  parts: Parts;
  sort?: { column: string; descending: boolean };
  /** Columns and rows of the board that it takes. */
  wide: number;
  high: number;
}

export interface Board { id: string; title: string; tiles: Tile[]; savedAt: string }

export const WIDE_MAX = 4;
export const HIGH_MAX = 4;
export const TILES_MAX = 40;
/** How wide and high a tile begins. */
export const SIZE: Record<Show, [wide: number, high: number]> = { lines: [2, 2], bars: [2, 2], number: [1, 1], rows: [2, 2] };

export const TABLE = 'millrace_boards';
const COLUMNS = 'id, title, board, saved_at';
export const READ = `SELECT ${COLUMNS} FROM ${TABLE}`;
export const CREATE = `CREATE TABLE IF NOT EXISTS ${TABLE} (id text PRIMARY KEY, title text NOT NULL, board jsonb NOT NULL, saved_at timestamptz NOT NULL)`;

/** As a text literal of SQL; a backslash means itself there. */
export const literal = (text: string): string => "'" + text.replaceAll("'", "''") + "'";

const content = (b: Board): string => JSON.stringify({ tiles: b.tiles });

export const insertOf = (b: Board): string => `INSERT INTO ${TABLE} VALUES (${literal(b.id)}, ${literal(b.title)}, ${literal(content(b))}, now()) RETURNING saved_at`;

/** Changes nothing when somebody else has saved the board since it was read. */
export const updateOf = (b: Board): string =>
  `UPDATE ${TABLE} SET title = ${literal(b.title)}, board = ${literal(content(b))}, saved_at = now() WHERE id = ${literal(b.id)} AND saved_at = ${literal(b.savedAt)} RETURNING saved_at`;

/** Puts it in place of whatever is there. */
export const replaceOf = (b: Board): string =>
  `INSERT INTO ${TABLE} VALUES (${literal(b.id)}, ${literal(b.title)}, ${literal(content(b))}, now()) ` +
  'ON CONFLICT (id) DO UPDATE SET title = EXCLUDED.title, board = EXCLUDED.board, saved_at = EXCLUDED.saved_at RETURNING saved_at';

export const deleteOf = (id: string): string => `DELETE FROM ${TABLE} WHERE id = ${literal(id)}`;

const short = (): string => Math.random().toString(36).slice(2, 7);

/** A name for addresses, with letters of the title to know it by. */
export function newId(title: string): string {
  const words = title.normalize('NFKD').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40);
  return (words ? words + '-' : '') + short();
}

export const newTileId = (): string => short() + short();

const clamp = (n: unknown, max: number, otherwise: number): number => (typeof n === 'number' && Number.isFinite(n) ? Math.max(1, Math.min(max, Math.round(n))) : otherwise);
const isText = (v: unknown): v is string => typeof v === 'string';

/** A row of the table as a board; anybody may have written it, so what is not understood is left out. */
export function boardOf(id: string, title: string, board: Value, savedAt: string): Board {
  const given = board && typeof board === 'object' && !Array.isArray(board) ? board['tiles'] : null;
  const tiles: Tile[] = [];
  const ids = new Set<string>();
  for (const t of Array.isArray(given) ? given.slice(0, TILES_MAX) : []) {
    if (!t || typeof t !== 'object' || Array.isArray(t) || !isText(t['query']) || !t['query'].trim()) continue;
    const show = SHOWS.find(([s]) => s === t['show'])?.[0] ?? 'rows';
    const parts = t['parts'] && typeof t['parts'] === 'object' && !Array.isArray(t['parts']) ? t['parts'] : {};
    const sort = t['sort'] && typeof t['sort'] === 'object' && !Array.isArray(t['sort']) ? t['sort'] : null;
    let tileId = isText(t['id']) && t['id'] ? t['id'] : newTileId();
    while (ids.has(tileId)) tileId = newTileId();
    ids.add(tileId);
    tiles.push({
      id: tileId,
      title: isText(t['title']) ? t['title'].slice(0, 200) : '',
      query: t['query'],
      show,
      parts: {
        ...(isText(parts['x']) ? { x: parts['x'] } : {}),
        ...(isText(parts['by']) ? { by: parts['by'] } : {}),
        ...(Array.isArray(parts['ys']) ? { ys: parts['ys'].filter(isText).slice(0, 8) } : {}),
      },
      ...(sort && isText(sort['column']) ? { sort: { column: sort['column'], descending: sort['descending'] === true } } : {}),
      wide: clamp(t['wide'], WIDE_MAX, SIZE[show][0]),
      high: clamp(t['high'], HIGH_MAX, SIZE[show][1]),
    });
  }
  return { id, title: title || id, tiles, savedAt };
}

/** The parts that differ from the guess, by name. */
export function partsOf(choice: Partial<Shape>, columns: Column[]): Parts {
  const name = (i: number | undefined): string | undefined => (i === undefined ? undefined : i < 0 ? '' : columns[i]?.name);
  const x = name(choice.x);
  const by = name(choice.by);
  const ys = choice.ys?.map((y) => columns[y]?.name).filter(isText);
  return { ...(x ? { x } : {}), ...(by !== undefined ? { by } : {}), ...(ys?.length ? { ys } : {}) };
}

/** Back to positions in the columns there are now; what is gone is guessed again. */
export function choiceOf(show: Show, parts: Parts, columns: Column[]): Partial<Shape> {
  const at = (name: string): number => columns.findIndex((c) => c.name === name);
  const x = parts.x === undefined ? -1 : at(parts.x);
  const by = parts.by === undefined ? -1 : at(parts.by);
  const ys = parts.ys?.map(at).filter((i) => i >= 0);
  return {
    ...(show === 'rows' ? {} : { kind: show as Kind }),
    ...(x >= 0 ? { x } : {}),
    ...(by >= 0 || parts.by === '' ? { by } : {}),
    ...(ys?.length ? { ys } : {}),
  };
}

export function sortOf(tile: Tile, columns: Column[]): Sort | null {
  const column = tile.sort ? columns.findIndex((c) => c.name === tile.sort!.column) : -1;
  return column < 0 ? null : { column, descending: tile.sort!.descending };
}

/** What a query is called until somebody names it: what it reads. */
export function titleOf(query: string): string {
  const from = /\bfrom\s+(?:(?:tumble|hop|session|cumulate)\s*\(\s*)?("[^"]+"|[\w.]+)/i.exec(query)?.[1];
  return (from ?? query.trim().slice(0, 40)).replaceAll('"', '').replaceAll('_', ' ');
}

/** The tiles with one moved by so many places. */
export function moved(tiles: Tile[], id: string, by: number): Tile[] {
  const from = tiles.findIndex((t) => t.id === id);
  const to = Math.max(0, Math.min(tiles.length - 1, from + by));
  if (from < 0 || to === from) return tiles;
  const out = [...tiles];
  out.splice(to, 0, ...out.splice(from, 1));
  return out;
}

export function resized(tiles: Tile[], id: string, wide: number, high: number): Tile[] {
  return tiles.map((t) => (t.id === id ? { ...t, wide: clamp(t.wide + wide, WIDE_MAX, 1), high: clamp(t.high + high, HIGH_MAX, 1) } : t));
}
