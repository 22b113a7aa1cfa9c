// Answers on the page: the grid and the plot of a result, the live one and its state, and what went wrong.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { Column, Problem, Row, SqlResult } from '../model/contract';
import { duration, whole } from '../model/format';
import { compare } from '../model/types';
import { Grid, type Sort } from '../parts/grid';
import { Icon } from '../parts/icons';
import { Empty, Segmented } from '../parts/ui';
import { download } from './csv';
import { defaultSort, ROWS_MAX } from './multiset';
import { orderOf } from './order';
import { Pin } from './pin';
import { Plot } from './plot';
import { Sampled } from './sampled';
import { liveTick } from './session';
import type { Shape } from './shape';
import { statements } from './statements';
import type { Subscription } from './subscription';

type Show = 'both' | 'rows' | 'plot';
const SHOWS = [['both', 'Both'], ['plot', 'Plot'], ['rows', 'Rows']] as const;

export function ProblemView({ problem, line, column }: { problem: Problem; line: number; column: number }): JSX.Element {
  return (
    <section class="problem" role="alert" data-testid="error" data-line={line || undefined} data-column={column || undefined}>
      <Icon name="warn" />
      <div>
        <p class="problem-title">{problem.detail || problem.title}</p>
        {problem.cause && !problem.detail?.includes(problem.cause) && <p class="problem-hint">{problem.cause}</p>}
        {problem.hint && <p class="problem-hint">{problem.hint}</p>}
        <p class="problem-where">
          {line > 0 && <span>line {line}, column {column}</span>}
          {problem.sqlstate && <span>SQLSTATE {problem.sqlstate}</span>}
          {problem.detail && problem.title && problem.title !== problem.detail && <span>{problem.title}</span>}
        </p>
      </div>
    </section>
  );
}

export function Results({ results, query, wallMs }: { results: SqlResult[]; query: string; wallMs: number }): JSX.Element {
  const [chosen, setChosen] = useState(results.length - 1);
  useEffect(() => setChosen(results.length - 1), [results]);
  const index = Math.min(chosen, results.length - 1);
  const result = results[index];
  const texts = useMemo(() => statements(query), [query]);
  if (!result) return <Empty title="Done">There was no statement to run.</Empty>;
  return (
    <>
      {results.length > 1 && (
        <div class="tabs" role="tablist" aria-label="Results">
          {results.map((r, i) => (
            <button key={i} type="button" role="tab" aria-selected={i === index} onClick={() => setChosen(i)}>
              <span class="muted">{i + 1}</span> {r.command}
            </button>
          ))}
        </div>
      )}
      {result.notices?.map((n, i) => <p key={i} class="notice">{n}</p>)}
      {result.columns?.length
        ? <OnceResult key={index} result={result} query={texts.length === results.length ? texts[index]!.text : null} wallMs={wallMs} />
        : <Empty title={result.command}>{result.elapsedMs !== undefined && `in ${duration(result.elapsedMs)}`}</Empty>}
    </>
  );
}

function OnceResult({ result, query, wallMs }: { result: SqlResult; query: string | null; wallMs: number }): JSX.Element {
  const [sort, setSort] = useState<Sort | null>(null);
  const [show, setShow] = useState<Show>('both');
  const [choice, setChoice] = useState<Partial<Shape>>({});
  const columns = result.columns!;
  const given = result.rows ?? [];
  useEffect(() => setSort(null), [result]);
  const rows = useMemo(() => {
    if (!sort) return given;
    const type = columns[sort.column]!.type;
    const sign = sort.descending ? -1 : 1;
    return [...given].sort((a, b) => compare(a[sort.column], b[sort.column], type) * sign);
  }, [given, sort]);
  return (
    <section class={'panel result show-' + show}>
      <header class="panel-head">
        <h2>{result.command}</h2>
        <span class="note">{whole(given.length)} row{given.length === 1 ? '' : 's'} in {duration(result.elapsedMs ?? wallMs)}</span>
        <ResultActions columns={columns} rows={() => rows} show={show} onShow={setShow} query={query} keyColumns={null} choice={choice} sort={sort} />
      </header>
      {result.truncated && <p class="notice">Only the first {whole(given.length)} rows are shown. Raise the row limit, or ask for less.</p>}
      <Answer columns={columns} rows={rows} plotRows={given} keyColumns={null} show={show} version={0} sort={sort} live={false} choice={choice} onChoice={setChoice}
        onSort={(c) => setSort(sort?.column === c ? (sort.descending ? null : { column: c, descending: true }) : { column: c, descending: false })} />
    </section>
  );
}

function ResultActions(props: {
  columns: Column[]; rows: () => Row[]; show: Show; onShow: (s: Show) => void; query: string | null; keyColumns: number[] | null; choice: Partial<Shape>; sort: Sort | null;
}): JSX.Element {
  return (
    <div class="panel-actions">
      {props.query !== null && props.columns.length > 0 && (
        <Pin query={props.query} columns={props.columns} rows={props.rows} keyColumns={props.keyColumns} choice={props.choice} asRows={props.show === 'rows'} sort={props.sort} />
      )}
      <button type="button" class="quiet" title="Download as CSV" onClick={() => download(props.columns, props.rows())}><Icon name="download" /><span class="sr">Download as CSV</span></button>
      <Segmented label="Show" options={SHOWS} value={props.show} onChange={props.onShow} />
    </div>
  );
}

