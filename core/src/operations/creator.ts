import { callsheetError, type JobInput, type Origin } from "@callsheet/contract";
import type { BatchDefaults, EncodedRows, NewJob } from "../store/create.ts";
import type { CallerTransaction } from "../store/database.ts";
import { isUnstorable, reasonOf } from "../store/failure.ts";
import type { Statements, Store } from "../store/store.ts";
import { chunks, type Makers, type Prepared, prepareJobs, resolveKeys } from "./create.ts";
import { CreationLines, isLoss } from "./creation-lines.ts";
import type { Announcer, Hint } from "./hint.ts";

/** Jobs to be made of an action. */
export interface CreateRequest {
  readonly action: string;
  readonly inputs: readonly JobInput[];
  readonly actor: string;
  readonly reason: string | null;
  readonly origin: Origin;
  /** The caller's own transaction: all jobs are created in it, or none. */
  readonly tx?: CallerTransaction;
}

type Prepare = (makers: Makers) => Promise<Prepared>;

type Waiting = {
  readonly job: NewJob;
  /** Whether it was stored; a job whose key was taken was not. */
  readonly done: (isStored: boolean) => void;
  readonly failed: (error: unknown) => void;
};
/** Jobs with the same defaults that wait for a connection. */
type Batch = { readonly defaults: BatchDefaults; readonly waiting: Waiting[] };

/** Statements of single creations in flight at once: the server works on one while the callers of the other make their next jobs. */
const IN_FLIGHT = 2;
const BATCH_JOBS = 500;
/** As many jobs as cost the server about what a statement and its commit cost: fewer are not worth one of their own. */
const WORTH_JOBS = 16;

/** Makes jobs: many at once, or single ones, of which those in flight together share a statement. */
export class Creator {
  readonly #store: Store;
  readonly #makers: Makers;
  readonly #announcer: Announcer;
  readonly #lines: CreationLines;
  readonly #queue = new Map<string, Batch>();
  #inFlight = 0;
  #isPlanned = false;

  constructor(store: Store, makers: Makers, announcer: Announcer) {
    this.#store = store;
    this.#makers = makers;
    this.#announcer = announcer;
    this.#lines = new CreationLines(store, makers.timers);
  }

  /** The ids of the jobs, in the order of the inputs. */
  async create(request: CreateRequest): Promise<readonly string[]> {
    const { tx } = request;
    if (tx === undefined) return this.put((makers) => prepareJobs(makers, request));
    const { jobs, defaults } = await this.#prepare((makers) => prepareJobs(makers, request));
    return insertKeyed(this.#store.within(tx), jobs, defaults);
  }

  /** Checks what is asked for: what stores it in a transaction of the engine's own, and tells of it once that is committed. */
  async ready(
    request: Omit<CreateRequest, "tx">,
  ): Promise<{ insert(tx: Statements): Promise<readonly string[]>; tell(): void }> {
    const { jobs, defaults } = await this.#prepare((makers) => prepareJobs(makers, request));
    return {
      insert: (tx) => insertKeyed(tx, jobs, defaults),
      tell: () => {
        for (const hint of hintsOf(jobs, defaults)) this.#announcer.publish(hint);
      },
    };
  }

  /** Stores jobs that are prepared in another way than `create` does. */
  async put(prepare: Prepare): Promise<readonly string[]> {
    const { jobs, defaults } = await this.#prepare(prepare);
    try {
      return await (jobs.length === 1 ? this.#insertOne(jobs[0]!, defaults) : this.#insert(jobs, defaults));
    } catch (error) {
      throw told(error);
    }
  }

  #prepare(prepare: Prepare): Promise<Prepared> {
    if (this.#lines.isClosed) throw callsheetError("stopped", "This Callsheet was closed.");
    return this.#lines.insist(() => prepare(this.#makers));
  }

  close(): Promise<void> {
    return this.#lines.close();
  }

  async #insertOne(job: NewJob, defaults: BatchDefaults): Promise<readonly string[]> {
    const isStored = await this.#enqueue(job, defaults);
    if (isStored || job.idempotencyKey === undefined) return [job.id];
    return this.#lines.insist(() => resolveKeys(this.#store, defaults.actionId, [job], new Set<string>()));
  }

  async #insert(jobs: readonly NewJob[], defaults: BatchDefaults): Promise<readonly string[]> {
    if (jobs.some((job) => job.idempotencyKey !== undefined)) {
      const keyed = () => this.#store.transaction((tx) => insertKeyed(tx, jobs, defaults));
      const ids = await this.#lines.insist(keyed);
      for (const hint of hintsOf(jobs, defaults)) this.#announcer.publish(hint);
      return ids;
    }
    for (const chunk of chunks(jobs)) await this.#insertChunk(chunk, jobs, defaults);
    return jobs.map((job) => job.id);
  }

