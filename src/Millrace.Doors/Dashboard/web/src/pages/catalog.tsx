// The catalog: a tree of everything there is, and a page for each object.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { asProblem, runSql } from '../live/api';
import { usePolled, type Polled } from '../live/polled';
import { byId, catalog, history, stats, statsById, tick } from '../live/store';
import { isLive, type CatalogObject, type Kind, type Problem, type SqlResult } from '../model/contract';
import { bytes, duration, short, whole } from '../model/format';
import { fullName, path, quote } from '../model/names';
import { toCell } from '../model/types';
import { Grid } from '../parts/grid';
import { Icon } from '../parts/icons';
import { SqlText } from '../parts/sqltext';
import { Badge, Copy, Empty, FromYourProgram, Loading, Panel, Wide } from '../parts/ui';
import { incoming } from '../query/session';
import { go, graphHref, objectHref, route } from '../router';
import { AddRows } from './addrows';
import { RateChart } from './overview';

const GROUPS: [string, Kind, (o: CatalogObject) => boolean][] = [
  ['Streams', 'stream', isLive], ['Tables', 'table', isLive], ['Materialized views', 'view', isLive], ['Views', 'view', (o) => !isLive(o)], ['Indexes', 'index', () => true],
];

export function Catalog(): JSX.Element {
  const c = catalog.value;
  const name = route.value.rest;
  if (!c) return <div class="page"><header class="page-head"><h1>Catalog</h1></header><Loading lines={8} /></div>;
  const chosen = c.objects.find((o) => path(o) === name);
  return (
    <div class={'page split' + (chosen || name ? ' has-choice' : '')}>
      {!chosen && <h1 class="sr">Catalog</h1>}
      <Tree chosen={chosen?.id ?? -1} />
      <div class="split-main">
        {chosen ? <ObjectPage key={chosen.id} object={chosen} />
          : name ? <Empty title={`There is no “${name}”`}>It may have been dropped or renamed. <a href="#/catalog">All objects</a></Empty>
            : <Empty title={c.objects.length ? 'Choose an object' : 'The catalog is empty'}>{c.objects.length
              ? 'Its columns, definition, newest rows and rate show here.'
              : <>Create a stream on the <a href="#/query">Query</a> page, or start <code>millrace demo</code>.</>}</Empty>}
      </div>
    </div>
  );
}

function Tree({ chosen }: { chosen: number }): JSX.Element {
  const [filter, setFilter] = useState('');
  const all = catalog.value!.objects;
  const needle = filter.trim().toLowerCase();
  const found = needle ? all.filter((o) => o.name.toLowerCase().includes(needle) || o.columns.some((c) => c.name.toLowerCase().includes(needle))) : all;
  const schemas = new Set(all.map((o) => o.schema)).size > 1;
  void tick.value;
  return (
    <nav class="tree" aria-label="Objects">
      <label class="search"><Icon name="search" /><span class="sr">Filter objects</span>
        <input type="search" value={filter} placeholder="Filter names and columns" data-focus="filter" onInput={(e) => setFilter(e.currentTarget.value)}
          onKeyDown={(e) => { if (e.key === 'Enter' && found[0]) go(objectHref(path(found[0]))); }} />
      </label>
      <div class="tree-list">
        {GROUPS.map(([title, kind, belongs]) => {
          const items = found.filter((o) => o.kind === kind && belongs(o)).sort((a, b) => a.name.localeCompare(b.name));
          if (!items.length) return null;
          return (
            <section key={title}>
              <h2>{title}<span>{items.length}</span></h2>
              <ul>
                {items.map((o) => {
                  const h = history(o.id);
                  const r = (kind === 'view' ? h.changes : h.rows).mean(3);
                  return (
                    <li key={o.id}>
                      <a href={objectHref(path(o))} aria-current={o.id === chosen ? 'page' : undefined}>
                        <i class={'dot kind-' + kind + (r > 0 ? ' on' : '')} />
                        <span class="tree-name">{schemas && o.schema !== 'public' ? o.schema + '.' : ''}{o.name}</span>
                        {kind !== 'index' && <span class="tree-rate">{r > 0 ? short(r) + '/s' : ''}</span>}
                      </a>
                    </li>
                  );
                })}
              </ul>
            </section>
          );
        })}
        {found.length === 0 && <p class="note pad">{filter ? `Nothing matches “${filter}”.` : 'No streams, tables or views yet.'}</p>}
      </div>
    </nav>
  );
}

