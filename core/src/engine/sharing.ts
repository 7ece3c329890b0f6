import type { Candidate } from "../store/contended.ts";
import { Again } from "./again.ts";
import type { Contest } from "./contest.ts";
import type { Keeping, Shares } from "./keeping.ts";
import { GRACE_MS, LeftJobs, MOMENT_MS, MOST_AT_OBJECT } from "./left-jobs.ts";
import type { Part } from "./part.ts";
import { Standstill } from "./standstill.ts";

/**
 * While fewer of the objects that it keeps are free, a node claims so often at most: soon more can start, and few at a time cost
 * more each. Beside others that keep some it waits for more: what it leaves of the processors they use meanwhile.
 */
const ALONE = { fewFree: 0.45, soonMs: 20 };
const BESIDE_OTHERS = { fewFree: 0.8, soonMs: 30 };
/**
 * So many jobs for each object that is free are claimed, the first in order: objects whose jobs lag behind catch up with those whose
 * jobs come last, which wait this time. A look passes over all that lies between them. So many further ones: they may lock others.
 */
const AT_ONCE = 0.85;
const FURTHER = 8;
/**
 * Who keeps less than this part of an equal share takes objects over from others: few of them bring few jobs at a time, which cost
 * more each, and get ahead of those of the others, so that each look passes over what lies between.
 */
const ENOUGH = 0.98;
/** Of a smaller share it is not worth it. */
const LEAST_SHARE = 50;
/** Where one job in so many of those that it tried was in vain, a node sees what others keep before it next looks at all. */
const IN_VAIN = 4;
/** So often at most it is seen what others keep, so often where nobody was seen to keep anything, and so often in any case. */
const AROUND_MS = 100;
const AROUND_ALONE_MS = 20;
const AROUND_SELDOM_MS = 500;

/** What a claim brought. */
interface Look {
  readonly outcome: Contest;
  /** How many jobs the node could start. */
  readonly wanted: number;
  /** It looked at all jobs. */
  readonly isFull: boolean;
  /** How many of those that started locked objects that this node had before. */
  readonly known: number;
  /** There are jobs that the node can start, if not among those that it looked at. */
  readonly hasOthers: boolean;
}

/**
 * How nodes get along that keep objects: when it is worth to claim, and what one takes back from another. A job waits for a moment
 * at most for an object that another node keeps and does not use.
 */
export class Sharing {
  readonly #part: Part;
  readonly #keeping: Keeping;
  /** Jobs whose objects nodes keep, as the last look at all jobs found them. */
  readonly #away = new LeftJobs();
  #claimedAt = Number.NEGATIVE_INFINITY;
  #awayUntil = Number.NEGATIVE_INFINITY;
  /** Only jobs whose objects others keep were found. */
  readonly #awayAgain = new Again();
  readonly #standstill = new Standstill();
  #aroundFrom = Number.NEGATIVE_INFINITY;
  #aroundAt: number;
  /** Jobs started at objects that it has kept only since then, and few were tried in vain: there are more of them. */
  #grows = false;

  constructor(part: Part, keeping: Keeping) {
    this.#part = part;
    this.#keeping = keeping;
    this.#aroundAt = part.environment.monotonic();
  }

  /** How many jobs were found that lock objects which nodes keep. */
  get awayCount(): number {
    return this.#away.count;
  }

