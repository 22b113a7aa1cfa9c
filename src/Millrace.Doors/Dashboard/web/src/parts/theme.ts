// Colours for what is drawn rather than styled: read from the style sheet's variables, so that charts follow the theme.

import { signal } from '@preact/signals';

/** Changes when the reader's colour scheme does. */
export const scheme = signal(matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');

const cache = new Map<string, string>();

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', (e) => {
  cache.clear();
  scheme.value = e.matches ? 'dark' : 'light';
});

export function color(name: string): string {
  let c = cache.get(name);
  if (c === undefined) {
    c = getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
    cache.set(name, c);
  }
  return c;
}

export const SERIES_COLORS = 8;
export const seriesColor = (i: number): string => color('s' + ((i % SERIES_COLORS) + 1));
export const CHART_FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif';
