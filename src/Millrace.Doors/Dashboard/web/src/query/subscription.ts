// One live query or endpoint: follows its feed, keeps its multiset, and goes on where it was when the connection was lost.

import { asProblem, ProblemError } from '../live/api';
import { backoffMs, sleep } from '../live/sse';
import type { Column, EndpointDelta, ObjectRow, Problem, Row, SubscribeDelta, SubscribeSchema, SubscribeSnapshot } from '../model/contract';
import { Multiset } from './multiset';
import { ObjectRows } from './objects';
import { ofQuery } from './sources';

export type WatchState = 'starting' | 'snapshot' | 'live' | 'reconnecting' | 'failed' | 'stopped';

export class Subscription {
  state: WatchState = 'starting';
  columns: Column[] = [];
  set: Multiset | null = null;
  epoch = 0;
  /** Changes the server says it had to leave out. */
  gap = 0;
  problem: Problem | null = null;
  /** Counts the schemas seen: the columns may differ after a reconnect. */
  generation = 0;
  private readonly cut = new AbortController();
  private objects: ObjectRows | null = null;
  private lastId = '';

  constructor(readonly query: string, private readonly changed: () => void, private readonly source = ofQuery(query)) {
    void this.run();
  }

  get ofEndpoint(): boolean {
    return this.source.objects;
  }

  stop(): void {
    if (this.state !== 'failed') this.state = 'stopped';
    this.cut.abort();
    this.changed();
  }

  private async run(): Promise<void> {
    const signal = this.cut.signal;
    let attempt = 0;
    while (!signal.aborted) {
      try {
        await this.source.listen(signal, (event, data, id) => {
          attempt = 0;
          this.take(event, data);
          if (id) this.lastId = id;
        }, this.lastId);
        if (this.problem) return;
      } catch (error) {
        if (signal.aborted) return;
        // What the server refused stays refused; what merely broke is tried again.
        if (error instanceof ProblemError && (error.problem.status ?? 0) >= 400 && (error.problem.status ?? 0) < 500) {
          this.fail(error.problem);
          return;
        }
        if (attempt > 0 && this.set === null && !(error instanceof TypeError)) {
          this.fail(asProblem(error));
          return;
        }
      }
      if (signal.aborted) return;
      this.state = 'reconnecting';
      this.changed();
      await sleep(backoffMs(attempt++), signal).catch(() => undefined);
    }
  }

  private fail(problem: Problem): void {
    this.problem = problem;
    this.state = 'failed';
    this.cut.abort();
    this.changed();
  }

  private take(event: string, data: unknown): void {
    switch (event) {
      case 'schema': {
        const s = data as SubscribeSchema;
        const same = JSON.stringify(s.columns) === JSON.stringify(this.columns);
        if (!same) { this.columns = s.columns; this.generation++; }
        this.epoch = s.epoch;
        if (s.resumed && same && this.set) {
          this.state = 'live';
          break;
        }
        const key = s.key?.length ? s.key : null;
        this.set = new Multiset(this.columns, key);
        this.objects = this.source.objects ? new ObjectRows(this.columns, key) : null;
        this.state = 'snapshot';
        break;
      }
      case 'snapshot': {
        const s = data as SubscribeSnapshot;
        this.set?.load(this.objects ? this.objects.load(s.rows as ObjectRow[]) : s.rows as Row[]);
        this.epoch = s.epoch;
        if (s.last) this.state = 'live';
        break;
      }
      case 'delta': {
        const d = data as SubscribeDelta & EndpointDelta;
        this.set?.apply({ epoch: d.epoch, changes: this.objects ? this.objects.changes(d.upserts, d.deletes) : d.changes }, performance.now());
        this.epoch = d.epoch;
        this.state = 'live';
        break;
      }
      case 'reset':
        this.set?.clear();
        this.objects?.clear();
        this.state = 'snapshot';
        break;
      case 'progress':
        this.epoch = (data as { epoch: number }).epoch;
        if (this.set) this.state = 'live';
        break;
      case 'gap':
        this.gap += (data as { dropped: number }).dropped;
        break;
      case 'error':
        this.fail(data as Problem);
        return;
      default:
        return;
    }
    this.changed();
  }
}
