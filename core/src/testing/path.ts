import type { JobEvent, JobState } from "@callsheet/contract";

/** One line of history on the way to a state. */
export interface Step {
  readonly event: JobEvent;
  readonly to: JobState;
  readonly via?: readonly JobState[];
}

interface Path {
  readonly first: JobState;
  /** Lines between the creation and the last change of state. */
  readonly lines: readonly Step[];
}

const START: Step = { event: "start", to: "running" };

/** How a job may have come to each state: by the fewest steps, as the lifecycle allows them. */
const PATHS = {
  created: { first: "created", lines: [] },
  scheduled: { first: "scheduled", lines: [] },
  pending: { first: "pending", lines: [] },
  // Admission writes no line: the next one names it.
  queued: { first: "pending", lines: [] },
  waiting_for_lock: { first: "pending", lines: [{ event: "block", to: "waiting_for_lock" }] },
  running: { first: "pending", lines: [START] },
  timed_out: { first: "pending", lines: [START, { event: "overrun", to: "timed_out" }] },
  cancelling: { first: "pending", lines: [START, { event: "ask_cancel", to: "cancelling" }] },
  retrying: { first: "pending", lines: [START, { event: "back_off", to: "retrying" }] },
  paused: { first: "scheduled", lines: [{ event: "hold", to: "paused" }] },
  completed: { first: "pending", lines: [{ event: "complete", via: ["running"], to: "completed" }] },
  partial: { first: "pending", lines: [{ event: "complete_partly", via: ["running"], to: "partial" }] },
  failed: { first: "pending", lines: [{ event: "fail", via: ["running"], to: "failed" }] },
  skipped: { first: "pending", lines: [{ event: "skip", to: "skipped" }] },
  cancelled: { first: "pending", lines: [{ event: "cancel", to: "cancelled" }] },
} as const satisfies Record<JobState, Path>;

export function pathTo(state: JobState): Path {
  return PATHS[state];
}
