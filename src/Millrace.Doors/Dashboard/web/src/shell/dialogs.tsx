// The page's two questions to and from the reader: which keys there are, and which token to use.

import { useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import { answered, asking } from '../live/access';
import { retryNow } from '../live/store';
import { Dialog } from '../parts/dialog';
import { NAV } from './pages';

export function Help({ onClose }: { onClose: () => void }): JSX.Element {
  const keys: [string, string][] = [
    [NAV.map((_n, i) => i + 1).join(' '), NAV.map((n) => n.title).join(', ')],
    ['/', 'Filter the catalog'],
    ['Ctrl ↵', 'Run the editor or its selection'],
    ['Shift Ctrl ↵', 'Watch the statement at the cursor'],
    ['Esc', 'Stop what runs; leave full screen'],
    ['Ctrl Space', 'Complete a name'],
    ['↑ ↓ ← →', 'Walk a grid; Ctrl C copies the cell'],
    ['E', 'Arrange the board'],
    ['F', 'Show the board full screen'],
  ];
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl>{keys.map(([k, what]) => <div key={k}><dt><kbd>{k}</kbd></dt><dd>{what}</dd></div>)}</dl>
      <p class="note pad"><a href="/assets/THIRD-PARTY.txt" target="_blank" rel="noreferrer">Licenses of the bundled software</a></p>
    </Dialog>
  );
}

/** Asks for a token; it is kept for this tab only and sent to this server only. */
export function TokenQuestion(): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  return (
    <Dialog title="Token" class="token" onClose={() => { if (asking.value !== null) answered(''); }}>
      <form onSubmit={(e) => { e.preventDefault(); answered(field.current!.value); retryNow(); }}>
        <div class="token-body">
          {asking.value && <p>{asking.value}</p>}
          <label for="token-field">Paste a token. It is kept until this tab is closed.</label>
          <input id="token-field" ref={field} type="password" autocomplete="off" spellcheck={false} data-testid="token-field" />
        </div>
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={() => answered('')}>Not now</button>
          <button type="submit" class="button primary" data-testid="token-use">Use it</button>
        </footer>
      </form>
    </Dialog>
  );
}
