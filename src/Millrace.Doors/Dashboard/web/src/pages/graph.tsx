// The dataflow graph: what feeds what, how much flows, and which operator is the slow one.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { asProblem, fetchGraph } from '../live/api';
import { byId, catalog, history, statsById, tick } from '../live/store';
import type { Graph as GraphData, Problem } from '../model/contract';
import { bytes, duration, nanos, rate, short, whole } from '../model/format';
import { Icon } from '../parts/icons';
import { Badge, Empty, Loading, Panel, Segmented, Wide } from '../parts/ui';
import { path } from '../model/names';
import { objectHref, route } from '../router';
import { arrange, NODE_H, NODE_W, type Arranged, type Placed } from './layout';

type Level = 'objects' | 'operators';
const LEVELS = [['objects', 'Objects'], ['operators', 'Operators']] as const;

interface Rates { edge: Map<string, number>; rowsIn: Map<string, number>; busy: Map<string, number> }
const NO_RATES: Rates = { edge: new Map(), rowsIn: new Map(), busy: new Map() };

/** The whole graph, or the operators of the one view that the address names. */
export default function GraphPage(): JSX.Element {
  return <GraphOf key={route.value.rest} view={route.value.rest} />;
}

function GraphOf({ view }: { view: string }): JSX.Element {
  const [level, setLevel] = useState<Level>(view ? 'operators' : 'objects');
  const [graph, setGraph] = useState<GraphData | null>(null);
  const [rates, setRates] = useState<Rates>(NO_RATES);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const before = useRef<{ graph: GraphData; at: number } | null>(null);
  void tick.value;

  useEffect(() => {
    let stopped = false;
    let timer = 0;
    const ask = async (): Promise<void> => {
      if (!document.hidden) {
        try {
          const g = await fetchGraph(view);
          if (stopped) return;
          const at = performance.now();
          if (before.current) setRates(ratesOf(before.current.graph, g, (at - before.current.at) / 1000));
          before.current = { graph: g, at };
          setGraph(g);
          setProblem(null);
        } catch (error) {
          if (stopped) return;
          setProblem(asProblem(error));
        }
      }
      timer = window.setTimeout(() => void ask(), 2000);
    };
    void ask();
    return () => { stopped = true; clearTimeout(timer); };
  }, []);

  const objects = catalog.value?.objects ?? [];
  const slow = slowest(rates, view ? 0 : SLOW);
  const topology = level === 'operators'
    ? 'o' + (graph?.operators.map((o) => o.id).join() ?? '') + (graph?.edges.map((e) => e.from + '>' + e.to).join() ?? '')
    : 'c' + objects.map((o) => o.id + ':' + o.dependsOn.join('.')).join();
  const arranged = useMemo<Arranged | null>(() => {
    if (level === 'operators' ? !graph : !catalog.value) return null;
    return arrange(level === 'operators' ? graph! : null, objects);
  }, [topology, level]);

  return (
    <div class="page graph-page">
      {view && <a class="crumb" href="#/graph">← Whole graph</a>}
      <header class="page-head">
        <h1>{view ? <>Graph of <a href={objectHref(view)}>{view}</a></> : 'Graph'}</h1>
        <span class="note">{level === 'objects' ? 'streams, tables and the views over them' : view ? 'the operators that keep it up to date; the slowest is marked' : 'the operators that keep each view up to date; warm ones take most time'}</span>
        {!view && <div class="panel-actions"><Segmented label="Detail" options={LEVELS} value={level} onChange={(l) => { setLevel(l); setChosen(null); }} /></div>}
      </header>
      {view && slow && graph && <p class="note slow-note" data-testid="slow-note">{slowNote(slow, graph, rates)}</p>}
      {problem && !graph && level === 'operators' ? <Empty title="The graph could not be read">{problem.detail || problem.title}</Empty>
        : !arranged ? <Loading lines={6} />
          : arranged.nodes.length === 0 ? <Empty title="Nothing flows yet">Create a stream and a view over it on the <a href="#/query">Query</a> page.</Empty>
            : <div class="graph-body" {...(view ? { style: { height: Math.max(240, Math.min(innerHeight * 0.64, arranged.height + 90)) + 'px', minHeight: '0' } } : {})}>
              <Canvas key={level} arranged={arranged} graph={level === 'operators' ? graph : null} rates={rates} slow={slow} chosen={chosen} onChoose={setChosen} />
              {chosen && <Details id={chosen} graph={graph} rates={rates} onClose={() => setChosen(null)} />}
            </div>}
      {graph && graph.operators.length > 0 && <Operators graph={graph} rates={rates} slow={slow} onChoose={(id) => { setLevel('operators'); setChosen(id); }} />}
    </div>
  );
}

