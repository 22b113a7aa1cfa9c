// Arranging tiles with a pointer: a tile goes to the place it is dropped on, its corner sizes it in steps of the grid.

import { HIGH_MAX, WIDE_MAX } from './model';

const FAR_ENOUGH = 5;

function track(e: PointerEvent, on: HTMLElement, move: (e: PointerEvent) => void, done: (given: boolean) => void): void {
  e.preventDefault();
  on.setPointerCapture(e.pointerId);
  const end = (given: boolean) => (): void => {
    on.removeEventListener('pointermove', move);
    on.removeEventListener('pointerup', up);
    on.removeEventListener('pointercancel', cancel);
    done(given);
  };
  const up = end(true);
  const cancel = end(false);
  on.addEventListener('pointermove', move);
  on.addEventListener('pointerup', up);
  on.addEventListener('pointercancel', cancel);
}

export const arrange = {
  /** From a tile's head: lifts the tile, and drops it at the place of the one below the pointer. */
  drag(e: PointerEvent, box: HTMLElement, to: (place: number) => void): void {
    if (e.button !== 0 || (e.target as HTMLElement).closest('button')) return;
    const { clientX: x0, clientY: y0 } = e;
    let over: HTMLElement | null = null;
    const mark = (next: HTMLElement | null): void => {
      over?.classList.remove('drop');
      over = next;
      over?.classList.add('drop');
    };
    box.focus();
    track(e, e.currentTarget as HTMLElement, (m) => {
      const [dx, dy] = [m.clientX - x0, m.clientY - y0];
      if (!box.classList.contains('lifted') && Math.abs(dx) + Math.abs(dy) < FAR_ENOUGH) return;
      box.classList.add('lifted');
      box.style.transform = `translate(${dx}px, ${dy}px)`;
      const below = document.elementsFromPoint(m.clientX, m.clientY).map((el) => el.closest<HTMLElement>('.tile-box')).find((el) => el && el !== box);
      mark(below ?? null);
    }, (given) => {
      const target = over;
      mark(null);
      box.classList.remove('lifted');
      box.style.transform = '';
      if (given && target) to([...box.parentElement!.children].indexOf(target));
    });
  },

  /** From a tile's corner: sizes it to whole columns and rows. */
  size(e: PointerEvent, box: HTMLElement, tile: { wide: number; high: number }, to: (wide: number, high: number) => void): void {
    if (e.button !== 0) return;
    const { clientX: x0, clientY: y0 } = e;
    const { width, height } = box.getBoundingClientRect();
    const step = { x: width / tile.wide, y: height / tile.high };
    const clamp = (n: number, max: number): number => Math.max(1, Math.min(max, n));
    let next = { wide: tile.wide, high: tile.high };
    track(e, e.currentTarget as HTMLElement, (m) => {
      next = { wide: clamp(Math.round((width + m.clientX - x0) / step.x), WIDE_MAX), high: clamp(Math.round((height + m.clientY - y0) / step.y), HIGH_MAX) };
      box.classList.add('sizing');
      box.style.width = Math.max(80, width + m.clientX - x0) + 'px';
      box.style.height = Math.max(60, height + m.clientY - y0) + 'px';
    }, (given) => {
      box.classList.remove('sizing');
      box.style.width = '';
      box.style.height = '';
      if (given && (next.wide !== tile.wide || next.high !== tile.high)) to(next.wide, next.high);
    });
  },
};
