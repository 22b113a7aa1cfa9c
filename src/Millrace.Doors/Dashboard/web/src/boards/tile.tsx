// One tile: a query's live answer as lines, bars, a big number or rows, as large as the board gives it.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { Painter } from '../live/frame';
import type { Column, Row } from '../model/contract';
import { short, whole } from '../model/format';
import { isTime, toCell, toNumber } from '../model/types';
import { Chart, type ChartData } from '../parts/chart';
import { Grid, type Sort } from '../parts/grid';
import { Spark } from '../parts/spark';
import { defaultSort } from '../query/multiset';
import { orderOf } from '../query/order';
import { Bars } from '../query/bars';
import { figure, LinesPlot, useShape } from '../query/plot';
import { Sampled } from '../query/sampled';
import { toBars, toLines, type Shape } from '../query/shape';
import { ofAsking, ofMany } from '../query/sources';
import { Subscription } from '../query/subscription';
import { choiceOf, sortOf, type Tile } from './model';

/** Changes within this come as one, and it is how often a tile is drawn at most. */
const EVERY_MS = 200;
const ASKING_MS = 5_000;

interface Answer { sub: Subscription; asking: boolean; tick: number }

/** Follows a query for as long as the tile is there; what cannot be followed is asked again every few seconds. */
function useAnswer(query: string): Answer | null {
  const [answer, setAnswer] = useState<Answer | null>(null);
  useEffect(() => {
    let sub: Subscription | null = null;
    let asking = false;
    let tick = 0;
    const painter = new Painter(() => { if (sub) setAnswer({ sub, asking, tick: ++tick }); }, EVERY_MS);
    const changed = (): void => {
      if (sub?.problem?.sqlstate === '0A000' && !asking) {
        asking = true;
        sub = new Subscription(query, changed, ofAsking(query, ASKING_MS));
      }
      painter.mark();
    };
    sub = new Subscription(query, changed, ofMany(query, EVERY_MS));
    painter.mark();
    return () => { sub?.stop(); painter.dispose(); };
  }, [query]);
  return answer;
}

export interface Size { width: number; height: number }

function useSize(): [{ current: HTMLDivElement | null }, Size] {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>({ width: 300, height: 200 });
  useEffect(() => {
    const el = box.current!;
    const look = (): void => { const { clientWidth: width, clientHeight: height } = el; setSize((s) => (s.width === width && s.height === height ? s : { width, height })); };
    const watch = new ResizeObserver(look);
    watch.observe(el);
    look();
    return () => watch.disconnect();
  }, []);
  return [box, size];
}

/** What is said beside the title, when there is anything to say. */
const STATES = { starting: 'connecting', snapshot: 'loading', live: '', reconnecting: 'connection lost', failed: 'ended', stopped: '' } as const;

export function TileContent({ tile, onState }: { tile: Tile; onState: (text: string) => void }): JSX.Element {
  const answer = useAnswer(tile.query);
  const [box, size] = useSize();
  const [ownSort, setOwnSort] = useState<Sort | null>(null);
  const sampled = useRef(new Sampled());
  useEffect(() => { sampled.current = new Sampled(); setOwnSort(null); }, [tile.query]);
  const sub = answer?.sub;
  const set = sub?.set ?? null;
  const columns = sub?.columns ?? [];
  const sort = ownSort ?? sortOf(tile, columns) ?? orderOf(tile.query, columns) ?? defaultSort(columns);
  const list = useMemo(() => (set && columns.length ? set.list(sort) : null), [answer, sort.column, sort.descending]);
  const state = sub ? (sub.problem ? 'error' : answer!.asking && sub.state === 'live' ? `asked every ${ASKING_MS / 1000} s` : STATES[sub.state]) : 'connecting';
  useEffect(() => onState(state), [state]);
  if (list?.rows.length === 1 && sub?.state === 'live') sampled.current.take(list.rows[0]!);

  const content = (): JSX.Element => {
    if (sub?.problem) {
      return <div class="tile-problem" role="alert"><p>{sub.problem.detail || sub.problem.title}</p>{sub.problem.hint && <p class="note">{sub.problem.hint}</p>}</div>;
    }
    if (!list || !set) return <p class="tile-wait" role="status">{STATES[sub?.state ?? 'starting'] || 'loading'}</p>;
    if (!list.rows.length) return <p class="tile-wait">No rows yet</p>;
    if (tile.show === 'rows') {
      return <Grid columns={columns} rows={list.rows} keys={list.keys} changedAt={list.changedAt} changedCells={list.changedCells} sort={sort} label={tile.title} height={size.height}
        onSort={(c) => setOwnSort({ column: c, descending: sort.column === c ? !sort.descending : false })} />;
    }
    return <Drawn tile={tile} columns={columns} rows={list.rows} keyColumns={set.key} version={answer!.tick} size={size} sampled={sampled.current} />;
  };
  return <div class="tile-body" ref={box} data-testid="tile-body" data-state={sub?.problem ? 'failed' : sub?.state ?? 'starting'}>{content()}</div>;
}

