// The worksheet: an editor above, the answer below, asked once or kept live.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { runSql } from '../live/api';
import { catalog } from '../live/store';
import { duration, whole } from '../model/format';
import { fullName, path, quote } from '../model/names';
import { toText } from '../model/types';
import { Icon } from '../parts/icons';
import { Empty } from '../parts/ui';
import { SqlEditor } from '../query/editor';
import { forgetAll, past } from '../query/history';
import { LiveResult, ProblemView, Results } from '../query/results';
import { incoming, liveTick, maxRows, outcome, run, running, setText, stop, text, watch } from '../query/session';
import { statementAt, statements, subscribed } from '../query/statements';
import { route } from '../router';

const LIMITS = [100, 1000, 10_000];

function follow(text: string, from: number): void {
  const asked = subscribed(text);
  watch(asked?.query ?? text, from + (asked?.shift ?? 0));
}

export default function Query(): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<SqlEditor | null>(null);
  const [historyOpen, setHistoryOpen] = useState(false);
  const isMac = /Mac|iP(hone|ad)/.test(navigator.userAgent);
  const mod = isMac ? '⌘' : 'Ctrl';

  const start = useRef({
    run: (): void => {
      const e = editor.current!;
      e.clearProblem();
      const part = e.selection ?? { from: 0, text: e.text };
      // SUBSCRIBE has no single answer: running it is watching it.
      const only = statements(part.text);
      if (only.length === 1 && subscribed(only[0]!.text)) follow(only[0]!.text, part.from + only[0]!.from);
      else void run(part.text, part.from);
    },
    watch: (): void => {
      const e = editor.current!;
      e.clearProblem();
      const part = e.selection ?? statementAt(e.text, e.cursor);
      if (part) follow(part.text.replace(/;\s*$/, ''), part.from);
    },
  }).current;

  useEffect(() => {
    const made = new SqlEditor(host.current!, text.value, { run: start.run, watch: start.watch, stop, changed: setText });
    editor.current = made;
    const offCatalog = catalog.subscribe((c) => made.setCatalog(c?.objects ?? []));
    const cut = new AbortController();
    // What cannot be asked is not completed; nor what takes or gives a cstring (2275), int4in and the like, which nobody calls.
    runSql("SELECT DISTINCT proname FROM pg_catalog.pg_proc WHERE prorettype <> 2275 AND proargtypes::text <> '2275' ORDER BY 1", 10_000, cut.signal)
      .then((r) => { if (!cut.signal.aborted) made.setFunctions((r[0]?.rows ?? []).map((row) => toText(row[0]))); }, () => undefined);
    const offIncoming = incoming.subscribe((i) => {
      if (!i) return;
      incoming.value = null;
      made.text = i.text;
      if (i.then === 'run') start.run();
      if (i.then === 'watch') start.watch();
    });
    const offOutcome = outcome.subscribe((o) => {
      if (o.type === 'problem') made.showProblem(o.problem, o.offset);
    });
    // A link may bring a query, but never runs it: that takes the reader's hand.
    const q = route.value.params.get('q');
    if (q) made.text = q;
    if (matchMedia('(min-width: 721px)').matches) made.focus();
    return () => { cut.abort(); offCatalog(); offIncoming(); offOutcome(); made.destroy(); editor.current = null; };
  }, []);

  const o = outcome.value;
  void liveTick.value;
  const following = o.type === 'live' && !['stopped', 'failed'].includes(o.sub.state);
  const busy = running.value !== null;

  return (
    <div class="page query-page">
      <h1 class="sr">Query</h1>
      <section class="panel editor-panel">
        <div class="editor" ref={host} data-testid="editor" />
        <div class="toolbar">
          <button type="button" class="button" data-testid="run" onClick={start.run} disabled={busy} title={`Run all, or the selection (${mod}-Enter)`}>
            <Icon name="play" />Run<kbd>{mod} ↵</kbd>
          </button>
          <button type="button" class="button primary" data-testid="watch" onClick={start.watch} title={`Keep the statement at the cursor live (Shift-${mod}-Enter)`}>
            <Icon name="eye" />Watch<kbd>⇧ {mod} ↵</kbd>
          </button>
          {(busy || following) && (
            <button type="button" class="button danger" data-testid="stop" onClick={() => stop()} title="Stop (Esc)"><Icon name="stop" />Stop</button>
          )}
          <span class="toolbar-fill">{busy && <Elapsed since={running.value!.since} />}</span>
          <label class="field"><span>Rows</span>
            <select value={maxRows.value} onChange={(e) => { maxRows.value = Number(e.currentTarget.value); }}>
              {LIMITS.map((n) => <option key={n} value={n}>{whole(n)}</option>)}
            </select>
          </label>
          <button type="button" class="button ghost" aria-expanded={historyOpen} onClick={() => setHistoryOpen(!historyOpen)}><Icon name="history" /><span>History</span></button>
        </div>
      </section>
      {historyOpen && <History onPick={(t) => { setHistoryOpen(false); editor.current!.text = t; editor.current!.focus(); }} onClose={() => setHistoryOpen(false)} />}
      <div class="answer">
        {o.type === 'none' && <Start busy={busy} onPick={(t, live) => { incoming.value = { text: t, then: live ? 'watch' : 'run' }; }} />}
        {o.type === 'problem' && <ProblemView problem={o.problem} line={o.line} column={o.column} />}
        {o.type === 'results' && <Results results={o.results} query={o.query} wallMs={o.wallMs} />}
        {o.type === 'live' && <LiveResult key={o.sub.generation} sub={o.sub} again={() => watch(o.sub.query, 0)} />}
      </div>
    </div>
  );
}