  /** Stores a chunk of these jobs, and says that they are there: to other processes in the same breath, if it may. */
  async #insertChunk(chunk: EncodedRows, jobs: readonly NewJob[], defaults: BatchDefaults): Promise<readonly string[]> {
    const hints = hintsOf(jobs, defaults);
    const sent = hints.length > 0 ? this.#announcer.express(hints) : undefined;
    const ids = await this.#lines.insert(chunk, defaults, sent);
    for (const hint of hints) {
      if (sent === undefined) this.#announcer.publish(hint);
      else this.#announcer.tellHere(hint);
    }
    return ids;
  }

  #enqueue(job: NewJob, defaults: BatchDefaults): Promise<boolean> {
    return new Promise((done, failed) => {
      const key = `${defaults.actionVersionId}/${defaults.ownerId}/${defaults.origin}`;
      const batch = this.#queue.get(key) ?? { defaults, waiting: [] };
      this.#queue.set(key, batch);
      batch.waiting.push({ job, done, failed });
      this.#plan();
    });
  }

  /** An answer lets all its callers go on: what they ask for next, before anything else happens, leaves together. */
  #plan(): void {
    if (this.#isPlanned || this.#inFlight === IN_FLIGHT || this.#queue.size === 0) return;
    this.#isPlanned = true;
    process.nextTick(() => {
      this.#isPlanned = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#inFlight < IN_FLIGHT && this.#queue.size > 0) {
      const [key, { waiting, defaults }] = this.#queue.entries().next().value as [string, Batch];
      // Shared among the free statements, so that one is under way whenever another is answered.
      const share = Math.ceil(waiting.length / (IN_FLIGHT - this.#inFlight));
      const taken = waiting.splice(0, share < WORTH_JOBS ? waiting.length : Math.min(BATCH_JOBS, share));
      if (waiting.length === 0) this.#queue.delete(key);
      this.#inFlight += 1;
      void this.#send(taken, defaults).finally(() => {
        this.#inFlight -= 1;
        this.#plan();
      });
    }
  }

  async #send(batch: readonly Waiting[], defaults: BatchDefaults): Promise<void> {
    let from = 0;
    for (const chunk of chunks(batch.map((one) => one.job))) {
      const together = batch.slice(from, from + chunk.ids.length);
      from += chunk.ids.length;
      const jobs = together.map((one) => one.job);
      await this.#insertChunk(chunk, jobs, defaults).then(
        (ids) => {
          const stored = new Set(ids);
          for (const one of together) one.done(stored.has(one.job.id));
        },
        (error: unknown) => this.#sendAgain(together, defaults, error),
      );
    }
  }

  /** A chunk that fails is done again one by one, so that nobody fails for somebody else's job. */
  async #sendAgain(together: readonly Waiting[], defaults: BatchDefaults, error: unknown): Promise<void> {
    if (together.length > 1 && !isLoss(error)) for (const one of together) await this.#send([one], defaults);
    else for (const one of together) one.failed(told(error));
  }
}

/** In a transaction: all jobs whose key is new; and none when a key was used for another request. */
async function insertKeyed(
  tx: Statements,
  jobs: readonly NewJob[],
  defaults: BatchDefaults,
): Promise<readonly string[]> {
  const created = new Set<string>();
  for (const chunk of chunks(jobs)) for (const { id } of (await tx.createJobs(chunk, defaults)).rows) created.add(id);
  return resolveKeys(tx, defaults.actionId, jobs, created);
}

/** Names values that passed every check here, and that the server still cannot store. */
function told(error: unknown): unknown {
  if (!isUnstorable(error)) return error;
  return callsheetError("invalid_argument", `The job cannot be stored: ${reasonOf(error)}.`, {}, error);
}

/** So many are stored in a moment. */
const FEW = 500;

/** Jobs that may start at once concern nodes; a start time concerns who waits for the next one. */
function hintsOf(jobs: readonly NewJob[], defaults: BatchDefaults): readonly Hint[] {
  const best = new Map<number, number>();
  let isPlanned = false;
  for (const { startAt, laneId = defaults.laneId, rank = defaults.rank } of jobs) {
    if (startAt) isPlanned = true;
    if (startAt !== null && rank < (best.get(laneId) ?? Number.POSITIVE_INFINITY)) best.set(laneId, rank);
  }
  const jobId = jobs.length === 1 ? jobs[0]!.id : undefined;
  const isNew = !isPlanned && jobs.length <= FEW;
  const lanes: readonly Hint[] = [...best].map(([laneId, rank]) => ({ kind: "lane", laneId, rank, jobId, isNew }));
  return isPlanned ? [...lanes, { kind: "due" }] : lanes;
}
