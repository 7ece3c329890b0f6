import type { PoolFacts } from "./world.ts";

/** Pools by scope and name, and by tag: what a lane's jobs take of is found without looking at all others. */
export class PoolIndex {
  readonly #named = new Map<string, Map<string, PoolFacts>>();
  readonly #tagged = new Map<string, PoolFacts[]>();

  /** That of a list of pools, made once for each list: a replay decides on the same one all day. Which pools it has may not change. */
  static of(pools: readonly PoolFacts[]): PoolIndex {
    const index = made.get(pools) ?? new PoolIndex(pools);
    made.set(pools, index);
    return index;
  }

  constructor(pools: Iterable<PoolFacts>) {
    for (const pool of pools) {
      const named = this.#named.get(pool.scope) ?? new Map();
      this.#named.set(pool.scope, named.set(pool.name, pool));
      for (const tag of pool.tags) {
        const tagged = this.#tagged.get(tag) ?? [];
        tagged.push(pool);
        this.#tagged.set(tag, tagged);
      }
    }
  }

  /** The pool of a name: there is at most one in a scope. */
  named(scope: string, name: string): PoolFacts | undefined {
    return this.#named.get(scope)?.get(name);
  }

  /** Those that have a tag, in the order in which they were given. */
  tagged(tag: string): readonly PoolFacts[] {
    return this.#tagged.get(tag) ?? [];
  }

  /** Whether any pool is of this scope. */
  has(scope: string): boolean {
    return this.#named.has(scope);
  }
}

const made = new WeakMap<readonly PoolFacts[], PoolIndex>();
