import type { Claimed } from "../store/claim.ts";
import { type KeptByNode, objectHash } from "../store/keeping.ts";
import type { KeepingAlone } from "../store/take-alone.ts";
import type { Part } from "./part.ts";

/** So many jobs that start at once are worth it that the node keeps their objects, if it had most of those before. */
const KEEPS_FROM = 100;
/** Where jobs are decided on under locks, for which what a node keeps is not to be had, it keeps nothing for so long. */
const HINDERED_MS = 10_000;
/** What a node keeps is given back when it was not worth it for so long. */
const REST_MS = 1_000;
/** A node keeps so many objects at most: of more, few are locked time and again. */
const MOST_KEPT = 10_000;
/** Of so many objects that another node keeps it is remembered at most that it does. */
const MOST_SEEN = 5_000;
/** So often at least a claim looks at jobs whose objects are in use, too, even if none was seen to have waited. */
const FULL_LOOK_MS = 5_000;
/** Objects that were tried in vain are not tried for so long, and those that another node keeps. */
const IN_VAIN_MS = 100;
const ELSEWHERE_MS = 2_000;
/** A node that begins to keep objects again leaves to the others for so long what they kept before. */
const RETURN_MS = 200;

/** Whose the objects are, and the number by which they are taken. */
interface Keeper {
  readonly nodeId: number;
  readonly changes: string;
}

/** So many jobs that start at once are worth it; and for how long it is not where jobs are decided on under locks, in milliseconds. */
export interface KeepingOptions {
  readonly from?: number;
  readonly hinderedMs?: number;
}

/** How many objects nodes keep: this one, and others. */
export interface Shares {
  readonly ours: number;
  readonly others: ReadonlyMap<number, number>;
}

interface KeptObject {
  readonly hash: number;
  /** The job that holds it. */
  jobId: string | null;
}

/**
 * The objects that a node keeps: nobody else takes them, so that this node does without a write, and who holds one it remembers.
 * It forgets rather too much than too little: an object that it keeps without knowing is taken back when a job has waited for it.
 */
