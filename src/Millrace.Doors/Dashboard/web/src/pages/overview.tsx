// The overview: is data coming in, are the answers keeping up, and what does it cost.

import { useMemo, useState } from 'preact/hooks';
import type { ComponentChildren, JSX } from 'preact';
import { Chart, type ChartData, type Line } from '../parts/chart';
import { Spark } from '../parts/spark';
import { Badge, Empty, Loading, Panel, Segmented, Wide } from '../parts/ui';
import { Icon } from '../parts/icons';
import { bytes, duration, rate, short, span, whole } from '../model/format';
import type { Ring } from '../model/ring';
import {
  byId, catalog, changes, disk, epochs, history, HISTORY, ingest, lag, link, log, memory, state, stats, statsById, streams, tick, times, views, worstLag,
} from '../live/store';
import { path } from '../model/names';
import { objectHref } from '../router';
import type { CatalogObject } from '../model/contract';

const RANGES = [[60, '1 min'], [300, '5 min'], [900, '15 min']] as const;
const SPARK = 60;

export function Overview(): JSX.Element {
  const [range, setRange] = useState<number>(300);
  const s = stats.value;
  void tick.value;
  if (!catalog.value || !s) {
    return (
      <div class="page">
        <header class="page-head"><h1>Overview</h1></header>
        {link.value.state === 'offline'
          ? <Empty title="Millrace does not answer">{link.value.reason}. This page keeps trying and fills as soon as the server is back.</Empty>
          : <Loading lines={8} />}
      </div>
    );
  }
  const sources = streams.value;
  const answers = views.value;
  return (
    <div class="page">
      <header class="page-head">
        <h1>Overview</h1>
        <span class="note">up {span(s.uptimeSeconds)} · {whole(s.subscriptions)} subscription{s.subscriptions === 1 ? '' : 's'} · {whole(s.connections)} connection{s.connections === 1 ? '' : 's'}</span>
        <div class="panel-actions"><Segmented label="Time range" options={RANGES} value={range} onChange={setRange} /></div>
      </header>
      <div class="tiles">
        <Tile title="Ingest" value={short(now(ingest))} unit="rows/s" ring={ingest} tone={1} foot={`${short(s.ingestRowsTotal)} rows in all`} />
        <Tile title="View changes" value={short(now(changes))} unit="/s" ring={changes} tone={2} foot={`${answers.length} live view${answers.length === 1 ? '' : 's'}`} />
        <Tile title="Epochs" value={short(now(epochs))} unit="/s" ring={epochs} tone={3} foot={`at epoch ${whole(s.epoch)}`} />
        <Tile title="Watermark lag" value={duration(worstLag(s))} ring={lag} tone={4} foot={laggard()} />
        <Tile title="Memory" value={bytes(s.memoryBytes)} ring={memory} tone={5} foot={stateFoot()} />
        <Tile title="Disk" value={bytes(s.diskBytes)} ring={disk} tone={6} foot={`log ${bytes(s.logBytes)}`} />
      </div>
      <div class="two">
        <RateChart title="Ingest by stream" unit="rows/s" objects={sources} ring={(id) => history(id).rows} range={range}
          empty={<>No stream yet. Create one on the <a href="#/query">Query</a> page.</>} />
        <RateChart title="Changes by view" unit="changes/s" objects={answers} ring={(id) => history(id).changes} range={range}
          empty={<>No materialized view yet. <code>CREATE MATERIALIZED VIEW</code> keeps an answer up to date.</>} />
      </div>
      <div class="three">
        <RateChart title="Lag" unit="seconds behind, by object" objects={lagging([...sources, ...answers])} ring={(id) => history(id).lag} range={range} height={160} format={(v) => duration(v * 1000)}
          empty="No object has a watermark: it comes with WATERMARK FOR." />
        <AmountChart title="Memory" range={range} lines={[['Heap', memory], ['Held by views', state]]} />
        <AmountChart title="Disk" range={range} lines={[['All', disk], ['Log', log]]} />
      </div>
      <div class="two">
        <Panel title="Streams and tables" note={`${sources.length}`}>
          {sources.length === 0 ? <Empty title="No streams or tables yet"><a href="#/query">Create one</a> or start <code>millrace demo</code>.</Empty> : (
            <Wide label="Streams and tables"><table class="data">
              <thead><tr><th>Name</th><th class="num">Rows/s</th><th class="opt">Last minute</th><th class="num">Rows</th><th class="num opt">Size</th><th class="num">Lag</th></tr></thead>
              <tbody>{sources.map((o) => <ObjectRow key={o.id} object={o} ring={history(o.id).rows} tone={1} />)}</tbody>
            </table></Wide>
          )}
        </Panel>
        <Panel title="Materialized views" note={`${answers.length}`}>
          {answers.length === 0 ? <Empty title="No materialized views yet">A view is a query whose answer is kept up to date with every row.</Empty> : (
            <Wide label="Materialized views"><table class="data">
              <thead><tr><th>Name</th><th class="num">Changes/s</th><th class="opt">Last minute</th><th class="num">Rows</th><th class="num opt">Size</th><th class="num">Lag</th></tr></thead>
              <tbody>{answers.map((o) => <ObjectRow key={o.id} object={o} ring={history(o.id).changes} tone={2} />)}</tbody>
            </table></Wide>
          )}
        </Panel>
      </div>
    </div>
  );
}

