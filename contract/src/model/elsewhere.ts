import type { JobContext } from "./context.ts";
import type { Json } from "./json.ts";
import type { Elsewhere, Outcome } from "./outcome.ts";

/** What a function sees that looks after work which goes on elsewhere. */
export interface ElsewhereContext<Configuration = unknown>
  extends Pick<
    JobContext<Configuration>,
    "job" | "configuration" | "target" | "attempt" | "fencing" | "progress" | "log" | "variables"
  > {
  /** Aborted when the work is to stop: its job is being cancelled or is over, and its action allows it. Or the poll took too long. */
  readonly signal: AbortSignal;
  /** It runs longer than its time-out. */
  readonly isOverdue: boolean;
}

/** Looks how work stands that goes on elsewhere. */
export type Poll<Configuration = unknown, Result = unknown> = (
  handle: Json,
  context: ElsewhereContext<Configuration>,
) => Promise<Result | Outcome>;

/** Asks work that goes on elsewhere to stop. */
export type Cancel<Configuration = unknown> = (
  handle: Json,
  context: ElsewhereContext<Configuration>,
) => Promise<Elsewhere | undefined>;

/** The shortest and the longest time between two polls, and the usual one, in milliseconds. */
export const POLL_EVERY_MS = { least: 100, most: 86_400_000, usual: 30_000 } as const;
/** The longest handle, in bytes of JSON. */
export const LONGEST_HANDLE = 65_536;

/** What a completion token begins with, so that it is told from the id of a job. */
export const TOKEN_PREFIX = "cst_";
