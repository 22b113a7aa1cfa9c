// The frame of a page that lists things and shows one of them by its name: its head, what shows while the list is asked for, and what where there is nothing.

import type { ComponentChildren, JSX } from 'preact';
import type { Problem } from '../model/contract';
import { Empty, Loading } from './ui';

export interface ListPageProps<T> {
  title: string;
  /** What the page is about, beside its title. */
  about: string;
  /** Where the whole list is. */
  href: string;
  /** Beside the note, once the list is there: how things stand. */
  status?: ComponentChildren;
  actions?: ComponentChildren;
  /** What there is; null while it has not come. */
  list: readonly T[] | null;
  problem: Problem | null;
  /** Where each has a page of its own: what the address calls for, empty for all; what one is in words, “alert”; and the page. */
  each?: { asked: string; noun: string; nameOf: (item: T) => string; page: (item: T) => JSX.Element };
  /** In place of an empty list. */
  none: JSX.Element;
  /** The list, when there is one. */
  children: (list: readonly T[]) => JSX.Element;
}

export function ListPage<T>(p: ListPageProps<T>): JSX.Element {
  if (p.list && p.each?.asked) {
    const { asked, noun, nameOf, page } = p.each;
    const chosen = p.list.find((item) => nameOf(item) === asked);
    const all = 'All ' + p.title.toLowerCase();
    return (
      <div class="page">
        <a class="crumb" href={p.href}>← {all}</a>
        {chosen ? page(chosen) : <Empty title={`There is no ${noun} “${asked}”`}>It may have been dropped. <a href={p.href}>{all}</a></Empty>}
      </div>
    );
  }
  return (
    <div class="page">
      <header class="page-head">
        <h1>{p.title}</h1>
        <span class="note">{p.about}</span>
        {p.list && p.list.length > 0 && p.status && <span class="note" role="status">{p.status}</span>}
        {p.actions && <div class="panel-actions">{p.actions}</div>}
      </header>
      {p.list === null
        ? p.problem ? <Empty title={`The ${p.title.toLowerCase()} could not be read`}>{p.problem.detail || p.problem.title}</Empty> : <Loading lines={6} />
        : p.list.length === 0 ? p.none : p.children(p.list)}
    </div>
  );
}

/** In place of an empty list of what a statement makes: what it is for, the statement, and the editor with it. */
export function NothingYet({ title, about, statement, begin }: { title: string; about: string; statement: JSX.Element; begin: () => void }): JSX.Element {
  return (
    <Empty title={title}>
      <p>{about}</p>
      {statement}
      <button type="button" class="button primary" onClick={begin}>Write one</button>
    </Empty>
  );
}
