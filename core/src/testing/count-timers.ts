import type { Environment, Timer } from "../engine/environment.ts";

/** An environment that knows which of its timers have neither rung nor been cancelled. */
export function countTimers(environment: Environment): {
  readonly environment: Environment;
  /** Where each of them was set, and for how long. */
  readonly pending: () => readonly string[];
} {
  const pending = new Map<Timer, string>();
  const after = (ms: number, call: () => void): Timer => {
    const where = new Error().stack?.split("\n")[2]?.trim() ?? "";
    const inner = environment.timers.after(ms, () => {
      pending.delete(timer);
      call();
    });
    const timer: Timer = {
      cancel: () => {
        pending.delete(timer);
        inner.cancel();
      },
    };
    pending.set(timer, `of ${ms} ms ${where}`);
    return timer;
  };
  return {
    environment: { ...environment, timers: { ...environment.timers, after } },
    pending: () => [...pending.values()],
  };
}
