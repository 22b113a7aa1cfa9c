// What stands around every page: the navigation, the state of the connection, and who the reader is.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { declined, signIn, signOut, token } from '../live/access';
import { Icon, Mark } from '../parts/icons';
import type { Page } from '../router';
import { FIRST, NAV, within, type Entry } from './pages';
import { Status } from './status';

export function Side({ page, onHelp }: { page: Page; onHelp: () => void }): JSX.Element {
  const [more, setMore] = useState(false);
  const nav = useRef<HTMLElement>(null);
  const current = within(page);
  useEffect(() => setMore(false), [page]);
  useEffect(() => {
    if (!more) return;
    const away = (e: Event): void => { if (!nav.current?.contains(e.target as Node)) setMore(false); };
    const key = (e: KeyboardEvent): void => { if (e.key === 'Escape') setMore(false); };
    addEventListener('pointerdown', away);
    addEventListener('keydown', key);
    return () => { removeEventListener('pointerdown', away); removeEventListener('keydown', key); };
  }, [more]);
  const entry = (n: Entry, i: number): JSX.Element => (
    <a key={n.page} href={'#/' + n.page} data-testid={'nav-' + n.page} aria-current={n.page === current ? 'page' : undefined} title={`${n.title} (${i + 1})`}>
      <Icon name={n.icon} /><span>{n.title}</span>
    </a>
  );
  return (
    <aside class="side">
      <a class="brand" href="#/overview"><Mark /><span>Millrace</span></a>
      <nav aria-label="Pages" ref={nav} class={more ? 'opened' : ''}>
        {NAV.slice(0, FIRST).map(entry)}
        <button type="button" class={'more' + (NAV.slice(FIRST).some((n) => n.page === current) ? ' here' : '')} aria-expanded={more} onClick={() => setMore(!more)}><Icon name="more" /><span>More</span></button>
        <div class="later">{NAV.slice(FIRST).map((n, i) => entry(n, i + FIRST))}</div>
      </nav>
      <div class="side-foot">
        <Status />
        {token.value
          ? <button type="button" class="quiet help-button" aria-label="Forget the token" title="Forget the token" onClick={signOut}><Icon name="key" /></button>
          : declined.value && <button type="button" class="quiet" onClick={signIn}><Icon name="key" />Token</button>}
        <button type="button" class="quiet help-button" aria-label="Keys and help" onClick={onHelp}><Icon name="help" /></button>
      </div>
    </aside>
  );
}