interface DrawnProps { tile: Tile; columns: Column[]; rows: Row[]; keyColumns: number[] | null; version: number; size: Size; sampled: Sampled }

const LEGEND_ITEM = 182;
const LEGEND_ROW = 25;

function Drawn(p: DrawnProps): JSX.Element {
  const { columns, rows, tile, size } = p;
  const choice = useMemo(() => choiceOf(tile.show, tile.parts, columns), [tile.show, tile.parts, columns]);
  const shape = usable(useShape({ columns, rows, keyColumns: p.keyColumns, live: true }, choice), columns);
  if (!shape.ys.length) return <p class="tile-wait">Nothing to draw: no column is a number.</p>;
  if (shape.kind === 'number') return <BigNumber {...p} shape={shape} />;
  if (shape.kind === 'bars') {
    return (
      <div class="tile-bars" tabIndex={0} role="group" aria-label="Bars, scrolls">
        <Bars bars={toBars(rows, shape, true)} format={short} label={`${columns[shape.ys[0]!]?.name} for each ${columns[shape.x]?.name}`} />
      </div>
    );
  }
  if (shape.x < 0) return <p class="tile-wait">No column is a time to draw over.</p>;
  const lines = shape.by >= 0 ? Math.min(8, new Set(rows.map((r) => JSON.stringify(r[shape.by]))).size) : shape.ys.length;
  const legend = Math.ceil(lines / Math.max(1, Math.floor((size.width - 24) / LEGEND_ITEM))) * LEGEND_ROW + 16;
  return <div class="tile-lines"><LinesPlot columns={columns} rows={rows} shape={shape} version={p.version} height={Math.max(70, size.height - legend)} live /></div>;
}

/** The guess for another kind than the one asked for may lack its parts. */
function usable(shape: Shape, columns: Column[]): Shape {
  const time = columns.findIndex((c) => isTime(c.type));
  if (shape.kind === 'lines' && (shape.x < 0 || !isTime(columns[shape.x]?.type ?? ''))) return { ...shape, x: time };
  if (shape.kind === 'bars' && shape.x < 0) return { ...shape, x: columns.findIndex((_c, i) => !shape.ys.includes(i)) };
  return shape;
}

const FIGURES_MAX = 4;

/** The figure of the only row, or of the newest, over how it came about. */
function BigNumber({ columns, rows, shape, size, version, sampled, tile }: DrawnProps & { shape: Shape }): JSX.Element {
  const time = rows.length > 1 ? columns.findIndex((c) => isTime(c.type)) : -1;
  const newest = time < 0 ? rows[0]! : rows.reduce((a, b) => (String(b[time] ?? '') > String(a[time] ?? '') ? b : a));
  const ys = shape.ys.slice(0, FIGURES_MAX);
  const first = ys[0]!;
  const named = ys.length > 1 || columns[first]!.name.toLowerCase() !== tile.title.toLowerCase();
  const data = (): ChartData => {
    if (time >= 0) return toLines(columns, rows, { kind: 'lines', x: time, ys: [first], by: -1 }).data;
    return [sampled.xs, sampled.rows.map((r) => { const v = toNumber(r[first]); return Number.isNaN(v) ? null : v; })];
  };
  const room = size.height - 96;
  const traced = room <= 70 && size.height > 96 ? trend(data()) : [];
  return (
    <div class="tile-number">
      <div class="number-list" style={{ '--length': String(Math.max(...ys.map((y) => figure(toNumber(newest[y])).length))) }}>
        {ys.map((y) => (
          <p key={y} class="number">{named && <span>{columns[y]!.name}</span>}<b title={toCell(newest[y], columns[y]!.type)}>{figure(toNumber(newest[y]))}</b></p>
        ))}
      </div>
      {room > 70 && (time >= 0 || sampled.xs.length > 1) && (
        <Chart lines={[{ key: String(first), label: columns[first]!.name, colorIndex: 0 }]} version={version} height={Math.min(room, 260)} format={short} hideLegend data={data} minMs={EVERY_MS}
          {...(time < 0 ? { range: (): [number, number] => { const t = Date.now() / 1000; return [Math.max(t - 300, Math.min(sampled.xs[0] ?? t, t - 20)), t]; } } : {})}
          label={`${columns[first]!.name} over time`} />
      )}
      {traced.length > 1 && <Spark values={traced} tone={1} width={200} height={26} />}
      {rows.length > 1 && time < 0 && <p class="note">the first of {whole(rows.length)} rows</p>}
    </div>
  );
}

const TRACED = 120;

/** The last of the values, above their lowest: what is asked of a line this small is which way it goes. */
function trend([, ys]: ChartData): number[] {
  const values = (ys ?? []).slice(-TRACED).map((v) => v ?? NaN);
  const known = values.filter((v) => !Number.isNaN(v));
  const low = Math.min(...known);
  const high = Math.max(...known);
  return values.map((v) => v - low + (high - low) * 0.08);
}
