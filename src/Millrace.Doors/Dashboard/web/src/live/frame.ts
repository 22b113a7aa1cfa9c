// The page's one animation-frame loop: painters register, are asked to paint only when marked dirty, and rest while the tab is hidden.

export class Painter {
  private dirty = false;
  private notBefore = 0;

  /** `minMs` spaces the paints; a painter that costs much is spaced further so that it never takes more than a tenth of the time. */
  constructor(private readonly paint: () => void, private readonly minMs = 0) {}

  mark(): void {
    this.dirty = true;
    painters.add(this);
    schedule();
  }

  /** Returns whether it still wants a later frame. */
  run(now: number): boolean {
    if (!this.dirty) return false;
    if (now < this.notBefore) return true;
    this.dirty = false;
    const before = performance.now();
    this.paint();
    this.notBefore = now + Math.max(this.minMs, (performance.now() - before) * 10);
    return this.dirty;
  }

  dispose(): void {
    this.dirty = false;
    painters.delete(this);
  }
}

const painters = new Set<Painter>();
let asked = false;

function schedule(): void {
  if (asked) return;
  asked = true;
  requestAnimationFrame(frame);
}

function frame(now: number): void {
  asked = false;
  for (const p of painters) if (!p.run(now)) painters.delete(p);
  if (painters.size) schedule();
}
