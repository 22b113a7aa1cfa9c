// Who follows what at this moment, and who cannot keep up.

import { useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import { runSql } from '../live/api';
import { usePolled } from '../live/polled';
import type { Problem, Row } from '../model/contract';
import { bytes, duration, parseTime, short, span, whole } from '../model/format';
import { toNumber, toText } from '../model/types';
import { Icon } from '../parts/icons';
import { ListPage } from '../parts/listpage';
import { Empty, Panel, Wide } from '../parts/ui';
import { incoming } from '../query/session';
import { alertHref, endpointHref, go } from '../router';

const ASK = 'SELECT id, query, via, client, started, epoch, behind, lag_ms, rows, merged, lost, shared_with, bytes FROM millrace.subscriptions';
const EVERY_MS = 2000;
/** Behind by this much a reader is marked. */
const LATE_MS = 1000;
const SHOWN = 500;

interface Follower {
  id: string; query: string; via: string; client: string; started: number; epoch: number; behind: number; lagMs: number;
  rows: number; merged: number; lost: number; sharedWith: number; bytes: number; rate: number;
}

const VIA: Record<string, string> = { events: 'server-sent events', websocket: 'WebSocket', session: 'SUBSCRIBE', library: 'in process', alert: 'alert' };

function ofRow(r: Row): Follower {
  return {
    id: toText(r[0]), query: toText(r[1]), via: toText(r[2]), client: toText(r[3]), started: parseTime(r[4]), epoch: toNumber(r[5]), behind: toNumber(r[6]), lagMs: toNumber(r[7]),
    rows: toNumber(r[8]), merged: toNumber(r[9]), lost: toNumber(r[10]), sharedWith: toNumber(r[11]), bytes: toNumber(r[12]), rate: NaN,
  };
}

/** Those in trouble first, then the busiest. */
const worseFirst = (a: Follower, b: Follower): number => Number(b.lagMs > LATE_MS) - Number(a.lagMs > LATE_MS) || (b.rate || 0) - (a.rate || 0) || a.query.localeCompare(b.query) || Number(a.id) - Number(b.id);

function useFollowers(): { list: Follower[] | null; problem: Problem | null } {
  const before = useRef<{ at: number; rows: Map<string, number> } | null>(null);
  const { value, problem } = usePolled('', EVERY_MS, async (signal) => {
    const found = ((await runSql(ASK, 10_000, signal))[0]?.rows ?? []).map(ofRow);
    const at = performance.now();
    const old = before.current;
    for (const f of found) {
      const was = old?.rows.get(f.id);
      if (was !== undefined) f.rate = (f.rows - was) / ((at - old!.at) / 1000);
    }
    before.current = { at, rows: new Map(found.map((f) => [f.id, f.rows] as const)) };
    return found.sort(worseFirst);
  });
  return { list: value, problem };
}

export default function Subscriptions(): JSX.Element {
  const { list, problem } = useFollowers();
  const late = list?.filter((f) => f.lagMs > LATE_MS).length ?? 0;
  return (
    <ListPage title="Subscriptions" about="who follows a query, an endpoint or a view now" href="#/subscriptions" list={list} problem={problem}
      status={late ? <b class="warn-text">{late} behind by more than a second</b> : 'all keep up'}
      none={<Empty title="Nobody follows anything"><p>Watch a query on the <a href="#/query">Query</a> page, open a board, or follow an endpoint; <code>SUBSCRIBE</code> does the same in SQL.</p></Empty>}>
      {(all) => (
        <Panel title="Followers" note={countOf(all)}>
          <Wide label="Followers"><table class="data followers">
            <thead><tr><th>Query</th><th class="opt">How</th><th class="opt">Client</th><th class="num opt">For</th><th class="num">Rows/s</th><th class="num">Waiting</th><th class="num">Lag</th><th class="num opt">Merged</th><th class="num opt">Lost</th><th class="num opt">Held</th></tr></thead>
            <tbody>{all.slice(0, SHOWN).map((f) => <OneRow key={f.id} f={f} />)}</tbody>
          </table></Wide>
          {all.length > SHOWN && <p class="note below">The first {SHOWN} of {whole(all.length)}; <code>millrace.subscriptions</code> has all.</p>}
          <p class="note below">Waiting: changes ready for a follower that has not taken them. Merged: epochs it got as one change with later ones. Lost: epochs that were gone when it came, so that it got the answer anew.</p>
        </Panel>
      )}
    </ListPage>
  );
}

function countOf(list: readonly Follower[]): string {
  const queries = new Set(list.map((f) => f.query)).size;
  return list.length === queries ? whole(list.length) : `${whole(list.length)} of ${whole(queries)} ${queries === 1 ? 'query, which runs once for all' : 'queries, each of which runs once for all who follow it'}`;
}

function OneRow({ f }: { f: Follower }): JSX.Element {
  const endpoint = /^([\w$]+)\(/.exec(f.query)?.[1];
  const text = f.query.replace(/\s+/g, ' ');
  return (
    <tr data-testid="follower" data-via={f.via}>
      <td class="name">{f.via === 'alert' ? <a class="mono" href={alertHref(text)}>{text}</a> : endpoint && !/\b(from|select)\b/i.test(f.query)
        ? <a class="mono" href={endpointHref(endpoint)}>{text}</a>
        : <button type="button" class="link mono" title="Open it in the editor" onClick={() => { incoming.value = { text: f.query.replace(/^SUBSCRIBE\s+(?:TO\s+)?\(([\s\S]*)\)$/i, '$1'), then: 'nothing' }; go('#/query'); }}>{text}</button>}</td>
      <td class="opt">{VIA[f.via] ?? f.via}{f.sharedWith > 0 && <span class="muted"> · shared by {f.sharedWith + 1}</span>}</td>
      <td class="opt mono muted">{f.client || '–'}</td>
      <td class="num opt">{Number.isNaN(f.started) ? '–' : span((Date.now() - f.started) / 1000)}</td>
      <td class="num strong">{short(f.rate)}</td>
      <td class="num">{whole(f.behind)}</td>
      <td class={'num' + (f.lagMs > LATE_MS ? ' warn' : '')}>{f.lagMs > LATE_MS && <Icon name="warn" />}{duration(f.lagMs)}</td>
      <td class="num opt">{short(f.merged)}</td>
      <td class={'num opt' + (f.lost > 0 ? ' warn' : '')}>{short(f.lost)}</td>
      <td class="num opt">{bytes(f.bytes)}</td>
    </tr>
  );
}
