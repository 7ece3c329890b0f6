import type { Action } from "./action.ts";
import type { Code } from "./code.ts";
import type { Intent } from "./composite.ts";
import type { Forecast, NoForecast, StartForecast } from "./forecast.ts";
import type { Job } from "./job.ts";
import type { JsonObject } from "./json.ts";
import type { JobLock } from "./lock.ts";
import type { RollbackState } from "./rollback-state.ts";
import type { JobState } from "./state.ts";
import type { CandidateJob, LaneFacts, ObjectFacts, PoolFacts } from "./world.ts";

/** Why a job stands where it stands. A closed list; each job has exactly one at a time. */
export const REASONS = {
  not_planned: "It has no start time.",
  scheduled: "Its time has not come.",
  backing_off: "An attempt failed, and the wait before the next one is not over.",
  rollback_unfinished: "What a failed attempt did has to be undone first.",
  rollback_failed: "What a failed attempt did could not be undone, and an operator has to decide.",
  paused: "Somebody holds it.",
  group_held: "The group that it is a member of is held, or cancelled.",
  lane_paused: "Its action, its queue or its site is paused.",
  nodes_paused: "All nodes that run its action type are paused.",
  no_node: "No live node at its site runs its action type.",
  no_such_version: "No live node that runs its action type has a version of the code that understands it.",
  no_capable_node: "No live node that runs its action type has what it needs.",
  nodes_busy: "All slots of the nodes that can run it are busy.",
  internal_queue_full: "All slots are busy, and the scheduler's internal queue has no room for it.",
  waiting_for_lock: "Another job has locked an object that it works on, or asked for it before.",
  object_quarantined: "An object that it locks is in quarantine.",
  unknown_resource: "Nobody has made a resource that it needs.",
  impossible_need: "It needs more units of a resource than there ever are.",
  resource_stopped: "A resource that it needs is stopped, or drains.",
  resource_closed: "At this time a resource that it needs has fewer units than it needs.",
  resource_full: "All units of a resource that it needs are in use.",
  resource_reserved: "The free units of a resource that it needs are held back for a job that needs many.",
  limit_reached: "As many jobs of its action, its queue or its site run as may.",
  about_to_start: "Nothing holds it back.",
  running: "A node runs it.",
  overrun: "It runs, longer than its time-out.",
  elsewhere: "Its work goes on elsewhere, and no node runs it.",
  stalled: "It runs, and nothing of it has moved for as long as its action calls a stall.",
  cancelling: "It was asked to stop and has not ended yet.",
  node_lost: "The node that ran it died, and nobody has recovered it yet.",
  settled: "It is over.",
} as const;
/** The code of a reason for which a job stands where it stands. */
export type Reason = keyof typeof REASONS;

/** Why a job stands where it stands, and what to do about it. */
export interface Explanation {
  readonly jobId: string;
  readonly state: JobState;
  readonly reason: Reason;
  /** For people: one sentence or two, with the numbers of this case. */
  readonly sentence: string;
  /** The same numbers for programs; instants in ISO form. */
  readonly details: JsonObject;
  /** Jobs that stand in its way, as far as single jobs do: those that hold what it needs. At most ten. */
  readonly blockers: readonly string[];
  /** When it is expected to start; null for a job that waits for no start, or of which nothing can be said: `noForecast` tells why. */
  readonly forecast: StartForecast | null;
  readonly noForecast: NoForecast | null;
}

/** A node at the job's site that runs its type. */
export interface NodeInSight {
  readonly name: string;
  readonly state: "up" | "paused" | "draining";
  readonly slots: number;
  /** Jobs that it runs now, those included that it took and begins in a moment. */
  readonly running: number;
  readonly capabilities: readonly string[];
  /** Of the job's type. */
  readonly code: Code;
}

/** A pool, with the most units that it ever has, and the jobs that hold them, the longest first, ten at most. */
export type PoolInSight = PoolFacts & { readonly most: number; readonly holders: readonly string[] };

/** All that an explanation is made of. */
export interface Situation {
  readonly now: Date;
  readonly job: Pick<
    Job,
    | "id"
    | "state"
    | "type"
    | "site"
    | "attempt"
    | "startedAt"
    | "stalledSince"
    | "timedAction"
    | "elsewhere"
    | "endedAt"
    | "dueAt"
    | "node"
    | "error"
  >;
  readonly action: Pick<Action, "timeoutMs">;
  readonly lane: LaneFacts;
  readonly locks: readonly JobLock[];
  /** Its place in line, if it has asked for its objects. */
  readonly ticket: CandidateJob["ticket"];
  readonly expectedMs: CandidateJob["expectedMs"];
  /** The pools that it may take units of, and its objects. */
  readonly pools: readonly PoolInSight[];
  readonly objects: readonly ObjectFacts[];
  readonly rollback: RollbackState;
  /** Why the last try to undo something failed. */
  readonly rollbackProblem: string | null;
  readonly isRetryAsked: boolean;
  /** Whether the node that runs it has died. */
  readonly isNodeLost: boolean;
  readonly nodes: readonly NodeInSight[];
  /** Jobs that start before it, counted up to one more than `MOST_AHEAD`. */
  readonly ahead: number;
  /** The scheduler's internal queue, in jobs. */
  readonly queue: { readonly length: number; readonly capacity: number };
  readonly forecast: Forecast | null;
  /** The group or run that it is a member of. Absent or null: it is none. */
  readonly group?: { readonly id: string; readonly intent: Intent; readonly reason: string | null } | null;
}

/** More jobs than that are not counted: the cost of an explanation must not grow with the backlog. */
export const MOST_AHEAD = 10_000;
