// A question over the page: keeps the focus inside, closes on Esc.

import { useEffect, useRef } from 'preact/hooks';
import type { ComponentChildren, JSX } from 'preact';
import { Icon } from './icons';

export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren; class?: string }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => { if (!dialog.current?.open) dialog.current?.showModal(); }, []);
  return (
    <dialog class={'help ' + (props.class ?? '')} ref={dialog} onClose={props.onClose} aria-label={props.title}>
      <header class="panel-head">
        <h2>{props.title}</h2>
        <div class="panel-actions"><button type="button" class="quiet" aria-label="Close" onClick={() => dialog.current!.close()}><Icon name="close" /></button></div>
      </header>
      {props.children}
    </dialog>
  );
}
