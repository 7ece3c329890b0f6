import type { JobState } from "./state.ts";

/** What the members of a group or run are counted by. */
export const MEMBER_CLASSES = ["live", "overdue", "waiting", "held", "bad", "good", "cancelled"] as const;
/** What a member counts as in the state of its group or run. */
export type MemberClass = (typeof MEMBER_CLASSES)[number];

/** The class in which a member of this state is counted. */
export const CLASS_OF_STATE = {
  created: "waiting",
  scheduled: "waiting",
  pending: "waiting",
  queued: "waiting",
  waiting_for_lock: "waiting",
  running: "live",
  timed_out: "overdue",
  retrying: "waiting",
  cancelling: "live",
  paused: "held",
  completed: "good",
  partial: "bad",
  failed: "bad",
  skipped: "good",
  cancelled: "cancelled",
} as const satisfies Record<JobState, MemberClass>;

/** The states that a group or a run can have by its members and its intent. */
export const COMPOSITE_STATES = [
  "created",
  "scheduled",
  "pending",
  "queued",
  "running",
  "timed_out",
  "pausing",
  "paused",
  "cancelling",
  "completed",
  "failed",
  "skipped",
  "cancelled",
] as const satisfies readonly (JobState | "pausing")[];
/** The state of a group or run. A run whose tasks have begun is `running`, also while none is live at the moment. */
export type CompositeState = (typeof COMPOSITE_STATES)[number];

/** What each state of a group or a run means, in one sentence. */
export const COMPOSITE_STATE_MEANING = {
  created: "A group whose members have no start time.",
  scheduled: "A group none of whose members is due.",
  pending: "A run none of whose tasks has started.",
  queued: "A group with a member that is due, and none that runs.",
  running: "A member is live; or a run of which some task has started.",
  timed_out: "A group with a member past its time-out, and none that runs in time or failed.",
  pausing: "It is to pause, and members that were live still run.",
  paused: "It is held back until somebody resumes it; nothing runs.",
  cancelling: "It is being cancelled, and members are still to end.",
  completed: "Every member has ended, none of them badly.",
  failed: "A member failed or ended in part. A group says so already while others wait; a run once it has settled.",
  skipped: "A run that had nothing to do.",
  cancelled: "It was cancelled before everything had ended, or every member was.",
} as const satisfies Record<CompositeState, string>;

/** What somebody wants of a composite as a whole. */
export const INTENTS = ["none", "pause", "cancel"] as const;
/** What was asked of a group or a run, and holds until its members have got there. */
export type Intent = (typeof INTENTS)[number];

/** How many members are in each class; each member is in exactly one. */
export interface MemberCounts extends Readonly<Record<MemberClass, number>> {
  /** How many of the waiting are due: pending, queued or waiting for a lock. */
  readonly due: number;
  /** How many of the waiting have no start time. */
  readonly unplanned: number;
  /** How many of the bad and the cancelled are still being rolled back. */
  readonly rollingBack: number;
}

/** What the state of a group or a run follows from. */
export interface Composite {
  readonly kind: "group" | "run";
  readonly counts: MemberCounts;
  readonly intent: Intent;
  /** No member will be added: a group has all its members, a run's discovery has ended. */
  readonly closed: boolean;
  /** Some member has ever been started, whatever became of it. */
  readonly begun: boolean;
}

/** The state of a group or a run, with what dependants and people want to know beside it. */
export interface ComposedState {
  readonly state: CompositeState;
  /** Everything has ended. Dependants react to this alone: a group is `failed` before it has settled, too. */
  readonly settled: boolean;
  /** How many members are still to end, or to be rolled back. */
  readonly unfinished: number;
}

/** Counts members by their states. `isRollingBack` says whether a settled member is still being rolled back. */
export function countMembers(
  members: readonly { readonly state: JobState; readonly isRollingBack?: boolean }[],
): MemberCounts {
  const counts = { live: 0, overdue: 0, waiting: 0, held: 0, bad: 0, good: 0, cancelled: 0 };
  let [due, unplanned, rollingBack] = [0, 0, 0];
  for (const { state, isRollingBack } of members) {
    const memberClass = CLASS_OF_STATE[state];
    counts[memberClass] += 1;
    if (DUE.includes(state)) due += 1;
    if (state === "created") unplanned += 1;
    if (isRollingBack && (memberClass === "bad" || memberClass === "cancelled")) rollingBack += 1;
  }
  return { ...counts, due, unplanned, rollingBack };
}

/** The state of a group or run: a pure function of its members' counts, the intent, and whether it is closed and begun. */
export function composeState(composite: Composite): ComposedState {
  const { counts, closed, intent } = composite;
  const unfinished = counts.live + counts.overdue + counts.waiting + counts.held + counts.rollingBack;
  if (closed && unfinished === 0) return { state: settledState(composite), settled: true, unfinished };
  const unsettled = (state: CompositeState): ComposedState => ({ state, settled: false, unfinished });
  if (intent === "cancel") return unsettled("cancelling");
  if (intent === "pause") return unsettled(counts.live + counts.overdue > 0 ? "pausing" : "paused");
  if (counts.live > 0) return unsettled("running");
  return unsettled(composite.kind === "group" ? stateOfIdleGroup(counts) : stateOfIdleRun(composite));
}

const DUE: readonly JobState[] = ["pending", "queued", "waiting_for_lock"];

function settledState({ kind, counts, intent, begun }: Composite): CompositeState {
  if (intent === "cancel") return "cancelled";
  if (counts.bad > 0) return "failed";
  if (counts.cancelled > 0 && counts.good === 0) return "cancelled";
  return kind === "run" && !begun ? "skipped" : "completed";
}

function stateOfIdleGroup(counts: MemberCounts): CompositeState {
  if (counts.bad > 0) return "failed";
  if (counts.overdue > 0) return "timed_out";
  if (counts.due > 0) return "queued";
  const others = counts.waiting - counts.unplanned + counts.held + counts.good + counts.cancelled;
  return others === 0 ? "created" : "scheduled";
}

function stateOfIdleRun({ counts, begun }: Composite): CompositeState {
  return begun || counts.overdue > 0 ? "running" : "pending";
}