/** The mean of the last three seconds: steadier than one reading, still now. */
function now(ring: Ring): number {
  return ring.length ? ring.mean(3) : NaN;
}

/** The last minute, or what there is of it: a young page does not show an empty stretch. */
const recent = (ring: Ring): number[] => ring.tail(Math.min(SPARK, Math.max(20, ring.length)));

const shown = (o: CatalogObject | undefined): string => (o ? path(o) : '?');

function laggard(): string {
  const s = stats.value!;
  let worst = null as { id: number; lagMs: number | null } | null;
  for (const o of s.objects) if (o.lagMs != null && (worst === null || o.lagMs > worst.lagMs!)) worst = o;
  if (!worst) return 'no watermarks yet';
  return shown(byId.value.get(worst.id));
}

function stateFoot(): string {
  return `views hold ${bytes(state.back(0))}`;
}

function Tile(props: { title: string; value: string; unit?: string; ring: Ring; tone: number; foot: string }): JSX.Element {
  // "12.3 k": the figure is large, its unit is not.
  const [figure, prefix = ''] = props.value.split(' ');
  const unit = props.unit?.startsWith('/') ? prefix + props.unit : `${prefix} ${props.unit ?? ''}`.trim();
  return (
    <section class="tile">
      <h2>{props.title}</h2>
      <p class="tile-value"><b>{figure}</b><span>{unit}</span></p>
      <Spark values={recent(props.ring)} tone={props.tone} width={160} height={26} />
      <p class="tile-foot">{props.foot}</p>
    </section>
  );
}

function ObjectRow({ object, ring, tone }: { object: CatalogObject; ring: Ring; tone: number }): JSX.Element {
  const s = statsById.value.get(object.id);
  return (
    <tr data-testid={object.kind === 'view' ? 'view-row' : object.kind === 'stream' ? 'stream-row' : 'table-row'} data-name={path(object)}>
      <td class="name"><a href={objectHref(path(object))}>{path(object)}</a>{object.kind === 'table' && <Badge kind="table" />}{s?.error && <span class="badge failed" title={s.error}>failed</span>}</td>
      <td class="num strong">{short(now(ring))}</td>
      <td class="opt"><Spark values={recent(ring)} tone={tone} width={80} /></td>
      <td class="num">{short(s?.rows ?? s?.rowsTotal)}</td>
      <td class="num opt">{bytes(s?.bytes)}</td>
      <td class={'num' + (s?.lagMs != null && s.lagMs > 60_000 ? ' warn' : '')}>{duration(s?.lagMs)}</td>
    </tr>
  );
}

/** Those with a watermark to be behind. */
const lagging = (objects: CatalogObject[]): CatalogObject[] => objects.filter((o) => statsById.value.get(o.id)?.lagMs != null);

/** The stretch of time a chart shows: grows with the page's age up to what was chosen. */
function stretch(range: number): [number, number] {
  const t = Date.now() / 1000;
  const oldest = times.back(times.length - 1);
  return [t - Math.min(range, Math.max(60, Number.isNaN(oldest) ? 60 : t - oldest)), t];
}

