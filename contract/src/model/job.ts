import type { Json, JsonObject } from "./json.ts";
import type { JobLock } from "./lock.ts";
import type { PriorityName } from "./priority.ts";
import type { SettledState } from "./retention.ts";
import type { RollbackState } from "./rollback-state.ts";
import type { JobState } from "./state.ts";
import type { Target } from "./target.ts";
import type { WorkElsewhere } from "./work-elsewhere.ts";

/** All kinds of jobs. */
export const JOB_KINDS = ["job", "group", "run", "task", "timed", "queue"] as const;
/** What a job is: one piece of work, or something that is made of others. */
export type JobKind = (typeof JOB_KINDS)[number];

/** How a job was created. */
export const ORIGINS = ["library", "api", "person", "workflow", "timed", "filter", "queue"] as const;
/** Who or what created a job. */
export type Origin = (typeof ORIGINS)[number];

/** The error that ended an attempt. `stack` is there when the handler threw something unexpected. */
export interface JobError {
  readonly code: string;
  readonly message: string;
  readonly stack?: string;
  readonly data?: Json;
}

/** How an occurrence of a timed action ended. */
export interface OccurrenceOutcome {
  readonly state: SettledState;
  readonly startedAt: Date | null;
  readonly endedAt: Date;
  readonly attempt: number;
  readonly retries: number;
  readonly error: JobError | null;
}

/** How far a handler says that it is. */
export interface Progress {
  /** 0 to 100. */
  readonly percent: number;
  readonly message: string | null;
  /** What the handler measures: frames per second, speed, bytes. */
  readonly stats: JsonObject | null;
  readonly at: Date;
}

/** A job as every reader sees it: one view over what is stored. */
export interface Job<Configuration = Json, Result = Json> {
  readonly id: string;
  readonly kind: JobKind;
  readonly action: string;
  /** The version of the action that was copied at creation. */
  readonly actionVersion: number;
  readonly type: string;
  readonly site: string;
  readonly queue: string;
  readonly state: JobState;
  /** Beside its state: how far it is with undoing what a failed attempt did. */
  readonly rollback: RollbackState;
  readonly priority: PriorityName;
  readonly owner: string;
  readonly origin: Origin;
  readonly parentId: string | null;
  readonly target: Target | null;
  readonly tags: readonly string[];
  /** Units of resources that each attempt holds, by name or `#tag`. */
  readonly needs: Readonly<Record<string, number>>;
  /** Objects that each attempt locks, in the order of their keys. */
  readonly locks: readonly JobLock[];
  /** The action of the job by which it can be undone once it has completed, and of the one that does it again; null: there is none. */
  readonly undoAction: string | null;
  readonly redoAction: string | null;
  /** How large its work is, in the unit that its action counts in; null: not said. */
  readonly size: number | null;
  readonly configuration: Configuration;
  readonly configurationVersion: number;
  readonly variables: JsonObject;
  readonly idempotencyKey: string | null;
  readonly createdAt: Date;
  /** When it is, or was, scheduled to begin; null until it is planned. */
  readonly startAt: Date | null;
  /** When it may next be started: later than `startAt` after a back-off or snooze. */
  readonly dueAt: Date | null;
  /** The actual start of its last attempt. */
  readonly startedAt: Date | null;
  /** Since when its attempt has lived and not moved: no progress, line or byte for as long as its action calls a stall; null: it moves. */
  readonly stalledSince: Date | null;
  /** Its attempt lives elsewhere: no node runs it; null: it does not. */
  readonly elsewhere: WorkElsewhere | null;
  /** When its last attempt ended; null while it is to run again. */
  readonly endedAt: Date | null;
  /** `endedAt - startedAt`, milliseconds. */
  readonly durationMs: number | null;
  readonly attempt: number;
  readonly retries: number;
  readonly node: string | null;
  readonly progress: Progress | null;
  readonly result: Result | null;
  readonly error: JobError | null;
  /** The timed action that always runs as this job; null: it is no such job. */
  readonly timedAction: string | null;
  /** How the last occurrence of its timed action ended that is over; null: there is none. */
  readonly lastOutcome: OccurrenceOutcome | null;
}
