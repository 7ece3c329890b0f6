import { exactly, nearest, type Words } from "./word.ts";

/** Tasks (single jobs) and jobs (groups and runs) of the data-movement service. */
export const HUB = {
  title: "Hub",
  single: {
    created: exactly("Pending"),
    scheduled: exactly("Pending"),
    pending: exactly("Pending"),
    queued: exactly("Pending"),
    waiting_for_lock: exactly("Pending"),
    running: exactly("Started"),
    timed_out: exactly("Started"),
    retrying: exactly("Pending"),
    cancelling: nearest("Started"),
    paused: nearest("Pending"),
    completed: exactly("Success"),
    partial: exactly("Error"),
    failed: exactly("Failure"),
    skipped: exactly("Skipped"),
    cancelled: exactly("Cancelled"),
  },
  composite: {
    created: exactly("Pending"),
    scheduled: exactly("Pending"),
    pending: exactly("Pending"),
    queued: exactly("Pending"),
    running: exactly("Started"),
    timed_out: exactly("Started"),
    pausing: exactly("Pausing"),
    paused: exactly("Paused"),
    cancelling: exactly("Dequeuing"),
    completed: exactly("Success"),
    failed: exactly("Failure"),
    skipped: exactly("Skipped"),
    cancelled: exactly("Cancelled"),
  },
  synonyms: {},
} as const satisfies Words;
