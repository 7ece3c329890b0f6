import { durationQuantile, type Expectation } from "./durations.ts";
import { Heap } from "./heap.ts";
import { areCompatible, type LockMode } from "./lock.ts";
import { seededRandom } from "./random.ts";

/** Something that the job takes units of when it starts: the slots of the nodes that can run it, a resource, a limit. */
export interface ForecastPool {
  readonly capacity: number;
  /** Units that are taken now. */
  readonly used: number;
  /** Units that the job takes. */
  readonly wanted: number;
  /** Capacities that are known to come, as windows of time bring them, in order. */
  readonly changes?: readonly { readonly at: Date; readonly capacity: number }[];
}

/** An attempt that runs now, and the units that it holds of each pool, in their order. */
export interface RunningAttempt {
  readonly elapsedMs: number;
  readonly expected: Expectation | null;
  readonly units: readonly number[];
}

/** Jobs of one kind that start before the job where they can, and the units that each takes of each pool, in their order. */
export interface JobsAhead {
  readonly count: number;
  readonly expected: Expectation | null;
  readonly units: readonly number[];
}

/** The line of an object that the job locks: who stands before it. `elapsedMs` is null for one that waits itself. */
export interface ForecastLine {
  readonly mode: LockMode;
  readonly before: readonly {
    readonly mode: LockMode;
    readonly elapsedMs: number | null;
    readonly expected: Expectation | null;
  }[];
}

/** All that a forecast is made of. */
export interface ForecastFacts {
  /** Also the seed: the same facts give the same forecast. */
  readonly jobId: string;
  readonly now: Date;
  /** It does not start before: its start time, the end of a back-off. Null: it is due. */
  readonly notBefore: Date | null;
  /** Somebody holds it, or all jobs of its kind: nobody can know until when. */
  readonly isHeld: boolean;
  readonly pools: readonly ForecastPool[];
  readonly running: readonly RunningAttempt[];
  readonly ahead: readonly JobsAhead[];
  readonly lines: readonly ForecastLine[];
}

/** When a job starts: one time in ten before `p10`, as often before as after `p50`, one time in ten after `p90`. */
export interface StartForecast {
  readonly p10: Date;
  readonly p50: Date;
  readonly p90: Date;
}

/** Why nothing can be said of when a job starts. */
export const NO_FORECAST = {
  held: "Nobody can know when it is released.",
  no_room: "It needs more than there is.",
  unknown_durations: "It is not known how long jobs before it take.",
} as const;
/** The code of a reason for which there is no forecast. */
export type NoForecast = keyof typeof NO_FORECAST;

/** A forecast, or why there is none. */
export type Forecast =
  | { readonly start: StartForecast; readonly reason: null }
  | { readonly start: null; readonly reason: NoForecast };

const SAMPLES = 200;
/** So many jobs ahead are played through; more of them count as so many times the wait. */
const MOST_PLAYED = 200;

/**
 * Forecasts when a waiting job starts, by playing through what is before it many times, each time with other durations of
 * those that are known of such work. What comes later and passes it is not in it.
 */
export function forecast(facts: ForecastFacts): Forecast {
  if (facts.isHeld) return { start: null, reason: "held" };
  if (facts.pools.some(isTooSmall)) return { start: null, reason: "no_room" };
  const random = seededRandom(facts.jobId);
  const played = shorten(facts.ahead);
  const kinds = played.map(({ expected, ...kind }) => ({ ...kind, draw: drawing(expected, random) }));
  const waits = Array.from({ length: SAMPLES }, () => play(facts, kinds, random)).sort((a, b) => a - b);
  const stretched = stretch(waits, countOf(facts.ahead) / Math.max(1, countOf(played)));
  const [p10, p50, p90] = [0.1, 0.5, 0.9].map((q) => stretched[Math.round(q * (SAMPLES - 1))]!);
  if (!Number.isFinite(p90!)) return { start: null, reason: "unknown_durations" };
  const at = (waitMs: number) => new Date(Math.round(Math.max(facts.now.getTime() + waitMs, earliest(facts))));
  return { start: { p10: at(p10!), p50: at(p50!), p90: at(p90!) }, reason: null };
}

const isTooSmall = ({ capacity, wanted, changes = [] }: ForecastPool): boolean =>
  wanted > Math.max(capacity, ...changes.map((change) => change.capacity));

const earliest = ({ notBefore, now }: ForecastFacts): number => Math.max(now.getTime(), notBefore?.getTime() ?? 0);

const countOf = (ahead: readonly JobsAhead[]): number => ahead.reduce((sum, { count }) => sum + count, 0);

/** As many of each kind as its share of those that are played through. */
function shorten(ahead: readonly JobsAhead[]): readonly JobsAhead[] {
  const share = Math.min(1, MOST_PLAYED / Math.max(1, countOf(ahead)));
  return ahead
    .filter(({ count }) => count > 0)
    .map((kind) => ({ ...kind, count: Math.max(1, Math.round(kind.count * share)) }));
}

