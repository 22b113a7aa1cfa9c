// A sparkline: the last minute or two of one number, small enough for a table cell.

import type { JSX } from 'preact';

export function Spark({ values, tone = 1, width = 96, height = 22 }: { values: number[]; tone?: number; width?: number; height?: number }): JSX.Element {
  let max = 0;
  for (const v of values) if (v > max) max = v;
  const n = values.length;
  let line = '';
  let area = '';
  let open = false;
  let lastX = 0;
  for (let i = 0; i < n; i++) {
    const v = values[i]!;
    if (Number.isNaN(v)) {
      if (open) area += `L${lastX} ${height}Z`;
      open = false;
      continue;
    }
    const x = +((i / Math.max(1, n - 1)) * width).toFixed(1);
    const y = +(max > 0 ? height - 1.5 - (v / max) * (height - 3) : height - 1.5).toFixed(1);
    line += `${open ? 'L' : 'M'}${x} ${y}`;
    area += open ? `L${x} ${y}` : `M${x} ${height}L${x} ${y}`;
    open = true;
    lastX = x;
  }
  if (open) area += `L${lastX} ${height}Z`;
  return (
    <svg class={`spark t${tone}`} viewBox={`0 0 ${width} ${height}`} width={width} height={height} preserveAspectRatio="none" aria-hidden="true">
      <path class="spark-area" d={area} />
      <path class="spark-line" d={line} />
    </svg>
  );
}
