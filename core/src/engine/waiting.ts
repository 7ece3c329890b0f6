import { callsheetError, type Job } from "@callsheet/contract";
import type { Part } from "./part.ts";
import { type Service, startService } from "./service.ts";

/** Waits for jobs to settle: one look for all that are waited for in this process, at once when it settled here. */
export interface Waiting {
  wait(id: string, options: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<Job>;
  /** These jobs have ended an attempt in this process. */
  settled(ids: readonly string[]): void;
  stop(): Promise<void>;
}

const LOOK_MS = 200;

type Waiter = { readonly done: (job: Job) => void; readonly failed: (error: unknown) => void };

export function createWaiting({ store, environment, log }: Part): Waiting {
  const waiters = new Map<string, Set<Waiter>>();
  let service: Service | undefined;

  const look = async (): Promise<number | null> => {
    const ids = [...waiters.keys()];
    if (ids.length === 0) return null;
    const settled = await store.settledAmong(ids);
    for (const job of settled.length > 0 ? await store.readJobs(settled) : []) {
      for (const waiter of waiters.get(job.id) ?? []) waiter.done(job);
    }
    return null;
  };

  return {
    wait: (id, { timeoutMs, signal }) =>
      new Promise<Job>((resolve, reject) => {
        const own = waiters.get(id) ?? new Set<Waiter>();
        waiters.set(id, own);
        const end = () => {
          own.delete(waiter);
          if (own.size === 0) waiters.delete(id);
          timer?.cancel();
          signal?.removeEventListener("abort", aborted);
        };
        const waiter: Waiter = {
          done: (job) => {
            end();
            resolve(job);
          },
          failed: (error) => {
            end();
            reject(error);
          },
        };
        const aborted = () => waiter.failed(signal?.reason);
        const timer =
          timeoutMs === undefined
            ? undefined
            : environment.timers.after(timeoutMs, () =>
                waiter.failed(
                  callsheetError("wait_timeout", `Job ${id} did not settle within ${timeoutMs} ms.`, { id, timeoutMs }),
                ),
              );
        own.add(waiter);
        signal?.addEventListener("abort", aborted, { once: true });
        if (signal?.aborted) return aborted();
        service ??= startService({ name: "wait", environment, log, everyMs: LOOK_MS, round: look });
        service.wake();
      }),
    settled: (ids) => {
      if (waiters.size > 0 && ids.some((id) => waiters.has(id))) service?.wake();
    },
    stop: async () => {
      await service?.stop();
      const error = callsheetError("stopped", "This Callsheet was closed.");
      for (const own of waiters.values()) for (const waiter of [...own]) waiter.failed(error);
    },
  };
}
