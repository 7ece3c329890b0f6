import { callsheetError, type Job, SETTLED } from "@callsheet/contract";
import type { Timer } from "./environment.ts";
import type { Part } from "./part.ts";
import { type Service, startService } from "./service.ts";

export interface WaitRequest {
  /** Milliseconds. Default: as long as it takes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Waits for jobs to settle: one look for all that are waited for in this process, at once when it settled here. */
export interface Waiting {
  wait(id: string, request: WaitRequest): Promise<Job>;
  /** These jobs have ended an attempt in this process. */
  settled(ids: readonly string[]): void;
  stop(): Promise<void>;
}

const LOOK_MS = 200;

type Waiter = { readonly done: (job: Job) => void; readonly failed: (error: unknown) => void };

export function createWaiting({ store, environment, log }: Part): Waiting {
  const waiters = new Map<string, Set<Waiter>>();
  /** Ids that nobody has looked for yet: there may be no such job. */
  const unknown = new Set<string>();
  let service: Service | undefined;
  let alive: Timer | undefined;
  let isStopped = false;

  const look = async (): Promise<number | null> => {
    const fresh = [...unknown];
    const known = [...waiters.keys()].filter((id) => !unknown.has(id));
    const settled = known.length > 0 ? await store.settledAmong(known) : [];
    const ids = [...fresh, ...settled];
    const found = new Map((ids.length > 0 ? await store.readJobs(ids) : []).map((job) => [job.id, job]));
    for (const id of ids) {
      const job = found.get(id);
      for (const waiter of [...(waiters.get(id) ?? [])]) {
        if (!job) waiter.failed(callsheetError("job_not_found", `There is no job ${id}.`, { id }));
        else if (isSettled(job)) waiter.done(job);
      }
    }
    for (const id of fresh) unknown.delete(id);
    return null;
  };
  const add = (id: string, waiter: Waiter) => {
    const own = waiters.get(id) ?? new Set<Waiter>();
    if (own.size === 0) unknown.add(id);
    waiters.set(id, own.add(waiter));
    alive ??= environment.timers.keepAlive();
  };
  const remove = (id: string, waiter: Waiter) => {
    const own = waiters.get(id);
    own?.delete(waiter);
    if (own?.size === 0) {
      waiters.delete(id);
      unknown.delete(id);
    }
    if (waiters.size > 0) return;
    alive?.cancel();
    alive = undefined;
  };

  return {
    wait: async (id, request) => {
      checkRequest(request);
      request.signal?.throwIfAborted();
      if (isStopped) throw closed();
      return new Promise<Job>((resolve, reject) => {
        const finish = () => {
          remove(id, waiter);
          stopTimer();
          request.signal?.removeEventListener("abort", aborted);
        };
        const waiter: Waiter = {
          done: (job) => {
            finish();
            resolve(job);
          },
          failed: (error) => {
            finish();
            reject(error);
          },
        };
        const aborted = () => waiter.failed(request.signal?.reason);
        const stopTimer = startTimer(environment, request.timeoutMs, () => waiter.failed(late(id, request.timeoutMs)));
        add(id, waiter);
        request.signal?.addEventListener("abort", aborted, { once: true });
        service ??= startService({ name: "wait", environment, log, everyMs: LOOK_MS, round: look });
        service.wake();
      });
    },
    settled: (ids) => {
      if (waiters.size > 0 && ids.some((id) => waiters.has(id))) service?.wake();
    },
    stop: async () => {
      isStopped = true;
      await service?.stop();
      for (const own of [...waiters.values()]) for (const waiter of [...own]) waiter.failed(closed());
    },
  };
}

// `endedAt` alone would not do: a job that is over may be run again.
const isSettled = ({ state }: Job): boolean => (SETTLED as readonly string[]).includes(state);
const closed = () => callsheetError("stopped", "This Callsheet was closed.");
const late = (id: string, timeoutMs: number | undefined) =>
  callsheetError("wait_timeout", `Job ${id} did not settle within ${timeoutMs} ms.`, { id, timeoutMs });

function checkRequest({ timeoutMs, signal }: WaitRequest): void {
  if (timeoutMs !== undefined && !(typeof timeoutMs === "number" && timeoutMs >= 0))
    throw callsheetError("invalid_argument", "timeoutMs must be a number of milliseconds, 0 or more.", {
      field: "timeoutMs",
    });
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw callsheetError("invalid_argument", "signal must be an AbortSignal.", { field: "signal" });
}

/** Calls after a wait of any length: a timer may ring early, and is then set again. Answers what stops it. */
function startTimer({ timers, monotonic }: Part["environment"], ms: number | undefined, call: () => void): () => void {
  if (ms === undefined || ms === Number.POSITIVE_INFINITY) return () => {};
  const deadline = monotonic() + ms;
  const next = (): Timer => timers.after(deadline - monotonic(), ring);
  const ring = () => {
    if (monotonic() >= deadline) call();
    else timer = next();
  };
  let timer = next();
  return () => timer.cancel();
}