function Elapsed({ since }: { since: number }): JSX.Element {
  const [, redraw] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => redraw((n) => n + 1), 100);
    return () => clearInterval(timer);
  }, []);
  return <span class="note" role="status">running {duration(performance.now() - since)}</span>;
}

/** What to try first, from what there is. */
function Start({ onPick, busy }: { onPick: (text: string, live: boolean) => void; busy: boolean }): JSX.Element {
  const objects = catalog.value?.objects ?? [];
  const views = objects.filter((o) => o.kind === 'view').slice(0, 6);
  const streams = objects.filter((o) => o.kind === 'stream').slice(0, 4);
  if (busy) return <Empty title="Running…" />;
  return (
    <Empty title="Ask, or keep asking">
      <p>Run answers once. Watch keeps the answer live: rows change in place and the plot grows.</p>
      {views.length > 0 && <div class="chips"><span>Watch a view</span>{views.map((o) => (
        <button key={o.id} type="button" class="chip" onClick={() => onPick(`SELECT * FROM ${fullName(o)}`, true)}>{path(o)}</button>
      ))}</div>}
      {streams.length > 0 && <div class="chips"><span>Look into a stream</span>{streams.map((o) => (
        <button key={o.id} type="button" class="chip" onClick={() => onPick(`SELECT *\nFROM ${fullName(o)}${o.eventTime ? `\nORDER BY ${quote(o.eventTime)} DESC` : ''}\nLIMIT 100`, false)}>{path(o)}</button>
      ))}</div>}
      {objects.length === 0 && <div class="chips"><span>Begin with</span>
        <button type="button" class="chip" onClick={() => onPick('CREATE STREAM reading (at timestamptz, device text, value double precision)', false)}>create a stream</button></div>}
    </Empty>
  );
}

function History({ onPick, onClose }: { onPick: (text: string) => void; onClose: () => void }): JSX.Element {
  const [filter, setFilter] = useState('');
  const needle = filter.toLowerCase();
  const list = past.value.filter((p) => p.text.toLowerCase().includes(needle));
  return (
    <section class="panel history" aria-label="Query history" onKeyDown={(e) => { if (e.key === 'Escape') onClose(); }}>
      <header class="panel-head">
        <h2>History</h2><span class="note">kept in this browser only</span>
        <div class="panel-actions">
          <input type="search" placeholder="Filter" aria-label="Filter history" value={filter} onInput={(e) => setFilter(e.currentTarget.value)} />
          {past.value.length > 0 && <button type="button" class="quiet" onClick={forgetAll}>Forget all</button>}
          <button type="button" class="quiet" onClick={onClose} aria-label="Close history"><Icon name="close" /></button>
        </div>
      </header>
      {list.length === 0 ? <p class="note pad">{past.value.length ? 'Nothing matches.' : 'Queries you run are listed here.'}</p> : (
        <ul>{list.slice(0, 100).map((p) => (
          <li key={p.text}>
            <button type="button" onClick={() => onPick(p.text)}>
              <i class={'dot ' + (p.ok ? 'ok' : 'bad')} title={p.ok ? 'answered' : 'failed'} />
              <code>{p.text.replace(/\s+/g, ' ').slice(0, 200)}</code>
              <span class="note">{p.live ? 'watched' : p.ms !== null ? `${whole(p.rows)} rows · ${duration(p.ms)}` : 'failed'} · {ago(p.at)}</span>
            </button>
          </li>
        ))}</ul>
      )}
    </section>
  );
}

function ago(at: number): string {
  const s = (Date.now() - at) / 1000;
  return s < 60 ? 'just now' : s < 3600 ? `${Math.floor(s / 60)} m ago` : s < 86400 ? `${Math.floor(s / 3600)} h ago` : new Date(at).toLocaleDateString();
}
