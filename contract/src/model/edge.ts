import type { JobKind } from "./job.ts";
import { JOB_STATES, type JobState, LIVE, SETTLED } from "./state.ts";

/** Kinds whose jobs run and change their state. Groups and runs derive theirs from their members. */
export const SINGLE_KINDS = ["job", "task", "timed", "queue"] as const satisfies readonly JobKind[];
/** Who may cause an event: callers and operators, or a part of the engine by its name. */
export type Actor =
  | "caller"
  | "operator"
  | "run"
  | "repeat"
  | "filter"
  | "due"
  | "admission"
  | "claim"
  | "locks"
  | "node"
  | "reaper"
  | "overrun"
  | "undo"
  | "queue library"
  | "purge";

/** When an event may happen to a job, where it leads, and who may cause it. */
export interface Rule {
  /** States it happens in; empty: it makes the job. */
  readonly from: readonly JobState[];
  /** States it can lead to; empty for `remove`. */
  readonly to: readonly JobState[];
  readonly by: readonly Actor[];
  /** Only if, and what else. */
  readonly rule: string;
  /** States of `from` in which the job stays as it is; `to` does not hold for them. */
  readonly keeps?: readonly JobState[];
  /** The only kinds that know this event; absent: all of `SINGLE_KINDS`. */
  readonly kinds?: readonly JobKind[];
  /** Kinds for which the event happens in more states than `from`. */
  readonly fromOfKind?: Readonly<Partial<Record<JobKind, readonly JobState[]>>>;
}

// A timed job is not cancelled: its timed action is stopped instead.
const CANCELLABLE_KINDS = ["job", "task", "queue"] as const;
const OVERDUE_OR_NOT = ["running", "timed_out"] as const;
const PLANNED = ["scheduled", "pending", "queued", "waiting_for_lock"] as const;