export class Keeping {
  readonly #part: Part;
  readonly #nodeId: () => number;
  readonly #from: number;
  readonly #hinderedMs: number;
  readonly #kept = new Map<string, KeptObject>();
  /** Undefined: none are kept. */
  #keeper: Keeper | undefined;
  /** Objects that others have, as far as is known, and until when that is assumed. */
  readonly #elsewhere = new Map<string, { readonly hash: number; readonly until: number }>();
  #aloneFrom = Number.NEGATIVE_INFINITY;
  /** What others kept while this node did: they are likely to keep it again. */
  #before: readonly string[] = [];
  #returnsUntil = Number.NEGATIVE_INFINITY;
  #nextFullLook = Number.NEGATIVE_INFINITY;
  #worthAt = Number.NEGATIVE_INFINITY;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(part: Part, nodeId: () => number, { from = KEEPS_FROM, hinderedMs = HINDERED_MS }: KeepingOptions = {}) {
    this.#part = part;
    this.#nodeId = nodeId;
    this.#from = from;
    this.#hinderedMs = hinderedMs;
  }

  /** By what a claim takes objects; undefined: the node keeps none. */
  get alone(): KeepingAlone | undefined {
    if (this.#keeper === undefined) return undefined;
    return { changes: this.#keeper.changes, isKept: (key) => this.isKept(key) };
  }

  /** Whether no other node was found to keep objects for a while. */
  get isAlone(): boolean {
    return this.#part.environment.monotonic() >= this.#aloneFrom;
  }

  /** Whether the node has begun to keep objects again a moment ago, beside others that are about to. */
  get isReturning(): boolean {
    return this.#part.environment.monotonic() < this.#returnsUntil;
  }

  /** Whether the node keeps this object. */
  isKept(key: string): boolean {
    return this.#keeper !== undefined && this.#kept.has(key);
  }

  /** Whether a job that started here holds this object, which the node keeps. */
  isInUse(key: string): boolean {
    return (this.#kept.get(key)?.jobId ?? null) !== null;
  }

  /** Objects that a look need not bother with, as numbers; empty: it looks at all. */
  inUse(): readonly number[] {
    if (this.#keeper === undefined) return [];
    const now = this.#part.environment.monotonic();
    if (now >= this.#nextFullLook) {
      this.#nextFullLook = now + FULL_LOOK_MS;
      return [];
    }
    const hashes: number[] = [];
    for (const [key, { hash, until }] of this.#elsewhere)
      if (now < until) hashes.push(hash);
      else this.#elsewhere.delete(key);
    for (const { jobId, hash } of this.#kept.values()) if (jobId !== null) hashes.push(hash);
    return hashes;
  }

  /** How many objects it keeps that nobody holds, and in all. */
  get room(): { readonly free: number; readonly all: number } {
    let free = 0;
    for (const { jobId } of this.#kept.values()) if (jobId === null) free += 1;
    return { free, all: this.#kept.size };
  }

  /** Whether so many jobs at once are worth it to keep objects for them. */
  isWorth(jobs: number): boolean {
    return jobs >= this.#from;
  }

  /** Sees what other nodes keep by now: jobs of those objects are passed over. */
  async lookAround(): Promise<Shares> {
    const others = await this.#part.store.keptElsewhere(this.#nodeId(), MOST_SEEN);
    const keys = others.flatMap((one) => one.keys);
    this.foundInUse([], keys);
    const isAtWork = this.#part.environment.monotonic() - this.#worthAt < IN_VAIN_MS;
    if (keys.length > 0 || isAtWork) this.#before = keys;
    return { ours: this.#kept.size, others: new Map(others.map(({ nodeId, count }) => [nodeId, count])) };
  }

  /** The next look is at all jobs: there were too few others. */
  lookAtAll(): void {
    this.#nextFullLook = Number.NEGATIVE_INFINITY;
  }

  /** To be called before each claim: gives all back when it is not worth it any more, or another life of the node kept it. */
  async tend(): Promise<void> {
    if (this.#keeper === undefined) return;
    if (this.#kept.size > MOST_KEPT) await this.hindered();
    const isOver = this.#part.environment.monotonic() - this.#worthAt >= REST_MS;
    if (isOver || this.#keeper?.nodeId !== this.#nodeId()) await this.rest();
  }

  /** Jobs started here; `known`: how many of their objects this node had before, of so many. */
  async started(jobs: readonly Claimed[], known: number): Promise<void> {
    for (const { id, locks, isKept } of jobs) if (isKept) for (const { key } of locks) this.#hold(key, id);
    const now = this.#part.environment.monotonic();
    if (!this.isWorth(jobs.length) || known * 2 < jobs.length || now < this.#notBefore) return;
    this.#worthAt = now;
    await this.#open();
  }

  #hold(key: string, jobId: string | null): void {
    const known = this.#kept.get(key);
    if (known) known.jobId = jobId;
    else {
      this.#kept.set(key, { hash: objectHash(key), jobId });
      this.#elsewhere.delete(key);
    }
  }

  /** Objects that were tried in vain, and those that other nodes keep. */
  foundInUse(inVain: readonly string[], elsewhere: Iterable<string>): void {
    if (this.#keeper === undefined) return;
    const now = this.#part.environment.monotonic();
    const note = (key: string, until: number) => {
      const known = this.#elsewhere.get(key);
      if (!this.#kept.has(key) && (known?.until ?? 0) < until)
        this.#elsewhere.set(key, { hash: known?.hash ?? objectHash(key), until });
    };
    // What others hold for their first jobs comes free in a moment.
    if (!this.isReturning) for (const key of inVain) note(key, now + IN_VAIN_MS);
    for (const key of elsewhere) {
      this.#aloneFrom = now + ELSEWHERE_MS;
      note(key, this.#aloneFrom);
    }
  }

  /** These jobs have completed as members of claims that kept what they lock. */
  freed(locks: readonly { readonly jobId: string; readonly key: string }[]): void {
    for (const { jobId, key } of locks) {
      const object = this.#kept.get(key);
      if (object?.jobId === jobId) object.jobId = null;
    }
  }

  /** These jobs ended otherwise: what they held is not kept any more. */
  lose(ids: readonly string[]): void {
    if (this.#kept.size === 0) return;
    const gone = new Set(ids);
    for (const [key, { jobId }] of this.#kept) if (jobId !== null && gone.has(jobId)) this.#kept.delete(key);
  }

  /** Whether objects were taken back from it, which it did not know: it does by now. */
  async hasChanged(): Promise<boolean> {
    if (this.#keeper === undefined) return false;
    const kept = await this.#part.store.keptByNode(this.#keeper.nodeId);
    if (kept?.changes === this.#keeper.changes) return false;
    this.#remember(kept);
    return true;
  }

  /** Takes objects back from whoever keeps them: a job has waited for them. */
  async takeBack(keys: readonly string[]): Promise<void> {
    await this.#part.store.transaction((tx) => tx.takeBack(keys));
    for (const key of keys) {
      this.#kept.delete(key);
      this.#elsewhere.delete(key);
    }
    await this.hasChanged();
  }

  /** Takes objects over from other nodes, which keep more than their share; answers how many it got. */
  async takeOver(keys: readonly string[]): Promise<number> {
    const { store, environment } = this.#part;
    this.#worthAt = environment.monotonic();
    const { nodeId } = await this.#open();
    const idle = await store.transaction((tx) => tx.takeBack(keys, nodeId));
    for (const key of idle) this.#hold(key, null);
    for (const key of keys) this.#elsewhere.delete(key);
    return idle.length;
  }

  /** It is not worth it for a while. */
  async hindered(): Promise<void> {
    this.#notBefore = this.#part.environment.monotonic() + this.#hinderedMs;
    await this.rest();
  }

  /** Gives all back. */
  async rest(): Promise<void> {
    const keeper = this.#keeper;
    if (keeper === undefined) return;
    this.forget();
    await this.#part.store.transaction((tx) => tx.endKeeping(keeper.nodeId));
  }

  /** What it knows may not hold any more: an answer was lost. */
  forget(): void {
    this.#remember(undefined);
  }

  async #open(): Promise<Keeper> {
    if (this.#keeper !== undefined) return this.#keeper;
    const nodeId = this.#nodeId();
    const keeper = { nodeId, changes: await this.#part.store.openKeeper(nodeId) };
    this.#keeper = keeper;
    this.#return();
    return keeper;
  }

  /** Leaves to others what they kept the last time, so that nobody has to find out again who keeps what. */
  #return(): void {
    if (this.#before.length === 0) return;
    const now = this.#part.environment.monotonic();
    this.#returnsUntil = now + RETURN_MS;
    this.#nextFullLook = now + FULL_LOOK_MS;
    // By then it is seen what they keep.
    const until = this.#returnsUntil + RETURN_MS;
    for (const key of this.#before) this.#elsewhere.set(key, { hash: objectHash(key), until });
  }

  #remember(kept: KeptByNode | undefined): void {
    const keys = new Set(kept?.keys);
    for (const key of this.#kept.keys()) if (!keys.has(key)) this.#kept.delete(key);
    this.#keeper = kept && this.#keeper ? { ...this.#keeper, changes: kept.changes } : undefined;
  }
}
