import type { DueJob } from "../admission.ts";
import type { JobLock } from "../lock.ts";
import { type Level, PRIORITIES } from "../priority.ts";
import type { CandidateJob, LaneFacts } from "../world.ts";
import type { DayJob } from "./day.ts";

/** A job of a day, as the simulation moves it. */
export interface SimulatedJob extends DueJob {
  readonly level: Level;
  readonly owner: string;
  readonly lane: LaneFacts;
  readonly locks: readonly JobLock[];
  readonly size: number | null;
  readonly durationMs: number;
  /** Its turn in the internal queue; null: it is pending. */
  turn: number | null;
  /** Its place in the line of its objects, once it has asked for them. */
  ticket: CandidateJob["ticket"];
}

/** Jobs that wait: pending by lane and level, the internal queue by turn, and those with a place in line for objects. */
export class WaitingRoom {
  readonly lanes: LaneFacts[] = [];
  readonly #lanes = new Map<string, LaneFacts>();
  /** By lane, then level: in order of due time. */
  readonly #pending: SimulatedJob[][][] = [];
  readonly queued = new Map<string, SimulatedJob>();
  #inOrder: readonly SimulatedJob[] | undefined;
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** A job comes due. */
  enter(job: SimulatedJob): void {
    this.#count += 1;
    this.#insert(job);
  }

  /** A job starts, or waits for its objects from now on. */
  leave(job: SimulatedJob): void {
    this.#count -= 1;
    if (job.turn === null) this.#remove(job);
    else this.#unqueue(job);
  }

  admit(job: SimulatedJob, turn: number): void {
    if (job.turn === null) this.#remove(job);
    job.turn = turn;
    this.queued.set(job.id, job);
    this.#inOrder = undefined;
  }

  giveWay(job: SimulatedJob): void {
    this.#unqueue(job);
    this.#insert(job);
  }

  /** The internal queue, in order of turn. */
  inOrder(): readonly SimulatedJob[] {
    this.#inOrder ??= [...this.queued.values()].sort((a, b) => a.turn! - b.turn! || (a.id < b.id ? -1 : 1));
    return this.#inOrder;
  }

  /** The first pending jobs of each lane and level. */
  heads(limit: number): readonly SimulatedJob[] {
    return this.#pending.flatMap((levels) => levels.flatMap((jobs) => jobs.slice(0, limit)));
  }

  /** Pending jobs of some lanes as a node takes them: by priority, then due time; `limit` of each lane at most. */
  pendingOf(isOpen: (lane: LaneFacts) => boolean, limit: number): readonly SimulatedJob[] {
    const found = this.#pending.flatMap((levels, lane) => (isOpen(this.lanes[lane]!) ? firstOf(levels, limit) : []));
    return found.sort((a, b) => b.level - a.level || compareDue(a, b));
  }

  /** All that wait for admission or a slot, as they would be taken now. */
  all(): readonly SimulatedJob[] {
    return [...this.inOrder(), ...this.pendingOf(() => true, Number.POSITIVE_INFINITY)];
  }

  laneOf({ site, queue, action, needs, locks }: DayJob): LaneFacts {
    const own = {
      ...(Object.keys(needs).length > 0 ? { units: needs } : {}),
      ...(locks.length > 0 ? ({ locks: true } as const) : {}),
    };
    const key = JSON.stringify([site, queue, action, own]);
    const known = this.#lanes.get(key);
    if (known) return known;
    const lane: LaneFacts = { id: this.lanes.length, site, queue, action, needs: own, pause: null };
    this.lanes.push(lane);
    this.#lanes.set(key, lane);
    this.#pending.push(Object.values(PRIORITIES).map(() => []));
    return lane;
  }

  #unqueue(job: SimulatedJob): void {
    this.queued.delete(job.id);
    job.turn = null;
    this.#inOrder = undefined;
  }

  #insert(job: SimulatedJob): void {
    const jobs = this.#of(job);
    jobs.splice(placeOf(job, jobs), 0, job);
  }

  #remove(job: SimulatedJob): void {
    const jobs = this.#of(job);
    jobs.splice(placeOf(job, jobs), 1);
  }

  #of(job: SimulatedJob): SimulatedJob[] {
    return this.#pending[job.lane.id]![job.level - 1]!;
  }
}

/** The best of a lane: the highest level first. */
function firstOf(levels: readonly (readonly SimulatedJob[])[], limit: number): SimulatedJob[] {
  const first: SimulatedJob[] = [];
  for (const jobs of levels.toReversed()) if (first.length < limit) first.push(...jobs.slice(0, limit - first.length));
  return first;
}

const compareDue = (a: SimulatedJob, b: SimulatedJob): number =>
  a.dueAt.getTime() - b.dueAt.getTime() || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Where a job stands among others that are in order, or would stand. */
function placeOf(job: SimulatedJob, jobs: readonly SimulatedJob[]): number {
  let [from, to] = [0, jobs.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (compareDue(jobs[middle]!, job) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
