/** The most that a node claims ahead. */
export const MOST_AHEAD = 2_000;
/** What is claimed ahead begins within about this time. */
const AHEAD_MS = 60;
/** By then it is known how fast a node is, even if not every slot has ended an attempt. */
const MEASURE_MS = 5;

/**
 * How many jobs a node may claim ahead: what it ends in a moment, when that is more than its slots hold. A node whose
 * handlers run longer claims none, so that what is shown as running runs.
 */
export class Pace {
  readonly #slots: () => number;
  #since: number | undefined;
  #starvedMs = 0;
  #ended = 0;
  #ranMs = 0;
  #endedPerMs: number | undefined;

  constructor(slots: () => number) {
    this.#slots = slots;
  }

  /** An attempt has ended that ran for this long. */
  ended(ranMs: number): void {
    // Long ones that happen to end together do not mean that as many more end in the next moment.
    if (ranMs > AHEAD_MS) return;
    this.#ended += 1;
    this.#ranMs += ranMs;
  }

  /** No slot had anything to do for this long, until a claim that found jobs was answered: that is not for the node to answer for. */
  starved(ms: number): void {
    this.#starvedMs += ms;
  }

  /** What was claimed ahead did not begin in time. */
  overtaken(): void {
    this.#endedPerMs = 0;
  }

  ahead(now: number): number {
    this.#since ??= now;
    const tookMs = now - this.#since - this.#starvedMs;
    if (tookMs >= MEASURE_MS || this.#ended >= this.#slots()) {
      const endedPerMs = this.#rate(tookMs);
      this.#endedPerMs = ((this.#endedPerMs ?? endedPerMs) + endedPerMs) / 2;
      this.#since = now;
      this.#starvedMs = 0;
      this.#ended = 0;
      this.#ranMs = 0;
    }
    const soon = Math.floor((this.#endedPerMs ?? 0) * AHEAD_MS);
    return soon > this.#slots() ? soon : 0;
  }

  #rate(tookMs: number): number {
    if (this.#ended === 0) return 0;
    // Slots that run for so long on average end no more than this, however many of them happened to end just now.
    const sustained = (this.#slots() * this.#ended) / this.#ranMs;
    return Math.min(this.#ended / tookMs, sustained, MOST_AHEAD / AHEAD_MS);
  }
}
