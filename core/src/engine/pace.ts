export const MOST_AHEAD = 2_000;
/** What is claimed ahead begins within about this time. */
const AHEAD_MS = 60;
const LEAST_MEASURE_MS = 1;

/**
 * How many jobs a node may claim ahead: what it ends in a moment, when that is more than its slots hold. A node whose
 * handlers run longer claims none, so that what is shown as running runs.
 */
export class Pace {
  readonly #slots: number;
  #measuredAt = Number.NEGATIVE_INFINITY;
  #starvedMs = 0;
  #ended = 0;
  #ranMs = 0;
  #endedPerMs: number | undefined;

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** An attempt has ended that ran for this long. */
  ended(ranMs: number): void {
    // Long ones that happen to end together do not mean that as many more end in the next moment.
    if (ranMs > AHEAD_MS) return;
    this.#ended += 1;
    this.#ranMs += ranMs;
  }

  /** Every slot was free for this long while a claim was under way: that says nothing of how fast the node is. */
  starved(ms: number): void {
    this.#starvedMs += ms;
  }

  ahead(now: number): number {
    const tookMs = now - this.#measuredAt - this.#starvedMs;
    if (tookMs >= LEAST_MEASURE_MS) this.#measure(now, tookMs);
    const soon = Math.floor((this.#endedPerMs ?? 0) * AHEAD_MS);
    return soon > this.#slots ? Math.min(MOST_AHEAD, soon) : 0;
  }

  /** It was too fast: what it claimed ahead did not begin. */
  lost(): void {
    this.#endedPerMs = 0;
  }

  #measure(now: number, tookMs: number): void {
    // Slots that ran for this long on average end no more, however many of them happened to end just now.
    const most = (this.#slots * this.#ended) / this.#ranMs;
    const endedPerMs = this.#ended === 0 ? 0 : Math.min(this.#ended / tookMs, most);
    const before = this.#endedPerMs ?? endedPerMs;
    if (this.#measuredAt !== Number.NEGATIVE_INFINITY) this.#endedPerMs = (before + endedPerMs) / 2;
    this.#measuredAt = now;
    this.#starvedMs = 0;
    this.#ended = 0;
    this.#ranMs = 0;
  }
}
