import type { Environment } from "./environment.ts";

/** Time, timers and chance, as an environment has them. */
export type Clock = Pick<Environment, "now" | "monotonic" | "random" | "timers">;

const LONGEST_WAIT_MS = 3_600_000;

/** Those of the machine: all of it that the thread needs which beats for nodes. */
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
