import type { AskedLane, Candidate } from "../store/contended.ts";
import type { Contest } from "./contest.ts";

/** All that could start had no place in the queue: there may be more of them. */
export function isAllNew({ candidates, taken }: Contest, want: number): boolean {
  const queued = new Set(candidates.filter(({ turn }) => turn !== null).map(({ id }) => id));
  return taken.length === want && !taken.some(({ id }) => queued.has(id));
}

/** All jobs of these lanes were looked at. */
export function isExhausted(candidates: readonly Candidate[], asked: readonly AskedLane[]): boolean {
  const counts = new Map<number, number>();
  for (const { laneId } of candidates) counts.set(laneId, (counts.get(laneId) ?? 0) + 1);
  return asked.every(({ id, quota }) => (counts.get(id) ?? 0) < quota);
}
