// The endpoints: what is published, with which parameters, and a form to try each.

import { useEffect, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { TryIt } from '../endpoints/tryit';
import { asProblem, fetchEndpoints } from '../live/api';
import { catalog } from '../live/store';
import type { Endpoint, Problem } from '../model/contract';
import { curlOf } from '../endpoints/call';
import { Icon } from '../parts/icons';
import { SqlText } from '../parts/sqltext';
import { Copy, Empty, FromYourProgram, Loading, Panel, Wide } from '../parts/ui';
import { incoming } from '../query/session';
import { endpointHref, go, route } from '../router';

const TEMPLATE = `CREATE ENDPOINT my_endpoint (n int DEFAULT 10) AS
SELECT *
FROM my_view
LIMIT $n;`;

/** A statement to begin with, over a view that is there. */
function begin(): void {
  const view = catalog.value?.objects.find((o) => o.kind === 'view');
  incoming.value = { text: view ? TEMPLATE.replaceAll('my_view', view.name).replace('my_endpoint', view.name) : TEMPLATE, then: 'nothing' };
  go('#/query');
}

export default function Endpoints(): JSX.Element {
  const [list, setList] = useState<Endpoint[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const name = route.value.rest;
  const objects = catalog.value;
  useEffect(() => {
    let stopped = false;
    let timer = 0;
    const ask = async (): Promise<void> => {
      try {
        const found = await fetchEndpoints();
        if (stopped) return;
        setList((old) => (JSON.stringify(old) === JSON.stringify(found) ? old : found));
        setProblem(null);
      } catch (error) {
        if (!stopped) setProblem(asProblem(error));
      }
      // Definitions made elsewhere show by themselves, soon enough.
      if (!stopped) timer = window.setTimeout(() => void ask(), 5000);
    };
    void ask();
    return () => { stopped = true; clearTimeout(timer); };
  }, [objects]);

  const chosen = list?.find((e) => e.name === name);
  const head = (
    <header class="page-head">
      <h1>Endpoints</h1>
      <span class="note">queries with parameters, published over HTTP</span>
      <div class="panel-actions">
        <a class="button" href="#/api" data-testid="open-api"><Icon name="catalog" />API description</a>
        <button type="button" class="button primary" onClick={begin}><Icon name="plus" />New</button>
      </div>
    </header>
  );
  if (!list) return <div class="page">{head}{problem ? <Empty title="The endpoints could not be read">{problem.detail ?? problem.title}</Empty> : <Loading lines={6} />}</div>;
  if (name) {
    return (
      <div class="page">
        <a class="crumb" href="#/endpoints">← All endpoints</a>
        {chosen ? <One key={chosen.name} endpoint={chosen} /> : <Empty title={`There is no endpoint “${name}”`}>It may have been dropped. <a href="#/endpoints">All endpoints</a></Empty>}
      </div>
    );
  }
  return (
    <div class="page">
      {head}
      {list.length === 0
        ? (
          <Empty title="Nothing is published yet">
            <p>One statement publishes a query under a name, with typed parameters, as JSON, CSV and a live feed.</p>
            <SqlText text={TEMPLATE} />
            <button type="button" class="button primary" onClick={begin}>Write one</button>
          </Empty>
        )
        : (
          <ul class="endpoint-list">{list.map((e) => (
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
    </div>
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
