// A table of any length that draws only the rows in sight, follows live changes, sorts, and can be walked by keyboard.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { Column, Row } from '../model/contract';
import { isNumber, isZoned, toCell, toText, zoneName } from '../model/types';

const ROW = 26;
const HEAD = 30;
const CHAR = 7.3;
const SPARE = 6;

export interface Sort { column: number; descending: boolean }

export interface GridProps {
  columns: Column[];
  rows: Row[];
  /** Identity of the rows across repaints, in step with `rows`; the index when absent. */
  keys?: string[];
  /** When the row last changed (performance.now), in step with `rows`, and which cells did (all when absent). */
  changedAt?: Float64Array;
  changedCells?: (number[] | null)[];
  sort?: Sort | null;
  onSort?: (column: number) => void;
  label: string;
  testId?: string;
  height?: number;
  /** Takes what is left of the page below its top, but no more than the rows need. */
  fill?: boolean;
}

export function Grid(props: GridProps): JSX.Element {
  const { columns, rows } = props;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [view, setView] = useState(400);
  const [active, setActive] = useState<[number, number] | null>(null);
  const widths = useWidths(columns, rows);
  const total = widths.reduce((a, b) => a + b, 0);

  useEffect(() => {
    const el = box.current!;
    const watch = new ResizeObserver(() => setView(el.clientHeight));
    watch.observe(el);
    setView(el.clientHeight);
    return () => watch.disconnect();
  }, []);

  const content = HEAD + rows.length * ROW + 16;
  const [room, setRoom] = useState(300);
  useLayoutEffect(() => {
    if (!props.fill) return;
    const main = box.current!.closest('main')!;
    const offset = box.current!.getBoundingClientRect().top - main.getBoundingClientRect().top + main.scrollTop;
    const left = Math.max(250, Math.floor(main.clientHeight - offset - 18));
    if (Math.abs(left - room) > 2) setRoom(left);
  });
  const height = props.fill ? Math.min(content, room) : props.height;

  const first = Math.max(0, Math.min(Math.floor(top / ROW) - SPARE, rows.length));
  const last = Math.min(rows.length, Math.ceil((top + view) / ROW) + SPARE);
  const template = widths.map((w) => w + 'px').join(' ');
  const now = performance.now();

  const onKey = (e: KeyboardEvent): void => {
    if (!rows.length || !columns.length) return;
    const [r, c] = active ?? [0, 0];
    const page = Math.max(1, Math.floor((view - HEAD) / ROW) - 1);
    let next: [number, number] | null = null;
    switch (e.key) {
      case 'ArrowDown': next = [r + 1, c]; break;
      case 'ArrowUp': next = [r - 1, c]; break;
      case 'ArrowRight': next = [r, c + 1]; break;
      case 'ArrowLeft': next = [r, c - 1]; break;
      case 'PageDown': next = [r + page, c]; break;
      case 'PageUp': next = [r - page, c]; break;
      case 'Home': next = e.ctrlKey ? [0, 0] : [r, 0]; break;
      case 'End': next = e.ctrlKey ? [rows.length - 1, columns.length - 1] : [r, columns.length - 1]; break;
      case 'c':
        if ((e.ctrlKey || e.metaKey) && active && !getSelection()?.toString()) {
          void navigator.clipboard?.writeText(toText(rows[r]?.[c])).catch(() => undefined);
        }
        return;
      default: return;
    }
    e.preventDefault();
    const to: [number, number] = [Math.max(0, Math.min(rows.length - 1, next[0])), Math.max(0, Math.min(columns.length - 1, next[1]))];
    setActive(to);
    const el = box.current!;
    const y = to[0] * ROW;
    if (y < el.scrollTop) el.scrollTop = y;
    else if (y + ROW + HEAD > el.scrollTop + el.clientHeight) el.scrollTop = y + ROW + HEAD - el.clientHeight;
    const x = widths.slice(0, to[1]).reduce((a, b) => a + b, 0);
    if (x < el.scrollLeft) el.scrollLeft = x;
    else if (x + widths[to[1]]! > el.scrollLeft + el.clientWidth) el.scrollLeft = x + widths[to[1]]! - el.clientWidth;
  };

  const body: JSX.Element[] = [];
  for (let i = first; i < last; i++) {
    const row = rows[i]!;
    const changed = props.changedAt?.[i] ?? 0;
    const fresh = changed > 0 && now - changed < 1500;
    const cells = fresh ? props.changedCells?.[i] ?? null : null;
    // Two names for one animation: a row that changes again while it fades starts over.
    const flash = fresh ? (Math.round(changed) % 2 ? ' flash-a' : ' flash-b') : '';
    body.push(
      <div key={props.keys?.[i] ?? i} class={'grid-row' + (i % 2 ? ' odd' : '') + (cells ? '' : flash)} role="row" aria-rowindex={i + 2}
        style={{ transform: `translateY(${i * ROW}px)`, gridTemplateColumns: template }}>
        {columns.map((col, c) => {
          const v = row[c];
          const isNull = v === null || v === undefined;
          const here = active !== null && active[0] === i && active[1] === c;
          return (
            <div key={c} role="gridcell" onMouseDown={() => setActive([i, c])}
              class={'grid-cell' + (isNumber(col.type) ? ' num' : '') + (isNull ? ' null' : '') + (here ? ' active' : '') + (cells?.includes(c) ? flash : '')}>
              {toCell(v, col.type)}
            </div>
          );
        })}
      </div>,
    );
  }

  return (
    <div class="grid" ref={box} tabIndex={0} role="grid" aria-label={props.label} aria-rowcount={rows.length + 1} aria-colcount={columns.length}
      data-testid={props.testId} onKeyDown={onKey} onScroll={(e) => setTop(e.currentTarget.scrollTop)}
      style={height ? { height: height + 'px' } : {}}>
      <div class="grid-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template, width: total + 'px' }}>
        {columns.map((col, c) => {
          const sorted = props.sort?.column === c;
          return (
            <div key={c} role="columnheader" class={'grid-th' + (isNumber(col.type) ? ' num' : '')}
              aria-sort={sorted ? (props.sort!.descending ? 'descending' : 'ascending') : 'none'}>
              <button type="button" tabIndex={-1} title={`${col.name} ${col.type}${isZoned(col.type) ? `, shown in ${zoneName()}` : ''}`} disabled={!props.onSort} onClick={() => props.onSort?.(c)}>
                <span>{col.name}</span>
                {sorted && <span class="sort-mark" aria-hidden="true">{props.sort!.descending ? '↓' : '↑'}</span>}
              </button>
            </div>
          );
        })}
      </div>
      <div class="grid-body" role="rowgroup" style={{ height: rows.length * ROW + 'px', width: total + 'px' }}>{body}</div>
    </div>
  );
}

/** Widths fit the head and the longest of the first rows; they only ever grow, so that live columns do not dance. */
function useWidths(columns: Column[], rows: Row[]): number[] {
  const kept = useRef<{ columns: Column[]; widths: number[] } | null>(null);
  return useMemo(() => {
    const old = kept.current?.columns === columns ? kept.current.widths : null;
    const widths = columns.map((col, c) => {
      let longest = col.name.length + 2;
      for (let i = 0; i < Math.min(rows.length, 60); i++) longest = Math.max(longest, toCell(rows[i]![c], col.type).length);
      return Math.max(old?.[c] ?? 0, Math.round(Math.min(420, Math.max(64, longest * CHAR + 22))));
    });
    kept.current = { columns, widths };
    return widths;
  }, [columns, rows]);
}
