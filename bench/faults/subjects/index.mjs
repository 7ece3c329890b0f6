/**
 * @typedef {"usual" | "short"} Lease with its own settings, or so that it takes about ten seconds for lost
 *
 * @typedef {object} Subject a job queue that faults are thrown at
 * @property {string} name
 * @property {string} version
 * @property {"postgres" | "redis"} store
 * @property {"everysec"} [sync] how Redis syncs
 * @property {Partial<Record<Lease, {words: string, settings: Record<string, unknown>}>>} leases after how long it takes a
 *   worker for lost, and by which settings; all else is as it comes
 * @property {(url: string, settings: any) => Promise<void>} prepare puts its tables and queues into an empty store
 * @property {(url: string, settings: any) => Promise<{create: (job: number) => Promise<unknown>}>} openProducer
 *   `create` resolves when the job is stored
 * @property {(url: string, how: {settings: any, name: string, slots: number, handle: (job: number) => Promise<void>}) => Promise<void>} openWorker
 *   resolves when it works, and works until its process ends
 * @property {(url: string) => Promise<{unfinished: number[], failed: number[]}>} look which jobs the store holds that have
 *   not ended, and which it has given up
 * @property {(url: string) => Promise<void>} [passTime] makes the hours of a lease that cannot be set pass at once, for what is held
 *   longer than the short one
 */

// Loaded on demand, so that a process carries its own system only.
const LOADERS = {
  callsheet: async () => (await import("./callsheet.mjs")).callsheet,
  "graphile-worker": async () => (await import("./graphile.mjs")).graphile,
  "pg-boss": async () => (await import("./pg-boss.mjs")).pgBoss,
  "bullmq-redis": async () => (await import("./bullmq.mjs")).bullmqRedis,
  "bullmq-postgres": async () => (await import("./bullmq.mjs")).bullmqPostgres,
};

/** The systems there are. */
export const SUBJECTS = Object.keys(LOADERS);

/**
 * @param {string} name one of `SUBJECTS`
 * @returns {Promise<Subject>}
 */
export const loadSubject = (name) => LOADERS[name]();
