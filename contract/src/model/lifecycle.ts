import { COMPOSITE_INTENTS, type JobEvent, RULES, type Rule, SINGLE_KINDS } from "./edge.ts";
import type { JobKind } from "./job.ts";
import { type RollbackState, UNFINISHED_ROLLBACKS } from "./rollback-state.ts";
import { JOB_STATES, type JobState, LIVE, SETTLED, WAITING } from "./state.ts";

export { type Actor, COMPOSITE_INTENTS, type JobEvent, SINGLE_KINDS } from "./edge.ts";
export { JOB_STATES, type JobState, LIVE, SETTLED, STATE_MEANING, TERMINAL, WAITING } from "./state.ts";

/** One row of the lifecycle: an event with its rule. */
export interface Edge extends Rule {
  readonly event: JobEvent;
}

/** Every event by which a job changes its state, in the order of a job's life. */
export const JOB_EVENTS = Object.keys(RULES) as readonly JobEvent[];

/** Every event that can happen to a job: from which states, to which, and by whom. */
export const LIFECYCLE: Readonly<Record<JobEvent, Edge>> = withNames(RULES);

/** The states in which an event may happen to a job of this kind; of any kind, when none is named. Empty for events that make a job. */
export function fromStates(event: JobEvent, kind?: JobKind): readonly JobState[] {
  const edge = LIFECYCLE[event];
  if (kind === undefined) return distinct([edge.from, ...Object.values(edge.fromOfKind ?? {})].flat());
  if (!(edge.kinds ?? SINGLE_KINDS).some((known) => known === kind)) return [];
  return edge.fromOfKind?.[kind] ?? edge.from;
}

/** Where an event may lead a job that is in this state (null: it does not exist yet). Empty: nowhere, or the job is gone. */
export function toStates(event: JobEvent, from: JobState | null): readonly JobState[] {
  const edge = LIFECYCLE[event];
  if (from === null) return edge.from.length === 0 ? edge.to : [];
  if (edge.keeps?.includes(from)) return [from];
  return fromStates(event).includes(from) ? edge.to : [];
}

/**
 * Whether an event may happen in a state and, when `to` is given, lead to that state. A `from` of null is a job that
 * does not exist yet, a `to` of null one that is gone. Without a kind: for a job of any kind.
 */
export function isLegal(event: JobEvent, from: JobState | null, to?: JobState | null, kind?: JobKind): boolean {
  if (from === null && !makes(LIFECYCLE[event], kind)) return false;
  if (from !== null && !fromStates(event, kind).includes(from)) return false;
  if (to === undefined) return true;
  return to === null ? event === "remove" : toStates(event, from).includes(to);
}

/** Whether an event makes a job of this kind; of any, when none is named. */
function makes({ from, kinds }: Edge, kind: JobKind | undefined): boolean {
  return from.length === 0 && (kind === undefined || kinds === undefined || kinds.includes(kind));
}

/** Every event that may happen to a job in this state. */
export function legalEvents(state: JobState, kind?: JobKind): readonly JobEvent[] {
  return JOB_EVENTS.filter((event) => isLegal(event, state, undefined, kind));
}

type Asked = "never" | "asks" | "abandon";

interface Legal {
  /** The events that it becomes. */
  readonly events: readonly JobEvent[];
  /** States in which it is accepted beside theirs. */
  readonly also: readonly JobState[];
  /** Only while the job's rollback is one of these. Default: whatever it is. */
  readonly rollback?: readonly RollbackState[];
  /** The only kinds that know it. Default: all of `SINGLE_KINDS`. */
  readonly kinds?: readonly JobKind[];
  /** Not for the job of a timed action, which alone says when it begins. */
  readonly isOfTimedAction?: true;
}

const ENDED = ["none", "done"] as const;

