import { type Contender, type Owner, takeTurns } from "./fairness.ts";
import { type Holding, Ledger, type PoolReservation, type PoolRoom } from "./ledger.ts";
import type { Place } from "./place.ts";
import { effectiveLevel, type Level } from "./priority.ts";
import { BEHIND_ALL, shareOf, turnOf } from "./turn.ts";

/** A due job, as admission sees it. */
export interface DueJob {
  readonly id: string;
  readonly level: Level;
  readonly dueAt: Date;
  readonly owner: Owner;
  /** What it takes at each place where it might run; absent: it takes no units anywhere. */
  readonly places?: readonly Place[] | undefined;
  /** How long it is expected to run, in milliseconds; null or absent: nobody knows. */
  readonly expectedMs?: number | null;
}

/** A job of the internal queue, with its stored turn. */
export interface QueuedJob extends DueJob {
  readonly turn: number;
}

/** What an admission is decided on: which jobs are due, which are queued, how many may be, and what they contend for. */
export interface AdmissionRequest {
  readonly now: Date;
  /** How long a job waits for one more level, in milliseconds. */
  readonly stepMs: number;
  /** The bound of the internal queue, in jobs. */
  readonly capacity: number;
  /** The internal queue, without jobs that hold handed-over locks: they stand outside the bound and never give way. */
  readonly queued: readonly QueuedJob[];
  /** Due jobs that may be admitted: of each line of equals at least the best `capacity`, or fewer now and more the next time. */
  readonly pending: readonly DueJob[];
  /** How many jobs of each owner run, or stand in the queue outside its bound. Default: none. */
  readonly busy?: ReadonlyMap<Owner, number>;
  /** Default: none. */
  readonly pools?: readonly PoolRoom[];
  /** Units that running attempts hold; they are part of what is used. Default: none. */
  readonly holdings?: readonly Holding[];
}

/** The place of a job in the internal queue. */
export interface Turn {
  readonly id: string;
  /** Jobs start in ascending order of turn. */
  readonly turn: number;
}

/** Which jobs enter the internal queue, which leave it for better ones, and what is held back for whom. */
export interface AdmissionDecision {
  /** Pending jobs to be queued, best first. */
  readonly admit: readonly Turn[];
  /** Queued jobs to be pending again, best first. */
  readonly giveWay: readonly string[];
  /** Jobs that stay queued and whose stored turn is out of date: they aged, or their owner's share is another. */
  readonly reorder: readonly Turn[];
  /** All reservations from now on; pools that are not named have none. */
  readonly reservations: readonly PoolReservation[];
}

/**
 * Decides which due jobs stand in the internal queue, never more than `capacity`: the best ones, by effective level, then of
 * the owner who has fewest jobs running and queued, then the earlier due. Jobs stand in it for as many units as there are,
 * and of those that lack units only the first, for which they are held back. Of two equally good jobs the queued one stays.
 * Applying a decision and deciding again changes nothing.
 */
export function decideAdmission(request: AdmissionRequest): AdmissionDecision {
  const room = Math.max(0, Math.floor(request.capacity));
  const ledger = new Ledger(request.now, request.pools ?? [], request.holdings ?? []);
  const inside: Placed[] = [];
  const outside: Candidate[] = [];
  takeTurns(candidatesOf(request), request.busy ?? new Map(), (job, before) => {
    const isServed = inside.length < room && ledger.serves(job);
    if (isServed) inside.push({ job, before });
    else if (job.turn !== null) outside.push(job);
    return isServed;
  });
  const turns = turnsOf(inside);
  return {
    admit: turns.filter((_, place) => inside[place]!.job.turn === null),
    // Who lacks units may stay in a queue that has room; there is no use in leaving and coming back.
    giveWay: outside.slice(room - inside.length).map(({ id }) => id),
    reorder: turns.filter(({ turn }, place) => ![null, turn].includes(inside[place]!.job.turn)),
    reservations: ledger.reservations,
  };
}

type Candidate = DueJob & Contender;
interface Placed {
  readonly job: Candidate;
  /** How many jobs its owner has before it, running or queued. */
  readonly before: number;
}

function candidatesOf({ now, stepMs, queued, pending }: AdmissionRequest): readonly Candidate[] {
  const effective = ({ level, dueAt }: DueJob) => effectiveLevel(level, now.getTime() - dueAt.getTime(), stepMs);
  return [
    ...queued.map((job) => ({ ...job, effective: effective(job) })),
    ...pending.map((job) => ({ ...job, effective: effective(job), turn: null })),
  ];
}

/**
 * Turns that sort jobs as they were placed. Nobody stands between the last jobs of the owner who has most: only their due time
 * counts, so one more job of somebody else moves none of them.
 */
function turnsOf(placed: readonly Placed[]): readonly Turn[] {
  const levels = new Map<Level, { readonly least: number; readonly last: Map<Owner, number> }>();
  for (const { job, before } of placed) {
    const level = levels.get(job.effective) ?? { least: before, last: new Map() };
    levels.set(job.effective, level);
    level.last.set(job.owner, before);
  }
  const contested = new Map([...levels].map(([level, { last }]) => [level, secondOf([...last.values()])]));
  return placed.map(({ job, before }) => {
    const level = job.effective;
    const isContested = before <= contested.get(level)!;
    const share = isContested ? shareOf(before - levels.get(level)!.least) : BEHIND_ALL;
    return { id: job.id, turn: turnOf(level, job.dueAt, share) };
  });
}

/** The second largest; of fewer than two, less than any. */
function secondOf(numbers: readonly number[]): number {
  return numbers.length < 2 ? Number.NEGATIVE_INFINITY : [...numbers].sort((a, b) => b - a)[1]!;
}
