import { callsheetError, isCallsheetError, type Origin } from "@callsheet/contract";
import type { BatchDefaults, EncodedRows, NewJob } from "../store/create.ts";
import type { CallerTransaction } from "../store/database.ts";
import { isUnstorable, violates } from "../store/failure.ts";
import type { Statements, Store } from "../store/store.ts";
import { chunks, type Makers, prepareJobs, resolveKeys } from "./create.ts";
import type { JobInput } from "./job-input.ts";

export interface CreateRequest {
  readonly action: string;
  readonly inputs: readonly JobInput[];
  readonly actor: string;
  readonly reason: string | null;
  readonly origin: Origin;
  /** The caller's own transaction: all jobs are created in it, or none. */
  readonly tx?: CallerTransaction;
}

/** Told of what came in: jobs to be run in a lane, or a start time to wait for. */
export type Announce = (
  hint: { readonly kind: "lane"; readonly laneId: number; readonly rank: number } | { readonly kind: "due" },
) => void;

/** Makes jobs: many at once, or single ones, of which those in flight together share a statement. */
export interface Creator {
  /** The ids of the jobs, in the order of the inputs. */
  create(request: CreateRequest): Promise<readonly string[]>;
  close(): Promise<void>;
}

type Connection = { createJobs: Statements["createJobs"]; close(): Promise<void> };
type Waiting = { readonly job: NewJob; readonly done: () => void; readonly failed: (error: unknown) => void };
/** Jobs with the same defaults that wait for a connection. */
type Batch = { readonly defaults: BatchDefaults; readonly waiting: Waiting[] };

/** Statements of creation in flight at once; two keep the server busy while a third waits for its batch to grow. */
const CONNECTIONS = 2;
const BATCH_JOBS = 500;
/** How often, and after what pause at first, a statement is sent again whose connection was lost. */
const MOST_TRIES = 6;
const FIRST_PAUSE_MS = 50;

