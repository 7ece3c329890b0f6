import { callsheetError, type Job, SETTLED } from "@callsheet/contract";
import type { Timer } from "./environment.ts";
import type { Part } from "./part.ts";
import { type Service, startService } from "./service.ts";

interface WaitRequest {
  /** Milliseconds. Default: as long as it takes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const LOOK_MS = 200;

type Waiter = { readonly done: (job: Job) => void; readonly failed: (error: unknown) => void };

/** Waits for jobs to settle: one look for all that are waited for in this process, at once when it settled here. */
export class Waiting {
  readonly #part: Part;
  readonly #waiters = new Map<string, Set<Waiter>>();
  /** Ids that nobody has looked for yet: there may be no such job. */
  readonly #unknown = new Set<string>();
  #service: Service | undefined;
  #alive: Timer | undefined;
  #isStopped = false;

  constructor(part: Part) {
    this.#part = part;
  }

  async wait(id: string, request: WaitRequest): Promise<Job> {
    checkRequest(request);
    request.signal?.throwIfAborted();
    if (this.#isStopped) throw closed();
    const { environment, log } = this.#part;
    return new Promise<Job>((resolve, reject) => {
      const finish = () => {
        this.#remove(id, waiter);
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
      this.#add(id, waiter);
      request.signal?.addEventListener("abort", aborted, { once: true });
      this.#service ??= startService({ name: "wait", environment, log, everyMs: LOOK_MS, round: () => this.#look() });
      this.#service.wake();
    });
  }

  /** These jobs have ended an attempt in this process. */
  settled(ids: readonly string[]): void {
    if (this.#waiters.size > 0 && ids.some((id) => this.#waiters.has(id))) this.#service?.wake();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#service?.stop();
    for (const own of [...this.#waiters.values()]) for (const waiter of [...own]) waiter.failed(closed());
  }

  async #look(): Promise<number | null> {
    const { store } = this.#part;
    const fresh = [...this.#unknown];
    const known = [...this.#waiters.keys()].filter((id) => !this.#unknown.has(id));
    const settled = known.length > 0 ? await store.settledAmong(known) : [];
    const ids = [...fresh, ...settled];
    const found = new Map((ids.length > 0 ? await store.readJobs(ids) : []).map((job) => [job.id, job]));
    for (const id of ids) {
      const job = found.get(id);
      for (const waiter of [...(this.#waiters.get(id) ?? [])]) {
        if (!job) waiter.failed(callsheetError("job_not_found", `There is no job ${id}.`, { id }));
        else if (isSettled(job)) waiter.done(job);
      }
    }
    for (const id of fresh) this.#unknown.delete(id);
    return null;
  }

  #add(id: string, waiter: Waiter): void {
    const own = this.#waiters.get(id) ?? new Set<Waiter>();
    if (own.size === 0) this.#unknown.add(id);
    this.#waiters.set(id, own.add(waiter));
    this.#alive ??= this.#part.environment.timers.keepAlive();
  }

  #remove(id: string, waiter: Waiter): void {
    const own = this.#waiters.get(id);
    own?.delete(waiter);
    if (own?.size === 0) {
      this.#waiters.delete(id);
      this.#unknown.delete(id);
    }
    if (this.#waiters.size > 0) return;
    this.#alive?.cancel();
    this.#alive = undefined;
  }
}

// `endedAt` alone would not do: a job that is over may be run again. What is being undone is not over yet.
const isSettled = ({ state, rollback }: Job): boolean =>
  (SETTLED as readonly string[]).includes(state) && rollback !== "required" && rollback !== "running";
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
