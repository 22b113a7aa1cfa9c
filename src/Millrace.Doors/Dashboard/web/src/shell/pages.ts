// The pages in the order of the navigation, and how those that come later are loaded.

import type { ComponentType } from 'preact';
import { Catalog } from '../pages/catalog';
import { Overview } from '../pages/overview';
import type { IconName } from '../parts/icons';
import type { Page } from '../router';

export interface Entry { page: Page; title: string; icon: IconName }

/** A phone shows the first four, and the others when asked. */
export const FIRST = 4;
export const NAV: Entry[] = [
  { page: 'overview', title: 'Overview', icon: 'overview' },
  { page: 'query', title: 'Query', icon: 'query' },
  { page: 'boards', title: 'Boards', icon: 'boards' },
  { page: 'catalog', title: 'Catalog', icon: 'catalog' },
  { page: 'endpoints', title: 'Endpoints', icon: 'endpoints' },
  { page: 'alerts', title: 'Alerts', icon: 'alerts' },
  { page: 'graph', title: 'Graph', icon: 'graph' },
  { page: 'subscriptions', title: 'Subscriptions', icon: 'subscriptions' },
];

/** Pages that are reached from another one, and which entry stands for them. */
export const within = (page: Page): Page => (page === 'api' ? 'endpoints' : page);
export const titleOf = (page: Page): string => (page === 'api' ? 'API description' : NAV.find((n) => n.page === page)!.title);

// The editor and the graph's layout are most of the bytes: they come when first asked for.
export const LATER: Partial<Record<Page, () => Promise<{ default: ComponentType }>>> = {
  query: () => import('../pages/query'),
  graph: () => import('../pages/graph'),
  endpoints: () => import('../pages/endpoints'),
  alerts: () => import('../pages/alerts'),
  api: () => import('../pages/api'),
  subscriptions: () => import('../pages/subscriptions'),
  boards: () => import('../pages/boards'),
};

export const loaded = new Map<Page, ComponentType>([['overview', Overview], ['catalog', Catalog]]);
