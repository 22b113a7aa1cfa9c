// The alerts: which of them ring, how their messages go, and for each the rows that ring and those that did.

import type { JSX } from 'preact';
import { runSql } from '../live/api';
import { usePolled } from '../live/polled';
import type { Row } from '../model/contract';
import { parseTime, span, whole } from '../model/format';
import { quote } from '../model/names';
import { toNumber, toText } from '../model/types';
import { Icon } from '../parts/icons';
import { ListPage, NothingYet } from '../parts/listpage';
import { SqlText } from '../parts/sqltext';
import { Copy, Empty, Loading, Panel, Wide } from '../parts/ui';
import { incoming } from '../query/session';
import { alertHref, go, objectHref, route } from '../router';

const ASK = 'SELECT name, state, firing, outstanding, delivered, failed, retries, last_error, last_delivery, address, definition FROM millrace.alerts ORDER BY name';
const EVERY_MS = 2000;
const SHOWN = 200;

const TEMPLATE = `CREATE ALERT too_many ON (SELECT name, n FROM my_view WHERE n > 100)
  NOTIFY 'https://hooks.example/…';`;

interface Alert {
  name: string; state: string; firing: number; outstanding: number; delivered: number; failed: number; retries: number;
  lastError: string; lastDelivery: number; address: string; definition: string;
}

interface Ringing { key: Row[number]; since: number; until: number; told: string; data: Row[number] }

/** The state as the server names it, what that means, and how urgent it looks. */
const STATES: Record<string, [tone: string, meaning: string]> = {
  quiet: ['good', 'nothing rings'],
  firing: ['warn', 'something rings'],
  retrying: ['bad', 'the last message was not taken, and is tried again'],
  full: ['bad', 'more rows ring than may at once; the others are told as these end'],
  broken: ['bad', 'the query cannot be followed, or what is told cannot be written down; it is tried again'],
  off: ['', 'this server delivers no messages'],
};

const ofRow = (r: Row): Alert => ({
  name: toText(r[0]), state: toText(r[1]), firing: toNumber(r[2]), outstanding: toNumber(r[3]), delivered: toNumber(r[4]), failed: toNumber(r[5]), retries: toNumber(r[6]),
  lastError: toText(r[7]), lastDelivery: parseTime(r[8]), address: toText(r[9]), definition: toText(r[10]),
});

/** Those that want somebody first. */
const RANK = ['broken', 'full', 'retrying', 'firing', 'quiet', 'off'];
const worseFirst = (a: Alert, b: Alert): number => RANK.indexOf(a.state) - RANK.indexOf(b.state) || a.name.localeCompare(b.name);

const ago = (ms: number): string => (Number.isNaN(ms) ? '–' : span((Date.now() - ms) / 1000) + ' ago');

function begin(): void {
  incoming.value = { text: TEMPLATE, then: 'nothing' };
  go('#/query');
}

function State({ state }: { state: string }): JSX.Element {
  const [tone, meaning] = STATES[state] ?? ['', ''];
  return <span class={'pill ' + tone} title={meaning}>{state}</span>;
}

export default function Alerts(): JSX.Element {
  const { value: list, problem } = usePolled('', EVERY_MS, async (signal) => ((await runSql(ASK, 10_000, signal))[0]?.rows ?? []).map(ofRow).sort(worseFirst));
  const firing = list?.reduce((n, a) => n + a.firing, 0) ?? 0;
  return (
    <ListPage title="Alerts" about="queries whose rows are told to an address" href="#/alerts" list={list} problem={problem}
      status={firing ? <b class="warn-text">{whole(firing)} row{firing === 1 ? '' : 's'} ring{firing === 1 ? 's' : ''}</b> : 'nothing rings'}
      actions={<button type="button" class="button primary" onClick={begin}><Icon name="plus" />New</button>}
      each={{ asked: route.value.rest, noun: 'alert', nameOf: (a) => a.name, page: (a) => <One key={a.name} alert={a} /> }}
      none={<NothingYet title="Nobody is told anything yet" statement={<SqlText text={TEMPLATE} />} begin={begin}
        about="An alert is a query and the address of a webhook: a row that appears in the answer is told, and told again when it leaves." />}>
      {(all) => <All list={all} />}
    </ListPage>
  );
}

