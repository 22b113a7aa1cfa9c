// The shell: navigation, the state of the connection, the keys, and the page asked for.

import { render } from 'preact';
import { useEffect, useErrorBoundary, useState } from 'preact/hooks';
import type { ComponentType, JSX } from 'preact';
import { announcement, follow, link, retryNow } from './live/store';
import { span } from './model/format';
import { Catalog } from './pages/catalog';
import { Overview } from './pages/overview';
import { Icon, Mark, type IconName } from './parts/icons';
import { Empty, Loading } from './parts/ui';
import { incoming } from './query/session';
import { go, route, type Page } from './router';

declare global {
  interface Window { __millrace: { setQuery(text: string): void } }
}

// For tests and for the curious: fills the editor, runs nothing.
window.__millrace = { setQuery: (text) => { incoming.value = { text, then: 'nothing' }; } };

const NAV: [Page, string, IconName][] = [
  ['overview', 'Overview', 'overview'],
  ['catalog', 'Catalog', 'catalog'],
  ['query', 'Query', 'query'],
  ['graph', 'Graph', 'graph'],
];

// The editor and the graph's layout are most of the bytes: they come when first asked for.
const LATER: Partial<Record<Page, () => Promise<{ default: ComponentType }>>> = {
  query: () => import('./pages/query'),
  graph: () => import('./pages/graph'),
};
const loaded = new Map<Page, ComponentType>([['overview', Overview], ['catalog', Catalog]]);

function Body({ page }: { page: Page }): JSX.Element {
  const [failed, setFailed] = useState(false);
  const [, redraw] = useState(0);
  // A fault in one page must not take the others, nor hide itself.
  const [fault, clear] = useErrorBoundary((error) => console.error(error));
  const Found = loaded.get(page);
  useEffect(() => {
    if (loaded.has(page)) return;
    setFailed(false);
    LATER[page]!().then((m) => { loaded.set(page, m.default); redraw((n) => n + 1); }, () => setFailed(true));
  }, [page]);
  if (fault) {
    return (
      <Empty title="This page failed to draw">
        {fault instanceof Error ? fault.message : String(fault)} <button type="button" class="button" onClick={clear}>Try again</button>
      </Empty>
    );
  }
  if (Found) return <Found />;
  return failed
    ? <Empty title="This page could not be loaded">The server may have been updated. <button type="button" class="button" onClick={() => location.reload()}>Reload</button></Empty>
    : <div class="page"><Loading lines={6} /></div>;
}

function Status(): JSX.Element {
  const l = link.value;
  const [, redraw] = useState(0);
  useEffect(() => {
    if (l.state === 'live') return;
    const timer = setInterval(() => redraw((n) => n + 1), 500);
    return () => clearInterval(timer);
  }, [l.state]);
  const wait = Math.max(0, Math.ceil((l.retryAt - Date.now()) / 1000));
  const text = l.state === 'live' ? 'Live'
    : l.state === 'connecting' ? 'Connecting'
      : l.state === 'stalled' ? `No news for ${span((Date.now() - l.since) / 1000 + 4)}`
        : l.retryAt ? 'Offline' : 'Reconnecting';
  const tone = l.state === 'live' ? 'good' : l.state === 'offline' ? 'bad' : 'warn';
  return (
    <div class="status" data-testid="status" data-state={l.state} title={l.reason}>
      <span class={'pill ' + tone}>{l.state === 'live' ? <i class="pulse" /> : <i class="still" />}{text}</span>
      {l.state === 'offline' && l.retryAt > 0 && <button type="button" class="quiet" onClick={retryNow}>Retry{wait > 0 && ` (${wait} s)`}</button>}
    </div>
  );
}

function Help({ onClose }: { onClose: () => void }): JSX.Element {
  useEffect(() => {
    const d = document.querySelector<HTMLDialogElement>('dialog.help');
    d?.showModal();
  }, []);
  const keys: [string, string][] = [
    ['1 2 3 4', 'Overview, Catalog, Query, Graph'],
    ['/', 'Filter the catalog'],
    ['Ctrl ↵', 'Run the editor or its selection'],
    ['Shift Ctrl ↵', 'Watch the statement at the cursor'],
    ['Esc', 'Stop what runs'],
    ['Ctrl Space', 'Complete a name'],
    ['↑ ↓ ← →', 'Walk a grid; Ctrl C copies the cell'],
  ];
  return (
    <dialog class="help" onClose={onClose} aria-label="Keys">
      <header class="panel-head"><h2>Keys</h2><form method="dialog" class="panel-actions"><button type="button" class="quiet" aria-label="Close" onClick={(e) => e.currentTarget.closest('dialog')!.close()}><Icon name="close" /></button></form></header>
      <dl>{keys.map(([k, what]) => <div key={k}><dt><kbd>{k}</kbd></dt><dd>{what}</dd></div>)}</dl>
      <p class="note pad"><a href="/assets/THIRD-PARTY.txt" target="_blank" rel="noreferrer">Licenses of the bundled software</a></p>
    </dialog>
  );
}

function App(): JSX.Element {
  const page = route.value.page;
  const [help, setHelp] = useState(false);
  useEffect(() => {
    document.title = NAV.find((n) => n[0] === page)![1] + ' · Millrace';
    document.querySelector('main')?.scrollTo(0, 0);
  }, [page]);
  useEffect(() => {
    const onKey = (e: KeyboardEvent): void => {
      if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
      const t = e.composedPath()[0];
      if (t instanceof HTMLElement && (t.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName))) return;
      const index = '1234'.indexOf(e.key);
      if (index >= 0) { e.preventDefault(); go('#/' + NAV[index]![0]); }
      else if (e.key === '/') {
        e.preventDefault();
        if (route.value.page !== 'catalog') go('#/catalog');
        setTimeout(() => document.querySelector<HTMLInputElement>('[data-focus="filter"]')?.focus(), 60);
      } else if (e.key === '?') setHelp(true);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <>
      <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); document.querySelector<HTMLElement>('main')?.focus(); }}>Skip to content</a>
      <aside class="side">
        <a class="brand" href="#/overview"><Mark /><span>Millrace</span></a>
        <nav aria-label="Pages">
          {NAV.map(([p, title, icon], i) => (
            <a key={p} href={'#/' + p} data-testid={'nav-' + p} aria-current={p === page ? 'page' : undefined} title={`${title} (${i + 1})`}><Icon name={icon} /><span>{title}</span></a>
          ))}
        </nav>
        <div class="side-foot">
          <Status />
          <button type="button" class="quiet help-button" aria-label="Keys and help" onClick={() => setHelp(true)}><Icon name="help" /></button>
        </div>
      </aside>
      <main id="main" tabIndex={-1} class={link.value.state === 'offline' ? 'stale' : ''}><Body key={page} page={page} /></main>
      <div class="sr" role="status" aria-live="polite">{announcement.value}</div>
      {help && <Help onClose={() => setHelp(false)} />}
    </>
  );
}

render(<App />, document.getElementById('app')!);
void follow();
