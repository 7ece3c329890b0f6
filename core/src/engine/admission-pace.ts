import type { AdmissionHint } from "../operations/hint.ts";

const EAGER_MS = 100;
const RARE_MS = 2_000;
/** By so much rounds become rarer each time that the queue was emptied meanwhile. */
const RARER = 4;
/** The queue was emptied where at most this share of it is left. */
const DRY = 0.25;
/** Rounds take at most this share of the time; those that change nothing, this one. */
const SHARE = 0.25;
const SHARE_IN_VAIN = 0.05;

/** What a round of admission found and did. */
export interface RoundDone {
  /** How many jobs stood in the queue, and how many were put into it. */
  readonly found: number;
  readonly admitted: number;
  readonly hasChanged: boolean;
}

/**
 * How soon the next round of admission is worth it. Where nodes empty the queue faster than it is filled, which they need not wait
 * for, each round is rarer than the last one; so is one after a round that took long, above all if it changed nothing.
 */
export class AdmissionPace {
  #gapMs = EAGER_MS;
  #isRush = true;
  #stood = 0;
  #notBefore = Number.NEGATIVE_INFINITY;

  /** Nodes had emptied the queue before the last round; or nobody waited. */
  get isRush(): boolean {
    return this.#isRush;
  }

  /** For how many milliseconds none is needed, as the process said that made the last one. */
  restMs(now: number): number {
    return Math.max(0, this.#notBefore - now);
  }

  nobodyWaits(): void {
    [this.#gapMs, this.#stood, this.#isRush] = [EAGER_MS, 0, true];
  }

  /** After a round; answers in how many milliseconds the next one is due, and what others are to be told, if anything. */
  after(
    { found, admitted, hasChanged }: RoundDone,
    tookMs: number,
  ): { waitMs: number; hint: AdmissionHint | undefined } {
    this.#isRush = admitted > 0 && found <= this.#stood * DRY;
    this.#stood = found + admitted;
    this.#gapMs = this.#isRush ? Math.min(RARE_MS, this.#gapMs * RARER) : EAGER_MS;
    const share = hasChanged ? SHARE : SHARE_IN_VAIN;
    const waitMs = Math.max(this.#gapMs, Math.ceil(tookMs * (1 / share - 1)));
    const hint = { kind: "admission", stood: this.#stood, gapMs: waitMs, isRush: this.#isRush } as const;
    return { waitMs, hint: waitMs > EAGER_MS ? hint : undefined };
  }

  hear({ stood, gapMs, isRush }: AdmissionHint, now: number): void {
    [this.#stood, this.#isRush] = [stood, isRush];
    this.#gapMs = isRush ? Math.min(RARE_MS, gapMs) : EAGER_MS;
    this.#notBefore = now + gapMs;
  }
}
