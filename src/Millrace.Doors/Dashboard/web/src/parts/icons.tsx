// The few icons the page needs, drawn on a 16 px grid.

import type { JSX } from 'preact';

const PATHS = {
  overview: 'M2 9.5h3l2-6 3 9.5 2-5.5h2',
  catalog: 'M2.5 3.5h4v3h-4zM9 5h4.5M2.5 9.5h4v3h-4zM9 11h4.5',
  query: 'M3 4l4 4-4 4M8.5 12H13',
  graph: 'M2 6.5h4v3H2zM10.5 2.5h3.5v3h-3.5zM10.5 10.5h3.5v3h-3.5zM6 8h2.2M8.2 4v8M8.2 4h2.3M8.2 12h2.3',
  endpoints: 'M5.5 4.500L2 8l3.500 3.500M10.500 4.500L14 8l-3.500 3.500M9 3l-2 10',
  boards: 'M2.5 2.5h5v6h-5zM9.500 2.500h4v3h-4zM9.500 7.500h4v6h-4zM2.500 10.500h5v3h-5z',
  alerts: 'M8 2.2a4 4 0 0 0-4 4v2.600L2.700 11.300h10.600L12 8.800V6.200a4 4 0 0 0-4-4zM6.500 13.500h3',
  subscriptions: 'M3 13.500a.01.01 0 0 1 .01 0M3 9.500a4 4 0 0 1 4 4M3 6a7.500 7.500 0 0 1 7.500 7.500M3 2.500a11 11 0 0 1 11 11',
  pin: 'M6 2.500h4l-.5 4 2 2.500h-7l2-2.500zM8 9v4.500',
  edit: 'M3 13l.6-2.600 7.400-7.400 2 2-7.400 7.400zM9.500 4.500l2 2',
  up: 'M8 13V3.500M4 7l4-4 4 4',
  down: 'M8 3v9.500M4 9l4 4 4-4',
  check: 'M3 8.500l3.200 3.200L13 5',
  wider: 'M2.500 3v10M13.500 3v10M5 8h6M9 6l2 2-2 2M7 6L5 8l2 2',
  narrower: 'M2 8h4.500M4.500 6l2 2-2 2M14 8H9.500M11.500 6l-2 2 2 2',
  higher: 'M3 2.500h10M3 13.500h10M8 5v6M6 9l2 2 2-2M6 7l2-2 2 2',
  lower: 'M8 2v4.500M6 4.500l2 2 2-2M8 14V9.500M6 11.500l2-2 2 2',
  more: 'M3.500 8h.01M8 8h.01M12.500 8h.01',
  key: 'M9.500 2.500a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM6.700 9.300L2.500 13.500M4 12l1.500 1.500M10.500 5.500h.01',
  play: 'M4.5 3v10l8-5z',
  eye: 'M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8zM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z',
  stop: 'M4 4h8v8H4z',
  history: 'M2.5 8a5.5 5.5 0 1 0 1.8-4.1M2.5 2.5v2.7h2.7M8 5v3.2l2.2 1.4',
  copy: 'M5.5 5.5h7v7h-7zM3.5 10.5v-7h7',
  download: 'M8 2.5v7.2M5 7l3 3 3-3M3 13h10',
  table: 'M2.5 3.5h11v9h-11zM2.5 6.5h11M2.5 9.5h11M6.5 6.5v6',
  chart: 'M2.5 2.5v11h11M5 10l2.5-3 2 1.8L13 5',
  search: 'M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4zM10.2 10.2l3.3 3.3',
  fit: 'M2.5 6v-3.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  close: 'M4 4l8 8M12 4l-8 8',
  warn: 'M8 2.5L14 13H2zM8 6.5v3M8 11.2v.3',
  help: 'M6 6a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.4v.3M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8z',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): JSX.Element {
  return <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d={PATHS[name]} /></svg>;
}

/** The mark: a wheel's rim over running water. */
export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
      <circle cx="12" cy="9.5" r="6" />
      <path d="M12 3.5v12M6.8 6.5l10.4 6M17.2 6.5L6.8 12.500" />
      <path class="mark-water" d="M2 19.5c1.7 0 1.700-1.500 3.300-1.500s1.700 1.500 3.300 1.500 1.700-1.500 3.400-1.500 1.700 1.500 3.300 1.500 1.700-1.500 3.400-1.500 1.600 1.500 3.300 1.500" />
    </svg>
  );
}
