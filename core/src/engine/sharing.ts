import type { Candidate } from "../store/contended.ts";
import type { Contest } from "./contest.ts";
import type { Keeping } from "./keeping.ts";
import { GRACE_MS, LeftJobs, MOMENT_MS, MOST_AT_OBJECT } from "./left-jobs.ts";
import type { Part } from "./part.ts";

/**
 * While fewer of the objects that it keeps are free, a node claims so often at most: soon more can start, and few at a time cost
 * more each. Beside others that keep some it waits for more: what it leaves of the processors they use meanwhile.
 */
const ALONE = { fewFree: 0.45, soonMs: 20 };
const BESIDE_OTHERS = { fewFree: 0.8, soonMs: 30 };
/** So many jobs more than objects are free are claimed: some may lock others. */
const FURTHER = 8;
/** Who keeps less than this part of an equal share of the objects of jobs that were looked at takes some over from others. */
const ENOUGH = 0.5;
/** Of a smaller share it is not worth it. */
const LEAST_SHARE = 50;
/** A node that found only jobs whose objects others keep looks again after this long, and each time in vain twice as long. */
const AWAY_MS = 10;
const LONGEST_AWAY_MS = 160;

/** What a claim brought, whether it looked at all jobs, and how many of those that started locked objects that this node had before. */
interface Look {
  readonly outcome: Contest;
  readonly isFull: boolean;
  readonly known: number;
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
  #awayMs = AWAY_MS;

  constructor(part: Part, keeping: Keeping) {
    this.#part = part;
    this.#keeping = keeping;
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
    return all > 0 ? free + FURTHER : Number.POSITIVE_INFINITY;
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

  async #mind({ outcome, isFull, known }: Look): Promise<boolean> {
    const { taken, left, keptElsewhere, isHindered } = outcome;
    await this.#keeping.started(taken, known);
    this.#keeping.foundInUse(keysOf(left), keptElsewhere.keys());
    if (isHindered) await this.#keeping.hindered();
    return isFull && this.#balance(outcome);
  }

  async #balance({ candidates, taken, away, keptElsewhere }: Contest): Promise<boolean> {
    const now = this.#part.environment.monotonic();
    this.#away.replace(away, now);
    if (taken.length === 0 && away.length > 0) {
      this.#awayUntil = now + this.#awayMs;
      this.#awayMs = Math.min(LONGEST_AWAY_MS, 2 * this.#awayMs);
    } else this.#awayMs = AWAY_MS;
    const waited = this.#waitedFor(away, taken.length === 0 ? MOMENT_MS : GRACE_MS, now);
    const ours = new Set(keysOf(candidates).filter((key) => this.#keeping.isKept(key))).size;
    const lacking = lackingOf(away, keptElsewhere, ours);
    if (waited.length > 0) await this.#keeping.takeBack(waited);
    if (lacking.length > 0) await this.#keeping.takeOver(lacking);
    const isMore = waited.length > 0 || lacking.length > 0;
    if (isMore) this.#awayUntil = Number.NEGATIVE_INFINITY;
    return isMore;
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

/** Objects to take over from other nodes, so that all who keep some can start about as many jobs. */
function lackingOf(
  away: readonly Candidate[],
  elsewhere: ReadonlyMap<string, number>,
  ours: number,
): readonly string[] {
  const keys = [...new Set(keysOf(away))].filter((key) => elsewhere.has(key));
  const share = (keys.length + ours) / (new Set(elsewhere.values()).size + 1);
  return share >= LEAST_SHARE && ours < share * ENOUGH ? keys.slice(0, Math.ceil((share - ours) / 2)) : [];
}

const keysOf = (jobs: readonly Candidate[]) => jobs.flatMap(({ locks }) => locks.map(({ key }) => key));
