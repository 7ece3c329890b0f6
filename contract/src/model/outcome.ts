import type { JobError } from "./job.ts";
import type { Json, JsonObject } from "./json.ts";

/** One thing that went wrong in a handler that could still deliver something. */
export interface Problem {
  readonly path?: string;
  readonly message: string;
}

/** The handler delivered a structured result for a part of its work: the job ends `partial` (MISSION 12). */
export interface Partial {
  readonly kind: "partial";
  readonly output: Json;
  readonly problems: readonly Problem[];
}

/** The handler asks to be run again later; not a retry (MISSION 15). */
export interface Snooze {
  readonly kind: "snooze";
  readonly until: Date;
  /** What the job's data are from now on. Jobs of kind `queue` only. */
  readonly data?: JsonObject;
}

/** The handler has returned, and its work goes on elsewhere, where `handle` finds it. */
export interface Elsewhere {
  readonly kind: "elsewhere";
  readonly handle: Json;
}

/** The work failed. */
export interface Failed {
  readonly kind: "failed";
  readonly error: JobError;
}

/** What a handler, or a poll, may return beside a plain result. */
export type Outcome = Partial | Snooze | Elsewhere | Failed;

const OUTCOME = Symbol.for("callsheet.outcome");

/** Ends a job as `partial`: `output` is kept as its result, `problems` say what is missing. */
export function partial(output: Json, problems: readonly Problem[]): Partial {
  return Object.freeze({ kind: "partial", output, problems, [OUTCOME]: true });
}

/**
 * Puts a job back to `scheduled` until the given instant. Its attempt ends without being a failure. A queue job may be
 * put back with changed `data`; of another kind it fails with `wrong_state`.
 */
export function snooze(until: Date, data?: JsonObject): Snooze {
  return Object.freeze({ kind: "snooze", until, ...(data === undefined ? {} : { data }), [OUTCOME]: true });
}

/**
 * Lets the work of an attempt go on elsewhere, such as on a render farm or in a person's hands: the slot is free, what the
 * attempt holds stays held, and its time-out goes on. The attempt ends when its type's `poll` says so, or somebody who has its
 * completion token. `handle` is JSON of at most 64 KiB, given to `poll`.
 */
export function elsewhere(handle: Json): Elsewhere {
  return Object.freeze({ kind: "elsewhere", handle, [OUTCOME]: true });
}

/** Ends an attempt as an error with this code and message would that was thrown: what a `poll` says of work that failed. */
export function failed(code: string, message: string, data?: Json): Failed {
  const error = { code, message, ...(data === undefined ? {} : { data }) };
  return Object.freeze({ kind: "failed", error, [OUTCOME]: true });
}

/** Tells an outcome, such as `partial(…)`, from a plain result. Marked by a registered symbol, so copies of this package agree. */
export function isOutcome(value: unknown): value is Outcome {
  return typeof value === "object" && value !== null && OUTCOME in value;
}
