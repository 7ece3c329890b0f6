import { createRequire } from "node:module";
import { installedVersion } from "../../systems/installed-version.mjs";

// The ESM build cannot load pg by itself when it is given a connection string; the CommonJS build can.
const { Queue, Worker, createPostgresBackend, withBackend } = createRequire(import.meta.url)("bullmq");

const QUEUE = "work";
const UNFINISHED = ["waiting", "active", "prioritized", "delayed", "paused", "waiting-children"];

const leases = {
  usual: { words: "a lock of 30 s that is renewed, looked at every 30 s", settings: {} },
  short: {
    words: "a lock of 10 s that is renewed, looked at every 5 s",
    settings: { lockDuration: 10_000, stalledInterval: 5_000 },
  },
};

/** @type {import("./index.mjs").Subject} */
export const bullmqRedis = {
  ...subjectOn({ classes: { Queue, Worker }, connectionTo: (url) => ({ url, maxRetriesPerRequest: null }) }),
  name: "bullmq-redis",
  store: "redis",
  sync: "everysec",
};

/** @type {import("./index.mjs").Subject} */
export const bullmqPostgres = {
  ...subjectOn({
    classes: withBackend(createPostgresBackend),
    connectionTo: (url) => ({ connectionString: url, migrate: true }),
  }),
  name: "bullmq-postgres",
  store: "postgres",
};

function subjectOn({ classes, connectionTo }) {
  const openQueue = async (url) => {
    const queue = new classes.Queue(QUEUE, { connection: connectionTo(url) });
    queue.on("error", () => {}); // it goes on by itself
    await queue.waitUntilReady();
    return queue;
  };
  return {
    version: installedVersion("bullmq"),
    leases,
    prepare: async (url) => (await openQueue(url)).close(),
    openProducer: async (url) => {
      const queue = await openQueue(url);
      return { create: (job) => queue.add(QUEUE, { i: job }) };
    },
    openWorker: async (url, { settings, slots, handle }) => {
      const options = { connection: connectionTo(url), concurrency: slots, ...settings };
      const worker = new classes.Worker(QUEUE, ({ data }) => handle(data.i), options);
      worker.on("error", () => {}); // it goes on by itself
      await worker.waitUntilReady();
    },
    look: async (url) => {
      const queue = await openQueue(url);
      try {
        const numbers = async (states) => (await queue.getJobs(states)).filter(Boolean).map(({ data }) => data.i);
        return { unfinished: await numbers(UNFINISHED), failed: await numbers(["failed"]) };
      } finally {
        await queue.close();
      }
    },
  };
}
