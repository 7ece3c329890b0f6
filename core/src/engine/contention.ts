import { type Ask, asksOf, type CandidateJob, decide, type PoolFacts, type World } from "@callsheet/contract";
import type { Claimed, Watermark } from "../store/claim.ts";
import type { AskedLane, Candidate } from "../store/contended.ts";
import type { ClaimLane } from "../store/dictionary.ts";
import type { Contention as Transaction } from "../store/store.ts";
import type { Claim, ClaimerOptions } from "./claiming.ts";

/** Without a hint, units that came back are found after this long. */
const POOLS_MS = 500;
/** A job whose object is held for a shorter time is not worth a place in line: it is looked at again instead. */
const GRACE_MS = 100;
/** Jobs that may have to be left or to stand in line are looked at beyond those that are wanted. */
const MORE = 32;

interface OpenLane {
  readonly lane: ClaimLane;
  /** How many of its jobs the pools have room for. */
  readonly room: number;
}

/**
 * Claims jobs that contend: for units, for objects, or with those of other owners. Lanes whose pools are full are not asked
 * until units come back, so that what waits there costs nothing.
 */
export class Contention {
  readonly #options: ClaimerOptions;
  readonly #marks = new Map<number, Watermark>();
  /** Jobs that were found to have to wait for an object, and since when. */
  readonly #waiting = new Map<string, number>();
  #lanes: readonly ClaimLane[] = [];
  #pools = new Map<number, PoolFacts>();
  #asks = new Map<number, readonly Ask[]>();
  #poolsAt = Number.NEGATIVE_INFINITY;
  /** What was read of pools holds as long as this number does. */
  #rules = "";
  #mayHold = true;
  /** When jobs that were left for a moment are looked at again. */
  #againAt = Number.POSITIVE_INFINITY;

  constructor(options: ClaimerOptions) {
    this.#options = options;
  }

  setLanes(lanes: readonly ClaimLane[]): void {
    this.#lanes = lanes;
    this.#asks.clear();
  }

  /** Something may have changed: a lane, or everything. */
  look(laneId?: number): void {
    if (laneId === undefined) {
      this.#marks.clear();
      this.#poolsAt = Number.NEGATIVE_INFINITY;
    } else this.#marks.delete(laneId);
    this.#mayHold = true;
  }

  /** Units of a pool came back somewhere. */
  unitsReturned(poolId: number): void {
    const pool = this.#pools.get(poolId);
    if (!pool) return;
    // How many, the next claim sees when it has locked the pool.
    this.#pools.set(poolId, { ...pool, used: 0 });
    this.#mayHold = true;
  }