const MIB = 1024 * 1024;

/** Bytes over time, a line for each part. */
function AmountChart({ title, range, lines }: { title: string; range: number; lines: [string, Ring][] }): JSX.Element {
  const data = (): ChartData => {
    const n = Math.min(times.length, HISTORY, range + 2);
    return [times.tail(n), ...lines.map(([, ring]) => ring.tail(n).map((v) => (Number.isNaN(v) ? null : v / MIB)))];
  };
  return (
    <Panel title={title} note="MiB" class="chart-panel">
      <Chart lines={lines.map(([label], i) => ({ key: label, label, colorIndex: i }))} data={data} version={tick.value} height={160} format={(v) => bytes(v * MIB)} fromZero atLeast={1} sync="overview"
        label={`${title} in MiB`} range={() => stretch(range)} />
    </Panel>
  );
}

const SHOWN = 8;

export function RateChart(props: {
  title: string; unit: string; objects: CatalogObject[]; ring: (id: number) => Ring; range: number; empty: ComponentChildren; height?: number; format?: (v: number) => string;
}): JSX.Element {
  const [asTable, setAsTable] = useState(false);
  const ids = props.objects.map((o) => o.id).join(',');
  // The busiest are drawn; who they are is looked at again every half minute, so that colours keep still.
  const chosen = useMemo(() => {
    const ranked = props.objects.map((o) => ({ o, mean: props.ring(o.id).mean(props.range) })).sort((a, b) => b.mean - a.mean);
    return ranked.slice(0, SHOWN).map((r) => r.o);
  }, [ids, props.range, tick.value < 4 ? tick.value : 4 + Math.floor(tick.value / 30)]);
  const lines: Line[] = chosen.map((o, i) => ({ key: String(o.id), label: path(o), colorIndex: i }));
  const data = (): ChartData => {
    const n = Math.min(times.length, HISTORY, props.range + 2);
    const xs = times.tail(n);
    return [xs, ...chosen.map((o) => props.ring(o.id).tail(n).map((v) => (Number.isNaN(v) ? null : v)))];
  };
  const toggle = (
    <button type="button" class="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)} title={asTable ? 'Show as chart' : 'Show as table'}>
      <Icon name={asTable ? 'chart' : 'table'} /><span class="sr">{asTable ? 'Show as chart' : 'Show as table'}</span>
    </button>
  );
  return (
    <Panel title={props.title} note={props.unit} actions={props.objects.length > 0 && toggle} class="chart-panel">
      {props.objects.length === 0 ? <Empty title="Nothing to draw">{props.empty}</Empty> : asTable ? (
        <Wide label="Rates"><table class="data">
          <thead><tr><th>Name</th><th class="num">Now</th><th class="num">Lowest</th><th class="num">Mean</th><th class="num">Highest</th></tr></thead>
          <tbody>{props.objects.map((o) => <SummaryRow key={o.id} name={path(o)} ring={props.ring(o.id)} range={props.range} format={props.format ?? rate} />)}</tbody>
        </table></Wide>
      ) : (
        <>
          <Chart lines={lines} data={data} version={tick.value} height={props.height ?? 210} format={props.format ?? short} fromZero sync="overview" label={`${props.title}, ${props.unit}`}
            range={() => stretch(props.range)} />
          {props.objects.length > SHOWN && <p class="note below">The {SHOWN} busiest of {props.objects.length}; the rest is in the table.</p>}
        </>
      )}
    </Panel>
  );
}

function SummaryRow({ name, ring, range, format }: { name: string; ring: Ring; range: number; format: (v: number) => string }): JSX.Element {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < Math.min(range, ring.length); i++) {
    const v = ring.back(i);
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return (
    <tr>
      <td class="name"><a href={objectHref(name)}>{name}</a></td>
      <td class="num strong">{format(now(ring))}</td>
      <td class="num">{format(Number.isFinite(low) ? low : NaN)}</td>
      <td class="num">{format(ring.mean(range))}</td>
      <td class="num">{format(Number.isFinite(high) ? high : NaN)}</td>
    </tr>
  );
}