/** The lifecycle: every change of state that there is. */
export const RULES = {
  create: {
    from: [],
    to: ["created", "scheduled", "pending"],
    by: ["caller", "run", "repeat", "filter"],
    rule: "By its start time: none, later, or now and past.",
  },
  plan: {
    from: ["created", ...PLANNED, "retrying", "paused"],
    to: ["scheduled", "pending"],
    keeps: ["paused"],
    by: ["operator", "run"],
    rule: "By its new start time: later, or now and past. Gives up its place for locks. A paused job stays paused; only its time changes.",
  },
  unplan: {
    from: PLANNED,
    to: ["created"],
    by: ["operator"],
    rule: "Takes the start time away. Gives up its place for locks.",
  },
  release: {
    from: ["created"],
    to: ["pending"],
    by: ["run"],
    kinds: ["task"],
    rule: "The tasks before it have ended.",
  },
  come_due: {
    from: ["scheduled", "retrying"],
    to: ["pending"],
    by: ["due"],
    rule: "Its time has come, and its rollback is none or done.",
  },
  admit: { from: ["pending"], to: ["queued"], by: ["admission"], rule: "The internal queue has room for it." },
  give_way: {
    from: ["queued"],
    to: ["pending"],
    by: ["admission"],
    rule: "A better job takes its place in the internal queue, and it holds no lock.",
  },
  block: {
    from: ["queued", "pending"],
    to: ["waiting_for_lock"],
    by: ["claim"],
    rule: "An object that it needs is locked. It asks for all its objects at once, with one ticket number.",
  },
  grant: {
    from: ["waiting_for_lock"],
    to: ["queued"],
    by: ["locks"],
    rule: "It is first in line for all its objects. It stands outside the queue's bound and goes first.",
  },
  yield: {
    from: ["queued"],
    to: ["waiting_for_lock"],
    by: ["locks"],
    rule: "It has locks handed over, and its lane is paused or no live node can run it. It keeps its ticket; the next in line is served.",
  },
  start: {
    from: ["queued", "pending"],
    to: ["running"],
    by: ["claim"],
    rule: "Attempt and token grow by one; locks and units are taken in the same transaction.",
  },
  hand_back: {
    from: ["running"],
    to: ["queued"],
    by: ["node"],
    rule: "The handler was not entered (drain, shutdown). Locks and units go back; it does not count as a retry. A lost node never hands back.",
  },
  overrun: {
    from: ["running"],
    to: ["timed_out"],
    by: ["overrun"],
    rule: "It has run longer than its time-out. A mark: token, locks and units stay.",
  },
  complete: {
    from: LIVE,
    to: ["completed"],
    by: ["node"],
    rule: "The handler returned. Also after a cancel was asked for: what is done is done.",
  },
  complete_partly: {
    from: LIVE,
    to: ["partial"],
    by: ["node"],
    rule: "The handler returned a partial result. Also after a cancel was asked for.",
  },
  fail: {
    from: OVERDUE_OR_NOT,
    to: ["failed"],
    by: ["node", "reaper", "overrun", "operator"],
    rule: "No retry is left, or none is allowed. By overrun where the action says so; by an operator who declares it lost, with the role for it and a reason.",
  },
  back_off: {
    from: OVERDUE_OR_NOT,
    to: ["retrying"],
    by: ["node", "reaper", "overrun"],
    rule: "Retries are left. The rollback runs first; the wait counts from its end.",
  },
  give_up: { from: ["retrying"], to: ["failed"], by: ["undo"], rule: "Its rollback failed." },
  snooze: {
    from: OVERDUE_OR_NOT,
    to: ["scheduled"],
    by: ["node"],
    rule: "The handler asked to run again later. Not a retry; it may carry changed data.",
  },
  ask_cancel: {
    from: OVERDUE_OR_NOT,
    to: ["cancelling"],
    by: ["operator", "run"],
    kinds: CANCELLABLE_KINDS,
    rule: "Its action says `asks`: the handler is told.",
  },
  settle: {
    from: ["cancelling"],
    to: ["cancelled"],
    by: ["node", "reaper", "operator"],
    kinds: CANCELLABLE_KINDS,
    rule: "The handler stopped or is lost, and its rollback has ended.",
  },
  abandon: {
    from: LIVE,
    to: ["cancelled"],
    by: ["operator"],
    kinds: CANCELLABLE_KINDS,
    rule: "Its action says `abandon`: over at once; the attempt is fenced off and keeps its locks and units until it ends.",
  },
  cancel: {
    from: ["created", ...PLANNED, "retrying", "paused", "failed", "partial"],
    to: ["cancelled"],
    by: ["operator", "run"],
    kinds: CANCELLABLE_KINDS,
    rule: "While a rollback runs it is remembered, and done when that ends.",
  },
  hold: {
    from: [...PLANNED, "retrying"],
    to: ["paused"],
    by: ["operator"],
    rule: "Gives up its place for locks.",
  },
  resume: {
    from: ["paused"],
    to: ["scheduled"],
    by: ["operator"],
    rule: "With a start time in the past it is due at once.",
  },
  retry: {
    from: ["failed", "partial", "retrying"],
    to: ["pending"],
    by: ["operator"],
    rule: "Its rollback is none or done. Asked for while it is timed out, it is remembered: dropped if the attempt completes, done if it fails.",
  },
  skip: {
    from: ["created", "scheduled", "pending", "queued"],
    to: ["skipped"],
    by: ["run"],
    kinds: ["task"],
    rule: "An earlier task left it nothing to do.",
  },
  rearm: {
    from: ["completed", "partial", "failed"],
    to: ["scheduled"],
    by: ["repeat"],
    kinds: ["timed", "queue"],
    rule: "Its timed action is started, or it is a repeating queue job. In the transaction that ended the occurrence; its counters start at 0.",
  },
  reanimate: {
    from: ["completed", "cancelled", "failed"],
    to: ["scheduled", "pending"],
    by: ["queue library"],
    kinds: ["queue"],
    rule: "By its new time: later, or now and past. Retries start at 0.",
  },
  import: {
    from: [],
    to: ["retrying", "completed", "failed", "cancelled"],
    by: ["queue library"],
    kinds: ["queue"],
    rule: "Created with the status that it had elsewhere: no attempt, and no line of history before it.",
  },
  remove: {
    from: SETTLED,
    fromOfKind: { queue: JOB_STATES },
    to: [],
    by: ["queue library", "purge"],
    rule: "Settled jobs by the retention policy; queue jobs in any state, a live attempt being fenced off first.",
  },
} as const satisfies Record<string, Rule>;

/** The name of something that happens to a job and changes its state. */
export type JobEvent = keyof typeof RULES;
/** Events that a group or a run accepts as an intent for its members; it never transitions itself. */
export const COMPOSITE_INTENTS = ["plan", "hold", "resume", "cancel", "retry"] as const satisfies readonly JobEvent[];
