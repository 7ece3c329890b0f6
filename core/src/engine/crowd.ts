import type { Environment } from "./environment.ts";

/** So many looks in a row that found nothing are no sign of a crowd. */
const FEW = 8;
const LONGEST_MS = 200;

/**
 * How soon a node looks for jobs that it heard of. Where others have been faster again and again, it leaves them a start, by
 * chance and longer each time: a hundred idle nodes need not all look for the same job.
 */
export class Crowd {
  readonly #environment: Pick<Environment, "monotonic" | "random">;
  /** Looks in vain since the last that found something, by the lane that was heard of. */
  readonly #vain = new Map<number, number>();
  readonly #heard = new Set<number>();
  #looksAt = Number.NEGATIVE_INFINITY;

  constructor(environment: Pick<Environment, "monotonic" | "random">) {
    this.#environment = environment;
  }

  /** Jobs came to a lane. In how many milliseconds it is time to look; undefined: it was said before. */
  hear(laneId: number): number | undefined {
    this.#heard.add(laneId);
    const excess = (this.#vain.get(laneId) ?? 0) - FEW;
    if (excess <= 0) return 0;
    const now = this.#environment.monotonic();
    if (now < this.#looksAt) return undefined;
    const waitMs = this.#environment.random() * Math.min(LONGEST_MS, 2 ** excess);
    this.#looksAt = now + waitMs;
    return waitMs;
  }

  /** So many jobs were found. */
  found(count: number): void {
    if (count > 0) this.#vain.clear();
    else for (const laneId of this.#heard) this.#vain.set(laneId, (this.#vain.get(laneId) ?? 0) + 1);
    this.#heard.clear();
  }
}
