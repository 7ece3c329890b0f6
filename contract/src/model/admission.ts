/** Priorities and their levels. Waiting raises a job up to `highest`; `urgent` stands above ageing. */
export const PRIORITIES = { lowest: 1, low: 2, normal: 3, high: 4, highest: 5, urgent: 6 } as const;
/** A priority as people write it. */
export type PriorityName = keyof typeof PRIORITIES;
/** A priority as a number, 1 (lowest) to 6 (urgent). */
export type Level = (typeof PRIORITIES)[PriorityName];

/** All names of priorities, lowest first. */
export const PRIORITY_NAMES = Object.keys(PRIORITIES) as readonly PriorityName[];
/** The priority of whatever names none. */
export const DEFAULT_PRIORITY = "normal" satisfies PriorityName;
/** Waiting raises the effective priority by one level per whole step of ten minutes. */
export const DEFAULT_AGEING_STEP_MS = 600_000;

/** Reads a priority: one of the names, in any case, or a level from 1 (lowest) to 6 (urgent). Undefined for anything else. */
export function parsePriority(value: unknown): PriorityName | undefined {
  if (typeof value === "number") return PRIORITY_NAMES.find((name) => PRIORITIES[name] === value);
  if (typeof value !== "string") return undefined;
  const written = value.trim().toLowerCase();
  return PRIORITY_NAMES.find((name) => name === written || String(PRIORITIES[name]) === written);
}

/** The name of a level. */
export function priorityName(level: Level): PriorityName {
  return PRIORITY_NAMES[level - 1]!;
}

/** The level that counts after `waitedMs` of waiting: one more per whole step, up to `highest`; `urgent` stays urgent. */
export function effectiveLevel(level: Level, waitedMs: number, stepMs: number = DEFAULT_AGEING_STEP_MS): Level {
  if (!(stepMs > 0)) throw new RangeError("The step of ageing must be longer than 0 ms.");
  if (level >= PRIORITIES.highest) return level;
  const steps = Math.floor(Math.max(0, waitedMs) / stepMs);
  return Math.min(PRIORITIES.highest, level + steps) as Level;
}

/** After this many milliseconds of waiting a job of this level counts as `highest`: the bound of ageing. */
export function ageingBoundMs(level: Level, stepMs: number = DEFAULT_AGEING_STEP_MS): number {
  return Math.max(0, PRIORITIES.highest - level) * stepMs;
}

/** A due job, as admission sees it. */
export interface DueJob {
  readonly id: string;
  readonly level: Level;
  readonly dueAt: Date;
}

/** A job of the internal queue. `turn` is the stored one; without it no correction is asked for. */
export interface QueuedJob extends DueJob {
  readonly turn?: number;
}

/** What an admission is decided on: which jobs are due, which are queued, and how many may be. */
export interface AdmissionRequest {
  readonly now: Date;
  /** How long a job waits for one more level, in milliseconds. */
  readonly stepMs: number;
  /** The bound of the internal queue, in jobs. */
  readonly capacity: number;
  /** The internal queue, without jobs that hold handed-over locks: they stand outside the bound and never give way. */
  readonly queued: readonly QueuedJob[];
  /** Due jobs that may be admitted: at least the best `capacity` of them. */
  readonly pending: readonly DueJob[];
}

/** The place of a job in the internal queue. */
export interface Turn {
  readonly id: string;
  /** Jobs start in ascending order of turn, then of id. */
  readonly turn: number;
}

/** Which jobs enter the internal queue, and which leave it for better ones. */
export interface AdmissionDecision {
  /** Pending jobs to be queued, best first. */
  readonly admit: readonly Turn[];
  /** Queued jobs to be pending again, best first. */
  readonly giveWay: readonly string[];
  /** Jobs that stay queued and whose stored turn is out of date, because they aged or were given another priority. */
  readonly reorder: readonly Turn[];
}

/**
 * Decides which due jobs stand in the internal queue: the best ones, by effective level, then the earlier due, never more
 * than `capacity`. Of two equally good jobs the queued one stays. Applying a decision and deciding again changes nothing.
 */
export function decideAdmission(request: AdmissionRequest): AdmissionDecision {
  const candidates = [
    ...request.queued.map((job) => candidate(job, request, job.turn)),
    ...request.pending.map((job) => candidate(job, request, null)),
  ].sort(compare);
  const room = Math.max(0, Math.floor(request.capacity));
  const inside = candidates.slice(0, room);
  const outside = candidates.slice(room);
  return {
    admit: inside.filter((job) => job.stored === null).map(asTurn),
    giveWay: outside.filter((job) => job.stored !== null).map((job) => job.id),
    reorder: inside.filter((job) => typeof job.stored === "number" && job.stored !== job.turn).map(asTurn),
  };
}

/**
 * The turn of a job: a number that sorts by effective level, highest first, then by due time. It changes only when the
 * level does, so one more job in the queue rewrites no other.
 */
export function turnOf(level: Level, dueAt: Date): number {
  const due = Math.min(Math.max(dueAt.getTime(), 0), BAND - 1);
  return (PRIORITIES.urgent - level) * BAND + due;
}

// Milliseconds up to the year 5138. Six bands stay well below 2^53.
const BAND = 1e14;

interface Candidate {
  readonly id: string;
  readonly turn: number;
  /** Null: pending. Undefined: queued, its stored turn is not known. */
  readonly stored: number | null | undefined;
}

function candidate(job: DueJob, request: AdmissionRequest, stored: number | null | undefined): Candidate {
  const waitedMs = request.now.getTime() - job.dueAt.getTime();
  return { id: job.id, turn: turnOf(effectiveLevel(job.level, waitedMs, request.stepMs), job.dueAt), stored };
}

// Queued before pending among equals, so that nobody is swapped for nothing; the id only makes the order total.
function compare(a: Candidate, b: Candidate): number {
  if (a.turn !== b.turn) return a.turn - b.turn;
  if ((a.stored === null) !== (b.stored === null)) return a.stored === null ? 1 : -1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

function asTurn({ id, turn }: Candidate): Turn {
  return { id, turn };
}
