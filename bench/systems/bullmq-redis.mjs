import { Queue, Worker } from "bullmq";
import { installedVersion } from "./installed-version.mjs";
import { PRIORITY_LEVELS } from "./job.mjs";

const QUEUE = "noop";
const UNFINISHED = ["waiting", "active", "prioritized", "delayed", "paused", "waiting-children", "failed"];

/** @type {import("./index.mjs").System} */
export const bullmqRedis = {
  name: "bullmq-redis",
  version: installedVersion("bullmq"),
  store: "redis",
  sync: "everysec",
  settings: {
    create: { chunk: 1000, inFlight: 2 },
    single: {},
    drain: { concurrency: 200 },
    flow: { concurrency: 200 },
    latency: { concurrency: 200 },
  },
  candidates: [
    ...[500, 1000, 5000].map((chunk) => ({ part: "create", settings: { chunk, inFlight: 2 } })),
    { part: "create", settings: { chunk: 1000, inFlight: 4 } },
    ...[50, 100, 200, 500].map((concurrency) => ({ part: "drain", settings: { concurrency } })),
    { part: "drain", settings: { concurrency: 200, removeOnComplete: { count: 1000 } } },
    ...[1, 200].map((concurrency) => ({ part: "latency", settings: { concurrency } })),
  ],
  prepare: async () => {},
  openProducer,
  openWorker,
  watch: async ({ url }) => {
    const queue = new Queue(QUEUE, { connection: { url } });
    await queue.waitUntilReady();
    return { left: () => countLeft(queue), close: () => queue.close() };
  },
};

/** The same with every write synced before it is acknowledged, as PostgreSQL does. @type {import("./index.mjs").System} */
export const bullmqRedisAlways = { ...bullmqRedis, name: "bullmq-redis-always", sync: "always", candidates: [] };

/** @param {Queue} queue */
export async function countLeft(queue) {
  const counts = await queue.getJobCounts(...UNFINISHED);
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** @param {{payload: object, priority: number | undefined}} job */
export const bullmqJob = ({ payload, priority }) => ({
  name: QUEUE,
  data: payload,
  // 1 is the most urgent number here, and no number at all goes before every number.
  opts: priority === undefined ? {} : { priority: PRIORITY_LEVELS - priority },
});

async function openProducer(url) {
  const queue = new Queue(QUEUE, { connection: { url } });
  await queue.waitUntilReady();
  return {
    createMany: (jobs) => queue.addBulk(jobs.map(bullmqJob)),
    createOne: (payload) => queue.add(QUEUE, payload),
    close: () => queue.close(),
  };
}

async function openWorker(url, settings, count) {
  const handle = async (job) => {
    count(job.data.i);
  };
  const worker = new Worker(QUEUE, handle, {
    connection: { url, maxRetriesPerRequest: null },
    autorun: false,
    ...settings,
  });
  worker.on("error", (error) => console.error(`bullmq: ${error.message}`));
  await worker.waitUntilReady();
  let running;
  return {
    start: async () => {
      running = worker.run();
    },
    stop: async () => {
      await worker.close();
      await running;
    },
  };
}
