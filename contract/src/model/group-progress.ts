import { type Expectation, meanDuration } from "./durations.ts";
import type { Group } from "./group.ts";

/** What the progress of a group follows from. */
export interface GroupPace
  extends Pick<Group, "counts" | "memberCount" | "isSettled" | "intent" | "generation" | "startedAt"> {
  /** How many of those that run have said how far they are, and how many are done by what they said, 0.5 being one that is half done. */
  readonly told: { readonly count: number; readonly done: number };
  readonly now: Date;
  /** How long its members are expected to take; null: nothing was learned of them yet. */
  readonly expected: Expectation | null;
}

/** So many ends tell more of its pace than what was learned of other jobs. */
const ENOUGH = 8;

/**
 * How much of a group is done, 0 to 100, and how long the rest takes, in milliseconds; null: nothing can be said. A member that
 * runs counts by what it says of itself; its members are of one action and size, and weigh alike. The pace is that of its own
 * members once enough have ended; until then, that of those that run, each taking as long as was learned. Who runs and says
 * nothing is taken to be half done for the pace, and to have done nothing yet for the percentage, which never falls for that.
 */
export function progressOf(pace: GroupPace): { readonly percent: number; readonly leftMs: number | null } {
  const { counts, memberCount, isSettled, told } = pace;
  const ended = counts.good + counts.bad + counts.cancelled;
  const percent = (100 * (ended + told.done)) / Math.max(1, memberCount);
  return { percent, leftMs: isSettled ? 0 : leftOf(pace, ended) };
}

function leftOf({ counts, memberCount, intent, generation, startedAt, now, expected, told }: GroupPace, ended: number) {
  const running = counts.live + counts.overdue;
  const underWay = told.done + (running - told.count) / 2;
  // Held back by somebody: nobody can know for how long.
  if (intent === "pause" || startedAt === null) return null;
  const left = memberCount - ended - underWay;
  const done = counts.good + counts.bad + underWay;
  // Of a later generation nobody knows when it began, nor how many had ended before.
  if (generation === 1 && counts.good + counts.bad >= ENOUGH)
    return (left * (now.getTime() - startedAt.getTime())) / done;
  if (expected === null || running === 0) return null;
  return (left * meanDuration(expected)) / running;
}