const edgeKey = (from: string, to: string): string => from + '>' + to;

function ratesOf(a: GraphData, b: GraphData, seconds: number): Rates {
  const r: Rates = { edge: new Map(), rowsIn: new Map(), busy: new Map() };
  const edges = new Map(a.edges.map((e) => [edgeKey(e.from, e.to), e.rows] as const));
  for (const e of b.edges) {
    const was = edges.get(edgeKey(e.from, e.to));
    if (was !== undefined && e.rows >= was) r.edge.set(edgeKey(e.from, e.to), (e.rows - was) / seconds);
  }
  const operators = new Map(a.operators.map((o) => [o.id, o] as const));
  for (const o of b.operators) {
    const was = operators.get(o.id);
    if (!was || o.rowsIn < was.rowsIn) continue;
    const perSecond = (o.rowsIn - was.rowsIn) / seconds;
    r.rowsIn.set(o.id, perSecond);
    r.busy.set(o.id, (perSecond * o.nsPerRow) / 1e9);
  }
  return r;
}

/** In the whole graph nothing is slow below this share of a core. */
const SLOW = 0.002;

/** The operator that takes most time now; null when none takes any to speak of. */
function slowest(rates: Rates, least: number): string | null {
  let found: string | null = null;
  let most = least;
  for (const [id, busy] of rates.busy) if (busy > most) { most = busy; found = id; }
  return found;
}

function slowNote(id: string, graph: GraphData, rates: Rates): string {
  const o = graph.operators.find((x) => x.id === id);
  if (!o) return '';
  let all = 0;
  for (const busy of rates.busy.values()) all += busy;
  const busy = rates.busy.get(id) ?? 0;
  return `${o.name} is the slowest: ${Math.round((busy / all) * 100)} % of this view's time, ${share(busy)} of a core, ${nanos(o.nsPerRow)} a row, ${short(o.stateRows)} rows of state.`;
}

/** 0 to 4: how warm an operator is drawn, by the share of a core it takes. */
function heatOf(busy: number | undefined): number {
  if (busy === undefined) return 0;
  return busy >= 0.5 ? 4 : busy >= 0.2 ? 3 : busy >= 0.05 ? 2 : busy >= 0.01 ? 1 : 0;
}

const share = (busy: number | undefined): string => (busy === undefined ? '–' : (busy * 100 < 0.1 ? (busy > 0 ? '<0.1' : '0') : (busy * 100).toFixed(busy < 0.1 ? 1 : 0)) + ' %');

function objectRate(id: number): number {
  const o = byId.value.get(id);
  const h = history(id);
  return (o?.kind === 'view' ? h.changes : h.rows).mean(3);
}

