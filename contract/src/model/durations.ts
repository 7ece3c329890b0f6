import type { Action } from "./action.ts";

/**
 * How long attempts took: `counts[n]` of them at least `sqrt(2)^n` milliseconds and less than `sqrt(2)^(n + 1)`. The first
 * bucket also holds what was shorter, the last one what was longer (49 days). Trailing zeros may be left out.
 */
export type Durations = readonly number[];

/** Buckets of a histogram at most. */
export const DURATION_BUCKETS = 64;
/** Above so many observations all counts are halved, so that old ones fade. */
export const MOST_OBSERVATIONS = 1_000;

/** The class of work whose size nobody said. */
export const UNSIZED = -100;
/** The class of all sizes below 1. */
const SMALLEST = -1;

/** The size class of a job: one per power of four; jobs of unknown size have a class of their own. */
export function sizeClass(size: number | null): number {
  if (size === null) return UNSIZED;
  return size < 1 ? SMALLEST : Math.floor(Math.log2(size) / 2);
}

/** The bucket that a duration belongs to. */
export function durationBucket(ms: number): number {
  return ms < 1 ? 0 : Math.min(DURATION_BUCKETS - 1, Math.floor(2 * Math.log2(ms)));
}

/** The sum of histograms. */
export function mergeDurations(...all: readonly Durations[]): Durations {
  const length = Math.max(0, ...all.map((counts) => counts.length));
  return Array.from({ length }, (_, n) => all.reduce((sum, counts) => sum + (counts[n] ?? 0), 0));
}

/** How many attempts a histogram has seen. */
export function observations(counts: Durations): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** What is known of how long one kind of work takes. */
export interface Expectation {
  readonly counts: Durations;
  /** An attempt that takes longer is failed by its time-out. Null: none is. */
  readonly capMs: number | null;
  /** What it was learned from: jobs of its size, of the sizes beside it, of its action; or nothing but the time-out. */
  readonly from: "size" | "near" | "action" | "timeout";
}

/** Fewer observations say too little by themselves. */
const ENOUGH = 8;

/**
 * How long a job of this size is expected to take, by what was learned of its action; null: nothing is known. With few
 * observations of its own size class it also asks the classes beside it, then all of the action, then the time-out.
 */
export function expectDuration(
  learned: ReadonlyMap<number, Durations> | undefined,
  size: number | null,
  { timeoutMs, onTimeout }: Pick<Action, "timeoutMs" | "onTimeout">,
): Expectation | null {
  const own = sizeClass(size);
  const of = (number: number): Durations => learned?.get(number) ?? [];
  const near = own === UNSIZED ? [] : [own - 1, own + 1].map(of);
  const all = [...(learned?.values() ?? [])];
  const capMs = onTimeout === "fail" ? timeoutMs : null;
  const sources = [
    ["size", of(own)],
    ["near", mergeDurations(of(own), ...near)],
    ["action", mergeDurations(...all)],
  ] as const;
  const best = sources.find(([, counts]) => observations(counts) >= ENOUGH) ?? sources[2];
  if (observations(best[1]) > 0) return { counts: best[1], capMs, from: best[0] };
  return timeoutMs === null ? null : { counts: oneOf(timeoutMs), capMs, from: "timeout" };
}

function oneOf(ms: number): Durations {
  return Array.from({ length: durationBucket(ms) + 1 }, (_, n) => (n === durationBucket(ms) ? 1 : 0));
}

/**
 * The duration, in milliseconds, that a share `q` (0 to 1) of the attempts do not exceed that had not ended after
 * `elapsedMs`. Beyond all that was seen an attempt is taken to last up to twice as long as it has.
 */
export function durationQuantile({ counts, capMs }: Expectation, q: number, elapsedMs = 0): number {
  const total = quantile(counts, q, elapsedMs) ?? elapsedMs * (1 + q);
  return capMs === null ? total : Math.max(elapsedMs, Math.min(capMs, total));
}

/** The mean duration, in milliseconds. */
export function meanDuration({ counts, capMs }: Expectation): number {
  const sum = counts.reduce((before, count, n) => before + count * Math.min(meanOfBucket(n), capMs ?? Infinity), 0);
  return sum / observations(counts);
}

function quantile(counts: Durations, q: number, elapsedMs: number): number | undefined {
  const from = position(elapsedMs);
  const left = (n: number) => (counts[n] ?? 0) * Math.min(1, Math.max(0, n + 1 - Math.max(from, 0)));
  const whole = counts.reduce((sum, _, n) => sum + left(n), 0);
  if (whole <= 0) return undefined;
  let wanted = Math.min(1, Math.max(0, q)) * whole;
  for (let n = 0; n < counts.length; n++) {
    const here = left(n);
    if (here === 0) continue;
    if (wanted <= here) {
      const begin = Math.max(n, from);
      return durationAt(begin + (n + 1 - begin) * (wanted / here));
    }
    wanted -= here;
  }
  return durationAt(counts.findLastIndex((count) => count > 0) + 1);
}

// Within a bucket durations are taken to be spread evenly over its logarithm.
const position = (ms: number): number => (ms < 1 ? 0 : 2 * Math.log2(ms));
const durationAt = (place: number): number => 2 ** (place / 2);
const meanOfBucket = (n: number): number => (durationAt(n + 1) - durationAt(n)) / (Math.LN2 / 2);
