export interface Timer {
  cancel(): void;
}

/** Time, timers and chance: what an environment has that needs no file and no process. */
export interface Clock {
  /** Milliseconds of this machine's clock; for display only. Decisions use the database's time. */
  now(): number;
  /** Milliseconds that only grow. */
  monotonic(): number;
  /** A number in [0, 1). */
  random(): number;
  readonly timers: {
    /** Calls once after a wait; a wait beyond an hour is cut to an hour, so callers look again. Never keeps a process alive. */
    after(ms: number, call: () => void): Timer;
    /** Calls once the current work of the event loop is done. */
    soon(call: () => void): void;
    /** Keeps the process alive until it is cancelled, also when it has no connection for a while. */
    keepAlive(): Timer;
  };
}

const LONGEST_WAIT_MS = 3_600_000;

/** The machine's: the thread that beats for nodes needs nothing else of it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  timers: {
    after: (ms, call) => {
      const handle = setTimeout(call, Math.min(Math.max(0, ms), LONGEST_WAIT_MS)).unref();
      return { cancel: () => clearTimeout(handle) };
    },
    soon: (call) => void setImmediate(call),
    keepAlive: () => {
      const handle = setInterval(() => {}, LONGEST_WAIT_MS);
      return { cancel: () => clearInterval(handle) };
    },
  },
};
