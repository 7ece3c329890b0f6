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

/** Tells a `partial(…)` or `snooze(…)` from a plain result. Marked by a registered symbol, so copies of this package agree. */
export function isOutcome(value: unknown): value is Partial | Snooze {
  return typeof value === "object" && value !== null && OUTCOME in value;
}
