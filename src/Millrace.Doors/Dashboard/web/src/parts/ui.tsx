// Small parts every page uses: panels, segmented choices, badges, empty and loading states.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren, JSX } from 'preact';
import type { Kind } from '../model/contract';

export function Panel(props: { title: ComponentChildren; actions?: ComponentChildren; children: ComponentChildren; class?: string; note?: string }): JSX.Element {
  return (
    <section class={'panel ' + (props.class ?? '')}>
      <header class="panel-head">
        <h2>{props.title}</h2>
        {props.note && <span class="note">{props.note}</span>}
        {props.actions && <div class="panel-actions">{props.actions}</div>}
      </header>
      {props.children}
    </section>
  );
}

export function Segmented<T extends string | number>(props: {
  label: string; options: readonly (readonly [T, string])[]; value: T; onChange: (v: T) => void;
}): JSX.Element {
  return (
    <div class="segmented" role="group" aria-label={props.label}>
      {props.options.map(([v, text]) => (
        <button key={v} type="button" aria-pressed={v === props.value} onClick={() => props.onChange(v)}>{text}</button>
      ))}
    </div>
  );
}

/** A table that scrolls sideways where it is too wide; the keyboard can do so too, but stops there only then. */
export function Wide({ label, children }: { label: string; children: ComponentChildren }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [over, setOver] = useState(false);
  useEffect(() => {
    const el = box.current!;
    const watch = new ResizeObserver(() => setOver(el.scrollWidth > el.clientWidth));
    watch.observe(el);
    watch.observe(el.firstElementChild!);
    return () => watch.disconnect();
  }, []);
  return <div class="scroll-x" ref={box} {...(over ? { tabIndex: 0, role: 'group', 'aria-label': label + ', scrolls' } : {})}>{children}</div>;
}

export function Badge({ kind }: { kind: Kind | 'operator' }): JSX.Element {
  return <span class={'badge kind-' + kind}>{kind}</span>;
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
  return <div class="empty"><p class="empty-title">{title}</p>{children && <div class="empty-text">{children}</div>}</div>;
}

export function Loading({ lines = 4 }: { lines?: number }): JSX.Element {
  return <div class="loading" role="status" aria-label="Loading">{Array.from({ length: lines }, (_, i) => <i key={i} class={'bone w' + (i % 4)} />)}</div>;
}

export function Copy({ text, label = 'Copy' }: { text: string; label?: string }): JSX.Element {
  const copy = (e: MouseEvent): void => {
    const button = e.currentTarget as HTMLButtonElement;
    void navigator.clipboard?.writeText(text).then(() => {
      button.dataset.done = 'yes';
      setTimeout(() => delete button.dataset.done, 1200);
    }).catch(() => undefined);
  };
  return <button type="button" class="quiet copy" onClick={copy}>{label}</button>;
}

/** What to paste into a shell or a program, each under its title. */
export function FromYourProgram({ snippets }: { snippets: [string, string][] }): JSX.Element {
  return (
    <Panel title="From your program">
      {snippets.map(([title, text]) => (
        <div class="snippet" key={title}>
          <header><h3>{title}</h3><Copy text={text} /></header>
          <pre tabIndex={0} aria-label={title}><code>{text}</code></pre>
        </div>
      ))}
    </Panel>
  );
}
