import type { CompositeState } from "./composite.ts";
import type { Group } from "./group.ts";
import type { Explanation, Reason } from "./situation.ts";
import { iso } from "./telling.ts";

/** Says why a group stands where it stands, in the numbers of its members. */
export function explainGroup(group: Group): Explanation {
  const { id, state, counts, memberCount, isClosed, generation } = group;
  return {
    jobId: id,
    state: state === "pausing" ? "running" : state,
    reason: reasonOf(group),
    sentence: `${membersOf(group)}${isClosed ? "" : " It is open: more members may come."}${remedyOf(group)}`,
    details: { ...counts, memberCount, isClosed, generation },
    ...{ blockers: [], forecast: null, noForecast: null },
  };
}

const REASON_OF = {
  created: "not_planned",
  scheduled: "scheduled",
  pending: "about_to_start",
  queued: "about_to_start",
  running: "running",
  timed_out: "overrun",
  pausing: "paused",
  paused: "paused",
  cancelling: "cancelling",
  completed: "settled",
  failed: "about_to_start",
  skipped: "settled",
  cancelled: "settled",
} as const satisfies Record<CompositeState, Reason>;

/** A group is failed before it has settled, too: then others of its members are still to run. */
const reasonOf = ({ state, isSettled }: Group): Reason => (isSettled ? "settled" : REASON_OF[state]);

function membersOf({ memberCount, counts, isSettled, endedAt }: Group): string {
  const said = [
    [counts.live, "runs", "run"],
    [counts.overdue, "runs longer than its time-out", "run longer than their time-out"],
    [counts.waiting, "waits", "wait"],
    [counts.held, "is held", "are held"],
    [counts.bad, "failed", "failed"],
    [counts.rollingBack, "of those is being rolled back", "of those are being rolled back"],
    [counts.good, "completed", "completed"],
    [counts.cancelled, "was cancelled", "were cancelled"],
  ] as const;
  const parts = said.filter(([count]) => count > 0).map(([count, one, more]) => `${count} ${count === 1 ? one : more}`);
  const of = memberCount === 1 ? "1 member" : `${memberCount} members`;
  return `Of ${of} ${parts.join(", ")}.${isSettled ? ` The last ended at ${iso(endedAt)}.` : ""}`;
}

function remedyOf({ intent, counts, isSettled }: Group): string {
  if (intent === "pause" && !isSettled) return " It is held: resume it.";
  return counts.bad > 0 && intent !== "cancel" ? " Retry those that failed." : "";
}
