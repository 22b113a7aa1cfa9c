// Places the graph's nodes in layers with dagre and turns its points into smooth paths.

import { Graph as Dagre, layout } from '@dagrejs/dagre';
import type { CatalogObject, Graph } from '../model/contract';
import { path } from '../model/names';

export const NODE_W = 196;
export const NODE_H = 60;

export interface Placed { id: string; x: number; y: number; title: string; detail: string; object: CatalogObject | null }
export interface PlacedEdge { from: string; to: string; path: string; label: { x: number; y: number } | null }
export interface Group { id: string; x: number; y: number; w: number; h: number }
export interface Arranged { width: number; height: number; nodes: Placed[]; edges: PlacedEdge[]; groups: Group[] }

interface Point { x: number; y: number }

/** With a graph its operators are drawn, boxed by view; without one, the catalog's objects. */
export function arrange(graph: Graph | null, objects: CatalogObject[]): Arranged {
  const g = new Dagre({ compound: graph !== null, multigraph: false });
  g.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: graph ? 24 : 90, marginx: 14, marginy: 14 });
  g.setDefaultEdgeLabel(() => ({}));
  const nodes = new Map<string, Placed>();
  const byId = new Map(objects.map((o) => [o.id, o] as const));
  const add = (id: string, title: string, detail: string, object: CatalogObject | null): void => {
    nodes.set(id, { id, x: 0, y: 0, title, detail, object });
    g.setNode(id, { width: NODE_W, height: NODE_H });
  };
  const addObject = (id: number): void => {
    const o = byId.get(id);
    if (o && o.kind !== 'index' && !nodes.has('object:' + id)) add('object:' + id, path(o), '', o);
  };
  const pairs: [string, string][] = [];
  const grouped = new Map<number, string[]>();
  if (graph) {
    for (const o of graph.operators) {
      add(o.id, o.name, o.detail, null);
      const list = grouped.get(o.object);
      if (list) list.push(o.id); else grouped.set(o.object, [o.id]);
    }
    for (const e of graph.edges) {
      for (const end of [e.from, e.to]) if (end.startsWith('object:')) addObject(Number(end.slice(7)));
      pairs.push([e.from, e.to]);
    }
    for (const id of graph.objects) addObject(id);
    for (const [object, ids] of grouped) {
      const group = 'group:' + object;
      g.setNode(group, {});
      for (const id of ids) g.setParent(id, group);
      if (nodes.has('object:' + object)) g.setParent('object:' + object, group);
    }
  } else {
    for (const o of objects) addObject(o.id);
    for (const o of objects) if (o.kind !== 'index') for (const d of o.dependsOn) pairs.push(['object:' + d, 'object:' + o.id]);
  }
  const drawn = pairs.filter(([a, b]) => nodes.has(a) && nodes.has(b));
  for (const [a, b] of drawn) g.setEdge(a, b, graph ? { width: 46, height: 1, labelpos: 'c' } : {});
  layout(g);
  for (const n of nodes.values()) {
    const at = g.node(n.id) as unknown as Point;
    n.x = at.x;
    n.y = at.y;
  }
  const groups: Group[] = [];
  for (const object of grouped.keys()) {
    const at = g.node('group:' + object) as unknown as Point & { width: number; height: number };
    if (at && Number.isFinite(at.x)) groups.push({ id: 'group:' + object, x: at.x - at.width / 2, y: at.y - at.height / 2, w: at.width, h: at.height });
  }
  const edges = drawn.map(([from, to]): PlacedEdge => {
    const e = g.edge(from, to) as unknown as { points?: Point[]; x?: number; y?: number };
    const points = ported(e?.points ?? [], nodes.get(from)!, nodes.get(to)!);
    return { from, to, path: smooth(points), label: e?.x !== undefined && e.y !== undefined ? { x: e.x, y: e.y } : null };
  });
  const size = g.graph() as unknown as { width?: number; height?: number };
  return { width: Math.ceil(size.width ?? 100), height: Math.ceil(size.height ?? 100), nodes: [...nodes.values()], edges, groups };
}

/** Dagre ends an edge where it meets the box on the way to its middle; ours leave and arrive at the middle of a side. */
function ported(points: Point[], from: Placed, to: Placed): Point[] {
  const start = { x: from.x + NODE_W / 2, y: from.y };
  const end = { x: to.x - NODE_W / 2 - 2, y: to.y };
  const between = points.slice(1, -1).filter((p) => p.x > start.x + 8 && p.x < end.x - 8);
  return [start, ...(between.length > 1 ? between : []), end];
}

/** Curves that leave and arrive along the direction of the flow. */
function smooth(points: Point[]): string {
  const first = points[0];
  if (!first) return '';
  let d = `M${r(first.x)} ${r(first.y)}`;
  for (let i = 1; i < points.length; i++) {
    const a = points[i - 1]!;
    const b = points[i]!;
    const m = (a.x + b.x) / 2;
    d += `C${r(m)} ${r(a.y)} ${r(m)} ${r(b.y)} ${r(b.x)} ${r(b.y)}`;
  }
  return d;
}

const r = (n: number): number => Math.round(n * 10) / 10;
