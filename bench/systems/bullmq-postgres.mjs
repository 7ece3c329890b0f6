import { createRequire } from "node:module";
import { bullmqJob, countLeft } from "./bullmq-redis.mjs";
import { installedVersion } from "./installed-version.mjs";

// The ESM build cannot load pg by itself when it is given a connection string; the CommonJS build can.
const { createPostgresBackend, withBackend } = createRequire(import.meta.url)("bullmq");
const onPostgres = withBackend(createPostgresBackend);

const QUEUE = "noop";

/** @type {import("./index.mjs").System} */
export const bullmqPostgres = {
  name: "bullmq-postgres",
  version: installedVersion("bullmq"),
  store: "postgres",
  settings: {
    create: { chunk: 5000, inFlight: 2, max: 10 },
    single: { max: 2 },
    drain: { concurrency: 20, max: 10 },
    flow: { concurrency: 20, max: 10 },
    latency: { concurrency: 10, max: 10 },
  },
  candidates: [
    ...[1000, 5000].map((chunk) => ({ part: "create", settings: { chunk, inFlight: 2, max: 10 } })),
    { part: "create", settings: { chunk: 1000, inFlight: 4, max: 10 } },
    ...[10, 20, 50, 200].map((concurrency) => ({ part: "drain", settings: { concurrency, max: 10 } })),
    { part: "drain", settings: { concurrency: 20, max: 20 } },
    ...[2, 10, 20].map((max) => ({ part: "single", settings: { max } })),
    ...[1, 10].map((concurrency) => ({ part: "latency", settings: { concurrency, max: 10 } })),
  ],
  prepare: async (url) => {
    const queue = new onPostgres.Queue(QUEUE, { connection: { connectionString: url, migrate: true } });
    await queue.waitUntilReady();
    await queue.close();
  },
  openProducer,
  openWorker,
  watch: async ({ url }) => {
    const queue = new onPostgres.Queue(QUEUE, { connection: { connectionString: url, max: 1 } });
    await queue.waitUntilReady();
    return { left: () => countLeft(queue), close: () => queue.close() };
  },
};

async function openProducer(url, { max }) {
  const queue = new onPostgres.Queue(QUEUE, { connection: { connectionString: url, max } });
  await queue.waitUntilReady();
  return {
    createMany: (jobs) => queue.addBulk(jobs.map(bullmqJob)),
    createOne: (payload) => queue.add(QUEUE, payload),
    close: () => queue.close(),
  };
}

async function openWorker(url, { max, ...settings }, count) {
  const handle = async (job) => {
    count(job.data.i);
  };
  const worker = new onPostgres.Worker(QUEUE, handle, {
    connection: { connectionString: url, max },
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
