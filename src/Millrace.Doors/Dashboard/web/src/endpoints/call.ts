// One call of an endpoint: its address, the command that makes the same call, and what came back.

import { authorized } from '../live/access';
import { asProblem, problemOf } from '../live/api';
import type { Column, Endpoint, ObjectRow, Problem, Row } from '../model/contract';

export type Format = 'json' | 'csv' | 'ndjson';
export type Arguments = Record<string, string>;

/** More of an answer than this is not shown: it is for reading, not for keeping. */
export const TEXT_MAX = 200_000;

/** The address of a call; a parameter left empty is left out, and takes its default. */
export function addressOf(e: Endpoint, args: Arguments, format: Format = 'json'): string {
  const query = e.parameters.filter((p) => (args[p.name] ?? '') !== '').map((p) => `${encodeURIComponent(p.name)}=${encodeURIComponent(args[p.name]!)}`);
  if (format !== 'json') query.push('format=' + format);
  return e.path + (query.length ? '?' + query.join('&') : '');
}

/** In single quotes for a shell: the address may hold & and what people type. */
const quoted = (text: string): string => "'" + text.replaceAll("'", "'\\''") + "'";

export function curlOf(address: string, origin: string, live: boolean, withToken: boolean): string {
  const headers = (withToken ? ' -H "Authorization: Bearer $MILLRACE_TOKEN"' : '') + (live ? " -H 'Accept: text/event-stream'" : '');
  return `curl ${live ? '-N ' : ''}${quoted(origin + address)}${headers}`;
}

export interface Answer {
  status: number;
  text: string;
  cut: boolean;
  bytes: number;
  ms: number;
  etag: string | null;
  columns: Column[] | null;
  rows: Row[] | null;
  problem: Problem | null;
}

interface JsonAnswer { columns: Column[]; data: ObjectRow[] }

export async function call(address: string, format: Format, signal: AbortSignal): Promise<Answer> {
  const began = performance.now();
  const none = { text: '', cut: false, bytes: 0, etag: null, columns: null, rows: null };
  try {
    const response = await authorized(address, { cache: 'no-store', signal });
    if (!response.ok) {
      const copy = response.clone();
      return { ...none, status: response.status, text: await copy.text(), ms: performance.now() - began, problem: (await problemOf(response)).problem };
    }
    const text = await response.text();
    const ms = performance.now() - began;
    const json = format === 'json' ? JSON.parse(text) as JsonAnswer : null;
    return {
      status: response.status,
      text: json ? pretty(text, json) : text.slice(0, TEXT_MAX),
      cut: text.length > TEXT_MAX,
      bytes: new Blob([text]).size,
      ms,
      etag: response.headers.get('ETag'),
      columns: json?.columns ?? null,
      rows: json ? json.data.map((o) => json.columns.map((c) => o[c.name] ?? null)) : null,
      problem: null,
    };
  } catch (error) {
    if (signal.aborted) throw error;
    return { ...none, status: 0, ms: performance.now() - began, problem: asProblem(error) };
  }
}

/** A line for each row: readable, and still what was sent. */
function pretty(text: string, json: JsonAnswer): string {
  if (text.length > TEXT_MAX) return text.slice(0, TEXT_MAX);
  const { data, ...rest } = json as unknown as { data: ObjectRow[] } & Record<string, unknown>;
  const head = JSON.stringify(rest);
  return `${head.slice(0, -1)},\n "data":[${data.map((o) => '\n  ' + JSON.stringify(o)).join(',')}${data.length ? '\n ' : ''}]}`;
}