export function createCreator(store: Store, makers: Makers, announce: Announce): Creator {
  const free: Connection[] = [];
  const opened: Promise<Connection>[] = [];
  const queue = new Map<string, Batch>();
  let busy = 0;
  let closed = false;

  const connection = async (): Promise<Connection> => {
    const idle = free.pop();
    if (idle) return idle;
    const fresh = store.openCreation();
    opened.push(fresh);
    return fresh;
  };

  /** Runs statements on one of the connections; one that failed is thrown away. */
  const onConnection = async <T>(work: (db: Connection) => Promise<T>): Promise<T> => {
    const db = await connection();
    try {
      const result = await work(db);
      free.push(db);
      return result;
    } catch (error) {
      if (isLoss(error)) await db.close().catch(() => {});
      else free.push(db);
      throw error;
    }
  };

  const pause = async (ms: number): Promise<void> => {
    const alive = makers.timers.keepAlive();
    await new Promise<void>((resolve) => void makers.timers.after(ms, resolve));
    alive.cancel();
  };
  /** Does work again whose connection was lost, a few times. Done twice it must come to the same. */
  const insist = async <T>(work: (tries: number) => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await work(tries);
      } catch (error) {
        if (tries >= MOST_TRIES || closed || !isLoss(error)) throw error;
        await pause(FIRST_PAUSE_MS * 2 ** (tries - 1));
      }
    }
  };
  /** Stores one chunk. Ids are drawn here: who finds them taken has stored them before the answer was lost. */
  const insertChunk = (chunk: EncodedRows, defaults: BatchDefaults): Promise<readonly string[]> =>
    insist(async (tries) => {
      try {
        const { rows } = await onConnection((db) => db.createJobs(chunk, defaults));
        return rows.map((row) => row.id);
      } catch (error) {
        if (tries > 1 && violates(error, "job_pkey")) return [];
        throw error;
      }
    });

  const send = async (batch: readonly Waiting[], defaults: BatchDefaults): Promise<void> => {
    let from = 0;
    for (const chunk of chunks(batch.map((one) => one.job))) {
      const together = batch.slice(from, from + chunk.rows.length);
      from += chunk.rows.length;
      await insertChunk(chunk, defaults).then(
        () => {
          for (const one of together) one.done();
        },
        (error: unknown) => sendAgain(together, defaults, error),
      );
    }
  };
  /** A chunk that fails is done again one by one, so that nobody fails for somebody else's job. */
  const sendAgain = async (together: readonly Waiting[], defaults: BatchDefaults, error: unknown): Promise<void> => {
    if (together.length > 1 && !isLoss(error)) for (const one of together) await send([one], defaults);
    else for (const one of together) one.failed(told(error));
  };

  const pump = (): void => {
    while (busy < CONNECTIONS && queue.size > 0) {
      const [key, batch] = queue.entries().next().value as [string, Batch];
      const taken = batch.waiting.splice(0, BATCH_JOBS);
      if (batch.waiting.length === 0) queue.delete(key);
      busy += 1;
      void send(taken, batch.defaults).finally(() => {
        busy -= 1;
        pump();
      });
    }
  };

  const enqueue = (job: NewJob, defaults: BatchDefaults): Promise<void> =>
    new Promise((done, failed) => {
      const key = `${defaults.actionVersionId}/${defaults.ownerId}/${defaults.origin}`;
      const batch = queue.get(key) ?? { defaults, waiting: [] };
      queue.set(key, batch);
      batch.waiting.push({ job, done, failed });
      pump();
    });

  /** In a transaction: all jobs whose key is new; and none when a key was used for another request. */
  const insertKeyed = async (tx: Statements, jobs: readonly NewJob[], defaults: BatchDefaults) => {
    const created = new Set<string>();
    for (const chunk of chunks(jobs)) for (const { id } of (await tx.createJobs(chunk, defaults)).rows) created.add(id);
    return resolveKeys(tx, defaults.actionId, jobs, created);
  };
  const insertAll = async (jobs: readonly NewJob[], defaults: BatchDefaults): Promise<readonly string[]> => {
    const [first] = jobs;
    if (jobs.some((job) => job.idempotencyKey !== undefined)) {
      if (jobs.length > 1) return insist(() => store.transaction((tx) => insertKeyed(tx, jobs, defaults)));
      const created = await insertChunk(chunks(jobs)[0]!, defaults);
      return insist(() => resolveKeys(store, defaults.actionId, jobs, new Set(created)));
    }
    if (jobs.length === 1) await enqueue(first!, defaults);
    else for (const chunk of chunks(jobs)) await insertChunk(chunk, defaults);
    return jobs.map((job) => job.id);
  };

  return {
    create: async (request) => {
      if (closed) throw callsheetError("stopped", "This Callsheet was closed.");
      const { jobs, defaults } = await insist(() => prepareJobs(makers, request));
      if (request.tx) return insertKeyed(store.within(request.tx), jobs, defaults);
      const ids = await insertAll(jobs, defaults).catch((error: unknown) => {
        throw told(error);
      });
      announceDue(jobs, defaults, announce);
      return ids;
    },
    close: async () => {
      closed = true;
      await Promise.allSettled(opened.map(async (one) => (await one).close()));
    },
  };
}

const isLoss = (error: unknown) => isCallsheetError(error) && error.code === "database_lost";

/** Names values that passed every check here, and that the server still cannot store. */
function told(error: unknown): unknown {
  if (!isUnstorable(error)) return error;
  return callsheetError("invalid_argument", `The job cannot be stored: ${(error as Error).message}.`, {}, error);
}

/** Jobs that may start at once concern nodes; a start time concerns who waits for the next one. */
function announceDue(jobs: readonly NewJob[], { laneId, rank: usual }: BatchDefaults, announce: Announce): void {
  let best: number | undefined;
  let isPlanned = false;
  for (const { startAt, rank = usual } of jobs) {
    if (startAt) isPlanned = true;
    if (startAt !== null && (best === undefined || rank < best)) best = rank;
  }
  if (best !== undefined) announce({ kind: "lane", laneId, rank: best });
  if (isPlanned) announce({ kind: "due" });
}
