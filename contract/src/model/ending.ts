import type { OnNodeLost } from "./action.ts";
import type { JobError } from "./job.ts";
import type { JobEvent, JobState } from "./lifecycle.ts";
import { type QueueTerms, repeats } from "./queue-terms.ts";
import { delayFor, mayRetry, type RetryPolicy } from "./retry.ts";

/** How an attempt ended, as its node or the reaper reports it. */
export type Ending =
  | { readonly kind: "completed" }
  /** `failedPaths`: those that its problems name. Default: none. */
  | { readonly kind: "partial"; readonly failedPaths?: readonly string[] }
  /** `isFinal`: the policy has no say, nothing of it is done again. */
  | { readonly kind: "failed"; readonly error: JobError; readonly isFinal?: true }
  /** `data`: JSON text of a queue job's changed data. */
  | { readonly kind: "snoozed"; readonly until: Date; readonly data?: string }
  /** The handler was never entered: the node drains or shuts down. */
  | { readonly kind: "handed_back" }
  /**
   * The node died. `isDeclared`: somebody said that nothing will be heard of the attempt any more; its node may live.
   * `onNodeLost`: what its action or its type says to it. Default `retry`.
   */
  | { readonly kind: "lost"; readonly error: JobError; readonly isDeclared?: true; readonly onNodeLost?: OnNodeLost };

/** What is known of the live job that ended. */
export interface EndingJob {
  readonly state: "running" | "timed_out" | "cancelling";
  /** How often it was started again after a failure, by policy or by hand. */
  readonly retries: number;
  /** How many nodes died with it since it was last retried by hand. */
  readonly crashes: number;
  /** A retry was asked for while it lived. */
  readonly retryAsked: boolean;
  readonly policy: RetryPolicy;
  /** Of a queue job: they take the place of the policy. */
  readonly terms?: QueueTerms;
  /** The number of the attempt that ended. */
  readonly attempt: number;
  /** It is the job of a timed action that runs again. */
  readonly isTimed?: boolean;
}

/** What happens to a job when its attempt ends: the event, the state, and when it is due again. */
export interface EndingStep {
  readonly event: JobEvent;
  readonly to: JobState;
  readonly delayMs?: number;
  readonly dueAt?: Date;
  readonly retries?: 1;
  readonly crashes?: 1;
  /** Counters start at 0. */
  readonly fresh?: true;
  readonly error?: JobError;
}

/** After so many deaths of nodes a job is quarantined as poison (MISSION 15). */
export const POISON_CRASHES = 3;

/**
 * What follows when an attempt ends: one step, or two when a remembered retry is carried out. MISSION 2 (a retry of a
 * timed-out job), 3 (a cancelled one that completes is completed), 8 (retries by policy), 14 and 15 (lost nodes).
 */
export function decideEnding(job: EndingJob, ending: Ending, random: number): readonly EndingStep[] {
  switch (ending.kind) {
    case "completed":
      return [{ event: "complete", to: "completed" }, ...rearmed(job)];
    case "partial":
      return [{ event: "complete_partly", to: "partial" }, ...(job.isTimed ? [REARM] : [])];
    case "snoozed":
      if (job.state === "cancelling") return [{ event: "settle", to: "cancelled" }];
      return [{ event: "snooze", to: "scheduled", dueAt: ending.until }];
    case "handed_back":
      if (job.state === "cancelling") return [{ event: "settle", to: "cancelled" }];
      if (job.state === "running") return [{ event: "hand_back", to: "queued" }];
      return afterFailure(
        job,
        { code: "handed_back", message: "The node stopped before the handler was entered." },
        random,
      );
    case "failed":
      if (job.state === "cancelling") return [{ event: "settle", to: "cancelled", error: ending.error }];
      if (ending.isFinal) return [{ event: "fail", to: "failed", error: ending.error }, ...rearmed(job)];
      return afterFailure(job, ending.error, random);
    case "lost":
      if (ending.isDeclared) return afterDeclaredLoss(job, ending.error);
      return afterLoss(job, ending, random);
  }
}

function afterFailure(job: EndingJob, error: JobError, random: number): readonly EndingStep[] {
  if (job.retryAsked) {
    return [
      { event: "fail", to: "failed", error },
      { event: "retry", to: "pending", retries: 1 },
    ];
  }
  const { policy, retries, terms } = job;
  if (terms !== undefined) {
    // The wait grows from nothing: the first retry follows at once.
    if (retries < terms.retryMax)
      return [{ event: "back_off", to: "retrying", delayMs: terms.retryDelayMs * retries, retries: 1, error }];
    return [{ event: "fail", to: "failed", error }, ...rearmed(job)];
  }
  if (!mayRetry(policy, retries, error.code)) return [{ event: "fail", to: "failed", error }, ...rearmed(job)];
  return [{ event: "back_off", to: "retrying", delayMs: delayFor(policy, retries + 1, random), retries: 1, error }];
}

/** Its timed action says when it is due. */
const REARM: EndingStep = { event: "rearm", to: "scheduled", fresh: true };

/** A repeating job is set up again in the transaction that ended its occurrence. */
function rearmed({ terms, attempt, isTimed }: EndingJob): readonly EndingStep[] {
  if (isTimed) return [REARM];
  if (terms === undefined || !repeats(terms, attempt)) return [];
  return [{ event: "rearm", to: "scheduled", delayMs: terms.repeatDelayMs, fresh: true }];
}

/** Nobody knows whether it still runs somewhere: only a person starts it again, or has done so already. */
function afterDeclaredLoss(job: EndingJob, error: JobError): readonly EndingStep[] {
  if (job.state === "cancelling") return [{ event: "settle", to: "cancelled", error }];
  const failed = { event: "fail", to: "failed", error } as const;
  return job.retryAsked ? [failed, { event: "retry", to: "pending", retries: 1 }] : [failed, ...rearmed(job)];
}

/** Deaths of nodes are counted apart: a restart after one is no retry, and uses up none of the policy. */
function afterLoss(
  job: EndingJob,
  { error, onNodeLost }: Extract<Ending, { kind: "lost" }>,
  random: number,
): readonly EndingStep[] {
  if (job.state === "cancelling") return [{ event: "settle", to: "cancelled", crashes: 1, error }];
  // A queue job's node that dies has failed it like any other failure.
  if (job.terms !== undefined) return afterFailure(job, error, random);
  if (onNodeLost === "fail") {
    const failed = { event: "fail", to: "failed", crashes: 1, error } as const;
    return job.retryAsked ? [failed, { event: "retry", to: "pending", retries: 1 }] : [failed];
  }
  const crashes = job.crashes + 1;
  if (crashes >= POISON_CRASHES) {
    const message = `${crashes} nodes died while they ran it. ${error.message}`;
    return [{ event: "fail", to: "failed", crashes: 1, error: { ...error, code: "poison", message } }];
  }
  return [
    {
      event: "back_off",
      to: "retrying",
      delayMs: delayFor(job.policy, crashes, random),
      crashes: 1,
      error,
    },
  ];
}
