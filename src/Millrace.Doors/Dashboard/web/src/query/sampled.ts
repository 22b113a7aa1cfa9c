// The values that a single live row has had: it keeps no history of its own, so the page does.

import type { Row } from '../model/contract';

const SPACING_S = 0.2;
const KEPT = 1500;

export class Sampled {
  readonly xs: number[] = [];
  readonly rows: Row[] = [];

  /** Takes the row as it is now; what comes quickly after another replaces it. */
  take(row: Row): void {
    const now = Date.now() / 1000;
    const last = this.xs.length - 1;
    if (last >= 0 && now - this.xs[last]! < SPACING_S) {
      this.rows[last] = row;
      return;
    }
    this.xs.push(now);
    this.rows.push(row);
    if (this.xs.length > KEPT) {
      this.xs.splice(0, KEPT / 3);
      this.rows.splice(0, KEPT / 3);
    }
  }
}