function Canvas(p: { arranged: Arranged; graph: GraphData | null; rates: Rates; slow: string | null; chosen: string | null; onChoose: (id: string | null) => void }): JSX.Element {
  const { width, height, nodes, edges, groups } = p.arranged;
  const box = useRef<HTMLDivElement>(null);
  const [zoom, setZoom] = useState(1);
  const drag = useRef<{ x: number; y: number; left: number; top: number; moved: boolean } | null>(null);
  // At first readable rather than whole: as wide as there is room, and as long as it is. The fit button shows it all.
  const fit = (least: number, whole: boolean): void => {
    const el = box.current;
    if (!el) return;
    setZoom(Math.max(least, Math.min(1, (el.clientWidth - 4) / width, whole ? (el.clientHeight - 4) / height : 1)));
  };
  useEffect(() => fit(matchMedia('(max-width: 720px)').matches ? 0.6 : 0.66, false), [width, height]);
  const operators = useMemo(() => new Map(p.graph?.operators.map((o) => [o.id, o] as const) ?? []), [p.graph]);
  const flow = (from: string, to: string): number => {
    if (p.graph) return p.rates.edge.get(edgeKey(from, to)) ?? NaN;
    return objectRate(Number(from.slice(7)));
  };
  const near = (id: string): boolean => p.chosen === null || id === p.chosen || edges.some((e) => (e.from === p.chosen && e.to === id) || (e.to === p.chosen && e.from === id));

  return (
    <div class="graph-frame">
      <div class="graph-box" ref={box} tabIndex={0} role="group" aria-label="Dataflow graph; the same figures are in the table below"
        onWheel={(e) => { if (e.ctrlKey) { e.preventDefault(); setZoom(Math.max(0.3, Math.min(2, zoom * (e.deltaY < 0 ? 1.1 : 0.9)))); } }}
        onPointerDown={(e) => { if (e.pointerType === 'mouse' && e.button === 0) { const b = box.current!; drag.current = { x: e.clientX, y: e.clientY, left: b.scrollLeft, top: b.scrollTop, moved: false }; } }}
        onPointerMove={(e) => {
          const d = drag.current;
          if (!d) return;
          if (Math.abs(e.clientX - d.x) + Math.abs(e.clientY - d.y) > 4) d.moved = true;
          if (d.moved) { box.current!.scrollLeft = d.left - (e.clientX - d.x); box.current!.scrollTop = d.top - (e.clientY - d.y); }
        }}
        onPointerUp={() => { const moved = drag.current?.moved; drag.current = null; if (!moved) return; }}
        onPointerLeave={() => { drag.current = null; }}>
        <svg width={width * zoom} height={height * zoom} viewBox={`0 0 ${width} ${height}`}>
          <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path d="M0.5 0.8L7 4L0.500 7.200z" /></marker></defs>
          {groups.map((g) => (
            <g key={g.id} class="cluster">
              <rect x={g.x} y={g.y} width={g.w} height={g.h} rx="10" />
            </g>
          ))}
          {edges.map((e) => {
            const r = flow(e.from, e.to);
            const on = p.chosen === null || e.from === p.chosen || e.to === p.chosen;
            return <path key={edgeKey(e.from, e.to)} class={'edge' + (r > 0 ? ' flows' : '') + (on ? '' : ' dim')} d={e.path} style={{ strokeWidth: strokeFor(r) + 'px' }} marker-end="url(#tip)" />;
          })}
          {edges.map((e) => {
            const r = flow(e.from, e.to);
            if (Number.isNaN(r) || !e.label) return null;
            const text = rate(r);
            return <g key={edgeKey(e.from, e.to)} class="edge-label" transform={`translate(${e.label.x} ${e.label.y})`}><rect x={-text.length * 3.3 - 4} y="-8" width={text.length * 6.6 + 8} height="16" rx="4" /><text y="3.500">{text}</text></g>;
          })}
          {nodes.map((n) => <Node key={n.id} node={n} heat={heatOf(p.rates.busy.get(n.id))} busy={p.rates.busy.get(n.id)} perRow={operators.get(n.id)?.nsPerRow} dim={!near(n.id)} slow={p.slow === n.id}
            chosen={p.chosen === n.id} onChoose={() => p.onChoose(p.chosen === n.id ? null : n.id)} />)}
        </svg>
      </div>
      <div class="graph-tools">
        <button type="button" class="quiet" aria-label="Zoom in" onClick={() => setZoom(Math.min(2, zoom * 1.2))}><Icon name="plus" /></button>
        <button type="button" class="quiet" aria-label="Zoom out" onClick={() => setZoom(Math.max(0.3, zoom / 1.2))}><Icon name="minus" /></button>
        <button type="button" class="quiet" aria-label="Fit" onClick={() => fit(0.25, true)}><Icon name="fit" /></button>
      </div>
      {p.graph && <div class="heat-key" aria-label="Heat: share of one core">{['<1 %', '1', '5', '20', '50 %+'].map((t, i) => <span key={t}><i class={'heat-' + i} />{t}</span>)}<span>of a core</span></div>}
    </div>
  );
}

const strokeFor = (r: number): number => (r > 0 ? Math.min(5, 1 + Math.log10(1 + r) * 0.8) : 1);

function Node(p: { node: Placed; heat: number; busy: number | undefined; perRow: number | undefined; dim: boolean; slow: boolean; chosen: boolean; onChoose: () => void }): JSX.Element {
  const n = p.node;
  const object = n.object;
  const s = object ? statsById.value.get(object.id) : undefined;
  const sub = object
    ? `${rate(objectRate(object.id))} · ${short(s?.rows ?? s?.rowsTotal)} rows`
    : `${share(p.busy)} · ${nanos(p.perRow)} a row`;
  const clip = (t: string, max: number): string => (t.length > max ? t.slice(0, max - 1) + '…' : t);
  const lines = object
    ? [clip(n.title, 22), clip(sub, 27), object.kind + (s?.lagMs != null ? ` · lag ${duration(s.lagMs)}` : '')]
    : [clip(n.title, 22), clip(n.detail || sub, 27), clip(sub, 27)];
  return (
    <g class={`node ${object ? 'kind-' + object.kind : 'kind-operator heat-' + p.heat}${p.dim ? ' dim' : ''}${p.chosen ? ' chosen' : ''}${p.slow ? ' slow' : ''}`} data-testid="graph-node" data-name={n.title}
      transform={`translate(${n.x - NODE_W / 2} ${n.y - NODE_H / 2})`} tabIndex={0} role="button" aria-pressed={p.chosen}
      onClick={p.onChoose}
      onKeyDown={(e) => { if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); p.onChoose(); } }}>
      <title>{[object ? `${object.kind} ${n.title}` : n.title, n.detail, p.slow && 'the slowest', sub].filter(Boolean).join('\n')}</title>
      <rect width={NODE_W} height={NODE_H} rx="7" />
      <rect class="node-bar" width="4" height={NODE_H - 14} x="6" y="7" rx="2" />
      {p.slow && <g class="slow-mark"><rect x={NODE_W - 58} y="-8" width="52" height="16" rx="8" /><text x={NODE_W - 32} y="4">slowest</text></g>}
      <text class="node-title" x="18" y="20">{lines[0]}</text>
      <text class="node-sub" x="18" y="36">{lines[1]}</text>
      <text class={object ? 'node-kind' : 'node-sub strong'} x="18" y="51">{lines[2]}</text>
    </g>
  );
}

