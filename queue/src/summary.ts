import { countByStatus, type JobState } from "@callsheet/contract";
import type { StatusWords } from "./status.ts";

/** How many jobs of a queue have each status. Jobs that wait are counted under the word that the queue says. */
export interface Summary {
  readonly added?: number;
  readonly waiting?: number;
  readonly active: number;
  readonly completed: number;
  readonly cancelled: number;
  readonly failed: number;
  readonly terminated: number;
  readonly total: number;
}

export function summarise(
  counts: readonly { readonly state: JobState; readonly count: number }[],
  words: StatusWords,
): Summary {
  const { added, ...rest } = countByStatus(counts);
  return words === "3.1" ? { waiting: added, ...rest } : { added, ...rest };
}
