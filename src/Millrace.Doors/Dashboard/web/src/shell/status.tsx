// Whether the page hears from its server, and what it does when it does not.

import { useEffect, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { link, retryNow } from '../live/store';
import { span } from '../model/format';

export function Status(): JSX.Element {
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
