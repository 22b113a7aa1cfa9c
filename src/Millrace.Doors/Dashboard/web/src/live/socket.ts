// Many live queries over one WebSocket: a browser gives a host six connections, and a board has more tiles than that.

import { sleep } from './sse';

/** An event of a feed: its name, what it carries, and the place to come back to. */
export type OnEvent = (event: string, data: unknown, id: string) => void;
/** Follows a feed until it ends (returns) or breaks (throws); `lastId` is where the reader was. */
export type Listen = (signal: AbortSignal, onEvent: OnEvent, lastId: string) => Promise<void>;

interface Message { sub?: string; event: string; id?: string; data: unknown }

/** What is left of a connection when its last feed has gone: another page of the dashboard may want it at once. */
const LINGER_MS = 3_000;

class Wire {
  readonly opened: Promise<void>;
  private readonly socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1/ws`);
  private readonly feeds = new Map<string, { take: OnEvent; end: () => void }>();
  private next = 0;
  over = false;

  constructor() {
    this.opened = new Promise((resolve, reject) => {
      this.socket.onopen = () => resolve();
      this.socket.onclose = () => {
        this.over = true;
        reject(new TypeError('the connection was closed'));
        for (const f of [...this.feeds.values()]) f.end();
      };
    });
    this.opened.catch(() => undefined); // those who wait are told; nobody waiting is no fault
    this.socket.onmessage = (m) => {
      const message = JSON.parse(m.data as string) as Message;
      this.feeds.get(message.sub ?? '')?.take(message.event, message.data, message.id ?? '');
    };
  }

  /** Opens a feed; resolves when it has ended. */
  follow(wish: Record<string, string>, signal: AbortSignal, take: OnEvent): Promise<void> {
    const name = String(++this.next);
    return new Promise((resolve) => {
      const end = (): void => {
        this.feeds.delete(name);
        signal.removeEventListener('abort', leave);
        if (!this.feeds.size) void this.rest();
        resolve();
      };
      const leave = (): void => {
        if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ unsubscribe: name }));
        end();
      };
      signal.addEventListener('abort', leave);
      this.feeds.set(name, { end, take: (event, data, id) => { take(event, data, id); if (event === 'error') end(); } });
      this.socket.send(JSON.stringify({ subscribe: name, ...wish }));
    });
  }

  private async rest(): Promise<void> {
    await sleep(LINGER_MS, new AbortController().signal);
    if (!this.feeds.size) {
      this.over = true;
      this.socket.close();
    }
  }
}

let wire: Wire | null = null;

/** A query as a feed on the page's one WebSocket; what happens within `everyMs` comes as one change. */
export const overSocket = (query: string, everyMs: number): Listen => async (signal, onEvent, lastId) => {
  if (!wire || wire.over) wire = new Wire();
  const mine = wire;
  await mine.opened;
  if (signal.aborted) return;
  await mine.follow({ query, min_interval: `${everyMs}ms`, ...(lastId ? { since: lastId } : {}) }, signal, onEvent);
};