function All({ list }: { list: readonly Alert[] }): JSX.Element {
  return (
    <Panel title="Alerts" note={whole(list.length)}>
      <Wide label="Alerts"><table class="data">
        <thead><tr><th>Name</th><th>State</th><th class="num">Ringing</th><th class="num opt">Waiting</th><th class="num opt">Delivered</th><th class="num opt">Given up</th><th class="opt">Last delivery</th><th class="opt">Address</th></tr></thead>
        <tbody>{list.map((a) => (
          <tr key={a.name} data-testid="alert-row">
            <td class="name"><a href={alertHref(a.name)}>{a.name}</a></td>
            <td><State state={a.state} /></td>
            <td class="num strong">{whole(a.firing)}</td>
            <td class="num opt">{whole(a.outstanding)}</td>
            <td class="num opt">{whole(a.delivered)}</td>
            <td class={'num opt' + (a.failed > 0 ? ' warn' : '')}>{whole(a.failed)}</td>
            <td class="opt">{ago(a.lastDelivery)}</td>
            <td class="opt mono muted">{a.address}</td>
          </tr>
        ))}</tbody>
      </table></Wide>
      <p class="note below">Waiting: messages that have not been taken yet. Given up: messages nobody took in time. Delivered and given up are counted since the server was started.</p>
    </Panel>
  );
}

function One({ alert: a }: { alert: Alert }): JSX.Element {
  return (
    <article class="object">
      <header class="object-head">
        <h1>{a.name}</h1><State state={a.state} />
        <div class="panel-actions"><a class="button" href={objectHref(a.name)}><Icon name="table" />As a table</a></div>
      </header>
      {a.state !== 'quiet' && a.state !== 'firing' && <p class={'notice' + (a.state === 'off' ? '' : ' bad')} role="alert">{sentence(STATES[a.state]?.[1] ?? a.state)}.{a.lastError && ' ' + sentence(a.lastError) + '.'}</p>}
      <dl class="facts">
        <div><dt>Ringing</dt><dd>{whole(a.firing)}</dd></div>
        <div><dt>Waiting</dt><dd>{whole(a.outstanding)}</dd></div>
        <div><dt>Delivered</dt><dd>{whole(a.delivered)}</dd></div>
        <div><dt>Tried again</dt><dd>{whole(a.retries)}</dd></div>
        <div><dt>Given up</dt><dd>{whole(a.failed)}</dd></div>
        <div><dt>Last delivery</dt><dd>{ago(a.lastDelivery)}</dd></div>
      </dl>
      <Incidents name={a.name} />
      <Panel title="Definition" note={'to ' + a.address} actions={<Copy text={a.definition} />}><SqlText text={a.definition} /></Panel>
    </article>
  );
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, '');

const TOLD: Record<string, string> = { pending: 'not yet', delivered: 'yes', failed: 'given up' };

/** What rings, the newest first, and what has left and has not been told to be over. */
function Incidents({ name }: { name: string }): JSX.Element {
  const query = `SELECT key, since, until, told, data FROM ${quote(name)} ORDER BY until IS NOT NULL, since DESC LIMIT ${SHOWN + 1}`;
  const { value: list, problem } = usePolled(query, EVERY_MS, async (signal): Promise<Ringing[]> => ((await runSql(query, SHOWN + 1, signal))[0]?.rows ?? []).map((r) => (
    { key: r[0] ?? null, since: parseTime(r[1]), until: parseTime(r[2]), told: toText(r[3]), data: r[4] ?? null })));
  return (
    <Panel title="Rings now" note={list?.length ? (list.length > SHOWN ? `the newest ${SHOWN}` : whole(list.length)) : ''}>
      {!list ? (problem ? <Empty title="The rows could not be read">{problem.detail || problem.title}</Empty> : <Loading lines={3} />)
        : list.length === 0 ? <Empty title="Nothing rings">A row shows here for as long as it is in the answer of the query.</Empty>
          : (
            <Wide label="What rings"><table class="data">
              <thead><tr><th>Key</th><th>For</th><th>Told</th><th class="opt">Row when it appeared</th></tr></thead>
              <tbody>{list.slice(0, SHOWN).map((r) => (
                <tr key={toText(r.key)} data-testid="alert-incident">
                  <td class="name mono">{fields(r.key)}</td>
                  <td>{Number.isNaN(r.since) ? '–' : span(((Number.isNaN(r.until) ? Date.now() : r.until) - r.since) / 1000)}{!Number.isNaN(r.until) && <span class="muted"> · over</span>}</td>
                  <td class={r.told === 'failed' ? 'warn' : ''}>{TOLD[r.told] ?? r.told}</td>
                  <td class="opt name mono muted">{r.data === null ? 'too long to be told' : fields(r.data)}</td>
                </tr>
              ))}</tbody>
            </table></Wide>
          )}
    </Panel>
  );
}

/** An object as "host a, load 97": without the signs of JSON around it. A whole answer may be the key of a query without columns to name a row by. */
function fields(value: Row[number]): string {
  let object: unknown = value;
  if (typeof value === 'string') {
    try { object = JSON.parse(value); } catch { return value; }
  }
  return object && typeof object === 'object' && !Array.isArray(object)
    ? Object.entries(object).map(([k, v]) => `${k} ${toText(v as Row[number])}`).join(', ')
    : toText(object as Row[number]);
}
