// Rows that come as objects, put in and taken out by key, turned into the weighted changes that the page keeps its answers by.

import type { Column, ObjectRow, Row } from '../model/contract';

export class ObjectRows {
  private readonly byKey = new Map<string, Row>();

  constructor(private readonly columns: Column[], private readonly key: number[] | null) {}

  clear(): void {
    this.byKey.clear();
  }

  /** The rows of a snapshot, remembered by key. */
  load(rows: ObjectRow[]): Row[] {
    return rows.map((o) => {
      const row = this.rowOf(o);
      if (this.key) this.byKey.set(this.keyOf(row), row);
      return row;
    });
  }

  /** What a delta does. A delete names the key alone, where there is one, and the whole row where there is none. */
  changes(upserts: ObjectRow[], deletes: ObjectRow[]): [number, Row][] {
    const out: [number, Row][] = [];
    for (const o of deletes) {
      const row = this.rowOf(o);
      if (!this.key) { out.push([-1, row]); continue; }
      const key = this.keyOf(row);
      const old = this.byKey.get(key);
      if (old) out.push([-1, old]);
      this.byKey.delete(key);
    }
    for (const o of upserts) {
      const row = this.rowOf(o);
      if (this.key) {
        const key = this.keyOf(row);
        const old = this.byKey.get(key);
        if (old) out.push([-1, old]);
        this.byKey.set(key, row);
      }
      out.push([1, row]);
    }
    return out;
  }

  private rowOf(o: ObjectRow): Row {
    return this.columns.map((c) => o[c.name] ?? null);
  }

  private keyOf(row: Row): string {
    return JSON.stringify(this.key!.map((c) => row[c] ?? null));
  }
}
