import type { JobState } from "@callsheet/core";
import { type StatusWords, statusOf, waitingWord } from "./status.ts";

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
  const none = { active: 0, completed: 0, cancelled: 0, failed: 0, terminated: 0, total: 0 };
  const summary: Record<string, number> & typeof none = { [waitingWord(words)]: 0, ...none };
  for (const { state, count } of counts) {
    const status = statusOf(state, words);
    summary[status] = (summary[status] ?? 0) + count;
    summary.total += count;
  }
  return summary;
}
