// Horizontal bars on a canvas: one per row, names at the left, figures at the right.

import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import { Painter } from '../live/frame';
import { CHART_FONT, color, scheme, seriesColor } from '../parts/theme';
import type { Bar } from './shape';

const STEP = 22;

export function Bars({ bars, format, label }: { bars: Bar[]; format: (v: number) => string; label: string }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef({ bars, format });
  latest.current = { bars, format };
  const painter = useMemo(() => new Painter(() => {
    if (canvas.current) draw(canvas.current, latest.current.bars, latest.current.format);
  }), []);
  const height = Math.max(1, bars.length) * STEP + 6;

  useEffect(() => painter.mark(), [bars, format]);
  useEffect(() => {
    const watch = new ResizeObserver(() => painter.mark());
    watch.observe(canvas.current!.parentElement!);
    const off = scheme.subscribe(() => painter.mark());
    return () => { watch.disconnect(); off(); painter.dispose(); };
  }, []);

  return <div class="bars"><canvas ref={canvas} role="img" aria-label={label} style={{ height: height + 'px' }} /></div>;
}

function draw(canvas: HTMLCanvasElement, bars: Bar[], format: (v: number) => string): void {
  const width = canvas.parentElement!.clientWidth;
  const height = Math.max(1, bars.length) * STEP + 6;
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = width + 'px';
  const g = canvas.getContext('2d')!;
  g.scale(ratio, ratio);
  g.font = CHART_FONT.replace('11px', '12px');
  g.textBaseline = 'middle';
  let names = 0;
  let figures = 0;
  let max = 0;
  let min = 0;
  for (const b of bars) {
    names = Math.max(names, g.measureText(b.label).width);
    figures = Math.max(figures, g.measureText(format(b.value)).width);
    max = Math.max(max, b.value);
    min = Math.min(min, b.value);
  }
  names = Math.min(names, width * 0.35);
  const x0 = Math.ceil(names) + 12;
  const room = Math.max(10, width - x0 - figures - 16);
  const scale = room / (max - min || 1);
  const zero = x0 - min * scale;
  bars.forEach((b, i) => {
    const y = 4 + i * STEP;
    g.fillStyle = color('line-soft');
    g.fillRect(x0, y, room, STEP - 6);
    g.fillStyle = seriesColor(0);
    const w = Math.max(1, Math.abs(b.value) * scale);
    g.fillRect(b.value < 0 ? zero - w : zero, y, w, STEP - 6);
    g.fillStyle = color('text');
    g.textAlign = 'right';
    g.fillText(clip(g, b.label, names), x0 - 8, y + (STEP - 6) / 2 + 0.5);
    g.textAlign = 'left';
    g.fillStyle = color('muted');
    g.fillText(format(b.value), x0 + room + 8, y + (STEP - 6) / 2 + 0.5);
  });
}

function clip(g: CanvasRenderingContext2D, text: string, width: number): string {
  if (g.measureText(text).width <= width + 1) return text;
  let n = text.length;
  while (n > 1 && g.measureText(text.slice(0, n) + '…').width > width) n--;
  return text.slice(0, n) + '…';
}
