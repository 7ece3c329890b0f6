import type { Ending, EndingStep } from "./ending.ts";
import type { JobError } from "./job.ts";
import type { Json } from "./json.ts";
import { type RetryPolicy, retryPolicySchema } from "./retry.ts";
import type { RollbackState } from "./rollback-state.ts";

/** What becomes of an entry of the undo journal. */
export const ENTRY_STATES = ["intent", "undone", "failed", "keeping", "kept", "resolved"] as const;
/**
 * `intent`: undone if the job fails; `keeping`: its effect counts, and is still to be made final; `resolved`: an operator
 * took it on himself.
 */
export type EntryState = (typeof ENTRY_STATES)[number];

/** Something that an attempt did, or was about to do, as it said before. */
export interface UndoEntry {
  readonly attempt: number;
  /** Numbers the entries of an attempt from 1, in the order in which they were made. */
  readonly n: number;
  /** Names the function of the action type that undoes it; `callsheet.publish` is the engine's own, for a file that it publishes. */
  readonly name: string;
  /** The path that it belongs to, if it names one. */
  readonly path: string | null;
  readonly data: Json;
  readonly state: EntryState;
  readonly at: Date;
  /** When it was undone or kept; null: not yet. */
  readonly endedAt: Date | null;
  /** Why it could not be undone the last time. */
  readonly error: JobError | null;
}

/** A job's rollback, with everything that its attempts journaled, oldest first. */
export interface Rollback {
  readonly state: RollbackState;
  /** How often the next entry has been tried in vain. */
  readonly tries: number;
  /** When it is tried again; null: nothing is to be tried, or an operator has to decide. */
  readonly nextAt: Date | null;
  /** The node that works on it now. */
  readonly node: string | null;
  /** A cancel or a retry that was asked for meanwhile, and is done when it ends. */
  readonly remembered: "cancel" | "retry" | null;
  readonly entries: readonly UndoEntry[];
}

/** How an undo that fails is tried again, unless its action type says otherwise. */
export const UNDO_RETRY: RetryPolicy = retryPolicySchema.parse({ limit: 5, delayMs: 1_000, maxDelayMs: 60_000 });

/** What of a journal an ending leaves to be undone. */
export interface Undoing<Open extends Entry> {
  /** Steps that happen now, and those that wait until the rollback has ended. */
  readonly now: readonly EndingStep[];
  readonly later: readonly EndingStep[];
  readonly undone: readonly Open[];
  readonly kept: readonly Open[];
}
type Entry = Pick<UndoEntry, "path">;

const AFTER_ROLLBACK: readonly string[] = ["settle", "retry", "rearm"];

/**
 * What follows for the open entries of a job whose attempt has ended: a failure undoes all of them, a partial result those
 * of its failed paths (MISSION 24), a completion none. A snooze leaves them open: the work is not over. What must not happen
 * before the rollback has ended is put off.
 */
export function decideUndoing<Open extends Entry>(
  ending: Ending,
  steps: readonly EndingStep[],
  open: readonly Open[],
): Undoing<Open> {
  const [undone, kept] = divide(ending, steps, open);
  if (undone.length === 0) return { now: steps, later: [], undone, kept };
  const isPutOff = ({ event }: EndingStep) => AFTER_ROLLBACK.includes(event);
  return { now: steps.filter((step) => !isPutOff(step)), later: steps.filter(isPutOff), undone, kept };
}

function divide<Open extends Entry>(
  ending: Ending,
  steps: readonly EndingStep[],
  open: readonly Open[],
): readonly [undone: readonly Open[], kept: readonly Open[]] {
  if (ending.kind === "completed") return [[], open];
  if (ending.kind === "partial") {
    const failed = new Set(ending.failedPaths ?? []);
    const isFailed = ({ path }: Entry) => path !== null && failed.has(path);
    return [open.filter(isFailed), open.filter((entry) => !isFailed(entry))];
  }
  const isToRunAgain = steps.some(({ event }) => event === "snooze" || event === "hand_back");
  return isToRunAgain ? [[], []] : [open, []];
}
