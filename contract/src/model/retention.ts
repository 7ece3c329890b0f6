import type { SETTLED } from "./state.ts";

/** A state in which a job is over. */
export type SettledState = (typeof SETTLED)[number];

/** Which settled jobs a rule of retention is about; what is absent stands for every one. */
export interface RetentionTarget {
  readonly state?: SettledState;
  /** An action type, such as `media.probe`. */
  readonly type?: string;
}

/** How long settled jobs are kept. Of the rules that fit a job the most exact one counts, one of its type before one of its state. */
export interface RetentionRule {
  /** Null: every settled state. */
  readonly state: SettledState | null;
  /** Null: every action type. */
  readonly type: string | null;
  /** Milliseconds from the job's end; null: for ever. */
  readonly keepMs: number | null;
  readonly at: Date;
  readonly actor: string;
  readonly reason: string | null;
}

/** Jobs that a run of retention deletes, by their state and type. */
export interface Expired {
  readonly state: SettledState;
  readonly type: string;
  readonly jobs: number;
}

/** What a run of retention did, or would do. */
export interface RetentionRun {
  readonly isDryRun: boolean;
  readonly jobs: number;
  readonly expired: readonly Expired[];
  /** Occurrences of timed actions; what was passed over one behind the other is one of them. */
  readonly occurrences: number;
  /** Partitions of the history that nothing was left in, by their names. */
  readonly dropped: readonly string[];
}

/** The shortest time that anything is kept: whoever listens has heard of the end by then. */
export const SHORTEST_KEEP_MS = 60_000;
