import type { Attempt } from "./attempt.ts";

/**
 * After so many ends the attempts are put into a new Map. One that has grown old gets each of its later tables among old objects,
 * where what had ended by then lives until all of memory is collected (decision 72).
 */
const RENEWED_AFTER = 1_000;

/** The attempts that run on a node, by job. A superseded one that still runs keeps its place beside the one after it. */
export class RunningAttempts {
  #attempts = new Map<string, Attempt>();
  #ends = 0;

  get all(): ReadonlyMap<string, Attempt> {
    return this.#attempts;
  }

  add(attempt: Attempt): void {
    const { id } = attempt.job;
    const older = this.#attempts.get(id);
    if (older) {
      older.supersede();
      this.#attempts.set(keyOfOlder(older), older);
    }
    this.#attempts.set(id, attempt);
  }

  remove(attempt: Attempt): void {
    const { id } = attempt.job;
    this.#attempts.delete(this.#attempts.get(id) === attempt ? id : keyOfOlder(attempt));
    this.#ends += 1;
    if (this.#ends % RENEWED_AFTER === 0) this.#attempts = new Map(this.#attempts);
  }
}

const keyOfOlder = (attempt: Attempt): string => `${attempt.job.id}/${attempt.attempt}`;
