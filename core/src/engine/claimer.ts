import { canMeet } from "@callsheet/contract";
import type { Hint, LaneHint } from "../operations/hint.ts";
import type { Watermark } from "../store/claim.ts";
import type { ClaimLane } from "../store/dictionary.ts";
import type { Claim, ClaimerOptions } from "./claiming.ts";
import { Contention } from "./contention.ts";
import type { Found, Place, Scout } from "./scouts.ts";

/** How often new lanes are looked for without a hint. */
const LANES_MS = 1_000;
/** Reading a lane from its beginning finds what came in without a hint, and costs a walk over dead entries: at most this share of the time. */
const FULL_READ_SHARE = 0.05;
const FULL_READ_MS = 500;
/** What was made when a lane was read may be seen so much later. */
const SEEN_LATE_MS = 250;
/**
 * What another node of the process has seen is not looked at again in this time, unless something is heard. It is shorter than
 * the time between two looks of one node, which are never spared for its own sake.
 */
const SEEN_MS = 3_000;
/** Looks for one job that others took do not put off the one at everything for longer than this: some hint may have been lost. */
const LONGEST_AGO_MS = 5_000;

/** `isEnd`: the lane was read to its end, so that what comes sorts behind it, but for what was on its way. */
interface Mark {
  readonly last: Watermark;
  readonly isEnd: boolean;
}

/** Comes before every job of a lane. */
const BEFORE_ALL = -1;

interface LoneJob {
  readonly laneId: number;
  readonly jobId: string;
}

