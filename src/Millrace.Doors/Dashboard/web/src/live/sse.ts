// Server-sent events over fetch: unlike EventSource it shows why a stream was refused and lets us choose when to come back.

import { authorized } from './access';
import { problemOf } from './api';

export interface ServerEvent { event: string; data: string; id: string }

/** Reads events until the stream ends (returns) or fails (throws). `onAlive` fires on every chunk, keep-alives too. */
export async function readEvents(
  url: string,
  signal: AbortSignal,
  onEvent: (e: ServerEvent) => void,
  onAlive?: () => void,
  lastEventId?: string,
): Promise<void> {
  const headers: Record<string, string> = { Accept: 'text/event-stream' };
  if (lastEventId) headers['Last-Event-ID'] = lastEventId;
  const response = await authorized(url, { headers, cache: 'no-store', signal });
  if (!response.ok || !response.body) throw await problemOf(response);
  onAlive?.();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let event = '';
  let id = '';
  let data: string[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onAlive?.();
    rest += value;
    let start = 0;
    for (;;) {
      const end = rest.indexOf('\n', start);
      if (end < 0) break;
      const line = rest.slice(start, rest[end - 1] === '\r' && end > start ? end - 1 : end);
      start = end + 1;
      if (line === '') {
        if (data.length) onEvent({ event: event || 'message', data: data.join('\n'), id });
        event = '';
        id = '';
        data = [];
        continue;
      }
      if (line[0] === ':') continue;
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const text = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
      if (field === 'data') data.push(text);
      else if (field === 'event') event = text;
      else if (field === 'id') id = text;
    }
    rest = rest.slice(start);
  }
}

/** Waits, or rejects at once when aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) { reject(signal.reason); return; }
    const timer = setTimeout(() => { signal.removeEventListener('abort', stop); resolve(); }, ms);
    const stop = (): void => { clearTimeout(timer); reject(signal.reason); };
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** 0.5 s doubling to 15 s, with jitter so that many pages do not return in one step. */
export function backoffMs(attempt: number): number {
  return Math.min(15_000, 500 * 2 ** Math.min(attempt, 6)) * (0.8 + 0.4 * Math.random());
}
