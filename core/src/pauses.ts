import type { Authority, Pause, PauseTarget } from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import { listPauses, pause, resume } from "./operations/pauses.ts";

/** What may not start for the time being: all jobs of an action, a queue or a site, or whatever a node would take. */
export class Pauses {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /**
   * Pauses one thing, such as `{ queue: "ingest" }`; again, it replaces the reason. When it has answered, no job of it is started
   * any more, wherever; those that were go on. Fails with `unknown_action`.
   */
  pause(target: PauseTarget, reason?: string): Promise<Pause> {
    return pause(this.#engine.desk, target, reason, this.#authority);
  }

  /** Takes a pause away. Jobs of which another pause is left stay held. Fails with `not_paused`. */
  resume(target: PauseTarget): Promise<void> {
    return resume(this.#engine.desk, target);
  }

  /** What is paused now, the longest standing first. */
  list(): Promise<readonly Pause[]> {
    return listPauses(this.#engine.desk);
  }
}
