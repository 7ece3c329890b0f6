import { endAttempts } from "../operations/end.ts";
import { tellFreed } from "../operations/tell-freed.ts";
import type { Claimed } from "../store/claim.ts";
import type { Claimer } from "./claimer.ts";
import type { Keeping } from "./keeping.ts";
import { MOST_AHEAD, Pace } from "./pace.ts";
import type { Part } from "./part.ts";
import type { Reporter } from "./reporter.ts";
import type { Ready, Runner } from "./runner.ts";

export interface FeederOptions {
  readonly part: Part;
  readonly claimer: Claimer;
  readonly runner: Runner;
  readonly slots: () => number;
  readonly reporter: Reporter;
  readonly nodeId: () => number;
  /** Whether the node can be sure that it counts. While it cannot, it takes nothing and begins nothing. */
  readonly isCertain: () => boolean;
  /** The hot connections, opened again after a loss. */
  readonly hot: () => Promise<unknown>;
  readonly keeping: Keeping;
  readonly onLoss: (error: unknown) => void;
  /** Whether this job's attempt runs here, or its end is being stored. */
  readonly isKnown: (id: string) => boolean;
  /** Told of each claim, before its jobs begin. */
  readonly onClaimed: (count: number) => void;
  /** Told when more could be claimed. */
  readonly onHungry: () => void;
}

/** What has not begun by then is handed back: other nodes may have room. */
const TOO_LONG_MS = 250;

/** Keeps a node's slots filled: claims ahead only as far as the node runs in a moment, and hands back what did not begin. */
export class Feeder {
  readonly #options: FeederOptions;
  readonly #pace: Pace;
  #ready: readonly Ready[] = [];
  #next = 0;
  #ahead = 0;
  #isStopped = false;
  #isPumping = false;
  /** Whether a claim may find more; if not, a hint or the poll says so. */
  #mayHoldMore = true;
  #mustReconcile = false;
  #round: Promise<number | null> | undefined;
  #noteBegun = () => {};
  /** Settled when it has claimed once, or failed to. */
  readonly begun = new Promise<void>((resolve) => {
    this.#noteBegun = resolve;
  });

  constructor(options: FeederOptions) {
    this.#options = options;
    this.#pace = new Pace(options.slots);
  }

  /** Claims as long as there is room and work. `isUsual`: only a look now and then, in case that something was not heard of. */
  round(isUsual = false): Promise<number | null> {
    this.#round = (isUsual && this.#options.claimer.wasSeen ? Promise.resolve(null) : this.#claim())
      .catch((error: unknown) => {
        this.#mustReconcile = true;
        this.#options.onLoss(error);
        throw error;
      })
      .finally(() => {
        this.#options.claimer.rest();
        this.#noteBegun();
      });
    return this.#round;
  }