  /**
   * Jobs of all lanes, if one that contends may have some; else undefined: plain ones are claimed faster. Owners who share a
   * lane take turns here; where a node claims far ahead, admission alone sees to that.
   */
  async claim(want: number, isAhead: boolean): Promise<Claim | undefined> {
    const contends = (lane: ClaimLane) => lane.isContended || (lane.isShared && !isAhead);
    if (!this.#mayHold || !this.#lanes.some(contends)) return undefined;
    await this.#refreshPools();
    const started = this.#options.part.environment.monotonic();
    if (started >= this.#againAt) {
      this.#marks.clear();
      this.#againAt = Number.POSITIVE_INFINITY;
    }
    const open = this.#openLanes();
    if (!open.some(({ lane }) => contends(lane))) {
      this.#mayHold = false;
      return undefined;
    }
    const limit = 2 * want + MORE;
    const asked = open.map((one) => this.#asked(one, limit, open.length));
    const { candidates, taken, rules } = await (await this.#options.hot()).contend((tx) =>
      this.#decide(tx, asked, want, limit),
    );
    if (rules !== this.#rules) {
      this.#poolsAt = Number.NEGATIVE_INFINITY;
      return { jobs: [], mayHoldMore: true };
    }
    this.#remember(candidates, new Set(taken.map(({ id }) => id)));
    const isExhausted = candidates.length < limit && this.#isExhausted(candidates, asked);
    if (isExhausted && taken.length === 0) this.#mayHold = this.#againAt < Number.POSITIVE_INFINITY;
    const againMs = Math.max(0, this.#againAt - started);
    return { jobs: taken, mayHoldMore: taken.length > 0 || !isExhausted, ...(againMs < GRACE_MS ? { againMs } : {}) };
  }

  async #refreshPools(): Promise<void> {
    const { part, site, name } = this.#options;
    const now = part.environment.monotonic();
    if (now - this.#poolsAt < POOLS_MS) return;
    this.#poolsAt = now;
    this.#marks.clear();
    this.#asks.clear();
    this.#rules = await part.store.rulesNumber();
    this.#pools = new Map((await part.store.readPools(site, name)).map((pool) => [pool.id, pool]));
  }

  #asksOf(lane: ClaimLane): readonly Ask[] {
    const known = this.#asks.get(lane.id) ?? asksOf(lane, { node: this.#node, pools: [...this.#pools.values()] });
    this.#asks.set(lane.id, known);
    return known;
  }

  get #node(): World["node"] {
    const { name, site, capabilities } = this.#options;
    return { name, site, capabilities };
  }

  #openLanes(): readonly OpenLane[] {
    return this.#lanes.flatMap((lane) => {
      if (lane.pause !== null) return [];
      const room = lane.isContended ? this.#roomOf(lane) : Number.POSITIVE_INFINITY;
      return room > 0 ? [{ lane, room }] : [];
    });
  }

  #roomOf(lane: ClaimLane): number {
    const rooms = this.#asksOf(lane).map(({ pools, units }) => {
      const free = pools.map(({ id }) => {
        const { state, capacity, used } = this.#pools.get(id)!;
        return state === "started" ? Math.floor((capacity - used) / units) : 0;
      });
      return Math.max(0, ...free);
    });
    return Math.min(Number.POSITIVE_INFINITY, ...rooms);
  }

  #asked({ lane, room }: OpenLane, limit: number, lanes: number): AskedLane {
    const share = lanes === 1 ? limit : Math.max(8, Math.ceil((2 * limit) / lanes));
    const quota = Math.min(limit, share, room + MORE);
    return { id: lane.id, after: this.#marks.get(lane.id), quota, isShared: lane.isShared };
  }

  async #decide(tx: Transaction, lanes: readonly AskedLane[], want: number, limit: number) {
    const { nodeId, running } = this.#options;
    const candidates = await tx.lockCandidates({ nodeId: nodeId(), lanes, want: limit, running: running() });
    if (candidates.length === 0) return { candidates, taken: [], rules: this.#rules };
    const byId = new Map(this.#lanes.map((lane) => [lane.id, lane]));
    const jobs = candidates.map((job) => asCandidate(job, byId.get(job.laneId)!));
    const { rules, ...world } = await this.#world(tx, candidates, jobs);
    if (rules !== this.#rules) return { candidates, taken: [], rules };
    const verdicts = decide(jobs, world, want);
    const starts = verdicts.flatMap((verdict, index) =>
      verdict.kind === "start" ? [{ candidate: candidates[index]!, units: verdict.units }] : [],
    );
    const blocked = candidates.filter((job, index) => verdicts[index]?.kind === "block" && this.#hasWaited(job));
    const [taken] = await Promise.all([
      starts.length > 0 ? tx.takeJobs(nodeId(), starts) : [],
      this.#block(tx, blocked),
    ]);
    this.#see(world.pools, taken);
    return { candidates, taken, rules };
  }

  async #world(tx: Transaction, candidates: readonly Candidate[], jobs: readonly CandidateJob[]) {
    const keys = [...new Set(candidates.flatMap(({ locks }) => locks.map(({ key }) => key)))];
    const poolIds = new Set(
      jobs.flatMap(({ lane }) => this.#asksOf(lane as ClaimLane).flatMap(({ pools }) => pools)).map(({ id }) => id),
    );
    const [rules, , objects, pools] = await Promise.all([
      tx.rulesNumber(),
      tx.lockObjects(keys),
      tx.readObjects(keys),
      tx.lockPools([...poolIds].sort((a, b) => a - b)),
    ]);
    return { now: candidates[0]!.now, node: this.#node, pools, objects, rules };
  }

  async #block(tx: Transaction, jobs: readonly Candidate[]): Promise<void> {
    if (jobs.length === 0) return;
    const changes = jobs.map(({ id }) => ({ id, to: "waiting_for_lock" as const }));
    await Promise.all([tx.transition({ event: "block", changes }), tx.standInLine(jobs)]);
  }

  #hasWaited({ id }: Candidate): boolean {
    const now = this.#options.part.environment.monotonic();
    const since = this.#waiting.get(id);
    if (since !== undefined && now - since >= GRACE_MS) return true;
    if (since === undefined) this.#waiting.set(id, now);
    this.#againAt = Math.min(this.#againAt, now + GRACE_MS);
    return false;
  }

  /** Pools as they are once this transaction is committed. */
  #see(pools: readonly PoolFacts[], taken: readonly Claimed[]): void {
    for (const pool of pools) this.#pools.set(pool.id, pool);
    for (const { poolId, units } of taken.flatMap((job) => job.units ?? [])) {
      const pool = this.#pools.get(poolId)!;
      this.#pools.set(poolId, { ...pool, used: pool.used + units });
    }
  }

  /** How far each lane was read. What was left behind is found by the next full look. */
  #remember(candidates: readonly Candidate[], taken: ReadonlySet<string>): void {
    for (const { id, laneId, rank, dueAt, turn } of candidates) {
      if (taken.has(id)) this.#waiting.delete(id);
      if (turn === null) this.#marks.set(laneId, { rank, dueAt, id });
    }
    if (this.#waiting.size > 10_000) this.#waiting.clear();
  }

  #isExhausted(candidates: readonly Candidate[], asked: readonly AskedLane[]): boolean {
    const counts = new Map<number, number>();
    for (const { laneId } of candidates) counts.set(laneId, (counts.get(laneId) ?? 0) + 1);
    return asked.every(({ id, quota }) => (counts.get(id) ?? 0) < quota);
  }
}

function asCandidate({ id, turn, locks }: Candidate, lane: ClaimLane): CandidateJob {
  return { id, lane, locks, ticket: turn !== null && turn < 0 ? { number: turn, held: true } : null, expectedMs: null };
}