/** Takes jobs from the lanes that a node can run, and remembers how far it has read each. */
export class Claimer {
  readonly #options: ClaimerOptions;
  readonly #contention: Contention;
  readonly #scout: Scout;
  readonly #marks = new Map<number, Mark>();
  /** The best rank of jobs in lanes that were heard of while a look was under way, which may not have seen them. */
  readonly #meanwhile = new Map<number, number>();
  /** Of plain jobs. */
  #lanes: readonly number[] = [];
  /** All of them: nodes that have the same see the same. */
  #place: Place = "";
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
    this.#scout = { send: options.onHungry };
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
    const looked = this.#options.part.scouts.look(this.#scout, this.#place, (place) => this.#isPlain(place));
    let claim: Claim | undefined;
    try {
      claim = (isNear && (await this.#claimLone(heard.jobId))) || (await this.#claimMany(want));
      return claim;
    } finally {
      looked(claim && foundBy(claim));
    }
  }

  /** Undefined: it does not wait alone, or it is time to look at everything. */
  async #claimLone(jobId: string): Promise<Claim | undefined> {
    const { part, nodeId, hot } = this.#options;
    const answer = await (await hot()).claimLone({ nodeId: nodeId(), laneIds: this.#lanes, jobId });
    const now = part.environment.monotonic();
    if (answer === "waits" || (answer === "gone" && now - this.#lookedAt > LONGEST_AGO_MS)) return undefined;
    if (answer === "barred") return { jobs: [], mayHoldMore: false, isBarred: true };
    const jobs = answer === "gone" ? [] : [answer];
    if (jobs.length > 0) this.#lookedAt = now;
    this.#isEmpty = true;
    return { jobs, mayHoldMore: false, sawAll: jobs.length > 0 };
  }

  async #claimMany(want: number): Promise<Claim> {
    const { part, nodeId, hot } = this.#options;
    const { monotonic } = part.environment;
    const started = monotonic();
    const isFullRead = started >= this.#nextFullRead;
    if (isFullRead) this.#marks.clear();
    this.#meanwhile.clear();
    const lanes = this.#lanes.map((id) => ({ id, after: afterOf(this.#marks.get(id)) }));
    const isToEnd = this.#lanes.every((id) => this.#marks.get(id)?.isEnd ?? true);
    const { jobs, marks, isBarred } = await (await hot()).claim({
      nodeId: nodeId(),
      want,
      lanes,
      hasMembers: this.#hasMembers,
    });
    const now = monotonic();
    this.#lookedAt = now;
    if (isFullRead) this.#nextFullRead = now + Math.max(FULL_READ_MS, (now - started) / FULL_READ_SHARE);
    for (const [lane, last] of marks)
      if ((this.#meanwhile.get(lane) ?? last.rank) >= last.rank) this.#marks.set(lane, { last, isEnd: false });
    if (jobs.length < want) for (const [lane, { last }] of this.#marks) this.#marks.set(lane, { last, isEnd: true });
    // Of several lanes each gives its share at most.
    const mayHoldMore = jobs.length === want || (jobs.length > 0 && lanes.length > 1);
    this.#isEmpty = !mayHoldMore && isToEnd;
    return { jobs, mayHoldMore, isBarred, sawAll: !mayHoldMore && lanes.every(({ after }) => after === undefined) };
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
      for (const id of this.#lanes) this.#meanwhile.set(id, BEFORE_ALL);
      this.#contention.look();
      this.#lanesAt = Number.NEGATIVE_INFINITY;
    } else if (hint.kind === "waiting") return this.#mayWait();
    else if (hint.kind === "pool") this.#contention.unitsReturned(hint.poolId);
    else if (hint.kind === "objects") this.#contention.objectsFreed();
    else return false;
    return true;
  }

  #hearOfLane({ laneId, rank, jobId, isNew }: LaneHint): void {
    this.#heard = jobId === undefined || this.#heard ? "more" : { laneId, jobId };
    if (!this.#known.has(laneId)) this.#lanesAt = Number.NEGATIVE_INFINITY;
    this.#contention.look(laneId);
    const mark = this.#marks.get(laneId);
    // At the same rank new jobs come later than the mark.
    const from = isNew ? rank : BEFORE_ALL;
    if (mark && from < mark.last.rank) this.#marks.delete(laneId);
    this.#meanwhile.set(laneId, Math.min(from, this.#meanwhile.get(laneId) ?? from));
    const { onHungry, part } = this.#options;
    if (this.#isPlain(laneId)) part.scouts.hear(laneId, this.#scout);
    else onHungry();
  }

  /** It claims no more for now: another node of this process may be sent. */
  rest(): void {
    this.#options.part.scouts.back(this.#scout);
  }

  /** It claims no more. */
  leave(): void {
    this.#options.part.scouts.leave(this.#scout);
  }

  /** Some job waits somewhere. Whether this node looks for it by itself; for plain ones one node of the process is sent. */
  #mayWait(): boolean {
    this.#contention.look();
    this.#heard = "more";
    this.#options.part.scouts.hear(this.#place, this.#scout);
    return this.#mayContend;
  }

  /** Whether some node of this process has looked for what this one would look for, a moment ago. */
  get wasSeen(): boolean {
    return !this.#mayContend && this.#options.part.scouts.wasSeen(this.#place, SEEN_MS);
  }

  get #mayContend(): boolean {
    return [...this.#known.values()].some(({ isContended, isShared }) => isContended || isShared);
  }

  #isPlain(place: Place): boolean {
    return typeof place === "number" && this.#known.get(place)?.isContended === false;
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
    this.#place = this.#lanes.join();
    this.#hasMembers = plain.some(({ isGrouped }) => isGrouped);
    this.#contention.setLanes(able);
  }
}

const foundBy = ({ jobs, mayHoldMore, isBarred, sawAll = false }: Claim): Found | undefined =>
  isBarred ? undefined : { count: jobs.length, mayLeaveSome: mayHoldMore, sawAll };

/** From where a lane is read on; undefined: from its beginning. */
function afterOf(mark: Mark | undefined): Watermark | undefined {
  if (!mark?.isEnd) return mark?.last;
  const before = Date.parse(mark.last.dueAt) - SEEN_LATE_MS;
  // An instant so far away that only the database knows it.
  return Number.isNaN(before) ? undefined : { ...mark.last, dueAt: new Date(before).toISOString() };
}
