import type { Candidate } from "../store/contended.ts";

type Job = Pick<Candidate, "id" | "laneId">;

/** Jobs are looked at beyond those that are wanted, since some may have to be left: so many at least, and at most. */
const [FEW_MORE, MOST_MORE] = [8, 250];
/** So many at least beyond those that were left the last time. */
const MORE = 32;

/** Jobs that were found to have to wait for an object and have no place in its line, by lane, and since when each was. */
export class LeftJobs {
  #since: ReadonlyMap<number, ReadonlyMap<string, number>> = new Map();

  get count(): number {
    return [...this.#since.values()].reduce((sum, { size }) => sum + size, 0);
  }

  countOf(laneId: number): number {
    return this.#since.get(laneId)?.size ?? 0;
  }

  has({ id, laneId }: Job): boolean {
    return this.#since.get(laneId)?.has(id) ?? false;
  }

  /** How many jobs are looked at where so many are wanted: half of those that were left are expected to be left again. */
  limitFor(want: number): number {
    const left = this.count;
    const further = left > 0 ? Math.max(Math.ceil(left / 2), left + MORE - want) : 0;
    return Math.max(left, want + Math.min(further + FEW_MORE, MOST_MORE));
  }

  /** For how long a job has been left, in milliseconds; 0: it is not. */
  waitedMs({ id, laneId }: Job, now: number): number {
    return now - (this.#since.get(laneId)?.get(id) ?? now);
  }

  /** These were left by the last look, and no others. */
  replace(left: readonly Job[], now: number): void {
    const since = new Map<number, Map<string, number>>();
    for (const job of left) {
      const ofLane = since.get(job.laneId) ?? new Map<string, number>();
      since.set(job.laneId, ofLane.set(job.id, now - this.waitedMs(job, now)));
    }
    this.#since = since;
  }
}
