import type { Learned } from "../operations/catalogue.ts";
import { expectedMs } from "../operations/expected.ts";
import type { Watermark } from "../store/claim.ts";
import type { AskedLane, Candidate } from "../store/contended.ts";
import type { ClaimLane } from "../store/dictionary.ts";
import { isOvertaken } from "../store/failure.ts";
import { Again } from "./again.ts";
import { AtOnce, MOST_AT_ONCE } from "./at-once.ts";
import type { Claim, ClaimerOptions } from "./claiming.ts";
import { type Contest, contest, type Request } from "./contest.ts";
import { GRACE_MS, LeftJobs, MOMENT_MS, MOST_AT_OBJECT } from "./left-jobs.ts";
import { isAllNew, isExhausted } from "./looked-at.ts";
import { PoolsInSight } from "./pools-in-sight.ts";
import { Sharing } from "./sharing.ts";

/** Where others took of a pool between a decision and its end, it is locked before it is decided, for so long. */
const TIGHT_MS = 1_000;
/** What was overtaken is decided again so often. */
const MOST_TRIES = 4;
/** Of so many objects it is remembered that they were seen to have rows. */
const MOST_MADE = 10_000;
/** Of so many lanes at most the pools are read before it is known whose jobs come. */
const MOST_NEAR = 8;
/** So many jobs more than pools are known to have room for are looked at: some units may have come back. */
const SPARE = 32;
/** Where jobs of objects in use are passed over, this part more at most are looked at than are wanted: some lock what another of them takes. */
const BEYOND = 0.1;

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
  readonly #pools: PoolsInSight;
  readonly #sharing: Sharing;
  readonly #marks = new Map<number, Watermark>();
  readonly #left = new LeftJobs();
  readonly #atOnce = new AtOnce();
  /** Objects that had a row when they were last taken or waited for. */
  readonly #made = new Set<string>();
  #lanes: ReadonlyMap<number, ClaimLane> = new Map();
  /** Shared lanes that jobs may have come to since they were last looked at. */
  readonly #news = new Set<number>();
  /** How much was heard of that may have led to jobs: up to now, and when the last look began that found none. */
  #heard = 1;
  #heardInVain = 0;
  /** Nothing could start: it is looked again, unless a hint comes first. */
  readonly #again = new Again();
  /** Objects were in use for a while, or most of them: it is worth to look before they are taken. */
  #seesObjects = true;
  #tightUntil = Number.NEGATIVE_INFINITY;
  /** Jobs were passed over for lack of units; and how many by the last look, if nothing started: the next one goes beyond them. */
  #hasPassed = false;
  #passed = 0;
  /** How many jobs of the last look lock what another of them took. */
  #behind = 0;
  /** The last look passed over jobs of objects in use, and found others to start. */
  #startsBeside = false;
  /** What was heard of while a look was under way, which may not have seen it: lanes, or all of them; pools that units came back to. */
  #meanwhile = nothingHeard();

  constructor(options: ClaimerOptions) {
    this.#options = options;
    this.#pools = new PoolsInSight(options);
    this.#sharing = new Sharing(options.part, options.keeping);
  }

  setLanes(lanes: readonly ClaimLane[]): void {
    for (const { id, isShared } of lanes) if (isShared && !this.#lanes.get(id)?.isShared) this.#news.add(id);
    this.#lanes = new Map(lanes.map((lane) => [lane.id, lane]));
    this.#pools.forgetLanes();
  }

  /** Something may have changed: a lane, or everything. */
  look(laneId?: number): void {
    if (laneId === undefined) {
      this.#marks.clear();
      this.#meanwhile.all = true;
      this.#pools.expire();
      for (const { id, isShared } of this.#lanes.values()) if (isShared) this.#news.add(id);
    } else {
      this.#marks.delete(laneId);
      this.#meanwhile.lanes.add(laneId);
      if (this.#lanes.get(laneId)?.isShared) this.#news.add(laneId);
    }
    this.#heard += 1;
  }

  /** Objects were freed on this node. */
  objectsFreed(): void {
    this.#heard += 1;
    this.#again.reset();
  }

  /** Units of a pool came back somewhere. */
  unitsReturned(poolId: number): void {
    if (!this.#pools.unitsReturned(poolId)) return;
    this.#meanwhile.pools.add(poolId);
    this.#heard += 1;
    if (this.#hasPassed) this.#marks.clear();
  }

  /**
   * Jobs of all lanes, if one that contends may have some; else undefined: plain ones are claimed faster. Owners who share a
   * lane take turns here; where a node claims far ahead, admission alone sees to that.
   */
  async claim(wanted: number, isAhead: boolean): Promise<Claim | undefined> {
    const contends = (lane: ClaimLane) => lane.isContended || (lane.isShared && !isAhead);
    const heard = this.#heard;
    const { keeping } = this.#options;
    await keeping.tend();
    if (heard === this.#heardInVain || ![...this.#lanes.values()].some(contends)) return undefined;
    if (await this.#pools.refresh()) {
      this.#marks.clear();
      this.#hasPassed = false;
    }
    const open = this.#openLanes();
    if (!open.some(({ lane }) => contends(lane))) {
      this.#heardInVain = heard;
      return undefined;
    }
    const pauseMs = this.#sharing.pauseMs();
    if (pauseMs > 0) return { jobs: [], mayHoldMore: false, againMs: pauseMs };
    const want = Math.min(wanted, this.#atOnce.most, this.#sharing.begin());
    const inUse = keeping.inUse();
    const isFull = inUse.length === 0;
    // Where the next look passes over jobs of objects in use, this one need not see beyond them.
    const beyond = keeping.alone ? 0 : Math.min(MOST_AT_ONCE, this.#sharing.awayCount);
    const further = isFull ? beyond : Math.min(this.#behind, Math.ceil(want * BEYOND));
    const limit = this.#left.limitFor(want, isFull) + this.#passed + further;
    const asked = open.map((one) => this.#asked(one, limit, open.length));
    this.#meanwhile = nothingHeard();
    const outcome = await this.#contest({ lanes: asked, want, limit, inUse });
    if (outcome === undefined || isAllNew(outcome, want))
      for (const { id, hasNews } of asked) if (hasNews) this.#news.add(id);
    if (outcome === undefined) {
      this.#pools.expire();
      return { jobs: [], mayHoldMore: true };
    }
    for (const pool of outcome.pools) if (!this.#meanwhile.pools.has(pool.id)) this.#pools.set(pool);
    const known = this.#remember(outcome);
    if (!isFull) this.#markHeads(outcome);
    else if (keeping.isAlone) this.#mark(outcome, want);
    // Jobs that another node was looking at lie before what this one saw, and it may be the only one that can start them.
    else if (outcome.candidates.length === 0) this.#marks.clear();
    const hasOthers = this.#hasOthers(outcome, isFull);
    if (await this.#sharing.mind({ outcome, wanted, isFull, known, hasOthers })) this.#heard += 1;
    const isShort = outcome.candidates.length < limit;
    const mustLookAtAll = isShort && !isFull;
    if (mustLookAtAll) keeping.lookAtAll();
    const isEmpty = isShort && isFull && isExhausted(outcome.candidates, asked);
    const goesOn = hasOthers && outcome.taken.length === 0;
    return this.#answer(outcome, { isEmpty, hasNews: mustLookAtAll || goesOn || this.#heard !== heard });
  }

  /** Whether there are jobs to start: where a look at all jobs saw none behind those of other nodes, the look before it did. */
  #hasOthers({ taken }: Contest, isFull: boolean): boolean {
    const [starts, started] = [taken.length > 0, this.#startsBeside];
    this.#startsBeside = starts && !isFull;
    return starts || (isFull && started);
  }

  /** Pools are not locked while it is decided, until others turn out to have taken of them meanwhile. */
  async #contest(look: Pick<Request, "lanes" | "want" | "limit" | "inUse">): Promise<Contest | undefined> {
    const { nodeId, running, part, keeping } = this.#options;
    const [pools, isFull] = [this.#pools, look.inUse.length === 0];
    // Read before: a transaction is not to wait for a second connection.
    const learned: Learned = pools.isEmpty ? new Map() : await part.catalogue.durations();
    const lanes = look.lanes.map(({ id }) => this.#lanes.get(id)!);
    const request: Omit<Request, "isTight"> = {
      ...{ ...look, keeping, nodeId: nodeId(), node: pools.node, running: running(), rules: pools.rules },
      nearPools: lanes.length > MOST_NEAR ? [] : pools.near(lanes),
      seesObjects: this.#seesObjects || (isFull && keeping.alone !== undefined),
      tries: look.want + (isFull ? this.#left.count : 0),
      laneOf: (id) => this.#lanes.get(id)!,
      asksOf: (lane) => pools.asksOf(lane),
      notMade: (keys) => keys.filter((key) => !this.#made.has(key)),
      mayStand: (job, place) => this.#mayStand(job, place),
      expectationsOf: async (tx, jobs) => {
        const ids = jobs.map(({ actionVersionId }) => actionVersionId);
        const versions = await part.catalogue.versions(ids, tx);
        return ({ actionVersionId, size }) => expectedMs(learned, versions.get(actionVersionId)!, size);
      },
    };
    const { monotonic } = part.environment;
    const hot = await this.#options.hot();
    let isTight = monotonic() < this.#tightUntil;
    for (let tries = 1; ; ) {
      try {
        return await hot.contend((tx) => contest(tx, { ...request, isTight }));
      } catch (error) {
        // Each time it keeps fewer objects: that comes to an end.
        if (isOvertaken(error) && (await keeping.hasChanged())) continue;
        if (!isOvertaken(error) || tries >= MOST_TRIES) {
          keeping.forget();
          throw error;
        }
        tries += 1;
        isTight = true;
        this.#tightUntil = monotonic() + TIGHT_MS;
      }
    }
  }

  /** `isEmpty`: all jobs were looked at. `hasNews`: something may have changed meanwhile. */
  #answer({ taken, left, away }: Contest, { isEmpty, hasNews }: Record<"isEmpty" | "hasNews", boolean>): Claim {
    const { keeping, part } = this.#options;
    if (taken.length > 0) this.#again.reset();
    const passesOver = keeping.alone !== undefined;
    this.#atOnce.claimed({ taken: taken.length, left: left.length }, passesOver);
    // As long as more wait for objects than can start, or nothing can, what is freed decides when it is worth another look.
    const mayWait = !isEmpty || away.length > 0 || !keeping.isAlone;
    if (left.length > taken.length || (taken.length === 0 && !hasNews && mayWait)) {
      // Nodes that look at the same moments hide jobs from each other, which they lock as they look.
      const againMs = keeping.isAlone ? this.#again.ms : this.#again.ms * (0.5 + part.environment.random());
      if (taken.length === 0) this.#again.inVain();
      return { jobs: taken, mayHoldMore: false, againMs };
    }
    if (isEmpty && !hasNews && taken.length === 0) this.#heardInVain = this.#heard;
    return { jobs: taken, mayHoldMore: taken.length > 0 || hasNews };
  }

  #openLanes(): readonly OpenLane[] {
    return [...this.#lanes.values()].flatMap((lane) => {
      if (lane.pause !== null) return [];
      const room = lane.isContended ? this.#pools.roomFor(lane) : Number.POSITIVE_INFINITY;
      return room > 0 ? [{ lane, room }] : [];
    });
  }

  #asked({ lane: { id, isShared }, room }: OpenLane, limit: number, lanes: number): AskedLane {
    const share = lanes === 1 ? limit : Math.max(8, Math.ceil((2 * limit) / lanes));
    const quota = Math.min(limit, share + this.#left.countOf(id) + this.#passed, room + SPARE + this.#passed);
    return { id, after: this.#marks.get(id), quota, isShared, hasNews: this.#news.delete(id) };
  }

  /** Whether a job is to wait in line. While the node keeps objects it passes over those in use, and lines would end the keeping. */
  #mayStand(job: Candidate, place: number): boolean {
    const isCrowd = place > MOST_AT_OBJECT && this.#options.keeping.alone === undefined;
    return isCrowd || this.#left.waitedMs(job, this.#options.part.environment.monotonic()) >= GRACE_MS;
  }

  /** What was left, and of which objects it is known that they have rows; answers how many of those that are taken had been known. */
  #remember({ candidates, taken, blocked, left, away, behind }: Contest): number {
    this.#behind = behind.length;
    const now = this.#options.part.environment.monotonic();
    const passed = candidates.length - blocked.length - left.length - away.length - behind.length;
    this.#passed = taken.length > 0 ? 0 : Math.min(passed, MOST_AT_ONCE);
    this.#left.replace(left, now);
    const leftLong = left.filter((job) => this.#left.waitedMs(job, now) >= MOMENT_MS);
    this.#seesObjects = left.length > taken.length || leftLong.length > 0 || away.length > 0;
    // A row that nobody asked for in a day may be gone.
    for (const { key } of leftLong.flatMap(({ locks }) => locks)) this.#made.delete(key);
    if (this.#made.size > MOST_MADE) this.#made.clear();
    const keys = [...taken, ...blocked].flatMap(({ locks }) => locks.map(({ key }) => key));
    const known = keys.filter((key) => this.#made.has(key)).length;
    for (const key of keys) this.#made.add(key);
    return known;
  }

  /** How far lanes were read of which not all jobs were looked at: up to the first that there is. */
  #markHeads({ heads }: Contest): void {
    const { all, lanes } = this.#meanwhile;
    for (const { laneId, isQueued, rank, dueAt, id } of heads)
      if (!isQueued && !all && !lanes.has(laneId) && !this.#lanes.get(laneId)?.isShared)
        this.#marks.set(laneId, { rank, dueAt, id });
  }

  /**
   * How far each lane was read. Jobs that wait for an object, those that were not decided on, and lanes that others came to
   * meanwhile, are read again; what was passed over for lack of units, when some come back.
   */
  #mark({ candidates, taken, blocked, away, behind }: Contest, want: number): void {
    const done = new Set([...taken, ...blocked].map(({ id }) => id));
    const last = taken.length < want ? candidates.length : candidates.findLastIndex(({ id }) => done.has(id));
    const isAway = new Set([...away, ...behind].map(({ id }) => id));
    const { all, lanes, pools } = this.#meanwhile;
    const stopped = new Set(all ? this.#lanes.keys() : lanes);
    for (const [index, candidate] of candidates.entries()) {
      const { id, laneId, rank, dueAt, turn } = candidate;
      if (turn !== null) continue;
      if (this.#left.has(candidate) || isAway.has(id) || index > last) stopped.add(laneId);
      if (!done.has(id) && !stopped.has(laneId)) {
        this.#hasPassed = true;
        if (pools.size > 0) stopped.add(laneId);
      }
      if (stopped.has(laneId)) continue;
      if (!this.#lanes.get(laneId)?.isShared) this.#marks.set(laneId, { rank, dueAt, id });
    }
  }
}

const nothingHeard = () => ({ all: false, lanes: new Set<number>(), pools: new Set<number>() });