interface AnswerProps {
  columns: Column[];
  rows: Row[];
  plotRows: Row[];
  keyColumns: number[] | null;
  show: Show;
  version: number;
  live: boolean;
  choice: Partial<Shape>;
  onChoice: (c: Partial<Shape>) => void;
  sort: Sort | null;
  onSort: (c: number) => void;
  keys?: string[];
  changedAt?: Float64Array;
  changedCells?: (number[] | null)[];
  sampled?: Sampled;
}

function Answer(p: AnswerProps): JSX.Element {
  return (
    <div class="answer-body">
      {p.show !== 'rows' && <Plot columns={p.columns} rows={p.plotRows} keyColumns={p.keyColumns} version={p.version} live={p.live} tall={p.show === 'plot'} choice={p.choice} onChoice={p.onChoice} {...(p.sampled ? { sampled: p.sampled } : {})} />}
      {p.show !== 'plot' && (
        p.rows.length === 0 && !p.live ? <Empty title="No rows">The query ran; nothing matches it.</Empty>
          : <Grid columns={p.columns} rows={p.rows} sort={p.sort} onSort={p.onSort} label="Result" testId="result-grid" fill
            {...(p.keys ? { keys: p.keys } : {})} {...(p.changedAt ? { changedAt: p.changedAt } : {})} {...(p.changedCells ? { changedCells: p.changedCells } : {})} />
      )}
    </div>
  );
}

const STATES = {
  starting: 'connecting', snapshot: 'loading', live: 'live', reconnecting: 'connection lost, trying again', failed: 'ended', stopped: 'stopped',
} as const;

export function LiveResult({ sub, again }: { sub: Subscription; again: () => void }): JSX.Element {
  const version = liveTick.value;
  const [sort, setSort] = useState<Sort | null>(null);
  const [show, setShow] = useState<Show>('both');
  const [choice, setChoice] = useState<Partial<Shape>>({});
  const sampled = useRef(new Sampled());
  const speed = useRef({ at: performance.now(), changes: 0, rate: 0 });
  const set = sub.set;
  const order = sort ?? orderOf(sub.query, sub.columns) ?? defaultSort(sub.columns);
  const list = useMemo(() => (set && set.columns.length ? set.list(order) : null), [set, version, order.column, order.descending]);
  const began = useRef(Date.now());

  // A single row has no history of its own: the page keeps one, so that a count can be drawn over time.
  if (list && list.rows.length === 1 && (sub.state === 'live' || sub.state === 'snapshot')) sampled.current.take(list.rows[0]!);
  const v = speed.current;
  const t = performance.now();
  if (set && t - v.at > 900) {
    v.rate = Math.max(0, (set.changes - v.changes) / ((t - v.at) / 1000));
    v.at = t;
    v.changes = set.changes;
  }
  // Keeps the rate honest and the fading marks moving when nothing arrives.
  useEffect(() => {
    const timer = setInterval(() => { liveTick.value++; }, 1000);
    return () => clearInterval(timer);
  }, [sub]);

  const ended = sub.state === 'stopped' || sub.state === 'failed';
  return (
    <section class={'panel result show-' + show} data-state={sub.state}>
      <header class="panel-head">
        <h2><span class={'pill ' + (sub.state === 'live' ? 'good' : ended ? 'off' : 'warn')}>{sub.state === 'live' && <i class="pulse" />}{STATES[sub.state]}</span></h2>
        <span class="note">
          {set && <>{whole(set.size)} row{set.size === 1 ? '' : 's'} · {sub.state === 'live' ? `${whole(Math.round(v.rate))} changes/s` : `${whole(set.changes)} changes`} · epoch {whole(sub.epoch)}</>}
        </span>
        {ended && <button type="button" class="quiet" onClick={again}>Watch again</button>}
        <ResultActions columns={sub.columns} rows={() => list?.rows ?? []} show={show} onShow={setShow} query={sub.ofEndpoint ? null : sub.query} keyColumns={set?.key ?? null} choice={choice} sort={sort} />
      </header>
      {sub.problem && <p class="notice bad" data-testid="error">{sub.problem.detail || sub.problem.title}{sub.problem.hint ? ' ' + sub.problem.hint : ''}</p>}
      {set && set.dropped > 0 && <p class="notice">More than {whole(ROWS_MAX)} rows: the {whole(set.dropped)} that came first are left out. Narrow the query to see all.</p>}
      {sub.gap > 0 && <p class="notice">This page was too slow for the server: {whole(sub.gap)} changes were skipped.</p>}
      {list && sub.columns.length
        ? list.rows.length === 0 && sub.state !== 'snapshot'
          ? <Empty title="No rows yet">{emptyHint(sub.query)} {Date.now() - began.current > 5000 && 'Still listening.'}</Empty>
          : <Answer columns={sub.columns} rows={list.rows} plotRows={list.rows} keyColumns={set!.key} show={show} version={version} live choice={choice} onChoice={setChoice} keys={list.keys}
            changedAt={list.changedAt} changedCells={list.changedCells} sort={order} sampled={sampled.current}
            onSort={(c) => setSort({ column: c, descending: order.column === c ? !order.descending : false })} />
        : !ended && <Empty title="Waiting for the first answer" />}
    </section>
  );
}

function emptyHint(query: string): string {
  return /emit\s+on\s+window\s+close/i.test(query)
    ? 'Windows show when the watermark passes their end.'
    : 'Rows show here the moment they match.';
}
