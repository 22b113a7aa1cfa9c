// A line chart over time on uPlot, with a legend that is also its value read-out and its on/off switches.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import uPlot from 'uplot';
import { Painter } from '../live/frame';
import { ticks, timeLabels } from '../model/format';
import { CHART_FONT, color, scheme, seriesColor } from './theme';

export interface Line { key: string; label: string; colorIndex: number }
/** null is a gap in a line; undefined is a time at which only other lines have a value. */
export type ChartData = [xs: number[], ...ys: (number | null | undefined)[][]];

export interface ChartProps {
  lines: Line[];
  /** Asked for at each repaint, in the order of `lines`; times in seconds since 1970. */
  data: () => ChartData;
  /** Changes when there is something new to paint. */
  version: number;
  height: number;
  format: (v: number) => string;
  /** Shows exactly this stretch, or what the data spans. */
  range?: () => [number, number];
  fromZero?: boolean;
  /** How far the axis from zero reaches at least: a few bytes are not drawn as many thousandths of a MiB. */
  atLeast?: number;
  utc?: boolean;
  sync?: string;
  points?: boolean;
  /** Dots without lines between them: for single events, which no line joins. */
  scatter?: boolean;
  label: string;
  testId?: string;
  minMs?: number;
  hideLegend?: boolean;
}

export function Chart(props: ChartProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const hiddenNow = useRef(hidden);
  hiddenNow.current = hidden;
  const [at, setAt] = useState<number | null>(null);
  const [, redraw] = useState(0);
  const shape = props.lines.map((l) => `${l.key}:${l.colorIndex}`).join('|') + (props.utc ? 'u' : '') + (props.scatter ? 's' : '') + props.height;

  const painter = useMemo(() => new Painter(() => {
    const u = plot.current;
    if (!u) return;
    const data = latest.current.data();
    if (data.length !== u.series.length) return;
    u.setData(data as uPlot.AlignedData, true);
  }, props.minMs ?? 0), []);

  useEffect(() => {
    const el = host.current!;
    const make = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(options(latest, el, hiddenNow.current, setAt), latest.current.data() as uPlot.AlignedData, el);
    };
    make();
    redraw((n) => n + 1); // the legend reads its values from the plot
    const resize = new ResizeObserver(() => {
      const u = plot.current;
      if (u && el.clientWidth > 0 && el.clientWidth !== u.width) u.setSize({ width: el.clientWidth, height: latest.current.height });
    });
    resize.observe(el);
    const off = scheme.subscribe(() => plot.current?.redraw(false));
    return () => {
      resize.disconnect();
      off();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => () => painter.dispose(), []);
  useEffect(() => painter.mark(), [props.version, shape]);

  const toggle = (key: string, index: number): void => {
    const next = new Set(hidden);
    if (next.has(key)) next.delete(key); else next.add(key);
    setHidden(next);
    plot.current?.setSeries(index + 1, { show: !next.has(key) });
  };

  const u = plot.current;
  const valueOf = (index: number): string => {
    const ys = u?.data[index + 1];
    if (!ys) return '';
    // Without a pointer over the chart: the newest value there is.
    let i = at ?? ys.length - 1;
    if (at === null) while (i > 0 && ys[i] == null) i--;
    const v = ys[i];
    return v == null || Number.isNaN(v) ? '–' : props.format(v);
  };

  return (
    <div class="chart">
      <div class="chart-canvas" ref={host} role="img" aria-label={props.label} data-testid={props.testId} style={{ height: props.height + 'px' }} />
      {!props.hideLegend && (
        <div class="legend" aria-label={props.label + ': series'} role="group">
          {props.lines.map((l, i) => (
            <button key={l.key} type="button" class="legend-item" aria-pressed={!hidden.has(l.key)} onClick={() => toggle(l.key, i)}>
              <i class={'swatch s' + ((l.colorIndex % 8) + 1)} />
              <span class="legend-name">{l.label}</span>
              <span class="legend-value">{valueOf(i)}</span>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

function options(
  latest: { current: ChartProps },
  el: HTMLElement,
  hidden: ReadonlySet<string>,
  setAt: (i: number | null) => void,
): uPlot.Options {
  const p = latest.current;
  const axis = { stroke: () => color('muted'), font: CHART_FONT, ticks: { show: false }, grid: { stroke: () => color('line-soft'), width: 1 } };
  const single = p.lines.length === 1;
  return {
    width: Math.max(50, el.clientWidth),
    height: p.height,
    padding: [8, 26, 0, 0],
    legend: { show: false },
    tzDate: (ts) => (p.utc ? uPlot.tzDate(new Date(ts * 1000), 'Etc/UTC') : new Date(ts * 1000)),
    cursor: {
      y: false,
      points: { size: 7, width: 2 },
      drag: { x: false, y: false },
      ...(p.sync ? { sync: { key: p.sync, setSeries: false } } : {}),
    },
    scales: {
      x: { time: true, range: (_u, min, max) => latest.current.range?.() ?? stretched(min, max) },
      y: {
        range: (_u, min, max) => {
          if (min == null || max == null) return [0, 1];
          if (p.fromZero) return [0, Math.max(p.atLeast ?? 0, max <= 0 ? 1 : max * 1.12)];
          if (min === max) { const d = Math.abs(min) * 0.1 || 1; return [min - d, max + d]; }
          return uPlot.rangeNum(min, max, 0.1, true);
        },
      },
    },
    axes: [
      {
        ...axis,
        size: 30,
        gap: 8,
        space: 72,
        grid: { show: false },
        values: (_u, splits) => timeLabels(splits, p.utc === true),
      },
      { ...axis, size: 56, gap: 6, space: 34, values: (_u, splits) => ticks(splits) },
    ],
    series: [
      {},
      ...p.lines.map((l): uPlot.Series => ({
        label: l.label,
        show: !hidden.has(l.key),
        width: 1.5,
        stroke: () => seriesColor(l.colorIndex),
        ...(single ? { fill: () => fade(seriesColor(l.colorIndex)) } : {}),
        ...(p.scatter ? { paths: () => null } : {}),
        points: p.scatter ? { show: true, size: 4, width: 0, fill: () => seriesColor(l.colorIndex) } : p.points ? { show: (_u: uPlot, _s: number, i0: number, i1: number) => i1 - i0 < 80, size: 5, fill: () => color('panel') } : { show: false },
        spanGaps: false,
      })),
    ],
    hooks: {
      setCursor: [(u) => setAt(u.cursor.left != null && u.cursor.left >= 0 && u.cursor.idx != null ? u.cursor.idx : null)],
    },
  };
}

/** A single time, or none, would be stretched over years. */
function stretched(min: number | null, max: number | null): [number, number] {
  if (min == null || max == null) { const t = Date.now() / 1000; return [t - 60, t]; }
  return min === max ? [min - 30, max + 30] : [min, max];
}

/** The series colour, thin enough to see the grid through. */
function fade(c: string): string {
  return c.startsWith('#') && c.length === 7 ? c + '1f' : c;
}
