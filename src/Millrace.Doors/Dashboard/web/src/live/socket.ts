// Many live queries over one WebSocket: a browser gives a host six connections, and a board has more tiles than that.

import { token } from './access';
import { fetchEndpoints, ProblemError, ticketFor } from './api';
import { sleep } from './sse';

/** An event of a feed: its name, what it carries, and the place to come back to. */
export type OnEvent = (event: string, data: unknown, id: string) => void;
/** Follows a feed until it ends (returns) or breaks (throws); `lastId` is where the reader was. */
export type Listen = (signal: AbortSignal, onEvent: OnEvent, lastId: string) => Promise<void>;

interface Message { sub?: string; event: string; id?: string; data: unknown }

const PATH = '/v1/ws';
/** What is left of a connection when its last feed has gone: another page of the dashboard may want it at once. */
const LINGER_MS = 3_000;

/** The address to open. A browser's WebSocket carries no header, so a reader with a token goes by a ticket. */
async function address(): Promise<string> {
  // Nor does it say that a token is wanted: a call that does lets the reader be asked for one.
  if (!token.value) await fetchEndpoints();
  if (!token.value) return PATH;
  try {
    return `${PATH}?ticket=${await ticketFor(PATH)}`;
  } catch (error) {
    // A token kept from a time when there were users, and nobody has to log in any more.
    if (error instanceof ProblemError && error.problem.status === 409) return PATH;
    throw error;
  }
}

class Wire {
  readonly opened: Promise<void>;
  /** Whose it is: what another token may read is followed on another connection. */
  token = '';
  over = false;
  private socket: WebSocket | null = null;
  private readonly feeds = new Map<string, { take: OnEvent; end: () => void }>();
  private next = 0;

  constructor() {
    this.opened = this.open();
    this.opened.catch(() => { this.over = true; }); // those who wait are told; nobody waiting is no fault
  }

  /** Opens a feed; resolves when it has ended. */
  follow(wish: Record<string, string>, signal: AbortSignal, take: OnEvent): Promise<void> {
    const socket = this.socket!;
    const name = String(++this.next);
    return new Promise((resolve) => {
      const end = (): void => {
        this.feeds.delete(name);
        signal.removeEventListener('abort', leave);
        if (!this.feeds.size) void this.rest();
        resolve();
      };
      const leave = (): void => {
        if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ unsubscribe: name }));
        end();
      };
      signal.addEventListener('abort', leave);
      this.feeds.set(name, {
        end,
        take: (event, data, id) => {
          take(event, data, id);
          // Whoever may not go on begins anew, on another connection, and is asked who he is.
          if (event === 'auth_expired') this.over = true;
          if (event === 'error' || event === 'auth_expired') end();
        },
      });
      socket.send(JSON.stringify({ subscribe: name, ...wish }));
    });
  }

  private async open(): Promise<void> {
    const path = await address();
    this.token = token.value;
    await new Promise<void>((resolve, reject) => {
      const socket = this.socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`);
      socket.onopen = () => resolve();
      socket.onclose = () => {
        this.over = true;
        reject(new TypeError('the connection was closed'));
        for (const f of [...this.feeds.values()]) f.end();
      };
      socket.onmessage = (m) => {
        const message = JSON.parse(m.data as string) as Message;
        this.feeds.get(message.sub ?? '')?.take(message.event, message.data, message.id ?? '');
      };
    });
    void this.rest(); // whoever asked for it may have gone meanwhile
  }

  private async rest(): Promise<void> {
    await sleep(LINGER_MS, new AbortController().signal);
    if (!this.feeds.size) {
      this.over = true;
      this.socket?.close();
    }
  }
}

let wire: Wire | null = null;

/** A query as a feed on the page's one WebSocket; what happens within `everyMs` comes as one change. */
export const overSocket = (query: string, everyMs: number): Listen => async (signal, onEvent, lastId) => {
  if (!wire || wire.over) wire = new Wire();
  let mine = wire;
  await mine.opened;
  if (mine.token !== token.value) {
    if (wire === mine) wire = new Wire();
    mine = wire;
    await mine.opened;
  }
  if (signal.aborted) return;
  await mine.follow({ query, min_interval: `${everyMs}ms`, ...(lastId ? { since: lastId } : {}) }, signal, onEvent);
};
