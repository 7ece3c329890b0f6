import { canMeet } from "@callsheet/contract";
import type { Hint } from "../operations/hint.ts";
import type { Watermark } from "../store/claim.ts";
import type { ClaimLane } from "../store/dictionary.ts";
import type { Claim, ClaimerOptions } from "./claiming.ts";
import { Contention } from "./contention.ts";
import { Crowd } from "./crowd.ts";

/** How often new lanes are looked for without a hint. */
const LANES_MS = 1_000;
/** Reading a lane from its beginning finds what came in without a hint, and costs a walk over dead entries: at most this share of the time. */
const FULL_READ_SHARE = 0.05;
const FULL_READ_MS = 500;
/** Looks for one job that others took do not put off the one at everything for longer than this: some hint may have been lost. */
const LONGEST_AGO_MS = 5_000;

type LaneHint = Extract<Hint, { kind: "lane" }>;
interface LoneJob {
  readonly laneId: number;
  readonly jobId: string;
}

/** Takes jobs from the lanes that a node can run, and remembers how far it has read each. */
export class Claimer {
  readonly #options: ClaimerOptions;
  readonly #contention: Contention;
  readonly #crowd: Crowd;
  readonly #marks = new Map<number, Watermark>();
  /** Of plain jobs. */
  #lanes: readonly number[] = [];
  #hasMembers = false;
  #known: ReadonlyMap<number, ClaimLane> = new Map();
  #lanesAt = Number.NEGATIVE_INFINITY;
  #nextFullRead = 0;
  /** When the lanes of plain jobs were last looked at, and whether nothing was left in them then. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isEmpty = false;
  /** What was heard of since that look began. */
  #heard: LoneJob | "more" | undefined;

  constructor(options: ClaimerOptions) {
    this.#options = options;
    this.#contention = new Contention(options);
    this.#crowd = new Crowd(options.part);
  }

  /** Up to `want` jobs. `isAhead`: more than the node has free slots for. */
  async claim(want: number, isAhead: boolean): Promise<Claim> {
    if (this.#mustReadLanes()) await this.#readLanes();
    return (await this.#contention.claim(want, isAhead)) ?? this.#claimPlain(want);
  }

  async #claimPlain(want: number): Promise<Claim> {
    if (this.#lanes.length === 0) return { jobs: [], mayHoldMore: false };
    const heard = this.#isEmpty ? this.#heard : "more";
    this.#heard = undefined;
    this.#isEmpty = false;
    const isNear = typeof heard === "object" && this.#lanes.includes(heard.laneId);
    const looked = this.#crowd.look();
    const claim = (isNear && (await this.#claimLone(heard.jobId))) || (await this.#claimMany(want));
    looked(claim.jobs.length);
    return claim;
  }

  /** Undefined: it does not wait alone, or it is time to look at everything. */
  async #claimLone(jobId: string): Promise<Claim | undefined> {
    const { part, nodeId, hot } = this.#options;
    const answer = await (await hot()).claimLone({ nodeId: nodeId(), laneIds: this.#lanes, jobId });
    const now = part.environment.monotonic();
    if (answer === "waits" || (answer === "gone" && now - this.#lookedAt > LONGEST_AGO_MS)) return undefined;
    const jobs = answer === "gone" ? [] : [answer];
    if (jobs.length > 0) this.#lookedAt = now;
    this.#isEmpty = true;
    return { jobs, mayHoldMore: false };
  }

  async #claimMany(want: number): Promise<Claim> {
    const { part, nodeId, hot } = this.#options;
    const { monotonic } = part.environment;
    const started = monotonic();
    const isFullRead = started >= this.#nextFullRead;
    if (isFullRead) this.#marks.clear();
    const lanes = this.#lanes.map((id) => ({ id, after: this.#marks.get(id) }));
    const { jobs, marks } = await (await hot()).claim({ nodeId: nodeId(), want, lanes, hasMembers: this.#hasMembers });
    const now = monotonic();
    this.#lookedAt = now;
    if (isFullRead) this.#nextFullRead = now + Math.max(FULL_READ_MS, (now - started) / FULL_READ_SHARE);
    for (const [lane, mark] of marks) this.#marks.set(lane, mark);
    // What a lane had not yet shown when it was read empty may sort before the mark: begin anew.
    if (jobs.length < want) this.#marks.clear();
    // Of several lanes each gives its share at most.
    const mayHoldMore = jobs.length === want || (jobs.length > 0 && lanes.length > 1);
    this.#isEmpty = !mayHoldMore && lanes.every(({ after }) => after === undefined);
    return { jobs, mayHoldMore };
  }

  /** Minds a hint, and says when it is time to claim if it may concern this node. */
  hear(hint: Hint | undefined): void {
    if (hint?.kind === "lane") this.#hearOfLane(hint);
    else if (this.#mayConcern(hint)) {
      this.#heard = "more";
      this.#options.onHungry();
    }
  }

  #mayConcern(hint: Exclude<Hint, { kind: "lane" }> | undefined): boolean {
    if (hint === undefined) {
      this.#marks.clear();
      this.#contention.look();
      this.#lanesAt = Number.NEGATIVE_INFINITY;
    } else if (hint.kind === "waiting") this.#contention.look();
    else if (hint.kind === "pool") this.#contention.unitsReturned(hint.poolId);
    else if (hint.kind === "objects") this.#contention.objectsFreed();
    else return false;
    return true;
  }

  #hearOfLane({ laneId, rank, jobId }: LaneHint): void {
    this.#heard = jobId === undefined || this.#heard ? "more" : { laneId, jobId };
    const lane = this.#known.get(laneId);
    if (lane === undefined) this.#lanesAt = Number.NEGATIVE_INFINITY;
    this.#contention.look(laneId);
    const mark = this.#marks.get(laneId);
    // At the same rank new jobs come later than the mark.
    if (mark && rank < mark.rank) this.#marks.delete(laneId);
    const { onHungry, part } = this.#options;
    const waitMs = lane?.isContended === false ? this.#crowd.hear(laneId) : 0;
    if (waitMs === 0) onHungry();
    else if (waitMs !== undefined) part.environment.timers.after(waitMs, onHungry);
  }

  /** A claim waits for its lanes only when one is known to be new; otherwise they are read again beside it. */
  #mustReadLanes(): boolean {
    const { environment, log } = this.#options.part;
    if (this.#lanesAt === Number.NEGATIVE_INFINITY) return true;
    if (environment.monotonic() - this.#lanesAt >= LANES_MS)
      this.#readLanes().catch((error: unknown) => log.error("lanes", error));
    return false;
  }

  async #readLanes(): Promise<void> {
    const { part, site, codes, capabilities } = this.#options;
    this.#lanesAt = part.environment.monotonic();
    const lanes = await part.store.lanesFor(site, [...codes.keys()]);
    const able = lanes.filter(({ type, needs }) => canMeet(needs, { code: codes.get(type), capabilities }));
    if (able.some(({ id }) => !this.#known.has(id))) this.#isEmpty = false;
    this.#known = new Map(able.map((lane) => [lane.id, lane]));
    const plain = able.filter(({ isContended }) => !isContended);
    this.#lanes = plain.map(({ id }) => id);
    this.#hasMembers = plain.some(({ isGrouped }) => isGrouped);
    this.#contention.setLanes(able);
  }
}
