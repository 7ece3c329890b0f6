/** All states that a job can have. */
export const JOB_STATES = [
  "created",
  "scheduled",
  "pending",
  "queued",
  "waiting_for_lock",
  "running",
  "timed_out",
  "retrying",
  "cancelling",
  "paused",
  "completed",
  "partial",
  "failed",
  "skipped",
  "cancelled",
] as const;
/** The state of a job, spelled the same in SQL, TypeScript and JSON. */
export type JobState = (typeof JOB_STATES)[number];

/** What each state means, in one sentence. */
export const STATE_MEANING = {
  created: "It exists and has no start time; the scheduler ignores it until it is planned or released.",
  scheduled: "It has a start time, or was put off until a time, that has not come yet.",
  pending: "It is due, and not in the scheduler's internal queue, because that is full or has not taken it yet.",
  queued: "It is in the internal queue and starts as soon as a node has a free slot and what it needs is free.",
  waiting_for_lock: "It is due and stands in line for an object that another job has locked.",
  running: "A node executes its action's code.",
  timed_out: "It runs longer than its time-out. Only a mark: the attempt still runs and keeps its locks and units.",
  retrying: "An attempt failed and was or is rolled back; the next one begins by itself when the wait is over.",
  cancelling: "It was asked to stop, and is over when its handler and its rollback have ended.",
  paused: "It is held back until somebody resumes it.",
  completed: "Its action ended successfully. Final.",
  partial: "A part of its work succeeded and counts; it may be retried for the rest, or cancelled.",
  failed: "It failed and no automatic retry is left; it may be retried or cancelled.",
  skipped: "Its run found that it has nothing to do. Final.",
  cancelled: "It was called off. Final.",
} as const satisfies Record<JobState, string>;

/** States in which an attempt lives: it has a node, a token, locks and units. */
export const LIVE = ["running", "timed_out", "cancelling"] as const satisfies readonly JobState[];
/** States of a job that is over, unless somebody retries it. */
export const SETTLED = [
  "completed",
  "partial",
  "failed",
  "skipped",
  "cancelled",
] as const satisfies readonly JobState[];
/** Settled states that only `rearm`, `reanimate` and `remove` leave. */
export const TERMINAL = ["completed", "skipped", "cancelled"] as const satisfies readonly JobState[];
/** States of a job that is neither live nor settled. */
export const WAITING = [
  "created",
  "scheduled",
  "pending",
  "queued",
  "waiting_for_lock",
  "retrying",
  "paused",
] as const satisfies readonly JobState[];

/** Whether an attempt lives in this state. */
export function isLive(state: JobState | null): boolean {
  return LIVE.some((live) => live === state);
}
