// The plot of an answer: guessed from its columns, changeable by the reader, redrawn as the rows change.

import { useMemo } from 'preact/hooks';
import type { JSX } from 'preact';
import type { Column, Row } from '../model/contract';
import { short, whole } from '../model/format';
import { isNumber, isTime, toCell, toNumber } from '../model/types';
import { Chart } from '../parts/chart';
import { Bars } from './bars';
import type { Sampled } from './sampled';
import { guess, toBars, toLines, BARS_MAX, type Shape } from './shape';

export interface PlotProps {
  columns: Column[];
  rows: Row[];
  keyColumns: number[] | null;
  version: number;
  live: boolean;
  tall: boolean;
  /** What the reader has chosen over the guess. */
  choice: Partial<Shape>;
  onChoice: (c: Partial<Shape>) => void;
  sampled?: Sampled;
}

/** The guess, made again while the answer grows from nothing and then left alone, under what was chosen. */
export function useShape(p: Pick<PlotProps, 'columns' | 'rows' | 'keyColumns' | 'live'>, choice: Partial<Shape>): Shape {
  const size = p.rows.length === 0 ? 0 : p.rows.length === 1 ? 1 : p.rows.length < 20 ? 2 : 3;
  const guessed = useMemo(() => guess(p.columns, p.rows, p.keyColumns), [p.columns, size, p.live ? 0 : p.rows]);
  return { ...guessed, ...choice };
}

export function Plot(p: PlotProps): JSX.Element | null {
  const { choice, onChoice } = p;
  const shape = useShape(p, choice);
  const height = p.tall ? 420 : 230;
  if (shape.kind === 'none') {
    return p.tall ? <div class="plot"><p class="note pad">Nothing to draw: no column is a number.</p></div> : null;
  }
  return (
    <div class="plot" data-testid="result-plot">
      <Controls columns={p.columns} shape={shape} onChange={(c) => onChoice({ ...choice, ...c })} />
      {shape.kind === 'lines' && <LinesPlot {...p} shape={shape} height={height} />}
      {shape.kind === 'bars' && <BarsPlot {...p} shape={shape} />}
      {shape.kind === 'number' && <NumberPlot {...p} shape={shape} />}
    </div>
  );
}

function Controls({ columns, shape, onChange }: { columns: Column[]; shape: Shape; onChange: (c: Partial<Shape>) => void }): JSX.Element {
  const all = columns.map((c, i) => ({ ...c, i }));
  const times = all.filter((c) => isTime(c.type));
  const numbers = all.filter((c) => isNumber(c.type));
  const pick = (label: string, value: number, options: { name: string; i: number }[], set: (i: number) => void): JSX.Element => (
    <label class="field"><span>{label}</span>
      <select value={value} onChange={(e) => set(Number(e.currentTarget.value))}>{options.map((o) => <option key={o.i} value={o.i}>{o.name}</option>)}</select>
    </label>
  );
  const kinds = [['lines', 'Lines'], ['bars', 'Bars'], ['number', 'Number']] as const;
  return (
    <div class="plot-controls">
      <label class="field"><span>As</span>
        <select value={shape.kind} onChange={(e) => {
          const kind = e.currentTarget.value as Shape['kind'];
          onChange({
            kind,
            x: kind === 'lines' ? times[0]?.i ?? -1 : kind === 'bars' ? all.find((c) => !isNumber(c.type) && !isTime(c.type))?.i ?? 0 : -1,
          });
        }}>{kinds.filter(([k]) => k !== 'lines' || times.length > 0).map(([k, t]) => <option key={k} value={k}>{t}</option>)}</select>
      </label>
      {shape.kind === 'lines' && times.length > 1 && pick('over', shape.x, times, (x) => onChange({ x }))}
      {shape.kind === 'bars' && pick('for each', shape.x, all, (x) => onChange({ x }))}
      {shape.kind !== 'number' && (shape.by >= 0 || shape.ys.length === 1 || shape.kind === 'bars'
        ? pick('of', shape.ys[0]!, numbers, (y) => onChange({ ys: [y] }))
        : numbers.length > 1 && pick('of', -2, [{ name: 'all measures', i: -2 }, ...numbers], (y) => onChange({ ys: [y] })))}
      {shape.kind === 'lines' && pick('by', shape.by, [{ name: '(nothing)', i: -1 }, ...all.filter((c) => c.i !== shape.x && !shape.ys.includes(c.i))], (by) => onChange({ by, ys: shape.ys.slice(0, 1) }))}
    </div>
  );
}

export function LinesPlot({ columns, rows, shape, version, height, live }: Pick<PlotProps, 'columns' | 'rows' | 'version' | 'live'> & { shape: Shape; height: number }): JSX.Element {
  const made = useMemo(() => toLines(columns, rows, shape), [columns, rows, shape.x, shape.by, shape.ys.join()]);
  return (
    <>
      <Chart lines={made.lines} data={() => made.data} version={version + rows.length} height={height} format={short} utc={made.utc} points scatter={made.scatter} minMs={live ? 60 : 0}
        fromZero={made.data.slice(1).every((ys) => (ys as (number | null | undefined)[]).every((y) => y == null || y >= 0))}
        label={`${shape.ys.map((y) => columns[y]?.name).join(', ')} over ${columns[shape.x]?.name}`} />
      {made.left > 0 && <p class="note below">The 8 largest of {made.left + 8} lines.</p>}
    </>
  );
}

function BarsPlot({ columns, rows, shape, tall, live }: PlotProps & { shape: Shape }): JSX.Element {
  const bars = useMemo(() => toBars(rows, shape, live), [rows, shape.x, shape.ys.join()]);
  return (
    <>
      <div class={'bars-box' + (tall ? ' tall' : '')} tabIndex={0} role="group" aria-label="Bars, scrolls"><Bars bars={bars} format={short} label={`${columns[shape.ys[0]!]?.name} for each ${columns[shape.x]?.name}`} /></div>
      {rows.length > BARS_MAX && <p class="note below">The {live ? 'largest' : 'first'} {BARS_MAX} of {whole(rows.length)} rows.</p>}
    </>
  );
}

function NumberPlot({ columns, rows, shape, version, sampled, live }: PlotProps & { shape: Shape }): JSX.Element {
  const row = rows[0];
  const times = sampled?.xs ?? [];
  return (
    <div class="numbers">
      <div class="number-list">
        {shape.ys.map((y) => (
          <p key={y} class="number"><span>{columns[y]?.name}</span><b title={toCell(row?.[y], columns[y]?.type ?? '')}>{figure(toNumber(row?.[y]))}</b></p>
        ))}
      </div>
      {live && sampled && (
        <Chart lines={shape.ys.slice(0, 1).map((y) => ({ key: String(y), label: columns[y]?.name ?? '', colorIndex: 0 }))} version={version} height={140} format={short} hideLegend
          data={() => [times, ...shape.ys.slice(0, 1).map((y) => sampled.rows.map((r) => { const v = toNumber(r[y]); return Number.isNaN(v) ? null : v; }))]}
          range={() => { const t = Date.now() / 1000; return [Math.max(t - 300, Math.min(times[0] ?? t, t - 20)), t]; }}
          label={`${columns[shape.ys[0]!]?.name} since watching began`} />
      )}
    </div>
  );
}

export function figure(n: number): string {
  return Number.isNaN(n) ? '–' : Math.abs(n) < 1e9 ? whole(Math.abs(n) >= 1000 ? Math.round(n) : +n.toPrecision(6)) : short(n);
}
