// The page's two questions to and from the reader: which keys there are, and which token to use.

import { useEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import { answered, asking } from '../live/access';
import { retryNow } from '../live/store';
import { Icon } from '../parts/icons';
import { NAV } from './pages';

function useModal(): { current: HTMLDialogElement | null } {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => { if (!dialog.current?.open) dialog.current?.showModal(); }, []);
  return dialog;
}

export function Help({ onClose }: { onClose: () => void }): JSX.Element {
  const dialog = useModal();
  const keys: [string, string][] = [
    [NAV.map((_n, i) => i + 1).join(' '), NAV.map((n) => n.title).join(', ')],
    ['/', 'Filter the catalog'],
    ['Ctrl ↵', 'Run the editor or its selection'],
    ['Shift Ctrl ↵', 'Watch the statement at the cursor'],
    ['Esc', 'Stop what runs'],
    ['Ctrl Space', 'Complete a name'],
    ['↑ ↓ ← →', 'Walk a grid; Ctrl C copies the cell'],
  ];
  return (
    <dialog class="help" ref={dialog} onClose={onClose} aria-label="Keys">
      <header class="panel-head"><h2>Keys</h2><div class="panel-actions"><button type="button" class="quiet" aria-label="Close" onClick={() => dialog.current!.close()}><Icon name="close" /></button></div></header>
      <dl>{keys.map(([k, what]) => <div key={k}><dt><kbd>{k}</kbd></dt><dd>{what}</dd></div>)}</dl>
      <p class="note pad"><a href="/assets/THIRD-PARTY.txt" target="_blank" rel="noreferrer">Licenses of the bundled software</a></p>
    </dialog>
  );
}

/** Asks for a token; it is kept for this tab only and sent to this server only. */
export function TokenQuestion(): JSX.Element {
  const dialog = useModal();
  const field = useRef<HTMLInputElement>(null);
  return (
    <dialog class="help token" ref={dialog} onClose={() => { if (asking.value !== null) answered(''); }} aria-label="Token">
      <form onSubmit={(e) => { e.preventDefault(); answered(field.current!.value); retryNow(); }}>
        <header class="panel-head"><h2>Token</h2></header>
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
    </dialog>
  );
}
