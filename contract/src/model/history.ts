import type { Json } from "./json.ts";
import type { JobEvent, JobState } from "./lifecycle.ts";

/** Who did something, and why. Every operation takes one. */
export interface Authority {
  /** A person's or program's name; `system` for the engine. */
  readonly actor: string;
  /** Free text, kept in the history. */
  readonly reason?: string;
}

/** Lines that tell of a rollback: it ended, in one way or the other, or an operator did something about it. */
export type RollbackNote =
  | "rolled_back"
  | "rollback_failed"
  | "rollback_retried"
  | "rollback_resolved"
  | "cancel_asked";

/** Lines of groups and runs: what becomes of them by their members. `hold`, `resume` and `cancel` tell of what was asked of them. */
export type CompositeNote = "begun" | "first_failure" | "first_time_out" | "settled" | "reopened";

/**
 * Lines that change no state. `forget`: what stood between the creation and here was let go of, of a timed action's job; it says
 * how many lines. `undo`, `redo`: a job was made that undoes it, or does it again. `elsewhere`: its handler has returned, and its work goes on elsewhere. `stall`, `stall_end`: its attempt lives and does not move, and moves again. The last three only
 * queue jobs have.
 */
export type Note =
  | CompositeNote
  | "amend"
  | "forget"
  | "set_priority"
  | "retry_asked"
  | "declare_lost"
  | "elsewhere"
  | "undo"
  | "redo"
  | "stall"
  | "stall_end"
  | RollbackNote
  | "say"
  | "change"
  | "progress";

/** One line of a job's history: append-only, numbered from 1 without gaps, but for the one before `forget`. */
export interface HistoryEntry {
  readonly jobId: string;
  readonly seq: number;
  readonly at: Date;
  readonly event: JobEvent | Note;
  readonly from: JobState | null;
  /** States passed between `from` and `to` that this line names too, in order. */
  readonly via: readonly JobState[];
  readonly to: JobState;
  readonly attempt: number | null;
  readonly token: string | null;
  readonly node: string | null;
  readonly actor: string | null;
  readonly reason: string | null;
  /** Details of the line: the error of a failure, the difference of an amendment, the actual start of an attempt. */
  readonly data: Json;
}
