/** How much of something was in use, and of how much, over a stretch of time. */
export interface Usage {
  readonly name: string;
  /** Means over time, in units. */
  readonly meanUsed: number;
  readonly meanCapacity: number;
  readonly mostUsed: number;
  /** Means of equal parts of the whole time, in order. */
  readonly used: readonly number[];
  readonly capacity: readonly number[];
}

/** Keeps what something stood at, and since when. */
export class Gauge {
  readonly name: string;
  readonly #steps: { readonly atMs: number; readonly used: number; readonly capacity: number }[] = [];

  constructor(name: string) {
    this.name = name;
  }

  set(atMs: number, used: number, capacity: number): void {
    const last = this.#steps.at(-1);
    if (last?.used === used && last.capacity === capacity) return;
    if (last?.atMs === atMs) this.#steps.pop();
    this.#steps.push({ atMs, used, capacity });
  }

  /** The means, weighted by time, of so many equal parts of a stretch. */
  read(fromMs: number, untilMs: number, parts: number): Usage {
    const length = Math.max(1, untilMs - fromMs) / parts;
    const used = new Array<number>(parts).fill(0);
    const capacity = new Array<number>(parts).fill(0);
    for (const [index, step] of this.#steps.entries()) {
      const endMs = Math.min(this.#steps[index + 1]?.atMs ?? untilMs, untilMs);
      for (let part = this.#partOf(step.atMs - fromMs, length); part < parts; part++) {
        const partMs = fromMs + part * length;
        if (partMs >= endMs) break;
        const shared = Math.max(0, Math.min(endMs, partMs + length) - Math.max(step.atMs, partMs)) / length;
        used[part]! += step.used * shared;
        capacity[part]! += step.capacity * shared;
      }
    }
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / parts;
    const mostUsed = Math.max(0, ...this.#steps.map((step) => step.used));
    return { name: this.name, meanUsed: mean(used), meanCapacity: mean(capacity), mostUsed, used, capacity };
  }

  #partOf(ms: number, length: number): number {
    return Math.max(0, Math.floor(ms / length));
  }
}
