// Where a live answer comes from: a connection of its own, the page's shared WebSocket, or asking again and again.

import { runSql } from '../live/api';
import { overSocket, type Listen } from '../live/socket';
import { readEvents, sleep } from '../live/sse';

/** Where a feed is; the rows of an endpoint's are objects. */
export interface Source { listen: Listen; objects: boolean }

const overEvents = (url: string): Listen => (signal, onEvent, lastId) =>
  readEvents(url, signal, (e) => onEvent(e.event, JSON.parse(e.data), e.id), undefined, lastId);

/** A query on a connection of its own: what the editor watches. */
export const ofQuery = (query: string): Source => ({ listen: overEvents('/v1/subscribe?query=' + encodeURIComponent(query)), objects: false });

export const ofEndpoint = (address: string): Source => ({ listen: overEvents(address), objects: true });

/** One of many: shares the page's WebSocket. */
export const ofMany = (query: string, everyMs: number): Source => ({ listen: overSocket(query, everyMs), objects: false });

/** For what cannot be followed, such as the system relations: the same question every so often, while somebody looks. */
export const ofAsking = (query: string, everyMs: number): Source => ({
  objects: false,
  listen: async (signal, onEvent) => {
    for (;;) {
      if (!document.hidden) {
        const began = performance.now();
        const result = (await runSql(query, 1000, signal))[0];
        onEvent('schema', { columns: result?.columns ?? [], key: null, epoch: result?.epoch ?? 0 }, '');
        onEvent('snapshot', { epoch: result?.epoch ?? 0, rows: result?.rows ?? [], last: true }, '');
        await sleep(Math.max(everyMs, (performance.now() - began) * 20), signal).catch(() => undefined);
      } else {
        await sleep(1000, signal).catch(() => undefined);
      }
      if (signal.aborted) return;
    }
  },
});
