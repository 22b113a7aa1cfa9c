// The endpoints: what is published, with which parameters, and a form to try each.

import { useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import { TryIt } from '../endpoints/tryit';
import { fetchEndpoints } from '../live/api';
import { usePolled } from '../live/polled';
import { catalog } from '../live/store';
import type { Endpoint } from '../model/contract';
import { fullName, quote } from '../model/names';
import { curlOf } from '../endpoints/call';
import { Icon } from '../parts/icons';
import { ListPage, NothingYet } from '../parts/listpage';
import { SqlText } from '../parts/sqltext';
import { Copy, FromYourProgram, Panel, Wide } from '../parts/ui';
import { incoming } from '../query/session';
import { endpointHref, go, route } from '../router';

const EVERY_MS = 3000;

const TEMPLATE = `CREATE ENDPOINT my_endpoint (n int DEFAULT 10) AS
SELECT *
FROM my_view
LIMIT $n;`;

/** A statement to begin with, over a view that is there. */
function begin(): void {
  const view = catalog.value?.objects.find((o) => o.kind === 'view');
  incoming.value = { text: view ? TEMPLATE.replaceAll('my_view', fullName(view)).replace('my_endpoint', quote(view.name)) : TEMPLATE, then: 'nothing' };
  go('#/query');
}

export default function Endpoints(): JSX.Element {
  const before = useRef<Endpoint[] | null>(null);
  // Definitions made elsewhere show by themselves, soon enough. As long as none changes it is the same list: a form that is being filled in is left alone.
  const { value: list, problem } = usePolled('', EVERY_MS, async (signal) => {
    const found = await fetchEndpoints(signal);
    return (before.current = JSON.stringify(before.current) === JSON.stringify(found) ? before.current! : found);
  });
  return (
    <ListPage title="Endpoints" about="queries with parameters, published over HTTP" href="#/endpoints" list={list} problem={problem}
      actions={<>
        <a class="button" href="#/api" data-testid="open-api"><Icon name="catalog" />API description</a>
        <button type="button" class="button primary" onClick={begin}><Icon name="plus" />New</button>
      </>}
      each={{ asked: route.value.rest, noun: 'endpoint', nameOf: (e) => e.name, page: (e) => <One key={e.name} endpoint={e} /> }}
      none={<NothingYet title="Nothing is published yet" statement={<SqlText text={TEMPLATE} />} begin={begin}
        about="One statement publishes a query under a name, with typed parameters, as JSON, CSV and a live feed." />}>
      {(all) => (
        <ul class="endpoint-list">{all.map((e) => (
          <li key={e.name} class="panel" data-testid="endpoint-row">
            <a class="endpoint-link" href={endpointHref(e.name)}>
              <span class="endpoint-name"><span class="method">GET</span><code>{e.path}</code></span>
              <span class="endpoint-params">{e.parameters.length === 0 ? <span class="muted">no parameters</span> : e.parameters.map((p) => (
                <span key={p.name} class="param-chip"><b>{p.name}</b> {p.type}{p.required ? '' : p.default === null ? ', optional' : ' = ' + p.default}</span>
              ))}</span>
              <span class="endpoint-columns">{e.columns.map((c) => c.name).join(', ')}</span>
            </a>
          </li>
        ))}</ul>
      )}
    </ListPage>
  );
}

function One({ endpoint: e }: { endpoint: Endpoint }): JSX.Element {
  const snippets: [string, string][] = [
    ['Once', curlOf(e.path + example(e), location.origin, false, false)],
    ['Live', curlOf(e.path + example(e), location.origin, true, false)],
    ['In a page', `const feed = new EventSource('${location.origin}${e.path}${example(e)}');\nfeed.addEventListener('snapshot', (m) => show(JSON.parse(m.data).rows));\nfeed.addEventListener('delta', (m) => change(JSON.parse(m.data)));   // upserts, deletes`],
  ];
  return (
    <article class="object">
      <header class="object-head"><h1>{e.name}</h1><span class="badge kind-endpoint">endpoint</span>
        <div class="panel-actions"><a class="button" href={'#/api/' + encodeURIComponent(e.name)}><Icon name="catalog" />Description</a></div></header>
      <TryIt endpoint={e} />
      <div class="two">
        <Panel title="Columns" note={e.key.length ? 'key: ' + e.key.join(', ') : 'no key'}>
          <Wide label="Columns"><table class="data">
            <thead><tr><th>Name</th><th>Type</th></tr></thead>
            <tbody>{e.columns.map((c) => <tr key={c.name}><td class="name mono">{c.name}</td><td class="mono muted">{c.type}</td></tr>)}</tbody>
          </table></Wide>
        </Panel>
        <div>
          <Panel title="Definition" actions={<Copy text={e.definition} />}><SqlText text={e.definition} /></Panel>
          <FromYourProgram snippets={snippets} />
        </div>
      </div>
    </article>
  );
}

/** The parameters that must be given, with a value to replace. */
function example(e: Endpoint): string {
  const must = e.parameters.filter((p) => p.required).map((p) => `${encodeURIComponent(p.name)}=${/int|numeric|double|real/.test(p.type) ? '1' : p.type === 'boolean' ? 'true' : 'VALUE'}`);
  return must.length ? '?' + must.join('&') : '';
}
