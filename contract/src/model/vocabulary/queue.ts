import { exactly, nearest, type Words } from "./word.ts";

/** Jobs of the queue library. It knows no groups: their words are the nearest ones. */
export const QUEUE = queueWords("Queue", "added", "waiting");

/** The same in the words of the library's release 3.1, which says `waiting` for `added`. */
export const QUEUE_31 = queueWords("Queue 3.1", "waiting", "added");

function queueWords(title: string, added: "added" | "waiting", synonym: "added" | "waiting"): Words {
  return {
    title,
    single: {
      created: exactly("created", added),
      scheduled: exactly(added),
      pending: exactly(added),
      queued: exactly(added),
      waiting_for_lock: exactly(added),
      running: exactly("active"),
      timed_out: exactly("active"),
      retrying: exactly("failed"),
      cancelling: nearest("active"),
      paused: nearest(added),
      completed: exactly("completed"),
      partial: nearest("terminated"),
      failed: exactly("terminated"),
      skipped: nearest("cancelled"),
      cancelled: exactly("cancelled"),
    },
    composite: {
      created: nearest("created"),
      scheduled: nearest(added),
      pending: nearest(added),
      queued: nearest(added),
      running: nearest("active"),
      timed_out: nearest("active"),
      pausing: nearest("active"),
      paused: nearest(added),
      cancelling: nearest("active"),
      completed: nearest("completed"),
      failed: nearest("terminated"),
      skipped: nearest("cancelled"),
      cancelled: nearest("cancelled"),
    },
    synonyms: { [synonym]: added },
  };
}