/** What a person or a caller can ask for. */
const OPERATIONS = {
  plan: { events: ["plan"], also: [], isOfTimedAction: true },
  unplan: { events: ["unplan"], also: [], isOfTimedAction: true },
  hold: { events: ["hold"], also: [], isOfTimedAction: true },
  resume: { events: ["resume"], also: [], isOfTimedAction: true },
  cancel: { events: ["cancel"], also: [] },
  // Remembered while the attempt lives.
  retry: { events: ["retry"], also: ["timed_out"], rollback: ENDED },
  amend: { events: [], also: [...WAITING, "failed", "partial"], rollback: ENDED },
  set_priority: { events: [], also: [...WAITING, "failed", "partial"] },
  // Says that a live attempt's node will never answer: it fails, or its cancel settles.
  declare_lost: { events: [], also: LIVE, rollback: ENDED },
  retry_rollback: { events: [], also: JOB_STATES, rollback: ["failed"] },
  // Where its action names one to do it.
  undo: { events: [], also: ["completed"], kinds: ["job", "task"] },
  redo: { events: [], also: ["completed"], kinds: ["job", "task"] },
  // Says that somebody has seen to what was not undone.
  resolve_rollback: { events: [], also: JOB_STATES, rollback: UNFINISHED_ROLLBACKS },
} as const satisfies Record<string, Legal>;

/** What a person or a caller of the API may ask for on a job that exists. */
export type Operation = keyof typeof OPERATIONS;
/** The names of all operations that people and programs may ask for. */
export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly Operation[];

/** Whether jobs of this kind refuse an operation in every state: a timed job is started and stopped by its timed action. */
export function isRefused(operation: Operation, kind: JobKind): boolean {
  const { isOfTimedAction }: Legal = OPERATIONS[operation];
  return kind === "timed" && isOfTimedAction === true;
}

/** The event that a cancel of a live job becomes, by what its action says. */
export const CANCEL_OF_LIVE = {
  never: [],
  asks: ["ask_cancel"],
  abandon: ["abandon"],
} as const satisfies Record<Asked, readonly JobEvent[]>;

/** What is known of a job of which operations are asked for. Unknown, an operation is listed when it is legal for some. */
interface Asking {
  readonly kind?: JobKind;
  readonly cancellable?: Asked;
  /** How its rollback stands. Default `none`. */
  readonly rollback?: RollbackState;
  /** The actions that undo it, and do it again; null: there is none. */
  readonly undoAction?: string | null;
  readonly redoAction?: string | null;
}

/** The operations that are legal now, for the details of `wrong_state`. */
export function legalOperations(state: JobState, of: Asking = {}): readonly Operation[] {
  if (of.kind === "group" || of.kind === "run") return operationsOfComposite(state);
  return OPERATION_NAMES.filter((operation) => {
    const { events, also, rollback, kinds }: Legal = OPERATIONS[operation];
    if ((operation === "undo" || operation === "redo") && of[`${operation}Action`] === null) return false;
    if (of.kind !== undefined && kinds !== undefined && !kinds.includes(of.kind)) return false;
    if (of.kind !== undefined && isRefused(operation, of.kind)) return false;
    if (rollback !== undefined && !rollback.includes(of.rollback ?? "none")) return false;
    if (also.some((accepted) => accepted === state)) return true;
    const meant: readonly JobEvent[] = operation === "cancel" ? [...events, ...cancelsOfLive(of.cancellable)] : events;
    return meant.some((event) => isLegal(event, state, undefined, of.kind));
  });
}

function operationsOfComposite(state: JobState): readonly Operation[] {
  if (!SETTLED.some((settled) => settled === state)) return COMPOSITE_INTENTS;
  return state === "failed" ? ["retry"] : [];
}

function cancelsOfLive(cancellable?: Asked): readonly JobEvent[] {
  return cancellable === undefined ? Object.values(CANCEL_OF_LIVE).flat() : CANCEL_OF_LIVE[cancellable];
}

function distinct(states: readonly JobState[]): readonly JobState[] {
  return JOB_STATES.filter((state) => states.includes(state));
}

function withNames(rules: Readonly<Record<JobEvent, Rule>>): Readonly<Record<JobEvent, Edge>> {
  const edges: Partial<Record<JobEvent, Edge>> = {};
  for (const event of JOB_EVENTS) edges[event] = { event, ...rules[event] };
  return edges as Record<JobEvent, Edge>;
}
