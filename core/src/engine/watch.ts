import type { Part } from "./part.ts";
import { type Service, startService } from "./service.ts";

export interface WatchOptions {
  readonly name: string;
  readonly everyMs: number;
  /** Asks somebody outside, who may answer late or never. */
  readonly ask: () => unknown;
  /** Keeps the answer. */
  readonly keep: (answer: unknown) => Promise<void>;
}

const STOPPED = Symbol("stopped");

/** Asks somebody outside at intervals and keeps what he says, until it is stopped. Failures are told to the log. */
export function startWatch({ environment, log }: Part, { name, everyMs, ask, keep }: WatchOptions): Service {
  let stop = (_: typeof STOPPED) => {};
  const stopped = new Promise<typeof STOPPED>((resolve) => {
    stop = resolve;
  });
  const round = async () => {
    try {
      const answer = await Promise.race([ask(), stopped]);
      if (answer !== STOPPED) await keep(answer);
    } catch (error) {
      // What is not said grows stale, and the rule of the resource says what counts then.
      log.error(name, error);
    }
    return null;
  };
  const service = startService({ name, environment, log, everyMs, round });
  return {
    wake: service.wake,
    stop: async () => {
      stop(STOPPED);
      await service.stop();
    },
  };
}