  /** For how long it is not worth to claim, in milliseconds; 0: it is. */
  pauseMs(): number {
    const { free, all } = this.#keeping.room;
    const { fewFree, soonMs } = this.#keeping.isAlone ? ALONE : BESIDE_OTHERS;
    const until = free < all * fewFree ? this.#claimedAt + soonMs : 0;
    return Math.max(0, Math.max(until, this.#awayUntil) - this.#part.environment.monotonic());
  }

  /** A claim begins; answers how many jobs at most it is to start. */
  begin(): number {
    this.#claimedAt = this.#part.environment.monotonic();
    const { free, all } = this.#keeping.room;
    return all > 0 && !this.#grows ? Math.ceil(free * AT_ONCE) + FURTHER : Number.POSITIVE_INFINITY;
  }

  /** Minds what a claim found; answers whether more can start by now. Never fails: what was claimed is to run in any case. */
  async mind(look: Look): Promise<boolean> {
    try {
      return await this.#mind(look);
    } catch (error) {
      this.#keeping.forget();
      this.#part.log.error("keeping", error);
      return false;
    }
  }

  async #mind(look: Look): Promise<boolean> {
    const { outcome, isFull, known } = look;
    const { taken, left, away, behind, heads, keptElsewhere, isHindered } = outcome;
    const before = this.#keeping.room.all;
    await this.#keeping.started(taken, known);
    const isMoreKept = this.#keeping.room.all > before;
    // What a look at all jobs found in vain, the next one passes over.
    this.#grows = isMoreKept && (isFull || (left.length + behind.length) * IN_VAIN <= taken.length);
    this.#keeping.foundInUse(keysOf(left), keptElsewhere.keys());
    if (isHindered) await this.#keeping.hindered();
    if (isFull) return this.#balance(look);
    const now = this.#part.environment.monotonic();
    const ids = heads.map(({ id }) => id);
    if (this.#standstill.isSeen(ids, now)) this.#keeping.lookAtAll();
    const isInVain = (left.length + away.length) * IN_VAIN > taken.length;
    return (isInVain || now - this.#aroundAt >= AROUND_SELDOM_MS) && this.#evenOut(look);
  }

  async #balance(look: Look): Promise<boolean> {
    const { hasOthers, outcome } = look;
    const { away } = outcome;
    const now = this.#part.environment.monotonic();
    this.#away.replace(away, now);
    if (!hasOthers && away.length > 0) {
      this.#awayUntil = now + this.#awayAgain.ms;
      this.#awayAgain.inVain();
    } else this.#awayAgain.reset();
    const waited = this.#waitedFor(away, hasOthers ? GRACE_MS : MOMENT_MS, now);
    if (waited.length > 0) await this.#keeping.takeBack(waited);
    const isMore = await this.#evenOut(look);
    if (waited.length === 0 && !isMore) return false;
    this.#awayUntil = Number.NEGATIVE_INFINITY;
    return true;
  }

  /** Takes objects of these jobs over from other nodes, if those keep more; answers whether more can start by now, or by a look at all jobs. */
  async #evenOut({ outcome: { away, keptElsewhere }, wanted, isFull }: Look): Promise<boolean> {
    const now = this.#part.environment.monotonic();
    const isWorth = this.#keeping.isWorth(wanted);
    if (this.#keeping.isReturning || now < this.#aroundFrom) return false;
    if (!((isWorth && keptElsewhere.size > 0) || this.#keeping.alone)) return false;
    const shares = await this.#keeping.lookAround();
    this.#aroundAt = now;
    this.#aroundFrom = now + (shares.others.size > 0 ? AROUND_MS : AROUND_ALONE_MS);
    const lacking = isWorth ? lackingOf(shares) : 0;
    if (lacking === 0) return false;
    const keys = ofThoseWithMore(away, keptElsewhere, shares).slice(0, lacking);
    const got = keys.length > 0 ? await this.#keeping.takeOver(keys) : 0;
    // One that passes over what others keep does not see which of it is to be had.
    if (got === 0 && isFull) return false;
    // What jobs held there is not to be had at once.
    this.#aroundFrom = Number.NEGATIVE_INFINITY;
    this.#keeping.lookAtAll();
    return true;
  }

  /** Objects for which jobs have waited for so long, or so many wait that they should stand in line. */
  #waitedFor(away: readonly Candidate[], waitsMs: number, now: number): readonly string[] {
    const places = new Map<string, number>();
    const wanted = new Set<string>();
    for (const job of away)
      for (const { key } of job.locks) {
        // Its next claims start that one, in its turn.
        if (job.locks.length === 1 && this.#keeping.isKept(key)) continue;
        const place = (places.get(key) ?? 0) + 1;
        places.set(key, place);
        if (place > MOST_AT_OBJECT || this.#away.waitedMs(job, now) >= waitsMs) wanted.add(key);
      }
    return [...wanted];
  }
}

const shareOf = ({ ours, others }: Shares) =>
  [...others.values()].reduce((sum, count) => sum + count, ours) / (others.size + 1);

/** How many objects a node lacks, so that all who keep some keep about as many; 0: it has enough. */
function lackingOf(shares: Shares): number {
  const share = shareOf(shares);
  return share < LEAST_SHARE || shares.ours >= share * ENOUGH ? 0 : Math.ceil(share - shares.ours);
}

/** Objects of these jobs that nodes keep which have more than a share. */
function ofThoseWithMore(
  jobs: readonly Candidate[],
  elsewhere: ReadonlyMap<string, number>,
  shares: Shares,
): readonly string[] {
  const share = shareOf(shares);
  const keepsMore = (key: string) => (shares.others.get(elsewhere.get(key) ?? 0) ?? 0) > share;
  return [...new Set(keysOf(jobs))].filter(keepsMore);
}

const keysOf = (jobs: readonly Candidate[]) => jobs.flatMap(({ locks }) => locks.map(({ key }) => key));