function Details({ id, graph, rates, onClose }: { id: string; graph: GraphData | null; rates: Rates; onClose: () => void }): JSX.Element | null {
  const object = id.startsWith('object:') ? byId.value.get(Number(id.slice(7))) : undefined;
  const operator = graph?.operators.find((o) => o.id === id);
  const s = object && statsById.value.get(object.id);
  const owner = operator && byId.value.get(operator.object);
  if (!object && !operator) return null;
  return (
    <aside class="panel details">
      <header class="panel-head"><h2>{object ? path(object) : operator?.name}</h2><Badge kind={object?.kind ?? 'operator'} /><div class="panel-actions"><button type="button" class="quiet" aria-label="Close" onClick={onClose}><Icon name="close" /></button></div></header>
      {operator?.detail && <p class="mono wrap pad">{operator.detail}</p>}
      <dl class="facts column">
        {object && <>
          <div><dt>{object.kind === 'view' ? 'Changes' : 'Rows in'}</dt><dd>{rate(objectRate(object.id))}</dd></div>
          <div><dt>Rows</dt><dd>{whole(s?.rows ?? s?.rowsTotal)}</dd></div>
          <div><dt>Size</dt><dd>{bytes(s?.bytes)}</dd></div>
          <div><dt>Lag</dt><dd>{duration(s?.lagMs)}</dd></div>
        </>}
        {operator && <>
          <div><dt>Of view</dt><dd>{owner ? <a href={objectHref(path(owner))}>{path(owner)}</a> : '–'}</dd></div>
          <div><dt>Rows in</dt><dd>{rate(rates.rowsIn.get(id))}</dd></div>
          <div><dt>In / out, ever</dt><dd>{short(operator.rowsIn)} / {short(operator.rowsOut)}</dd></div>
          <div><dt>State</dt><dd>{short(operator.stateRows)} rows, {bytes(operator.stateBytes)}</dd></div>
          <div><dt>Time a row</dt><dd>{nanos(operator.nsPerRow)}</dd></div>
          <div><dt>Of a core</dt><dd>{share(rates.busy.get(id))}</dd></div>
        </>}
      </dl>
      {object && <a class="button wide" href={objectHref(path(object))}>Open in the catalog</a>}
    </aside>
  );
}

function Operators({ graph, rates, slow, onChoose }: { graph: GraphData; rates: Rates; slow: string | null; onChoose: (id: string) => void }): JSX.Element {
  const list = [...graph.operators].sort((a, b) => (rates.busy.get(b.id) ?? 0) - (rates.busy.get(a.id) ?? 0));
  return (
    <Panel title="Operators" note={`${list.length}, busiest first`}>
      <Wide label="Operators"><table class="data">
        <thead><tr><th>Operator</th><th>View</th><th class="num">Of a core</th><th class="num">Rows in/s</th><th class="num opt">Time a row</th><th class="num opt">State rows</th><th class="num">State</th></tr></thead>
        <tbody>{list.map((o) => {
          const owner = byId.value.get(o.object);
          return (
            <tr key={o.id}>
              <td class="name"><button type="button" class="link" onClick={() => onChoose(o.id)}>{o.name}</button>{o.id === slow && <span class="badge slow-badge">slowest</span>} <span class="muted mono ellipsis opt">{o.detail}</span></td>
              <td>{owner ? <a href={objectHref(path(owner))}>{path(owner)}</a> : '–'}</td>
              <td class="num"><span class={'heat-chip heat-' + heatOf(rates.busy.get(o.id))}>{share(rates.busy.get(o.id))}</span></td>
              <td class="num">{short(rates.rowsIn.get(o.id))}</td>
              <td class="num opt">{nanos(o.nsPerRow)}</td>
              <td class="num opt">{short(o.stateRows)}</td>
              <td class="num">{bytes(o.stateBytes)}</td>
            </tr>
          );
        })}</tbody>
      </table></Wide>
    </Panel>
  );
}
