import type { Changed } from "../store/transition.ts";
import type { Bus } from "./bus.ts";

/** Tells nodes what ended attempts left behind: jobs that may start, start times that were set, units that came back. */
export function tellFreed(bus: Bus, changed: readonly Changed[], pools: readonly number[]): void {
  for (const { to, laneId, rank } of changed) {
    if (to === "queued" || to === "pending") bus.publish({ kind: "lane", laneId, rank });
    else if (to === "retrying" || to === "scheduled") bus.publish({ kind: "due" });
  }
  for (const poolId of pools) bus.publish({ kind: "pool", poolId });
}