  /** A slot has become free: its attempt ran for this long. */
  more(ranMs: number): void {
    this.#pace.ended(ranMs);
    if (this.#isPumping) return;
    this.#isPumping = true;
    queueMicrotask(() => this.#pump());
  }

  /** Drops what was claimed and not begun: it is not this incarnation's any more. */
  forget(): void {
    this.#ready = [];
    this.#next = 0;
  }

  /** Claims again after a stop. */
  resume(): void {
    this.#isStopped = false;
    this.#options.onHungry();
  }

  /** Stops claiming, and hands back what had not begun, and the objects that the node keeps. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#round?.catch(() => {});
    this.#options.claimer.leave();
    await this.#handBackWaiting();
    await this.#options.keeping.rest();
  }

  get #waiting(): number {
    return this.#ready.length - this.#next;
  }

  #pump(): void {
    this.#isPumping = false;
    const { runner, isCertain } = this.#options;
    if (!isCertain()) return;
    while (runner.free > 0 && this.#next < this.#ready.length) {
      runner.start(this.#ready[this.#next++]!);
    }
    if (this.#next > 0 && this.#waiting === 0) this.forget();
    if (this.#mayHoldMore && this.#waiting * 2 <= this.#ahead) this.#options.onHungry();
  }

  async #claim(): Promise<number | null> {
    const { part, claimer, runner, reporter, slots, isCertain } = this.#options;
    const { environment } = part;
    if (!isCertain()) return null;
    if (this.#mustReconcile) await this.#reconcile();
    // Woken: what was found empty may hold something now, even where there is no room to look yet.
    this.#mayHoldMore = true;
    while (!this.#isStopped) {
      this.#ahead = this.#pace.ahead(environment.monotonic());
      if (this.#waiting > 0 && environment.monotonic() - this.#ready[this.#next]!.claimedAt > TOO_LONG_MS) {
        this.#ahead = 0;
        this.#pace.overtaken();
        await this.#handBackWaiting();
      }
      const [waiting, ahead] = [this.#waiting, this.#ahead];
      // Ends that are not stored yet hold the next claim back, so that memory stays bounded.
      if (waiting * 2 > ahead || reporter.backlog > 2 * MOST_AHEAD) return waiting > 0 ? TOO_LONG_MS : null;
      // Half of it at a time: while that runs, the other half is claimed.
      const want = Math.max(0, runner.free - waiting) + Math.min(ahead - waiting, Math.ceil(ahead / 2));
      if (want === 0) return null;
      const isStarved = waiting === 0 && runner.free === slots();
      const askedAt = environment.monotonic();
      const { jobs: claimed, mayHoldMore, againMs = null } = await claimer.claim(want, ahead > 0);
      this.#mayHoldMore = mayHoldMore;
      this.#options.onClaimed(claimed.length);
      if (claimed.length > 0) {
        const prepared = await this.#prepare(claimed, environment.monotonic());
        if (isStarved) this.#pace.starved(environment.monotonic() - askedAt);
        this.#ready = this.#ready.slice(this.#next).concat(prepared);
        this.#next = 0;
        this.#pump();
      }
      this.#noteBegun();
      // What waits for a slot is looked after before any hint comes.
      if (!mayHoldMore) return this.#waiting > 0 ? Math.min(againMs ?? TOO_LONG_MS, TOO_LONG_MS) : againMs;
    }
    return null;
  }

  async #prepare(claimed: readonly Claimed[], claimedAt: number): Promise<readonly Ready[]> {
    const { catalogue, store } = this.#options.part;
    const versionIds = claimed.map((job) => job.actionVersionId);
    const versions = await catalogue.versions(versionIds, store);
    const owners = await catalogue.ownerNames(claimed.map((job) => job.ownerId));
    const sizes = new Map<string, number>();
    for (const { token, ordinal } of claimed) sizes.set(token, Math.max(sizes.get(token) ?? 0, ordinal));
    return claimed.map((job) => ({
      claimed: job,
      version: versions.get(job.actionVersionId)!,
      owner: owners.get(job.ownerId)!,
      size: sizes.get(job.token)!,
      claimedAt,
    }));
  }

  async #handBack(jobs: readonly { id: string; token: string; isMember: boolean }[]): Promise<void> {
    if (jobs.length === 0) return;
    const { store, catalogue, environment, bus } = this.#options.part;
    const ended = jobs.map((job) => ({ ...job, ending: { kind: "handed_back" as const } }));
    this.#options.keeping.lose(jobs.map(({ id }) => id));
    const { changed, pools } = await endAttempts(store, catalogue, ended, environment.random);
    tellFreed(bus, changed, pools);
  }

  async #handBackWaiting(): Promise<void> {
    const left = this.#ready.slice(this.#next);
    this.forget();
    await this.#handBack(left.map(({ claimed: { id, token, ordinal } }) => ({ id, token, isMember: ordinal > 0 })));
  }

  /** The answer to a claim's COMMIT was lost: what stands as ours and was never begun goes back. */
  async #reconcile(): Promise<void> {
    const { part, nodeId, isKnown, reporter, hot } = this.#options;
    // From here on no claim that is still on its way can arrive: the new connection has ended the session of the old one.
    await hot();
    const claims = await part.store.claimsLeftBy(nodeId());
    const members = claims.flatMap(({ token, ids }) => ids.map((id) => ({ id, token, isMember: true })));
    const live = await part.store.liveJobsOf(nodeId());
    const rows = live.map(({ id, token }) => ({ id, token, isMember: false }));
    const waiting = new Set(this.#ready.map((one) => one.claimed.id));
    const isOurs = (id: string) => isKnown(id) || reporter.isPending(id) || waiting.has(id);
    await this.#handBack([...members, ...rows].filter(({ id }) => !isOurs(id)));
    this.#mustReconcile = false;
  }
}
