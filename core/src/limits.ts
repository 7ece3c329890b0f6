import type { Limit, LimitTarget } from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import { listLimits, putLimit, removeLimit } from "./operations/limits.ts";

/** How many jobs of an action, a queue or a site run at once, wherever they run. */
export class Limits {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Limits one thing, such as `{ queue: "ingest" }`; `{ queue: "*" }` limits each queue that has no limit of its own. `running`: 1
   * or more. Jobs that run already count and go on; when it has answered, none starts above it. Fails with `unknown_action`.
   */
  put(target: LimitTarget, { running }: { readonly running: number }): Promise<Limit> {
    return putLimit(this.#engine.desk, target, running);
  }

  /** Takes a limit away; then the default of its kind counts, if there is one. Fails with `unknown_limit`. */
  remove(target: LimitTarget): Promise<void> {
    return removeLimit(this.#engine.desk, target);
  }

  /** Every limit with how many jobs run under it, each kind's default first. */
  list(): Promise<readonly Limit[]> {
    return listLimits(this.#engine.desk);
  }
}
