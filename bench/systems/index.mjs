/**
 * @typedef {object} Producer creates jobs
 * @property {(jobs: readonly {payload: object, priority: number | undefined}[]) => Promise<unknown>} createMany in one call
 * @property {(payload: object) => Promise<unknown>} createOne resolves when the job is stored
 * @property {(how: {count: number, lanes: number}) => Promise<number>} [block] creates `count` jobs before all others that
 *   cannot start until it is closed, in `lanes` places that are full; answers how many jobs are then unfinished
 * @property {() => Promise<void>} [retain] begins to delete what has ended long ago, beside all else
 * @property {() => Promise<void>} close
 *
 * @typedef {object} Worker runs jobs with a no-op handler that tells `count` the job's number
 * @property {() => Promise<void>} start
 * @property {() => number[]} [claims] how long each claim took that this process has made so far, in milliseconds
 * @property {() => Promise<void>} [rest] takes no more until it is started again; of systems that drain contended jobs
 * @property {() => Promise<void>} stop finishes what it has begun and gives back the rest
 *
 * @typedef {object} Store what a run works on: an empty database or Redis of its own
 * @property {string} url
 * @property {(text: string, values?: readonly unknown[]) => Promise<any[]>} [query] PostgreSQL only
 *
 * @typedef {object} System a job queue in the benchmark
 * @property {string} name
 * @property {string} version
 * @property {boolean} [isAside] plays in scenarios that name it only: it is no peer of the others
 * @property {"postgres" | "redis"} store
 * @property {"everysec" | "always"} [sync] how Redis syncs
 * @property {Record<"create" | "single" | "drain" | "flow" | "latency", Record<string, unknown>>} settings
 *   the best that the sweep found: for bulk and single creation, a backlog, creation and drain together, a lone job
 * @property {readonly {part: "create" | "single" | "drain" | "latency", settings: Record<string, unknown>}[]} candidates what the sweep tries
 * @property {() => Promise<string | undefined>} [missing] why it cannot run here
 * @property {(url: string) => Promise<void>} prepare puts the system's tables into an empty store
 * @property {(store: Store, how: {units: number, lanes?: number}) => Promise<void>} [prepareContention] makes what its jobs contend for
 * @property {(store: Store, how: {count: number}) => Promise<void>} [prepareSettled] puts jobs into it that have ended long ago
 * @property {(store: Store) => Promise<boolean>} [haveBegun] whether all its workers have done what they do once
 * @property {(url: string, settings: any) => Promise<Producer>} openProducer
 * @property {(url: string, settings: any, count: (job: number) => void) => Promise<Worker>} openWorker
 * @property {(store: Store) => Promise<{left: () => Promise<number>, close: () => Promise<void>}>} watch counts the jobs
 *   that the store holds as unfinished
 * @property {(url: string, variant: string) => Promise<{close: () => Promise<void>}>} [firstJob] opens the system, creates a job
 *   and works it off; answers when its end is stored. `variant`: "alone", or "joined" to what the process has open already
 */

// Loaded on demand, so that a worker process carries its own system only.
const LOADERS = {
  callsheet: async () => (await import("./callsheet.mjs")).callsheet,
  "callsheet-queue": async () => (await import("./callsheet-queue.mjs")).callsheetQueue,
  "graphile-worker": async () => (await import("./graphile.mjs")).graphile,
  "pg-boss": async () => (await import("./pg-boss.mjs")).pgBoss,
  "bullmq-redis": async () => (await import("./bullmq-redis.mjs")).bullmqRedis,
  "bullmq-postgres": async () => (await import("./bullmq-postgres.mjs")).bullmqPostgres,
  "bullmq-redis-always": async () => (await import("./bullmq-redis.mjs")).bullmqRedisAlways,
};

/** The systems there are. */
const SYSTEM_NAMES = Object.keys(LOADERS);

/**
 * @param {string} name
 * @returns {Promise<System>}
 */
export function loadSystem(name) {
  if (!Object.hasOwn(LOADERS, name)) throw new Error(`unknown system ${name}: there are ${SYSTEM_NAMES.join(", ")}`);
  return LOADERS[name]();
}
