import type { Readable } from "node:stream";

const WINDOW_MS = 100;
const BYTES_PER_WINDOW = 1024 * 1024;

/** What the throttle needs of the world: a clock that only grows, and waits. */
export interface ThrottleSeams {
  readonly monotonic: () => number;
  readonly timers: { after(ms: number, call: () => void): { cancel(): void } };
}

export interface Throttle {
  /** Notes what was read; when it was too much, the stream rests until the next tenth of a second. */
  spend(bytes: number): void;
  end(): void;
}

/**
 * Reads a stream no faster than about 10 MiB a second, so that a flood costs its writer time and not its reader: the pipe
 * fills up, and the writer waits or holds the rest in its own memory.
 */
export function throttle(stream: Readable, seams: ThrottleSeams): Throttle {
  let windowAt = seams.monotonic();
  let spent = 0;
  let waiting: { cancel(): void } | undefined;

  return {
    spend: (bytes) => {
      const now = seams.monotonic();
      if (now - windowAt >= WINDOW_MS) {
        windowAt = now;
        spent = 0;
      }
      spent += bytes;
      if (spent <= BYTES_PER_WINDOW || waiting !== undefined) return;
      stream.pause();
      waiting = seams.timers.after(WINDOW_MS, () => {
        waiting = undefined;
        stream.resume();
      });
    },
    end: () => {
      waiting?.cancel();
      waiting = undefined;
    },
  };
}
