import type { Authority, RetentionRule, RetentionRun, RetentionTarget } from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import { putRetention, removeRetention } from "./operations/retention.ts";

/** How long settled jobs are kept. Without a rule, for ever. */
export class Retention {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /**
   * Keeps settled jobs so long after their end, such as `{ state: "completed", type: "media.probe" }`, `{}` for all; `keepMs`: one
   * minute or more, null for ever. Of the rules that fit a job the most exact one counts, one of its type before one of its
   * state. Nothing goes that is under way, waits for its rollback, belongs to a composite that is open, or is a timed job; of that
   * old occurrences go, which lie further back than jobs of its type are kept however they end.
   */
  put(target: RetentionTarget, { keepMs }: { readonly keepMs: number | null }): Promise<RetentionRule> {
    return putRetention(this.#engine.desk, target, keepMs, this.#authority);
  }

  /** Takes a rule away. Fails with `unknown_retention`. */
  remove(target: RetentionTarget): Promise<void> {
    return removeRetention(this.#engine.desk, target);
  }

  /** Every rule, the general ones first. */
  list(): Promise<readonly RetentionRule[]> {
    return this.#engine.store.readRetention();
  }

  /**
   * Deletes at once what nodes delete once an hour: in small batches, with pauses that are longer than they. `isDryRun`: only
   * counts.
   */
  run({ isDryRun = false }: { readonly isDryRun?: boolean } = {}): Promise<RetentionRun> {
    return this.#engine.purge(isDryRun);
  }
}
