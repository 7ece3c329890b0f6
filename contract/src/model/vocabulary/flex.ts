import { exactly, nearest, type Words } from "./word.ts";

/** Jobs and group jobs of the media platform. */
export const FLEX = {
  title: "Flex",
  single: {
    created: exactly("Created"),
    scheduled: exactly("Scheduled"),
    pending: exactly("Pending"),
    queued: exactly("Queued"),
    waiting_for_lock: exactly("Waiting for Lock"),
    running: exactly("Running"),
    timed_out: exactly("Timed Out"),
    retrying: exactly("Failed"),
    cancelling: nearest("Running"),
    paused: nearest("Scheduled"),
    completed: exactly("Completed"),
    partial: nearest("Failed"),
    failed: exactly("Failed"),
    skipped: nearest("Completed"),
    cancelled: exactly("Cancelled"),
  },
  composite: {
    created: exactly("Created"),
    scheduled: exactly("Scheduled"),
    pending: exactly("Pending"),
    queued: exactly("Queued"),
    running: exactly("Running"),
    timed_out: exactly("Timed Out"),
    pausing: nearest("Running"),
    paused: nearest("Scheduled"),
    cancelling: nearest("Running"),
    completed: exactly("Completed"),
    failed: exactly("Failed"),
    skipped: nearest("Completed"),
    cancelled: exactly("Cancelled"),
  },
  synonyms: {},
} as const satisfies Words;
