// Trying an endpoint: a field for each parameter, the address it makes, one answer or a live one.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { token } from '../live/access';
import { announcement } from '../live/store';
import type { Endpoint, EndpointParameter } from '../model/contract';
import { bytes, duration, whole } from '../model/format';
import { Grid } from '../parts/grid';
import { Icon } from '../parts/icons';
import { Copy, Empty, Panel, Segmented } from '../parts/ui';
import { LiveResult, ProblemView } from '../query/results';
import { liveTick, redraw } from '../query/session';
import { ofEndpoint } from '../query/sources';
import { Subscription } from '../query/subscription';
import { addressOf, call, curlOf, TEXT_MAX, type Answer, type Arguments, type Format } from './call';

const FORMATS = [['json', 'JSON'], ['csv', 'CSV'], ['ndjson', 'NDJSON']] as const;

export function TryIt({ endpoint: e }: { endpoint: Endpoint }): JSX.Element {
  const [args, setArgs] = useState<Arguments>({});
  const [format, setFormat] = useState<Format>('json');
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [busy, setBusy] = useState(false);
  const [feed, setFeed] = useState<Subscription | null>(null);
  const cut = useRef<AbortController | null>(null);
  const address = addressOf(e, args, format);
  const live = feed !== null && feed.state !== 'failed' && feed.state !== 'stopped';
  const problem = answer?.problem ?? feed?.problem ?? null;
  void liveTick.value;

  const stop = (): void => { cut.current?.abort(); feed?.stop(); };
  useEffect(() => () => { cut.current?.abort(); }, []);
  useEffect(() => () => feed?.stop(), [feed]);

  const send = async (): Promise<void> => {
    stop();
    setFeed(null);
    const mine = cut.current = new AbortController();
    setBusy(true);
    try {
      const a = await call(address, format, mine.signal);
      setAnswer(a);
      announcement.value = a.problem ? 'Error: ' + (a.problem.detail ?? a.problem.title) : `Answered ${a.status}, ${a.rows ? a.rows.length + ' rows' : bytes(a.bytes)}`;
    } catch {
      // given up for another call
    } finally {
      if (cut.current === mine) setBusy(false);
    }
  };
  const follow = (): void => {
    stop();
    setAnswer(null);
    setFeed(new Subscription(e.name, redraw, ofEndpoint(addressOf(e, args))));
    announcement.value = 'Following ' + e.name;
  };

  return (
    <>
      <Panel title="Try it" class="tryit">
        <form onSubmit={(ev) => { ev.preventDefault(); void send(); }} data-testid="try-form">
          {e.parameters.length > 0
            ? <div class="params">{e.parameters.map((p) => (
              <Field key={p.name} parameter={p} value={args[p.name] ?? ''} fault={problem?.parameter === p.name ? problem.cause ?? problem.detail ?? problem.title : ''}
                onChange={(v) => setArgs({ ...args, [p.name]: v })} />
            ))}</div>
            : <p class="note pad">This endpoint takes no parameters.</p>}
          <div class="address">
            <span class="method">GET</span>
            <code data-testid="try-address" tabIndex={0} aria-label="Address">{address}</code>
            <Copy text={location.origin + address} label="Copy" />
            <Copy text={curlOf(address, location.origin, live, token.value !== '')} label="Copy as curl" />
          </div>
          <div class="toolbar">
            <button type="submit" class="button" data-testid="try-call" disabled={busy}><Icon name="play" />Call</button>
            {live
              ? <button type="button" class="button danger" data-testid="try-stop" onClick={() => { feed.stop(); redraw(); }}><Icon name="stop" />Stop</button>
              : <button type="button" class="button primary" data-testid="try-live" onClick={follow}><Icon name="eye" />Follow live</button>}
            <span class="toolbar-fill" />
            <Segmented label="Format" options={FORMATS} value={format} onChange={setFormat} />
          </div>
        </form>
      </Panel>
      {feed && (feed.problem && !feed.set ? <ProblemView problem={feed.problem} line={0} column={0} /> : <LiveResult key={feed.generation} sub={feed} again={follow} />)}
      {answer && (answer.problem ? <ProblemView problem={answer.problem} line={0} column={0} /> : <AnswerPanel answer={answer} format={format} />)}
    </>
  );
}

function Field({ parameter: p, value, fault, onChange }: { parameter: EndpointParameter; value: string; fault: string; onChange: (v: string) => void }): JSX.Element {
  const id = 'param-' + p.name;
  const hint = p.required ? 'required' : p.default === null ? 'optional' : 'default ' + p.default;
  const number = /^(smallint|integer|bigint|real|double|numeric)/.test(p.type);
  const shared = { id, 'aria-describedby': id + '-hint', 'aria-invalid': fault !== '', 'data-testid': id };
  return (
    <div class={'param' + (fault ? ' faulty' : '')}>
      <label for={id}><span class="param-name">{p.name}</span> <span class="param-type">{p.type}</span></label>
      {p.type === 'boolean'
        ? <select {...shared} value={value} onChange={(e) => onChange(e.currentTarget.value)}>{!p.required || value === '' ? <option value="">{p.required ? 'choose' : hint}</option> : null}<option value="true">true</option><option value="false">false</option></select>
        : <input {...shared} type="text" value={value} placeholder={p.default ?? (p.required ? '' : 'NULL')} inputMode={number ? 'decimal' : 'text'} autocomplete="off" autocapitalize="off" spellcheck={false} onInput={(e) => onChange(e.currentTarget.value)} />}
      <p id={id + '-hint'} class="param-hint">{fault || hint}</p>
    </div>
  );
}

const SHOWS = [['rows', 'Rows'], ['text', 'Text']] as const;

function AnswerPanel({ answer: a, format }: { answer: Answer; format: Format }): JSX.Element {
  const [show, setShow] = useState<'rows' | 'text'>('rows');
  const { columns } = a;
  const asRows = show === 'rows' && columns !== null && a.rows !== null;
  return (
    <section class="panel result" data-testid="try-answer" data-status={a.status}>
      <header class="panel-head">
        <h2><span class="pill good">{a.status}</span></h2>
        <span class="note">{a.rows && `${whole(a.rows.length)} row${a.rows.length === 1 ? '' : 's'} · `}{bytes(a.bytes)} in {duration(a.ms)}{a.etag && <> · ETag <code>{a.etag}</code></>}</span>
        {columns && <div class="panel-actions"><Segmented label="Show" options={SHOWS} value={show} onChange={setShow} /></div>}
      </header>
      {a.cut && <p class="notice">Only the first {whole(TEXT_MAX)} characters are shown.</p>}
      {asRows
        ? a.rows!.length === 0 ? <Empty title="No rows">The call was answered; nothing matches it.</Empty>
          : <Grid columns={columns} rows={a.rows!} label="Answer" testId="try-grid" height={Math.min(420, 34 + a.rows!.length * 26 + 14)} />
        : <pre class="answer-text" tabIndex={0} aria-label={'Answer as ' + format}><code data-testid="try-text">{a.text}</code></pre>}
    </section>
  );
}