function ObjectPage({ object: o }: { object: CatalogObject }): JSX.Element {
  const s = statsById.value.get(o.id);
  void tick.value;
  const reads = o.dependsOn.map((id) => byId.value.get(id)).filter((x): x is CatalogObject => !!x);
  const feeds = catalog.value!.objects.filter((x) => x.dependsOn.includes(o.id));
  const isView = o.kind === 'view';
  const h = history(o.id);
  const current = (isView ? h.changes : h.rows).mean(3);
  const open = (then: 'run' | 'watch'): void => {
    const order = o.eventTime ? ` ORDER BY ${quote(o.eventTime)} DESC` : '';
    incoming.value = { text: then === 'watch' && (isView || o.kind === 'table') ? `SELECT * FROM ${fullName(o)}` : `SELECT * FROM ${fullName(o)}${order} LIMIT 100`, then };
    go('#/query');
  };
  return (
    <article class="object">
      <a class="back" href="#/catalog">← All objects</a>
      <header class="object-head">
        <h1>{o.schema !== 'public' && <span class="muted">{o.schema}.</span>}{o.name}</h1>
        <Badge kind={o.kind} />
        {o.appendOnly && <span class="badge plain">append only</span>}
        {o.kind !== 'index' && (
          <div class="panel-actions">
            <button type="button" class="button" onClick={() => open('run')}><Icon name="play" />Query</button>
            <button type="button" class="button primary" onClick={() => open('watch')}><Icon name="eye" />Watch</button>
          </div>
        )}
      </header>
      {isView && isLive(o) && s?.rows === 0 && !s.error && <WhyEmpty object={o} />}
      {s?.error && <p class="notice bad" role="alert">This view is no longer kept up to date: {s.error}</p>}
      {isLive(o) && (
        <dl class="facts">
          <div><dt>{isView ? 'Changes' : 'Rows in'}</dt><dd>{short(current)}/s</dd></div>
          <div><dt>{s?.rows != null ? 'Rows now' : 'Rows ever'}</dt><dd>{whole(s?.rows ?? s?.rowsTotal)}</dd></div>
          <div><dt>Size</dt><dd>{bytes(s?.bytes)}</dd></div>
          {o.eventTime && <div><dt>Event time</dt><dd>{o.eventTime}</dd></div>}
          {s?.watermark && <div><dt>Watermark</dt><dd>{toCell(s.watermark, 'timestamptz').slice(0, 19)}</dd></div>}
          {s?.lagMs != null && <div><dt>Lag</dt><dd>{duration(s.lagMs)}</dd></div>}
        </dl>
      )}
      {isLive(o) && (
        <RateChart title={isView ? 'Changes' : 'Rows in'} unit={isView ? 'changes/s, last 5 minutes' : 'rows/s, last 5 minutes'} objects={[o]} range={300} height={150}
          ring={(id) => (isView ? history(id).changes : history(id).rows)} empty={null} />
      )}
      {o.kind !== 'index' && <Sample object={o} />}
      {(o.kind === 'stream' || o.kind === 'table') && <AddRows object={o} />}
      {isView && isLive(o) && s?.rows !== 0 && !s?.error && <Missing object={o} />}
      {isView && <Plan object={o} />}
      <div class="two">
        <Panel title="Columns" note={`${o.columns.length}`}>
          <Wide label="Columns"><table class="data">
            <thead><tr><th>Name</th><th>Type</th><th>Notes</th></tr></thead>
            <tbody>{o.columns.map((c) => (
              <tr key={c.name}>
                <td class="name mono">{c.name}</td>
                <td class="mono muted">{c.type}</td>
                <td class="muted">{[o.primaryKey.includes(c.name) && 'primary key', o.eventTime === c.name && 'event time', c.nullable === false && 'not null'].filter(Boolean).join(', ')}</td>
              </tr>
            ))}</tbody>
          </table></Wide>
        </Panel>
        <div>
          <Panel title="Definition" actions={<Copy text={o.definition} />}><SqlText text={o.definition} /></Panel>
          {(reads.length > 0 || feeds.length > 0) && (
            <Panel title="Dataflow" actions={<a class="quiet" href={isView && isLive(o) ? graphHref(path(o)) : '#/graph'}>Graph</a>}>
              <dl class="links">
                {reads.length > 0 && <div><dt>Reads</dt><dd>{reads.map((x) => <a key={x.id} href={objectHref(path(x))}>{path(x)}</a>)}</dd></div>}
                {feeds.length > 0 && <div><dt>Feeds</dt><dd>{feeds.map((x) => <a key={x.id} href={objectHref(path(x))}>{path(x)}</a>)}</dd></div>}
              </dl>
            </Panel>
          )}
          {o.kind !== 'index' && <Snippets object={o} />}
        </div>
      </div>
    </article>
  );
}

/** What a statement gives as text, asked for again every few seconds while the page is looked at. */
const useAsked = (query: string, everyMs: number): Polled<string[][]> => usePolled(query, everyMs, async (signal) =>
  ((await runSql(query, 1000, signal))[0]?.rows ?? []).map((row) => row.map((v) => (v === null ? '' : String(v)))));

/** Why there is nothing to see, in the server's words. */
function WhyEmpty({ object: o }: { object: CatalogObject }): JSX.Element | null {
  const { value: rows } = useAsked(`SELECT reason, hint FROM millrace.empty_views WHERE object_id = ${o.id}`, 3000);
  const found = rows?.[0];
  if (!found) return null;
  return (
    <p class="notice" role="status">
      <strong>Why is it empty?</strong> {sentence(found[0] ?? '')} {found[1] && <span class="muted">{sentence(found[1])}</span>}
    </p>
  );
}

