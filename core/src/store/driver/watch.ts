/** Time and timers, as they reach the store. */
export interface Clock {
  /** Milliseconds that only grow. */
  monotonic(): number;
  readonly timers: {
    after(ms: number, call: () => void): { cancel(): void };
    soon(call: () => void): void;
  };
}

export interface WatchOptions {
  readonly clock: Clock;
  /** How many bytes have come in so far. */
  readonly heard: () => number;
  /** The oldest question was not answered for as long as it may take. */
  readonly onSilence: (waitedMs: number) => void;
}

/**
 * Sees that questions are answered. Answers come in the order of the questions, so only the oldest is timed, and one timer
 * serves them all: it is set for the first, looks again when it rings, and is not touched by those in between.
 */
export class Watch {
  readonly #options: WatchOptions;
  /** What the open questions may take, the oldest first. */
  readonly #open: number[] = [];
  #since = 0;
  #heard = 0;
  #timer: { cancel(): void } | undefined;
  #ringsAt = Number.POSITIVE_INFINITY;
  #isStopped = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  asked(mayTakeMs: number): void {
    this.#open.push(mayTakeMs);
    if (this.#open.length === 1) this.#begin();
  }

  answered(): void {
    this.#open.shift();
    if (this.#open.length > 0) this.#begin();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** From now on the oldest question is timed. */
  #begin(): void {
    this.#since = this.#options.clock.monotonic();
    this.#heard = this.#options.heard();
    this.#set(this.#open[0]!);
  }

  #set(ms: number): void {
    const ringsAt = this.#since + ms;
    if (this.#isStopped || ringsAt >= this.#ringsAt) return;
    this.#timer?.cancel();
    this.#ringsAt = ringsAt;
    const { monotonic, timers } = this.#options.clock;
    // An answer may lie unread while this process was busy: it is read before anybody judges.
    this.#timer = timers.after(ringsAt - monotonic(), () => timers.soon(() => this.#judge()));
  }

  #judge(): void {
    this.#ringsAt = Number.POSITIVE_INFINITY;
    const [mayTakeMs] = this.#open;
    if (mayTakeMs === undefined || this.#isStopped) return;
    const waitedMs = this.#options.clock.monotonic() - this.#since;
    if (this.#options.heard() > this.#heard) this.#begin();
    else if (waitedMs < mayTakeMs) this.#set(mayTakeMs);
    else this.#options.onSilence(mayTakeMs);
  }
}
