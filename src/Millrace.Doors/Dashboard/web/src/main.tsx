// The shell: the page asked for inside its frame, the keys, and the dialogs.

import { render } from 'preact';
import { useEffect, useErrorBoundary, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { asking } from './live/access';
import { announcement, follow, link } from './live/store';
import { isForPage } from './parts/keys';
import { Empty, Loading } from './parts/ui';
import { incoming } from './query/session';
import { go, route, type Page } from './router';
import { Help, TokenQuestion } from './shell/dialogs';
import { Side } from './shell/frame';
import { LATER, loaded, NAV, titleOf } from './shell/pages';

declare global {
  interface Window { __millrace: { setQuery(text: string): void } }
}

// For tests and for the curious: fills the editor, runs nothing.
window.__millrace = { setQuery: (text) => { incoming.value = { text, then: 'nothing' }; } };

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

function App(): JSX.Element {
  const page = route.value.page;
  const [help, setHelp] = useState(false);
  // A board full screen stands alone.
  const bare = page === 'boards' && route.value.params.has('full');
  useEffect(() => { document.getElementById('app')!.classList.toggle('bare', bare); }, [bare]);
  useEffect(() => {
    document.title = titleOf(page) + ' · Millrace';
    document.querySelector('main')?.scrollTo(0, 0);
  }, [page]);
  useEffect(() => {
    const onKey = (e: KeyboardEvent): void => {
      if (e.defaultPrevented || !isForPage(e)) return;
      const index = e.key.length === 1 ? '123456789'.indexOf(e.key) : -1;
      if (index >= 0 && NAV[index]) { e.preventDefault(); go('#/' + NAV[index].page); }
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
      {!bare && <Side page={page} onHelp={() => setHelp(true)} />}
      <main id="main" tabIndex={-1} class={link.value.state === 'offline' ? 'stale' : ''}><Body key={page} page={page} /></main>
      <div class="sr" role="status" aria-live="polite">{announcement.value}</div>
      {help && <Help onClose={() => setHelp(false)} />}
      {asking.value !== null && <TokenQuestion />}
    </>
  );
}

render(<App />, document.getElementById('app')!);
void follow();
