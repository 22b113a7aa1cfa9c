// The calls to the server: same-origin JSON, and errors as problems that a person can act on.

import type { Catalog, Endpoint, Graph, Problem, SqlResult } from '../model/contract';
import { authorized } from './access';

export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
  }
}

/** Whatever went wrong, as a problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof TypeError) return { title: 'The server did not answer', detail: 'No connection to Millrace. It may be stopped or restarting.' };
  return { title: error instanceof Error ? error.message : String(error) };
}

/** Reads the problem out of a failed response, or makes one from its status. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const text = await response.text().catch(() => '');
  try {
    const body = JSON.parse(text) as Problem;
    if (body && typeof body === 'object' && (body.title || body.detail)) return new ProblemError({ status: response.status, ...body });
  } catch {
    // not JSON: fall through to the bare status
  }
  return new ProblemError({ title: `HTTP ${response.status} ${response.statusText}`.trim(), detail: text.slice(0, 300), status: response.status });
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await authorized(path, { headers: { Accept: 'application/json' }, cache: 'no-store', signal: signal ?? null });
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as T;
}

export const fetchCatalog = (): Promise<Catalog> => get<Catalog>('/v1/catalog');
export const fetchEndpoints = async (signal?: AbortSignal): Promise<Endpoint[]> => (await get<{ endpoints: Endpoint[] }>('/v1/endpoints', signal)).endpoints;
/** The operators of one view, or of all. */
export const fetchGraph = (view: string): Promise<Graph> => get<Graph>('/v1/graph' + (view ? '?view=' + encodeURIComponent(view) : ''));

export async function runSql(query: string, maxRows: number, signal?: AbortSignal): Promise<SqlResult[]> {
  const response = await authorized('/v1/sql', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ query, maxRows }),
    signal: signal ?? null,
  });
  if (!response.ok) throw await problemOf(response);
  return ((await response.json()) as { results: SqlResult[] }).results;
}

/** A ticket that opens one address of this server, once and soon, where the token cannot go along. */
export async function ticketFor(address: string): Promise<string> {
  const response = await authorized('/v1/tickets', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ for: address }) });
  if (!response.ok) throw await problemOf(response);
  return ((await response.json()) as { ticket: string }).ticket;
}

export interface Accepted { accepted: number; rejected: number; errors: { line: number; column?: string; reason: string }[] }

const TYPES = { json: 'application/json', ndjson: 'application/x-ndjson', csv: 'text/csv' } as const;

/** Adds rows to a stream, or puts them into a table by its key, as one commit. */
export async function sendRows(name: string, body: string, format: keyof typeof TYPES, skipBad = false): Promise<Accepted> {
  const response = await authorized(`/v1/streams/${encodeURIComponent(name)}${skipBad ? '?on_error=skip' : ''}`, { method: 'POST', headers: { 'Content-Type': TYPES[format] }, body });
  if (!response.ok) throw await problemOf(response);
  return { errors: [], rejected: 0, ...(await response.json() as object) } as unknown as Accepted;
}
