import { type Level, PRIORITIES } from "./priority.ts";

/** The share of a job that no other owner's stands behind: only its due time counts among those of its level. */
export const BEHIND_ALL = 39;

/**
 * How far behind the least served owner a job stands, as a number to sort by: `ahead` is how many more jobs its owner has
 * before it. Exact below 16, then in doubling steps, so that a job far behind is not moved each time that somebody starts.
 */
export function shareOf(ahead: number): number {
  return ahead < EXACT ? Math.max(0, ahead) : Math.min(BEHIND_ALL - 1, EXACT - 4 + Math.floor(Math.log2(ahead)));
}

/**
 * The turn of a job: a number that sorts by effective level, highest first, then by the share of its owner, smallest first,
 * then by due time. From 0 to below 2^53; negative turns belong to jobs that hold handed-over locks.
 */
export function turnOf(level: Level, dueAt: Date, share: number = BEHIND_ALL): number {
  const due = Math.min(Math.max(dueAt.getTime(), 0), DUE_SPAN - 1);
  return ((PRIORITIES.urgent - level) * (BEHIND_ALL + 1) + share) * DUE_SPAN + due;
}

const EXACT = 16;
// Milliseconds up to the year 2286.
const DUE_SPAN = 1e13;
