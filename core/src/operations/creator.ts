import { callsheetError, isCallsheetError, type Origin } from "@callsheet/contract";
import type { BatchDefaults, NewJob } from "../store/create.ts";
import type { CallerTransaction } from "../store/database.ts";
import type { Statements, Store } from "../store/store.ts";
import { chunks, type JobInput, type Makers, prepareJobs, resolveKeys } from "./create.ts";

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
      if (isCallsheetError(error) && error.code === "database_lost") await db.close().catch(() => {});
      else free.push(db);
      throw error;
    }
  };

  const send = async (batch: readonly Waiting[], defaults: BatchDefaults): Promise<void> => {
    try {
      await onConnection(async (db) => {
        for (const chunk of chunks(batch.map((one) => one.job))) await db.createJobs(chunk, defaults);
      });
      for (const one of batch) one.done();
    } catch (error) {
      // A batch that fails is done again one by one, so that nobody fails for somebody else's job.
      if (batch.length === 1 || (isCallsheetError(error) && error.code === "database_lost")) {
        for (const one of batch) one.failed(error);
        return;
      }
      for (const one of batch) await send([one], defaults);
    }
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

  const insert = async (db: Pick<Statements, "createJobs">, jobs: readonly NewJob[], defaults: BatchDefaults) => {
    const created = new Set<string>();
    for (const chunk of chunks(jobs)) for (const { id } of (await db.createJobs(chunk, defaults)).rows) created.add(id);
    return created;
  };

  return {
    create: async (request) => {
      if (closed) throw callsheetError("stopped", "This Callsheet was closed.");
      const { jobs, defaults } = await prepareJobs(makers, request);
      const isKeyed = jobs.some((job) => job.idempotencyKey !== undefined);
      if (request.tx) {
        const tx = store.within(request.tx);
        return resolveKeys(tx, defaults.actionId, jobs, await insert(tx, jobs, defaults));
      }
      let ids = jobs.map((job) => job.id) as readonly string[];
      if (isKeyed)
        ids = await onConnection(async (db) =>
          resolveKeys(store, defaults.actionId, jobs, await insert(db, jobs, defaults)),
        );
      else if (jobs.length === 1) await enqueue(jobs[0]!, defaults);
      else await onConnection((db) => insert(db, jobs, defaults));
      announceDue(jobs, defaults, announce);
      return ids;
    },
    close: async () => {
      closed = true;
      await Promise.allSettled(opened.map(async (one) => (await one).close()));
    },
  };
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
