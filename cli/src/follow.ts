import { setTimeout as pause } from "node:timers/promises";
import { type Created, type Job, type Jobs, SETTLED } from "@callsheet/core";
import type { ProgressDisplay } from "./progress.ts";

const LOOK_MS = 100;

/** Shows jobs on their way until all are settled. Rejects when `signal` is aborted; the jobs go on then. */
export async function follow(
  jobs: Jobs,
  created: readonly Created[],
  display: ProgressDisplay,
  signal: AbortSignal,
): Promise<void> {
  try {
    while (true) {
      signal.throwIfAborted();
      const now = await Promise.all(created.map(({ id }) => jobs.get(id)));
      display.show(now);
      if (now.every(isSettled)) return;
      await pause(LOOK_MS, undefined, { signal });
    }
  } finally {
    display.end();
  }
}

function isSettled(job: Job): boolean {
  return SETTLED.some((state) => state === job.state);
}
