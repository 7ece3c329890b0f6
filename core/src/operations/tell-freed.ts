import type { Changed } from "../store/transition.ts";
import type { Announcer } from "./hint.ts";

/** Tells nodes what ended attempts left behind: jobs that may start, start times that were set, units that came back. */
export function tellFreed(to: Pick<Announcer, "publish">, changed: readonly Changed[], pools: readonly number[]): void {
  for (const { to: state, laneId, rank } of changed) {
    if (state === "queued" || state === "pending") to.publish({ kind: "lane", laneId, rank });
    else if (state === "retrying" || state === "scheduled") to.publish({ kind: "due" });
  }
  for (const poolId of pools) to.publish({ kind: "pool", poolId });
}
