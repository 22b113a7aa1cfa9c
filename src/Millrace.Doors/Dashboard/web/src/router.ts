// Pages by the address's hash: #/overview, #/catalog/name, #/query, #/graph, #/endpoints/name, #/alerts/name, #/api, #/boards/id, #/subscriptions, #/graph/view.

import { signal } from '@preact/signals';

export type Page = 'overview' | 'query' | 'catalog' | 'graph' | 'endpoints' | 'alerts' | 'api' | 'boards' | 'subscriptions';
export interface Route { page: Page; rest: string; params: URLSearchParams }

const PAGES: Page[] = ['overview', 'query', 'catalog', 'graph', 'endpoints', 'alerts', 'api', 'boards', 'subscriptions'];

function parse(): Route {
  const [path = '', search = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [page, ...rest] = path.split('/');
  return {
    page: PAGES.find((p) => p === page) ?? 'overview',
    rest: decode(rest.join('/')),
    params: new URLSearchParams(search),
  };
}

function decode(s: string): string {
  try {
    return decodeURIComponent(s);
  } catch {
    return s;
  }
}

export const route = signal<Route>(parse());
addEventListener('hashchange', () => { route.value = parse(); });

export const objectHref = (name: string): string => '#/catalog/' + encodeURIComponent(name);
export const endpointHref = (name: string): string => '#/endpoints/' + encodeURIComponent(name);
export const alertHref = (name: string): string => '#/alerts/' + encodeURIComponent(name);
export const graphHref = (view: string): string => '#/graph/' + encodeURIComponent(view);
export const boardHref = (id: string): string => '#/boards/' + encodeURIComponent(id);
export const go = (href: string): void => { location.hash = href; };