/** Rows that came and are not in the answer, where the server has counted any; of an empty view the reason above is enough. */
function Missing({ object: o }: { object: CatalogObject }): JSX.Element | null {
  const { value: rows } = useAsked(`SELECT reason, hint FROM millrace.missing_rows WHERE object_id = ${o.id}`, 5000);
  if (!rows?.length) return null;
  return (
    <Panel title="Rows that are not here" note="since the view was made or loaded">
      <ul class="reasons" data-testid="missing-rows">
        {rows.map(([reason = '', hint = '']) => <li key={reason}>{sentence(reason)}{hint && <span class="muted"> {sentence(hint)}</span>}</li>)}
      </ul>
    </Panel>
  );
}

const sentence = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');

/** How the answer is computed: of a view that is kept up to date, with what each operator has done; of a name for a query, how it would be run. */
function Plan({ object: o }: { object: CatalogObject }): JSX.Element {
  const live = isLive(o);
  const { value: rows, problem } = useAsked(live ? `EXPLAIN ANALYZE MATERIALIZED VIEW ${fullName(o)}` : `EXPLAIN SELECT * FROM ${fullName(o)}`, live ? 5000 : 60000);
  const text = (rows ?? []).map((row) => row[0]).join('\n');
  return (
    <Panel title="Plan" note={live ? 'rows and time of each operator, kept fresh' : 'as it would be run'} actions={text ? <Copy text={text} /> : undefined}>
      {!rows ? problem ? <Empty title="No plan">{problem.detail || problem.title}</Empty> : <Loading lines={4} />
        : <pre class="plan" tabIndex={0} aria-label={'Plan of ' + o.name}><code>{text}</code></pre>}
    </Panel>
  );
}

function Snippets({ object: o }: { object: CatalogObject }): JSX.Element {
  const select = `SELECT * FROM ${fullName(o)} LIMIT 10`;
  const list: [string, string][] = [
    ['Follow it', `curl -N '${location.origin}/v1/subscribe?query=${encodeURIComponent(`SELECT * FROM ${fullName(o)}`)}'`],
    ['Ask once', `curl ${location.origin}/v1/sql -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify({ query: select }).replaceAll("'", "'\\''")}'`],
  ];
  if (o.kind === 'stream') {
    const sample = Object.fromEntries(o.columns.slice(0, 3).map((c) => [c.name, '…']));
    list.push(['Send to it', `curl ${location.origin}/v1/streams/${encodeURIComponent(path(o))} -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify([sample])}'`]);
  }
  return <FromYourProgram snippets={list} />;
}

/** The newest rows, asked for again every two seconds, or less often where the answer is dear. */
function Sample({ object: o }: { object: CatalogObject }): JSX.Element {
  const [result, setResult] = useState<SqlResult | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const seen = useRef(new Map<string, number>());
  const fresh = useRef(new Float64Array(0));
  useEffect(() => {
    const cut = new AbortController();
    let timer = 0;
    const order = o.eventTime && o.columns.some((c) => c.name === o.eventTime) ? ` ORDER BY ${quote(o.eventTime)} DESC` : '';
    const query = `SELECT * FROM ${fullName(o)}${order} LIMIT 50`;
    const ask = async (): Promise<void> => {
      let wait = 2000;
      if (!document.hidden) {
        const began = performance.now();
        try {
          const r = (await runSql(query, 50, cut.signal))[0] ?? null;
          const now = performance.now();
          const before = seen.current;
          const next = new Map<string, number>();
          fresh.current = Float64Array.from((r?.rows ?? []).map((row) => {
            const key = JSON.stringify(row);
            const at = before.get(key) ?? (before.size ? now : 0);
            next.set(key, at);
            return at;
          }));
          seen.current = next;
          setResult(r);
          setProblem(null);
        } catch (error) {
          if (cut.signal.aborted) return;
          setProblem(asProblem(error));
          wait = 5000;
        }
        wait = Math.max(wait, (performance.now() - began) * 20);
      }
      if (!cut.signal.aborted) timer = window.setTimeout(() => void ask(), wait);
    };
    void ask();
    return () => { cut.abort(); clearTimeout(timer); };
  }, [o.id]);
  const rows = result?.rows ?? [];
  const columns = useMemo(() => result?.columns ?? o.columns, [JSON.stringify(result?.columns ?? null)]);
  return (
    <Panel title={o.eventTime ? 'Newest rows' : 'Sample rows'} note={problem ? '' : result && !statsById.value.has(o.id) ? 'kept fresh' : result ? `${rows.length} of ${whole(statsById.value.get(o.id)?.rows ?? stats.value?.objects.find((x) => x.id === o.id)?.rowsTotal)}, kept fresh` : ''}>
      {problem ? <Empty title="No sample">{problem.detail || problem.title}</Empty>
        : !result ? <Loading lines={5} />
          : rows.length === 0 ? <Empty title="No rows yet">They show here as they arrive.</Empty>
            : <Grid columns={columns} rows={rows} changedAt={fresh.current} label={'Rows of ' + o.name} height={Math.min(320, 34 + rows.length * 26 + 14)} />}
    </Panel>
  );
}
