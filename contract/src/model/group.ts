import type { CompositeState, Intent, MemberCounts } from "./composite.ts";
import type { PriorityName } from "./priority.ts";
import type { Target } from "./target.ts";

/** How an action takes a group: as one job for each member, or as one job for the whole. */
export const GROUP_MODES = ["members", "whole"] as const;
/** What becomes of a job that is created for a group. */
export type GroupMode = (typeof GROUP_MODES)[number];

/** A group job: one job for each member of its target, and what they add up to. */
export interface Group {
  readonly id: string;
  readonly action: string;
  readonly target: Target;
  readonly owner: string;
  readonly priority: PriorityName;
  /** By its members, as it was stored with the last change of one of them. */
  readonly state: CompositeState;
  /** All its members are there and have ended. */
  readonly isSettled: boolean;
  /** No member will be added. */
  readonly isClosed: boolean;
  readonly intent: Intent;
  /** How often it was begun: 1, and one more for each time that it was opened again after it had settled. */
  readonly generation: number;
  readonly memberCount: number;
  readonly counts: MemberCounts;
  /** How much of the work is done, 0 to 100: members that ended, and what those that run say of themselves, of all members. */
  readonly percent: number;
  /** How long the rest will take at the pace of those that run now, in milliseconds; null: nothing is known of it. */
  readonly leftMs: number | null;
  readonly createdAt: Date;
  readonly startAt: Date | null;
  /** When its first member started. */
  readonly startedAt: Date | null;
  /** When its last member ended; null while any is to end. */
  readonly endedAt: Date | null;
}

/** What of a group is listed; every field narrows. */
export interface GroupFilter {
  readonly action?: string;
  /** Whether it has settled. */
  readonly isSettled?: boolean;
  /** False: members may still be added, or their creation was interrupted. */
  readonly isClosed?: boolean;
  /** The last id of the page before. */
  readonly after?: string;
  /** 1 to 1,000. Default 50. */
  readonly limit?: number;
}

/** Which members of a group are run again: those that failed or ended in part, or those past their time-out. */
export const RETRY_ONLY = ["failed", "timed_out"] as const;
/** Which members a retry of their group is about. */
export type RetryOnly = (typeof RETRY_ONLY)[number];

/** Members that failed in the same way. */
export interface FailureCause {
  /** The code of their error. */
  readonly code: string;
  /** As one of them said it. */
  readonly message: string;
  readonly count: number;
  /** Some of these members, at most ten. */
  readonly jobIds: readonly string[];
}
