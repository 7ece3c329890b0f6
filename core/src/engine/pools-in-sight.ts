import { type Ask, asksOf, type PoolFacts, PoolIndex, type World } from "@callsheet/contract";
import type { ClaimLane } from "../store/dictionary.ts";
import type { ClaimerOptions } from "./claiming.ts";

/** Without a hint, units that came back are found after this long. */
const POOLS_MS = 500;

/** What a node knows of pools: which of them a lane's jobs take of, and how many jobs they have room for. */
export class PoolsInSight {
  readonly #options: ClaimerOptions;
  #pools = new Map<number, PoolFacts>();
  /** The same, as lanes ask for them. */
  #index = new PoolIndex([]);
  #asks = new Map<number, readonly Ask[]>();
  #readAt = Number.NEGATIVE_INFINITY;
  #rules = "";

  constructor(options: ClaimerOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#pools.size === 0;
  }

  /** What was read holds as long as this number does. */
  get rules(): string {
    return this.#rules;
  }

  get node(): World["node"] {
    const { name, site, capabilities } = this.#options;
    return { name, site, capabilities };
  }

  /** Lanes are others now. */
  forgetLanes(): void {
    this.#asks.clear();
  }

  /** They are read again before they are next used. */
  expire(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  /** Reads them where it is time to; answers whether it did. */
  async refresh(): Promise<boolean> {
    const { part, site, name } = this.#options;
    const now = part.environment.monotonic();
    if (now - this.#readAt < POOLS_MS) return false;
    this.#readAt = now;
    this.#rules = await part.store.rulesNumber();
    const [before, pools] = [kindsOf(this.#pools.values()), await part.store.readPools(site, name)];
    this.#pools = new Map(pools.map((pool) => [pool.id, pool]));
    if (kindsOf(pools) === before) return true;
    // Which pools a lane's jobs take of is worked out anew only where there are others: of thousands of lanes it takes a while.
    this.#index = new PoolIndex(pools);
    this.#asks.clear();
    return true;
  }

  /** Units of a pool came back; answers whether it is one of these. How many, the next claim sees when it reads the pool. */
  unitsReturned(poolId: number): boolean {
    const pool = this.#pools.get(poolId);
    if (pool) this.#pools.set(poolId, { ...pool, used: 0 });
    return pool !== undefined;
  }

  /** As it is by now. */
  set(pool: PoolFacts): void {
    this.#pools.set(pool.id, pool);
  }

  asksOf(lane: ClaimLane): readonly Ask[] {
    const known = this.#asks.get(lane.id) ?? asksOf(lane, this.#options.name, this.#index);
    this.#asks.set(lane.id, known);
    return known;
  }

  /** Pools that jobs of these lanes may take of. */
  near(lanes: readonly ClaimLane[]): readonly number[] {
    const asks = lanes.flatMap((lane) => this.asksOf(lane));
    return [...new Set(asks.flatMap(({ pools }) => pools.map(({ id }) => id)))].sort((a, b) => a - b);
  }

  /** How many jobs of a lane they have room for. */
  roomFor(lane: ClaimLane): number {
    const rooms = this.asksOf(lane).map(({ pools, units }) => {
      const free = pools.map(({ id }) => {
        const { state, capacity, used } = this.#pools.get(id)!;
        return state === "started" ? Math.floor((capacity - used) / units) : 0;
      });
      return Math.max(0, ...free);
    });
    return Math.min(Number.POSITIVE_INFINITY, ...rooms);
  }
}

const kindsOf = (pools: Iterable<PoolFacts>) => [...pools].map(({ id, tags }) => `${id}${tags}`).join();
