import type { PoolFacts } from "./world.ts";

/** Pools by scope and name and by tag: what jobs of a lane take of is found without looking at all others. */
export class PoolIndex {
  readonly #named = new Map<string, PoolFacts>();
  readonly #tagged = new Map<string, PoolFacts[]>();
  readonly #scopes = new Set<string>();

  constructor(pools: Iterable<PoolFacts>) {
    for (const pool of pools) {
      this.#named.set(keyOf(pool.scope, pool.name), pool);
      this.#scopes.add(pool.scope);
      for (const tag of pool.tags) this.#tagged.set(tag, [...this.tagged(tag), pool]);
    }
  }

  /** The pool of a name: there is at most one in a scope. */
  named(scope: string, name: string): PoolFacts | undefined {
    return this.#named.get(keyOf(scope, name));
  }

  /** Those that have a tag, in the order in which they were given. */
  tagged(tag: string): readonly PoolFacts[] {
    return this.#tagged.get(tag) ?? [];
  }

  /** Whether any pool is of this scope. */
  has(scope: string): boolean {
    return this.#scopes.has(scope);
  }
}

const keyOf = (scope: string, name: string) => `${scope} ${name}`;
