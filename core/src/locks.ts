import type { Authority, LockedObject, LockFilter, Target } from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import { getLock, listLocks, quarantineLock, releaseLock } from "./operations/locks.ts";

/** The objects that jobs lock: who holds them, who waits, and which nobody may have. An object is given as a target or by its key. */
export class Locks {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /** Objects that jobs hold or wait for, and quarantined ones, by key; each with the first 10 in its line. */
  list(filter: LockFilter = {}): Promise<readonly LockedObject[]> {
    return listLocks(this.#engine.desk, filter);
  }

  /** One object with its line; one that nobody uses has an empty one. */
  get(object: Target | string): Promise<LockedObject> {
    return getLock(this.#engine.desk, object);
  }

  /** Lets no further job have an object until it is released. Who holds it keeps it, and who waits keeps his place. */
  quarantine(object: Target | string, reason?: string): Promise<LockedObject> {
    return quarantineLock(this.#engine.desk, object, reason, this.#authority);
  }

  /** Lets jobs have it again: it goes to the first in line in the same transaction. Fails with `not_quarantined`. */
  release(object: Target | string, reason?: string): Promise<LockedObject> {
    return releaseLock(this.#engine.desk, object, reason, this.#authority);
  }
}
