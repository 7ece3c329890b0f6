import { type JobContext, type JobState, snooze } from "@callsheet/core";
import type { Handler } from "./handler.ts";
import { refused } from "./invalid.ts";
import { Job, savedOf } from "./job.ts";
import { dataOf } from "./job-data.ts";

/** How a turn ended, as it is stored. */
export type TurnEnd = "completed" | "repeats" | "failed" | "terminated" | "passedBack" | "cancelled";

/** What a turn needs of its worker. */
export interface TurnHost {
  /** The handler is over; its slot is free. */
  left(): void;
  /** Cancels the job, as its own handler says. */
  cancel(turn: Turn, reason: string): Promise<void>;
  /** Stores what a handler changed beside the data of a job that it passes back. */
  passBack(job: Job): Promise<void>;
  /** Tells of a mistake of the handler's. */
  fail(error: unknown): void;
  /** The job was ended or removed elsewhere. */
  ended(turn: Turn): void;
  /** How many handlers run. */
  readonly running: number;
}

/** How a run is settled for the node that began it. */
export interface Settling {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const LONGEST_TIMER_MS = 2_147_483_647;

/** One run of a handler on a job, until its end is stored. */
export class Turn {
  readonly id: string;
  /** Gone when it is over: of the many whose end is not stored yet as little as possible is kept. */
  #job: Job | undefined;
  readonly #host: TurnHost;
  #context: JobContext | undefined;
  #settling: Settling | undefined;
  #from = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #isStored = false;
  #whenStored: Promise<number> | undefined;
  #told: ((running: number) => void) | undefined;
  #callback: (() => void) | undefined;
  #isCancelled = false;

  constructor(host: TurnHost, job: Job, context: JobContext, settling: Settling) {
    this.#host = host;
    this.id = job.id;
    this.#job = job;
    this.#context = context;
    this.#settling = settling;
  }

  /** Nothing that its handler says counts any more. */
  get isOver(): boolean {
    return this.#job === undefined;
  }

  enter(handler: Handler<never, never>): void {
    const next = (error?: unknown, result?: unknown) => {
      this.#next(error, result);
      return this.#stored();
    };
    const onCancel = (_job: unknown, callback: () => void) => this.#onCancel(callback);
    try {
      const returned: unknown = handler(this.#job as never, next, onCancel);
      const isAnswer = handler.length < 2;
      if (isPromise(returned))
        returned.then(
          (value) => {
            if (isAnswer) this.#next(null, value);
          },
          (error) => this.#failed(error),
        );
      else if (isAnswer) this.#next(null, returned);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** A handler that is not over at once is watched: its time, and whether it was cancelled. */
  arm(): void {
    const { signal } = this.#context!;
    if (signal.aborted) this.#aborted();
    signal.addEventListener("abort", () => this.#aborted(), { once: true });
    this.#watch();
  }

  /** Its time-out begins anew. */
  restart(): void {
    this.#from = performance.now();
    if (this.#timer !== undefined) this.#watch();
  }

  /** Its end is stored, or was refused because it was ended elsewhere. */
  stored(): void {
    this.#isStored = true;
    this.#told?.(this.#host.running);
  }

  /** It was cancelled here or elsewhere. */
  cancelled(): void {
    this.#aborted();
    this.#isCancelled = true;
    this.#callBack();
  }

  #next(error?: unknown, result?: unknown): void {
    if (this.isOver) return;
    const settling = this.#end();
    if (error) this.#fail(error, settling);
    else if (result instanceof Job && result.id === this.id) void this.#passBack(result, settling);
    else settling.resolve(result instanceof Job ? result.getCleanCopy() : result);
  }

  /** Answers how many handlers run once its end is stored; most do not ask. */
  #stored(): Promise<number> {
    this.#whenStored ??= this.#isStored
      ? Promise.resolve(this.#host.running)
      : new Promise((told) => {
          this.#told = told;
        });
    return this.#whenStored;
  }

  #failed(error: unknown): void {
    this.#next(error || new Error("The handler failed and did not say why."));
  }

  #onCancel(callback: () => void): void {
    if (typeof callback !== "function") {
      const error = refused("The cancel callback must be a function.", "callback");
      this.#host.fail(error);
      throw error;
    }
    this.#callback = callback;
    // A cancel may come before its handler asks to be told of it.
    if (this.#isCancelled) this.#callBack();
  }

  #callBack(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    try {
      callback?.();
    } catch (error) {
      this.#host.fail(error);
    }
  }

  #end(): Settling {
    clearTimeout(this.#timer);
    const settling = this.#settling!;
    this.#job = undefined;
    this.#context = undefined;
    this.#settling = undefined;
    this.#host.left();
    return settling;
  }

  #fail(error: unknown, { resolve, reject }: Settling): void {
    const reason = Object(error).cancelJob as unknown;
    if (reason) this.#host.cancel(this, String(reason)).then(() => resolve(undefined), reject);
    else reject(asFailure(error));
  }

  async #passBack(job: Job, { resolve, reject }: Settling): Promise<void> {
    try {
      await this.#host.passBack(job);
      // One that the handler did not plan is picked up again at once.
      const isPlanned = job.dateEnable.getTime() !== savedOf(job)?.dateEnable;
      resolve(snooze(isPlanned ? job.dateEnable : new Date(), dataOf(job)));
    } catch (error) {
      reject(error);
    }
  }

  #aborted(): void {
    if (this.isOver) return;
    this.#end().resolve(undefined);
    this.#host.ended(this);
  }

  #watch(): void {
    clearTimeout(this.#timer);
    const timeout = this.#job?.timeout ?? 0;
    if (timeout === 0) return;
    const leftMs = this.#from + timeout - performance.now();
    this.#timer = setTimeout(() => this.#ring(timeout), Math.min(LONGEST_TIMER_MS, Math.max(1, leftMs))).unref();
  }

  #ring(timeout: number): void {
    if (performance.now() < this.#from + timeout) this.#watch();
    else this.#next({ message: `Job timed out (run time > ${timeout} ms)`, code: "timed_out" });
  }
}

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";

/** What failed a job, as it is stored: message, stack, and what else the error says of itself. */
function asFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === "object" && error !== null ? ownOf(error) : error;
  const { message, stack } = error;
  return { message, stack, data: { ...error } };
}

const ownOf = (error: object) => ({ ...error, data: { ...error } });

/** What the states that an end led to mean for a queue. */
export function endOf(states: readonly JobState[]): TurnEnd {
  const [first, second] = states;
  if (first === "completed") return second === undefined ? "completed" : "repeats";
  if (first === "failed") return second === undefined ? "terminated" : "failed";
  if (first === "retrying") return "failed";
  return first === "cancelled" ? "cancelled" : "passedBack";
}
