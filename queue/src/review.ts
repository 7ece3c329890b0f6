import type { JobState } from "@callsheet/core";
import type { Review } from "./events.ts";
import type { QueuePart } from "./part.ts";
import { endOf } from "./turn.ts";

/** Ends what dead workers left behind, removes what has been over for long enough, and tells of it. */
export async function review({ desk, settings, id, emit }: QueuePart): Promise<Review> {
  const states = new Map<string, JobState[]>();
  for (const { id: job, to } of await desk.recover()) states.set(job, [...(states.get(job) ?? []), to]);
  for (const [job, ended] of states) {
    const end = endOf(ended);
    if (end === "failed" || end === "terminated") emit(end, id, job);
  }
  const { removeFinishedJobs: after } = settings;
  const removed = after === false ? [] : await desk.removeFinished(after === true ? 0 : after);
  for (const job of removed) emit("removed", id, job);
  await desk.reviewed();
  const done = { reviewed: states.size, removed: removed.length, local: true };
  emit("reviewed", id, done);
  return done;
}