/** So many times as much work takes so many times as long; but it spreads by the square root of that only, as sums do. */
function stretch(waits: readonly number[], times: number): readonly number[] {
  const middle = waits[Math.round(0.5 * (SAMPLES - 1))]!;
  if (times <= 1 || !Number.isFinite(middle)) return waits;
  return waits.map((wait) => Math.max(0, middle * times + (wait - middle) * Math.sqrt(times)));
}

const QUANTILES = 128;

/** Draws durations of jobs that have not begun. */
function drawing(expected: Expectation | null, random: () => number): () => number {
  if (expected === null) return () => Number.POSITIVE_INFINITY;
  const table = Array.from({ length: QUANTILES }, (_, n) => durationQuantile(expected, (n + 0.5) / QUANTILES));
  return () => table[Math.floor(random() * QUANTILES)]!;
}

const remaining = (expected: Expectation | null, elapsedMs: number, random: () => number): number =>
  expected === null ? Number.POSITIVE_INFINITY : durationQuantile(expected, random(), elapsedMs) - elapsedMs;

interface Kind {
  readonly count: number;
  readonly units: readonly number[];
  readonly draw: () => number;
}

/** One course of events: how long the job waits in it, in milliseconds. */
function play(facts: ForecastFacts, kinds: readonly Kind[], random: () => number): number {
  const { now, running, pools, lines } = facts;
  const lockedMs = Math.max(0, ...lines.map((line) => waitInLine(line, random)));
  const readyMs = Math.max(lockedMs, earliest(facts) - now.getTime());
  const free = pools.map(({ capacity, used }) => capacity - used);
  const returns = new Heap<readonly number[]>();
  for (const { units, expected, elapsedMs } of running) returns.add(remaining(expected, elapsedMs, random), units);
  for (const [index, change] of changesOf(pools))
    returns.add(change.at.getTime() - now.getTime(), only(index, change.by, pools));
  const wanted = pools.map((pool) => pool.wanted);
  const started = kinds.map(() => 0);
  // Whoever is handed its objects goes before all that wait for room.
  const goesFirst = lines.length > 0;
  for (let atMs = 0; Number.isFinite(atMs); ) {
    if (goesFirst && atMs >= readyMs && fits(wanted, free)) return atMs;
    for (let next = nextOf(kinds, started, free); next !== undefined; next = nextOf(kinds, started, free)) {
      const { units, draw } = kinds[next]!;
      started[next]! += 1;
      add(free, units, -1);
      returns.add(atMs + draw(), units);
    }
    if (atMs >= readyMs && fits(wanted, free)) return atMs;
    const then = Math.max(0, Math.min(returns.least, atMs < readyMs ? readyMs : Number.POSITIVE_INFINITY));
    while (returns.size > 0 && returns.least <= then) add(free, returns.take()!, 1);
    atMs = then;
  }
  return Number.POSITIVE_INFINITY;
}

/** How long an object is not to be had: those before it, one after the other, and those who share it together. */
function waitInLine({ mode, before }: ForecastLine, random: () => number): number {
  let [beganMs, freeMs] = [0, 0];
  let last: LockMode = "exclusive";
  for (const entry of before) {
    if (!areCompatible(last, entry.mode)) beganMs = freeMs;
    freeMs = Math.max(freeMs, beganMs + remaining(entry.expected, entry.elapsedMs ?? 0, random));
    last = entry.mode;
  }
  return areCompatible(last, mode) ? beganMs : freeMs;
}

/** Of the kinds whose next job fits, the one that is least far along: kinds take turns by their numbers. */
function nextOf(kinds: readonly Kind[], started: readonly number[], free: readonly number[]): number | undefined {
  let best: number | undefined;
  let least = 1;
  for (const [index, { count, units }] of kinds.entries()) {
    const along = (started[index]! + 0.5) / count;
    if (along < least && fits(units, free)) [best, least] = [index, along];
  }
  return best;
}

function changesOf(pools: readonly ForecastPool[]) {
  return pools.flatMap(({ capacity, changes = [] }, index) =>
    changes.map(
      (change, n) => [index, { at: change.at, by: change.capacity - (changes[n - 1]?.capacity ?? capacity) }] as const,
    ),
  );
}

const only = (index: number, units: number, all: readonly unknown[]): readonly number[] =>
  all.map((_, n) => (n === index ? units : 0));

const fits = (units: readonly number[], free: readonly number[]): boolean =>
  units.every((wanted, pool) => wanted === 0 || wanted <= free[pool]!);

function add(free: number[], units: readonly number[], sign: 1 | -1): void {
  for (const [pool, count] of units.entries()) free[pool]! += sign * count;
}
