import type { CompositeState, Intent, MemberCounts } from "../composite.ts";
import type { JobKind } from "../job.ts";
import type { JobLock, LockMode } from "../lock.ts";
import type { JobState } from "../state.ts";
import type { HistoryLine } from "./lines.ts";

/*
 * What the checker reads of a system at one moment, record by record: nodes first, then the others in any order. Instants are
 * milliseconds since 1970, as the database told them.
 */

/** One life of a node. */
export interface NodeRecord {
  readonly what: "node";
  readonly id: number;
  readonly name: string;
  /** The action types that it has the code of. */
  readonly types: readonly string[];
  /** Null: it lives. */
  readonly endedAt: number | null;
}

/** Something with a capacity. */
export interface PoolRecord {
  readonly what: "pool";
  readonly id: number;
  readonly name: string;
  readonly scope: string;
  readonly used: number;
  /** What attempts hold of it, added up. */
  readonly held: number;
}

/** Jobs that one node took together. */
export interface ClaimRecord {
  readonly what: "claim";
  readonly token: string;
  /** How many jobs it names, and how many different ones. */
  readonly size: number;
  readonly different: number;
  /** How many bits it has, and how many of them say that the member has not ended. */
  readonly bits: number;
  readonly unended: number;
  /** How many members it says have not ended. */
  readonly open: number;
  /** How many pools, and how many amounts of units, each member holds. */
  readonly pools: number;
  readonly amounts: number;
}

/** An object that somebody holds. */
export interface ObjectRecord {
  readonly what: "object";
  readonly key: string;
  readonly holders: readonly { readonly jobId: string; readonly mode: LockMode }[];
}

/** Rows that name something that is not there. */
export interface DanglingRecord {
  readonly what: "dangling";
  readonly table: string;
  readonly column: string;
  /** What they name. */
  readonly value: string;
  /** The table where it should be. */
  readonly target: string;
  readonly rows: number;
}

/** A collection that contains itself. */
export interface CircleRecord {
  readonly what: "circle";
  /** Of the collection. */
  readonly name: string;
}

/** A line of history with what the checker asks of it beside the job's states. */
export interface JobLine extends HistoryLine {
  readonly nodeId: number | null;
  /** When the attempt that it speaks of began, where it says so. */
  readonly startedAt: number | null;
}

/** What stands with a job, and is copied to its state. */
export interface Copied {
  readonly laneId: number;
  readonly ownerId: number;
  readonly actionVersionId: number;
  readonly rank: number;
  /** The group or run that counts it. */
  readonly parentId: string | null;
}

type Rollback = "none" | "required" | "running" | "done" | "failed";

/** The state of a job that is not settled. */
export interface WorkPlace extends Copied {
  readonly state: JobState;
  /** Where its last line of history ends. */
  readonly lineState: JobState;
  readonly seq: number;
  readonly attempt: number;
  readonly token: string | null;
  readonly nodeId: number | null;
  /** Its attempt lives elsewhere. */
  readonly isElsewhere: boolean;
  readonly startedAt: number | null;
  readonly rollback: Rollback;
  /** Its objects were handed over to it, and it has not started yet. */
  readonly isHandedOver: boolean;
}

/** How a settled job ended. */
export interface OutcomePlace {
  readonly state: JobState;
  readonly seq: number;
  readonly attempt: number;
  readonly token: string | null;
  readonly rollback: Rollback;
}

/** What is stored of a group or run, beside what its members are. */
export interface CompositePlace {
  readonly counts: MemberCounts;
  /** Its members that are stored, counted anew; null: there are none. */
  readonly recount: MemberCounts | null;
  /** Members that retention has taken away: they still count. */
  readonly removed: number;
  readonly intent: Intent;
  readonly isClosed: boolean;
  readonly hasBegun: boolean;
  readonly state: CompositeState;
  readonly isSettled: boolean;
  readonly generation: number;
  readonly seq: number;
  readonly lineState: JobState;
}

/** A claim in which a job is a member that has not ended. */
export interface ClaimPlace {
  readonly token: string;
  readonly nodeId: number;
  readonly startedAt: number;
}

/** A request for an object, and its place in line. */
export interface TicketPlace {
  readonly key: string;
  readonly held: boolean;
  /** Of the attempt that holds it. */
  readonly token: string | null;
}

/** A job: all that is stored of where it stands, what it holds, and how it came there. */
export interface JobRecord extends Copied {
  readonly what: "job";
  readonly id: string;
  readonly kind: JobKind;
  /** Its action's type. */
  readonly type: string;
  readonly startAt: number | null;
  readonly locks: readonly JobLock[];
  readonly configurationVersion: number;
  /** How many replaced configurations are kept, and the number of the last one. */
  readonly replaced: { readonly count: number; readonly last: number };
  /** Its whole history, oldest line first. */
  readonly lines: readonly JobLine[];
  readonly work: WorkPlace | null;
  readonly outcome: OutcomePlace | null;
  /** Entries of its undo journal that nobody has undone or kept. */
  readonly openEntries: number;
  /** Of a group or run. */
  readonly composite: CompositePlace | null;
  readonly claims: readonly ClaimPlace[];
  readonly tickets: readonly TicketPlace[];
  /** It waits for a lock, and nobody stands before it who could have what it waits for. */
  readonly isFirst: boolean;
  /** Tokens of the attempts that hold units for it in rows of their own. */
  readonly grants: readonly string[];
  /** Tokens of attempts that may still run though the job was over before they ended. */
  readonly remnants: readonly string[];
}

/** What is told of an instant of a timed action, or of several, one behind the other. */
export interface OccurrenceFacts {
  readonly origin: "rule" | "hand";
  readonly local: string;
  readonly fold: 0 | 1;
  readonly until: string;
  readonly instant: number;
  readonly untilInstant: number;
  readonly firedAt: number | null;
  readonly reason: string | null;
  /** It waited for the one before it. */
  readonly wasQueued: boolean;
}

/** A timed action, with what is told of a stretch of time up to its mark. */
export interface TimedActionRecord {
  readonly what: "timedAction";
  readonly name: string;
  readonly mark: number;
  /** Behind its instant by more than that, an occurrence says why it fired so late. */
  readonly lateMs: number;
  /** How many occurrences have fired and not ended. */
  readonly open: number;
  /** Its job waits for the next occurrence, or for nothing. */
  readonly isIdle: boolean;
  /** In the order of their instants. */
  readonly occurrences: readonly OccurrenceFacts[];
  /** What the rule comes to in that time. */
  readonly expected: readonly Pick<OccurrenceFacts, "local" | "fold" | "instant">[];
}

/** One thing that the checker looks at. */
export type CheckRecord =
  | TimedActionRecord
  | NodeRecord
  | PoolRecord
  | ClaimRecord
  | ObjectRecord
  | DanglingRecord
  | CircleRecord
  | JobRecord;
