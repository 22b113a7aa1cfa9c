// A bounded history of one number: keeps the last `capacity` samples and forgets the rest.

export class Ring {
  private readonly values: Float64Array;
  private next = 0;
  length = 0;

  constructor(readonly capacity: number) {
    this.values = new Float64Array(capacity);
  }

  push(value: number): void {
    this.values[this.next] = value;
    this.next = (this.next + 1) % this.capacity;
    if (this.length < this.capacity) this.length++;
  }

  /** The sample `back` steps ago; 0 is the newest. NaN where there is none. */
  back(back: number): number {
    if (back >= this.length) return NaN;
    return this.values[(this.next - 1 - back + 2 * this.capacity) % this.capacity]!;
  }

  /** The last `count` samples, oldest first, padded with NaN at the front. */
  tail(count: number): number[] {
    const out = new Array<number>(count);
    for (let i = 0; i < count; i++) out[count - 1 - i] = this.back(i);
    return out;
  }

  /** The mean of the last `count` real samples; 0 when there is none. */
  mean(count: number): number {
    let sum = 0;
    let n = 0;
    for (let i = 0; i < Math.min(count, this.length); i++) {
      const v = this.back(i);
      if (!Number.isNaN(v)) { sum += v; n++; }
    }
    return n ? sum / n : 0;
  }
}
