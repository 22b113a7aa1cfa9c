// The shapes the server's HTTP API speaks, as the page relies on them.

export interface Column { name: string; type: string; nullable?: boolean }

export type Kind = 'stream' | 'table' | 'view' | 'index';

export interface CatalogObject {
  id: number;
  name: string;
  schema: string;
  kind: Kind;
  /** Of a view: false when it is only a name for a query. */
  materialized?: boolean;
  columns: Column[];
  primaryKey: string[];
  eventTime: string | null;
  appendOnly: boolean;
  definition: string;
  dependsOn: number[];
}

export interface Catalog { epoch: number; objects: CatalogObject[] }

export interface ObjectStats {
  id: number;
  rowsTotal: number;
  rows: number | null;
  bytes: number;
  changesTotal: number;
  watermark: string | null;
  lagMs: number | null;
  /** Why the view stopped being kept up to date. */
  error?: string;
}

export interface Stats {
  epoch: number;
  uptimeSeconds: number;
  memoryBytes: number;
  diskBytes: number;
  logBytes: number;
  ingestRowsTotal: number;
  objects: ObjectStats[];
  subscriptions: number;
  connections: number;
}

export interface GraphOperator {
  id: string;
  object: number;
  name: string;
  detail: string;
  rowsIn: number;
  rowsOut: number;
  stateRows: number;
  stateBytes: number;
  nsPerRow: number;
}

export interface GraphEdge { from: string; to: string; rows: number }

export interface Graph { objects: number[]; operators: GraphOperator[]; edges: GraphEdge[] }

/** One value of a row as JSON carries it; 64-bit integers and numerics come as strings. */
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
export type Row = Value[];

/** Whether its answer is kept up to date and counted. */
export const isLive = (o: CatalogObject): boolean => o.kind !== 'index' && (o.kind !== 'view' || o.materialized !== false);

export interface SqlResult {
  command: string;
  columns?: Column[];
  rows?: Row[];
  truncated?: boolean;
  epoch?: number;
  elapsedMs?: number;
  notices?: string[];
}

/** application/problem+json with the parts a SQL error adds; `position` counts UTF-16 units from 0. */
export interface Problem {
  title: string;
  detail?: string;
  status?: number;
  sqlstate?: string;
  position?: number;
  line?: number;
  column?: number;
  hint?: string;
  /** The parameter of an endpoint that is at fault. */
  parameter?: string;
  /** What lies behind the error, when there is more to say. */
  cause?: string;
}

/** A row as the feed of an endpoint carries it. */
export type ObjectRow = { [column: string]: Value };

export interface SubscribeSchema { columns: Column[]; key: number[] | null; epoch: number; resumed?: boolean }
export interface SubscribeSnapshot { epoch: number; rows: Row[] | ObjectRow[]; last?: boolean }
export interface SubscribeDelta { epoch: number; changes: [number, Row][] }
export interface EndpointDelta { epoch: number; upserts: ObjectRow[]; deletes: ObjectRow[] }

export interface EndpointParameter { name: string; type: string; required: boolean; default: string | null }

export interface Endpoint {
  name: string;
  path: string;
  parameters: EndpointParameter[];
  columns: Column[];
  key: string[];
  query: string;
  definition: string;
}
