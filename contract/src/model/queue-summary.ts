import type { JobState } from "./state.ts";
import { say } from "./vocabulary/vocabulary.ts";

/** The statuses of jobs that a queue has, in its words. */
export const QUEUE_STATUSES = ["added", "active", "completed", "cancelled", "failed", "terminated"] as const;
export type QueueStatus = (typeof QUEUE_STATUSES)[number];

/** How many jobs of a queue have each status, and how many there are. */
export type QueueCounts = Readonly<Record<QueueStatus | "total", number>>;

/** A queue as an operator looks at it. */
export interface QueueSummary extends QueueCounts {
  readonly name: string;
  /** The action of its jobs; under this name it is paused and limited. */
  readonly action: string;
  /** It is paused for all, or its action is. */
  readonly isPaused: boolean;
  /** Queue objects that process it, in all processes. */
  readonly workers: number;
  /** When the job was due that waits for a worker longest; null: none waits. */
  readonly oldestAt: Date | null;
  /** Jobs that were over within the last minute. */
  readonly finishedLastMinute: number;
}

/** The status of a queue's stored job. */
export function queueStatusOf(state: JobState): QueueStatus {
  const { word, also } = say("queue", { kind: "queue", state });
  // What is stored was added, also while it has no time yet.
  return (also?.[0] ?? word) as QueueStatus;
}

/** Counts of states as counts of statuses. */
export function countByStatus(counts: readonly { readonly state: JobState; readonly count: number }[]): QueueCounts {
  const sums: Record<QueueStatus | "total", number> = {
    ...{ added: 0, active: 0, completed: 0, cancelled: 0, failed: 0, terminated: 0, total: 0 },
  };
  for (const { state, count } of counts) {
    sums[queueStatusOf(state)] += count;
    sums.total += count;
  }
  return sums;
}
