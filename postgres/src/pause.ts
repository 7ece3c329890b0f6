import { PostgresError } from "./errors.ts";

/** Waits, unless the signal ends the wait: then throws `aborted`. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  throwIfAborted(signal);
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(abortedError());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw abortedError();
}

/** A moment in the future; `isPast` tells whether it has come. */
export interface Deadline {
  readonly isPast: () => boolean;
  readonly elapsedMs: () => number;
}

export function deadlineIn(ms: number): Deadline {
  const begin = performance.now();
  const elapsedMs = () => performance.now() - begin;
  return { isPast: () => elapsedMs() > ms, elapsedMs };
}

/** Calls `work` every `ms` without keeping the process alive; returns the function that ends it. */
export function every(ms: number, work: () => void): () => void {
  const timer = setInterval(work, ms);
  timer.unref();
  return () => clearInterval(timer);
}

function abortedError(): PostgresError {
  return new PostgresError("aborted", "Opening the private PostgreSQL was given up.", "Start again when you like.");
}
