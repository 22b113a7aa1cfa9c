// The API description: /openapi.json as a page to read, drawn here so that nothing is fetched from elsewhere.

import { useEffect, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { asProblem, get } from '../live/api';
import type { Problem } from '../model/contract';
import { Icon } from '../parts/icons';
import { SqlText } from '../parts/sqltext';
import { Empty, Loading, Wide } from '../parts/ui';
import { endpointHref, route } from '../router';

interface Schema {
  type?: string | string[];
  format?: string;
  default?: unknown;
  enum?: unknown[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  const?: unknown;
  $ref?: string;
  'x-sql-type'?: string;
}
interface Parameter { name: string; in: string; $ref?: string; required?: boolean; schema?: Schema; example?: unknown; description?: string }
interface Answer { description?: string; content?: Record<string, { schema?: Schema }> }
interface Operation { operationId?: string; summary?: string; description?: string; parameters?: Parameter[]; responses?: Record<string, Answer> }
interface Description {
  openapi: string;
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema>; parameters?: Record<string, Parameter> };
}

export default function Api(): JSX.Element {
  const [doc, setDoc] = useState<Description | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [filter, setFilter] = useState('');
  const wanted = route.value.rest;
  useEffect(() => {
    get<Description>('/openapi.json').then(setDoc, (error) => setProblem(asProblem(error)));
  }, []);
  useEffect(() => {
    if (doc && wanted) document.getElementById('operation-' + wanted)?.scrollIntoView();
  }, [doc, wanted]);
  const needle = filter.trim().toLowerCase();
  const paths = Object.entries(doc?.paths ?? {}).filter(([path]) => path.toLowerCase().includes(needle));
  return (
    <div class="page api-page">
      <a class="crumb" href="#/endpoints">← Endpoints</a>
      <header class="page-head">
        <h1>{doc?.info.title ?? 'API description'}</h1>
        {doc && <span class="note">OpenAPI {doc.openapi} · version {doc.info.version}</span>}
        <div class="panel-actions">
          <input type="search" placeholder="Filter" aria-label="Filter operations" value={filter} onInput={(e) => setFilter(e.currentTarget.value)} />
          <a class="button" href="/openapi.json" target="_blank" rel="noreferrer"><Icon name="download" />openapi.json</a>
          <a class="button" href="/v1/client.ts" download="millrace.ts"><Icon name="download" />TypeScript</a>
          <a class="button" href="/v1/client.cs" download="MillraceEndpoints.cs"><Icon name="download" />C#</a>
        </div>
      </header>
      {problem && <Empty title="The description could not be read">{problem.detail ?? problem.title}</Empty>}
      {!doc && !problem && <Loading lines={6} />}
      {doc?.info.description && <p class="lead">{doc.info.description}</p>}
      {doc && paths.length === 0 && <Empty title={needle ? 'Nothing matches' : 'Nothing is published yet'}>{!needle && <>CREATE ENDPOINT publishes a query. <a href="#/endpoints">Endpoints</a></>}</Empty>}
      {doc && paths.map(([path, operations]) => Object.entries(operations).map(([method, o]) => (
        <OperationPanel key={method + path} doc={doc} path={path} method={method} operation={o} open={needle !== '' || o.operationId === wanted || paths.length <= 3} />
      )))}
    </div>
  );
}

function OperationPanel({ doc, path, method, operation: o, open }: { doc: Description; path: string; method: string; operation: Operation; open: boolean }): JSX.Element {
  const name = o.operationId ?? path;
  const own = (o.parameters ?? []).filter((p) => !p.$ref);
  const shared = (o.parameters ?? []).flatMap((p) => (p.$ref ? doc.components?.parameters?.[named(p.$ref)] ?? [] : []));
  return (
    <details class="panel operation" id={'operation-' + name} open={open} data-testid="operation">
      <summary><span class="method">{method.toUpperCase()}</span><code>{path}</code></summary>
      {o.description && <SqlText text={o.description} />}
      {own.length > 0 && <Parameters list={own} />}
      {shared.length > 0 && <details class="media shared"><summary>What may be said of every endpoint</summary><Parameters list={shared} /></details>}
      <dl class="answers">{Object.entries(o.responses ?? {}).map(([status, a]) => (
        <div key={status}>
          <dt><span class={'pill ' + (status < '300' ? 'good' : status < '400' ? '' : 'warn')}>{status}</span></dt>
          <dd>
            <p>{a.description}</p>
            {Object.entries(a.content ?? {}).map(([type, c]) => (
              <details key={type} class="media"><summary><code>{type}</code></summary><SchemaTree doc={doc} schema={c.schema} /></details>
            ))}
          </dd>
        </div>
      ))}</dl>
      <a class="button wide" href={endpointHref(name)}>Try it</a>
    </details>
  );
}

function Parameters({ list }: { list: Parameter[] }): JSX.Element {
  return (
    <Wide label="Parameters"><table class="data">
      <thead><tr><th>Parameter</th><th>Type</th><th>Default</th><th>Notes</th></tr></thead>
      <tbody>{list.map((p) => (
        <tr key={p.name}>
          <td class="name mono">{p.name}</td>
          <td class="mono muted">{typeText(p.schema)}{p.in === 'header' && ', header'}</td>
          <td class={p.required ? 'strong' : 'mono muted'}>{p.required ? 'required' : p.schema?.default === undefined ? '–' : String(p.schema.default)}</td>
          <td class="muted wrapped">{[p.description, p.schema?.enum && 'one of ' + p.schema.enum.join(', '), p.example !== undefined && p.example !== '…' && 'such as ' + String(p.example)].filter(Boolean).join(' · ')}</td>
        </tr>
      ))}</tbody>
    </table></Wide>
  );
}

/** What a reference names. */
const named = (ref: string): string => ref.split('/').pop() ?? '';

function typeText(s: Schema | undefined): string {
  if (!s) return '';
  if (s.$ref) return 'object';
  const type = Array.isArray(s.type) ? s.type.join(' or ') : s.type ?? 'any';
  return s['x-sql-type'] && s['x-sql-type'] !== type ? `${type} (${s['x-sql-type']})` : type;
}

/** A schema as nested lists. A reference inside itself would never end: it is followed so deep and no further. */
function SchemaTree({ doc, schema, depth = 0 }: { doc: Description; schema: Schema | undefined; depth?: number }): JSX.Element | null {
  const s = schema?.$ref ? doc.components?.schemas?.[named(schema.$ref)] : schema;
  if (!s || depth > 6) return null;
  if (s.oneOf) {
    return (
      <>
        {s.description && <p class="note">{s.description}</p>}
        {s.oneOf.map((one, i) => <SchemaTree key={i} doc={doc} schema={one} depth={depth + 1} />)}
      </>
    );
  }
  if (s.items) return <SchemaTree doc={doc} schema={s.items} depth={depth + 1} />;
  if (!s.properties) return <p class="note">{typeText(s)}{s.description && ': ' + s.description}</p>;
  return (
    <ul class="schema">{Object.entries(s.properties).map(([name, p]) => (
      <li key={name}><code>{name}</code> <span class="muted">{p.const !== undefined ? `“${String(p.const)}”` : typeText(p)}{p.items ? ' of ' + typeText(p.items) : ''}{s.required?.includes(name) ? ', always' : ''}</span>
        {(p.properties || p.items?.properties || p.items?.$ref || p.$ref) && <SchemaTree doc={doc} schema={p} depth={depth + 1} />}</li>
    ))}</ul>
  );
}
