import type { Clock, Timer } from "./clock.ts";

/** What the engine says of its own running; never of a job's. */
export interface EngineLog {
  error(service: string, error: unknown): void;
}

export interface ServiceOptions {
  readonly name: string;
  readonly environment: Clock;
  readonly log: EngineLog;
  /** The longest wait between two rounds. */
  readonly everyMs: number;
  /** The wait before the first round, unless it is woken. Default 0. */
  readonly firstMs?: number;
  /** The shortest wait between two rounds, however often it is woken. Default 0. */
  readonly gapMs?: number;
  /** The longest wait after an error, in milliseconds; up to twice as long by chance. Default 5,000. */
  readonly longestPauseMs?: number;
  /**
   * One round. Answers in how many milliseconds the next is needed; null: `everyMs`, or up to a quarter less by chance.
   * `isUsual`: nobody woke it, and the last round asked for none.
   */
  readonly round: (isUsual: boolean) => Promise<number | null>;
}

/** A background duty: rounds that never overlap, sooner when woken, later after an error, until it is stopped. */
export interface Service {
  wake(): void;
  /** Lets the round that is under way end. May be called twice, and before the first round. */
  stop(): Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** By so much at most the usual wait is shorter, by chance: what began together does not come together for ever. */
const SPREAD = 0.25;

export function startService(options: ServiceOptions): Service {
  const { environment, everyMs, firstMs = 0, gapMs = 0, longestPauseMs = LONGEST_PAUSE_MS } = options;
  let timer: Timer | undefined;
  let running: Promise<void> | undefined;
  let [isWoken, isUsual, isStopped] = [false, false, false];
  let failures = 0;
  let lastEnd = Number.NEGATIVE_INFINITY;

  const sleep = (ms: number) => {
    timer?.cancel();
    if (isStopped) return;
    if (ms > 0) timer = environment.timers.after(ms, start);
    else environment.timers.soon(start);
  };
  const start = () => {
    if (isStopped || running !== undefined) return;
    timer?.cancel();
    isUsual &&= !isWoken;
    isWoken = false;
    running = turn().finally(() => {
      running = undefined;
    });
  };
  const turn = async () => {
    let waitMs: number;
    try {
      const nextMs = await options.round(isUsual);
      isUsual = nextMs === null;
      waitMs = Math.min(nextMs ?? everyMs * (1 - SPREAD * environment.random()), everyMs);
      failures = 0;
    } catch (error) {
      if (!isStopped) options.log.error(options.name, error);
      const pause = Math.min(longestPauseMs, FIRST_PAUSE_MS * 2 ** failures++);
      waitMs = pause * (1 + environment.random());
      isWoken = false;
      isUsual = false;
    }
    lastEnd = environment.monotonic();
    sleep(isWoken ? gapMs : Math.max(waitMs, gapMs));
  };

  sleep(firstMs);
  return {
    wake: () => {
      if (isWoken) return;
      isWoken = true;
      if (running !== undefined) return;
      const waitMs = lastEnd + gapMs - environment.monotonic();
      if (waitMs > 0) sleep(waitMs);
      // Whatever else wakes it in this turn of the event loop is the same round.
      else queueMicrotask(start);
    },
    stop: async () => {
      isStopped = true;
      timer?.cancel();
      await running;
    },
  };
}
