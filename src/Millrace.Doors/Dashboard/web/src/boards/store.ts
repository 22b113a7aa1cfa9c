// The boards there are, followed live like any other table, and how a change of one is saved.

import { signal } from '@preact/signals';
import { asProblem, runSql } from '../live/api';
import { refreshCatalog } from '../live/store';
import type { Row } from '../model/contract';
import { ofMany } from '../query/sources';
import { Subscription } from '../query/subscription';
import { CREATE, READ, boardOf, deleteOf, insertOf, replaceOf, updateOf, type Board } from './model';

/** null until the table has been read, or is known not to be there. */
export const boards = signal<Board[] | null>(null);
/** Why they cannot be read; '' while they can. */
export const unread = signal('');

let feed: Subscription | null = null;
let readers = 0;

/** Follows the table until the caller has done with it. */
export function followBoards(): () => void {
  readers++;
  if (!feed) open();
  return () => {
    if (--readers > 0) return;
    feed?.stop();
    feed = null;
  };
}

function open(): void {
  const mine: Subscription = feed = new Subscription(READ, () => {
    if (feed !== mine) return;
    if (mine.problem) {
      // Nobody has saved a board yet: the table comes with the first.
      if (mine.problem.sqlstate === '42P01') boards.value = [];
      else unread.value = mine.problem.detail || mine.problem.title;
    } else if (mine.state === 'live' && mine.set) {
      unread.value = '';
      boards.value = mine.set.list({ column: 1, descending: false }).rows.map(ofRow);
    }
  }, ofMany(READ, 50));
}

const ofRow = (r: Row): Board => boardOf(String(r[0]), String(r[1]), r[2] ?? null, String(r[3]));

export type Saved = { ok: true; savedAt: string } | { ok: false; conflict: boolean; reason: string };

async function returning(sql: string): Promise<string | null> {
  const results = await runSql(sql, 10);
  const at = results[results.length - 1]?.rows?.[0]?.[0];
  return typeof at === 'string' ? at : null;
}

function reasonOf(error: unknown): string {
  const p = asProblem(error);
  return p.detail || p.title;
}

/** Saves a change of a board that was read; refuses when another hand was faster. */
export async function save(b: Board): Promise<Saved> {
  try {
    const at = await returning(updateOf(b));
    return at ? { ok: true, savedAt: at } : { ok: false, conflict: true, reason: 'This board was changed or deleted elsewhere meanwhile.' };
  } catch (error) {
    return { ok: false, conflict: false, reason: reasonOf(error) };
  }
}

/** Saves it whatever is there. */
export async function overwrite(b: Board): Promise<Saved> {
  return write(b, replaceOf(b));
}

/** Makes a board, and the table with the first one. */
export async function create(b: Board): Promise<Saved> {
  return write(b, insertOf(b));
}

async function write(b: Board, sql: string): Promise<Saved> {
  try {
    const existed = boards.value !== null && feed?.problem == null && feed !== null;
    if (!existed) await runSql(CREATE, 1);
    const at = await returning(sql);
    if (!existed && readers > 0) {
      feed?.stop();
      open();
      void refreshCatalog();
    }
    if (!at) return { ok: false, conflict: false, reason: 'The server did not confirm the write.' };
    boards.value = [...(boards.value ?? []).filter((x) => x.id !== b.id), { ...b, savedAt: at }].sort((x, y) => x.title.localeCompare(y.title));
    return { ok: true, savedAt: at };
  } catch (error) {
    return { ok: false, conflict: false, reason: reasonOf(error) };
  }
}

/** '' when it is gone, else why not. */
export async function remove(id: string): Promise<string> {
  try {
    await runSql(deleteOf(id), 1);
    boards.value = (boards.value ?? []).filter((b) => b.id !== id);
    return '';
  } catch (error) {
    return reasonOf(error);
  }
}
