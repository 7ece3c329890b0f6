import type { Candidate } from "../store/contended.ts";

type Job = Pick<Candidate, "id" | "laneId">;

/** A job whose object is held for a shorter time is not worth a place in line: it is looked at again instead. */
export const GRACE_MS = 500;
/** So many jobs at most wait without a place in line for one object. */
export const MOST_AT_OBJECT = 16;
/** A job that is left for longer waits for more than a moment: it is looked who stands at its objects. */
export const MOMENT_MS = 100;
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

  /**
   * How many jobs are looked at where so many are wanted: half of those that were left are expected to be left again. `isFull`: they
   * are looked at again.
   */
  limitFor(want: number, isFull: boolean): number {
    const left = isFull ? this.count : 0;
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
