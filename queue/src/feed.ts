import type { FeedCursor, FeedLine } from "@callsheet/core";
import { FEED_EVENTS } from "./events.ts";
import type { QueuePart } from "./part.ts";

/** How often news are looked for while somebody listens, and otherwise only whether the queue is paused. */
const LISTENING_MS = 100;
const RESTING_MS = 1_000;
/** From one look to the next it takes so long at least, however much is new: a look costs what some ten jobs cost. */
const GAP_MS = 25;

/** What a feed tells its queue beside events. */
export interface FeedHost {
  /** Another queue object paused all, or let all go on; null: nobody knows which. */
  paused(by: string | null): void;
  resumed(by: string | null): void;
  readonly isPausedByAll: boolean;
}

/** Tells here what other queue objects of the same queue did: each line once, in order. */
export class Feed {
  readonly #part: QueuePart;
  readonly #host: FeedHost;
  readonly #stopHearing: () => void;
  #cursor: FeedCursor | undefined;
  /** Events before it were nobody's to hear, by the database's clock. */
  #from = Number.POSITIVE_INFINITY;
  readonly #clock = createClock();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #isWoken = false;
  /** They wait for a look that has not begun. */
  #waiting: (() => void)[] = [];
  #isStopped = false;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(part: QueuePart, host: FeedHost) {
    this.#part = part;
    this.#host = host;
    this.#stopHearing = part.desk.hear(() => {
      if (this.#isListening) this.wake();
    });
  }

  /** Begins to listen: what is committed from now on is told. */
  async start(): Promise<void> {
    await this.#restart();
    this.#looked();
  }

  /** Somebody has begun to hear an event. */
  heard(): void {
    if (this.#from === Number.POSITIVE_INFINITY && this.#isListening) {
      this.#from = this.#clock.now();
      this.wake();
    }
  }

  wake(): void {
    this.#isWoken = true;
    if (this.#round === undefined && !this.#isStopped) this.#sleep(0);
  }

  /** Settled when what was committed by now has been told, as far as the database answers. */
  caughtUp(): Promise<void> | undefined {
    if (this.#isStopped || this.#cursor === undefined) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.wake();
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopHearing();
    clearTimeout(this.#timer);
    await this.#round;
    for (const release of this.#waiting.splice(0)) release();
  }

  get #isListening(): boolean {
    return FEED_EVENTS.some((event) => this.#part.isHeard(event));
  }

  #looked(waitMs?: number): void {
    this.#lookedAt = performance.now();
    this.#sleep(waitMs);
  }

  #sleep(ms = this.#isListening ? LISTENING_MS : RESTING_MS): void {
    clearTimeout(this.#timer);
    if (this.#isStopped || this.#cursor === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#isWoken = false;
        const waiting = this.#waiting.splice(0);
        this.#round = this.#look()
          .then(
            () => (this.#isWoken ? 0 : undefined),
            (error: unknown) => {
              // The cursor stays where it was: nothing is lost while the database is away.
              this.#part.fail(error);
              return RESTING_MS;
            },
          )
          .then((waitMs) => {
            for (const release of waiting) release();
            this.#round = undefined;
            this.#looked(waitMs);
          });
      },
      this.#waiting.length > 0 ? 0 : Math.max(ms, this.#lookedAt + GAP_MS - performance.now()),
    ).unref();
  }

  async #look(): Promise<void> {
    if (!this.#isListening) {
      this.#from = Number.POSITIVE_INFINITY;
      await this.#restart();
      return;
    }
    if (this.#from === Number.POSITIVE_INFINITY) this.#from = this.#clock.now();
    const { lines, cursor } = await this.#part.desk.readFeed(this.#cursor!);
    this.#cursor = cursor;
    const repeating = new Set(
      lines.filter(({ event }) => event === "rearm").map(({ jobId, seq }) => `${jobId}/${seq - 1}`),
    );
    for (const line of lines) if (!this.#isOwn(line)) this.#tell(line, repeating.has(`${line.jobId}/${line.seq}`));
  }

  /** What has happened so far is not told any more. */
  async #restart(): Promise<void> {
    const { desk } = this.#part;
    const asked = Date.now();
    const { isPaused, ...cursor } = await desk.beginFeed();
    this.#clock.told(cursor.at, asked);
    this.#cursor = cursor;
    if (isPaused && !this.#host.isPausedByAll) this.#host.paused(null);
    if (!isPaused && this.#host.isPausedByAll) this.#host.resumed(null);
  }

  #isOwn({ actor, node }: FeedLine): boolean {
    return (actor ?? node) === this.#part.id;
  }

  #tell(line: FeedLine, isRepeating: boolean): void {
    const { event, via, actor, node, jobId, at, data } = line;
    const by = actor ?? node ?? "";
    // What pauses counts whoever hears it.
    if (event === "paused") this.#host.paused(by);
    if (event === "resumed") this.#host.resumed(by);
    if (event === "paused" || event === "resumed" || at.getTime() < this.#from) return;
    const { emit } = this.#part;
    const job = jobId ?? "";
    if (via.includes("running")) emit("active", node ?? by, job);
    if (event === "reviewed") emit("reviewed", by, { reviewed: null, removed: null, local: false });
    else if (event === "removed") emit("removed", null, job);
    else if (event === "complete") emit("completed", by, job, isRepeating);
    else if (event === "progress") emit("progress", by, job, data?.percent ?? 0);
    else if (event === "fail") emit(isRepeating ? "failed" : "terminated", by, job);
    else if (event !== "rearm") emit(NAMES[event] ?? "log", by, job);
  }
}

/** Lines that are an event by themselves; others show as `log`. */
const NAMES: Partial<Record<FeedLine["event"], "added" | "active" | "failed" | "cancelled">> = {
  create: "added",
  start: "active",
  back_off: "failed",
  cancel: "cancelled",
  abandon: "cancelled",
  settle: "cancelled",
};

/** The database's clock, as far as its answers tell: by the one that came fastest, lately. */
function createClock() {
  let [aheadMs, errorMs] = [0, Number.POSITIVE_INFINITY];
  return {
    /** It was so late when this was asked. */
    told(at: Date, askedAt: number): void {
      const tookMs = Date.now() - askedAt;
      // What was found long ago may have drifted.
      errorMs += 0.1;
      if (tookMs / 2 > errorMs) return;
      errorMs = tookMs / 2;
      aheadMs = at.getTime() - askedAt - errorMs;
    },
    /** The earliest that it may be: rather is something told that was just before than nothing of what comes after. */
    now: (): number => Date.now() + aheadMs - errorMs,
  };
}
